"""Which words of a text sound like a command, by their pronunciation and across the gaps between words.

A stretch of the text's phones is compared with the phones of each command by a weighted edit distance (P. Sellers,
1980: the stretch may begin and end anywhere). Phones that sound alike cost little, and a word of which only a part is
used costs for what is left over. ``tests/bench/sound_alikes.py`` plays texts to the ear and prints how often it takes
what is so alike for the command.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from voicecoach.ear.phonetic_distance import PHONES, omission, substitution
from voicecoach.ear.pronunciation import Lookup, Phones, Pronunciation, Spoken
from voicecoach.routine.checker import SoundAlike
from voicecoach.session.commands import Command, Phrase, phrases
from voicecoach.session.states import LISTENED_FOR, PLAYING, State

WHILE_A_ROUTINE_SPEAKS = frozenset().union(*(LISTENED_FOR[state] for state in (*PLAYING, State.PAUSED, State.CLOSING)))
"""Commands that are listened for while a routine's texts sound; in a pause an instruction can be said again."""

ANSWERING = frozenset(Command) - WHILE_A_ROUTINE_SPEAKS
"""The others answer a question: what sounds like them matters in a sentence that asks."""

_NEAR, _NEAR_SHORT = 0.16, 0.052
"""The most that a command may cost a phone to be told of; the second for each phone that it has, where they are few.

Of 1,640 pairs of a text and a command the ear, not told that it was the coach who spoke, would have obeyed .73 of those
that cost nothing, .37 of those up to this limit, .16 of those from there to 0.22, and .02 of the 1,270 beyond."""

_FEWER_WORDS = 0.03
"""What a stretch counts as dearer for each word that the command has more, so that "her hurts" is told whole."""

_LEFT_OVER = 0.5
"""Share of its omission that each phone of a word costs that lies before or after the stretch."""

_LONGER = 4
"""Phones that a stretch has more than its command, at most."""

_BREATH = re.compile(r"[.!?;:]+(?=[\s\"')]|$)")
"""Where the coach takes a breath, so that nothing is heard across it."""

