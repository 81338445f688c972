"""What a routine becomes: the steps, their order, their words, and how often each is done."""

from __future__ import annotations

import pytest

from voicecoach.errors import UsageError
from voicecoach.routine.model import CueStyle, Exercise, Hold, Move, Range, Routine, Say, Side, Wait
from voicecoach.session.cues import Cue, Earcon, Place, Prompt, Sound
from voicecoach.session.cues import Hold as HoldCue
from voicecoach.session.cues import Silence as Quiet
from voicecoach.session.plan import Choices, Kind, Plan, make_plan
from voicecoach.session.standing import Standing

STRETCH = Exercise(
    id="pull",
    name="pull",
    sides="both",
    limb="arm",
    repetitions=Range(low=2, high=3),
    steps=(Say(say="Pull with the {other_side} hand for {seconds} s."), Hold(hold=Range(low=3, high=7))),
)


def plan_of(*exercises: Exercise, choices: Choices | None = None, **fields: object) -> Plan:
    return make_plan(Routine(format=1, title="Try", exercises=exercises, **fields), choices)  # type: ignore[arg-type]


def said(cues: tuple[Cue, ...]) -> list[str]:
    return [cue.text for cue in cues if isinstance(cue, Prompt)]


def spoken(plan: Plan) -> list[str]:
    return [text for step in plan.steps for text in said(step.cues)]


def rounds(plan: Plan) -> list[tuple[str | None, int | None]]:
    """Side and repetition of each hold or completed repetition, in order."""
    return [(step.place.side, step.place.rep) for step in plan.steps if step.completes]


def holds(plan: Plan) -> list[float]:
    return [cue.seconds for step in plan.steps for cue in step.cues if isinstance(cue, HoldCue)]


def test_a_range_means_its_lower_number() -> None:
    plan = plan_of(STRETCH)
    assert holds(plan) == [3.0] * 4
    assert rounds(plan) == [("right", 1), ("right", 2), ("left", 1), ("left", 2)]


def test_the_higher_number_on_request() -> None:
    plan = plan_of(STRETCH, choices=Choices(upper=True))
    assert holds(plan) == [7.0] * 6
    assert rounds(plan)[-1] == ("left", 3)


def test_the_side_that_the_file_names_begins() -> None:
    plan = plan_of(STRETCH.model_copy(update={"first_side": Side.LEFT}))
    assert [side for side, _ in rounds(plan)] == ["left", "left", "right", "right"]


def test_alternating_sides_take_turns_in_one_bout() -> None:
    plan = plan_of(STRETCH.model_copy(update={"order": "alternating"}))
    assert rounds(plan) == [("right", 1), ("left", 1), ("right", 2), ("left", 2)]
    assert plan.bouts() == 1
    # Each side hears the whole instruction once.
    assert sum("Pull with the" in text for text in spoken(plan)) == 2


@pytest.mark.parametrize("side", [Side.RIGHT, Side.LEFT])
@pytest.mark.parametrize("order", ["side_by_side", "alternating"])
def test_one_side_alone_gets_its_whole_dose(side: Side, order: str) -> None:
    plan = plan_of(STRETCH.model_copy(update={"order": order}), choices=Choices(sides=side))
    assert rounds(plan) == [(side.value, 1), (side.value, 2)]
    texts = spoken(plan)
    assert "2 times." in texts
    assert f"We use the {side.value} arm." in texts
    assert not any("other" in text or side.other.value in text for text in texts if "hand for" not in text)


def test_an_exercise_without_the_chosen_side_is_left_out() -> None:
    right = STRETCH.model_copy(update={"id": "other", "sides": "right"})
    neck = Exercise(id="turn", name="turns", steps=(Move(move="Turn.", time=2),))
    plan = plan_of(right, neck, choices=Choices(sides=Side.LEFT))
    assert {step.place.exercise for step in plan.steps} == {None, "turn"}
    with pytest.raises(UsageError, match='"Try" has nothing for the left side alone'):
        plan_of(right, choices=Choices(sides=Side.LEFT))


