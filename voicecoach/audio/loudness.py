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

from voicecoach.audio.clip import Clip, Samples
from voicecoach.units import frames

SPEECH_LOUDNESS = -20.0
"""LUFS of every prompt and of an ordinary earcon: well above the -23 of broadcasts, because laptop
loudspeakers are small, and with room for the peaks of speech, 12 to 15 dB above, under PEAK_CEILING."""

PEAK_CEILING = 0.88
"""-1.1 dBTP: no clip's true peak passes it, so that -1 dBTP (EBU R 128) is kept by whatever way it is measured."""

OVERSAMPLING = 4
"""The true peak is looked for at four times the rate, as BS.1770-4 (annex 2) asks."""

_LIMITER_SECONDS = 0.005
"""How long before a peak the limiter begins to give way, and how long after it comes back: too short to pump."""
_MAKE_UPS, _MOST_MAKE_UP = 3, 2.0
"""What limiting takes off in loudness is given back and limited again, so often, and by no more than 6 dB in all: a
clip that is nothing but peaks stays quieter instead of being crushed."""

_BLOCK_SECONDS, _OVERLAP = 0.4, 4
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_NEAR_ENOUGH = 0.05
_PIECE_SECONDS, _CONTEXT_SECONDS = 8.0, 0.5
"""What a LoudnessMeter weights at a time, and how much of the sound before and after it has to be known for that."""

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
    return _gated((power[starts + block] - power[starts]) / block)


class LoudnessMeter:
    """The loudness of what is too long to be held in memory: given in pieces, in their order. Not thread-safe.

    Keeps a few seconds of samples and ten numbers for each second. Differs from :func:`loudness` by less than 0.01 LU.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._step = frames(_BLOCK_SECONDS, rate) // _OVERLAP
        self._context = frames(_CONTEXT_SECONDS, rate)
        self._piece = self._step * round(_PIECE_SECONDS * _OVERLAP / _BLOCK_SECONDS)
        self._before = np.zeros(self._context)
        self._waiting = np.zeros(0)
        self._steps: list[float] = []
        """Power of each quarter of a block."""

    def add(self, samples: Samples) -> None:
        """The next piece, of any length."""
        self._waiting = np.concatenate([self._waiting, samples])
        while len(self._waiting) >= self._piece + self._context:
            self._measure(self._piece)

    def loudness(self) -> float:
        """Loudness of all that was given, in LUFS, -inf for silence; nothing may be added afterwards."""
        least = (_OVERLAP - len(self._steps)) * self._step
        whole = max(len(self._waiting) // self._step * self._step, least)
        after = max(0, whole - len(self._waiting)) + self._context
        self._waiting = np.concatenate([self._waiting, np.zeros(after)])
        if whole:
            self._measure(whole)
        steps = np.array(self._steps)
        return _gated(np.lib.stride_tricks.sliding_window_view(steps, _OVERLAP).mean(axis=1))

    def _measure(self, count: int) -> None:
        """Take ``count`` frames, whole steps, from what waits; what follows them is only looked at."""
        seen = np.concatenate([self._before, self._waiting[: count + self._context]])
        weighted = _weighted(seen, self._rate)[self._context : self._context + count]
        self._steps += np.square(weighted).reshape(-1, self._step).mean(axis=1).tolist()
        self._before = seen[count : count + self._context]
        self._waiting = self._waiting[count:]


def levelled(clip: Clip, target: float = SPEECH_LOUDNESS, now: float | None = None) -> Clip:
    """The clip at ``target`` LUFS with its true peak under PEAK_CEILING; silence is left alone.

    Where the peaks would pass the ceiling they are limited, and the rest raised by what that took; a clip that is
    nothing but peaks stays quieter than ``target``. ``now`` is its loudness where that is known already: cheaper to
    measure before a clip is resampled upward.
    """
    now = loudness(clip) if now is None else now
    if now == float("-inf") or not clip.peak:
        return clip
    gain = 10 ** ((target - now) / 20)
    most = gain * _MOST_MAKE_UP
    wave = _true_magnitude(clip)
    if gain * float(wave.max()) <= PEAK_CEILING:
        return clip.gain(gain)
    for _ in range(_MAKE_UPS):
        limited = _limited(clip, wave, gain)
        missing = target - loudness(limited)
        if missing < _NEAR_ENOUGH:
            break
        gain = min(gain * 10 ** (missing / 20), most)
    return limited


def _limited(clip: Clip, wave: Samples, gain: float) -> Clip:
    """The clip ``gain`` times as loud, turned down around each place where its ``wave`` would pass PEAK_CEILING.

    The gain is the least that any sample within reach needs, averaged over that reach: smooth, and never above what a
    sample itself needs.
    """
    reach = max(1, frames(_LIMITER_SECONDS, clip.rate))
    needed = np.minimum(1.0, PEAK_CEILING / np.maximum(gain * wave, 1e-9))
    least = np.lib.stride_tricks.sliding_window_view(np.pad(needed, 2 * reach, constant_values=1.0), 2 * reach + 1)
    window = np.hanning(2 * reach + 3)[1:-1]
    smooth = np.convolve(least.min(axis=1), window / window.sum(), mode="valid")
    return Clip((clip.samples * (gain * smooth)).astype(np.float32), clip.rate)


def _true_magnitude(clip: Clip) -> Samples:
    """For each sample, how far the wave reaches between it and its neighbours."""
    if not len(clip):
        return clip.samples
    dense = np.abs(clip.resampled(clip.rate * OVERSAMPLING).samples)
    dense = np.pad(dense, (0, max(0, len(clip) * OVERSAMPLING - len(dense))))[: len(clip) * OVERSAMPLING]
    around = dense.reshape(-1, OVERSAMPLING).max(axis=1)
    before = np.concatenate([around[:1], around[:-1]])
    return np.asarray(np.maximum(np.maximum(around, before), np.abs(clip.samples)), np.float32)


def _gated(blocks: npt.NDArray[np.float64]) -> float:
    """Loudness of a recording whose blocks have these powers."""
    loud = blocks[_in_lufs(blocks) > _ABSOLUTE_GATE]
    if not loud.size:
        return float("-inf")
    gate = float(_in_lufs(loud.mean())) + _RELATIVE_GATE
    return float(_in_lufs(loud[_in_lufs(loud) > gate].mean()))


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
