"""The words in braces that a routine's prompts may use: which there are, and how they are filled in.

Only the five names are ever replaced; nothing is evaluated, so a routine cannot reach into the program.
"""

from __future__ import annotations

import re

PLACEHOLDERS = ("side", "other_side", "rep", "reps", "seconds")
"""Filled in when a step is spoken: the side at work, the other, which repetition of how many, the hold."""

_BRACES = re.compile(r"\{[^{}]*\}?|\}")
_FILLED = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


def braces(text: str) -> list[str]:
    """Everything in ``text`` that looks like a placeholder, braces included, in order; a stray brace too."""
    return _BRACES.findall(text)


def expand(text: str, *, side: str, other_side: str, rep: int, reps: int, seconds: str) -> str:
    """``text`` as it is spoken: placeholders replaced; a first word that came from one gets a capital.

    ``seconds`` is the length of the exercise's hold in figures ("15"). Anything else in braces stays as it
    is; the loader has refused it in files.
    """
    values = {"side": side, "other_side": other_side, "rep": str(rep), "reps": str(reps), "seconds": seconds}
    spoken = _FILLED.sub(lambda found: values[found[1]], text)
    return spoken[:1].upper() + spoken[1:] if text.startswith("{") else spoken