def test_words_before_the_first_exercise_in_the_files_order() -> None:
    plan = plan_of(STRETCH, approval=True, about=["A."], precautions=["B."], red_flags=["C."], closing=["D."])
    kinds = [step.kind for step in plan.steps]
    texts = spoken(plan)
    assert texts[0] == "Try."
    assert texts[2:5] == ["A.", "B.", "C."]
    assert kinds[:6] == [Kind.INTRODUCTION, Kind.QUESTION, *[Kind.INTRODUCTION] * 4]
    assert kinds.index(Kind.ANNOUNCEMENT) == 6
    assert texts[-2] == "D."
    assert plan.steps[-1].cues[-1] == Earcon(Sound.ENDED)


def test_no_question_where_approval_is_not_needed_or_was_given() -> None:
    for plan in (plan_of(STRETCH), plan_of(STRETCH, approval=True, choices=Choices(approved=True))):
        assert all(step.kind is not Kind.QUESTION for step in plan.steps)


def test_every_exercise_and_every_side_is_announced_before_it_starts() -> None:
    plan = plan_of(STRETCH)
    for bout, text in enumerate(("The exercise is: pull.", "Now the left arm.")):
        assert said(plan.steps[plan.first_of_bout(bout)].cues) == [text]
    switch = plan.steps[plan.first_of_bout(1)].cues
    assert switch[0] == Earcon(Sound.SWITCH_SIDES)
    assert isinstance(switch[-1], Quiet)
    assert switch[-1].seconds >= 4


def test_full_wording_first_short_later_and_full_on_request() -> None:
    plan = plan_of(STRETCH)
    right = [step for step in plan.steps if step.place.side == "right" and step.kind is Kind.INSTRUCTION]
    assert [said(step.cues) for step in right] == [["Pull with the left hand for 3 s."], []]
    assert all(said(step.in_full) == ["Pull with the left hand for 3 s."] for step in right)
    hold = [step for step in plan.steps if step.kind is Kind.HOLD]
    assert said(hold[0].cues) == ["Hold for 3 seconds, from chime to chime.", "Gently let go."]
    assert said(hold[1].cues) == []
    assert said(hold[1].in_full) == said(hold[0].cues)


def test_a_repetition_counts_where_its_last_part_is_over() -> None:
    steps = (Say(say="A."), Hold(hold=Range(low=2, high=2)), Move(move="B.", time=2), Say(say="C.", short=""))
    plan = plan_of(Exercise(id="x", name="x", repetitions=Range(low=2, high=2), steps=steps))
    completing = [step for step in plan.steps if step.completes]
    assert [said(step.cues) for step in completing] == [["C."], ["B."]]
    assert [step.place.rep for step in completing] == [1, 2]


def test_a_repetition_that_short_wording_leaves_empty_is_said_in_full() -> None:
    plan = plan_of(Exercise(id="x", name="x", repetitions=Range(low=2, high=2), steps=(Say(say="Breathe."),)))
    assert spoken(plan).count("Breathe.") == 2
    assert rounds(plan) == [(None, 1), (None, 2)]


def test_a_wait_says_how_long_it_takes_and_when_it_is_over() -> None:
    plan = plan_of(Exercise(id="heat", name="heat", optional=True, steps=(Wait(wait=900, say="Put heat on it."),)))
    texts = spoken(plan)
    assert "This part is recommended, not required: heat. To leave it out, say: skip." in texts
    assert "This takes 15 minutes. I will tell you when the time is over." in texts
    wait = next(step for step in plan.steps if step.kind is Kind.WAIT)
    assert wait.cues[0] == Quiet("wait", 900)
    assert wait.completes


