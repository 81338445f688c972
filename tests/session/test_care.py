"""How a session cares: approval kept, pain remembered, check-ins, the day's maximum, and what the journal gets."""

from __future__ import annotations

import pytest
from fake_stage import RATE, FakeStage

from voicecoach.routine.model import Exercise, Hold, Move, Range, Routine, Say, Wait
from voicecoach.session import defaults
from voicecoach.session.commands import Command
from voicecoach.session.cues import Place, Prompt
from voicecoach.session.effects import Noted, Reason, Record
from voicecoach.session.events import CommandGiven
from voicecoach.session.plan import Choices, Kind, Plan, make_plan
from voicecoach.session.standing import Hurt, Standing
from voicecoach.session.states import State
from voicecoach.session.wording import Wording, wording

C = Command
PULL = Exercise(
    id="pull",
    name="Pull",
    sides="both",
    limb="arm",
    repetitions=Range(low=2, high=2),
    steps=(Say(say="Pull the {side}."), Hold(hold=Range(low=15, high=15))),
)
GLIDE = Exercise(
    id="glide",
    name="Glide",
    sides="both",
    limb="hand",
    repetitions=Range(low=10, high=15),
    per_day=15,
    steps=(Move(move="Glide.", time=2), Hold(hold=Range(low=3, high=7))),
)
HEAT = Exercise(id="heat", name="Heat", optional=True, goes_with="glide", steps=(Wait(wait=60),))
TURN = Exercise(id="turn", name="Turns", steps=(Move(move="Turn.", time=3),))


def routine(*exercises: Exercise, check_ins: bool = False) -> Routine:
    return Routine(
        format=1,
        title="Try",
        approval=True,
        about=("It may help.",),
        precautions=("Move slowly.",),
        red_flags=("Call your doctor.",),
        reminder=("Slowly.",),
        check_ins=check_ins,
        exercises=exercises,
    )


def plan_of(*exercises: Exercise, check_ins: bool = False, asks: bool = False, side: str | None = None,
            **standing: object) -> Plan:  # fmt: skip
    known = Standing(**({"approved": not asks} | standing))  # type: ignore[arg-type]
    return make_plan(routine(*exercises, check_ins=check_ins), Choices(standing=known, sides=side))  # type: ignore[arg-type]


def on_stage(plan: Plan) -> FakeStage:
    stage = FakeStage(plan)
    stage.begin()
    return stage


def to_the_end(stage: FakeStage) -> list[str]:
    stage.until_silent()
    assert stage.reason is not None, f"left in {stage.state}"
    return stage.said()


def noted(stage: FakeStage, *kinds: Noted) -> list[Record]:
    return [record for record in stage.recorded if record.noted in kinds]


# Approval ---------------------------------------------------------------------------------------------------------


def test_an_approval_is_asked_for_and_recorded() -> None:
    stage = on_stage(plan_of(PULL, asks=True))
    stage.until_asked()
    assert not noted(stage, Noted.APPROVAL)
    stage.say(C.YES)
    assert noted(stage, Noted.APPROVAL) == [Record(Noted.APPROVAL, Place(), {"answer": "yes"})]


def test_what_was_approved_is_not_asked_again() -> None:
    stage = on_stage(plan_of(PULL, approved=True))
    stage.until_state(State.INSTRUCTING)
    assert State.ASKING not in stage.states


def test_changed_content_is_asked_about_and_says_so() -> None:
    stage = on_stage(plan_of(PULL, asks=True, changed=True))
    stage.until_asked()
    assert stage.said()[-2:] == [wording().say("approval_changed"), wording().say("approval")]


def test_a_no_is_recorded_and_advises() -> None:
    stage = on_stage(plan_of(PULL, asks=True))
    stage.until_asked()
    stage.say(C.NO)
    assert to_the_end(stage)[-2:] == [wording().say("approval_refused"), "[ended]"]
    assert stage.reason is Reason.REFUSED
    assert noted(stage, Noted.APPROVAL)[0].fields == {"answer": "no"}


# After pain -------------------------------------------------------------------------------------------------------

HURT = (Hurt("s1", "Pull"), Hurt("s2", None))


