"""Advice on a routine that can be played: what its writer may want to change. Never an error."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from voicecoach.routine.loader import Written
from voicecoach.routine.model import Exercise, Hold, Routine
from voicecoach.routine.yaml_document import NodePath, shown

LONG_SENTENCE = 30
"""Words. One idea a sentence: what is longer cannot be followed with closed eyes."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to consider; ``place`` is ``file:line:column``."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


def advise(written: Written, phrases: Collection[str]) -> list[Advice]:
    """Advice on ``written`` in file order; ``phrases`` is everything that a user can say as a command.

    A command word in a text is a trap: the loudspeaker says it to the microphone. An exercise that teaches the
    commands (``teaches_commands: yes``) is meant to say them.
    """
    found = [
        *_command_words(written, phrases),
        *_long_sentences(written),
        *_missing(written),
        *_sides(written),
    ]
    ordered = sorted(found, key=lambda item: written.document.spot(item[0]))
    return [Advice(written.place(path), text) for path, text in ordered]


def spoken_texts(routine: Routine) -> Iterator[tuple[NodePath, str]]:
    """Every text of ``routine`` that is spoken, with its path, in file order."""
    yield ("title",), routine.title
    for name in ("about", "precautions", "red_flags"):
        for index, text in enumerate(getattr(routine, name)):
            yield (name, index), text
    for number, exercise in enumerate(routine.exercises):
        yield from _exercise_texts(exercise, ("exercises", number))
    for index, text in enumerate(routine.closing):
        yield ("closing", index), text


def _exercise_texts(exercise: Exercise, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    for name in ("name", "about", "limb"):
        if text := getattr(exercise, name):
            yield (*path, name), text
    for number, step in enumerate(exercise.steps):
        for name in ("say", "move", "short"):
            if text := getattr(step, name, None):
                yield (*path, "steps", number, name), text


def _words(text: str) -> int:
    return len(text.split())


def _command_words(written: Written, phrases: Collection[str]) -> Iterator[tuple[NodePath, str]]:
    wanted = sorted(phrases, key=len, reverse=True)
    trap = re.compile(r"(?<![\w'])(?:" + "|".join(re.escape(phrase) for phrase in wanted) + r")(?![\w'])")
    for path, text in spoken_texts(written.routine):
        if _teaches(written.routine, path) or not wanted:
            continue
        plain = " ".join(re.sub(r"[^\w' ]", " ", text.lower().replace("\u2019", "'")).split())
        for found in dict.fromkeys(trap.findall(plain)):
            yield path, f'"{found}" is a command, and the loudspeaker would say it to the microphone; reword it'


def _teaches(routine: Routine, path: NodePath) -> bool:
    return path[0] == "exercises" and isinstance(path[1], int) and routine.exercises[path[1]].teaches_commands


def _long_sentences(written: Written) -> Iterator[tuple[NodePath, str]]:
    for path, text in spoken_texts(written.routine):
        longest = max(re.split(r"[.!?;:]+\s", text), key=_words)
        if _words(longest) > LONG_SENTENCE:
            start = shown(longest, 30)
            yield path, f'"{start}" is a sentence of {_words(longest)} words; one idea a sentence is easier to follow'


def _missing(written: Written) -> Iterator[tuple[NodePath, str]]:
    routine = written.routine
    if not routine.source:
        yield (), "there is no source; say where the content comes from"
    if routine.approval and not routine.precautions:
        yield ("approval",), "approval is required, but no precautions are spoken before the first exercise"
    if routine.approval and not routine.red_flags:
        yield ("approval",), "approval is required, but red_flags has no signs to contact a doctor about"
    held = any(isinstance(step, Hold) for exercise in routine.exercises for step in exercise.steps)
    if held and not routine.approval and routine.precautions:
        yield ("approval",), "there are holds and precautions; should a doctor's approval be required?"


def _sides(written: Written) -> Iterator[tuple[NodePath, str]]:
    for number, exercise in enumerate(written.routine.exercises):
        path = ("exercises", number)
        if exercise.sides in ("right", "left"):
            yield (*path, "sides"), f"only the {exercise.sides} side is done; write sides: both for the two"
        used = any("{side}" in text for _, text in _exercise_texts(exercise, path))
        if exercise.sides != "none" and not used and exercise.limb is None:
            yield (*path, "sides"), "the steps never name the {side}; say which one, with {side} or limb"
