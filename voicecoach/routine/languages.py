"""Which languages there are, and the files of each: those that ship with the program, and those that a user added.

A language of the user's is a folder such as ``languages/de`` in voicecoach's data folder, with ``wording.yaml`` (what
the coach says), ``phrases.yaml`` (what it understands) and ``pocketsphinx.yaml`` (the recogniser's model). It is
complete or it is not used: there are no English sentences in the middle of another language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import platformdirs

from voicecoach.errors import LanguageError
from voicecoach.routine.doses import nearest, spoken_list
from voicecoach.routine.yaml_document import Data, Document, NodePath, YamlError, compose, read_text

ENGLISH = "en"

TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}")
"""A language tag as they are kept here, in small letters: ``de``, ``pt-br``."""

SHIPPED = {ENGLISH: Path(str(files("voicecoach"))) / "session" / ENGLISH}


def user_folder() -> Path:
    """Where the user's own languages are looked for; it need not exist."""
    return platformdirs.user_data_path("voicecoach", appauthor=False) / "languages"


def languages() -> list[str]:
    """Every language that there is a folder for, English first."""
    try:
        own = sorted(path.name for path in user_folder().iterdir() if path.is_dir() and TAG.fullmatch(path.name))
    except OSError:
        own = []
    return [*SHIPPED, *(each for each in own if each not in SHIPPED)]


def language_folder(language: str) -> Path:
    """The folder of ``language``; of a region's (``de-at``) its own, else the language's (``de``).

    English is the program's and cannot be replaced. Raises LanguageError where there is none.
    """
    tag = language.strip().lower().replace("_", "-")
    while TAG.fullmatch(tag):
        if tag in SHIPPED:
            return SHIPPED[tag]
        if (user_folder() / tag).is_dir():
            return user_folder() / tag
        tag = tag.rpartition("-")[0]
    known = languages()
    near = nearest(language, known)
    hint = f"; did you mean {near}?" if near else ""
    raise LanguageError(
        [
            f'There is no language "{language[:40]}"; there is {spoken_list(known)}{hint}',
            f"Another one is a folder in {user_folder()}; docs/languages.md says what is in it.",
        ]
    )


def is_english(language: str) -> bool:
    """Whether the data of ``language`` are the program's own English ones."""
    return language_folder(language) == SHIPPED[ENGLISH]


@dataclass
class LanguageFile:
    """One file of a language, and what is wrong in it."""

    path: Path
    document: Document
    problems: list[str] = field(default_factory=list)

    @staticmethod
    def read(path: Path) -> LanguageFile:
        """Raises LanguageError where it is no file of fields."""
        try:
            text = read_text(path)
            if not text.strip():
                raise LanguageError([f"{path}:1:1: the file is empty"])
            document = compose(text)
        except OSError as fault:
            reason = (fault.strerror or "unknown reason").lower()
            raise LanguageError([f"{path}:1:1: the file cannot be read: {reason}"]) from None
        except YamlError as wrong:
            told = [f"{path}:{each.spot.line}:{each.spot.column}: {each.text}" for each in wrong.faults]
            raise LanguageError(told) from None
        found = LanguageFile(path, document)
        for each in document.faults:
            found.problems.append(f"{path}:{each.spot.line}:{each.spot.column}: {each.text}")
        if not isinstance(document.data, dict):
            raise LanguageError([f"{path}:1:1: the file must be fields such as `paused: ...`"])
        return found

    @property
    def fields(self) -> dict[str, Data]:
        """The top of the file."""
        assert isinstance(self.document.data, dict)
        return self.document.data

    def tell(self, at: NodePath, text: str) -> None:
        """Note a fault at a field."""
        spot = self.document.spot(at)
        self.problems.append(f"{self.path}:{spot.line}:{spot.column}: {text}")

    def check_names(self, expected: list[str], what: str) -> None:
        """Note names that are missing, all in one line, and names that nothing reads."""
        for name in self.fields:
            if name not in expected:
                near = nearest(name, [each for each in expected if each not in self.fields])
                self.tell((name,), f'"{name}" is not {what}' + (f"; did you mean {near}?" if near else ""))
        missing = [name for name in expected if self.fields.get(name) is None]
        if missing:
            self.problems.insert(0, f"{self.path}:1:1: not complete, missing: {', '.join(missing)}")

    def done(self) -> None:
        """Raises LanguageError with what was noted, if anything was."""
        if self.problems:
            raise LanguageError(self.problems)