def test_after_pain_the_next_start_says_so_and_asks() -> None:
    stage = on_stage(plan_of(PULL, hurts=HURT))
    stage.until(lambda: stage.session.next_deadline() is not None)
    say = wording().say
    asked = [say("last_time_hurt"), say("last_time_exercise", name="Pull"), say("after_pain")]
    assert stage.said() == ["Try.", *asked]
    stage.until_state(State.WAITING)
    stage.wait(1000)
    assert stage.said()[4:] == [say("after_pain_again"), "[paused]", say("after_pain_waiting")]
    assert stage.state is State.WAITING
    stage.say(C.YES)
    assert noted(stage, Noted.DOCTOR_SEEN)[0].fields == {"answer": "yes", "about": ["s1", "s2"]}
    stage.until_silent()
    assert stage.reason is Reason.COMPLETED


def test_without_a_yes_it_does_not_start() -> None:
    stage = on_stage(plan_of(PULL, hurts=HURT))
    stage.until_asked()
    stage.say(C.NO)
    assert to_the_end(stage)[-2:] == [wording().say("after_pain_refused"), "[ended]"]
    assert stage.reason is Reason.REFUSED
    assert noted(stage, Noted.DOCTOR_SEEN)[0].fields["answer"] == "no"


def test_a_warning_sign_is_named_as_one() -> None:
    stage = on_stage(plan_of(PULL, hurts=(Hurt("s1", "Pull", urgent=True),)))
    stage.until(lambda: stage.session.next_deadline() is not None)
    assert wording().say("last_time_warning") in stage.said()
    assert wording().say("last_time_hurt") not in stage.said()


def test_approval_given_beforehand_does_not_answer_the_question_after_pain() -> None:
    choices = Choices(approved=True, standing=Standing(hurts=HURT))
    plan = make_plan(routine(PULL), choices)
    assert [step.asks for step in plan.steps if step.kind is Kind.QUESTION] == ["after_pain"]


def test_both_questions_are_asked_one_after_the_other() -> None:
    stage = on_stage(plan_of(PULL, asks=True, hurts=HURT))
    stage.until_asked()
    stage.say(C.YES)
    stage.until_asked()
    assert stage.said()[-1] == wording().say("approval")
    stage.say(C.NO)
    stage.until_silent()
    assert stage.reason is Reason.REFUSED
    assert wording().say("approval_refused") in stage.said()


def test_what_is_said_before_the_question_was_put_answers_nothing() -> None:
    stage = on_stage(plan_of(PULL, hurts=HURT))
    for before in ("last_time_hurt", "last_time_exercise", "after_pain"):
        stage.until_said(wording().say(before, name="Pull"))
        assert stage.say(C.YES, C.NO) == []
    stage.wait(defaults.ANSWER_NOT_BEFORE - 0.1)
    assert stage.say(C.YES, C.NO) == []
    stage.wait(0.1)
    stage.say(C.YES)
    assert noted(stage, Noted.DOCTOR_SEEN)[0].fields["answer"] == "yes"


@pytest.mark.parametrize("answer", [C.YES, C.NO])
def test_who_answers_a_question_that_was_paused_before_it_was_put_is_asked(answer: Command) -> None:
    stage = on_stage(plan_of(PULL, hurts=HURT))
    stage.until_said(wording().say("last_time_hurt"))
    stage.say(C.PAUSE)
    stage.until_silent()
    assert stage.state is State.WAITING
    stage.say(answer)
    stage.until_asked()
    assert not noted(stage, Noted.DOCTOR_SEEN)
    stage.say(answer)
    assert noted(stage, Noted.DOCTOR_SEEN)[0].fields["answer"] == answer.value


# The introduction -------------------------------------------------------------------------------------------------


def test_the_whole_introduction_is_recorded_as_heard() -> None:
    stage = on_stage(plan_of(PULL))
    stage.until_said("Call your doctor.")
    assert not noted(stage, Noted.INTRODUCED)
    stage.until_said(wording().say("teach"))
    assert len(noted(stage, Noted.INTRODUCED)) == 1


def test_a_skipped_sentence_was_not_heard() -> None:
    stage = on_stage(plan_of(PULL))
    stage.until_said("Move slowly.")
    stage.say(C.NEXT)
    stage.until_state(State.HOLDING)
    assert not noted(stage, Noted.INTRODUCED)


def test_a_pause_in_the_introduction_loses_nothing() -> None:
    stage = on_stage(plan_of(PULL))
    stage.until_said("Move slowly.")
    stage.say(C.PAUSE, C.RESUME)
    stage.until_state(State.HOLDING)
    assert len(noted(stage, Noted.INTRODUCED)) == 1


