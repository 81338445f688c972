"""A clip: mono samples and their rate. The one currency of sound between voice, mixer, devices and ear."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicecoach.audio.resampling import resample
from voicecoach.errors import RecordingError

Samples = npt.NDArray[np.float32]
"""Mono samples, shape (n,), float32, full scale -1 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Mono float32 ``samples`` at ``rate`` a second. Never changed in place: methods return new clips."""

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

    @property
    def peak(self) -> float:
        """The largest sample, regardless of sign; 0 for an empty clip."""
        return float(np.abs(self.samples).max(initial=0.0))

    @classmethod
    def silence(cls, seconds: float, rate: int) -> Clip:
        """Nothing, for that long."""
        return cls(np.zeros(round(seconds * rate), dtype=np.float32), rate)

    def gain(self, factor: float) -> Clip:
        """The same, ``factor`` times as loud (amplitude)."""
        return Clip((self.samples * np.float32(factor)).astype(np.float32), self.rate)

    def resampled(self, rate: int) -> Clip:
        """The same sound at another rate (soxr, high quality)."""
        if rate == self.rate or not len(self.samples):
            return Clip(self.samples, rate)
        return Clip(resample(self.samples, self.rate, rate), rate)

    def trimmed(self, threshold: float, margin_frames: int = 0) -> Clip:
        """The same without what lies before the first and after the last sample above ``threshold``.

        The threshold is an amplitude; ``margin_frames`` are kept at each end. Nothing above the threshold
        leaves an empty clip.
        """
        loud = np.flatnonzero(np.abs(self.samples) > threshold)
        if not loud.size:
            return Clip(self.samples[:0], self.rate)
        first, last = int(loud[0]), int(loud[-1])
        return Clip(self.samples[max(first - margin_frames, 0) : last + 1 + margin_frames], self.rate)

    def faded(self, fade_frames: int) -> Clip:
        """The same with a linear ramp of ``fade_frames`` at each end, so that neither end clicks."""
        count = min(fade_frames, len(self.samples) // 2)
        if count == 0:
            return self
        ramp = np.linspace(0.0, 1.0, count, endpoint=False, dtype=np.float32)
        out = self.samples.copy()
        out[:count] *= ramp
        out[-count:] *= ramp[::-1]
        return Clip(out, self.rate)


def read_clip(path: Path) -> Clip:
    """A sound file as a clip, channels averaged to one: WAV, FLAC, AIFF and whatever else libsndfile knows.

    The content decides, not the name's ending. Raises RecordingError.
    """
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:
        raise RecordingError(f"{path} cannot be read as a sound file: {error}") from error
    return Clip(np.ascontiguousarray(samples.mean(axis=1, dtype=np.float32)), rate)
