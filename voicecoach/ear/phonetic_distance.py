"""How alike two phones sound: what it costs to take one for the other, to miss one, or to hear one too many.

A vowel is where its two lowest formants lie (averages of men by Peterson and Barney, 1952; those of EY and OW by
Hillenbrand et al., 1995), on the Bark scale; one that glides goes from a first to a last place. A consonant is its
place, its manner and its voice. Costs go from 0, the same, to 1, nothing in common.
"""

from __future__ import annotations

import math
from functools import cache

_FORMANTS = {
    "IY": (270, 2290),
    "IH": (390, 1990),
    "EH": (530, 1840),
    "AE": (660, 1720),
    "AA": (730, 1090),
    "AO": (570, 840),
    "UH": (440, 1020),
    "UW": (300, 870),
    "AH": (640, 1190),
    "ER": (490, 1350),
    "EY": (476, 2089),
    "OW": (497, 910),
}
"""First and second formant in Hz."""

_GLIDES = {"AY": ("AA", "IH"), "AW": ("AA", "UH"), "OY": ("AO", "IH"), "EY": ("EY", "IY"), "OW": ("OW", "UH")}

_FAR = 6.0
"""Bark between two vowels that have nothing in common."""

_SECOND = 0.7
"""What a Bark of the second formant counts, against one of the first."""

_PLACES = {
    "lips": ("P", "B", "M", "W"),
    "lips and teeth": ("F", "V"),
    "teeth": ("TH", "DH"),
    "ridge": ("T", "D", "N", "S", "Z", "L"),
    "behind it": ("SH", "ZH", "CH", "JH", "R"),
    "palate": ("Y",),
    "back": ("K", "G", "NG"),
    "throat": ("HH",),
}
"""From the front of the mouth to its back, a step each."""

_MANNERS = {
    "stop": ("P", "B", "T", "D", "K", "G"),
    "affricate": ("CH", "JH"),
    "fricative": ("F", "V", "TH", "DH", "S", "Z", "SH", "ZH", "HH"),
    "nasal": ("M", "N", "NG"),
    "liquid": ("L", "R"),
    "glide": ("W", "Y"),
}

_NEAR_MANNERS = {
    frozenset({"stop", "affricate"}): 0.2,
    frozenset({"fricative", "affricate"}): 0.2,
    frozenset({"stop", "fricative"}): 0.35,
    frozenset({"liquid", "glide"}): 0.25,
    frozenset({"stop", "nasal"}): 0.45,
}
_OTHER_MANNER = 0.6

_VOICED = frozenset({"B", "D", "G", "JH", "V", "DH", "Z", "ZH", "M", "N", "NG", "L", "R", "W", "Y"})
_VOICE = 0.2
_STEP, _FARTHEST = 0.12, 0.55
"""For each step between two places, and at most."""

_LIKE_VOWELS = {"Y": "IY", "W": "UW", "R": "ER", "L": "OW"}
_AS_CONSONANT = 0.3
"""What is added where a consonant is taken for the vowel that it resembles."""

_WEAK = {"HH": 0.35, "AH": 0.5, "T": 0.45, "D": 0.45, "R": 0.5, "IH": 0.5, "Y": 0.5, "DH": 0.6}
"""Phones that are often swallowed, or not noticed where they are: what the loss of one costs."""
_LOST, _LOST_VOWEL = 0.8, 1.0
"""... and of any other."""

PHONES = (*sorted({*_FORMANTS, *_GLIDES}), *(phone for phones in _MANNERS.values() for phone in phones))
"""All of ARPABET that English has, without stress."""


@cache
def substitution(one: str, other: str) -> float:
    """The cost of taking one phone for the other; 0 where they are the same."""
    if one == other:
        return 0.0
    vowels = (_is_vowel(one), _is_vowel(other))
    if all(vowels):
        return min(1.0, 0.1 + _vowel_distance(one, other) / _FAR)
    if any(vowels):
        vowel, consonant = (one, other) if vowels[0] else (other, one)
        like = _LIKE_VOWELS.get(consonant)
        return 1.0 if like is None else min(1.0, _AS_CONSONANT + substitution(vowel, like))
    return min(1.0, _consonant_distance(one, other))


@cache
def omission(phone: str) -> float:
    """The cost of a phone that is there for only one of the two."""
    return _WEAK.get(phone, _LOST_VOWEL if _is_vowel(phone) else _LOST)


def _is_vowel(phone: str) -> bool:
    return phone in _FORMANTS or phone in _GLIDES


def _vowel_distance(one: str, other: str) -> float:
    """In Bark, the mean of where the two begin and where they end."""
    ends = zip(_GLIDES.get(one, (one, one)), _GLIDES.get(other, (other, other)), strict=True)
    return sum(math.dist(_place_of_vowel(first), _place_of_vowel(second)) for first, second in ends) / 2


@cache
def _place_of_vowel(vowel: str) -> tuple[float, float]:
    first, second = (26.81 / (1 + 1960 / hertz) - 0.53 for hertz in _FORMANTS[vowel])  # H. Traunmüller, 1990
    return first, _SECOND * second


def _consonant_distance(one: str, other: str) -> float:
    steps = abs(_place(one) - _place(other))
    cost = min(_FARTHEST, _STEP * steps + (0.05 if steps else 0.0))
    manners = frozenset({_manner(one), _manner(other)})
    if len(manners) > 1:
        cost += _NEAR_MANNERS.get(manners, _OTHER_MANNER)
    return cost + (_VOICE if (one in _VOICED) != (other in _VOICED) else 0.0)


@cache
def _place(phone: str) -> int:
    return next(step for step, phones in enumerate(_PLACES.values()) if phone in phones)


@cache
def _manner(phone: str) -> str:
    return next(name for name, phones in _MANNERS.items() if phone in phones)