def test_who_has_heard_it_gets_the_reminder() -> None:
    stage = on_stage(plan_of(PULL, introduced=True))
    stage.until_state(State.INSTRUCTING)
    stage.until_state(State.HOLDING)
    said = stage.said()
    assert said[:3] == ["Try.", "Slowly.", wording().say("teach")]
    assert not noted(stage, Noted.INTRODUCED)


def test_without_a_reminder_everything_is_said_again() -> None:
    whole = routine(PULL).model_copy(update={"reminder": ()})
    plan = make_plan(whole, Choices(standing=Standing(approved=True, introduced=True)))
    assert {"It may help.", "Move slowly.", "Call your doctor."} <= set(plan.texts())


# Pain -------------------------------------------------------------------------------------------------------------


def asked_in_a_hold(half_heard: Command) -> FakeStage:
    """Three seconds into a hold ``half_heard`` was suspected, and the question has been put."""
    stage = on_stage(plan_of(PULL))
    stage.until_state(State.HOLDING)
    stage.wait(3)
    stage.say(half_heard, firm=False)
    stage.until(lambda: stage.session.next_deadline() is not None)
    return stage


@pytest.mark.parametrize(("command", "kind"), [(C.PAIN, Noted.PAIN), (C.EMERGENCY, Noted.EMERGENCY)])
def test_pain_in_a_hold_is_recorded_with_its_second(command: Command, kind: Noted) -> None:
    stage = on_stage(plan_of(PULL))
    stage.until_state(State.HOLDING)
    stage.wait(7.25)
    names = [type(effect).__name__ for effect in stage.say(command)]
    assert names[:3] == ["Silence", "Record", "Play"]
    fields = {"state": "holding", "held": pytest.approx(7.25, abs=0.02)}
    assert noted(stage, kind) == [Record(kind, Place("pull", "right", 1), fields)]


def test_pain_outside_a_hold_has_no_second() -> None:
    stage = on_stage(plan_of(PULL, asks=True))
    stage.until_state(State.ASKING)
    stage.say(C.PAIN)
    assert noted(stage, Noted.PAIN) == [Record(Noted.PAIN, Place(), {"state": "asking", "held": None})]


def test_a_warning_sign_after_pain_is_recorded_too_and_a_second_pain_is_not() -> None:
    stage = on_stage(plan_of(PULL))
    stage.until_state(State.HOLDING)
    stage.say(C.PAIN, C.PAIN, C.EMERGENCY, C.EMERGENCY)
    assert [record.noted for record in noted(stage, Noted.PAIN, Noted.EMERGENCY)] == [Noted.PAIN, Noted.EMERGENCY]
    stage.until_silent()
    assert stage.reason is Reason.EMERGENCY
    assert stage.recorded[-1].fields == {"reason": "emergency", "seconds": pytest.approx(stage.seconds, abs=0.1)}


@pytest.mark.parametrize("command", [C.PAIN, C.EMERGENCY])
def test_what_is_half_heard_again_in_answer_to_the_question_is_pain(command: Command) -> None:
    stage = asked_in_a_hold(C.PAIN)
    stage.wait(1)
    stage.say(command, firm=False)
    assert stage.state is State.SAFETY_TALK
    (pain,) = noted(stage, Noted.PAIN, Noted.EMERGENCY)
    assert pain.noted.value == command.value
    assert pain.fields == {"state": "holding", "held": pytest.approx(3, abs=0.05)}


@pytest.mark.parametrize("answer", [CommandGiven(C.YES), CommandGiven(C.PAIN, False), CommandGiven(C.EMERGENCY, False)])
def test_a_doubtful_warning_sign_is_asked_about_as_one_and_is_one(answer: CommandGiven) -> None:
    stage = asked_in_a_hold(C.EMERGENCY)
    assert stage.said()[-1] == wording().say("is_anything_wrong")
    stage.wait(1)
    stage.tell(answer)
    stage.until_silent()
    assert stage.reason is Reason.EMERGENCY
    (sign,) = noted(stage, Noted.PAIN, Noted.EMERGENCY)
    assert (sign.noted, sign.fields["state"]) == (Noted.EMERGENCY, "holding")
    assert stage.said()[-len(wording().talk("emergency")) :] == list(wording().talk("emergency"))


