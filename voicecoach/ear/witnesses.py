"""Two witnesses whose errors differ, and one score: keyword search and neural heads, listened to together.

For a phrase that both can hear, the evidence adds up, as the logarithms of likelihood ratios of independent witnesses
do: where both agree within half a second a little from each is enough; one alone has to be very sure. Keyword search
alone serves every other phrase, unchanged. How much each is worth is data (``witnesses_en.yaml``), measured on people
where there are recordings of people.

On a machine that does not keep up keyword search, about a third of what the ear costs, is done without. The heads alone
hear people better than search alone does; what has no head ("ouch", "one more time") is not heard meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.decision import Rule
from voicecoach.ear.level import HOP
from voicecoach.ear.spotter import CanBeLightened, Detection, Spotter
from voicecoach.routine.yaml_document import read_package_data
from voicecoach.session.commands import URGENT, Phrase
from voicecoach.units import EAR_RATE

_AGREEING = EAR_RATE // 2
"""Samples by which the ends of what two witnesses heard may differ, for it to be the same thing."""

_SURER = 0.5
"""A score has to grow by this much to be told again, and is not told again once it is firm: it may be acted on."""

_NO_RULE = Rule(firm=0.0, weak=-1.0)
"""For a sum without search."""

_AGAINST = -2.0
"""Where a silent head counts for more than this, search may decide by itself; what it hears then has to stand out."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """How the two add up for one group of phrases. The sum is in natural log-odds, like the heads' own."""

    firm: float
    weak: float
    silent_head: float = -4.0
    """What the heads count for where they reported nothing. Little against, where they learned a phrase from synthetic
    voices only and may not know people's: what search hears then has to stand out of the sound around it."""
    worth: float = 2.0
    """What keyword search counts for at its own firm score; at its weak one nothing, linear between and beyond ..."""
    most: float = 2.0
    """... up to this many times as much: then it is as sure as it can be."""

    def of_head_alone(self, head: float) -> float:
        """Where search is done without and the phrase is urgent: asked about where search would have made it so."""
        return self.weak if self.weak - self.worth <= head < self.weak else self.of(head, None, _NO_RULE)

    def of(self, head: float | None, search: float | None, rule: Rule) -> float:
        """The sum. ``search`` is on keyword search's own scale, whose ``rule`` it is; None where nothing was heard."""
        total = self.silent_head if head is None else max(head, self.silent_head)
        if search is None:
            return total
        share = (search - rule.weak) / max(rule.firm - rule.weak, 1e-6)
        return total + self.worth * min(max(share, 0.0), self.most)


