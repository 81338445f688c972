from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicecoach.bundled import bundled
from voicecoach.errors import RoutineError
from voicecoach.routine.loader import load, parse, read
from voicecoach.routine.model import MOST_STEPS, Hold, Move, Range, Say, Side, Wait, steps_in
from voicecoach.routine.yaml_document import LARGEST
from voicecoach.session.plan import make_plan

GOOD = """\
format: 1
title: Wrists
about: One sentence.
source: Somebody
approval: not required
precautions:
  - Move slowly.
exercises:
  - id: wrist
    name: Wrist stretch
    sides: both
    first_side: left
    limb: arm
    repetitions: 2 to 4
    per_day: 15
    optional: yes
    lead_in: 1 min 30 s
    rest: 0 s
    steps:
      - say: >
          Raise your {side} arm,
          {rep} of {reps}.
        short: ''
      - move: "{other_side} hand: pull."
        short: Pull.
        for: 2.5 s
      - hold: 3 to 7 s
      - wait: 1 h
        say: A long one.
"""


def test_every_field_of_the_format() -> None:
    routine = parse(GOOD, "w.yaml")
    assert (routine.title, routine.about, routine.approval) == ("Wrists", ("One sentence.",), False)
    exercise = routine.exercises[0]
    assert (exercise.sides, exercise.first_side, exercise.limb) == ("both", Side.LEFT, "arm")
    assert (exercise.repetitions, exercise.per_day, exercise.optional) == (Range(low=2, high=4), 15, True)
    assert (exercise.lead_in, exercise.rest) == (90.0, 0.0)
    assert exercise.steps == (
        Say(say="Raise your {side} arm, {rep} of {reps}.", short=""),
        Move(move="{other_side} hand: pull.", short="Pull.", time=2.5),
        Hold(hold=Range(low=3, high=7)),
        Wait(wait=3600.0, say="A long one."),
    )


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("15 s", 15, 15), ("15s", 15, 15), ("1 min 30 s", 90, 90), ("2 minutes", 120, 120), ("3-7 s", 3, 7),
     ("3 \u2013 7 s", 3, 7), ("3 s to 7 s", 3, 7), ("30 s to 1 min", 30, 60), ("1 to 2 min", 60, 120),
     ("0:15", None, None)],
)  # fmt: skip
def test_durations_as_people_write_them(text: str, low: float | None, high: float | None) -> None:
    file = GOOD.replace("3 to 7 s", text)
    if low is None or high is None:
        with pytest.raises(RoutineError, match="did you mean `15 s`"):
            parse(file, "w.yaml")
    else:
        assert parse(file, "w.yaml").exercises[0].steps[2] == Hold(hold=Range(low=low, high=high))


def test_a_file_that_is_not_there_or_not_a_file_is_the_writers_to_mend(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    with pytest.raises(RoutineError) as caught:
        load(missing)
    assert caught.value.problems == [f"{missing}:1:1: the file cannot be read: no such file or directory"]
    with pytest.raises(RoutineError) as caught:
        load(tmp_path)
    assert caught.value.problems == [f"{tmp_path}:1:1: this is not a file; a routine is a text file that ends in .yaml"]


def test_the_path_is_shown_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrist.yaml").write_bytes(GOOD.replace("3 to 7 s", "15x").encode())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RoutineError) as caught:
        load(Path("wrist.yaml"))
    assert str(caught.value) == 'wrist.yaml:27:9: hold must be 1 to 600 seconds, got "15x"'


def test_a_value_with_escapes_and_line_ends_stays_on_one_line_of_the_message() -> None:
    with pytest.raises(RoutineError) as caught:
        parse(GOOD.replace("3 to 7 s", '"a\\nb\\e[2J\\u202e"'), "w.yaml")
    assert all(line.isprintable() for line in caught.value.problems)


def test_a_file_full_of_faults_lists_fifty_and_counts_the_rest() -> None:
    steps = "      - hold: 15x\n" * 60
    with pytest.raises(RoutineError) as caught:
        parse(GOOD[: GOOD.index("      - say")] + steps, "w.yaml")
    assert len(caught.value.problems) == 51
    assert caught.value.problems[-1] == "w.yaml:70:9: and 10 more problems from here on"


def test_a_routine_knows_where_everything_was_written(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_bytes(GOOD.encode())
    written = read(path)
    assert written.routine == parse(GOOD, "w.yaml")
    assert written.place(("exercises", 0, "steps", 2, "hold")) == f"{path}:27:9"
    assert written.place(("precautions", 0)) == f"{path}:7:5"


def endless(exercises: int, steps: int, repetitions: int) -> str:
    """A short file with a long session."""
    head = "format: 1\ntitle: T\napproval: not required\nexercises:\n"
    turns = "  - say: a\n" * steps
    return head + "".join(
        f"- id: e{number}\n  name: e\n  sides: both\n  repetitions: {repetitions}\n  steps:\n{turns}"
        for number in range(exercises)
    )


def test_a_session_of_a_million_steps_is_refused_before_it_is_planned() -> None:
    text = endless(exercises=95, steps=55, repetitions=100)
    assert len(text) < LARGEST
    with pytest.raises(RoutineError) as caught:
        parse(text, "w.yaml")
    (problem,) = caught.value.problems
    demand = "a session must have at most 10,000 steps, all repetitions counted, got 1,045,000"
    assert problem == f"w.yaml:8:3: {demand}; most of them are here"


def test_a_session_of_ten_thousand_steps_is_planned() -> None:
    routine = parse(endless(exercises=10, steps=50, repetitions=10), "w.yaml")
    assert sum(map(steps_in, routine.exercises)) == MOST_STEPS
    assert len(make_plan(routine).steps) > MOST_STEPS


def refused_or_read(text: str) -> None:
    """Nothing but RoutineError ever comes out, and every problem is one printable line with a place."""
    problems: list[str] = []
    try:
        parse(text, "w.yaml")
    except RoutineError as wrong:
        problems = wrong.problems or ["none was told"]
    for line in problems:
        assert line.startswith("w.yaml:")
        assert line.isprintable()


@pytest.mark.parametrize("end", ["\r", "\x85", "\u2028", "\u2029", "\r\n"])
def test_a_fault_after_any_line_end_has_its_place(end: str) -> None:
    with pytest.raises(RoutineError, match=r"w\.yaml:4:2: this line does not line up"):
        parse(f"t:\n  - {end}  \n t", "w.yaml")


SIGNS = "ab:-{}[],'\"\\&*!|>%@# \n\r\x85\t?~0123\x00\u2028\ud800"
YAML_LIKE = st.text(alphabet=st.sampled_from(list(SIGNS)), max_size=80)


@given(YAML_LIKE)
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    refused_or_read(text)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 40), YAML_LIKE)
@settings(max_examples=150, deadline=None)
def test_a_good_routine_with_any_piece_replaced_is_read_or_refused(start: int, length: int, piece: str) -> None:
    refused_or_read(GOOD[:start] + piece + GOOD[start + length :])


@pytest.mark.parametrize("path", sorted(bundled("scripts").glob("*.yaml")), ids=lambda path: path.stem)
def test_any_line_can_be_missing_from_a_bundled_routine(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number in range(0, len(lines), 6):
        refused_or_read("".join(lines[:number] + lines[number + 1 :]))
