"""What pocketsphinx needs of a language: an acoustic model, a dictionary, and how each phrase is searched for.

English ships with the recogniser, and ``pocketsphinx_en.yaml`` with this program. For another language the folder
``languages/xx`` has a ``pocketsphinx.yaml``: it names the model's files, which the user has downloaded, and may tune
phrases as the English file does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from voicecoach.errors import LanguageError
from voicecoach.routine.doses import nearest
from voicecoach.routine.languages import is_english, language_folder
from voicecoach.routine.yaml_document import read_data, read_package_data

_FIELDS = ("acoustic_model", "dictionary", "pronunciations", "phrases")
_ROW = ("firm", "weak", "alone", "doubtful", "variants")


@dataclass(frozen=True, slots=True)
class SearchLanguage:
    """One language, as the keyword search takes it."""

    acoustic_model: Path | None
    """A folder with ``mdef``, ``means`` and so on; None for the recogniser's own English one."""
    dictionary: Path | None
    """A file: a word and its phones in each line; None as above."""
    pronunciations: Mapping[str, str]
    """Words that the dictionary lacks, each as the model's phones."""
    phrases: Mapping[str, Mapping[str, Any]]
    """How a phrase is searched for and believed; one that is not here gets cautious guesses."""


def search_language(language: str) -> SearchLanguage:
    """Raises LanguageError where there is no such language, or what its file says is wrong or not there."""
    if is_english(language):
        return _english()
    return _read(language_folder(language) / "pocketsphinx.yaml")


@cache
def _english() -> SearchLanguage:
    data: dict[str, Any] = read_package_data("voicecoach.ear", "pocketsphinx_en.yaml")
    return SearchLanguage(None, None, _texts(data["pronunciations"]), data["phrases"])


@cache
def _read(path: Path) -> SearchLanguage:
    if not path.is_file():
        raise LanguageError(
            [
                f"{path}: there is no such file, so nothing can listen in this language.",
                "It names acoustic_model and dictionary, for pocketsphinx. Without an ear: --no-mic.",
            ]
        )
    try:
        data = read_data(path)
    except (OSError, ValueError) as fault:
        raise LanguageError([f"{path}: this file cannot be read: {fault}"]) from None
    problems = list(_problems(data, path.parent)) if isinstance(data, dict) else ["the file must be fields"]
    if problems:
        raise LanguageError([f"{path}: {problem}" for problem in problems])
    return SearchLanguage(
        _below(path.parent, data["acoustic_model"]),
        _below(path.parent, data["dictionary"]),
        _texts(data.get("pronunciations") or {}),
        data.get("phrases") or {},
    )


def _problems(data: dict[Any, Any], folder: Path) -> list[str]:
    found = []
    for name in data:
        if name not in _FIELDS:
            near = nearest(str(name), _FIELDS)
            found.append(f'"{name}" is not a field of it' + (f"; did you mean {near}?" if near else ""))
    for name, needed in (("acoustic_model", "mdef"), ("dictionary", "")):
        value = data.get(name)
        if not isinstance(value, str):
            found.append(f"{name} must name a {'folder' if needed else 'file'}")
        elif not (_below(folder, value) / needed).is_file():
            found.append(f"{name}: {_below(folder, value) / needed} is not there")
    for name in ("pronunciations", "phrases"):
        if not isinstance(data.get(name) or {}, dict):
            found.append(f"{name} must be fields, one for each")
    rows = data.get("phrases")
    for text, row in rows.items() if isinstance(rows, dict) else ():
        if not isinstance(row, dict) or not all(isinstance(row.get(name), int | float) for name in ("firm", "weak")):
            found.append(f'the phrase "{text}" must have the numbers firm and weak')
        elif set(row) - set(_ROW):
            found.append(f'the phrase "{text}" has unknown fields: {", ".join(sorted(map(str, set(row) - set(_ROW))))}')
        elif not all(isinstance(cost, int | float) for cost in dict(row.get("variants") or {}).values()):
            found.append(f'the variants of the phrase "{text}" must each have a number')
    return found


def _below(folder: Path, name: str) -> Path:
    return folder / Path(name).expanduser()


def _texts(data: Mapping[Any, Any]) -> dict[str, str]:
    return {str(word): str(phones) for word, phones in data.items()}
