"""What a microphone makes of a loudspeaker, in samples: delay, loudness, reverberation, noise, drift, clipping."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr

from voicecoach.audio.clip import Samples
from voicecoach.ear.sounding import LONGEST_DELAY, make_chirp
from voicecoach.units import STREAM_RATE, frames


@dataclass(frozen=True)
class Room:
    """A loudspeaker, a room and a microphone."""

    delay: float
    """Seconds."""
    gain: float = -10.0
    """dB from what is played to what is captured, reverberation included, for a sound from 300 to 6000 Hz."""
    noise: float = -65.0
    """dBFS, white."""
    decay: float = 0.0
    """Seconds until the reverberation is 60 dB down; 0 for none. Its power is that of the direct sound."""
    drift: float = 0.0
    """Parts in a million by which the microphone's clock is slower."""
    clips_at: float = 1.0
    """Amplitude that the microphone cannot pass."""

    def hear(self, played: Samples, seed: int = 0) -> Samples:
        """The captured samples, as many as were played."""
        rng = np.random.default_rng(seed)
        response = _response(self.decay, rng)
        size = 1 << (len(played) + len(response)).bit_length()
        heard = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(response, size), size)[: len(played)]
        sent = float(np.dot(played, played))
        if sent:
            heard *= 10.0 ** (self.gain / 20) * np.sqrt(sent / float(np.dot(heard, heard)))
        if self.drift:
            heard = soxr.resample(heard, STREAM_RATE, STREAM_RATE * (1 - 1e-6 * self.drift), quality="HQ")
        late = round(self.delay * STREAM_RATE)
        heard = np.concatenate((np.zeros(late), heard, np.zeros(len(played))))[: len(played)]
        heard += rng.standard_normal(len(played)) * 10.0 ** (self.noise / 20)
        return np.clip(heard, -self.clips_at, self.clips_at).astype(np.float32)


def sweeps() -> tuple[Samples, list[tuple[int, int]]]:
    """A second of silence and three sweeps, as the sound check plays them; and where those are."""
    chirp = make_chirp()
    apart = len(chirp) + frames(LONGEST_DELAY)
    sounds = [(frames(1.0) + number * apart, frames(1.0) + number * apart + len(chirp)) for number in range(3)]
    samples = np.zeros(frames(1.0) + 3 * apart, np.float32)
    for first, last in sounds:
        samples[first:last] = chirp
    return samples, sounds


def _response(decay: float, rng: np.random.Generator) -> np.ndarray:
    count = max(1, round(decay * STREAM_RATE))
    response = rng.standard_normal(count) * 10.0 ** (-3 * np.arange(count) / count)
    response[: STREAM_RATE // 1000] = 0.0
    response /= np.sqrt(max(float(np.sum(response**2)), 1e-12))
    response[0] = 1.0
    return response
