"""Where a rendered session's chapters are: its introduction, each exercise and side, its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from voicecoach.routine.model import Exercise, Routine
from voicecoach.session.cues import CueEnded
from voicecoach.session.plan import Plan
from voicecoach.session.wording import Wording, wording


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the plan that a listener would look for: ``steps`` are its indices."""

    title: str
    steps: range


@dataclass(frozen=True, slots=True)
class Chapter:
    """``start`` and ``end`` are milliseconds into the file; one chapter ends where the next begins."""

    title: str
    start: int
    end: int


def parts(routine: Routine, plan: Plan, words: Wording | None = None) -> Iterator[Part]:
    """The parts of ``plan``, in order; together they are all of its steps. Titles are in the routine's language."""
    names = {exercise.id: exercise for exercise in routine.exercises}
    begin = 0
    for bout, steps in groupby(plan.steps, key=lambda step: step.bout):
        places = [step.place for step in steps]
        if bout < 0:
            title = "Closing" if begin else "Introduction"
        else:
            sides = {place.side for place in places if place.side}
            exercise = next(names[place.exercise] for place in places if place.exercise)
            title = _title(exercise, sides.pop() if len(sides) == 1 else None, words or wording(routine.language))
        yield Part(title, range(begin, begin + len(places)))
        begin += len(places)


def _title(exercise: Exercise, side: str | None, words: Wording) -> str:
    if side is None:
        return exercise.name
    return f"{exercise.name}, {words.say(side).lower()} {exercise.limb or words.say('side').lower()}"


def chapters(of: Sequence[Part], played: Sequence[CueEnded], frames: int, rate: int) -> list[Chapter]:
    """The parts that sounded, from the first frame of the file to its last, ``frames``."""
    starts: list[tuple[int, str]] = []
    for part in of:
        sounded = [cue.at - (cue.segment.end - cue.segment.start) for cue in played if cue.segment.step in part.steps]
        if sounded:
            starts.append((min(sounded) if starts else 0, part.title))
    ends = [start for start, _ in starts[1:]] + [frames]
    return [
        Chapter(title, milliseconds(start, rate), milliseconds(end, rate))
        for (start, title), end in zip(starts, ends, strict=True)
    ]


def milliseconds(count: int, rate: int) -> int:
    """``count`` frames, to the nearest millisecond: what every format of chapters and subtitles counts in."""
    return round(count * 1000 / rate)
