"""How far music gives way to speech: down before the first word, up again after the last, and never with a jump."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.units import frames

DUCKED = 0.25
"""-12 dB. Music is 20 dB under speech on the mean of its file; with this, also where a passage is 12 dB above that."""
ATTACK_SECONDS = 0.25
"""From full level to DUCKED: it is over when the first word begins."""
RELEASE_FACTOR = 6
"""Coming back takes so many times longer."""
HOLD_SECONDS = 0.75
"""Music stays down so long after a word, so that it does not swell between two sentences."""


class Ducking:
    """The gain of the music, block by block; the same for every way of cutting the stream into blocks.

    Its state is two whole numbers: how deep the gain is, and until when what was spoken keeps it there.
    """

    def __init__(self, rate: int) -> None:
        self.attack = frames(ATTACK_SECONDS, rate)
        """Frames before speech at which it has to be known."""
        self._hold = frames(HOLD_SECONDS, rate)
        self._deepest = self.attack * RELEASE_FACTOR
        self._depth = 0
        self._held_until = 0

    def gains(self, speech: Iterable[tuple[int, int]], first: int, limit: int) -> Samples:
        """For each frame from ``first`` to ``limit``, the next block, a gain from DUCKED to 1.

        ``speech`` holds where speech begins and ends, for all that sounds in the block or begins less than ``attack``
        frames after it.
        """
        spoken = np.zeros(limit - first, bool)
        spoken[: max(0, self._held_until - first)] = True
        for start, end in speech:
            if end > first:
                spoken[max(0, start - self.attack - first) : end + self._hold - first] = True
                if start < limit:
                    self._held_until = max(self._held_until, min(end, limit) + self._hold)
        depth = np.empty(len(spoken), np.int64)
        edges = [0, *(np.flatnonzero(spoken[1:] != spoken[:-1]) + 1).tolist(), len(spoken)]
        for begin, end in itertools.pairwise(edges):
            if end > begin:
                steps = np.arange(1, end - begin + 1)
                depth[begin:end] = self._depth + (steps * RELEASE_FACTOR if spoken[begin] else -steps)
                np.clip(depth[begin:end], 0, self._deepest, out=depth[begin:end])
                self._depth = int(depth[end - 1])
        part = depth / self._deepest
        return np.asarray(1.0 - (1.0 - DUCKED) * part * part * (3.0 - 2.0 * part), np.float32)
