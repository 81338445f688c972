"""The text of a new routine file: what its writer answered, the precautions, and comments that teach the format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicecoach.errors import RoutineError
from voicecoach.routine.loader import parse
from voicecoach.routine.model import Routine


@dataclass(frozen=True, slots=True)
class ExerciseAnswers:
    """One exercise as its writer put it; numbers in the file's own notation: "5", "2 to 4", "15 s"."""

    name: str = "First exercise"
    sides: str = "both"
    limb: str = "arm"
    """Not used where there are no sides."""
    repetitions: str = "1"
    says: tuple[str, ...] = ()
    """What the coach says, in order; none gives a sentence to be replaced."""
    hold: str = ""
    """How long the position is held in the end; "" for an exercise without a hold."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What is asked; all of it can be left to be filled in later."""

    title: str
    source: str = ""
    exercises: tuple[ExerciseAnswers, ...] = (ExerciseAnswers(),)


def fault(answers: Answers, safety: Routine) -> str | None:
    """What the loader says against the file with these answers, without its place; None where it can be played."""
    try:
        parse(compose("answer", answers, safety), "answer")
    except RoutineError as wrong:
        return wrong.problems[0].split(": ", 1)[1]
    return None


def compose(name: str, answers: Answers, safety: Routine) -> str:
    """The file's text; ``name`` is what it will be played by.

    ``safety`` is the routine whose precautions, red flags and reminder it gets: one that ships with the program, so
    that what is said of health stands in one place. RoutineError never comes from here: see ``fault``.
    """
    return "\n".join([*_head(name, answers), *_safety(safety), *_exercises(answers.exercises), *_closing()]) + "\n"


def _head(name: str, answers: Answers) -> Iterator[str]:
    yield from (
        "# A routine for voicecoach. Lines that begin with # are for you, the program leaves them out.",
        "#",
        f"#   voicecoach check {name} --watch    faults with line and column, and advice, whenever you save",
        f"#   voicecoach show {name} --text      everything that will be said, in order",
        f"#   voicecoach play {name}",
        "",
        "# The version of this format: always 1.",
        "format: 1",
        "",
        "# The coach's greeting.",
        f"title: {_scalar(answers.title)}",
        "# The language that it is written in: en unless it says otherwise; docs/languages.md has the others.",
        "# language: en",
        "",
        "# Where the exercises come from: your doctor, your therapist, a book. Shown, not spoken.",
        f"source: {_scalar(answers.source)}" if answers.source else "# source: fill this in, and take out the #",
        "",
        "# Before the session the coach asks whether a doctor or therapist has approved these exercises, because",
        "# numbness can be a sign of something serious, and exercise makes some conditions worse. Write `not required`",
        "# only for what is no exercise, such as a talk.",
        "approval: required",
        "",
        "# Spoken once, as an introduction. One idea a sentence.",
        "# about:",
        "#   - What these exercises may be good for.",
        "",
    )


def _safety(safety: Routine) -> Iterator[str]:
    yield "# Spoken before the first exercise. Add what your doctor told you."
    yield from _sentences("precautions", safety.precautions)
    yield "# Signs to contact a doctor about immediately."
    yield from _sentences("red_flags", safety.red_flags)
    yield "# Spoken instead of all these once they have been heard in full; without it they are always spoken."
    yield from _sentences("reminder", safety.reminder)
    yield "# Ask about new numbness or weakness before each exercise but the first: yes or no."
    yield "check_ins: yes"
    yield "# How much is said on the way: full, brief or chimes. Without it: in full until an exercise is familiar."
    yield "# cues: brief"
    yield ""


def _sentences(field: str, sentences: Sequence[str]) -> Iterator[str]:
    yield f"{field}:"
    yield from (f"  - {_scalar(sentence)}" for sentence in sentences)
    yield ""


def _exercises(exercises: Sequence[ExerciseAnswers]) -> Iterator[str]:
    yield "exercises:"
    taken: set[str] = set()
    for number, exercise in enumerate(exercises):
        identifier = _identifier(exercise.name, taken)
        taken.add(identifier)
        if number == 0:
            yield from _taught(exercise, identifier)
        else:
            yield from _plain(exercise, identifier)


