"""How loud it is: energy by the hop, voice activity over a learned noise floor, and level normalisation.

Everything here is causal and counts hops of sound, never time: nothing waits for a silence or for a word's end.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.units import EAR_RATE

HOP = 160
"""Samples (EAR_RATE) in the ear's smallest step, 10 ms: one frame of pocketsphinx's features."""

HOPS_A_SECOND = EAR_RATE // HOP

QUIETEST = -100.0
"""dBFS given to digital silence."""


def level_of(samples: Samples) -> float:
    """RMS level in dB relative to full scale (a full-scale square wave is 0 dBFS); never below QUIETEST."""
    if not len(samples):
        return QUIETEST
    power = float(np.dot(samples, samples)) / len(samples)
    return max(QUIETEST, 10.0 * math.log10(power)) if power > 0 else QUIETEST


def mean_level(levels: list[float]) -> float:
    """Level (dB) of the mean power of ``levels`` (dB, at least one)."""
    return 10.0 * math.log10(sum(10.0 ** (level / 10.0) for level in levels) / len(levels))


class NoiseFloor:
    """Learns how loud the room is when nobody speaks, and says which hops stand out of it.

    The floor falls fast to any quieter stretch and creeps up slowly (minimum tracking, after R. Martin, "Noise power
    spectral density estimation based on optimal smoothing and minimum statistics", 2001, with one band).
    """

    MARGIN = 9.0
    """dB over the floor that make a hop active."""
    FAINTEST = -62.0
    """dBFS below which nothing counts as a voice, however quiet the room."""
    _RISE = 3.0 / HOPS_A_SECOND
    """dB a hop: a lasting noise (a tap, a fan) is part of the room after some seconds."""
    _FALL = 0.2
    """Share of the way down that one quieter hop takes it."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Know nothing of the room: assume a quiet one."""
        self.level = -60.0

    def feed(self, level: float) -> bool:
        """Take the next hop's level (dBFS); True where it stands out of the floor."""
        if level < self.level:
            self.level += self._FALL * (level - self.level)
        else:
            self.level += min(self._RISE, level - self.level)
        return level > self.FAINTEST and level > self.level + self.MARGIN


class Normaliser:
    """Brings speech to one level, so that the recogniser's pinned cepstral mean fits every speaker and distance.

    Its output is LOOK_AHEAD hops late, so that the gain is right when a word's loud part comes: at once up to a louder
    voice, slowly down to a softer one, and no change in silence, so that the noise between words is never blown up.
    """

    TARGET = -26.0
    """dBFS that the loudest hops of a word are brought to, which leaves its mean near -30. The thresholds were measured
    at this level; between -33 and -27 people were heard equally well, synthetic voices best at -30."""
    LOOK_AHEAD = 5
    """Hops of delay. A loud first word of a stream is heard in .76 of cases instead of .69 (people, at -10 dBFS)."""
    MOST, LEAST = 30.0, -26.0
    """dB: limits of the gain."""
    _FALL = 6.0 / HOPS_A_SECOND
    """dB an active hop that the estimate sinks: a softer speaker is followed within a few words."""
    _SOFTEST = -40.0
    """dBFS: loud hops of a soft voice far away, assumed until a louder one was heard."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the speaker: the next hops follow on LOOK_AHEAD hops of digital silence."""
        self._speech = self._SOFTEST
        self._gain = self._wanted()
        self._late: deque[Samples] = deque(np.zeros(HOP, dtype=np.float32) for _ in range(self.LOOK_AHEAD))

    def _wanted(self) -> float:
        gain = self.TARGET - self._speech
        return float(10.0 ** (min(max(gain, self.LEAST), self.MOST) / 20.0))

    def process(self, hop: Samples, level: float, active: bool) -> Samples:
        """Take the newest hop, its level (dBFS) and whether a voice may be in it; return an earlier one.

        The hop that came LOOK_AHEAD before it, at the wanted level.
        """
        if active:
            self._speech = max(level, self._speech - self._FALL)
        before, self._gain = self._gain, self._wanted()
        self._late.append(hop)
        ramp = np.linspace(before, self._gain, HOP, endpoint=False, dtype=np.float32)
        return np.asarray(self._late.popleft() * ramp, dtype=np.float32)


class LevelHistory:
    """Levels of the last seconds, by hop number counted from the stream's first: the isolation test's memory."""

    _KEPT = 8 * HOPS_A_SECOND

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin a new stream at hop 0."""
        self._levels: deque[float] = deque(maxlen=self._KEPT)
        self.hops = 0

    def measure(self, hop: Samples) -> float:
        """Add the next hop and return its level, dBFS."""
        level = level_of(hop)
        self._levels.append(level)
        self.hops += 1
        return level

    def between(self, first: int, last: int) -> list[float]:
        """Levels of hops ``first`` up to but not including ``last``; those not yet heard, or forgotten, left out."""
        oldest = self.hops - len(self._levels)
        first, last = max(first, oldest), min(last, self.hops)
        return [self._levels[index - oldest] for index in range(first, last)]
