"""A second opinion: what the first spotter only suspects is also written down by a slow engine, and compared.

Nothing waits for it and nothing is taken back by it: whatever the first spotter hears is passed on at once, unchanged,
so "stop" and "it hurts" are never late and never swallowed. An opinion can only make firm what was suspected, where the
engine wrote down a phrase for the same command and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.decision import Rule
from voicecoach.ear.level import HOP
from voicecoach.ear.spotter import CanBeLightened, Detection, Spotter
from voicecoach.ear.transcript import EXACT, match_phrase
from voicecoach.ear.worker import Worker
from voicecoach.errors import EarError
from voicecoach.session.commands import Phrase
from voicecoach.units import EAR_RATE

_AROUND = int(0.4 * EAR_RATE)
"""Samples before and after what was suspected that are handed over too: words there show that it was part of talk."""

_LATEST = 4 * EAR_RATE
"""Samples after which an opinion comes too late: the session has gone on. Two hearings may be as far apart."""

_KEPT = _LATEST + 4 * EAR_RATE
"""Samples of sound that are remembered; the longest phrase lasts 2 s."""


@dataclass(frozen=True, slots=True)
class _Question:
    suspected: Detection
    sound: Samples
    armed: tuple[Phrase, ...]


class SecondOpinion:
    """The first spotter and the opinions as one spotter; its scores are the first one's. Not thread-safe."""

    def __init__(
        self,
        first: Spotter,
        rules: Callable[[str], Rule],
        write: Callable[[Samples], str],
        *,
        background: bool = False,
        on_trouble: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``first`` is owned from now on and scores by ``rules``. ``write`` makes text of sound and may be slow.

        It is waited for, or with ``background`` runs in a thread of its own. There an opinion comes when it is ready,
        and there is none where ``write`` fails or is too far behind: the first spotter hears on alone, and
        ``on_trouble`` is told the first time, in the thread that feeds.
        """
        self.first = first
        self._rules, self._write = rules, write
        self._armed: dict[Phrase, int] = {}
        """What is armed, and from which position on without a break."""
        self._worker = Worker(self._ask) if background else None
        self._on_trouble, self._told = on_trouble, False
        self._pending: Samples = np.zeros(0, dtype=np.float32)
        self._sound: Samples = np.zeros(_KEPT, dtype=np.float32)
        self._now = 0
        self._light = False
        self._suspected: list[Detection] = []
        self._asked: list[Detection] = []

    def arm(self, phrases: Collection[Phrase]) -> None:
        """From the next block on, listen for these. Raises EarError as the first spotter does."""
        self.first.arm(phrases)
        self._armed = {phrase: self._armed.get(phrase, self._now) for phrase in phrases}

    def feed(self, block: Samples) -> list[Detection]:
        """Take the next block. Raises EarError where the first spotter failed, or the opinion that is waited for."""
        joined = np.concatenate((self._pending, block))
        whole = len(joined) // HOP * HOP
        self._pending = joined[whole:]
        return [found for at in range(0, whole, HOP) for found in self._hop(joined[at : at + HOP])]

    def lighten(self, light: bool) -> None:
        """Ask for no opinion from here on, and do without the first spotter's dearest part; or ask again."""
        self._light = light
        if isinstance(self.first, CanBeLightened):
            self.first.lighten(light)

    def reset(self) -> None:
        """Forget the sound so far, and the opinions that are still to come."""
        self.first.reset()
        if self._worker:
            self._worker.forget()
        self._pending = np.zeros(0, dtype=np.float32)
        self._now = 0
        self._armed = dict.fromkeys(self._armed, 0)
        self._suspected, self._asked = [], []

    def close(self) -> None:
        """Release both; an opinion that is being formed ends by itself."""
        self.first.close()
        if self._worker:
            self._worker.close()

    def _hop(self, hop: Samples) -> list[Detection]:
        at = self._now % _KEPT
        self._sound[at : at + HOP] = hop
        self._now += HOP
        found = self.first.feed(hop)
        for detection in found:
            self._consider(detection)
        return found + self._opinions()

    def _consider(self, detection: Detection) -> None:
        """Note a suspicion once, and no more where it has become a certainty."""
        rule = self._rules(detection.phrase.text)
        self._suspected = [other for other in self._suspected if not _same(other, detection)]
        if not self._light and rule.weak <= detection.score and (detection.score < rule.firm or rule.doubtful):
            self._asked = [other for other in self._asked if self._now - other.end < _KEPT]
            if not any(_same(other, detection) for other in self._asked):
                self._suspected.append(detection)

    def _opinions(self) -> list[Detection]:
        due = [one for one in self._suspected if self._now >= one.end + _AROUND]
        answers: list[Detection | EarError | None] = []
        for suspected in due:
            self._suspected.remove(suspected)
            self._asked.append(suspected)
            question = _Question(suspected, self._around(suspected), tuple(self._armed))
            if self._worker is None:
                answers.append(self._ask(question))
            elif not self._worker.offer(question):
                self._tell("The recogniser is too slow here.")
        if self._worker is not None:
            answers += self._worker.results()
            for failed in answers:
                if isinstance(failed, EarError):
                    self._tell(str(failed))
        return [answer for answer in answers if isinstance(answer, Detection) and self._still_counts(answer)]

    def _tell(self, why: str) -> None:
        if not self._told:
            self._told = True
            self._on_trouble(f"There is no second opinion on what was half heard. {why}")

    def _still_counts(self, opinion: Detection) -> bool:
        """Not where it comes too late: a "yes" to the last question is none to the next."""
        armed_from = self._armed.get(opinion.phrase, self._now)
        return armed_from < opinion.end and self._now - opinion.end <= _LATEST

    def _ask(self, question: _Question) -> Detection | None:
        match = match_phrase(self._write(question.sound), question.armed)
        if match is None:
            return None
        phrase, sure = match
        if sure < EXACT or phrase.command != question.suspected.phrase.command:
            return None
        rule = self._rules(phrase.text)
        return replace(question.suspected, phrase=phrase, score=max(question.suspected.score, rule.firm))

    def _around(self, detection: Detection) -> Samples:
        first = max(detection.start - _AROUND, self._now - _KEPT, 0)
        last = min(detection.end + _AROUND, self._now)
        return self._sound[np.arange(first, last) % _KEPT]


def _same(one: Detection, other: Detection) -> bool:
    """Whether both are the same command in the same sound."""
    return one.phrase.command == other.phrase.command and one.start < other.end and other.start < one.end
