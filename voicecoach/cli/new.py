"""``voicecoach new``: a routine of the user's own, from a few questions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace

from voicecoach.bundled import bundled
from voicecoach.cli.signals import Signals
from voicecoach.errors import UsageError
from voicecoach.routine.library import place_for_new
from voicecoach.routine.loader import load
from voicecoach.routine.model import Routine
from voicecoach.routine.template import Answers, ExerciseAnswers, compose, fault

Ask = Callable[[str], str]
"""Shows a question, returns what was typed."""

_INTRODUCTION = """Enter alone takes what stands in [brackets]. All of it can be changed in the file later.
Take numbers from your doctor or therapist."""


def run(options: argparse.Namespace, _: Signals, ask: Ask | None = None) -> int:
    """Ask for what no flag says, where anybody can answer; write the file, which must not be there."""
    path = place_for_new(options.name)
    safety = load(bundled("scripts") / "wrist-stretches.yaml")
    if ask is None and sys.stdin.isatty():
        ask = input
    answers = _by_flags(options)
    try:
        answers = answers if ask is None else _asked(options, answers, safety, ask)
    except EOFError:
        print()
        raise UsageError("The answers ended early, so nothing was written.") from None
    wrong = fault(answers, safety)
    if wrong is not None:
        raise UsageError(f"Nothing was written: {wrong}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(compose(options.name, answers, safety))
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem.strerror}") from problem
    print(f"{path}\nOpen it in any editor; its comments say what can be added. Then:")
    print(f"  voicecoach check {options.name} --watch\n  voicecoach play {options.name}")
    return 0


def _by_flags(options: argparse.Namespace) -> Answers:
    usual = ExerciseAnswers()
    exercise = ExerciseAnswers(
        sides=options.sides or usual.sides,
        limb=options.limb or usual.limb,
        repetitions=options.repetitions or usual.repetitions,
        says=tuple(options.say or ()),
        hold=options.hold or "",
    )
    names = options.exercise or [usual.name]
    title = options.title or options.name.replace("-", " ").capitalize()
    return Answers(title, options.source or "", tuple(replace(exercise, name=name) for name in names))


def _asked(options: argparse.Namespace, answers: Answers, safety: Routine, ask: Ask) -> Answers:
    """``answers`` with those that no flag gave replaced by what the user types."""
    print(_INTRODUCTION)

    def answer(question: str, usual: str, with_it: Callable[[str], Answers]) -> Answers:
        while True:
            given = with_it(ask(f"{question} [{usual}]: ").strip() or usual)
            wrong = fault(given, safety)
            if wrong is None:
                return given
            print(f"  {wrong}")

    if options.title is None:
        answers = answer("Title, the coach's greeting", answers.title, lambda text: replace(answers, title=text))
    if options.source is None:
        answers = answer("Where do the exercises come from? Shown, not spoken", "fill it in later",
                         lambda text: replace(answers, source="" if text == "fill it in later" else text))  # fmt: skip
    names = [exercise.name for exercise in answers.exercises] if options.exercise else [None]
    done: tuple[ExerciseAnswers, ...] = ()
    for name in names:
        done += (_exercise(options, answers, done, name, answer, ask),)
    while not options.exercise and (another := ask("Another exercise? Its name [no more]: ").strip()):
        if another.lower() in ("no", "no more"):
            break
        trial = replace(answers, exercises=(*done, ExerciseAnswers(another)))
        if wrong := fault(trial, safety):
            print(f"  {wrong}")
            continue
        done += (_exercise(options, answers, done, another, answer, ask),)
    return replace(answers, exercises=done)


def _exercise(options: argparse.Namespace, answers: Answers, done: tuple[ExerciseAnswers, ...], name: str | None,
              answer: Callable[[str, str, Callable[[str], Answers]], Answers], ask: Ask) -> ExerciseAnswers:  # fmt: skip
    """One exercise, field by field; ``done`` are those before it, ``name`` is None where it is to be asked for."""
    exercise = _by_flags(options).exercises[0] if name is None else replace(_by_flags(options).exercises[0], name=name)

    def field(question: str, usual: str, change: Callable[[str], ExerciseAnswers]) -> ExerciseAnswers:
        return answer(question, usual, lambda text: replace(answers, exercises=(*done, change(text)))).exercises[-1]

    if name is None:
        exercise = field("Exercise, as the coach announces it", exercise.name,
                         lambda text: replace(exercise, name=text))  # fmt: skip
    if options.sides is None:
        exercise = field("Sides: both, right, left, or none", exercise.sides,
                         lambda text: replace(exercise, sides=text.lower()))  # fmt: skip
    if options.limb is None and exercise.sides != "none":
        exercise = field("Which part of the body, as in right arm", exercise.limb,
                         lambda text: replace(exercise, limb=text))  # fmt: skip
    if options.repetitions is None:
        exercise = field("How often, on each side: a number, or two such as 2 to 4", exercise.repetitions,
                         lambda text: replace(exercise, repetitions=text))  # fmt: skip
    if options.say is None:
        exercise = _says(exercise, field)
    if options.hold is None:
        exercise = field("How long is the position held? Such as 15 s", "no hold",
                         lambda text: replace(exercise, hold="" if text == "no hold" else text))  # fmt: skip
    return exercise


def _says(exercise: ExerciseAnswers,
          field: Callable[[str, str, Callable[[str], ExerciseAnswers]], ExerciseAnswers]) -> ExerciseAnswers:  # fmt: skip
    print("What does the coach say? One sentence a line; {side} becomes right or left.")
    while True:
        before = exercise
        exercise = field(f"  {len(exercise.says) + 1}.", "that is all",
                         lambda text, said=exercise: said if text == "that is all"  # type: ignore[misc]
                         else replace(said, says=(*said.says, text)))  # fmt: skip
        if exercise == before:
            return exercise
