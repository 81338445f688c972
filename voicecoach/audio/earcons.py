"""Loads the earcons: the short sounds that mean something, made by ``sounds/make_earcons.py``."""

from __future__ import annotations

from pathlib import Path

from voicecoach.audio.clip import Clip, read_clip
from voicecoach.bundled import bundled
from voicecoach.session.cues import Sound


def load_earcons(rate: int, folder: Path | None = None) -> dict[Sound, Clip]:
    """Every earcon at ``rate``, from ``folder`` (default: the bundled ``sounds``). Raises RecordingError.

    The first sample of each is the first sample of its strike, so that an earcon's position is when it is
    heard.
    """
    where = folder or bundled("sounds")
    return {sound: read_clip(where / f"{sound.value}.wav").resampled(rate) for sound in Sound}