def test_stop_and_then_a_doubtful_warning_sign_is_one() -> None:
    stage = on_stage(plan_of(PULL))
    stage.until_state(State.HOLDING)
    stage.say(C.STOP)
    stage.say(C.EMERGENCY, firm=False)
    assert stage.state is State.SAFETY_TALK
    assert noted(stage, Noted.EMERGENCY)


@pytest.mark.parametrize("no", [C.NO, C.FINE])
@pytest.mark.parametrize("case", ["stop", "pause", "advice"])
def test_a_no_to_the_question_sets_nothing_in_motion_that_stood_still(case: str, no: Command) -> None:
    stage = on_stage(plan_of(TURN, PULL, check_ins=True))
    advice: list[str] = []
    if case == "advice":
        stage.until_asked()
        stage.say(C.YES)
        stage.wait(2)
        advice = [text for text in wording().talk("ease_off") if text != wording().say("still_waiting")]
    else:
        stage.until_said("Turn.")
    if case == "pause":
        stage.say(C.PAUSE)
        stage.until_silent()
    stage.say(C.STOP if case == "stop" else C.PAIN, firm=False)
    stage.wait(4)
    at = stage.now
    stage.say(no)
    stage.until_silent()
    assert stage.state is State.PAUSED
    assert stage.said(at) == ["[paused]", *advice, wording().say("still_waiting")]
    stage.say(C.RESUME)
    stage.until_said("Turn." if case != "advice" else "The exercise is: Pull.")


def test_a_doubtful_stop_and_then_a_doubtful_pain_are_no_pain() -> None:
    stage = asked_in_a_hold(C.STOP)
    stage.wait(1)
    stage.say(C.PAIN, firm=False)
    assert stage.state is State.CHECKING


def test_the_same_words_or_the_coachs_own_question_are_no_answer_to_it() -> None:
    stage = on_stage(plan_of(PULL))
    stage.until_state(State.HOLDING)
    stage.say(C.PAIN, firm=False)
    stage.wait(0.1)
    stage.say(C.PAIN, firm=False)
    stage.until(lambda: stage.session.next_deadline() is not None)
    stage.say(C.PAIN, firm=False)
    assert stage.state is State.CHECKING
    stage.wait(1)
    stage.say(C.STOP, firm=False)
    assert stage.state is State.CHECKING
    stage.until_state(State.PAUSED)


def test_an_emergency_number_is_said_digit_by_digit_only_where_there_is_one() -> None:
    plain, numbered = Wording(), Wording(emergency_number="112")
    for talk in ("pain", "emergency", "ease_off"):
        assert not any("{" in sentence or ":" in sentence for sentence in plain.talk(talk))
        assert sum("emergency number now: 1 1 2" in sentence for sentence in numbered.talk(talk)) == 1


# Check-ins --------------------------------------------------------------------------------------------------------


def checking_in() -> FakeStage:
    stage = on_stage(plan_of(TURN, PULL, check_ins=True))
    stage.until_asked()
    return stage


def test_a_check_in_comes_before_each_exercise_but_the_first() -> None:
    plan = plan_of(TURN, PULL, GLIDE, check_ins=True)
    asked = [step.place.exercise for step in plan.steps if step.kind is Kind.CHECK_IN]
    assert asked == ["turn", "pull"]
    choices = Choices(check_ins=False)
    assert not any(step.kind is Kind.CHECK_IN for step in make_plan(routine(TURN, PULL, check_ins=True), choices).steps)
    assert not any(step.kind is Kind.CHECK_IN for step in plan_of(TURN, PULL).steps)


@pytest.mark.parametrize("command", [C.FINE, C.NO])
def test_fine_goes_on_and_is_recorded(command: Command) -> None:
    stage = checking_in()
    stage.say(command)
    stage.until_said("The exercise is: Pull.")
    assert noted(stage, Noted.CHECK_IN) == [Record(Noted.CHECK_IN, Place("turn"), {"answer": "fine"})]
    to_the_end(stage)
    assert stage.reason is Reason.COMPLETED


def test_silence_holds_the_session_and_says_so() -> None:
    stage = checking_in()
    at = stage.sounded[-1].at
    stage.until_state(State.CHECK_IN_WAITING)
    stage.wait(3600)
    assert stage.state is State.CHECK_IN_WAITING
    say = wording().say
    assert stage.said(at) == [say("check_in"), say("check_in_again"), "[paused]", say("check_in_waiting")]
    assert noted(stage, Noted.CHECK_IN)[0].fields == {"answer": "none"}
    stage.say(C.FINE)
    stage.until_said("The exercise is: Pull.")


