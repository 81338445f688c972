"""What an engine wrote down, compared with the phrases that are listened for."""

from __future__ import annotations

import re
from collections.abc import Collection

from voicecoach.session.commands import Phrase

EXACT, CONTAINED = 1.0, 0.6
"""Scores: the phrase was all that was said, or part of something longer."""

_FILLERS = frozenset(["ah", "oh", "um", "uh", "er", "okay", "ok", "please", "well", "now", "hey"])
"""Words that change nothing."""


def match_phrase(text: str, armed: Collection[Phrase]) -> tuple[Phrase, float] | None:
    """The longest armed phrase in what an engine wrote, and how sure that makes us; None where there is none."""
    words = [word for word in re.findall(r"[a-z']+", text.lower().replace("\u2019", "'")) if word != "'"]
    core = [word for word in words if word not in _FILLERS]
    for phrase in sorted(armed, key=lambda phrase: -len(phrase.text)):
        wanted = phrase.text.split()
        if wanted in (words, core):
            return phrase, EXACT
        if any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1)):
            return phrase, CONTAINED
    return None
