"""The live chain over recordings, as fast as it goes: what ``voicecoach hear`` runs, and how hearing is measured."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from voicecoach.audio.clip import Samples, read_clip
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

    ``playing`` is what the loudspeaker emitted from the recording's first sample on; ``asking`` arms yes and no too.
    ``decided`` counts STREAM_RATE frames into the file. Raises RecordingError and EarError. Consume one file before the
    next is begun: they share an engine.
    """
    sound = read_clip(path).resampled(STREAM_RATE).samples
    played = None if playing is None else read_clip(playing).resampled(STREAM_RATE).samples
    hearing = _hearing(engine)
    hearing.reset()
    hearing.arm(ALWAYS | ANSWERS if asking else ALWAYS)
    total = len(sound) + _AFTER
    for start in range(0, total, _BLOCK):
        reference = None if played is None else _part(played, start)
        yield from hearing.feed(_part(sound, start), reference)


def _part(samples: Samples, start: int) -> Samples:
    part = samples[start : start + _BLOCK]
    if len(part) == _BLOCK:
        return part
    return np.concatenate((part, np.zeros(_BLOCK - len(part), dtype=np.float32)))