def test_it_is_numb_leaves_the_exercise_before_out_and_goes_on() -> None:
    stage = checking_in()
    stage.say(C.NUMB)
    stage.until_said(wording().say("check_in_numb"))
    stage.until_said("The exercise is: Pull.")
    assert noted(stage, Noted.NUMB) == [Record(Noted.NUMB, Place("turn"), {"state": "check_in", "held": None})]
    stage.say(C.BACK)
    stage.until_state(State.HOLDING)
    assert "Turn." not in stage.said(stage.now)


def test_it_is_numb_is_noted_with_its_moment_in_the_hold_asked_about_first_or_not() -> None:
    for doubtful in (False, True):
        stage = on_stage(plan_of(TURN, PULL))
        stage.until_state(State.HOLDING)
        stage.wait(2.0)
        if doubtful:
            stage.say(C.PAIN, firm=False)
            stage.until_state(State.CHECKING)
        stage.say(C.NUMB)
        (numb,) = noted(stage, Noted.NUMB)
        assert (numb.fields["state"], numb.fields["held"]) == ("holding", pytest.approx(2.0, abs=0.1))


def test_it_is_numb_in_the_advice_keeps_the_pause_and_says_all_of_it() -> None:
    stage = checking_in()
    stage.say(C.YES)
    stage.wait(2)
    at = stage.now
    stage.say(C.NUMB)
    stage.until_silent()
    assert stage.state is State.PAUSED
    assert stage.said(at) == ["[heard]", wording().say("check_in_numb"), *wording().talk("ease_off")]
    stage.say(C.RESUME)
    stage.until_said("The exercise is: Pull.")


def test_it_is_numb_in_a_pause_stays_a_pause_and_said_twice_leaves_one_exercise_out() -> None:
    stage = on_stage(plan_of(PULL, TURN))
    stage.until_state(State.HOLDING)
    stage.say(C.PAUSE, C.NUMB, C.NUMB)
    stage.until_silent()
    assert stage.state is State.PAUSED
    assert stage.said()[-2:] == [wording().say("numb"), wording().say("still_waiting")]
    assert {record.place for record in noted(stage, Noted.NUMB)} == {Place("pull", "right", 1)}
    at = stage.now
    stage.say(C.RESUME)
    stage.until_said("Turn.")
    assert stage.said(at) == ["[resumed]", "The exercise is: Turns.", "Turn."]


def test_it_is_numb_said_twice_while_it_plays_leaves_one_exercise_out() -> None:
    stage = on_stage(plan_of(PULL, TURN))
    stage.until_state(State.HOLDING)
    stage.say(C.NUMB)
    stage.wait(1)
    stage.say(C.NUMB)
    stage.until_said("Turn.")
    assert stage.said()[-4:] == ["[heard]", wording().say("numb"), "The exercise is: Turns.", "Turn."]


def test_it_is_numb_at_the_end_is_noted_and_advised_and_the_end_is_said() -> None:
    stage = on_stage(plan_of(PULL))
    stage.until_state(State.CLOSING)
    stage.wait(0.5)
    at = stage.now
    stage.say(C.NUMB)
    stage.until_silent()
    assert stage.said(at) == ["[heard]", wording().say("numb_plain"), wording().say("complete"), "[ended]"]
    assert noted(stage, Noted.NUMB) == [Record(Noted.NUMB, Place(), {"state": "closing", "held": None})]
    assert stage.reason is Reason.COMPLETED


@pytest.mark.parametrize("waiting", [False, True])
def test_it_is_numb_in_a_question_is_noted_and_advised_and_the_question_is_put_again(waiting: bool) -> None:
    stage = on_stage(plan_of(PULL, asks=True))
    stage.until_asked()
    if waiting:
        stage.until_state(State.WAITING)
    at = stage.now
    stage.say(C.NUMB)
    stage.until_asked()
    assert stage.state is State.ASKING
    assert stage.said(at) == ["[heard]", wording().say("numb_plain"), wording().say("approval")]
    assert noted(stage, Noted.NUMB)[0].fields["state"] == ("waiting" if waiting else "asking")
    assert not noted(stage, Noted.APPROVAL)


