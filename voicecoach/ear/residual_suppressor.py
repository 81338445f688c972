"""Takes some of what the echo canceller leaves of the coach's voice: a gentle Wiener filter.

The canceller knows how uncertain each part of its path is, and so how loud, frequency by frequency, what it could not
take away is likely to be (as in G. Enzner and P. Vary, 2006, section 5: the Kalman filter's own postfilter). Where that
is all there is, the sound is lowered by FLOOR_DB and no more; where somebody speaks over it, hardly at all. Minimum
phase, so nothing comes later.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicecoach.ear.level import HOP

_Array = npt.NDArray[np.float64]

FLOOR_DB = 8.0
"""dB that it takes at most. Of 60 words under the coach's 6 dB louder voice 42 were acted on, and 37 without it
(``tests/bench/double_talk.py``)."""

_FLOOR = 10.0 ** (-FLOOR_DB / 20.0)
_TAPS = 64
_NEWEST = 0.4
"""Weight of the newest hop's gain, so that a gain that jumps makes no noise."""


class ResidualSuppressor:
    """Hops of HOP samples at EAR_RATE, with powers for each of HOP + 1 bins of a transform twice as long."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing was heard before."""
        self._gain = np.ones(HOP + 1)
        self._before = np.zeros(_TAPS - 1)

    def process(self, hop: _Array, power: _Array, residual: _Array) -> _Array:
        """``hop``, whose power is about ``power``, with less of that part of it which is likely to be ``residual``."""
        wanted = np.maximum(1.0 - residual / (power + 1e-12), _FLOOR)
        self._gain += _NEWEST * (wanted - self._gain)
        joined = np.concatenate((self._before, hop))
        self._before = joined[-(_TAPS - 1) :]
        return np.convolve(joined, _minimum_phase(self._gain), "valid")


def _minimum_phase(gain: _Array) -> _Array:
    """The shortest-delay filter with that gain, by its cepstrum (A. Oppenheim and R. Schafer, 1975)."""
    cepstrum = np.fft.irfft(np.log(gain))
    half = len(cepstrum) // 2
    cepstrum[1:half] *= 2.0
    cepstrum[half + 1 :] = 0.0
    return np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[:_TAPS]
