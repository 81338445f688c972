"""From the stream's rate to the ear's: one low-pass filter and every third sample kept, block by block.

A plain FIR filter on purpose: a general streaming resampler (soxr at high quality) holds back 9 to 37 ms of sound,
changing from block to block, and the ear may not be late. This one is late by :data:`DELAY` frames (1.25 ms), always.
"""

from __future__ import annotations

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.units import EAR_RATE, STREAM_RATE

FACTOR = STREAM_RATE // EAR_RATE
"""Stream frames in one sample of the ear."""

DELAY = 60
"""Stream frames by which the output lags: half the filter's length. Sample n of the output stands for stream frame
``n * FACTOR - DELAY``, and needs no frame after ``n * FACTOR``."""

_PASS, _STOP = 7_000.0, 9_000.0
"""Hz. pocketsphinx's model looks no higher than 6,856 Hz, so what folds back into 7 to 8 kHz harms nothing."""

_KAISER_BETA = 7.86
"""80 dB of stop band (Kaiser's formula, beta = 0.1102 (A - 8.7))."""


def _low_pass() -> Samples:
    offsets = np.arange(-DELAY, DELAY + 1)
    cutoff = (_PASS + _STOP) / 2 / STREAM_RATE
    taps = 2 * cutoff * np.sinc(2 * cutoff * offsets) * np.kaiser(2 * DELAY + 1, _KAISER_BETA)
    return np.asarray(taps / taps.sum(), dtype=np.float32)


class Decimator:
    """STREAM_RATE blocks of any length in, EAR_RATE samples out, as one unbroken stream. Not thread-safe."""

    _TAPS = _low_pass()

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin a new stream: silence came before it."""
        self._pending: Samples = np.zeros(2 * DELAY, dtype=np.float32)

    def process(self, block: Samples) -> Samples:
        """The samples of the ear that ``block`` completes: a third of its frames, give or take one."""
        joined = np.concatenate((self._pending, block))
        count = (len(joined) - len(self._TAPS)) // FACTOR + 1
        if count <= 0:
            self._pending = joined
            return np.zeros(0, dtype=np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(joined, len(self._TAPS))[::FACTOR][:count]
        self._pending = joined[count * FACTOR :]
        return np.asarray(windows @ self._TAPS, dtype=np.float32)
