"""What sounds when nobody is there any more to decide what shall sound."""

from __future__ import annotations

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.units import frames

EVERY = frames(3.0)
"""Frames from one earcon to the next: nobody waits long for the first, and nobody takes it for a count."""


class Alarm:
    """An earcon (STREAM_RATE) again and again, with silence between. One thread reads: the device's."""

    def __init__(self, earcon: Samples) -> None:
        self._round = np.zeros(max(EVERY, len(earcon)), np.float32)
        self._round[: len(earcon)] = earcon
        self._at = 0
        self.has_sounded = False
        """Whether anything was read since this was last set to False."""

    @property
    def sounded(self) -> int:
        """Frames that were read since the last rest."""
        return self._at

    def read(self, count: int) -> Samples:
        """The next ``count`` frames; the first one read after a rest begins with the earcon."""
        if not self.has_sounded:
            self._at, self.has_sounded = 0, True
        block = np.take(self._round, range(self._at, self._at + count), mode="wrap")
        self._at += count
        return block
