"""Keeps what was played in step with what the microphone heard: clocks that drift, buffers that slip.

Loudspeaker and microphone may run on clocks of their own (a USB microphone: 50 parts in a million are usual), and an
underrun shifts the echo by some milliseconds while the sample counts go on. A canceller cannot follow the first (at
4 kHz the path turns once in five seconds) and needs seconds after the second. But neither changes the room: the same
response comes back a little shifted. So the response is estimated roughly every second (cross-spectrum over
auto-spectrum, averaged as P. D. Welch did, "The use of fast Fourier transform for the estimation of power spectra",
1967), and the shift between two such estimates is where their correlation peaks (C. Knapp and G. Carter, "The
generalized correlation method for estimation of time delay", 1976). The reference is delayed by what was found, by
fractions of a sample, so that those who learn the path see one that stands still.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicecoach.audio.clip import Samples
from voicecoach.ear.level import HOP
from voicecoach.ear.room_memory import Room
from voicecoach.units import EAR_RATE

_Spectrum = npt.NDArray[np.complex128]

_HEADROOM = float(HOP)
"""Samples that the reference is late at first, so that it can be made earlier too; every round trip is longer."""

_SEGMENT, _STEP = EAR_RATE, EAR_RATE // 4
"""Samples of one spectrum, long against the path, and from one to the next."""

_SEGMENTS = 4
"""Spectra averaged for one estimate: with them an estimate every second, each from 1.75 s."""

_BACK = 2
"""Estimates between those that are compared, so that the two have no sound in common."""

_AUDIBLE = 1e-6
"""Power (-60 dBFS) of the reference from which a segment is worth a spectrum."""

_LOW, _HIGH = 200 * _SEGMENT // EAR_RATE, 6_000 * _SEGMENT // EAR_RATE
"""Bins (Hz) between which small loudspeakers sound and the coach's voice has energy."""

_FINER = 4
"""Times as fine as a sample is the correlation looked at, before a parabola is laid through its peak."""

_FURTHEST = round(0.1 * EAR_RATE)
"""Samples of the longest slip that is looked for."""

_LIKE = 0.3
"""How alike two estimates must be (1: the same response) to tell anything; of noise they were 0.1."""

_WILDEST = 3e-4
"""Samples a sample: no clock drifts so much, so it was a slip."""

_MEMORY = 0.97
"""Of the weight of what was known of the drift at each estimate: half a minute of the coach's voice."""

_DOUBT = 0.5
"""Weight (seconds squared, as for an estimate over that time) of the first belief that there is no drift."""

_TAPS = 16
"""Half the length of the interpolating filter (windowed sinc)."""

_LATEST = round(0.3 * EAR_RATE)
"""Samples that the reference can be late at most."""


@dataclass(frozen=True, slots=True, eq=False)
class _Estimate:
    response: _Spectrum
    at: float
    """Hop in the middle of what it was made from."""
    late: float
    """Samples that the reference was late then."""


