"""A session as a printed page: everything that will be said and done, in order, and about when."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from voicecoach.chapters import parts
from voicecoach.routine.model import Routine
from voicecoach.session.cues import Hold, Prompt, Segment, Silence
from voicecoach.session.plan import Choices, Kind, Plan, Step, make_plan
from voicecoach.session.timeline import Entry, Lengths, lay_out
from voicecoach.units import STREAM_RATE, spoken_duration

WIDTH = 78
"""Characters in a line: what a page takes in a readable size."""

SHORTEST = 2.0
"""Seconds: shorter silences are breaths between sentences, and left out."""

_SILENCES = {
    "rest": "rest",
    "lead_in": "get into position",
    "move": "time for the movement",
    "wait": "wait",
}


def printed_script(routine: Routine, choices: Choices, speed: float, words_a_minute: float) -> Iterator[str]:
    """The lines of the page; the times suppose that all goes without a word from the user.

    ``words_a_minute`` is the voice's rate at speed 1.
    """
    plan = make_plan(routine, choices)

    def spoken(text: str) -> int:
        return round(len(text.split()) * 60 / (words_a_minute * speed) * STREAM_RATE)

    steps = [Entry(step.cues, step.place, index) for index, step in enumerate(plan.steps)]
    timeline = lay_out(steps, Lengths(spoken, lambda sound: STREAM_RATE // 4), speed)
    by_step: dict[int, list[Segment]] = {}
    for segment in timeline.segments:
        by_step.setdefault(segment.step, []).append(segment)
    total = timeline.length / STREAM_RATE
    about = spoken_duration(round(total / 60) * 60 or round(total))
    yield routine.title
    yield "=" * len(routine.title)
    yield from textwrap.wrap(
        f"{_chosen(choices, speed)} About {about}. What is said stands as it is said; [what happens without words] "
        "stands in brackets. The times are about right where nobody interrupts.",
        WIDTH,
    )
    for part in parts(routine, plan):
        if any(by_step.get(index) for index in part.steps):
            yield ""
            yield part.title
            yield "-" * len(part.title)
            yield from _part(plan, part.steps, by_step)


def _chosen(choices: Choices, speed: float) -> str:
    side = f"The {choices.sides.value} side only" if choices.sides else "Every side"
    dose = "upper" if choices.upper else "lower"
    return f"{side}, the {dose} number of every range, {'normal speed' if speed == 1 else f'{speed:g} times as fast'}."


def _part(plan: Plan, steps: range, by_step: dict[int, list[Segment]]) -> Iterator[str]:
    most = max((plan.steps[index].place.rep or 0 for index in steps), default=0)
    two_sides = len({plan.steps[index].place.side for index in steps if plan.steps[index].place.side}) > 1
    place = None
    for index in steps:
        step = plan.steps[index]
        if most > 1 and step.place != place and _begins_repetition(step):
            place = step.place
            yield f"  Repetition {place.rep} of {most}" + (f", {place.side}" if two_sides else "")
        for segment in by_step.get(index, ()):
            if text := _text(segment, step):
                yield from _line(segment.start / STREAM_RATE, text)
        if step.kind in (Kind.QUESTION, Kind.CHECK_IN):
            yield from _line(by_step[index][-1].end / STREAM_RATE, "[it waits for your answer]")


def _begins_repetition(step: Step) -> bool:
    """What announces an exercise or a side belongs to no repetition yet."""
    if step.place.rep is None or step.kind is Kind.REST:
        return False
    return step.kind is not Kind.ANNOUNCEMENT or step.place.rep > 1


def _text(segment: Segment, step: Step) -> str | None:
    cue, seconds = segment.cue, (segment.end - segment.start) / STREAM_RATE
    if isinstance(cue, Prompt):
        return cue.text
    if isinstance(cue, Hold):
        return f"[HOLD {spoken_duration(cue.seconds)}, from chime to chime]"
    if not isinstance(cue, Silence) or (cue.reason == "gap" and cue.seconds < SHORTEST) or seconds == 0:
        return None
    what = _SILENCES.get(cue.reason, "change over" if step.kind is Kind.ANNOUNCEMENT else "rest")
    return f"[{what}, {spoken_duration(round(seconds, 1))}]"


def _line(at: float, text: str) -> Iterator[str]:
    minutes, seconds = divmod(round(at), 60)
    time = f"{minutes:4d}:{seconds:02d}  "
    yield from textwrap.wrap(text, WIDTH, initial_indent=time, subsequent_indent=" " * len(time))
