"""``voicecoach new``: a routine of the user's own, from a few questions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

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
    try:
        answers = _by_flags(options) if ask is None else _Interview(options, safety, ask).hold()
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


class _Interview:
    """Asks for what no flag says, in order; an answer that cannot stand in a routine is asked for again."""

    def __init__(self, options: argparse.Namespace, safety: Routine, ask: Ask) -> None:
        self._options, self._safety, self._read = options, safety, ask
        self._answers = _by_flags(options)
        if None in (options.title, options.source, options.exercise, options.sides, options.limb, options.repetitions,
                    options.say, options.hold):  # fmt: skip
            print(_INTRODUCTION)

    def hold(self) -> Answers:
        """All of the answers. EOFError where they end early."""
        options, given = self._options, self._answers.exercises
        if options.title is None:
            self._ask("Title, the coach's greeting", self._answers.title, lambda text: self._with(title=text))
        if options.source is None:
            self._ask("Where do the exercises come from? Shown, not spoken", "",
                      lambda text: self._with(source=text), "fill it in later")  # fmt: skip
        for number in range(len(given)):
            self._answers = self._with(exercises=given[: number + 1])
            self._exercise(asks_name=not options.exercise)
        while not options.exercise and self._ask_another():
            self._exercise(asks_name=False)
        return self._answers

    def _with(self, **changed: Any) -> Answers:
        return replace(self._answers, **changed)

    def _ask(self, question: str, usual: str, change: Callable[[str], Answers], nothing: str = "none") -> None:
        """``nothing`` stands for no answer where there is nothing usual; it may be typed as well."""
        while True:
            typed = " ".join(self._read(f"{question} [{usual or nothing}]: ").split())
            changed = change(usual if typed in ("", usual or nothing) else typed)
            wrong = fault(changed, self._safety)
            if wrong is None:
                self._answers = changed
                return
            print(f"  {wrong}")

    def _ask_another(self) -> bool:
        before = self._answers.exercises
        fresh = _by_flags(self._options).exercises[0]

        def change(name: str) -> Answers:
            return self._with(exercises=(*before, replace(fresh, name=name)) if name else before)

        self._ask("Another exercise? Its name", "", change, "no more")
        return self._answers.exercises != before

    def _exercise(self, asks_name: bool) -> None:
        options = self._options
        if asks_name:
            self._field("An exercise, as the coach announces it", "name")
        if options.sides is None:
            self._field("Its sides: both, right, left, or none", "sides")
        if options.limb is None and self._answers.exercises[-1].sides != "none":
            self._field("What the side belongs to: arm gives right arm", "limb")
        if options.repetitions is None:
            self._field("How often, for each side: a number, or two such as 2 to 4", "repetitions")
        if options.say is None:
            print("What does the coach say? One idea a sentence; {side} becomes right or left.")
            while self._sentence():
                pass
        if options.hold is None:
            self._field("How long is the position held in the end, such as 15 s", "hold")

    def _field(self, question: str, name: str) -> None:
        *before, last = self._answers.exercises

        def change(text: str) -> Answers:
            changed: dict[str, Any] = {name: text.lower() if name == "sides" else text}
            return self._with(exercises=(*before, replace(last, **changed)))

        self._ask(question, getattr(last, name), change)

    def _sentence(self) -> bool:
        *before, last = self._answers.exercises

        def change(text: str) -> Answers:
            says = (*last.says, text) if text else last.says
            return self._with(exercises=(*before, replace(last, says=says)))

        self._ask(f"  Sentence {len(last.says) + 1}", "", change, "that is all")
        return self._answers.exercises[-1] != last