def test_rest_and_lead_in_are_the_files_where_it_has_them() -> None:
    for fields, rest, lead_in in (({}, 5, 4), ({"rest": 2.0, "lead_in": 0.0}, 2, 0)):
        plan = plan_of(STRETCH.model_copy(update=fields))
        cues = [cue for step in plan.steps for cue in step.cues if isinstance(cue, Quiet)]
        assert {cue.seconds for cue in cues if cue.reason == "rest"} == {rest}
        assert {cue.seconds for cue in cues if cue.reason == "lead_in"} == {lead_in}


def test_everything_that_may_be_said_is_listed_once() -> None:
    plan = plan_of(STRETCH)
    texts = list(plan.texts())
    assert len(texts) == len(set(texts))
    assert {*spoken(plan), *plan.where, *plan.laggards.values()} == set(texts)


def test_where_am_i_has_an_answer_at_every_step() -> None:
    plan = plan_of(STRETCH)
    assert len(plan.where) == len(plan.steps)
    assert plan.where[0] == "We are in the introduction."
    first = plan.first_of_bout(1)
    assert plan.where[first] == "Pull, left arm. Repetition 1 of 2."


def test_a_repetition_begins_with_its_first_words() -> None:
    plan = plan_of(STRETCH)
    hold = next(i for i, step in enumerate(plan.steps) if step.completes)
    first = plan.first_of_repetition(hold)
    assert plan.steps[first].place == Place("pull", "right", 1)
    assert plan.steps[first - 1].place == Place()


def test_brief_cues_use_short_words_from_the_first_time_on() -> None:
    steps = (Say(say="Pull slowly.", short="Pull."), Move(move="And let go.", time=2), Hold(hold=Range(low=3, high=3)))
    exercise = STRETCH.model_copy(update={"steps": steps, "about": "It may help."})
    full, brief = (spoken(plan_of(exercise, cues=style)) for style in (CueStyle.FULL, CueStyle.BRIEF))
    assert full.count("Pull slowly.") == 2
    assert "It may help." in full
    assert "Pull slowly." not in brief
    assert "It may help." not in brief
    assert brief.count("Pull.") == 4
    assert brief.count("And let go.") == 4
    assert sum(text.startswith("Hold for") for text in brief) == 2
    assert "Gently let go." not in brief


def test_chimes_steer_holds_and_names_are_said() -> None:
    said_ = spoken(plan_of(STRETCH, choices=Choices(cues=CueStyle.CHIMES)))
    names = ["The exercise is: pull.", "2 times with each arm.", "We begin with the right arm.", "Now the left arm."]
    assert said_[said_.index(names[0]) : -1] == names
    assert holds(plan_of(STRETCH, choices=Choices(cues=CueStyle.CHIMES))) == [3.0] * 4


def test_what_has_no_chimes_is_told_apart_by_words() -> None:
    turn = Exercise(id="turn", name="turns", repetitions=Range(low=3, high=3), steps=(Move(move="Turn.", time=2),))
    said_ = spoken(plan_of(turn, choices=Choices(cues=CueStyle.CHIMES)))
    assert {"Turns. 2 of 3.", "Turns. 3 of 3."} <= set(said_)


def test_say_it_again_is_in_full_whatever_the_style() -> None:
    plan = plan_of(STRETCH, choices=Choices(cues=CueStyle.CHIMES))
    assert "Pull with the left hand for 3 s." in {text for step in plan.steps for text in said(step.in_full)}


@pytest.mark.parametrize(
    ("choice", "written", "in_full"),
    [
        (None, None, False),
        (None, CueStyle.FULL, True),
        (CueStyle.BRIEF, CueStyle.FULL, False),
        (CueStyle.FULL, None, True),
    ],
)
def test_a_familiar_exercise_is_told_in_short_unless_somebody_says_otherwise(
    choice: CueStyle | None, written: CueStyle | None, in_full: bool
) -> None:
    choices = Choices(cues=choice, standing=Standing(familiar=frozenset({"pull"})))
    said_ = spoken(plan_of(STRETCH, choices=choices, cues=written))
    assert ("Pull with the left hand for 3 s." in said_) is in_full
