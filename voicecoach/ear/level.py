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

    Rises with the first hops of a word (there is no waiting for its end), falls back slowly, and holds still in
    silence, so that the noise between words is never blown up.
    """

    TARGET = -27.0
    """dBFS that loud hops of speech are brought to, less PEAK_OVER_MEAN: where thresholds were measured."""
    PEAK_OVER_MEAN = 4.0
    """dB by which the loudest hops of a word stand over its mean."""
    MOST, LEAST = 30.0, -20.0
    """dB: limits of the gain."""
    _FALL = 6.0 / HOPS_A_SECOND
    """dB an active hop that the estimate sinks: a quieter speaker is followed within a few words."""
    _RISE = 0.5
    """Share of the way up that one louder hop takes the estimate."""
    _TYPICAL = -30.0
    """dBFS: loud hops of a voice at a laptop's microphone, assumed until one was heard."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the speaker."""
        self._speech = self._TYPICAL
        self._gain = self._wanted()

    def _wanted(self) -> float:
        gain = self.TARGET + self.PEAK_OVER_MEAN - self._speech
        return float(10.0 ** (min(max(gain, self.LEAST), self.MOST) / 20.0))

    def process(self, hop: Samples, level: float, active: bool) -> Samples:
        """The hop at the wanted level; ``level`` is its own (dBFS), ``active`` whether a voice may be in it."""
        if active:
            if level > self._speech:
                self._speech += self._RISE * (level - self._speech)
            else:
                self._speech = max(self._speech - self._FALL, level)
        before, self._gain = self._gain, self._wanted()
        if before == self._gain:
            return np.asarray(hop * np.float32(before), dtype=np.float32)
        ramp = np.linspace(before, self._gain, len(hop), endpoint=False, dtype=np.float32)
        return np.asarray(hop * ramp, dtype=np.float32)


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
