"""The live chain over recordings, as fast as it goes: what ``voicecoach hear`` runs, and how hearing is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, repeat
from pathlib import Path

import numpy as np

from voicecoach.audio.clip import Samples, read_pieces
from voicecoach.audio.recorded_session import LOUDSPEAKER, MICROPHONE, is_recorded_session
from voicecoach.ear.engines import DEFAULT_ENGINE, make_hearing
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.spotter import Heard
from voicecoach.session.commands import ALWAYS, ANSWERS
from voicecoach.units import STREAM_RATE, frames

_BLOCK = frames(0.02)
"""Frames handed over at a time, as a device would."""

_AFTER = frames(1.0)
"""Silence after the file's last sample, so that a word at its very end is still decided."""


@lru_cache(maxsize=2)
def _hearing(engine: str) -> Hearing:
    """One chain for each engine, used again for every file: loading the model takes longer than a short file."""
    return make_hearing(engine)


def hear_file(
    path: Path, engine: str = DEFAULT_ENGINE, playing: Path | None = None, asking: bool = False
) -> Iterator[Heard]:
    """Every command heard in a recording (any rate, mono or stereo), from a fresh state, in order.

    ``playing`` is what the loudspeaker emitted from the recording's first sample on; what ``play --record`` wrote has
    that in itself. ``asking`` arms yes and no too.
    ``decided`` counts STREAM_RATE frames into the file. Raises RecordingError and EarError. Consume one file before the
    next is begun: they share an engine. A recording may last for days: it is read as it is heard.
    """
    has_both = playing is None and is_recorded_session(path)
    sound = _blocks(read_pieces(path, STREAM_RATE, MICROPHONE if has_both else None), _AFTER)
    played: Iterator[Samples | None] = repeat(None)
    if has_both:
        played = chain(_blocks(read_pieces(path, STREAM_RATE, LOUDSPEAKER), 0), repeat(_SILENCE))
    elif playing is not None:
        played = chain(_blocks(read_pieces(playing, STREAM_RATE), 0), repeat(_SILENCE))
    first = next(sound)  # whoever gives no recording need not wait for an engine
    hearing = _hearing(engine)
    hearing.reset()
    hearing.arm(ALWAYS | ANSWERS if asking else ALWAYS)
    for block, reference in zip(chain((first,), sound), played, strict=False):
        yield from hearing.feed(block, reference)


_SILENCE: Samples = np.zeros(_BLOCK, dtype=np.float32)


def _blocks(pieces: Iterable[Samples], after: int) -> Iterator[Samples]:
    """The same sound in whole blocks, with ``after`` frames of silence at its end, or the rest of a block."""
    rest = _SILENCE[:0]
    for piece in chain(pieces, (np.zeros(after, dtype=np.float32),)):
        rest = np.concatenate((rest, piece))
        whole = len(rest) - len(rest) % _BLOCK
        yield from (rest[start : start + _BLOCK] for start in range(0, whole, _BLOCK))
        rest = rest[whole:]
    if len(rest):
        yield np.concatenate((rest, _SILENCE[len(rest) :]))
