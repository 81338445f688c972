"""The routines that ship: their order and form, their doses, and the tour. What they say is test_care_wording.py."""

import re

import pytest

from voicecoach.bundled import bundled
from voicecoach.ear.sound_alikes import open_sound_alikes
from voicecoach.routine.checker import advise, spoken_texts
from voicecoach.routine.loader import Written, load, read, read_from
from voicecoach.routine.model import Exercise, Hold, Move, Range, Routine, Say, Side, Wait
from voicecoach.session.commands import Command, phrases

NECK, WRIST, GLIDE, ALL = "neck-range-of-motion", "wrist-stretches", "median-nerve-glide", "arms-and-hands"
MEDICAL = (NECK, WRIST, GLIDE, ALL)
NAMES = (*MEDICAL, "tour")


def written(name: str) -> Written:
    return read(bundled("scripts") / f"{name}.yaml")


def routine(name: str) -> Routine:
    return load(bundled("scripts") / f"{name}.yaml")


def exercise(name: str, identifier: str) -> Exercise:
    return next(item for item in routine(name).exercises if item.id == identifier)


def said(name: str, part: str = "") -> str:
    """Everything that a routine says, or one part of it: a field's name or an exercise's id."""
    found = routine(name)
    texts = []
    for path, text in spoken_texts(found):
        owner = found.exercises[int(path[1])].id if path[0] == "exercises" else path[0]
        if part in ("", owner):
            texts.append(text)
    return " ".join(texts)


@pytest.mark.parametrize("name", [ALL, NECK])
def test_neck_turns_go_left_then_right_in_one_repetition_without_a_hold(name: str) -> None:
    turns = exercise(name, "neck-turns")
    assert turns.repetitions == Range(low=2, high=4)
    assert turns.sides == "none"
    assert ["left" if "left" in step.move else "right" for step in turns.steps if isinstance(step, Move)] == [
        "left",
        "right",
    ]
    assert len(turns.steps) == 2


@pytest.mark.parametrize("name", [ALL, NECK])
def test_neck_tilts_alternate_two_to_four_times_each_side_right_first_without_a_hold(name: str) -> None:
    tilts = exercise(name, "neck-tilts")
    assert (tilts.sides, tilts.order, tilts.first_side) == ("both", "alternating", Side.RIGHT)
    assert tilts.repetitions == Range(low=2, high=4)
    assert not any(isinstance(step, Hold) for step in tilts.steps)


@pytest.mark.parametrize("identifier", ["wrist-extension", "wrist-flexion"])
@pytest.mark.parametrize("name", [ALL, WRIST])
def test_wrist_stretches_are_held_15_s_five_times_with_each_arm(name: str, identifier: str) -> None:
    stretch = exercise(name, identifier)
    assert [step.hold for step in stretch.steps if isinstance(step, Hold)] == [Range(low=15, high=15)]
    assert stretch.repetitions == Range(low=5, high=5)
    assert (stretch.sides, stretch.order, stretch.first_side) == ("both", "side_by_side", Side.RIGHT)
    assert stretch.limb == "arm"


def test_wrist_stretches_are_twenty_holds_extension_before_flexion() -> None:
    exercises = routine(WRIST).exercises
    assert [item.id for item in exercises] == ["wrist-extension", "wrist-flexion"]
    assert sum(2 * item.repetitions.low for item in exercises) == 20


@pytest.mark.parametrize("name", [ALL, GLIDE])
def test_the_glide_holds_its_last_position_3_to_7_s_and_has_a_dose_a_day(name: str) -> None:
    glide = exercise(name, "median-nerve-glide")
    assert glide.steps[-1] == Hold(hold=Range(low=3, high=7))
    assert sum(isinstance(step, Hold) for step in glide.steps) == 1
    assert sum(isinstance(step, (Move, Say)) for step in glide.steps) == 6
    assert glide.repetitions == Range(low=10, high=15)
    assert glide.per_day == 15
    assert (glide.sides, glide.limb, glide.optional) == ("both", "hand", False)


