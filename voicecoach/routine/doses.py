"""Numbers as a routine's writer puts them: "15 s", "3 to 7 s", "10 to 15"; read with an answer to what is wrong.

Each function takes what stood in the file and returns what the model keeps, or raises MismatchError.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from voicecoach.units import parse_duration

_LONGEST_TEXT = 40
"""Characters in a duration or count. Longer text is no number that anybody meant, and is not searched."""

_TO = re.compile(r"\s*(?:\bto\b|-|\u2013)\s*")
_COUNT = re.compile(r"[0-9]{1,6}")
_UNIT = re.compile(r"[a-z ]+$")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])")


class MismatchError(ValueError):
    """A value is not what its field takes: ``demand`` completes "<field> must ...".

    ``suggestion`` is what was probably meant; ``found`` the part of the value that is wrong, None for all of it.
    """

    def __init__(self, demand: str, suggestion: str | None = None, found: str | None = None) -> None:
        self.demand, self.suggestion, self.found = demand, suggestion, found
        super().__init__(f"must {demand}")


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The one of ``known`` that ``word`` was probably meant to be."""
    lower = word.strip().lower()[:_LONGEST_TEXT]
    found = difflib.get_close_matches(lower, known, n=1, cutoff=0.6)
    return found[0] if found else None


def choose(text: str, known: Sequence[str]) -> str:
    """``text`` if it is one of ``known``."""
    if text in known:
        return text
    raise MismatchError(f"be {spoken_list(known)}", nearest(text, known))


def spoken_list(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]


def read_duration(text: str, low: float, high: float) -> float:
    """Seconds in ``text``, from ``low`` to ``high``."""
    demand = f"be {_bounds(low, high)}"
    try:
        value = _one_duration(text)
    except ValueError:
        raise MismatchError(demand, _meant(text, low, high)) from None
    if not low <= value <= high:
        raise MismatchError(demand)
    return value


def read_duration_range(text: str, low: float, high: float) -> tuple[float, float]:
    """Seconds in ``text``: one duration, or "3 to 7 s"."""
    demand = f"be {_bounds(low, high)}"
    first, second = _two(text, demand, low, high)
    if second is None:
        value = read_duration(text, low, high)
        return value, value
    unit = _UNIT.search(second.lower())
    whole = first if _UNIT.search(first.lower()) or unit is None else f"{first} {unit[0].strip()}"
    try:
        ends = _one_duration(whole), _one_duration(second)
    except ValueError:
        raise MismatchError(demand, _meant(second, low, high, f"{first} to ")) from None
    if not (low <= ends[0] <= high and low <= ends[1] <= high):
        raise MismatchError(demand)
    if ends[0] > ends[1]:
        number = second if whole == first or unit is None else f"{second.lower().removesuffix(unit[0])}"
        ordered = f"{number} to {first}" if whole == first or unit is None else f"{number} to {whole}"
        raise MismatchError("have its smaller number first", ordered)
    return ends


def read_count_range(text: str, high: int) -> tuple[int, int]:
    """Whole numbers in ``text``: "5", or "2 to 4"."""
    demand = f"be a whole number from 1 to {high}, or two such as 2 to 4"
    first, second = _two(text, demand)
    ends = []
    for part in (first, second or first):
        if not _COUNT.fullmatch(part) or not 1 <= int(part) <= high:
            raise MismatchError(demand)
        ends.append(int(part))
    if ends[0] > ends[1]:
        raise MismatchError("have its smaller number first", f"{second} to {first}")
    return ends[0], ends[1]


def read_count(text: str, high: int) -> int:
    """A whole number in ``text``, from 1 to ``high``."""
    if not _COUNT.fullmatch(text) or not 1 <= int(text) <= high:
        raise MismatchError(f"be a whole number from 1 to {high}")
    return int(text)


def _bounds(low: float, high: float) -> str:
    return f"{low:g} to {high:g} seconds" if high <= 600 else f"{low:g} second to {high / 3600:g} hour"


def _one_duration(text: str) -> float:
    if len(text) > _LONGEST_TEXT:
        raise ValueError("too long to be a duration")
    return parse_duration(text)


def _two(text: str, demand: str, low: float = 0, high: float = 0) -> tuple[str, str | None]:
    if len(text) > _LONGEST_TEXT:
        raise MismatchError(demand)
    parts = _TO.split(text.strip())
    if len(parts) > 2 or not all(parts):
        raise MismatchError(demand)
    return parts[0], parts[1] if len(parts) == 2 else None


def _meant(text: str, low: float, high: float, before: str = "") -> str | None:
    """A duration that ``text`` was probably meant to be: a unit forgotten, a clock time, a comma."""
    clock = _CLOCK.fullmatch(text.strip())
    guess = text.strip().replace(",", ".")
    if clock is not None:
        minutes, rest = int(clock[1]), int(clock[2])
        guess = " ".join(part for part in (f"{minutes} min" * bool(minutes), f"{rest} s" * bool(rest)) if part)
    for candidate in (guess, f"{guess} s" if high <= 600 else f"{guess} min"):
        try:
            if low <= _one_duration(candidate) <= high:
                return before + candidate
        except ValueError:
            continue
    return None