class Alignment:
    """Delays the reference, hop by hop (HOP samples). 0.005 of a core while the coach speaks. Not thread-safe.

    A drift is known to 5 parts in a million after 6 s of the coach's voice, a slip is found 1.5 to 3 s after it.
    """

    def __init__(self, room: Room | None = None) -> None:
        """``room``: as an earlier session knew it. This session's is expected to resemble it, at some other delay."""
        self._room = room
        self.reset()

    def reset(self) -> None:
        """A new stream begins."""
        self.drift = 0.0 if self._room is None else self._room.drift
        """Samples by which the echo gets later in each sample."""
        self._expected = None if self._room is None else np.fft.rfft(self._room.path, _SEGMENT)[_LOW:_HIGH]
        self.slip: int | None = None
        """Where a slip was put right at this hop: hops by which the path begins sooner now, mostly 0. Else None."""
        self._weight = _DOUBT
        self._late = _HEADROOM
        self._hop = 0
        self._played: Samples = np.zeros(_LATEST + 2 * HOP, dtype=np.float32)
        self._start_over()

    def _start_over(self) -> None:
        self._heard: deque[tuple[Samples, Samples]] = deque(maxlen=_SEGMENT // HOP)
        self._estimates: deque[_Estimate] = deque(maxlen=_BACK + 1)
        self._begin_estimate()

    def _begin_estimate(self) -> None:
        self._cross: _Spectrum = np.zeros(_SEGMENT // 2 + 1, dtype=np.complex128)
        self._auto = np.zeros(_SEGMENT // 2 + 1)
        self._middles: list[tuple[float, float]] = []

    def process(self, microphone: Samples, reference: Samples) -> Samples:
        """The reference in step with ``microphone``: at first 10 ms late, so the echo comes 10 ms sooner after it."""
        self._hop += 1
        self.slip = None
        self._played = np.concatenate((self._played[HOP:], reference))
        self._delay_by(self._late + self.drift * HOP)
        aligned = self._delayed()
        self._heard.append((microphone, aligned))
        if len(self._heard) == _SEGMENT // HOP and self._hop % (_STEP // HOP) == 0:
            self._take_spectra()
        return aligned

    def _delay_by(self, late: float) -> None:
        """Or by whole hops more or less, where that cannot be: then the path begins so much sooner or later."""
        if not _TAPS <= late <= _LATEST:
            self.slip = round((_HEADROOM - late) / HOP)
            late += self.slip * HOP
            self._start_over()
        self._late = late

    def _delayed(self) -> Samples:
        whole = int(self._late)
        end = len(self._played) - whole
        if whole == self._late:
            return np.array(self._played[end - HOP : end], dtype=np.float32)
        places = np.arange(-_TAPS, _TAPS) + (self._late - whole)
        taps = np.sinc(places) * np.cos(0.5 * np.pi * places / (_TAPS + 1)) ** 2
        around = self._played[end - HOP - _TAPS : end + _TAPS - 1]
        return np.correlate(around, taps.astype(np.float32), "valid")

    def _take_spectra(self) -> None:
        microphone, reference = (np.concatenate(part) for part in zip(*self._heard, strict=True))
        if float(np.dot(reference, reference)) < _AUDIBLE * _SEGMENT:
            return
        played, heard = np.fft.rfft(reference * _WINDOW), np.fft.rfft(microphone * _WINDOW)
        self._cross += np.conj(played) * heard
        self._auto += played.real**2 + played.imag**2
        half = _SEGMENT / 2
        self._middles.append((self._hop - half / HOP, self._late - self.drift * half))
        if self._expected is not None:
            self._recognise(self._expected)
        if len(self._middles) == _SEGMENTS:
            self._estimate()

    def _recognise(self, expected: _Spectrum) -> None:
        """A room that is known and now heard is a slip put right, whatever its delay."""
        shift, likeness = _shift(expected, self._response())
        if likeness >= _LIKE:
            self._right(shift)
        if likeness >= _LIKE or len(self._middles) == _SEGMENTS:
            self._expected = None

    def _response(self) -> _Spectrum:
        auto = self._auto[_LOW:_HIGH]
        return np.asarray(self._cross[_LOW:_HIGH] / (auto + 1e-3 * self._auto.mean()), dtype=np.complex128)

    def _estimate(self) -> None:
        response = self._response()
        at, late = (sum(part) / _SEGMENTS for part in zip(*self._middles, strict=True))
        self._begin_estimate()
        now = _Estimate(response, at, late)
        self._estimates.append(now)
        if len(self._estimates) > _BACK:
            self._compare(self._estimates[0], now)

    def _compare(self, before: _Estimate, now: _Estimate) -> None:
        shift, likeness = _shift(before.response, now.response)
        if likeness < _LIKE:
            return
        apart = (now.at - before.at) * HOP
        later = shift + now.late - before.late
        drift = later / apart
        if abs(drift - self.drift) > _WILDEST:
            self._right(shift)
        else:
            weight = likeness * (apart / EAR_RATE) ** 2
            self._weight = _MEMORY * self._weight
            self.drift += weight / (self._weight + weight) * (drift - self.drift)
            self._weight += weight

    def _right(self, shift: float) -> None:
        self.slip = 0
        self._start_over()
        self._delay_by(self._late + shift)


_WINDOW = np.hanning(_SEGMENT + 1)[:-1]


def _shift(before: _Spectrum, now: _Spectrum) -> tuple[float, float]:
    """Samples by which the second response comes later than the first, and how alike they are then (at most 1)."""
    size = _FINER * _SEGMENT
    product = np.zeros(size // 2 + 1, dtype=np.complex128)
    product[_LOW:_HIGH] = np.conj(before) * now
    correlation = np.fft.irfft(product, size)
    reach = _FINER * _FURTHEST
    near = np.concatenate((correlation[-reach:], correlation[: reach + 1]))
    peak = int(np.argmax(near[1:-1])) + 1
    left, top, right = near[peak - 1 : peak + 2]
    bend = left - 2 * top + right
    exact = peak - reach + (0.5 * (left - right) / bend if bend < 0 else 0.0)
    energy = np.sqrt(np.sum(np.abs(before) ** 2) * np.sum(np.abs(now) ** 2))
    return exact / _FINER, float(top * size / 2 / (energy + 1e-30))
