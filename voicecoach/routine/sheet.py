"""A routine as text for people: ``voicecoach show``."""

from __future__ import annotations

from collections.abc import Iterator

from voicecoach.routine.model import Exercise, Hold, Move, Range, Routine, Say, Side, Step
from voicecoach.routine.prompt_text import expand
from voicecoach.units import spoken_duration


def sheet(routine: Routine, total_seconds: float) -> Iterator[str]:
    """The lines of the sheet; ``total_seconds`` is how long the session takes at its default speed and doses."""
    yield routine.title
    yield f"About {spoken_duration(round(total_seconds / 60) * 60 or round(total_seconds))}."
    yield "A doctor's or therapist's approval is required." if routine.approval else "No approval is required."
    for heading, sentences in (
        ("About", routine.about),
        ("Precautions", routine.precautions),
        ("When to contact a doctor", routine.red_flags),
    ):
        yield from _section(heading, sentences)
    for exercise in routine.exercises:
        yield from _exercise(exercise)
    yield from _section("Afterwards", routine.closing)
    yield from _section("Source", (routine.source,) if routine.source else ())


def _section(heading: str, sentences: tuple[str, ...]) -> Iterator[str]:
    if sentences:
        yield ""
        yield heading
        yield from (f"  {sentence}" for sentence in sentences)


def _exercise(exercise: Exercise) -> Iterator[str]:
    yield ""
    yield f"{exercise.name} ({exercise.id})" + (", optional" if exercise.optional else "")
    yield f"  Dose: {dose(exercise)}"
    if exercise.about:
        yield f"  {exercise.about}"
    for number, step in enumerate(exercise.steps, start=1):
        yield f"  {number}. {_named(exercise, _step(step))}"


def _named(exercise: Exercise, text: str) -> str:
    """With the side that begins, as the session would say it first."""
    first = Side(exercise.sides) if exercise.sides in ("right", "left") else exercise.first_side
    held = next((_seconds(step.hold) for step in exercise.steps if isinstance(step, Hold)), "")
    reps = round(exercise.repetitions.low)
    return expand(text, side=first.value, other_side=first.other.value, rep=1, reps=reps, seconds=held)


def dose(exercise: Exercise) -> str:
    """The exercise's dose in words: ``5 times with each arm, hold 15 seconds``."""
    waits = [step.wait for step in exercise.steps if not isinstance(step, Say | Move | Hold)]
    if waits:
        return ", ".join(spoken_duration(wait) for wait in waits)
    times = _count(exercise.repetitions, "times") if exercise.repetitions.high > 1 else "once"
    parts = [times]
    if exercise.sides == "both":
        parts[0] += f" with each {exercise.limb or 'side'}"
    elif exercise.sides != "none":
        parts[0] += f" with the {exercise.sides} {exercise.limb or 'side'}"
    parts += [f"hold {_seconds(step.hold)}" for step in exercise.steps if isinstance(step, Hold)]
    if exercise.per_day is not None:
        parts.append(f"at most {exercise.per_day} a day")
    return ", ".join(parts)


def _count(dose_range: Range, unit: str) -> str:
    low, high = round(dose_range.low), round(dose_range.high)
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def _seconds(held: Range) -> str:
    if held.low == held.high:
        return spoken_duration(held.low)
    return f"{held.low:g} to {spoken_duration(held.high)}"


def _step(step: Step) -> str:
    if isinstance(step, Say):
        return step.say
    if isinstance(step, Move):
        return f"{step.move} ({spoken_duration(step.time)})"
    if isinstance(step, Hold):
        return f"Hold for {_seconds(step.hold)}."
    return f"{step.say or 'Wait.'} ({spoken_duration(step.wait)})"