def test_what_is_said_or_pressed_to_skip_ahead_does_not_pass_a_check_in() -> None:
    stage = on_stage(plan_of(TURN, PULL, check_ins=True))
    stage.until_said("Turn.")
    stage.say(C.NEXT)
    stage.until_state(State.CHECK_IN)
    stage.wait(0.1)
    assert stage.say(C.NO, C.FINE) == []
    stage.wait(defaults.ANSWER_NOT_BEFORE)
    stage.say(C.NO)
    assert noted(stage, Noted.CHECK_IN)[0].fields == {"answer": "fine"}


def test_yes_eases_off_and_waits() -> None:
    stage = checking_in()
    at = stage.now
    stage.say(C.YES)
    stage.until_silent()
    assert stage.state is State.PAUSED
    assert stage.said(at)[-len(wording().talk("ease_off")) :] == list(wording().talk("ease_off"))
    assert noted(stage, Noted.CHECK_IN)[0].fields == {"answer": "yes"}
    stage.say(C.RESUME)
    stage.until_said("The exercise is: Pull.")


def test_a_numb_exercise_is_not_asked_about_again() -> None:
    stage = on_stage(plan_of(TURN, PULL, check_ins=True))
    stage.until_said("Turn.")
    stage.say(C.NUMB)
    stage.until_said("The exercise is: Pull.")
    assert State.CHECK_IN not in stage.states


def test_a_check_in_cannot_be_skipped() -> None:
    stage = on_stage(plan_of(TURN, PULL, check_ins=True))
    stage.until_said("Turn.")
    stage.say(C.NEXT)
    stage.until_asked()
    stage.say(C.NEXT)
    assert stage.state is State.CHECK_IN
    stage.say(C.PAIN, firm=False)
    stage.until_state(State.PAUSED)
    stage.say(C.NEXT)
    stage.until_asked()


def test_what_is_done_again_is_asked_about_again() -> None:
    stage = checking_in()
    stage.say(C.FINE)
    stage.until_said("The exercise is: Pull.")
    stage.say(C.BACK)
    stage.until_said("Turn.")
    stage.until_asked()


def test_a_check_in_interrupted_by_a_suspicion_is_put_again() -> None:
    stage = checking_in()
    stage.say(C.PAIN, firm=False)
    assert stage.state is State.CHECKING
    stage.say(C.NO)
    stage.until_asked()


# The day's maximum ------------------------------------------------------------------------------------------------


def done(right: int, left: int) -> dict[tuple[str, str | None], int]:
    return {("glide", "right"): right, ("glide", "left"): left}


def test_what_is_left_today_is_offered_and_done() -> None:
    stage = on_stage(plan_of(GLIDE, done_today=done(10, 10)))
    said = to_the_end(stage)
    assert "Today 10 of 15 are done with your right hand. That leaves 5." in said
    assert "5 times with each hand." in said
    assert stage.session.tally.repetitions == {("glide", "right"): 5, ("glide", "left"): 5}


def test_sides_with_different_rests_of_the_day_are_told_apart() -> None:
    stage = on_stage(plan_of(GLIDE, done_today=done(12, 0)))
    said = to_the_end(stage)
    assert "3 times with your right hand." in said
    assert "10 times with your left hand." in said
    assert stage.session.tally.repetitions == {("glide", "right"): 3, ("glide", "left"): 10}


def test_a_side_that_has_had_enough_is_left_out() -> None:
    stage = on_stage(plan_of(GLIDE, done_today=done(15, 4)))
    said = to_the_end(stage)
    assert wording().say("daily_done_side", most=15, side="right", limb="hand") in said
    assert "We use the left hand." in said
    assert stage.session.tally.repetitions == {("glide", "left"): 10}


def test_a_day_that_has_had_enough_is_refused_by_voice() -> None:
    stage = on_stage(plan_of(HEAT, GLIDE, asks=True, hurts=HURT, done_today=done(15, 15)))
    said = to_the_end(stage)
    assert stage.reason is Reason.REFUSED
    refusal = wording().say("daily_done_each", most=15, limb="hand")
    assert said == ["Try.", "The exercise is: Glide.", refusal, wording().say("enough_today"), "[ended]"]


def test_other_exercises_are_done_and_companions_left_out() -> None:
    stage = on_stage(plan_of(HEAT, GLIDE, TURN, done_today=done(15, 15)))
    said = to_the_end(stage)
    assert stage.reason is Reason.COMPLETED
    assert not any("Heat" in text for text in said)
    assert wording().say("daily_done_each", most=15, limb="hand") in said
    assert stage.session.tally.repetitions == {("turn", None): 1}


