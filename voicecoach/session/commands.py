"""What a user can say: commands, and the phrases for each (data in ``en/phrases.yaml``)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from functools import cache

from voicecoach.routine.yaml_document import read_package_data


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
    """One way to say a command, in lower case words of the recogniser's dictionary."""

    text: str
    command: Command


@cache
def phrases(language: str = "en") -> tuple[Phrase, ...]:
    """Every phrase that is understood, in the order of the data file."""
    data = read_package_data("voicecoach.session", f"{language}/phrases.yaml")
    return tuple(Phrase(text, Command(name)) for name, texts in data.items() for text in texts)


def phrases_for(commands: Collection[Command], language: str = "en") -> tuple[Phrase, ...]:
    """The phrases that mean one of ``commands``."""
    return tuple(phrase for phrase in phrases(language) if phrase.command in commands)
