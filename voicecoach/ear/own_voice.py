"""Whose voice was it? Positive proof that a phrase in the microphone was the coach's own, or that it was not.

A recogniser brings every level to the same one, so the coach's "say stop" is heard as "stop" even 30 dB down: no
canceller alone is safe. But the player has the very samples that it sent to the loudspeaker. When a phrase was
detected, the path from loudspeaker to microphone is worked out by least squares from the seconds *around* the phrase,
and then asked to predict the microphone *during* the phrase, which it has not seen:

- what is predicted there was the coach's own voice: nobody else says, to the waveform, what the coach is saying;
- what is not predicted there came from the room, as does everything with headphones, where there is no path;
- in between, as where the coach had not yet said enough to learn the path from, it is not known.

This needs no start-up time beyond a second or two of the coach's voice. Once the echo canceller has learned the room,
it is the better witness, and for nothing: what it took away as well as it usually does was the coach, and where it took
away much less, somebody speaks under the coach's louder voice.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from voicecoach.audio.clip import Samples
from voicecoach.ear.level import HOP, HOPS_A_SECOND
from voicecoach.ear.spotter import Detection, Heard
from voicecoach.session.commands import URGENT, Command
from voicecoach.units import EAR_RATE

_Array = npt.NDArray[np.float64]

_DIVISOR = 2
"""The proof is done at half the ear's rate: vowels prove as well below 4 kHz, in half the time."""

_RATE = EAR_RATE // _DIVISOR
_WINDOW = 6 * HOPS_A_SECOND
"""Hops that the path is learned from: the newest in which the coach could be heard."""

_PATH = round(0.36 * _RATE)
"""Length of the path: the device's round trip of 20 to 200 ms and the room's reverberation."""

_ECHO_HOPS = round(0.6 * HOPS_A_SECOND)
"""How long the coach can still be heard after its last sample was sent: round trip and reverberation."""

_AUDIBLE = 10.0 ** (-65.0 / 10.0)
"""Power (-65 dBFS) from which the reference counts as sound: less is no voice even at full volume."""

_PRE_EMPHASIS = 0.9
"""Flattens the spectrum of speech, so that consonants weigh in, and the least squares converge sooner."""

_REGULARISATION = 1e-3
"""Share of the reference's energy added to its autocorrelation's diagonal."""

_ITERATIONS = 12

_LATELY, _FEW = 150, 20
"""Hops before a phrase that tell whether the canceller still fits the room, and how many loud ones tell anything."""

_SOONER, _LATER = HOPS_A_SECOND // 10, HOPS_A_SECOND // 5
"""Hops before and after a phrase that may be part of it: the neural heads know what was said better than when. A "no"
of theirs, of which the coach's "Left side" reminded them, lay in the silence before it."""

_STANDS_OUT = 0.03
"""Share (-15 dB) of the loudest hop's energy, after cancelling, from which a hop counts as part of a phrase."""

_SHORTEST = HOPS_A_SECOND // 20
"""Hops of a phrase that must be kept to prove anything by them."""

_ENOUGH = 150
"""Hops of the coach's voice besides the phrase from which a path would have been learned, were there one: before that,
nothing is proven to be somebody's. A "yes" of the coach's was taken for somebody's after 0.6 s of its voice."""

_BEAT = 4
"""Hops that share a loudness. Too few for a voice to be taken for the coach's by chance: of 60 words under its louder
voice none more was (``tests/bench/double_talk.py``)."""

_SAME, _LASTS = EAR_RATE // 20, HOPS_A_SECOND // 5
"""Detections that begin within the same 50 ms share one proof, for 0.2 s."""


class Origin(Enum):
    """Whose voice a stretch of sound was."""

    OWN = "own"
    """Proven: the coach's."""
    NEAR = "near"
    """Somebody in the room; also whenever the coach was silent."""
    UNKNOWN = "unknown"
    """The coach was speaking, and neither is proven."""


