"""Whether a voice would be heard, as far as the microphone's level can tell.

An estimate, and shown as one: what the ear goes by is whether a word stands out of the room in steps of 10 ms, and what
it sounds like. The level that is shown is the mean of a second, so a short word reads a few decibels lower than it was.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from voicecoach.ear.level import QUIETEST, NoiseFloor

LOUDEST = -10.0
"""dBFS at the meter's right end: louder than anybody speaks to a microphone that is not too sensitive."""
FAINTEST = -75.0
"""dBFS at its left end."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Both from 0 (FAINTEST) to 1 (LOUDEST)."""

    level: float
    needed: float
    """From here on a voice stands out of the room."""

    @property
    def is_enough(self) -> bool:
        """Whether what sounds now would be heard as a voice, if it is one."""
        return self.level >= self.needed


class VoiceMeter:
    """Learns how loud the room is: the quietest of the last MEMORY seconds. Called from one thread."""

    MEMORY = 10.0
    """Seconds after which a lasting noise is part of the room; the coach's sentences are shorter than that."""

    def __init__(self) -> None:
        self._levels: deque[tuple[float, float]] = deque()

    def read(self, level: float, at: float) -> Reading:
        """Take the level (dBFS, mean of a second) at ``at`` seconds of the stream, and say what it amounts to."""
        while self._levels and (self._levels[0][0] < at - self.MEMORY or self._levels[0][0] > at):
            self._levels.popleft()
        # A quieter or equally quiet moment makes all louder ones before it irrelevant: what is left rises.
        while self._levels and self._levels[-1][1] >= level:
            self._levels.pop()
        if level > QUIETEST:
            self._levels.append((at, level))
        room = self._levels[0][1] if self._levels else QUIETEST
        return Reading(_scaled(level), _scaled(max(NoiseFloor.FAINTEST, room + NoiseFloor.MARGIN)))


def _scaled(level: float) -> float:
    return min(1.0, max(0.0, (level - FAINTEST) / (LOUDEST - FAINTEST)))