class Witnesses:
    """Keyword search and heads as one spotter. Not thread-safe."""

    def __init__(
        self,
        search: Spotter,
        heads: Spotter,
        search_rules: Callable[[str], Rule],
        table: Mapping[str, Weighing] | None = None,
    ) -> None:
        """Both are owned from now on: they are closed with this. ``table``: the packaged weighings if None."""
        self._search, self._heads, self._search_rules = search, heads, search_rules
        self._table = weighings() if table is None else table
        self._groups: dict[Phrase, Phrase] = {}
        self._pending: Samples = np.zeros(0, dtype=np.float32)
        self.is_light = False
        """Whether search is done without."""
        self.reset()

    def arm(self, phrases: Collection[Phrase]) -> None:
        """From the next block on, listen for these. Raises EarError for one that keyword search cannot pronounce."""
        self._search.arm(phrases)
        self._heads.arm(phrases)
        by_text = {phrase.text: phrase for phrase in phrases}
        self._groups = {}
        for texts in groups():
            known = [by_text[text] for text in texts if text in by_text]
            self._groups.update((phrase, known[0]) for phrase in known)

    def feed(self, block: Samples) -> list[Detection]:
        """Take the next block, at the Normaliser's level. Scores mean what :func:`rule_for` says."""
        joined = np.concatenate((self._pending, block))
        whole = len(joined) // HOP * HOP
        self._pending = joined[whole:]
        found: list[Detection] = []
        for first in range(0, whole, HOP):
            hop = joined[first : first + HOP]
            self._now += HOP
            searched = [] if self.is_light else [self._on_this_stream(one) for one in self._search.feed(hop)]
            found += self._hear(searched, self._heads.feed(hop))
        return found

    def lighten(self, light: bool) -> None:
        """From the next block on, go without search and with lighter heads; or with all again, as if silence had come
        before."""
        if light == self.is_light:
            return
        self.is_light = light
        if not light:
            self._search.reset()
            self._search_began = self._now
        if isinstance(self._heads, CanBeLightened):
            self._heads.lighten(light)

    def reset(self) -> None:
        """Forget the sound so far: the next block begins a new stream at sample 0."""
        self._search.reset()
        self._heads.reset()
        self._pending = np.zeros(0, dtype=np.float32)
        self._now, self._search_began = 0, 0
        self._searched: dict[Phrase, Detection] = {}
        self._believed: dict[Phrase, Detection] = {}
        self._told: dict[Phrase, Detection] = {}

    def close(self) -> None:
        """Release both."""
        self._search.close()
        self._heads.close()

    def _hear(self, searched: list[Detection], believed: list[Detection]) -> list[Detection]:
        found, news = [], set()
        for detection in searched:
            group = self._groups.get(detection.phrase)
            if group is None:
                found.append(detection)
                continue
            before = self._searched.get(group)
            if before is None or detection.end - before.end > _AGREEING or self._share(detection) > self._share(before):
                self._searched[group] = detection
                news.add(group)
        for detection in believed:
            group = self._groups.get(detection.phrase)
            if group is not None:
                self._believed[group] = detection
                news.add(group)
        for group in sorted(news, key=lambda phrase: phrase.text):
            told = self._weigh(group)
            if told is not None:
                found.append(told)
        return found

    def _on_this_stream(self, searched: Detection) -> Detection:
        """Search counts from where it was last reset."""
        if not self._search_began:
            return searched
        return replace(searched, start=searched.start + self._search_began, end=searched.end + self._search_began)

    def _share(self, detection: Detection) -> float:
        rule = self._search_rules(detection.phrase.text)
        return (detection.score - rule.weak) / max(rule.firm - rule.weak, 1e-6)

    def _weigh(self, group: Phrase) -> Detection | None:
        search, head = self._recent(self._searched, group), self._recent(self._believed, group)
        if search is not None and head is not None and abs(search.end - head.end) > _AGREEING:
            search, head = (search, None) if search.end > head.end else (None, head)
        newest = search or head
        if newest is None:
            return None
        weighing = self._table[group.text]
        rule = self._search_rules(newest.phrase.text)
        score = weighing.of(None if head is None else head.score, None if search is None else search.score, rule)
        if self.is_light and head is not None and search is None and group.command in URGENT:
            score = weighing.of_head_alone(head.score)
        alone = head is None and weighing.silent_head > _AGAINST
        told = self._told.get(group)
        if (
            told is not None
            and newest.end - told.end <= _AGREEING
            and (told.score >= weighing.firm or score < told.score + _SURER)
            and alone >= told.alone
        ):
            return None
        if score < weighing.weak:
            return None
        self._told[group] = replace(newest, phrase=group, score=score, alone=alone)
        return self._told[group]

    def _recent(self, heard: Mapping[Phrase, Detection], group: Phrase) -> Detection | None:
        detection = heard.get(group)
        return detection if detection is not None and self._now - detection.end <= 2 * _AGREEING else None


@cache
def weighings() -> Mapping[str, Weighing]:
    """How to weigh each phrase that both witnesses hear, by its text."""
    data = read_package_data("voicecoach.ear", "witnesses_en.yaml")
    return {text: Weighing(**row["weighing"]) for row in data["groups"] for text in row["phrases"]}


@cache
def groups() -> tuple[tuple[str, ...], ...]:
    """Phrases that one head hears alike; a detection is reported as the first that is armed."""
    data = read_package_data("voicecoach.ear", "witnesses_en.yaml")
    return tuple(tuple(row["phrases"]) for row in data["groups"])


def rules(search_rules: Callable[[str], Rule]) -> Callable[[str], Rule]:
    """When the scores of :class:`Witnesses` are believed; ``search_rules`` for what keyword search hears alone."""

    def rule_for(text: str) -> Rule:
        weighing, searching = weighings().get(text), search_rules(text)
        if weighing is None:
            return searching
        return Rule(weighing.firm, weighing.weak, alone=False, doubtful=searching.doubtful)

    return rule_for
