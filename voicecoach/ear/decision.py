"""From detections to commands: how sure is sure enough, which of two overlapping phrases was meant, said twice.

Pure: counts hops, asks no clock, keeps a few seconds of memory. The rules for each phrase are an engine's data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voicecoach.ear.level import HOP, HOPS_A_SECOND, QUIETEST, LevelHistory, mean_level
from voicecoach.ear.resampler import FACTOR
from voicecoach.ear.spotter import Detection, Heard, Tier
from voicecoach.session.commands import Command

_TWICE_HOPS = 4 * HOPS_A_SECOND
"""People repeat themselves: two weak hearings of one phrase within this long are a firm one."""

_SAID_IN_MANY_WAYS = frozenset({Command.PAIN, Command.EMERGENCY})
"""For these the phrases may differ, as nothing of them may be lost. For the others two different phrases are more
likely two mistakes: music once gave a weak "stop" and a weak "i'm done", and ended a session."""

_REFRACTORY_HOPS = HOPS_A_SECOND
"""After a command was heard, the same sound is not heard again as the same command."""

_SETTLE_HOPS = 8
"""A phrase is complete once it did not grow for this long; a longer phrase that ends with it shows up meanwhile."""

_RANK = {Command.PAIN: 2, Command.EMERGENCY: 2, Command.STOP: 1}
"""Who wins at the same instant: "stop, it hurts" is pain."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one phrase needs to be believed; scores are the engine's own."""

    firm: float
    """Score from which it is acted on ..."""
    weak: float
    """... and from which it is suspected."""
    alone: bool = True
    """Whether it must stand alone: a short word is firm only where it stands out of the sound before and after it.
    Heard amid other talk it needs ``amid`` more to be even suspected."""
    amid: float = 8.0
    """Score over ``firm`` that a phrase amid other sound needs, to be suspected."""
    doubtful: bool = False
    """Never firm at the first hearing: a word that many sounds resemble ("ow")."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """How a word must stand out of its surroundings (measured with pocketsphinx; hops of 10 ms).

    The best single addition to keyword search: at equal false alarms "stop" went from .38 to .62 of the clips.
    The look after the word is kept to 180 ms; the further 160 ms that were tried bought nothing more.
    """

    before: tuple[int, int] = (32, 6)
    after: tuple[int, int] = (6, 18)
    before_margin: float = 6.0
    after_margin: float = 4.0

    def stands_before(self, levels: LevelHistory, first: int, last: int) -> bool:
        """Whether hops ``first`` to ``last`` stand out of what came before them; nothing before is silence."""
        quiet = levels.between(first - self.before[0], first - self.before[1])
        return not quiet or _loud(levels.between(first, last)) >= mean_level(quiet) + self.before_margin

    def stands_after(self, levels: LevelHistory, first: int, last: int) -> bool:
        """Whether they stand out of what followed."""
        quiet = levels.between(last + self.after[0], last + self.after[1])
        return not quiet or _loud(levels.between(first, last)) >= mean_level(quiet) + self.after_margin


@dataclass(slots=True)
class _Candidate:
    detection: Detection
    rule: Rule
    first: int
    last: int
    grown: int
    """Hop at which it was last heard growing."""

    @property
    def alone(self) -> bool:
        """Whether it has to stand out of the sound around it."""
        return self.rule.alone or self.detection.alone


class Decision:
    """Feed it what the spotter detects, hop by hop; it returns commands as soon as they are certain enough."""

    def __init__(self, rules: Callable[[str], Rule], levels: LevelHistory, isolation: Isolation | None = None) -> None:
        """``rules`` gives the rule for a phrase's text; ``levels`` is kept by the caller, up to the hop fed."""
        self._rules = rules
        self._levels = levels
        self._isolation = isolation or Isolation()
        self.reset()

    def reset(self) -> None:
        """Begin a new stream: nothing is pending, nothing was said before."""
        self._pending: list[_Candidate] = []
        self._weak: dict[Command, _Candidate] = {}
        self._quiet_until: dict[Command, int] = {}
        self._acted_on = (0, 0)

    def feed(self, detections: list[Detection]) -> list[Heard]:
        """Take the detections of the newest hop in ``levels`` (mostly none) and decide what is due."""
        now = self._levels.hops
        for detection in detections:
            self._consider(detection, now)
        heard: list[Heard] = []
        while (due := self._next_due(now)) is not None:
            self._pending.remove(due)
            verdict = self._decide(due, now)
            if verdict is not None:
                heard.append(verdict)
        return heard

    def _consider(self, detection: Detection, now: int) -> None:
        rule = self._rules(detection.phrase.text)
        first, last = detection.start // HOP, max(detection.end // HOP, detection.start // HOP + 1)
        for candidate in self._pending:
            same = candidate.detection.phrase == detection.phrase
            if same and first < candidate.last and last > candidate.first:
                if (detection.score, not detection.alone) > (candidate.detection.score, not candidate.detection.alone):
                    candidate.detection, candidate.first, candidate.last = detection, first, last
                    candidate.grown = now
                return
        if detection.score >= min(rule.weak, rule.firm):
            self._pending.append(_Candidate(detection, rule, first, last, now))

    def _due_at(self, candidate: _Candidate) -> int:
        settled = candidate.grown + _SETTLE_HOPS
        return max(settled, candidate.last + self._isolation.after[1]) if candidate.alone else settled

    def _next_due(self, now: int) -> _Candidate | None:
        return next((candidate for candidate in self._pending if self._due_at(candidate) <= now), None)

    def _decide(self, candidate: _Candidate, now: int) -> Heard | None:
        tier = self._tier(candidate)
        if tier is None or (tier == "weak" and self._explained(candidate)):
            return None
        rivals = [other for other in self._pending if _overlap(other, candidate)]
        if any(self._beats(rival, candidate) for rival in rivals):
            return None  # a surer, graver or longer phrase over the same sound is about to be decided
        for rival in rivals:
            self._pending.remove(rival)
        return self._utter(candidate, tier, now)

    def _utter(self, candidate: _Candidate, tier: Tier, now: int) -> Heard | None:
        command = candidate.detection.phrase.command
        if candidate.first < self._quiet_until.get(command, -1):
            return None
        earlier = self._weak.get(command)
        if tier == "weak" and earlier is not None:
            if candidate.first < earlier.last:
                return None  # the same sound again
            same = candidate.detection.phrase == earlier.detection.phrase or command in _SAID_IN_MANY_WAYS
            if same and candidate.last - earlier.last <= _TWICE_HOPS:
                tier = "firm"
        if tier == "firm":
            self._weak.pop(command, None)
            self._quiet_until[command] = now + _REFRACTORY_HOPS
            self._acted_on = candidate.first, candidate.last
        else:
            self._weak[command] = candidate
        detection = candidate.detection
        return Heard(command, detection.phrase.text, round(detection.score, 2), tier, now * HOP * FACTOR)

    def _explained(self, candidate: _Candidate) -> bool:
        """Whether most of its sound was a command already acted on: then nothing more need be suspected in it."""
        shared = min(candidate.last, self._acted_on[1]) - max(candidate.first, self._acted_on[0])
        return 2 * shared > candidate.last - candidate.first

    def _beats(self, one: _Candidate, other: _Candidate) -> bool:
        """Whether ``one`` was meant where both lie over the same sound."""
        ours, theirs = self._tier(one), self._tier(other)
        if ours is None or ours != theirs:
            return ours == "firm" or (theirs is None and ours is not None)
        grave = _RANK.get(one.detection.phrase.command, 0), _RANK.get(other.detection.phrase.command, 0)
        if grave[0] != grave[1]:
            return grave[0] > grave[1]
        texts = (f" {one.detection.phrase.text} ", f" {other.detection.phrase.text} ")
        if texts[1] in texts[0] or texts[0] in texts[1]:
            return len(texts[0]) > len(texts[1])
        return one.detection.score - one.rule.firm > other.detection.score - other.rule.firm

    def _tier(self, candidate: _Candidate) -> Tier | None:
        rule, score = candidate.rule, candidate.detection.score
        span = (self._levels, candidate.first, candidate.last)
        alone = not candidate.alone or (self._isolation.stands_before(*span) and self._isolation.stands_after(*span))
        if alone and score >= rule.firm:
            return "weak" if rule.doubtful else "firm"
        if alone and score >= rule.weak and not rule.doubtful:
            return "weak"
        return "weak" if not alone and score >= rule.firm + rule.amid and not rule.doubtful else None


def _overlap(one: _Candidate, other: _Candidate) -> bool:
    shared = min(one.last, other.last) - max(one.first, other.first)
    return 2 * shared >= min(one.last - one.first, other.last - other.first)


def _loud(levels: list[float]) -> float:
    """Mean power (dB) of the loudest two thirds: stops and closures inside a word do not count."""
    if not levels:
        return QUIETEST
    ordered = sorted(levels, reverse=True)
    return mean_level(ordered[: max(1, round(len(ordered) * 2 / 3))])