def test_going_back_does_not_exceed_the_day() -> None:
    stage = on_stage(plan_of(GLIDE, TURN, side="right"))
    stage.until(lambda: stage.session.tally.repetitions["glide", "right"] == 10)
    stage.until_said("Turn.")
    stage.say(C.BACK)
    said_before = len(stage.said())
    stage.until(lambda: stage.reason is not None)
    assert stage.session.tally.repetitions["glide", "right"] == 15
    assert wording().say("daily_done_side", most=15, side="right", limb="hand") in stage.said()[said_before:]


@pytest.mark.parametrize("command", [C.REPEAT, C.BACK])
def test_a_hold_that_ends_while_a_command_is_handled_counts_in_the_day(command: Command) -> None:
    stage = on_stage(plan_of(GLIDE, done_today=done(14, 15)))
    stage.until_state(State.HOLDING)
    stage.wait(2.9)
    stage.collect(stage.now + RATE // 5)
    stage.tell(CommandGiven(command), first=True)
    assert wording().say("daily_done_side", most=15, side="right", limb="hand") in to_the_end(stage)
    assert stage.session.tally.repetitions == {("glide", "right"): 1}


def test_a_repetition_that_runs_while_the_rest_is_laid_out_anew_counts() -> None:
    stage = on_stage(plan_of(GLIDE, side="right", done_today=done(5, 0)))
    stage.until(lambda: stage.session.tally.repetitions["glide", "right"] == 9)
    stage.until_state(State.HOLDING)
    stage.say(C.FASTER)
    stage.until(lambda: stage.reason is not None)
    assert stage.session.tally.repetitions["glide", "right"] == 10
    assert not any("More would be too many" in text for text in stage.said())


# Sides ------------------------------------------------------------------------------------------------------------


def test_a_side_that_did_less_is_named_at_the_end() -> None:
    stage = on_stage(plan_of(PULL))
    stage.until(lambda: stage.session.tally.repetitions["pull", "left"] == 1)
    stage.say(C.NEXT)
    said = to_the_end(stage)
    less = wording().say("did_less", side="left", other="right", limb="arm", name="Pull")
    assert less in said
    assert less not in to_the_end(on_stage(plan_of(PULL)))


def test_earlier_sittings_of_the_day_count_for_the_balance() -> None:
    said = to_the_end(on_stage(plan_of(PULL, done_today={("pull", "left"): 2})))
    assert wording().say("did_less", side="right", other="left", limb="arm", name="Pull") in said


def test_who_chose_one_side_is_not_reminded_of_the_other() -> None:
    assert not any("did less" in text for text in to_the_end(on_stage(plan_of(PULL, side="right"))))


def test_the_hold_under_way_counts_when_the_rest_is_laid_out_anew() -> None:
    stage = on_stage(plan_of(PULL))
    stage.until(lambda: stage.session.tally.repetitions["pull", "left"] == 1)
    stage.until_state(State.HOLDING)
    stage.say(C.FASTER)
    assert not any("did less" in text for text in to_the_end(stage))


# The journal ------------------------------------------------------------------------------------------------------


def test_the_journal_gets_the_whole_session_in_order() -> None:
    stage = on_stage(plan_of(PULL, side="right"))
    to_the_end(stage)
    dose = [Noted.HOLD, Noted.REPETITION] * 2
    assert [record.noted for record in stage.recorded] == [Noted.STARTED, Noted.INTRODUCED, *dose, Noted.FINISHED]
    assert stage.recorded[2] == Record(Noted.HOLD, Place("pull", "right", 1), {"seconds": 15.0})
    assert stage.recorded[-1].fields == {"reason": "completed", "seconds": stage.now / RATE}


def test_every_text_that_care_needs_is_rendered_beforehand() -> None:
    plan = plan_of(TURN, GLIDE, asks=True, hurts=HURT, check_ins=True, done_today=done(12, 15))
    texts = set(FakeStage(plan).session.texts())
    assert {cue.text for step in plan.steps for cue in step.in_full if isinstance(cue, Prompt)} <= texts
    say = wording().say
    keys = ("after_pain_again", "after_pain_refused", "approval_waiting", "check_in_again", "check_in_numb")
    assert {say(key) for key in keys} | set(wording().talk("ease_off")) <= texts
