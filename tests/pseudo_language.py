"""A language made from English letter by letter, so that an English letter in what is said came from code.

``write_language`` puts it into the user's folder of languages, where the program finds it as it would find German;
``write_routine`` does the same with a routine's texts. Numbers and {words in braces} stay.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from voicecoach.routine.languages import ENGLISH, SHIPPED, user_folder

TAG = "xx"

_LATIN = "abcdefghijklmnopqrstuvwxyz"
_OTHER = "абцдефгхийклмнопярстувшхыз"
_LETTERS = str.maketrans(_LATIN + _LATIN.upper(), _OTHER + _OTHER.upper())
_SPOKEN = frozenset(
    {"title", "about", "precautions", "red_flags", "reminder", "closing", "name", "limb", "say", "short", "move"}
)
"""Fields of a routine whose texts are said."""

LATIN = re.compile(r"[A-Za-z]")


def translated(text: str) -> str:
    """``text`` in it."""
    return "".join(part if part.startswith("{") else part.translate(_LETTERS) for part in re.split(r"(\{\w+\})", text))


def sentences() -> dict[str, Any]:
    """The whole wording in it."""
    english = yaml.safe_load((SHIPPED[ENGLISH] / "wording.yaml").read_text(encoding="utf-8"))
    return {key: _texts(value) for key, value in english.items()}


def phrases() -> dict[str, list[str]]:
    """All phrases in it, by command."""
    english = yaml.safe_load((SHIPPED[ENGLISH] / "phrases.yaml").read_text(encoding="utf-8"))
    return {command: _texts(said) for command, said in english.items()}


def write_language(**changes: dict[str, Any]) -> Path:
    """Write its files, with ``wording`` or ``phrases`` given instead of the whole ones; their folder."""
    folder = user_folder() / TAG
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in {"wording": sentences(), "phrases": phrases(), **changes}.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return folder


def write_routine(original: Path, folder: Path) -> Path:
    """A copy of a routine with its texts in it."""
    data = {**_routine(yaml.safe_load(original.read_text(encoding="utf-8"))), "language": TAG}
    path = folder / original.name
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def _texts(value: Any) -> Any:
    return [translated(text) for text in value] if isinstance(value, list) else translated(value)


def _routine(data: Any) -> Any:
    if isinstance(data, list):
        return [_routine(item) for item in data]
    if not isinstance(data, dict):
        return data
    return {key: _texts(value) if key in _SPOKEN else _yes_no(_routine(value)) for key, value in data.items()}


def _yes_no(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
