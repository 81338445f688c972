"""What a user can say: commands, and the phrases for each (data in ``en/phrases.yaml``)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from voicecoach.routine.languages import ENGLISH, LanguageFile, language_folder


class Command(str, Enum):
    """Everything that can be asked of the coach, by voice or by key. Values are the stable public names."""

    PAUSE = "pause"
    RESUME = "resume"
    REPEAT = "repeat"
    STOP = "stop"
    PAIN = "pain"
    EMERGENCY = "emergency"
    NEXT = "next"
    BACK = "back"
    SLOWER = "slower"
    FASTER = "faster"
    LOUDER = "louder"
    QUIETER = "quieter"
    TIME_LEFT = "time_left"
    WHERE = "where"
    HELP = "help"
    FINE = "fine"
    NUMB = "numb"
    YES = "yes"
    NO = "no"


URGENT = frozenset({Command.PAIN, Command.EMERGENCY, Command.STOP})
"""Legal in every state, and before everything else that happens at the same instant."""

ANSWERS = frozenset({Command.YES, Command.NO})
"""Listened for only when a question was asked."""

ALWAYS = frozenset(Command) - ANSWERS
"""What is listened for where no state narrows it: in recordings, and before the session has begun."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way to say a command, in small letters: words of the recogniser's dictionary."""

    text: str
    command: Command


def phrases(language: str = ENGLISH) -> tuple[Phrase, ...]:
    """Every phrase that is understood, in the order of the data file. Raises LanguageError where that is wrong."""
    return _phrases(language_folder(language) / "phrases.yaml")


def phrases_for(commands: Collection[Command], language: str = ENGLISH) -> tuple[Phrase, ...]:
    """The phrases that mean one of ``commands``."""
    return tuple(phrase for phrase in phrases(language) if phrase.command in commands)


@cache
def _phrases(path: Path) -> tuple[Phrase, ...]:
    """What the file says: at least one phrase for every command, and none for two."""
    file = LanguageFile.read(path)
    file.check_names([command.value for command in Command], "a command")
    found: dict[str, Phrase] = {}
    for name, texts in file.fields.items():
        if name not in Command._value2member_map_ or texts is None:
            continue
        if not isinstance(texts, list) or not texts:
            file.tell((name,), f"{name} must be a list of phrases")
            continue
        for number, text in enumerate(texts):
            if not isinstance(text, str) or text != " ".join(text.lower().split()):
                file.tell((name, number), f"a phrase of {name} must be words in small letters, with one space between")
            elif text in found:
                file.tell((name, number), f'"{text}" cannot mean both {found[text].command.value} and {name}')
            else:
                found[text] = Phrase(text, Command(name))
    file.done()
    return tuple(found.values())
