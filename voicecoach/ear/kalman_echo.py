"""Takes the coach's voice out of the microphone: a frequency-domain Kalman filter that leaves people's voices whole.

G. Enzner and P. Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones",
Signal Processing 86(6), 2006; in partitions, as F. Kuech, E. Mabande and G. Enzner, "State-space architecture of the
partitioned-block-based acoustic echo controller", ICASSP 2014. The filter knows how uncertain each part of the path is
and how much of the microphone is somebody's voice, so it holds still while a person speaks over the coach; nothing is
ever suppressed that the reference does not explain, and of what it leaves only some (residual_suppressor.py). Telephony
cancellers remove twice the echo, and the command too.

While the path is being learned, and would add more than it takes away, the microphone is handed on as it is. So it is
where the echo is suddenly gone, in the middle of a word: what was expected must not be heard in its stead.
"""

from __future__ import annotations

from collections import deque
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from voicecoach.audio.clip import Samples
from voicecoach.ear.level import HOP
from voicecoach.ear.residual_suppressor import ResidualSuppressor
from voicecoach.ear.room_memory import Room

_Spectra = npt.NDArray[np.complex128]
_Powers = npt.NDArray[np.float64]
_Rows = TypeVar("_Rows", _Spectra, _Powers)

_FFT = 2 * HOP
_BINS = HOP + 1

_PARTITIONS = 38
"""Hops of the path that are modelled: 380 ms, the device's round trip (20 to 200 ms) and the room after it."""

_FORGETTING = 0.9995
"""Of the path from one hop to the next. At 0.9998 echoes that stand still were taken down by 1 dB more after 20 s, but
a path that had changed (lid, volume, another room) took longer; at this 15 dB are taken off again after 3 s."""

_FIRST_UNCERTAINTY = 1e-5
"""Mean square of each bin of each partition of the path before anything was learned: that of a faint echo. It is raised
to what the microphone's level allows for, as long as the path is new: a loud echo is learned as fast as a faint one."""

_LEAST_UNCERTAIN = 1e-9
"""Of a part of the path that nothing is known of, after it was moved: the forgetting's own share of a faint one."""

_NEW, _ONSET = 300, 20
"""Hops with the coach's voice for which it is new, but for the first few, in which no echo can have arrived yet."""

_EXPECTED_SHARE = 0.1 * 2 * HOP * HOP
"""Of the microphone's energy in what the path may be: of 0.1 to 10 times it, this converged fastest (10 dB in 2.5 s;
the factor 2 HOP^2 is the transform's own)."""

_NEAR_SMOOTHING = 0.8
"""Of the estimated power of everything that is not the coach."""

_SECOND, _SNAPSHOTS = 100, 4
"""Hops with the coach's voice from one remembered path to the next, and how many are kept: the oldest is from before
a slip that was found within 3 s."""

_GUESSED = 0.1
"""Uncertainty of a path that an earlier session knew, as a share of its power: the microphone may have been moved."""

_LATELY, _ENOUGH, _WELL = 1 / 3000, 1500, 10.0
"""A path is worth keeping after so many hops with the coach's voice, where it takes this factor off their energy."""

_SILENT = 1e-7
"""Power (-70 dBFS) under which a hop of the reference is silence: nothing is learned from it."""

_GONE = 2.0
"""Times the microphone's energy in what would be left of a hop: the echo that was expected is not there. A "stop" of
the coach's, in which the microphone was muted, came out upside down and was obeyed."""

_LOST, _LOST_FOR = 1.5, 0.05
"""Times the microphone's energy in what would be left, lately (over 20 hops with the coach's voice), from which
the path is another. Learned anew it takes the coach down again within a second or two; a filter that is sure of what is
no longer so needs five or more."""

_KNOWS = 4.0
"""Times as much power in the path as in what is uncertain of it, from which it is known: 6 dB."""


