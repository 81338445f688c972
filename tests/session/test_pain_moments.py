"""Pain at ten moments of a session: the same consequence every time, and the next start knows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fake_stage import RATE, FakeStage

from voicecoach.history import add_up, standing
from voicecoach.journal import read, wall_clock
from voicecoach.journal_writer import Journal, Sitting
from voicecoach.routine.model import Exercise, Hold, Range, Routine, Say
from voicecoach.session.commands import URGENT, Command
from voicecoach.session.cues import Place, Prompt
from voicecoach.session.effects import Finish, Listen, Noted, Play, Reason, Record, Silence, StateChanged
from voicecoach.session.plan import Choices, Kind, make_plan
from voicecoach.session.states import State
from voicecoach.session.wording import wording

SAY = wording().say
ADVICE = ["[pain]", *wording().talk("pain")]

FIST = Exercise(id="fist", name="Fist", steps=(Hold(hold=Range(low=6, high=6)),))
PALMS = Exercise(
    id="palms",
    name="Palms",
    sides="right",
    limb="arm",
    lead_in=6,
    rest=6,
    repetitions=Range(low=2, high=2),
    steps=(Say(say="Palms together."), Hold(hold=Range(low=6, high=6))),
)
CONTENT = Routine(
    format=1, title="Try", approval=True, precautions=("Move slowly.",), check_ins=True, closing=("Rest.",),
    exercises=(PALMS, FIST),
)  # fmt: skip
OTHER = Routine(format=1, title="Other", exercises=(FIST.model_copy(update={"id": "other"}),))


@dataclass(frozen=True)
class Moment:
    name: str
    reach: Callable[[FakeStage], None]
    state: State
    place: Place = field(default_factory=Place)
    held: float | None = None


def during(text: str) -> Callable[[FakeStage], None]:
    return lambda stage: stage.until_said(text)


def after(text: str) -> Callable[[FakeStage], None]:
    """In the silence that follows it."""

    def reach(stage: FakeStage) -> None:
        stage.until_said(text)
        spoken = len(stage.ended)
        stage.until(lambda: any(e.segment.cue == Prompt(stage_text(stage, text)) for e in stage.ended[spoken:]))
        stage.wait(1.0)

    return reach


def stage_text(stage: FakeStage, part: str) -> str:
    return next(text for text in stage.texts if part in text)


def into_the_hold(seconds: float) -> Callable[[FakeStage], None]:
    def reach(stage: FakeStage) -> None:
        stage.until_state(State.HOLDING)
        stage.wait(seconds)

    return reach


def into_a_pause(stage: FakeStage) -> None:
    stage.until_said("Palms together.")
    stage.say(Command.PAUSE)
    stage.until_silent()


def into_the_check_in(stage: FakeStage) -> None:
    stage.until_said(SAY("check_in"))
    stage.until(lambda: stage.session.next_deadline() is not None)


def into_the_closing(stage: FakeStage) -> None:
    stage.until_asked()
    stage.say(Command.FINE)
    stage.until_said("Rest.")


PALM = Place("palms", "right", 1)
MOMENTS = (
    Moment("approval", during(SAY("approval")), State.ASKING),
    Moment("introduction", during("Move slowly."), State.INTRODUCING),
    Moment("prompt", during("Palms together."), State.INSTRUCTING, PALM),
    Moment("lead-in", after("Hold for 6 seconds"), State.INSTRUCTING, PALM),
    Moment("hold", into_the_hold(1.5), State.HOLDING, PALM, 1.5),
    Moment("tick", into_the_hold(3.1), State.HOLDING, PALM, 3.1),
    Moment("rest", after("Gently let go."), State.RESTING, PALM),
    Moment("pause", into_a_pause, State.PAUSED, PALM),
    Moment("check-in", into_the_check_in, State.CHECK_IN, Place("palms")),
    Moment("closing", into_the_closing, State.CLOSING),
)


def reached(moment: Moment) -> FakeStage:
    stage = FakeStage(make_plan(CONTENT))
    stage.begin()
    if moment.name != "approval":
        stage.until_asked()
        stage.say(Command.YES)
    moment.reach(stage)
    assert stage.state is moment.state
    return stage


def assert_recorded_once(stage: FakeStage, moment: Moment) -> None:
    """With the place, what the session was doing, and the second of the hold: those of the moment, whatever it took."""
    (pain,) = [record for record in stage.recorded if record.noted is Noted.PAIN]
    assert pain.place == moment.place
    assert pain.fields["state"] == moment.state.value
    held = None if moment.held is None else pytest.approx(moment.held, abs=2 / RATE)
    assert pain.fields["held"] == held
    assert stage.recorded[-1].noted is Noted.FINISHED
    assert stage.recorded[-1].fields["reason"] == "pain"


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.name)
class TestPain:
    def test_does_the_same_things_in_the_same_order(self, moment: Moment) -> None:
        stage = reached(moment)
        effects = stage.say(Command.PAIN)
        cut, record, play, changed, *listen = effects
        assert cut == Silence("pain")
        assert isinstance(record, Record)
        assert isinstance(play, Play)
        assert play.at is None
        assert changed == StateChanged(moment.state.value, "safety_talk")
        assert listen == [Listen(stage.armed)]
        assert stage.armed == {*URGENT, Command.LOUDER, Command.QUIETER}

    def test_is_recorded_once_with_place_and_second(self, moment: Moment) -> None:
        stage = reached(moment)
        stage.say(Command.PAIN, Command.PAIN)
        stage.until_silent()
        assert_recorded_once(stage, moment)

    def test_is_answered_with_the_advice_and_nothing_else(self, moment: Moment) -> None:
        stage = reached(moment)
        said = len(stage.sounded)
        stage.say(Command.PAIN)
        stage.until_silent()
        assert [sounded.what for sounded in stage.sounded[said:]] == ADVICE
        assert [event.completed for event in stage.ended[-len(ADVICE) :]] == [True] * len(ADVICE)
        assert stage.reason is Reason.PAIN

    def test_ends_a_session_that_nothing_resumes(self, moment: Moment) -> None:
        stage = reached(moment)
        stage.say(Command.PAIN)
        said = len(stage.sounded)
        stage.until_said(ADVICE[2])
        # Louder and quieter still mean something, and "stop" cuts the advice short.
        others = sorted(set(Command) - {Command.STOP, Command.EMERGENCY, Command.LOUDER, Command.QUIETER})
        assert stage.say(*others) == []
        assert stage.say(Command.PAIN, firm=False) == []
        stage.until_silent()
        assert [sounded.what for sounded in stage.sounded[said:]] == ADVICE
        assert stage.states[-2:] == [State.SAFETY_TALK, State.FINISHED]
        assert stage.say(Command.RESUME) == []

    @pytest.mark.parametrize("then", [Command.YES, Command.PAIN])
    def test_doubt_and_then_a_yes_leads_to_the_same(self, moment: Moment, then: Command) -> None:
        stage = reached(moment)
        stage.say(Command.PAIN, firm=False)
        assert stage.state is State.CHECKING
        stage.until_said(SAY("did_it_hurt"))
        said = len(stage.sounded)
        stage.say(then)
        stage.until_silent()
        assert [sounded.what for sounded in stage.sounded[said:]] == ADVICE
        assert isinstance(stage.effects[-1], Finish)
        assert stage.reason is Reason.PAIN
        assert_recorded_once(stage, moment)

    @pytest.mark.parametrize("firm", [True, False])
    def test_stop_it_hurts_leads_to_the_same(self, moment: Moment, firm: bool) -> None:
        stage = reached(moment)
        stage.say(Command.STOP)
        stage.wait(0.5)
        said = len(stage.sounded)
        stage.say(Command.PAIN, firm=firm)
        stage.until_silent()
        assert [sounded.what for sounded in stage.sounded[said:]] == ADVICE
        assert stage.reason is Reason.PAIN
        assert_recorded_once(stage, moment)

    def test_doubt_then_stop_then_pain_leads_to_the_same_record(self, moment: Moment) -> None:
        stage = reached(moment)
        stage.say(Command.PAIN, firm=False)
        stage.say(Command.STOP, Command.PAIN)
        stage.until_silent()
        assert_recorded_once(stage, moment)

    def test_the_next_start_of_this_routine_asks_and_of_another_does_not(self, moment: Moment, tmp_path: Path) -> None:
        stage = reached(moment)
        stage.say(Command.PAIN)
        stage.until_silent()
        journal = Journal(tmp_path / "journal.jsonl", Sitting.of("try", CONTENT))
        for record in stage.recorded:
            journal(record)
        journal.close()
        history, today = add_up(read(tmp_path / "journal.jsonl")), wall_clock().date()

        def questions(name: str, routine: Routine) -> list[str]:
            choices = Choices(approved=True, check_ins=False, standing=standing(history, name, routine, today))
            return [step.asks for step in make_plan(routine, choices).steps if step.kind is Kind.QUESTION]

        assert questions("try", CONTENT) == ["after_pain"]
        assert questions("other", OTHER) == []