@pytest.mark.parametrize("name", [ALL, GLIDE])
def test_heat_before_and_ice_after_the_glide_are_optional(name: str) -> None:
    found = routine(name).exercises[-3:]
    assert [item.id for item in found] == ["heat", "median-nerve-glide", "ice"]
    for item, minutes in ((found[0], 15), (found[2], 20)):
        assert item.optional
        assert [step.wait for step in item.steps if isinstance(step, Wait)] == [minutes * 60]


def test_arms_and_hands_is_the_three_others_in_order() -> None:
    parts = [item for name in (NECK, WRIST, GLIDE) for item in routine(name).exercises]
    assert list(routine(ALL).exercises) == parts


def test_shoulders_and_elbows_have_no_exercise() -> None:
    for name in MEDICAL:
        for item in routine(name).exercises:
            assert not re.search("shoulder|elbow", item.name.lower())


@pytest.mark.parametrize("name", MEDICAL)
def test_medical_routines_share_their_words_and_need_approval(name: str) -> None:
    found, first = routine(name), routine(NECK)
    assert found.approval
    assert (found.precautions, found.red_flags, found.closing) == (first.precautions, first.red_flags, first.closing)
    assert found.about[: len(first.about)] == first.about
    assert "Exercises to Help Numbness in Arms & Hands" in found.source


@pytest.mark.parametrize("name", MEDICAL)
def test_only_the_file_and_no_default_sets_a_dose(name: str) -> None:
    """A dose that is left out would be a default; every exercise of these says its own."""
    document = written(name).document.data
    assert isinstance(document, dict)
    items = document["exercises"]
    assert isinstance(items, list)
    for item in items:
        assert isinstance(item, dict)
        assert "repetitions" in item or "optional" in item


def test_the_tour_needs_no_approval_and_moves_nothing() -> None:
    tour = routine("tour")
    assert not tour.approval
    steps = [step for item in tour.exercises for step in item.steps]
    assert not any(isinstance(step, (Move, Wait)) for step in steps)
    assert "hands stay at rest" in said("tour")


TAUGHT = (Command.PAUSE, Command.RESUME, Command.REPEAT, Command.STOP, Command.NEXT, Command.HELP,
          Command.SLOWER, Command.FASTER, Command.LOUDER, Command.QUIETER, Command.TIME_LEFT)  # fmt: skip


@pytest.mark.parametrize("command", TAUGHT)
def test_the_tour_teaches_a_command(command: Command) -> None:
    text = said("tour", "commands").lower()
    assert any(re.search(rf"\b{re.escape(p.text)}\b", text) for p in phrases() if p.command is command)


def test_the_tour_teaches_the_words_for_pain_without_saying_them_together() -> None:
    text = said("tour").lower()
    assert re.search(r'say "it", and then "hurts"', text)
    spoken = re.sub(r"[^\w' ]", "", text)
    for phrase in phrases():
        if phrase.command in (Command.PAIN, Command.EMERGENCY):
            assert not re.search(rf"\b{re.escape(phrase.text)}\b", spoken), phrase.text


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_routine_passes_the_check_without_a_word_of_advice(name: str) -> None:
    assert [str(item) for item in advise(written(name), [phrase.text for phrase in phrases()])] == []
    assert [str(item) for item in advise(written(name), [], open_sound_alikes())] == []


def test_every_file_in_scripts_is_covered_here() -> None:
    assert sorted(path.stem for path in bundled("scripts").glob("*.yaml")) == sorted(NAMES)


def test_the_example_in_the_guide_for_writers_is_a_good_routine() -> None:
    guide = (bundled("scripts") / "README.md").read_text(encoding="utf-8")
    example = guide.split("```yaml\n")[1].split("```")[0]
    found = read_from(example, "example.yaml")
    assert [str(item) for item in advise(found, [phrase.text for phrase in phrases()], open_sound_alikes())] == []
    fields = set(Routine.model_fields) | set(Exercise.model_fields)
    assert [name for name in sorted(fields) if f"{name}:" not in guide and f"`{name}`" not in guide] == []