class OwnVoice:
    """Remembers the last seconds of microphone and reference; not thread-safe. Blocks at EAR_RATE, on one clock."""

    CONVERGED_DB = 10.0
    """Where the canceller usually takes off this, it has learned the room: what it takes off a phrase tells."""
    OWN_SHORT_DB = 4.5
    """At most so much less than usual is taken off the coach's own phrases, where most is left of them: 2.8 dB for the
    worst of 74 in simulated rooms ..."""
    NEAR_SHORT_DB = 6.5
    """... and at least this where somebody speaks: 7 to 18 dB for 21 of 22 words under a coach 6 dB louder."""
    SURE_DB = 12.0
    """So much taken off needs no further proof, whatever is usual (the coach's own were seen 7 dB short of 23 dB): a
    canceller is behind, never ahead."""
    STANDS_DB = 10.0
    """Where this is taken off nobody is proven to speak, however much is usual."""
    OWN_DB = 5.0
    """So much of the microphone must be predicted during the phrase for it to be the coach's own. For the coach alone
    in simulated rooms it was 5 to 50 dB, for people 0 to 3 dB."""
    OWN_PAIN_DB = 10.0
    """The same for pain and emergencies: at this, less than a tenth of the energy is anybody else's, and a word
    that far under the coach's voice is not recognised at all. Between the two, it is asked about."""
    NEAR_DB = 3.0
    """Only this little is somebody's; between somebody's and its own nothing is proven ..."""
    LEARNING_DB, NEAR_LEARNING_DB = 1.5, 1.0
    """... and where the canceller takes off this, so there is an echo that is half learned, only that little."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """The streams slipped, or a new one begins: forget the sound so far."""
        self._microphone: Samples = np.zeros((_WINDOW, HOP), dtype=np.float32)
        self._reference: Samples = np.zeros((_WINDOW, HOP), dtype=np.float32)
        self._energy = np.zeros((_WINDOW, 2))
        self._expected = np.zeros((_WINDOW, 2))  # microphone times expected, and expected's energy
        self._numbers = np.zeros(_WINDOW, dtype=np.int64)
        self._sounds = np.zeros(_WINDOW, dtype=np.bool_)
        self._kept = 0
        self._from_silence = True
        self._hop = 0
        self._sounding: deque[int] = deque()

    def slipped(self) -> None:
        """The path is another than in the sound so far: learn from none of it. When the coach spoke stays known."""
        self._kept = 0
        self._from_silence = False

    def feed(self, microphone: Samples, reference: Samples, near: Samples, expected: Samples) -> None:
        """Take the next hop (HOP samples): as captured, as sent, what the echo canceller made of it and expected in it.

        Only what may hold the coach's voice is kept. The seams do no harm: the echo has died away before each. A muted
        microphone holds nobody's, and would say that there is no path.
        """
        sounds = float(np.dot(reference, reference)) > _AUDIBLE * HOP
        if sounds:
            self._sounding.append(self._hop)
        while self._sounding and self._sounding[0] < self._hop - _WINDOW - _ECHO_HOPS:
            self._sounding.popleft()
        if self._sounding and self._hop - self._sounding[-1] <= _ECHO_HOPS and np.any(microphone):
            slot = self._kept % _WINDOW
            self._microphone[slot], self._reference[slot] = microphone, reference
            self._energy[slot] = float(np.dot(microphone, microphone)), float(np.dot(near, near))
            self._expected[slot] = float(np.dot(microphone, expected)), float(np.dot(expected, expected))
            self._numbers[slot], self._sounds[slot] = self._hop, sounds
            self._kept += 1
        self._hop += 1

    def origin(self, start: int, end: int, of_pain: bool = False) -> Origin:
        """Whose voice samples ``start`` to ``end`` were, counted from the stream's first; ``end`` may be the newest.

        ``of_pain``: they may say that somebody is hurt, so more is asked of a proof that it was the coach.
        """
        first, last = start // HOP, -(-end // HOP)
        if not any(first - _ECHO_HOPS <= hop < last for hop in self._sounding):
            return Origin.UNKNOWN if self._sounding and last <= self._hop - _WINDOW else Origin.NEAR
        order = np.arange(max(0, self._kept - _WINDOW), self._kept) % _WINDOW
        numbers = self._numbers[order]
        kept = ((numbers >= first) & (numbers < last)).sum()
        if kept < max(_SHORTEST, (last - first) // 2):
            return Origin.UNKNOWN  # forgotten, or mostly from before the coach began
        inside = (numbers >= first - _SOONER) & (numbers < last + _LATER)
        here, typical, steady = self._cancelled(order, inside)
        here = max(here, self._explained(order[inside]))
        if steady and typical >= self.CONVERGED_DB:
            own = min(typical - self.OWN_SHORT_DB, self.SURE_DB)
            if here >= (max(own, self.OWN_PAIN_DB) if of_pain else own):
                return Origin.OWN
            return Origin.NEAR if here < min(typical - self.NEAR_SHORT_DB, self.STANDS_DB) else Origin.UNKNOWN
        if here >= self.SURE_DB:
            return Origin.OWN
        where = np.flatnonzero(inside) * HOP // _DIVISOR
        path = EchoPath(
            _halved(self._reference[order].reshape(-1)),
            _halved(self._microphone[order].reshape(-1)),
            slice(int(where[0]), int(where[-1]) + HOP // _DIVISOR),
            begins=self._from_silence and self._kept <= _WINDOW,
        )
        best = max(here, path.predicted)
        if best >= (self.OWN_PAIN_DB if of_pain else self.OWN_DB):
            return Origin.OWN
        near = self.NEAR_DB if typical < self.LEARNING_DB else self.NEAR_LEARNING_DB
        enough = int((self._sounds[order] & ~inside).sum()) >= _ENOUGH
        return Origin.NEAR if best < near and enough else Origin.UNKNOWN

    def _cancelled(self, order: npt.NDArray[np.int64], inside: npt.NDArray[np.bool_]) -> tuple[float, float, bool]:
        """dB that the canceller took off the microphone inside, where most of it is left, and off most of the rest;
        whether that is up to date.

        The rest is all that is kept, or the second and a half before the phrase where that went worse: the room may
        just have changed.
        """
        energy = self._energy[order] + 1e-12
        energy[:, 1] = np.maximum(energy[:, 1] - np.percentile(energy[:, 1], 10), 1e-3 * energy[:, 0])  # less the noise
        whole, left = _most_left(energy[inside])
        loud = ~inside & (energy[:, 0] > 0.1 * energy[:, 0].mean())
        ago = self._numbers[order][inside][0] - self._numbers[order]
        lately = loud & (ago > 0) & (ago <= _LATELY)
        enough = [which for which in (loud, lately) if which.sum() >= _FEW]
        typical = min((float(np.median(energy[which, 0] / energy[which, 1])) for which in enough), default=1.0)
        return 10.0 * math.log10(whole / left), 10.0 * math.log10(typical), len(enough) == 2

    def _explained(self, slots: npt.NDArray[np.int64]) -> float:
        """dB that what was expected of the coach takes off the microphone there, where most is left, if it may be
        louder or softer than expected, another loudness every few hops: somebody just pressed a volume key.
        """
        count = len(slots) // _BEAT * _BEAT
        whole = self._energy[slots[:count], 0].reshape(-1, _BEAT).sum(axis=1)
        shared, expected = self._expected[slots[:count]].reshape(-1, _BEAT, 2).sum(axis=1).T
        left = whole - np.maximum(shared, 0.0) ** 2 / (expected + 1e-12)
        before, after = _most_left(np.stack((whole, left), axis=1) + 1e-12)
        return 10.0 * math.log10(before / after)


class EchoPath:
    """The path from ``reference`` to ``microphone``, learned outside the samples asked about, and how it fits them.

    Least squares over that stretch's complement by conjugate gradients on the normal equations (M. R. Hestenes and
    E. Stiefel, 1952), products by FFT, preconditioned with the reference's power spectrum (R. H. Chan and M. K. Ng,
    "Conjugate gradient methods for Toeplitz systems", 1996).
    """

    def __init__(self, reference: _Array, microphone: _Array, asked: slice, begins: bool) -> None:
        """``begins``: nothing was sent before the first sample, so the echo is whole from there on."""
        size = _good_size(len(microphone) + _PATH)
        spectrum = np.fft.rfft(reference, size)
        seen = np.ones(len(microphone))
        if not begins:
            seen[:_PATH] = 0.0
        seen[asked] = 0.0
        energy = float(np.dot(reference, reference))
        load = _REGULARISATION * energy

        def predict(path: _Array) -> _Array:
            return np.fft.irfft(np.fft.rfft(path, size) * spectrum, size)[: len(microphone)]

        def correlate(signal: _Array) -> _Array:
            return np.fft.irfft(np.fft.rfft(signal, size) * np.conj(spectrum), size)[:_PATH]

        # circulant preconditioner of twice the path's length
        wide = _good_size(2 * _PATH)
        power = np.fft.irfft(np.abs(spectrum) ** 2, size)
        lags = np.zeros(wide)
        taper = np.hanning(2 * _PATH + 1)[_PATH:-1]
        lags[:_PATH] = power[:_PATH] * taper
        lags[-_PATH + 1 :] = lags[1:_PATH][::-1]
        inverse = 1.0 / (np.maximum(np.fft.rfft(lags).real, 0.0) + load)

        def precondition(gradient: _Array) -> _Array:
            return np.fft.irfft(np.fft.rfft(gradient, wide) * inverse, wide)[:_PATH]

        path = np.zeros(_PATH)
        rest = correlate(seen * microphone)
        direction = ready = precondition(rest)
        steep = float(np.dot(rest, ready))
        for _ in range(_ITERATIONS):
            if steep <= 0.0:
                break
            product = correlate(seen * predict(direction)) + load * direction
            step = steep / float(np.dot(direction, product))
            path += step * direction
            rest = rest - step * product
            ready = precondition(rest)
            steep, before = float(np.dot(rest, ready)), steep
            direction = ready + steep / before * direction
        error = microphone - predict(path)
        both = np.stack((microphone[asked], error[asked]), axis=1) ** 2
        whole, left = _most_left(both.reshape(-1, HOP // _DIVISOR, 2).sum(axis=1))
        self.predicted = 10.0 * math.log10((whole + 1e-12) / (left + 1e-12))
        """dB by which the prediction takes the stretch down that it was not learned from, where most of it is left."""


def _most_left(energy: _Array) -> tuple[float, float]:
    """Energy before and after something was taken off, of hops (n, 2), summed where most is left of them."""
    left = energy[:, 1]
    whole, rest = energy[left >= _STANDS_OUT * left.max()].sum(axis=0)
    return float(whole), float(rest)


def _halved(samples: Samples) -> _Array:
    """Half the rate, the low half of the spectrum, speech flattened."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    count = len(samples) // _DIVISOR
    kept = spectrum[: count // 2 + 1] / _DIVISOR
    turn = np.exp(-2j * np.pi * np.arange(len(kept)) / count)
    return np.fft.irfft(kept * (1.0 - _PRE_EMPHASIS * turn), count)


def _good_size(least: int) -> int:
    """The next length with no prime factor over 5."""
    best = 1 << (least - 1).bit_length()
    for threes in range(4):
        for fives in range(4):
            factor = 3**threes * 5**fives
            best = min(best, factor << max(0, (-(-least // factor) - 1).bit_length()))
    return best


class OwnVoiceGate:
    """Keeps the coach from obeying itself: stands before the decision, and after it.

    Before it, what is proven to be the coach's own voice is set aside, so that it can neither outbid nor repeat what a
    person says. After it, where more has been heard, it is asked again: own voice is set aside, pain included; what is
    not proven either way is only suspected where it is urgent (a missed "it hurts" is worse than a question), and
    dropped where it is not.
    """

    def __init__(self, voice: OwnVoice) -> None:
        self._voice = voice
        self.reset()

    def reset(self) -> None:
        """A new stream begins."""
        self._voice.reset()
        self._hop = 0
        self._best: dict[str, Detection] = {}
        self._answers: dict[tuple[int, Command], tuple[int, Origin]] = {}

    def slipped(self) -> None:
        """The streams slipped against each other and were put in step again."""
        self._voice.slipped()
        self._answers = {}

    def feed(self, microphone: Samples, reference: Samples, near: Samples, expected: Samples) -> None:
        """The next hop: as captured, as sent, what the echo canceller made of it, and what it expected of the coach."""
        self._voice.feed(microphone, reference, near, expected)
        self._hop += 1

    def sift(self, detections: list[Detection]) -> list[Detection]:
        """Those that are not proven to be the coach's own voice."""
        kept = [one for one in detections if self._origin(one) is not Origin.OWN]
        for one in kept:
            best = self._best.get(one.phrase.text)
            if best is None or one.score >= best.score or one.start >= best.end:
                self._best[one.phrase.text] = one
        return kept

    def admit(self, heard: list[Heard]) -> list[Heard]:
        """What may leave the ear, of what was decided."""
        return [verdict for one in heard if (verdict := self._verdict(one)) is not None]

    def _verdict(self, heard: Heard) -> Heard | None:
        detection = self._best.get(heard.phrase)
        if detection is None:
            return heard
        origin = self._origin(detection, fresh=True)
        if origin is Origin.NEAR:
            return heard
        if origin is Origin.OWN or heard.command not in URGENT:
            return None
        return replace(heard, tier="weak")

    def _origin(self, detection: Detection, fresh: bool = False) -> Origin:
        """As the voice says; a detection that grows from hop to hop is not worked out anew each time."""
        key = (detection.start // _SAME, detection.phrase.command)
        known = self._answers.get(key)
        if known is not None and self._hop - known[0] < _LASTS and not fresh:
            return known[1]
        of_pain = detection.phrase.command in (Command.PAIN, Command.EMERGENCY)
        origin = self._voice.origin(detection.start, detection.end, of_pain)
        self._answers = {key: one for key, one in self._answers.items() if self._hop - one[0] < _LASTS}
        self._answers[key] = (self._hop, origin)
        return origin