class KalmanEchoCanceller:
    """An :class:`~voicecoach.ear.echo.EchoCanceller` for blocks of whole hops (HOP samples); adds no delay.

    Takes 10 dB off the coach's voice after 3 s of it, 18 dB after 10 s, the command in it down by no more than 1 dB
    (simulated rooms with a loudspeaker that distorts; clocks kept in step). Ten seconds of conversation over the coach
    unlearn nothing. 0.02 of a core while the coach speaks, next to nothing once it has been silent for the path's
    length. Not thread-safe.
    """

    def __init__(self, room: Room | None = None) -> None:
        """``room``: as an earlier session knew it; gone back to by ``recall``, once it is known to be this one."""
        self._room = room
        self._suppressor = ResidualSuppressor()
        self.reset()

    def reset(self) -> None:
        """A new stream begins: know no more than at first."""
        self._sent: _Spectra = np.zeros((_PARTITIONS, _BINS), dtype=np.complex128)
        self._near = np.full(_BINS, 1e-6)
        self._before = np.zeros(HOP)
        self._loudness = np.zeros(2)
        self._begin_to_learn()
        self.is_lost = False
        self._silent_for = _PARTITIONS + 1
        self._spoken = 0
        self._snapshots: deque[tuple[_Spectra, _Powers]] = deque(maxlen=_SNAPSHOTS)
        self._usual = np.zeros(2)
        self._doubt = np.zeros(_BINS)
        self._expected: Samples = np.zeros(HOP, dtype=np.float32)
        self._suppressor.reset()
        if self._room is not None:
            self._snapshots.append(_guess(self._room.path))

    def slipped(self) -> None:
        """The streams slipped, nobody knows yet by how much: learn the path anew, until ``recall`` is called."""
        self._begin_to_learn()

    def _begin_to_learn(self) -> None:
        self._path: _Spectra = np.zeros((_PARTITIONS, _BINS), dtype=np.complex128)
        self._uncertain = np.full((_PARTITIONS, _BINS), _FIRST_UNCERTAINTY)
        self._scale = _FIRST_UNCERTAINTY
        self._told = self._heard = 0.0
        self._learned = 0
        self._lately = np.zeros(2)

    def recall(self, sooner: int) -> None:
        """The streams slipped and are in step again: go back to the path of some seconds ago, so many hops sooner."""
        if self._snapshots:
            self._path, self._uncertain = self._snapshots[0]
            self._snapshots.clear()
        self._path = _sooner(self._path, sooner)
        self._uncertain = np.maximum(_sooner(self._uncertain, sooner), _LEAST_UNCERTAIN)
        self._sent = _sooner(self._sent, sooner)

    def learned(self) -> Samples | None:
        """The path, where it took 10 dB off the coach's voice lately (half a minute of it)."""
        if self._spoken < _ENOUGH or self._usual[0] <= _WELL * self._usual[1]:
            return None
        return np.fft.irfft(self._path, axis=1)[:, :HOP].reshape(-1).astype(np.float32)

    @property
    def expected(self) -> Samples:
        """The coach's voice that the last hop was expected to hold, whether or not it was taken away."""
        return self._expected

    def process(self, microphone: Samples, reference: Samples) -> Samples:
        """The microphone's block without the coach. Raises ValueError for anything but whole hops of one length."""
        if len(microphone) != len(reference) or len(microphone) % HOP:
            raise ValueError(f"{len(microphone)} samples captured and {len(reference)} played are no whole hops")
        if len(microphone) == HOP:
            return self._hop(microphone, reference)
        parts = [
            self._hop(microphone[start : start + HOP], reference[start : start + HOP])
            for start in range(0, len(microphone), HOP)
        ]
        return np.concatenate(parts) if parts else microphone

    def _hop(self, microphone: Samples, reference: Samples) -> Samples:
        self.is_lost = False
        silent = float(np.dot(reference, reference)) < _SILENT * HOP
        self._silent_for = self._silent_for + 1 if silent else 0
        now = reference.astype(np.float64)
        if self._silent_for > _PARTITIONS + 1:
            if np.any(self._before):
                self._sent[:] = 0.0
                self._before[:] = 0.0
                self._expected = np.zeros(HOP, dtype=np.float32)
                self._suppressor.reset()
            return microphone
        self._sent = np.roll(self._sent, 1, axis=0)
        self._sent[0] = np.fft.rfft(np.concatenate((self._before, now)))
        self._before = now
        echo = np.fft.irfft(np.einsum("pb,pb->b", self._sent, self._path))[HOP:]
        self._expected = echo.astype(np.float32)
        if not np.any(microphone):
            return microphone  # muted: that says nothing of the room
        error = microphone - echo
        if self._learned < _NEW:
            self._expect(microphone)
        self._learn(error)
        self._spoken += 1
        if self._spoken % _SECOND == 0:
            self._snapshots.append((self._path.copy(), self._uncertain.copy()))
        energy = np.array([np.dot(microphone, microphone), np.dot(error, error)])
        self._usual += _LATELY * (energy - self._usual)
        self._loudness = 0.8 * self._loudness + 0.2 * energy
        # Before a path is known, and with headphones, where there is none, the doubt is no measure of what is left.
        power = float(np.sum(self._path.real**2 + self._path.imag**2))
        knows = power > _KNOWS * float(np.sum(self._uncertain))
        near = self._suppressor.process(error, self._near, self._doubt * knows)
        self._lately += _LOST_FOR * (energy - self._lately)
        if knows and self._lately[1] > _LOST * self._lately[0]:
            self.is_lost = True
            self._begin_to_learn()
            return microphone
        if self._loudness[1] > self._loudness[0] or energy[1] > _GONE * energy[0]:
            return microphone
        return near.astype(np.float32)

    def _expect(self, microphone: Samples) -> None:
        """How loud the echo may be, at most, by what was heard so far."""
        self._learned += 1
        self._told += float(np.sum(self._sent.real**2 + self._sent.imag**2))
        self._heard += float(np.dot(microphone, microphone)) * _EXPECTED_SHARE
        if self._learned >= _ONSET and self._heard > self._scale * self._told:
            raised = self._heard / self._told
            self._uncertain *= raised / self._scale
            self._scale = raised

    def _learn(self, error: npt.NDArray[np.float64]) -> None:
        missed = np.fft.rfft(np.concatenate((np.zeros(HOP), error)))
        power = self._sent.real**2 + self._sent.imag**2
        doubt = self._doubt = 0.5 * np.einsum("pb,pb->b", power, self._uncertain)
        seen = missed.real**2 + missed.imag**2
        self._near = _NEAR_SMOOTHING * self._near + (1.0 - _NEAR_SMOOTHING) * seen
        gain = self._uncertain / (doubt + self._near + 1e-9)
        step = np.fft.irfft(gain * np.conj(self._sent) * missed, axis=1)
        step[:, HOP:] = 0.0
        self._path = _FORGETTING * (self._path + np.fft.rfft(step, axis=1))
        self._uncertain *= 1.0 - 0.5 * gain * power
        self._uncertain *= _FORGETTING**2
        self._uncertain += (1.0 - _FORGETTING**2) * (self._path.real**2 + self._path.imag**2 + 1e-6)


def _guess(path: Samples) -> tuple[_Spectra, _Powers]:
    """A path and its uncertainty, from an impulse response."""
    taps = np.zeros(_PARTITIONS * HOP)
    taps[: len(path)] = path[: len(taps)]
    spectra = np.fft.rfft(taps.reshape(_PARTITIONS, HOP), _FFT, axis=1)
    return spectra, _FIRST_UNCERTAINTY + _GUESSED * (spectra.real**2 + spectra.imag**2)


def _sooner(partitions: _Rows, hops: int) -> _Rows:
    """The same, but for the first ``hops``; negative: after so many new ones. Zeros where nothing is known."""
    moved = np.zeros_like(partitions)
    if hops >= 0:
        moved[: len(moved) - hops] = partitions[hops:]
    else:
        moved[-hops:] = partitions[:hops]
    return moved