Costs = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch of words, and what it sounds like."""

    first: int
    last: int
    """The words that it begins and ends in, counted in the clause."""
    phrase: Phrase
    cost: float
    """Of each phone of the command, on average; 0 is the same sound."""
    phones: int
    """How many the command has."""


class SoundAlikes:
    """Finds them in texts, 5,000 words a second; a text that was seen before costs nothing. Not thread-safe."""

    def __init__(self, lookup: Lookup, ways: Iterable[tuple[Phrase, Phones]]) -> None:
        """``ways`` are the armed phrases, each as often as there are ways to pronounce it."""
        self._pronunciation = Pronunciation(lookup)
        self._patterns = _Patterns(list(ways))
        self._seen: dict[str, list[SoundAlike]] = {}

    def __call__(self, text: str) -> list[SoundAlike]:
        """Each stretch of ``text`` that sounds like an armed command, in order; of two that overlap the more alike."""
        if text not in self._seen:
            self._seen[text] = list(self._find(text))
        return self._seen[text]

    def unknown(self, text: str) -> list[str]:
        """Words of ``text`` that nobody knows how to pronounce: what they sound like is not found out.

        Without placeholders and large numbers, which no writer could have worded otherwise.
        """
        lacking = (text[word.start : word.end] for word in self._pronunciation.of_text(text) if not word.ways)
        return [word for word in lacking if not (word.startswith("{") or word.isdecimal())]

    def _find(self, text: str) -> Iterator[SoundAlike]:
        for clause in self.clauses(text):
            asks = text[clause[-1].end :].lstrip("\"')").startswith("?")
            near = (match for match in self.matches(clause) if is_near(match))
            for match in best(match for match in near if asks or match.phrase.command not in ANSWERING):
                yield SoundAlike(clause[match.first].start, clause[match.last].end, match.phrase.text)

    def clauses(self, text: str) -> list[list[Spoken]]:
        """The words of ``text`` between one breath and the next."""
        breaths = [mark.start() for mark in _BREATH.finditer(text)]
        words = self._pronunciation.of_text(text)
        return [list(part) for _, part in groupby(words, lambda word: bisect(breaths, word.start))]

    def matches(self, clause: Sequence[Spoken], most: float = _NEAR) -> list[Match]:
        """For each word and each way to say a command the best stretch that ends there, if it costs at most that."""
        found = []
        for last, costs in enumerate(self._patterns.costs(clause)):
            for index in np.flatnonzero(costs <= most):
                pattern = self._patterns.only(int(index))
                first = _first(pattern, clause[: last + 1])
                phrase, phones = pattern.ways[0]
                found.append(Match(first, last, phrase, float(costs[index]), len(phones)))
        return found


def is_near(match: Match) -> bool:
    """Whether it is so alike that its writer should know."""
    return match.cost <= min(_NEAR, _NEAR_SHORT * match.phones)


def best(matches: Iterable[Match]) -> list[Match]:
    """Those that are left when of two that share a word the more alike, then the longer, is kept; in order."""
    kept: list[Match] = []
    for match in sorted(matches, key=lambda one: (one.cost, -one.phones, one.last - one.first)):
        if all(match.last < other.first or other.last < match.first for other in kept):
            kept.append(match)
    return sorted(kept, key=lambda one: one.first)


def _first(pattern: _Patterns, clause: Sequence[Spoken]) -> int:
    """Where the best stretch begins that ends in the last word; the shortest of those that are as good."""
    phrase, expected = pattern.ways[0]
    words = len(phrase.text.split())
    begins, cheapest, phones = len(clause) - 1, np.inf, 0
    for first in range(len(clause) - 1, -1, -1):
        cost = float(pattern.costs(clause[first:], anywhere=False)[-1][0])
        cost += _FEWER_WORDS * max(0, words - (len(clause) - first))
        if cost < cheapest - 1e-9:
            begins, cheapest = first, cost
        phones += min(map(len, clause[first].ways), default=0)
        if phones > len(expected) + _LONGER:
            break
    return begins


class _Patterns:
    """Commands side by side, so that one pass over a clause compares it with all of them."""

    def __init__(self, ways: list[tuple[Phrase, Phones]]) -> None:
        self.ways = ways
        self._lengths = np.array([len(phones) for _, phones in ways], dtype=np.intp)
        longest = int(self._lengths.max(initial=0))
        padded = [(*phones, *PHONES[:1] * (longest - len(phones))) for _, phones in ways]
        self._missed = np.array([[0.0, *np.cumsum([omission(phone) for phone in row])] for row in padded])
        """What it costs to have missed a command's first phones, by their number."""
        self._taken = {
            heard: np.array([[substitution(heard, phone) for phone in row] for row in padded]) for heard in PHONES
        }

    def only(self, index: int) -> _Patterns:
        """One of them alone."""
        return _Patterns([self.ways[index]])

    def costs(self, clause: Sequence[Spoken], anywhere: bool = True) -> list[Costs]:
        """For each word, what the best stretch that ends in it costs a phone, by pattern.

        A stretch begins in any word, or only in the first.
        """
        nothing = np.full_like(self._missed, np.inf)
        state, found = nothing, []
        for number, word in enumerate(clause):
            begin = state.copy()
            if anywhere or number == 0:
                begin = np.minimum(begin, self._missed)
            ends = np.full(len(self.ways), np.inf)
            state = nothing
            for way in word.ways:
                after, ended = self._through(begin, way)
                state, ends = np.minimum(state, after), np.minimum(ends, ended)
            state[:, 0] = np.inf
            found.append(ends / self._lengths)
        return found

    def _through(self, state: Costs, way: Phones) -> tuple[Costs, Costs]:
        """The state after a word, and what the stretches cost that end in it."""
        rows = np.arange(len(self.ways))
        ended = np.full(len(self.ways), np.inf)
        for phone in way:
            extra = omission(phone)
            after = np.empty_like(state)
            after[:, 0] = state[:, 0] + _LEFT_OVER * extra
            np.minimum(state[:, :-1] + self._taken[phone], state[:, 1:] + extra, out=after[:, 1:])
            state = np.minimum.accumulate(after - self._missed, axis=1) + self._missed
            ended = np.minimum(ended + _LEFT_OVER * extra, state[rows, self._lengths])
        return state, ended


def open_sound_alikes() -> SoundAlikes:
    """For the packaged commands, by the recogniser's dictionary. Raises EarError where there is no recogniser."""
    from voicecoach.ear.pocketsphinx_spotter import expected_phones, open_dictionary

    lookup = open_dictionary()
    return SoundAlikes(lookup, [(phrase, way) for phrase in phrases() for way in expected_phones(phrase.text, lookup)])
