"""A plan as people see it: which exercise, side and repetition a step belongs to, and what comes after it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from voicecoach.routine.model import Exercise, Routine
from voicecoach.session.cues import Place
from voicecoach.session.plan import Plan
from voicecoach.session.standing import Key


@dataclass(frozen=True, slots=True)
class Outline:
    """Names and numbers for the screen. Immutable: any thread may ask."""

    title: str
    exercises: dict[str, Exercise]
    """By id."""
    repetitions: dict[Key, int]
    """How many are planned, by exercise and side."""
    places: tuple[tuple[int, Place], ...]
    """Each step's bout and place."""

    @classmethod
    def of(cls, routine: Routine, plan: Plan) -> Outline:
        """The outline of this plan of this routine."""
        repetitions: dict[Key, int] = {}
        for step in plan.steps:
            repetitions[step.key] = max(repetitions.get(step.key, 0), step.place.rep or 0)
        return cls(
            routine.title,
            {exercise.id: exercise for exercise in routine.exercises},
            repetitions,
            tuple((step.bout, step.place) for step in plan.steps),
        )

    def name(self, place: Place) -> str | None:
        """The exercise's name; None outside any."""
        exercise = self.exercises.get(place.exercise or "")
        return exercise.name if exercise else None

    def side(self, place: Place) -> str:
        """``right arm``; "" where there are no sides."""
        exercise = self.exercises.get(place.exercise or "")
        if exercise is None or place.side is None:
            return ""
        return f"{place.side} {exercise.limb or 'side'}"

    def repetition(self, place: Place) -> tuple[int, int] | None:
        """Which of how many; None where nothing is counted."""
        of = self.repetitions.get((place.exercise or "", place.side), 0)
        return (place.rep, of) if place.rep is not None and of > 1 else None

    def following(self, step: int, left_out: Collection[str] = ()) -> Place | None:
        """Where the next exercise or side begins, seen from ``step``; None where none follows."""
        here = self.places[step][0]
        later = self.places[step + 1 :]
        return next(
            (place for bout, place in later if bout > here and place.exercise and place.exercise not in left_out), None
        )
