"""A playback-only device on the ``simpleaudio`` package, for those who ask for it; never the default.

simpleaudio plays a buffer and forgets it: there is no stream. So this file plays one short chunk after the other,
each started when the one before it is due to end, and lets neighbours overlap in a cross-fade, so that a chunk which
starts a few milliseconds late makes a small ripple instead of a click. Chunks without sound are not played.

A chunk that was handed over is heard to its end: from ``Mixer.silence`` to silence took 97/103/112 ms on PulseAudio
(min/median/max of 20; with chunks of 0.3 s it would be three times that).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np

from voicecoach.audio.alsa_messages import silence_alsa_messages
from voicecoach.audio.clip import Samples
from voicecoach.audio.device import Exchange
from voicecoach.audio.guarded_exchange import GuardedExchange
from voicecoach.audio.paced_stream import PATIENCE, PacedStream
from voicecoach.errors import DeviceError
from voicecoach.units import STREAM_RATE

CHUNK_BLOCKS = 10
"""A chunk is this many blocks of 10 ms: short, as what was handed over is heard to its end."""
CROSS_FADE = STREAM_RATE // 200
"""5 ms."""

_INSTALL = 'pip install "voicecoach[simpleaudio]" (on Linux it needs a C compiler and libasound2-dev)'


class SimpleaudioSpeaker:
    """Takes a block every 10 ms, and plays ten at a time, 16 bit mono at 48 kHz. No microphone.

    The clock is the machine's, not the sound card's.
    """

    def __init__(self) -> None:
        self._player: Any = None
        self._guard: GuardedExchange | None = None
        self._stream: PacedStream | None = None
        self._chunk = ChunkJoiner()

    @property
    def name(self) -> str:
        """For messages."""
        return "the default loudspeaker (simpleaudio)"

    @property
    def has_microphone(self) -> bool:
        """Never."""
        return False

    @property
    def failure(self) -> BaseException | None:
        """What the exchange raised, or simpleaudio: it does when the sound server is gone."""
        return self._guard.failure if self._guard else None

    @property
    def underruns(self) -> int:
        """How often the process stood still for more than a second."""
        return self._stream.slips if self._stream else 0

    def start(self, exchange: Exchange) -> None:
        """Load simpleaudio, try the loudspeaker with a silent chunk, begin. DeviceError says what is missing."""
        if self._guard is not None:
            raise RuntimeError("a device is started once")
        refusal = refused_installation(sys.version_info[:2], installed_version)
        if refusal is not None:
            raise DeviceError(refusal)
        silence_alsa_messages()
        try:
            import simpleaudio
        except ImportError as fault:
            raise DeviceError(f"simpleaudio does not load ({fault}). Install it again: {_INSTALL}") from fault
        self._player = simpleaudio
        try:
            self._play(np.zeros(STREAM_RATE // 100, np.float32))
        except Exception as fault:
            raise DeviceError(
                f"simpleaudio found no loudspeaker ({fault}). Connect one or start the sound server, or go on "
                "without sound: --audio null"
            ) from fault
        self._guard = GuardedExchange(exchange)
        self._stream = PacedStream("simpleaudio-speaker", self._step, simpleaudio.stop_all)
        self._stream.start()

    def close(self, patience: float = PATIENCE) -> None:
        """End the stream and stop what sounds; a library that hangs is left behind after ``patience`` seconds."""
        if self._guard is not None and self._stream is not None:
            self._guard.close()
            self._stream.close(patience)

    def _step(self, frames: int) -> None:
        assert self._guard is not None
        chunk = self._chunk.add(self._guard(frames, None))
        if chunk is None or not chunk.any():
            return
        try:
            self._play(chunk)
        except Exception as fault:
            self._guard.fail(DeviceError(f"simpleaudio lost the loudspeaker: {fault}"))

    def _play(self, samples: Samples) -> None:
        self._player.play_buffer((np.clip(samples, -1, 1) * 32767).astype("<i2"), 1, 2, STREAM_RATE)


class ChunkJoiner:
    """Gathers blocks into chunks that overlap by ``CROSS_FADE``: each repeats the end of the one before it.

    Played so that each starts when its predecessor's last ``CROSS_FADE`` frames do, they add up to the blocks as they
    came in, as the two ramps add up to one.
    """

    def __init__(self, blocks: int = CHUNK_BLOCKS) -> None:
        self._count = blocks
        self._blocks: list[Samples] = []
        self._last = np.zeros(CROSS_FADE, np.float32)

    def add(self, block: Samples) -> Samples | None:
        """A chunk where ``block`` completes one, else None."""
        self._blocks.append(block)
        if len(self._blocks) < self._count:
            return None
        chunk = np.concatenate([self._last, *self._blocks])
        self._blocks = []
        self._last = chunk[-CROSS_FADE:].copy()
        rise = (np.arange(CROSS_FADE, dtype=np.float32) + np.float32(0.5)) / np.float32(CROSS_FADE)
        chunk[:CROSS_FADE] *= rise
        chunk[-CROSS_FADE:] *= rise[::-1]
        return chunk


def installed_version(package: str) -> str | None:
    """The version of an installed distribution, None where there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def refused_installation(
    python: tuple[int, ...], version_of: Callable[[str], str | None] = installed_version
) -> str | None:
    """Why simpleaudio must not even be imported, or None.

    simpleaudio 1.0.4, the last there is, builds on Python 3.12 and later and then kills the process when a sound
    ends; ``simpleaudio-patched`` has the same import name and mends that.
    """
    original, patched = version_of("simpleaudio"), version_of("simpleaudio-patched")
    if original is None and patched is None:
        return f"--audio simpleaudio needs an extra: {_INSTALL}. Without it: --audio miniaudio"
    if python < (3, 12):
        return None
    if original is not None:
        names = "simpleaudio" if patched is None else "simpleaudio simpleaudio-patched"
        return (
            f"simpleaudio {original} kills the program on Python {python[0]}.{python[1]}. "
            f"First: pip uninstall -y {names}; then: {_INSTALL}"
        )
    return None
