"""How a text is pronounced: its words as ARPABET phones, by the recogniser's dictionary.

What the dictionary lacks is put together from what it has (a compound, a word with an ending or a prefix), and what
cannot be is said to be unknown: no letters are guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

Phones = tuple[str, ...]
"""One pronunciation, in ARPABET without stress: ``("P", "AO", "Z")``."""

Lookup = Callable[[str], "str | None"]
"""A dictionary: the phones of a word with spaces between them, None for one that it lacks. Words are in lower case;
``word(2)`` is the second way to say it."""

_TOKEN = re.compile(r"\{(?P<brace>\w+)\}|(?P<number>\d+)|[^\W\d_]+(?:'[^\W\d_]+)*")
_BRACES = {"side": ("right", "left"), "other_side": ("right", "left")}
"""What a routine's prompts fill in that can be told beforehand."""

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

_SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOICELESS = frozenset({"P", "T", "K", "F", "TH", *_SIBILANTS})
_ENDINGS: dict[str, Phones] = {
    "ing": ("IH", "NG"),
    "ings": ("IH", "NG", "Z"),
    "er": ("ER",),
    "ers": ("ER", "Z"),
    "est": ("AH", "S", "T"),
    "ly": ("L", "IY"),
    "ness": ("N", "AH", "S"),
    "less": ("L", "AH", "S"),
    "able": ("AH", "B", "AH", "L"),
    "ward": ("W", "ER", "D"),
    "wards": ("W", "ER", "D", "Z"),
}
_PREFIXES: dict[str, Phones] = {
    "un": ("AH", "N"),
    "re": ("R", "IY"),
    "non": ("N", "AA", "N"),
    "pre": ("P", "R", "IY"),
    "mis": ("M", "IH", "S"),
}
_AMERICAN = (("ae", "e"), ("oe", "e"), ("our", "or"), ("is", "iz"), ("ys", "yz"), ("tre", "ter"), ("ll", "l"))
"""Letters in British spelling, and those in the dictionary's."""

_PART, _STEM = 3, 3
"""Letters that each word of a compound, and what an ending or a prefix is added to, has at least."""

_WAYS = 8
"""Pronunciations that are looked up for one word at most; the dictionary has five of some."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One word of a text."""

    start: int
    end: int
    """Where it stands in the text."""
    ways: tuple[Phones, ...]
    """Each way to pronounce it; none where nobody knows."""


class Pronunciation:
    """Turns text into phones; what was looked up is remembered. Not thread-safe."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._known: dict[str, tuple[Phones, ...]] = {}

    def of_text(self, text: str) -> Iterator[Spoken]:
        """Its words in order. Numbers below a hundred are read out, and braces stand for what fills them in."""
        for found in _TOKEN.finditer(text.replace("\u2019", "'")):
            if found["brace"]:
                ways = tuple(way for word in _BRACES.get(found["brace"], ()) for way in self.of_word(word))
            else:
                ways = self._of_words(_read_out(found[0]) if found["number"] else found[0])
            yield Spoken(found.start(), found.end(), ways)

    def of_word(self, word: str) -> tuple[Phones, ...]:
        """Every way to pronounce ``word``; none where it is not in the dictionary nor made of what is."""
        word = word.lower()
        if word not in self._known:
            self._known[word] = tuple(dict.fromkeys(self._listed(word) or self._made(word)))
        return self._known[word]

    def _of_words(self, words: str) -> tuple[Phones, ...]:
        return tuple(sum(ways, ()) for ways in product(*map(self.of_word, words.split())) if ways)

    def _listed(self, word: str) -> list[Phones]:
        first = self._lookup(word)
        if first is None:
            return []
        others = (self._lookup(f"{word}({number})") for number in range(2, _WAYS + 1))
        return [tuple(way.split()) for way in (first, *others) if way is not None]

    def _made(self, word: str) -> list[Phones]:
        return self._derived(word) or self._compound(word) or self._american(word)

    def _american(self, word: str) -> list[Phones]:
        spelled = (word.replace(british, american) for british, american in _AMERICAN if british in word)
        return next(filter(None, map(self._listed, spelled)), [])

    def _derived(self, word: str) -> list[Phones]:
        if word.endswith("'s"):
            return [_with_s(way) for way in self.of_word(word[:-2])]
        if word.endswith("s'"):
            return list(self.of_word(word[:-1]))
        for ending, sound in _ENDINGS.items():
            for stem in _stems(word, ending):
                if found := self._listed(stem):
                    return [(*way, *sound) for way in found]
        for stem in _stems(word, "ed"):
            if found := self._listed(stem):
                return [_with_d(way) for way in found]
        for ending in ("s", "es"):
            stem = word[: -len(ending)]
            if word.endswith(ending) and len(stem) >= _STEM and (found := self._listed(stem)):
                return [_with_s(way) for way in found]
        for prefix, sound in _PREFIXES.items():
            stem = word[len(prefix) :]
            if word.startswith(prefix) and len(stem) >= _STEM and (found := self._listed(stem)):
                return [(*sound, *way) for way in found]
        return []

    def _compound(self, word: str) -> list[Phones]:
        """Of two words, the first as long as can be."""
        for cut in range(len(word) - _PART, _PART - 1, -1):
            first = self._listed(word[:cut])
            last = first and (self._listed(word[cut:]) or self._derived(word[cut:]))
            if last:
                return [(*one, *other) for one in first for other in last]
        return []


def _stems(word: str, ending: str) -> Iterator[str]:
    """What ``ending`` may have been added to: bend(ing), mak(e), stop(p), ti(y)."""
    stem = word[: -len(ending)]
    if not word.endswith(ending) or len(stem) < _STEM:
        return
    yield stem
    yield stem + "e"
    if stem[-1] == stem[-2]:
        yield stem[:-1]
    if stem.endswith("i"):
        yield stem[:-1] + "y"


def _with_s(way: Phones) -> Phones:
    if way[-1] in _SIBILANTS:
        return (*way, "IH", "Z")
    return (*way, "S" if way[-1] in _VOICELESS else "Z")


def _with_d(way: Phones) -> Phones:
    if way[-1] in ("T", "D"):
        return (*way, "IH", "D")
    return (*way, "T" if way[-1] in _VOICELESS else "D")


def _read_out(figures: str) -> str:
    """A number as words; larger ones stay figures, which no dictionary has."""
    number = int(figures) if len(figures) <= 2 else 100
    if number < len(_SMALL):
        return _SMALL[number]
    if number >= 100:
        return figures
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens - 2]} {_SMALL[ones]}" if ones else _TENS[tens - 2]
