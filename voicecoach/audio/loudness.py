"""How loud a clip sounds, so that speech and earcons can be made equally loud.

Loudness is ITU-R BS.1770-4 for one channel: K-weighting, then the mean power of 400 ms blocks that overlap by
three quarters, first those above -70 LUFS, then those less than 10 LU under these blocks' mean. One
departure: the weighting is applied as a magnitude in the frequency domain (zero phase), which needs nothing but
numpy; on six spoken prompts the result was that of the standard's recursive filters to 0.001 LU.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from voicecoach.audio.clip import Clip
from voicecoach.units import frames

SPEECH_LOUDNESS = -20.0
"""LUFS of every prompt and of an ordinary earcon: well above the -23 of broadcasts, because laptop
loudspeakers are small, and with room for the peaks of speech, 12 to 15 dB above, under PEAK_CEILING."""

PEAK_CEILING = 0.89
"""-1 dBFS. Clips are held under it at 48 kHz; speech comes from 22,050 Hz, so that samples are dense enough
for the wave between them not to reach full scale (the -1 dBTP of EBU R 128)."""

_BLOCK_SECONDS, _OVERLAP = 0.4, 4
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0

# BS.1770-4, tables 1 and 2: the head's shelf and the low cut, for 48 kHz; their magnitudes serve at any rate.
_TABLE_RATE = 48_000
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_LOW_CUT = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def loudness(clip: Clip) -> float:
    """Loudness of a clip of any rate in LUFS, -inf for silence.

    One shorter than 400 ms counts as if silence followed: the ear, too, needs about that long to hear the full
    loudness of a sound.
    """
    block = frames(_BLOCK_SECONDS, clip.rate)
    samples = np.zeros(max(len(clip), block))
    samples[: len(clip)] = clip.samples
    power = np.concatenate(([0.0], np.cumsum(_weighted(samples, clip.rate) ** 2)))
    starts = np.arange(0, len(samples) - block + 1, block // _OVERLAP)
    blocks = (power[starts + block] - power[starts]) / block
    loud = blocks[_in_lufs(blocks) > _ABSOLUTE_GATE]
    if not loud.size:
        return float("-inf")
    gate = float(_in_lufs(loud.mean())) + _RELATIVE_GATE
    return float(_in_lufs(loud[_in_lufs(loud) > gate].mean()))


def levelled(clip: Clip, target: float = SPEECH_LOUDNESS, now: float | None = None) -> Clip:
    """The clip at ``target`` LUFS, or as near as PEAK_CEILING lets it; silence is left alone.

    ``now`` is its loudness where that is known already: cheaper to measure before a clip is resampled upward.
    """
    now = loudness(clip) if now is None else now
    if now == float("-inf") or not clip.peak:
        return clip
    return clip.gain(min(10 ** ((target - now) / 20), PEAK_CEILING / clip.peak))


def _in_lufs(power: npt.NDArray[np.float64] | np.float64) -> npt.NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-20)))


def _weighted(samples: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    # a multiple of a large power of two: other lengths can take a hundred times as long to transform
    step = 1 << max((len(samples) - 1).bit_length() - 3, 0)
    size = -(-len(samples) // step) * step
    return np.asarray(np.fft.irfft(np.fft.rfft(samples, size) * _weights(size, rate), size)[: len(samples)])


@lru_cache(maxsize=8)
def _weights(size: int, rate: int) -> npt.NDArray[np.float64]:
    """The K-weighting's magnitude at the frequencies of a real transform of ``size``."""
    once = np.cos(2 * np.pi * np.minimum(np.fft.rfftfreq(size, 1 / rate), _TABLE_RATE / 2) / _TABLE_RATE)
    twice = 2 * once**2 - 1
    power = np.ones(len(once))
    for above, below in (_SHELF, _LOW_CUT):
        for (c0, c1, c2), sign in ((above, 1), (below, -1)):
            squared = c0**2 + c1**2 + c2**2 + 2 * c1 * (c0 + c2) * once + 2 * c0 * c2 * twice
            power *= np.maximum(squared, 0.0) ** sign
    return np.asarray(np.sqrt(power))
