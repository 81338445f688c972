"""A clip: mono samples and their rate. The one currency of sound between voice, mixer, devices and ear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicecoach.audio.resampling import StreamResampler, resample
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


LONGEST = 600.0
"""Seconds that are read into memory at once; no prompt and no earcon comes near."""

RATES = range(1_000, 400_001)
"""Samples a second that a sound file may say it has. One that says 1 would grow 48,000 times when it is resampled."""

_PIECE = 1 << 19
"""Values decoded at a time, all channels together: 2 MB."""


def read_clip(path: Path) -> Clip:
    """A sound file as a clip, channels averaged to one: WAV, FLAC, AIFF and whatever else libsndfile knows.

    The content decides, not the name's ending. What is beyond full scale is cut, as a microphone would. Raises
    RecordingError, also for one that lasts longer than LONGEST.
    """
    with _opened(path) as sound:
        rate, parts, count = sound.samplerate, [], 0
        for piece in _decoded(sound, path):
            parts.append(piece)
            count += len(piece)
            if count > LONGEST * rate:
                raise RecordingError(f"{path} is longer than {LONGEST / 60:.0f} minutes.")
    return Clip(np.concatenate(parts) if parts else np.zeros(0, np.float32), rate)


def read_pieces(path: Path, rate: int, channel: int | None = None) -> Iterator[Samples]:
    """A sound file of any length, mono at ``rate``, in pieces of any length: it never is in memory as a whole.

    ``channel``, counted from 0, is the only one that is read. As ``read_clip`` for the rest. Opens the file when the
    first piece is asked for.
    """
    with _opened(path) as sound:
        resampler = StreamResampler(sound.samplerate, rate)
        for piece in _decoded(sound, path, channel):
            yield resampler(piece)
        yield resampler(np.zeros(0, np.float32), last=True)


def _opened(path: Path) -> Any:
    import soundfile

    try:
        sound = soundfile.SoundFile(path)
    except (OSError, RuntimeError, TypeError, ValueError) as error:  # the last two: raw sound, a name that is no text
        raise RecordingError(f"{path} cannot be read as a sound file: {error}") from error
    if sound.samplerate not in RATES:
        sound.close()
        raise RecordingError(
            f"{path} says that it has {sound.samplerate} samples a second; "
            f"{RATES.start} to {RATES.stop - 1} can be read."
        )
    return sound


def _decoded(sound: Any, path: Path, channel: int | None = None) -> Iterator[Samples]:
    """The file in pieces: one channel, or their average. What its header says of its length decides nothing."""
    count = max(_PIECE // sound.channels, 1)
    while True:
        try:
            piece = sound.read(count, dtype="float32", always_2d=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise RecordingError(f"{path} is damaged: {error}") from error
        if not len(piece):
            return
        if not np.all(np.isfinite(piece)):
            raise RecordingError(f"{path} is damaged: it has samples that are no numbers.")
        piece = np.clip(piece, -1.0, 1.0)
        yield piece.mean(axis=1, dtype=np.float32) if channel is None else piece[:, channel]
