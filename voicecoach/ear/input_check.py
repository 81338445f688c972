"""Whether what the microphone gives can be speech in a room at all: neither nothing nor everything."""

from __future__ import annotations

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.units import STREAM_RATE, frames

LONG_ENOUGH = STREAM_RATE
"""Frames of either after which it is told."""
FULL_SCALE = 0.99
"""Of the largest sample that a microphone can give; what lies above was cut off."""
CUT_OFF = 0.01
"""Share of a block's samples at full scale that makes it clipped. Speech that is much too loud has pauses."""
_FORGIVEN = frames(0.3)
"""Frames without clipping that end it: shorter than the pauses of speech, longer than a sound card's hiccup."""


class InputCheck:
    """Fed with every block (STREAM_RATE, any length), in one thread."""

    def __init__(self) -> None:
        self._zeros = self._clipped = self._clean = 0

    def feed(self, block: Samples) -> None:
        """Take what was captured next."""
        count = len(block)
        loud = np.nan_to_num(np.abs(block), nan=0.0)  # what is no number is nothing
        self._zeros = 0 if loud.any() else self._zeros + count
        if np.count_nonzero(loud >= FULL_SCALE) > CUT_OFF * count:
            self._clipped, self._clean = self._clipped + self._clean + count, 0
            return
        self._clean += count
        if self._clean >= _FORGIVEN or not self._clipped:
            self._clipped = self._clean = 0

    @property
    def is_silent(self) -> bool:
        """Nothing but exact zeros for a second: no quiet room, but muted, or not permitted."""
        return self._zeros >= LONG_ENOUGH

    @property
    def is_clipped(self) -> bool:
        """At full scale again and again for a second, with no pause in it as speech has."""
        return self._clipped >= LONG_ENOUGH