def _taught(exercise: ExerciseAnswers, identifier: str) -> Iterator[str]:
    yield "  # A short name for the records: small letters, digits, hyphens; once in a file."
    yield f"  - id: {identifier}"
    yield "    # How the coach announces it."
    yield f"    name: {_scalar(exercise.name)}"
    yield '    # both, right, left, or none for an exercise that has no side. limb: arm gives "right arm".'
    yield f"    sides: {_scalar(exercise.sides)}"
    if exercise.sides != "none":
        yield f"    limb: {_scalar(exercise.limb)}"
    yield "    # For each side, as your doctor or therapist says. Of a range such as 2 to 4 the lower number is done,"
    yield "    # unless you play with --dose high."
    yield f"    repetitions: {_scalar(exercise.repetitions)}"
    yield "    # More that an exercise may have: take out the first # of what you need."
    yield "    # per_day: 15         # the most repetitions a day for each side, all sittings together"
    yield "    # about: A text spoken once, when the exercise is announced."
    yield "    # order: alternating  # the sides take turns; otherwise one is done, then the other"
    yield "    # first_side: left    # right begins otherwise"
    yield "    # lead_in: 6 s        # time to get into position before each hold"
    yield "    # rest: 8 s           # time between repetitions"
    yield "    # optional: yes       # recommended, and announced with how to leave it out"
    yield "    # What one repetition consists of, in order. A text may use {side}, {other_side}, {rep}, {reps} and,"
    yield '    # where there is a hold, {seconds}; a text that begins with one of them needs quotes: "{side} arm."'
    yield "    # Keep words that you can say to the coach, such as stop or back, out of the texts."
    yield "    steps:"
    yield from _steps(exercise)
    yield "      # short: is said from the second repetition on. It stands under its say:, in the same column."
    yield "      # - say: The whole sentence, the first time."
    yield "      #   short: Fewer words."
    yield "      # A movement with time for it, after the words:"
    yield "      # - move: Now turn the palm up."
    yield "      #   for: 3 s"
    yield "      # A position that is held between two chimes, exactly; of a range such as 3 to 7 s the lower number:"
    yield "      # - hold: 15 s"
    yield "      # A long wait, up to 1 h, which you can leave early:"
    yield "      # - wait: 15 min"
    yield "      #   say: What is to be done meanwhile."
    yield ""


def _plain(exercise: ExerciseAnswers, identifier: str) -> Iterator[str]:
    yield f"  - id: {identifier}"
    yield f"    name: {_scalar(exercise.name)}"
    yield f"    sides: {_scalar(exercise.sides)}"
    if exercise.sides != "none":
        yield f"    limb: {_scalar(exercise.limb)}"
    yield f"    repetitions: {_scalar(exercise.repetitions)}"
    yield "    steps:"
    yield from _steps(exercise)
    yield ""


def _steps(exercise: ExerciseAnswers) -> Iterator[str]:
    if not exercise.says:
        yield "      # Say here what is to be done, instead of this sentence: one idea a sentence, a step for each."
        begin = "Slowly begin." if exercise.sides == "none" else f"Slowly begin with your {{side}} {exercise.limb}."
        yield f"      - say: {_scalar(begin)}"
    for text in exercise.says:
        yield f"      - say: {_scalar(text)}"
    if exercise.hold:
        yield f"      - hold: {_scalar(exercise.hold)}"


def _closing() -> Iterator[str]:
    yield "# Spoken at the end."
    yield "# closing:"
    yield "#   - Rest your hands."


def _identifier(name: str, taken: set[str]) -> str:
    plain = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:36].strip("-") or "exercise"
    free = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
    return plain if plain not in taken else next(each for each in free if each not in taken)


_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ,.;'!?(){}-]*")
_NOT_TEXT = frozenset({"yes", "no", "true", "false", "on", "off", "null", "y", "n"})


def _scalar(text: str) -> str:
    """``text`` as a YAML value on one line: as it is where that is safe, else in double quotes."""
    line = " ".join(text.split())
    if _PLAIN.fullmatch(line) and line.lower() not in _NOT_TEXT:
        return line
    escaped = "".join(
        f"\\{letter}" if letter in '"\\' else letter if letter.isprintable() else f"\\U{ord(letter):08x}"
        for letter in line
    )
    return f'"{escaped}"'
