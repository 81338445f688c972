"""Sound to a file instead of a loudspeaker, and a recording instead of a microphone, in real time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import soundfile

from voicecoach.audio.clip import Samples, read_pieces
from voicecoach.audio.device import Exchange
from voicecoach.audio.guarded_exchange import GuardedExchange
from voicecoach.audio.paced_stream import PATIENCE, PacedStream
from voicecoach.errors import DeviceError, RecordingError
from voicecoach.units import STREAM_RATE

FORMATS = {".wav": "WAV", ".flac": "FLAC"}
ROOM_NOISE = 10 ** (-70 / 20)
"""Root mean square of what the microphone hears once the recording is over: every real one has a noise floor, and
an ear that learns its room from exact zeros learns nothing."""


class FileDevice:
    """Writes what would have sounded to ``out`` (.wav or .flac, 16 bit, 48 kHz), if given.

    ``microphone`` is a recording of any rate (channels are averaged); its first sample comes with the first block,
    and after its last one follows noise at -70 dBFS. The file is complete once ``close`` has returned.

    One ``after`` another, which was lost, leaves that one's file alone: it writes to ``out`` with a number that no file
    has yet (OUT-2.wav), and its microphone goes on where the other's was.
    """

    def __init__(
        self, out: Path | None = None, microphone: Path | None = None, after: FileDevice | None = None
    ) -> None:
        self._out = out
        self._microphone = microphone
        self._goes_on = after is not None
        self._heard: int = 0 if after is None else after._heard
        """Frames of the microphone that went by."""
        self._has_written = False
        self._file: soundfile.SoundFile | None = None
        self._write_failed = False
        self._recording: Iterator[Samples] = iter(())
        self._captured = np.zeros(0, np.float32)
        self._noise = np.random.default_rng(0)
        self._guard: GuardedExchange | None = None
        self._stream: PacedStream | None = None

    @property
    def name(self) -> str:
        """For messages."""
        return f"the file {self._out}" if self._out else "no sound device"

    @property
    def has_microphone(self) -> bool:
        """Whether a recording stands in for one."""
        return self._microphone is not None

    @property
    def failure(self) -> BaseException | None:
        """What the exchange raised, or the disk."""
        return self._guard.failure if self._guard else None

    @property
    def underruns(self) -> int:
        """How often the process stood still for more than a second."""
        return self._stream.slips if self._stream else 0

    def start(self, exchange: Exchange) -> None:
        """Read the recording, create the file, begin. RecordingError where either cannot be done."""
        if self._guard is not None:
            raise RuntimeError("a device is started once")
        if self._microphone is not None:
            for _ in read_pieces(self._microphone, STREAM_RATE):
                pass  # whether all of it can be read is asked now, not in the middle of a session
            self._recording = read_pieces(self._microphone, STREAM_RATE)
            self._skip(self._heard)
        if self._out is not None:
            if self._goes_on:
                self._out = _sibling(self._out)
            self._file = _create(self._out)
        self._guard = GuardedExchange(exchange)
        self._stream = PacedStream("file-device", self._step, self._finish)
        self._stream.start()

    def close(self, patience: float = PATIENCE) -> None:
        """End the stream and complete the file; ``failure`` says so where a disk does not let it in ``patience`` s."""
        if self._guard is not None and self._stream is not None:
            self._guard.close()
            if not self._stream.close(patience) and self._file is not None:
                self._guard.fail(DeviceError(f"The disk does not answer, so {self._out} is not complete"))

    def _step(self, frames: int) -> None:
        if self._guard is None:
            return
        block = self._guard(frames, self._next_captured(frames))
        if self._file is None or self._write_failed:
            return
        try:
            self._file.write(block)
            self._has_written = True
        except (OSError, soundfile.SoundFileError) as fault:
            self._write_failed = True
            self._guard.fail(DeviceError(f"{self._out} could not be written to: {fault}. Is the disk full?"))

    def _finish(self) -> None:
        if self._file is not None:
            self._file.close()
            if self._goes_on and not self._has_written and self._out is not None:
                self._out.unlink()  # on a full disk there is one attempt after the other

    def _skip(self, frames: int) -> None:
        for piece in self._recording:
            if frames < len(piece):
                self._captured = piece[frames:]
                return
            frames -= len(piece)

    def _next_captured(self, frames: int) -> Samples | None:
        if self._microphone is None:
            return None
        self._heard += frames
        while len(self._captured) < frames:
            piece = next(self._recording, None)
            if piece is None:
                break
            self._captured = np.concatenate((self._captured, piece))
        heard, self._captured = self._captured[:frames], self._captured[frames:]
        if len(heard) == frames:
            return heard
        noise = self._noise.standard_normal(frames - len(heard), dtype=np.float32) * np.float32(ROOM_NOISE)
        return np.concatenate([heard, noise])


class FileDevices:
    """Opens a FileDevice and, where it was lost, others after it, so that nothing that was written is lost with it."""

    def __init__(self, out: Path | None, microphone: Path | None) -> None:
        self._out, self._microphone = out, microphone
        self._last: FileDevice | None = None

    def open(self) -> FileDevice:
        """The next, not started yet."""
        self._last = FileDevice(self._out, self._microphone, self._last)
        return self._last


def _sibling(path: Path) -> Path:
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    return next(each for each in numbered if not each.exists())


def _create(path: Path) -> soundfile.SoundFile:
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise RecordingError(f"Sound is recorded to a .wav or .flac file; {path.name} is neither.")
    try:
        return soundfile.SoundFile(path, "w", STREAM_RATE, 1, "PCM_16", format=kind)
    except (OSError, soundfile.SoundFileError, ValueError) as fault:  # the last: a name that is no text
        raise RecordingError(f"{path} cannot be written: {fault}") from fault
