"""Ten thousand sessions that nobody planned: random commands, delays and faults; what must hold always, does.

Most of what is asserted stands in ``fake_stage``, where every event of every session passes. Here is what only a whole
session can show, and that all sessions together use every row of the transition table.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace

from fake_stage import RATE, FakeStage, lengths_at
from hypothesis import given, settings
from hypothesis import strategies as st

from voicecoach.routine.model import Exercise, Hold, Move, Range, Routine, Say, Wait
from voicecoach.session import defaults
from voicecoach.session.commands import URGENT, Command
from voicecoach.session.cues import CueEnded, Prompt
from voicecoach.session.cues import Hold as HoldCue
from voicecoach.session.effects import Effect, Noted, Play, Reason, Record, Silence
from voicecoach.session.events import (
    CommandGiven,
    Event,
    Failed,
    Faulted,
    Interrupted,
    PromptsRehearsed,
    Restored,
    SpeechReady,
    Unrecorded,
)
from voicecoach.session.plan import Choices, Kind, Plan, make_plan
from voicecoach.session.session import Session
from voicecoach.session.standing import Hurt, Standing
from voicecoach.session.states import TRANSITIONS, Key, State, Trigger
from voicecoach.session.wording import wording

SEQUENCES = 10_000
SEED = 20_260

ROUTINE = Routine(
    format=1,
    title="Try",
    approval=True,
    about=("It may help.",),
    check_ins=True,
    exercises=(
        Exercise(
            id="pull",
            name="pull",
            sides="both",
            repetitions=Range(low=2, high=3),
            per_day=4,
            rest=3,
            steps=(Say(say="Pull the {side}."), Hold(hold=Range(low=5, high=7))),
        ),
        Exercise(id="heat", name="heat", optional=True, steps=(Wait(wait=60), Wait(wait=60))),
        Exercise(id="turn", name="turn", steps=(Move(move="Turn.", time=2),)),
    ),
    closing=("Rest.",),
)
PAST = Standing(hurts=(Hurt("earlier", "pull"),), done_today={("pull", "right"): 1, ("pull", "left"): 3})
DONE = Standing(done_today={("pull", "right"): 4, ("pull", "left"): 4})
ONE = ROUTINE.model_copy(update={"exercises": ROUTINE.exercises[:1]})
PLANS = (
    make_plan(ROUTINE),
    make_plan(ROUTINE, Choices(approved=True)),
    make_plan(ROUTINE, Choices(approved=True, standing=PAST)),
    make_plan(ONE, Choices(standing=DONE)),
)
TEXTS = tuple(frozenset(Session(plan, lengths_at(1.0)).texts()) for plan in PLANS)
REHEARSED = PromptsRehearsed(replace(lengths_at(1.0), is_command=lambda text: True))
NEWS = Prompt(wording().say("not_recorded"))
ADVICE = {Reason.PAIN: wording().talk("pain"), Reason.EMERGENCY: wording().talk("emergency")}


@dataclass(frozen=True)
class Act:
    """Let ``events`` things happen, then ``frames`` pass (0: exactly at a cue's boundary), then tell ``event``.

    With ``events_unread`` what the stream told last has not been handled yet, and a command overtakes it.
    """

    events: int
    frames: int
    event: Event
    events_unread: bool = False


@dataclass
class Watch:
    """Follows one session from act to act."""

    stage: FakeStage
    stopped: int | None = None
    hurt: bool = False
    unrecorded: bool = False
    """The journal failed when that could still be said."""
    cut_short: bool = False
    """Something ended the advice before its end."""

    def act(self, act: Act) -> None:
        stage = self.stage
        for _ in range(act.events):
            if not stage.step():
                break
        due = stage.next_event()
        later = stage.now + act.frames
        stage.collect(later if due is None or due > later else due)
        if not act.events_unread:
            stage.attend()
        before = stage.state
        first = act.events_unread and isinstance(act.event, CommandGiven)
        effects = stage.tell(act.event, first) if stage.reason is None else self._after_the_end(act.event)
        self._after(before, act.event, effects)

    def _after_the_end(self, event: Event) -> list[Effect]:
        assert not self.stage.tell(event)
        return []

    def _after(self, before: State, event: Event, effects: list[Effect]) -> None:
        stage = self.stage
        if before is State.FINISHED:
            return
        self.unrecorded |= isinstance(event, Unrecorded) and (before, Trigger.UNRECORDED) in TRANSITIONS
        command = event.command if isinstance(event, CommandGiven) and event.firm else None
        if before is State.SAFETY_TALK and (command is Command.STOP or isinstance(event, Interrupted | Failed)):
            self.cut_short = True
            assert stage.state is State.FINISHED
        if isinstance(event, Interrupted | Failed):
            self.cut_short = True
            assert stage.state is State.FINISHED
        if command in (Command.PAIN, Command.EMERGENCY) and before is not State.SAFETY_TALK:
            assert isinstance(effects[0], Silence), "sound goes on after pain"
            assert isinstance(effects[1], Record), "the advice comes before the record"
            assert effects[1].noted.value == command.value
            play = next(effect for effect in effects if isinstance(effect, Play))
            said = tuple(s.cue.text for s in play.timeline.segments if isinstance(s.cue, Prompt))
            assert said == ADVICE[Reason.PAIN if command is Command.PAIN else Reason.EMERGENCY]
            assert play.at is None
            assert stage.state is State.SAFETY_TALK
        if command is Command.STOP and before not in (State.SAFETY_TALK, State.STOPPING):
            assert isinstance(effects[0], Silence), "sound goes on after stop"
            assert stage.state is State.STOPPING
            self.stopped = stage.now
        if stage.state is State.SAFETY_TALK:
            self.hurt = True

    def end(self) -> None:
        """Leave the session alone, answering what it waits for; it ends."""
        stage = self.stage
        if stage.unanswered_retempo is not None:
            stage.finish_retempo()
        for _ in range(12):
            stage.until_silent()
            if stage.reason is not None:
                break
            stage.say(ANSWERS[stage.state])
        assert stage.state is State.FINISHED, f"left alone, it stays in {stage.state}"

    def check(self) -> None:
        stage = self.stage
        assert stage.reason is not None
        if self.stopped is not None and not self.hurt:
            assert stage.ended_at <= self.stopped + defaults.STOP_GRACE * RATE + stage.lag
            assert stage.reason in (Reason.STOP, Reason.REFUSED, Reason.INTERRUPT, Reason.ERROR)
        if self.hurt:
            assert stage.reason in ADVICE
            if not self.cut_short:
                said = [end.segment.cue.text for end in stage.ended
                        if end.completed and isinstance(end.segment.cue, Prompt)]  # fmt: skip
                advice = ADVICE[stage.reason]
                assert tuple(said[-len(advice) :]) == advice
        whole = [end for end in stage.ended if end.completed and isinstance(end.segment.cue, HoldCue)]
        lengths = [end.segment.end - end.segment.start for end in whole]
        assert all(length == 5 * RATE for length in lengths)
        assert sum(stage.session.tally.held.values()) == sum(lengths)
        counted = stage.session.tally.repetitions
        assert sum(n for (name, _), n in counted.items() if name == "pull") == len(whole)
        for key, allowed in stage.plan.allowed.items():
            assert counted[key] <= max(0, allowed), f"more of {key} than the day allows"
        self._check_records(whole)
        self._check_answers()
        self._check_news()

    def _check_news(self) -> None:
        """That the journal failed is heard once, unless the session ends before; never where it did not."""
        news = [end for end in self.stage.ended if end.completed and end.segment.cue == NEWS]
        assert len(news) <= self.unrecorded
        if self.stage.reason is Reason.COMPLETED:
            assert len(news) == self.unrecorded

    def _check_answers(self) -> None:
        """Nothing of an exercise sounds before every yes that it needs."""
        needed = {step.asks for step in self.stage.plan.steps if step.kind is Kind.QUESTION}
        answered = {
            {Noted.APPROVAL: "approval", Noted.DOCTOR_SEEN: "after_pain"}[record.noted]
            for record in self.stage.recorded
            if record.noted in (Noted.APPROVAL, Noted.DOCTOR_SEEN) and record.fields["answer"] == "yes"
        }
        if not needed <= answered:
            practised = [end.segment.cue for end in self.stage.ended if end.segment.place.exercise is not None]
            assert practised == [], f"without {needed - answered}"

    def _check_records(self, whole: list[CueEnded]) -> None:
        """The journal has everything that happened, in the order in which it did."""
        recorded = self.stage.recorded
        noted = [record.noted for record in recorded]
        assert noted[-1] is Noted.FINISHED
        assert noted.count(Noted.FINISHED) == 1
        assert noted.count(Noted.HOLD) == len(whole)
        assert noted.count(Noted.REPETITION) == sum(self.stage.session.tally.repetitions.values())
        assert noted.count(Noted.PAIN) <= 1
        assert (Noted.PAIN in noted or Noted.EMERGENCY in noted) == self.hurt


ANSWERS = {State.WAITING: Command.YES, State.CHECK_IN_WAITING: Command.FINE, State.PAUSED: Command.RESUME}
"""What a session that is left alone may wait for."""
ORDINARY = tuple(command for command in Command if command not in URGENT)
FORWARD = (Command.NEXT, Command.YES, Command.RESUME, Command.FINE)
ENDINGS = (
    *(CommandGiven(command, firm) for command in URGENT for firm in (True, False)),
    Interrupted(),
    Failed(),
)


def random_event(rng: random.Random) -> Event:
    chance = rng.random()
    if chance < 0.25:
        return CommandGiven(rng.choice(FORWARD))
    if chance < 0.75:
        return CommandGiven(rng.choice(ORDINARY), firm=rng.random() < 0.95)
    if chance < 0.9:
        return CommandGiven(rng.choice(tuple(URGENT)), firm=rng.random() < 0.4)
    if chance < 0.95:
        return SpeechReady(lengths_at(rng.choice((0.5, 1.0, 1.3))))
    if chance < 0.96:
        return REHEARSED
    if chance < 0.97:
        return Restored()
    if chance < 0.98:
        return Unrecorded()
    return Faulted(rng.choice(("ear", "device")))


def random_act(rng: random.Random, ending: bool = False) -> Act:
    event = rng.choice(ENDINGS) if ending else random_event(rng)
    return Act(rng.choice((0, 0, 1, 1, 2, 3, 5, 9)), rng.choice((0, 0, 7, 150)), event, rng.random() < 0.2)


def random_acts(rng: random.Random) -> list[Act]:
    """A few acts, the first of them anywhere in the session."""
    acts = [random_act(rng) for _ in range(rng.randrange(6))]
    if rng.random() < 0.9:
        acts.append(random_act(rng, ending=True))
    begin = [Act(rng.randrange(6), 0, CommandGiven(Command.YES))]
    begin += [Act(0, 0, CommandGiven(Command.NEXT))] * rng.randrange(9)
    begin += [Act(rng.randrange(30), 0, CommandGiven(Command.LOUDER))]
    return [*begin[: rng.randrange(len(begin) + 1)], *acts]


def perform(acts: list[Act], plan_number: int, lag: int, rows: Counter[Key], answers_retempo: bool = True,
            begins: bool = True) -> FakeStage:  # fmt: skip
    """One session, from its start to its end, with everything asserted that has to hold."""
    plan: Plan = PLANS[plan_number]
    stage = FakeStage(plan, rows, lag=lag, texts=TEXTS[plan_number], prompt_retempo=answers_retempo)
    watch = Watch(stage)
    if begins:
        stage.begin()
    for act in acts:
        watch.act(act)
    if stage.state is State.READY:
        stage.begin()
    watch.end()
    watch.check()
    return stage


def test_ten_thousand_random_sessions_keep_every_promise_and_use_every_row() -> None:
    rng = random.Random(SEED)
    rows: Counter[Key] = Counter()
    states: set[State] = set()
    for number in range(SEQUENCES):
        acts = random_acts(rng)
        plan, lag = rng.choices(range(len(PLANS)), (30, 50, 17, 3))[0], rng.choice((0, 0, 1, 6))
        answers, begins = rng.random() < 0.8, rng.random() < 0.97
        try:
            stage = perform(acts, plan, lag, rows, answers, begins)
        except AssertionError:
            print(f"session {number}: perform({acts}, {plan}, {lag}, Counter(), {answers}, {begins})")
            raise
        states.update(stage.states)
    assert states == set(State)
    assert set(rows) == set(TRANSITIONS), f"never used: {sorted(map(str, set(TRANSITIONS) - set(rows)))}"


events = st.one_of(
    st.builds(CommandGiven, st.sampled_from(Command), st.booleans()),
    st.builds(Faulted, st.sampled_from(("ear", "device"))),
    st.sampled_from((SpeechReady(lengths_at(0.6)), REHEARSED, Restored(), Unrecorded(), Interrupted(), Failed())),
)
acts = st.builds(Act, st.integers(0, 30), st.sampled_from((0, 1, 7, 150)), events, st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, max_size=12), st.integers(0, 3), st.integers(0, 9), st.booleans(), st.booleans())
def test_no_session_breaks_a_promise(acts: list[Act], plan: int, lag: int, answers: bool, begins: bool) -> None:
    """The same, where hypothesis looks for the shortest session that fails."""
    perform(acts, plan, lag, Counter(), answers, begins)
