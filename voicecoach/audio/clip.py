"""A clip: mono samples and their rate. The one currency of sound between voice, mixer, devices and ear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Mono samples, shape (n,), float32, full scale -1 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Mono float32 ``samples`` at ``rate`` a second. Never changed in place: every method returns a new clip."""

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise TypeError(f"a clip is mono float32, got {self.samples.dtype} of shape {self.samples.shape}")
        if self.rate <= 0:
            raise ValueError(f"a sample rate is positive, got {self.rate}")

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate

    def gain(self, factor: float) -> Clip:
        """The same, ``factor`` times as loud (amplitude)."""
        return Clip((self.samples * np.float32(factor)).astype(np.float32), self.rate)

    def resampled(self, rate: int) -> Clip:
        """The same sound at another rate (soxr, high quality)."""
        if rate == self.rate or not len(self.samples):
            return Clip(self.samples, rate)
        import soxr

        out: npt.NDArray[Any] = soxr.resample(self.samples, self.rate, rate, quality="HQ")
        return Clip(np.ascontiguousarray(out, dtype=np.float32), rate)

    def faded(self, fade_frames: int) -> Clip:
        """The same with a linear ramp of ``fade_frames`` at each end, so that it neither begins nor ends with a click."""
        count = min(fade_frames, len(self.samples) // 2)
        if count == 0:
            return self
        ramp = np.linspace(0.0, 1.0, count, endpoint=False, dtype=np.float32)
        out = self.samples.copy()
        out[:count] *= ramp
        out[-count:] *= ramp[::-1]
        return Clip(out, self.rate)
