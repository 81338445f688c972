"""Where in a routine's file something that the coach says was written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from voicecoach.routine.checker import Advice, spoken_texts
from voicecoach.routine.loader import Written
from voicecoach.routine.model import Routine
from voicecoach.routine.prompt_text import PLACEHOLDERS
from voicecoach.routine.yaml_document import NodePath, shown

_BRACES = re.compile(r"\{(?:" + "|".join(PLACEHOLDERS) + r")\}")


def written_at(routine: Routine, prompt: str) -> NodePath | None:
    """The field that ``prompt`` is the text of, else the title or name in it; None where the words are the coach's."""
    texts = list(spoken_texts(routine))
    for path, text in texts:
        if _filled(text).fullmatch(prompt):
            return path
    names = [(path, text) for path, text in texts if path[-1] in ("title", "name") and _names(prompt, text)]
    return max(names, key=lambda item: len(item[1]))[0] if names else None


def heard_in_prompts(written: Written, taken_for: Mapping[str, str]) -> tuple[list[Advice], list[str]]:
    """Advice on the prompts that ``taken_for`` says of what the ear takes them for, in file order.

    One piece for each place, however often what was written there is said; and what is to be said of prompts that were
    not written in the file.
    """
    found: dict[NodePath, str] = {}
    own: list[str] = []
    for prompt, what in taken_for.items():
        text = f'"{shown(prompt, 60)}" {what}; a second of quiet follows it'
        path = written_at(written.routine, prompt)
        if path is None:
            own.append(text)
        else:
            found.setdefault(path, text)
    return [Advice(written.place(path), found[path]) for path in sorted(found, key=written.document.spot)], own


def _filled(text: str) -> re.Pattern[str]:
    """What ``text`` can become once its braces are filled in."""
    return re.compile(".+".join(re.escape(part) for part in _BRACES.split(text)))


def _names(prompt: str, name: str) -> bool:
    """Whether the coach says the name in it, as it does at the beginning or after a colon, and not just the word."""
    return re.search(rf"(?:^|: ){re.escape(name)}[.,]", prompt, re.IGNORECASE) is not None
