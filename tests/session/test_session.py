"""What a session does, command by command. The stage is fake, its clock runs in hundredths of a second."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from fake_stage import RATE, FakeStage, lengths_at

from voicecoach.routine.model import Exercise, Hold, Move, Range, Routine, Say, Wait
from voicecoach.session import defaults
from voicecoach.session.commands import ANSWERS, Command
from voicecoach.session.cues import CueEnded, CueStarted, Earcon, Place, Prompt, ScoreEnded, Sound
from voicecoach.session.cues import Hold as HoldCue
from voicecoach.session.cues import Silence as Quiet
from voicecoach.session.effects import Duck, Effect, Overlay, Play, Reason, Retempo, Silence, StateChanged, Volume
from voicecoach.session.events import (
    CommandGiven,
    Failed,
    Faulted,
    Interrupted,
    PlaybackStarted,
    PromptsRehearsed,
    Restored,
    SpeechReady,
    Started,
    Unrecorded,
)
from voicecoach.session.plan import Choices, Plan, make_plan
from voicecoach.session.session import Session
from voicecoach.session.states import PLAYING, State
from voicecoach.session.wording import wording

C = Command
PULL = Exercise(
    id="pull",
    name="pull",
    sides="both",
    limb="arm",
    repetitions=Range(low=2, high=3),
    steps=(Say(say="Pull the {side}."), Hold(hold=Range(low=15, high=20))),
)
HEAT = Exercise(id="heat", name="heat", optional=True, steps=(Wait(wait=900, say="Warm it."),))
TURN = Exercise(id="turn", name="turns", repetitions=Range(low=2, high=2), steps=(Move(move="Turn.", time=3),))
HOLD_TEXT = "Hold for 15 seconds, from chime to chime."
WAIT_TEXTS = ["Warm it.", "This takes 15 minutes. I will tell you when the time is over."]
WHOLE_HOLD = ["[start]", "[half-way]", "[tick]", "[tick]", "[tick]", "[end]"]


def plan_of(*exercises: Exercise, approved: bool = True, check_ins: bool = False) -> Plan:
    routine = Routine(
        format=1, title="Try", approval=True, about=("It may help.",), check_ins=check_ins, exercises=exercises
    )
    return make_plan(routine, Choices(approved=approved))


def on_stage(*exercises: Exercise, approved: bool = True, lag: int = 0, prompt_retempo: bool = True) -> FakeStage:
    stage = FakeStage(plan_of(*(exercises or (PULL, HEAT, TURN)), approved=approved), lag=lag,
                      prompt_retempo=prompt_retempo)  # fmt: skip
    stage.begin()
    return stage


def in_hold(rep: int = 1, **options: bool) -> FakeStage:
    """Five seconds into a hold of the first exercise."""
    stage = on_stage(**options)
    for _ in range(rep):
        stage.until(lambda: stage.state is not State.HOLDING)
        stage.until_state(State.HOLDING)
    stage.wait(5)
    return stage


def in_state(state: State) -> FakeStage:
    """A session that has just reached ``state``."""
    if state is State.READY:
        return FakeStage(plan_of(PULL))
    if state in (State.ASKING, State.WAITING):
        stage = on_stage(approved=False)
        stage.until_asked()
        stage.until_state(state)
        return stage
    if state in (State.CHECK_IN, State.CHECK_IN_WAITING):
        stage = FakeStage(plan_of(TURN, PULL, check_ins=True))
        stage.begin()
        stage.until_asked()
        stage.until_state(state)
        return stage
    stage = on_stage(PULL)
    if state in (State.INTRODUCING, State.INSTRUCTING, State.HOLDING, State.RESTING, State.CLOSING):
        stage.until_state(state)
        return stage
    command = {State.PAUSED: C.PAUSE, State.SAFETY_TALK: C.PAIN, State.STOPPING: C.STOP}.get(state)
    if state is State.FINISHED:
        stage.say(C.STOP)
        stage.until_silent()
    elif state is State.CHECKING:
        stage.say(C.PAIN, firm=False)
    else:
        assert command is not None
        stage.say(command)
    assert stage.state is state
    return stage


def kinds(effects: list[Effect]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


def timeline_of(effects: list[Effect]) -> list[object]:
    play = next(effect for effect in effects if isinstance(effect, Play))
    return [segment.cue for segment in play.timeline.segments]


def holds_of(stage: FakeStage) -> list[tuple[Place, int, bool]]:
    """Place, frames and completeness of each hold that was begun."""
    return [(end.segment.place, end.at, end.completed) for end in stage.ended if isinstance(end.segment.cue, HoldCue)]


# An undisturbed session -------------------------------------------------------------------------------------------


def test_an_undisturbed_session_does_the_dose_and_ends() -> None:
    stage = on_stage()
    stage.until_silent()
    assert stage.reason is Reason.COMPLETED
    assert dict(stage.session.tally.repetitions) == {("pull", "right"): 2, ("pull", "left"): 2, ("heat", None): 1,
                                               ("turn", None): 2}  # fmt: skip
    assert dict(stage.session.tally.held) == {("pull", "right"): 30 * RATE, ("pull", "left"): 30 * RATE}
    assert stage.said()[-1] == "[ended]"


def test_states_follow_what_sounds() -> None:
    stage = on_stage(PULL)
    stage.until_silent()
    repetition = [State.INSTRUCTING, State.HOLDING, State.RESTING]
    assert stage.states == [State.READY, State.INTRODUCING, *repetition * 4, State.CLOSING, State.FINISHED]


@pytest.mark.parametrize("lag", [0, 1, 7])
def test_remaining_time_counts_down_to_nothing(lag: int) -> None:
    stage = on_stage(lag=lag)
    total = stage.session.remaining(0)
    while stage.reason is None:
        assert stage.session.remaining(stage.now) == max(0, total - stage.now)
        stage.step()


def test_remaining_time_stands_still_in_a_pause() -> None:
    stage = in_hold()
    stage.say(C.PAUSE)
    paused = stage.session.remaining(stage.now)
    stage.wait(100)
    assert stage.session.remaining(stage.now) == paused
    stage.say(C.RESUME)
    left = stage.session.remaining(stage.now)
    since = stage.now
    stage.until_silent()
    assert stage.now == since + left


# Pause and resume -------------------------------------------------------------------------------------------------


def test_pause_is_silence_then_an_earcon_then_words() -> None:
    stage = in_hold()
    effects = stage.say(C.PAUSE)
    assert kinds(effects) == ["Silence", "Play", "StateChanged", "Listen"]
    assert effects[0] == Silence("pause")
    assert timeline_of(effects)[0] == Earcon(Sound.PAUSED)
    at = stage.now
    stage.wait(60)
    assert stage.said(at) == ["[paused]", wording().say("paused")]
    assert stage.state is State.PAUSED


def test_resume_leads_in_and_holds_again_from_zero() -> None:
    stage = in_hold()
    stage.say(C.PAUSE)
    stage.wait(20)
    at = stage.now
    stage.say(C.RESUME)
    stage.until_state(State.RESTING)
    assert stage.said(at)[:5] == ["[resumed]", "Return to the position.", HOLD_TEXT, "hold 15", "[start]"]
    start = next(s.at for s in stage.sounded if s.at > at and s.what == "[start]")
    end = next(s.at for s in stage.sounded if s.at > at and s.what == "[end]")
    assert end - start == 15 * RATE
    assert start - at >= defaults.RESUME_LEAD_IN * RATE
    assert [completed for _, _, completed in holds_of(stage)] == [False, True]
    assert stage.session.tally.held["pull", "right"] == 15 * RATE


def test_resume_leads_in_even_where_the_file_has_none() -> None:
    stage = on_stage(PULL.model_copy(update={"lead_in": 0.0}))
    stage.until_state(State.HOLDING)
    stage.say(C.PAUSE, C.RESUME)
    at = stage.now
    stage.until_said("Return to")
    stage.until_said("[start]")
    assert stage.now - at >= defaults.RESUME_LEAD_IN * RATE


def test_a_completed_hold_is_not_done_again_after_a_pause() -> None:
    stage = on_stage(PULL)
    stage.until_said("Gently let go.")
    stage.say(C.PAUSE)
    stage.wait(10)
    stage.say(C.RESUME)
    stage.until_said("2 of 2")
    assert [completed for _, _, completed in holds_of(stage)] == [True]
    stage.until_silent()
    assert stage.session.tally.repetitions["pull", "right"] == 2


def test_a_hold_that_ends_in_the_very_block_of_the_pause_counts() -> None:
    stage = in_hold()
    stage.collect(stage.now + 10 * RATE)
    assert any(isinstance(event, CueEnded) for event in stage.inbox)
    stage.inbox.appendleft(CommandGiven(C.PAUSE))
    stage.attend()
    assert stage.state is State.PAUSED
    stage.say(C.RESUME)
    stage.until_silent()
    assert stage.session.tally.repetitions["pull", "right"] == 2
    assert len(holds_of(stage)) == 4


def test_pause_needs_no_stretch_to_let_go() -> None:
    stage = on_stage()
    stage.say(C.PAUSE)
    stage.until_silent()
    assert stage.said()[-1] == wording().say("paused_plain")


def test_a_pause_in_the_resuming_words_pauses_again() -> None:
    stage = in_hold()
    stage.say(C.PAUSE, C.RESUME)
    stage.wait(1)
    stage.say(C.PAUSE)
    assert stage.state is State.PAUSED
    stage.say(C.RESUME)
    stage.until_silent()
    assert stage.reason is Reason.COMPLETED
    assert stage.session.tally.repetitions["pull", "right"] == 2


@pytest.mark.parametrize("said", [(C.PAUSE, C.RESUME), (C.REPEAT,), (C.HELP,), (C.FASTER,), (C.NEXT, C.BACK)])
def test_a_command_at_any_cue_boundary_changes_no_dose(said: tuple[Command, ...]) -> None:
    plan, number, reached = plan_of(PULL.model_copy(update={"sides": "right"}), TURN), 0, True
    while reached:
        stage = FakeStage(plan)
        stage.begin()
        while (reached := stage.reason is None) and len(stage.ended) <= number:
            stage.step()
        if stage.state in PLAYING:
            stage.say(*said)
        stage.until_silent()
        assert dict(stage.session.tally.repetitions) == {("pull", "right"): 2, ("turn", None): 2}
        assert dict(stage.session.tally.held) == {("pull", "right"): 30 * RATE}
        number += 1
    assert number > 40


# Waits ------------------------------------------------------------------------------------------------------------


def in_wait(seconds: float = 100) -> FakeStage:
    stage = on_stage(HEAT, TURN)
    stage.until_said("This takes 15 minutes.")
    stage.until_state(State.RESTING)
    stage.wait(seconds)
    return stage


def test_a_wait_goes_on_where_it_was_paused() -> None:
    stage = in_wait()
    for waited in (100, 300):
        stage.say(C.PAUSE)
        stage.wait(1000)
        at = stage.now
        stage.say(C.RESUME)
        assert stage.session.remaining(at) >= (900 - waited) * RATE
        stage.wait(200.7)
    at = stage.now
    stage.until_said("The time is over.")
    began = next(s.at for s in stage.sounded if s.at > at and s.what == "[end]")
    assert began - at == pytest.approx((900 - 500) * RATE, abs=2)
    stage.until_silent()
    assert stage.session.tally.repetitions["heat", None] == 1


def test_a_wait_that_is_over_is_not_waited_again() -> None:
    stage = in_wait()
    stage.until_said("The time is over.")
    stage.say(C.PAUSE, C.RESUME)
    at = stage.now
    stage.until_said("turns")
    assert stage.now - at < 10 * RATE


def test_skip_leaves_a_wait() -> None:
    stage = in_wait()
    stage.say(C.NEXT)
    stage.until_said("The exercise is: turns.")
    assert stage.session.tally.repetitions["heat", None] == 0


def test_back_after_a_skip_keeps_what_was_waited() -> None:
    stage = in_wait(800)
    stage.say(C.NEXT)
    stage.wait(1)
    stage.say(C.BACK)
    at = stage.now
    stage.until_said("The time is over.")
    assert stage.now - at < 110 * RATE


def test_repeat_in_a_wait_says_it_again_and_waits_on() -> None:
    stage = in_wait(800)
    at = stage.now
    stage.say(C.REPEAT)
    stage.until_said("The time is over.")
    assert stage.said(at)[:3] == ["[heard]", *WAIT_TEXTS]
    assert stage.now - at < 110 * RATE


def test_repeat_in_a_paused_wait_does_not_say_that_it_is_over() -> None:
    stage = in_wait()
    stage.say(C.PAUSE)
    stage.until_silent()
    at = stage.now
    stage.say(C.REPEAT)
    stage.until_silent()
    assert stage.said(at) == ["[heard]", *WAIT_TEXTS]


def test_slower_and_faster_leave_a_wait_alone() -> None:
    stage = in_wait(0)
    at = stage.now
    stage.say(C.FASTER, C.FASTER)
    stage.until_said("[end]")
    assert next(s.at for s in stage.sounded if s.what == "[end]") - at == pytest.approx(900 * RATE, abs=2)


# Repeat -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rep", [1, 2])
def test_repeat_in_a_hold_gives_the_full_instruction_and_holds_again(rep: int) -> None:
    stage = in_hold(rep)
    at = stage.now
    stage.say(C.REPEAT)
    assert stage.state is State.INSTRUCTING
    stage.until_said("Gently let go.")
    assert stage.said(at) == ["[heard]", "Pull the right.", HOLD_TEXT, "hold 15", *WHOLE_HOLD, "Gently let go."]
    stage.until_silent()
    assert stage.session.tally.repetitions["pull", "right"] == 2


def test_repeat_in_a_rest_speaks_and_does_nothing_again() -> None:
    stage = on_stage(PULL)
    stage.until_said("Gently let go.")
    stage.until_state(State.RESTING)
    stage.wait(3)
    for _ in range(2):
        at = stage.now
        stage.say(C.REPEAT)
        stage.until_said("Pull the right.")
        assert stage.said(at) == ["[heard]", "Pull the right."]
    stage.say(C.PAUSE, C.RESUME)
    stage.until_silent()
    assert len(holds_of(stage)) == 4
    assert stage.session.tally.repetitions["pull", "right"] == 2


def test_repeat_after_a_movement_counts_it_once() -> None:
    stage = on_stage(TURN)
    stage.until(lambda: bool(stage.session.tally.repetitions))
    stage.say(C.REPEAT)
    stage.until_silent()
    assert stage.session.tally.repetitions["turn", None] == 2


def test_repeat_of_a_later_part_starts_no_earlier_hold_again() -> None:
    steps = (Say(say="One."), Hold(hold=Range(low=5, high=5)), Say(say="Two."), Hold(hold=Range(low=6, high=6)))
    stage = on_stage(Exercise(id="two", name="two", steps=steps))
    stage.until_said("hold 6")
    at = stage.now
    stage.say(C.REPEAT)
    stage.until_silent()
    assert stage.said(at)[:4] == ["[heard]", "Two.", "Hold for 6 seconds, from chime to chime.", "hold 6"]
    assert stage.session.tally.held["two", None] == 11 * RATE


def test_repeat_in_the_introduction_says_that_sentence_again() -> None:
    stage = on_stage()
    stage.until_said("It may help.")
    at = stage.now
    stage.say(C.REPEAT)
    stage.until_said("You can speak to me")
    assert stage.said(at)[:2] == ["[heard]", "It may help."]


def test_repeat_while_paused_speaks_and_stays_paused() -> None:
    stage = in_hold(2)
    stage.say(C.PAUSE)
    stage.until_silent()
    at = stage.now
    stage.say(C.REPEAT)
    stage.until_silent()
    assert stage.said(at) == ["[heard]", "Pull the right.", HOLD_TEXT]
    assert stage.state is State.PAUSED


def test_full_wording_survives_what_interrupts_it() -> None:
    for command in (C.TIME_LEFT, C.SLOWER):
        stage = in_hold(2)
        stage.say(C.REPEAT)
        stage.until_said("Pull the right.")
        stage.say(command)
        stage.until_said(HOLD_TEXT)
    stage = in_hold(2)
    stage.say(C.REPEAT)
    stage.until_said("Pull the right.")
    stage.say(C.PAUSE, C.RESUME)
    stage.until_said(HOLD_TEXT)


# Stop and pain ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(set(State) - {State.SAFETY_TALK, State.STOPPING, State.FINISHED}))
def test_stop_silences_at_once_and_ends_after_its_grace(state: State) -> None:
    stage = in_state(state)
    effects = stage.say(C.STOP)
    assert effects[0] == Silence("stop")
    at = stage.now
    assert stage.session.next_deadline() == at + defaults.STOP_GRACE * RATE
    stage.until_silent()
    assert stage.now == at + defaults.STOP_GRACE * RATE
    assert stage.reason is Reason.STOP
    assert stage.said(at + 1) == []
    assert [sounded.what for sounded in stage.sounded if sounded.at == at][-1] == "[ended]"


@pytest.mark.parametrize(("command", "reason"), [(C.PAIN, Reason.PAIN), (C.EMERGENCY, Reason.EMERGENCY)])
def test_stop_it_hurts_is_pain(command: Command, reason: Reason) -> None:
    stage = in_hold()
    stage.say(C.STOP)
    stage.wait(1.9)
    stage.say(command)
    stage.until_silent()
    assert stage.reason is reason
    assert wording().talk(reason.value)[-1] in stage.said()


def test_in_the_grace_of_stop_a_suspicion_of_pain_is_enough_one_of_stop_is_not() -> None:
    stage = in_hold()
    stage.say(C.STOP)
    assert stage.say(C.STOP, firm=False) == []
    assert stage.say(C.STOP) == []
    stage.say(C.PAIN, firm=False)
    stage.until_silent()
    assert stage.reason is Reason.PAIN


@pytest.mark.parametrize("state", sorted(set(State) - {State.SAFETY_TALK, State.FINISHED}))
@pytest.mark.parametrize(("command", "reason"), [(C.PAIN, Reason.PAIN), (C.EMERGENCY, Reason.EMERGENCY)])
def test_pain_from_every_state(state: State, command: Command, reason: Reason) -> None:
    stage = in_state(state)
    effects = stage.say(command)
    assert effects[0] == Silence(reason.value)
    at = stage.now
    stage.until_silent()
    assert stage.said(at)[-len(wording().talk(reason.value)) - 1 :] == ["[pain]", *wording().talk(reason.value)]
    assert stage.reason is reason
    assert stage.states[-2:] == [State.SAFETY_TALK, State.FINISHED]


def test_pain_wins_over_everything_that_happens_at_the_same_instant() -> None:
    stage = in_state(State.ASKING)
    stage.until(lambda: stage.session.next_deadline() is not None)
    deadline = stage.session.next_deadline()
    assert deadline is not None
    stage.now = deadline
    stage.say(C.PAIN)
    assert stage.state is State.SAFETY_TALK
    stage = in_hold()
    stage.say(C.STOP)
    stage.wait(defaults.STOP_GRACE - 0.01)
    stage.now += 1
    assert stage.session.next_deadline() == stage.now
    stage.say(C.PAIN)
    stage.until_silent()
    assert stage.reason is Reason.PAIN


def test_the_end_of_what_pain_silenced_does_not_end_the_advice() -> None:
    stage = on_stage(PULL)
    stage.until_state(State.CLOSING)
    # The last block of the session is told of only after the pain that the player let pass in front of it.
    due = stage.session.remaining(stage.now) + stage.now
    stage.collect(due)
    assert any(isinstance(event, ScoreEnded) for event in stage.inbox)
    stage.say(C.PAIN)
    assert stage.state is State.SAFETY_TALK
    stage.until_silent()
    assert stage.reason is Reason.PAIN
    assert wording().talk("pain")[-1] in stage.said()


def test_in_the_safety_talk_pain_changes_nothing() -> None:
    stage = in_hold()
    stage.say(C.PAIN)
    stage.until_said("The session is over.")
    at = stage.now
    assert stage.say(C.PAIN) == []
    ignored = set(C) - {C.PAIN, C.EMERGENCY, C.STOP, C.LOUDER, C.QUIETER}
    assert stage.say(*ignored) == []
    assert stage.say(*C, firm=False) == []
    stage.until_silent()
    assert stage.said(at) == list(wording().talk("pain")[2:])


def test_stop_ends_the_safety_talk_and_pain_stays_the_reason() -> None:
    for event in (CommandGiven(C.STOP), Interrupted(), Failed()):
        stage = in_hold()
        stage.say(C.PAIN)
        stage.until_said("The session is over.")
        effects = stage.tell(event)
        assert isinstance(effects[0], Silence)
        assert stage.reason is Reason.PAIN


@pytest.mark.parametrize("sentence", range(6))
def test_an_emergency_in_the_safety_talk_is_told_after_the_current_sentence(sentence: int) -> None:
    talk = wording().talk("pain")
    stage = in_hold()
    at = stage.now
    stage.say(C.PAIN)
    if sentence == len(talk):
        stage.until(lambda: stage.ended[-1].segment.cue == Prompt(talk[-1]))
    else:
        stage.until_said(talk[sentence])
    stage.say(C.EMERGENCY)
    assert stage.silences[-1] == (at, "pain")
    stage.say(C.EMERGENCY)
    stage.until_silent()
    spoken = talk[: sentence + 1]
    assert stage.said(at)[-len(spoken) - 4 :] == ["[pain]", *spoken, *wording().talk("emergency")]
    assert stage.reason is Reason.EMERGENCY


def test_an_emergency_right_after_pain_leaves_the_low_tone_whole() -> None:
    stage = in_hold()
    at = stage.now
    stage.say(C.PAIN, C.EMERGENCY)
    stage.until_silent()
    assert stage.said(at)[-4:] == ["[pain]", *wording().talk("emergency")]
    assert all(end.completed for end in stage.ended if end.at > at)


# Next and back ----------------------------------------------------------------------------------------------------


def test_next_goes_to_the_next_side_and_then_the_next_exercise() -> None:
    stage = in_hold()
    assert stage.say(C.NEXT)[0] == Silence("next")
    stage.until_said("Now the left arm.")
    stage.say(C.NEXT)
    stage.until_said("This part is recommended")
    assert not stage.session.tally.repetitions


def test_next_twice_in_one_breath_skips_two() -> None:
    stage = in_hold()
    stage.say(C.NEXT, C.NEXT)
    stage.until_said("This part is recommended")
    assert "Now the left arm." not in stage.said()


def test_next_of_the_last_exercise_closes_the_session() -> None:
    stage = on_stage(TURN)
    stage.until_said("Turn.")
    stage.say(C.NEXT)
    stage.until_silent()
    assert stage.reason is Reason.COMPLETED
    assert wording().say("complete") in stage.said()


def test_next_in_the_introduction_leaves_out_a_sentence_but_never_the_question() -> None:
    stage = on_stage(approved=False)
    stage.say(C.NEXT)
    stage.until_asked()
    assert stage.say(C.NEXT) == []
    stage.say(C.YES)
    stage.until_said("It may help.")
    stage.say(C.NEXT)
    stage.until_said("You can speak to me")


def test_back_takes_back_a_skip() -> None:
    stage = in_hold(2)
    stage.say(C.NEXT)
    stage.until_said("Now the left arm.")
    at = stage.now
    stage.say(C.BACK)
    stage.until_state(State.HOLDING)
    assert stage.session.place == Place("pull", "right", 2)
    stage.until_silent()
    assert stage.session.tally.repetitions["pull", "right"] == 2
    assert stage.said(at)[1:3] == ["hold 15", "[start]"]


def test_back_takes_back_only_a_skip_that_nothing_was_done_after() -> None:
    stage = in_hold()
    stage.say(C.NEXT)
    stage.until(lambda: stage.session.tally.repetitions["pull", "left"] == 1)
    at = stage.now
    stage.say(C.BACK)
    stage.until_said("Now the left arm.")
    assert stage.said(at)[-1] == "Now the left arm."
    assert "[start]" not in stage.said(at)


def test_a_hold_that_ends_in_the_very_block_of_a_skip_counts_and_the_skip_can_be_taken_back() -> None:
    stage = in_hold()
    stage.collect(stage.now + 10 * RATE)
    stage.inbox.appendleft(CommandGiven(C.NEXT))
    stage.attend()
    assert stage.session.tally.repetitions["pull", "right"] == 1
    stage.say(C.BACK)
    assert stage.session.place == Place("pull", "right", 1)


def test_back_begins_this_side_again_once_something_was_done_else_the_one_before() -> None:
    stage = in_hold(2)
    stage.say(C.BACK)
    stage.until_said("The exercise is: pull.")
    stage = in_hold(3)
    assert stage.session.place == Place("pull", "left", 1)
    stage.say(C.BACK)
    at = stage.now
    stage.until_said("The exercise is: pull.")
    assert stage.said(at) == ["[heard]", "The exercise is: pull."]


def test_back_in_the_introduction_says_the_sentence_before() -> None:
    stage = on_stage(approved=False)
    stage.until_asked()
    stage.say(C.YES)
    stage.until_said("It may help.")
    at = stage.now
    stage.say(C.BACK)
    stage.until_said("It may help.")
    # The question in between has its answer.
    assert stage.said(at) == ["[heard]", "Try.", "It may help."]


def test_back_from_the_first_exercise_begins_it_again() -> None:
    stage = in_hold()
    stage.say(C.BACK)
    stage.until_said("The exercise is: pull.")
    assert stage.state is State.INSTRUCTING


def test_next_and_back_from_a_pause_go_on() -> None:
    for command, text in ((C.NEXT, "Now the left arm."), (C.BACK, "The exercise is: pull.")):
        stage = in_hold()
        stage.say(C.PAUSE, command)
        stage.until_said(text)
        assert stage.state is State.INSTRUCTING


# Numbness ---------------------------------------------------------------------------------------------------------


def test_numb_leaves_the_exercise_out_for_the_rest_of_the_session() -> None:
    stage = in_hold()
    at = stage.now
    stage.say(C.NUMB)
    stage.until_said("This part is recommended")
    assert stage.said(at)[:2] == ["[heard]", wording().say("numb")]
    at = stage.now
    stage.say(C.BACK)
    stage.until_silent()
    assert "pull" not in {end.segment.place.exercise for end in stage.ended if end.at > at + 1}
    assert stage.reason is Reason.COMPLETED


def test_back_never_leads_to_what_was_left_out() -> None:
    stage = in_hold()
    stage.say(C.NEXT, C.NUMB, C.BACK)
    assert stage.session.place.exercise == "heat"


def test_numb_in_everything_leaves_only_the_end() -> None:
    stage = on_stage()
    for exercise in (PULL, HEAT, TURN):
        stage.until_said(f"{exercise.name}.")
        stage.say(C.NUMB)
        stage.wait(0.1)
    stage.say(C.BACK)
    stage.until_silent()
    assert stage.reason is Reason.COMPLETED
    assert not stage.session.tally.repetitions


def test_numb_outside_an_exercise_gives_the_advice_and_goes_on() -> None:
    stage = on_stage()
    at = stage.now
    stage.say(C.NUMB)
    stage.until_said("It may help.")
    assert stage.said(at)[-3:] == [wording().say("numb_plain"), "Try.", "It may help."]


def test_numb_answers_whether_something_hurt() -> None:
    stage = in_hold()
    stage.say(C.PAIN, firm=False)
    stage.say(C.NUMB)
    stage.until_silent()
    assert stage.state is State.PAUSED
    stage.say(C.RESUME)
    stage.until_said("This part is recommended")


# Answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [C.TIME_LEFT, C.WHERE, C.HELP])
def test_an_answer_in_a_hold_does_not_stop_the_clock(command: Command) -> None:
    stage = on_stage()
    stage.until_state(State.HOLDING)
    stage.wait(1)
    assert kinds(stage.say(command)) == ["Overlay"]
    stage.until_state(State.RESTING)
    start, end = (next(s.at for s in stage.sounded if s.what == what) for what in ("[start]", "[end]"))
    assert end - start == 15 * RATE
    assert stage.session.tally.held["pull", "right"] == 15 * RATE


def test_a_second_question_while_one_is_answered_is_left_alone() -> None:
    stage = in_hold()
    stage.say(C.WHERE)
    assert stage.say(C.TIME_LEFT, C.WHERE) == []


def test_an_answer_waits_for_the_next_quiet_stretch_of_a_hold() -> None:
    stage = in_hold()
    at = stage.now
    assert [type(effect) for effect in stage.say(C.HELP)] == [Overlay, Overlay]
    assert stage.say(C.WHERE) == []
    stage.until_state(State.RESTING)
    assert stage.said(at) == ["[heard]", "[half-way]", wording().say("help"), *WHOLE_HOLD[2:]]
    stage = in_hold()
    at = stage.now
    stage.say(C.HELP, C.PAUSE)
    stage.until_silent()
    assert wording().say("help") not in stage.said(at)


def test_an_answer_that_has_no_room_comes_after_the_step() -> None:
    stage = in_hold()
    stage.wait(7.5)
    at = stage.now
    effects = stage.say(C.HELP)
    assert effects[0] == Overlay(Earcon(Sound.HEARD))
    stage.say(C.TIME_LEFT)
    stage.until_said("2 of 2")
    marks = ["[heard]", "[heard]", "[tick]", "[tick]", "[end]", "Gently let go."]
    said = stage.said(at)
    assert said[: len(marks)] == marks
    assert said[len(marks)] == wording().say("help")
    assert "left" in said[len(marks) + 1]
    assert [completed for _, _, completed in holds_of(stage)] == [True]


def test_new_speech_does_not_lose_an_answer_that_waits() -> None:
    stage = in_hold()
    stage.wait(8)
    stage.say(C.HELP, C.FASTER)
    stage.until_said(wording().say("help"))
    stage.until_said("2 of 2")


def test_an_answer_at_the_very_end_of_a_step_is_given_with_the_next() -> None:
    stage = on_stage()
    stage.until_said("It may help.")
    stage.until(lambda: stage.ended[-1].segment.cue == Prompt("It may help."))
    stage.wait(0.45)
    assert kinds(stage.say(C.HELP)) == ["Overlay"]
    at = stage.now
    stage.until_said("The exercise is: pull.")
    assert wording().say("help") in stage.said(at)
    assert all(end.completed for end in stage.ended if end.at > at)


def test_a_pause_before_such_an_answer_drops_it() -> None:
    stage = on_stage()
    stage.until_said("It may help.")
    stage.until(lambda: stage.ended[-1].segment.cue == Prompt("It may help."))
    stage.wait(0.45)
    stage.say(C.HELP, C.PAUSE, C.RESUME)
    stage.until_said("The exercise is: pull.")
    assert wording().say("help") not in stage.said()


def test_what_was_over_before_the_answer_is_not_said_again_after_a_pause_in_it() -> None:
    stage = on_stage()
    stage.until_said("It may help.")
    stage.until(lambda: stage.ended[-1].segment.cue == Prompt("It may help."))
    stage.say(C.HELP)
    stage.until_said(wording().say("help"))
    stage.say(C.PAUSE, C.RESUME)
    stage.until_said("The exercise is: pull.")
    assert stage.said().count("It may help.") == 1


def test_an_answer_over_a_sentence_says_that_sentence_again() -> None:
    stage = on_stage()
    stage.until_said("It may help.")
    at = stage.now
    stage.say(C.HELP)
    stage.until_said("You can speak to me")
    assert stage.said(at)[-4:-1] == ["[heard]", wording().say("help"), "It may help."]


def test_an_answer_never_cuts_advice() -> None:
    stage = in_hold()
    stage.say(C.NUMB)
    stage.until_said(wording().say("numb"))
    at = stage.now
    stage.say(C.TIME_LEFT)
    stage.until_said("This part is recommended")
    assert all(end.completed for end in stage.ended if end.at > at)


def test_answers_while_paused() -> None:
    stage = in_hold()
    stage.say(C.PAUSE)
    at = stage.now
    stage.say(C.WHERE)
    stage.until_silent()
    assert stage.said(at)[-2:] == ["[heard]", "Pull, right arm. Repetition 1 of 2."]
    assert stage.state is State.PAUSED


def test_pausing_cuts_an_answer() -> None:
    stage = in_hold()
    stage.say(C.WHERE, C.PAUSE)
    assert stage.silences[-1] == (stage.now, "pause")
    stage.say(C.RESUME)
    assert kinds(stage.say(C.WHERE)) == ["Overlay"]
    # After that there is an answer again.
    stage.say(C.PAUSE)
    stage.say(C.RESUME)
    stage.until_state(State.HOLDING)
    stage.wait(1)
    assert kinds(stage.say(C.WHERE)) == ["Overlay"]


@pytest.mark.parametrize(("minutes", "key"), [(0.4, "time_left_less"), (1.2, "time_left_one"), (7.4, "time_left")])
def test_time_left_in_minutes(minutes: float, key: str) -> None:
    stage = in_wait(0)
    stage.wait(stage.session.remaining(stage.now) / RATE - minutes * 60)
    at = stage.now
    stage.say(C.TIME_LEFT)
    text = wording().say(key, minutes=round(minutes))
    stage.until(lambda: text in stage.said(at))


# Speed and volume -------------------------------------------------------------------------------------------------


def test_faster_scales_speech_and_rests_and_no_hold() -> None:
    stage = on_stage(PULL)
    whole = stage.session.remaining(0)
    stage.say(C.FASTER)
    stage.until_silent()
    assert stage.now < whole - 5 * RATE
    chimes = [s.at for s in stage.sounded if s.what in ("[start]", "[end]")]
    assert [end - start for start, end in zip(chimes[::2], chimes[1::2], strict=True)] == [15 * RATE] * 4


def test_new_speech_begins_after_the_current_step_without_a_gap() -> None:
    stage = in_hold(prompt_retempo=False)
    effects = stage.say(C.SLOWER)
    assert Overlay(Earcon(Sound.HEARD)) in effects
    assert stage.session.speed == pytest.approx(1 / defaults.SPEED_STEP)
    stage.wait(1)
    stage.finish_retempo()
    at = stage.now
    stage.until_said("2 of 2")
    assert all(end.completed for end in stage.ended if end.at > at)
    cues = [end for end in stage.ended if end.at > at and not isinstance(end.segment.cue, Earcon | HoldCue)]
    starts = [end.at - (end.segment.end - end.segment.start) for end in cues]
    assert starts[1:] == [end.at for end in cues[:-1]]
    rest = cues[-1]
    assert rest.segment.end - rest.segment.start == round(defaults.REST * RATE * defaults.SPEED_STEP)


def test_new_speech_before_anything_has_sounded_is_used_with_the_next_step() -> None:
    stage = on_stage(PULL)
    stage.tell(SpeechReady(lengths_at(0.5)))
    stage.until_said("You can speak to me")
    spoken = Prompt(stage.said()[-1])
    stage.until(lambda: stage.ended[-1].segment.cue == spoken)
    segment = stage.ended[-1].segment
    assert segment.end - segment.start == lengths_at(0.5).prompt(spoken.text)


@pytest.mark.parametrize("before", [C.PAUSE, C.PAIN])
def test_new_speech_while_paused_or_in_the_talk_disturbs_nothing(before: Command) -> None:
    stage = in_hold(prompt_retempo=False)
    stage.say(C.FASTER, before)
    stage.finish_retempo()
    assert kinds(stage.effects) == []
    stage.until_silent()
    assert stage.state is (State.PAUSED if before is C.PAUSE else State.FINISHED)


def test_new_speech_while_asking_leaves_the_question_alone() -> None:
    stage = on_stage(approved=False)
    stage.until_state(State.ASKING)
    stage.say(C.SLOWER)
    stage.wait(60)
    assert stage.state is State.WAITING
    stage.say(C.YES)
    stage.until_silent()
    assert stage.reason is Reason.COMPLETED


def test_speed_and_volume_have_limits() -> None:
    stage = on_stage()
    for _ in range(9):
        stage.say(C.FASTER, C.LOUDER)
    assert (stage.session.speed, stage.volume) == (defaults.FASTEST, defaults.LOUDEST)
    assert not any(isinstance(effect, Retempo) for effect in stage.say(C.FASTER))
    for _ in range(14):
        stage.say(C.SLOWER, C.QUIETER)
    assert (stage.session.speed, stage.volume) == (defaults.SLOWEST, defaults.QUIETEST)
    assert [type(effect) for effect in stage.say(C.LOUDER)] == [Volume, Overlay]


# Questions --------------------------------------------------------------------------------------------------------


def test_no_answer_is_asked_once_more_shorter_and_then_waited_for() -> None:
    stage = on_stage(approved=False)
    stage.until_silent()
    words = wording()
    assert stage.said() == ["Try.", words.say("approval"), words.say("approval_again"), "[paused]",
                            words.say("approval_waiting")]  # fmt: skip
    assert stage.state is State.WAITING
    asked = [s.at for s in stage.sounded]
    said = stage.session.lengths.prompt(words.say("approval"))
    assert asked[2] - asked[1] - said == defaults.ANSWER_TIME * RATE
    stage.say(C.YES)
    stage.until_silent()
    assert stage.reason is Reason.COMPLETED


@pytest.mark.parametrize("state", [State.ASKING, State.WAITING])
def test_no_refuses_and_says_so(state: State) -> None:
    stage = in_state(state)
    at = stage.now
    stage.say(C.NO)
    stage.until_silent()
    assert stage.reason is Reason.REFUSED
    assert stage.said(at)[-3:] == ["[heard]", wording().say("approval_refused"), "[ended]"]
    assert not stage.session.tally.held


def test_stop_after_a_refusal_leaves_it_a_refusal() -> None:
    stage = in_state(State.ASKING)
    stage.say(C.NO, C.STOP)
    stage.until_silent()
    assert stage.reason is Reason.REFUSED


def test_after_a_refusal_nothing_of_the_routine_is_played() -> None:
    for doubt, command in ((True, C.NEXT), (True, C.BACK), (True, C.REPEAT), (True, C.NUMB), (False, C.PAUSE)):
        stage = in_state(State.ASKING)
        stage.say(C.NO)
        stage.wait(0.1)
        stage.say(C.PAIN, firm=False)
        stage.say(C.RESUME if doubt else C.PAUSE)
        stage.say(command)
        at = stage.now
        if not doubt:
            stage.say(C.REPEAT, C.RESUME, C.WHERE)
        stage.until_silent()
        assert stage.reason is Reason.REFUSED
        allowed = {wording().say(key) for key in ("approval_refused", "where_introduction", "numb_plain")}
        assert set(stage.said(at + 1)) <= {"[ended]", *allowed}


@pytest.mark.parametrize("command", [C.REPEAT, C.RESUME])
def test_the_question_is_asked_again_in_full(command: Command) -> None:
    stage = in_state(State.WAITING)
    at = stage.now
    stage.say(command)
    stage.until_silent()
    words = wording()
    # And then everything once more: shorter, and waiting.
    asked = [words.say("approval"), words.say("approval_again"), "[paused]", words.say("approval_waiting")]
    assert stage.said(at)[-4:] == asked


def test_yes_just_when_the_time_for_an_answer_is_over_is_a_yes() -> None:
    stage = on_stage(approved=False)
    stage.until(lambda: stage.session.next_deadline() is not None)
    deadline = stage.session.next_deadline()
    assert deadline is not None
    stage.now = deadline
    stage.say(C.YES)
    assert stage.state is State.INTRODUCING
    stage.until_said("It may help.")
    assert wording().say("approval_again") not in stage.said()


def test_yes_and_no_mean_nothing_where_nothing_was_asked() -> None:
    stage = in_hold()
    assert not stage.armed & ANSWERS
    assert stage.say(C.YES, C.NO, C.FINE) == []


def test_pausing_a_question_waits_and_asks_again() -> None:
    stage = in_state(State.ASKING)
    stage.say(C.PAUSE)
    assert stage.state is State.WAITING
    stage.wait(100)
    assert stage.state is State.WAITING
    stage.say(C.RESUME)
    assert stage.state is State.ASKING


# Suspicion, faults and other ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [C.PAIN, C.EMERGENCY, C.STOP])
def test_a_suspicion_freezes_the_clock_and_asks(command: Command) -> None:
    stage = in_hold()
    at = stage.now
    effects = stage.say(command, firm=False)
    assert effects[0] == Silence("suspicion")
    assert stage.state is State.CHECKING
    stage.until_silent()
    assert stage.state is State.PAUSED
    question = "is_anything_wrong" if command is C.EMERGENCY else "did_it_hurt"
    assert stage.said(at) == [wording().say(question), "[paused]", wording().say("still_waiting")]
    assert [completed for _, _, completed in holds_of(stage)] == [False]


@pytest.mark.parametrize("command", [C.NO, C.RESUME, C.FINE])
def test_nothing_hurt_so_the_hold_begins_again(command: Command) -> None:
    stage = in_hold()
    stage.say(C.PAIN, firm=False)
    stage.say(command)
    stage.until_said("Return to the position.")
    stage.until_said("[end]")
    assert stage.session.tally.held["pull", "right"] == 15 * RATE


def test_it_did_hurt() -> None:
    stage = in_hold()
    stage.say(C.PAIN, firm=False)
    stage.say(C.YES)
    stage.until_silent()
    assert stage.reason is Reason.PAIN
    assert wording().talk("pain")[-1] in stage.said()


def test_a_suspicion_during_the_question_asks_that_question_again_in_full() -> None:
    stage = in_state(State.ASKING)
    stage.until_said(wording().say("approval_again"))
    stage.say(C.PAIN, firm=False)
    at = stage.now
    stage.say(C.NO)
    stage.until_silent()
    words = wording()
    assert stage.said(at)[-4:-2] == [words.say("approval"), words.say("approval_again")]


def test_a_suspicion_while_closing_closes_again() -> None:
    stage = in_state(State.CLOSING)
    stage.say(C.PAIN, firm=False)
    stage.say(C.NO)
    stage.say(C.NEXT)
    stage.until_silent()
    assert stage.reason is Reason.COMPLETED


def test_a_weak_ordinary_command_ducks_and_no_more() -> None:
    stage = in_hold()
    assert kinds(stage.say(C.PAUSE, firm=False)) == ["Duck"]
    stage.say(C.PAUSE)
    assert stage.say(C.RESUME, firm=False) == []


@pytest.mark.parametrize(("what", "key"), [("ear", "cannot_hear"), ("device", "sound_lost")])
@pytest.mark.parametrize("state", [State.INTRODUCING, State.HOLDING, State.ASKING, State.WAITING, State.CHECKING])
def test_a_fault_pauses_and_says_why(state: State, what: str, key: str) -> None:
    stage = in_state(state)
    at = stage.now
    stage.tell(Faulted(what))  # type: ignore[arg-type]
    assert stage.state is State.PAUSED
    stage.until_silent()
    assert stage.said(at)[-2:] == ["[trouble]", wording().say(key)]
    stage.say(C.RESUME)
    stage.until_silent()
    assert stage.state in (State.FINISHED, State.WAITING)


@pytest.mark.parametrize(("what", "key"), [("ear", "cannot_hear"), ("device", "sound_lost")])
def test_a_fault_in_a_pause_is_told_too(what: str, key: str) -> None:
    stage = in_state(State.PAUSED)
    at = stage.now
    stage.tell(Faulted(what))  # type: ignore[arg-type]
    assert stage.state is State.PAUSED
    stage.until_silent()
    assert stage.said(at)[-2:] == ["[trouble]", wording().say(key)]


@pytest.mark.parametrize(("what", "keys"), [("ear", []), ("device", ["sound_lost"])])
def test_when_it_is_over_it_says_what_could_not_be_heard_and_how_to_go_on(what: str, keys: list[str]) -> None:
    stage = in_state(State.HOLDING)
    stage.tell(Faulted(what))  # type: ignore[arg-type]
    stage.until_silent()
    at = stage.now
    stage.tell(Restored())
    stage.until_silent()
    assert stage.said(at) == ["[paused]", *(wording().say(key) for key in (*keys, "still_waiting"))]
    stage.say(C.RESUME)
    assert stage.state is State.INSTRUCTING


@pytest.mark.parametrize("what", ["ear", "device"])
def test_advice_in_a_pause_that_a_fault_cut_is_said_in_full_once_it_can_be_heard(what: str) -> None:
    stage = in_state(State.CHECK_IN)
    stage.say(C.YES)
    stage.wait(1)
    stage.tell(Faulted(what))  # type: ignore[arg-type]
    at = stage.now
    stage.until_silent()
    advice = [text for text in wording().talk("ease_off") if text != wording().say("still_waiting")]
    said = stage.said(at)
    assert said == (["[trouble]", wording().say("cannot_hear"), *advice] if what == "ear" else said)
    at = stage.now
    stage.tell(Restored())
    stage.until_silent()
    lost = [wording().say("sound_lost"), *advice] if what == "device" else []
    assert stage.said(at) == ["[paused]", *lost, wording().say("still_waiting")]
    stage.say(C.RESUME)
    stage.wait(1)
    stage.say(C.PAUSE)
    stage.wait(5)
    at = stage.now
    stage.tell(Faulted("ear"))
    stage.until_silent()
    assert stage.said(at) == ["[trouble]", wording().say("cannot_hear")], "the advice was heard"


def test_a_safety_talk_that_nobody_heard_begins_anew_when_the_sound_is_back_but_once() -> None:
    stage = in_hold()
    stage.say(C.PAIN)
    stage.wait(1)
    stage.tell(Restored())
    stage.wait(1)
    assert stage.said().count("[pain]") == 1, "the sound was never gone"
    stage.tell(Faulted("device"))
    stage.wait(2)
    at = stage.now
    stage.tell(Restored())
    stage.wait(1)
    stage.tell(Faulted("device"))
    stage.tell(Restored())
    stage.until_silent()
    assert stage.said(at) == ["[pain]", *wording().talk("pain")]
    assert stage.reason is Reason.PAIN


def test_a_fault_after_stop_ends_at_once() -> None:
    stage = in_hold()
    stage.say(C.STOP)
    stage.tell(Faulted("device"))
    assert stage.reason is Reason.STOP


@pytest.mark.parametrize("state", sorted(set(State) - {State.FINISHED, State.SAFETY_TALK}))
@pytest.mark.parametrize(("event", "reason"), [(Interrupted(), Reason.INTERRUPT), (Failed(), Reason.ERROR)])
def test_an_interrupt_or_a_failure_ends_at_once(state: State, event: Interrupted | Failed, reason: Reason) -> None:
    stage = in_state(state)
    effects = stage.tell(event)
    assert effects[0] == Silence(reason.value)
    assert stage.reason is reason


def test_after_the_end_nothing_happens() -> None:
    stage = in_state(State.FINISHED)
    for command in C:
        for firm in (True, False):
            assert stage.session.handle(CommandGiven(command, firm), stage.now) == []
    facts = (Started(), Interrupted(), Failed(), Faulted("ear"), SpeechReady(lengths_at(1.0)), ScoreEnded(9))
    for event in (None, PromptsRehearsed(lengths_at(1.0)), *facts):
        assert stage.session.handle(event, stage.now) == []


# A journal that cannot be written ---------------------------------------------------------------------------------

NEWS = "Part of today's session may be missing from your journal. Nothing else has changed."


def test_in_a_hold_it_is_said_once_the_hold_is_over_and_nothing_is_moved() -> None:
    stage = in_hold()
    since = stage.now
    assert stage.tell(Unrecorded()) != [], "it is laid out, behind the hold"
    assert not any(isinstance(effect, Silence) for effect in stage.effects)
    stage.until_said("right arm. 2 of 2")
    assert stage.said(since)[:5] == ["[half-way]", "[tick]", "[tick]", "[tick]", "[end]"]
    after = stage.said(since)[5:]
    assert after.index("Gently let go.") < after.index(NEWS)
    assert after.index(NEWS) == len(after) - 2, "and the routine goes on"
    (hold,) = [end for end in stage.ended if isinstance(end.segment.cue, HoldCue)]
    assert hold.completed


def test_it_is_said_once_however_often_it_fails() -> None:
    stage = in_hold()
    for _ in range(3):
        stage.tell(Unrecorded())
        stage.wait(8)
    stage.until_silent()
    stage.say(C.RESUME)
    stage.until_silent()
    assert stage.said().count(NEWS) == 1


def test_it_does_not_talk_over_a_question() -> None:
    stage = on_stage(approved=False)
    stage.until_state(State.ASKING)
    stage.wait(2)
    assert not any(isinstance(effect, Play) for effect in stage.tell(Unrecorded()))
    stage.wait(3)
    assert NEWS not in stage.said()
    since = stage.now
    stage.say(C.YES)
    stage.until_said("Pull")
    assert stage.said(since)[:2] == ["[heard]", NEWS]


def test_in_a_pause_it_is_said_when_it_goes_on_before_the_position_is_taken() -> None:
    stage = in_hold()
    stage.say(C.PAUSE)
    stage.wait(6)
    stage.tell(Unrecorded())
    stage.wait(6)
    assert NEWS not in stage.said()
    since = stage.now
    stage.say(C.RESUME)
    stage.until_state(State.HOLDING)
    assert stage.said(since)[:3] == ["[resumed]", NEWS, wording().say("get_ready")]


def test_what_was_cut_is_said_when_it_goes_on() -> None:
    stage = in_hold()
    stage.tell(Unrecorded())
    stage.until_said(NEWS)
    stage.wait(0.5)
    stage.say(C.PAUSE)
    stage.wait(10)
    since = stage.now
    stage.say(C.RESUME)
    stage.until_said("right arm. 2 of 2")
    assert stage.said(since).count(NEWS) == 1


@pytest.mark.parametrize("command", [C.PAIN, C.EMERGENCY])
def test_advice_after_pain_is_neither_preceded_nor_followed_by_it(command: Command) -> None:
    stage = in_hold()
    stage.tell(Unrecorded())
    since = stage.now
    stage.say(command)
    stage.tell(Unrecorded())
    stage.until_silent()
    assert stage.said(since) == ["[pain]", *wording().talk(command.value)]


def test_after_stop_it_is_silent() -> None:
    stage = in_hold()
    stage.say(C.STOP)
    stage.tell(Unrecorded())
    stage.until_silent()
    assert NEWS not in stage.said()


def test_in_the_last_words_it_is_said_after_them() -> None:
    stage = on_stage(TURN)
    stage.until_state(State.CLOSING)
    stage.tell(Unrecorded())
    stage.until_silent()
    assert stage.said()[-2:] == ["[ended]", NEWS]
    assert stage.reason is Reason.COMPLETED


def test_at_the_very_end_of_the_last_repetition_it_is_put_off_and_not_forgotten() -> None:
    rehearsed = on_stage(TURN)
    rehearsed.until_state(State.CLOSING)
    stage = on_stage(TURN)
    stage.wait(rehearsed.seconds - 0.05)
    assert stage.state in PLAYING
    assert not any(isinstance(effect, Play) for effect in stage.tell(Unrecorded()))
    stage.until_silent()
    assert stage.said().count(NEWS) == 1
    assert stage.reason is Reason.COMPLETED


# What the ear takes for commands ----------------------------------------------------------------------------------


def test_what_was_rehearsed_is_used_from_the_next_timeline_on_and_leaves_alone_what_plays() -> None:
    stage = on_stage(PULL)
    assert stage.tell(PromptsRehearsed(replace(lengths_at(1.0), is_command=lambda text: True))) == []
    stage.until_state(State.HOLDING)
    assert set(_gaps(stage)) == {defaults.AFTER_SENTENCE}
    stage.say(C.PAUSE, C.RESUME)
    resumed = stage.now
    stage.until_said("Now the left arm.")
    assert set(_gaps(stage, resumed)) == {defaults.AFTER_SELF_TRIGGER}
    assert stage.session.tally.held == {("pull", "right"): 2 * 15 * RATE}


def _gaps(stage: FakeStage, since: int = 0) -> list[float]:
    """Seconds of each silence after a sentence that is over by now."""
    ended = [end for end in stage.ended if end.at > since and end.completed and not isinstance(end.segment.cue, Earcon)]
    return [
        (after.segment.end - after.segment.start) / RATE
        for spoken, after in pairwise(ended)
        if isinstance(spoken.segment.cue, Prompt) and after.segment.cue == Quiet("gap", defaults.AFTER_SENTENCE)
    ]


# The contract with the player -------------------------------------------------------------------------------------


def test_a_play_is_answered_before_anything_else() -> None:
    session = Session(plan_of(PULL), lengths_at(1.0))
    with pytest.raises(ValueError, match="PlaybackStarted without a Play"):
        session.handle(PlaybackStarted(0), 0)
    effects = session.handle(Started(), 0)
    assert any(isinstance(effect, Play) for effect in effects)
    for event in (CommandGiven(C.PAIN), None, Interrupted()):
        with pytest.raises(ValueError, match="answered with PlaybackStarted"):
            session.handle(event, 0)
    # A player that broke down in between may still end the session.
    assert any(effect == StateChanged("introducing", "finished") for effect in session.handle(Failed(), 0))


def test_events_of_what_was_replaced_move_nothing() -> None:
    stage = in_hold()
    old = next(end.segment for end in stage.ended if isinstance(end.segment.cue, Prompt))
    stage.say(C.PAUSE)
    before = stage.now - 1
    stale = [CueStarted(old, before), CueEnded(old, before, False), ScoreEnded(before)]
    assert [effect for event in stale for effect in stage.tell(event)] == []
    assert stage.session.place == Place("pull", "right", 1)


def test_all_texts_are_known_before_the_first_word() -> None:
    session = Session(plan_of(PULL, HEAT), lengths_at(1.0))
    texts = list(session.texts())
    assert len(texts) == len(set(texts))
    assert texts[0] == "Try."
    assert {*wording().talk("pain"), *wording().talk("emergency"), wording().say("help")} <= set(texts)
    longest = max(int(text.split()[1]) for text in texts if text.startswith("About ") and "minutes" in text)
    # At the slowest speed and with slow speech there is still a text.
    assert longest * 60 * RATE > Session(plan_of(PULL, HEAT), lengths_at(0.5), speed=0.5).remaining(0)


def test_progress_and_place() -> None:
    stage = in_hold()
    index, count = stage.session.progress()
    assert count == len(stage.plan.steps)
    assert stage.plan.steps[index].place == stage.session.place == Place("pull", "right", 1)
    assert isinstance(stage.say(C.NEXT, firm=False)[0], Duck)
