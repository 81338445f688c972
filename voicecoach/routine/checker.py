"""Advice on a routine that can be played: what its writer may want to change. Never an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from voicecoach.routine.loader import Written
from voicecoach.routine.model import Exercise, Hold, Routine
from voicecoach.routine.yaml_document import NodePath, Spot, shown

LONG_SENTENCE = 30
"""Words. One idea a sentence: what is longer cannot be followed with closed eyes."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to consider; ``place`` is ``file:line:column``."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class SoundAlike:
    """Words of a text that sound like a command."""

    start: int
    end: int
    """Where they stand in the text."""
    command: str
    """The phrase that they sound like."""


def advise(
    written: Written, phrases: Collection[str], sounds_like: Callable[[str], Iterable[SoundAlike]] | None = None
) -> list[Advice]:
    """Advice on ``written`` in file order; ``phrases`` is everything that is a command while a routine is spoken.

    A command word in a text is a trap: the loudspeaker says it to the microphone, and so does a word that sounds like
    one. ``sounds_like`` finds both; without it only the very words of ``phrases`` are found. An exercise that teaches
    the commands (``teaches_commands: yes``) is meant to say them.
    """
    document = written.document
    found = [
        *_traps(written, sounds_like or partial(_in_so_many_words, phrases)),
        *((document.spot(path), text) for path, text in _long_sentences(written)),
        *((document.spot(path), text) for path, text in _missing(written)),
        *((document.spot(path), text) for path, text in _sides(written)),
    ]
    return [Advice(written.place_of(spot), text) for spot, text in sorted(found, key=lambda item: item[0])]


def spoken_texts(routine: Routine) -> Iterator[tuple[NodePath, str]]:
    """Every text of ``routine`` that is spoken, with its path, in file order."""
    yield ("title",), routine.title
    for name in ("about", "precautions", "red_flags", "reminder"):
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


def _traps(written: Written, sounds_like: Callable[[str], Iterable[SoundAlike]]) -> Iterator[tuple[Spot, str]]:
    for path, text in spoken_texts(written.routine):
        if _teaches(written.routine, path):
            continue
        told = set()
        for found in sounds_like(text):
            words = _plain(text[found.start : found.end])
            what = "is a command" if words == found.command else f'sounds like the command "{found.command}"'
            advice = f'"{words}" {what}, and the loudspeaker would say it to the microphone; reword it'
            if advice not in told:
                yield written.document.spot_within(path, text[: found.start]), advice
            told.add(advice)


def _in_so_many_words(phrases: Collection[str], text: str) -> Iterator[SoundAlike]:
    """Where one of ``phrases`` stands in ``text``; the longest where they overlap."""
    spellings = [r"[^\w']+".join(map(re.escape, phrase.split())) for phrase in sorted(phrases, key=len, reverse=True)]
    if spellings:
        trap = re.compile(r"(?<![\w'])(?:" + "|".join(spellings) + r")(?![\w'])")
        for found in trap.finditer(text.lower().replace("\u2019", "'")):
            yield SoundAlike(found.start(), found.end(), _plain(found[0]))


def _plain(words: str) -> str:
    """In small letters and without signs, as phrases are written."""
    return " ".join(re.sub(r"[^\w'{} ]", " ", words.lower().replace("\u2019", "'")).split())


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
