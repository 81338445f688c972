"""A new routine's file: it can be played as it is, its comments are true, and no answer can break it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.bundled import bundled
from voicecoach.routine.checker import advise
from voicecoach.routine.loader import load, parse, read_from
from voicecoach.routine.model import CueStyle, Hold, Say
from voicecoach.routine.template import Answers, ExerciseAnswers, compose, fault
from voicecoach.session.commands import phrases

SAFETY = load(bundled("scripts") / "wrist-stretches.yaml")
PHRASES = [phrase.text for phrase in phrases()]


def advice(answers: Answers) -> list[str]:
    return [item.text for item in advise(read_from(compose("mine", answers, SAFETY), "mine.yaml"), PHRASES)]


@pytest.mark.parametrize("sides", ["both", "none"])
def test_without_any_answer_only_the_source_is_left_to_fill_in(sides: str) -> None:
    answers = Answers("Mine", exercises=(ExerciseAnswers(sides=sides), ExerciseAnswers(sides=sides, hold="15 s")))
    assert advice(answers) == ["there is no source; say where the content comes from"]


def test_with_a_source_there_is_no_advice() -> None:
    assert advice(Answers("Mine", "My therapist")) == []


def test_approval_is_required_and_the_file_says_why() -> None:
    text = compose("mine", Answers("Mine"), SAFETY)
    assert parse(text, "mine").approval
    before = text[: text.index("approval: required")].splitlines()[-3:]
    assert "because" in " ".join(before)
    assert "numbness can be a sign of something serious" in " ".join(line.strip("# ") for line in before)


def test_what_is_said_of_health_is_what_the_bundled_routine_says() -> None:
    routine = parse(compose("mine", Answers("Mine"), SAFETY), "mine")
    assert (routine.precautions, routine.red_flags) == (SAFETY.precautions, SAFETY.red_flags)
    assert routine.reminder == SAFETY.reminder


def test_every_example_in_the_comments_may_be_taken_as_it_stands() -> None:
    lines = compose("mine", Answers("Mine"), SAFETY).splitlines()
    example = re.compile(r"( *)# ((- )?(say|move|hold|wait|per_day|about|first_side|order|lead_in|rest|optional|"
                         r"source|language|cues|closing): ?.*|  (short|for|say): .*|  - [A-Z].*|about:)$")  # fmt: skip
    taken = [example.sub(r"\1\2", line) for line in lines]
    assert sum(before != after for before, after in zip(lines, taken, strict=True)) == 21
    routine = parse("\n".join(taken), "mine")
    (exercise,) = routine.exercises
    assert [type(step).__name__ for step in exercise.steps] == ["Say", "Say", "Move", "Hold", "Wait"]
    assert (exercise.per_day, exercise.order, exercise.rest, exercise.optional) == (15, "alternating", 8, True)
    assert routine.closing == ("Rest your hands.",)
    assert routine.cues is CueStyle.BRIEF
    assert len(routine.about) == 1


def test_comments_teach_every_field_of_the_format() -> None:
    text = compose("mine", Answers("Mine"), SAFETY)
    exercise = set(type(SAFETY.exercises[0]).model_fields) - {"teaches_commands", "goes_with"}
    assert [name for name in {*type(SAFETY).model_fields, *exercise} if f"{name}:" not in text] == []


def test_answers_arrive_where_they_belong() -> None:
    exercise = ExerciseAnswers('Bend: "it"', "left", "hand", "2 to 4", ("{side} hand: go.", "yes"), "3 to 7 s")
    routine = parse(compose("mine", Answers("Mine", "A #1 book", (exercise, exercise)), SAFETY), "mine")
    assert routine.source == "A #1 book"
    assert [each.id for each in routine.exercises] == ["bend-it", "bend-it-2"]
    for each in routine.exercises:
        assert (each.name, each.sides, each.limb) == ('Bend: "it"', "left", "hand")
        assert (each.repetitions.low, each.repetitions.high) == (2, 4)
        assert [step.say for step in each.steps if isinstance(step, Say)] == ["{side} hand: go.", "yes"]
        assert [(step.hold.low, step.hold.high) for step in each.steps if isinstance(step, Hold)] == [(3, 7)]


@pytest.mark.parametrize(
    ("exercise", "said"),
    [
        (ExerciseAnswers(repetitions="many"), "repetitions must be a whole number"),
        (ExerciseAnswers(hold="15"), "did you mean `15 s`?"),
        (ExerciseAnswers(sides="bth"), "did you mean `both`?"),
        (ExerciseAnswers(says=("With your {sde} hand.",)), "did you mean `{side}`?"),
        (ExerciseAnswers(sides="none", says=("With your {side} hand.",)), "must not use {side}"),
        (ExerciseAnswers(name="x" * 81), "name must be text of 1 to 80 characters"),
    ],
)
def test_an_answer_that_cannot_stand_in_a_routine_is_told(exercise: ExerciseAnswers, said: str) -> None:
    told = fault(Answers("Mine", exercises=(exercise,)), SAFETY)
    assert told is not None
    assert said in told
    assert not told.startswith("answer:")


@given(st.text(max_size=90), st.text(min_size=1, max_size=90), st.text(max_size=90))
def test_no_text_can_break_the_file(title: str, name: str, say: str) -> None:
    answers = Answers(title, "x" + title, (ExerciseAnswers(name, "none", says=(say,)),))
    if fault(answers, SAFETY) is not None:
        return
    routine = parse(compose("mine", answers, SAFETY), "mine")
    (exercise,) = routine.exercises
    assert [routine.title, exercise.name] == [" ".join(text.split()) for text in (title, name)]
    assert [step.say for step in exercise.steps if isinstance(step, Say)] == [" ".join(say.split())]
    assert (routine.approval, len(exercise.steps)) == (True, 1)


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=6))
def test_ids_are_their_own_whatever_the_names(names: list[str]) -> None:
    told = fault(Answers("Mine", exercises=tuple(ExerciseAnswers(name) for name in names)), SAFETY)
    assert told is None or not told.startswith("id ")
