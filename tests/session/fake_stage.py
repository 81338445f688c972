"""A stage for the pure session: a mixer without sound that jumps from event to event, and objects to misuse.

It tells what the real mixer tells, in the same order, at a rate of 100 frames a second. Everything a session does goes
through ``carry_out``, where what must hold for every session is asserted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from voicecoach.session import defaults
from voicecoach.session.commands import ANSWERS, URGENT, Command
from voicecoach.session.cues import CueEnded, CueStarted, Earcon, Hold, Prompt, ScoreEnded, Segment, Timeline
from voicecoach.session.cues import Silence as Quiet
from voicecoach.session.effects import (
    Duck,
    Effect,
    Finish,
    Listen,
    Overlay,
    Play,
    Reason,
    Record,
    Retempo,
    Silence,
    StateChanged,
    Volume,
)
from voicecoach.session.events import CommandGiven, Event, PlaybackStarted, SpeechReady, Started
from voicecoach.session.plan import Kind, Plan
from voicecoach.session.session import NOT_A_STEP, Session
from voicecoach.session.states import LISTENED_FOR, TRANSITIONS, Key, State, Trigger
from voicecoach.session.timeline import Lengths
from voicecoach.session.wording import Wording

RATE = 100
EARCON = 20
_STATE_OF = {
    Kind.INTRODUCTION: State.INTRODUCING,
    Kind.QUESTION: State.ASKING,
    Kind.CHECK_IN: State.CHECK_IN,
    Kind.BALANCE: State.CLOSING,
    Kind.ANNOUNCEMENT: State.INSTRUCTING,
    Kind.INSTRUCTION: State.INSTRUCTING,
    Kind.WAIT: State.RESTING,
    Kind.REST: State.RESTING,
    Kind.CLOSING: State.CLOSING,
}
_QUESTIONS = (State.ASKING, State.WAITING, State.CHECK_IN, State.CHECK_IN_WAITING, State.CHECKING)


def lengths_at(speed: float) -> Lengths:
    """0.05 s a character; earcons 0.2 s."""
    return Lengths(lambda text: max(1, round(len(text) * 5 / speed)), lambda _: EARCON, RATE)


class WatchedSession(Session):
    """A session that keeps which rows of the table it used."""

    rows: Counter[Key]

    def _fire(self, trigger: Command | Trigger, now: int) -> None:
        if (self.state, trigger) in TRANSITIONS:
            self.rows[self.state, trigger] += 1
        super()._fire(trigger, now)


@dataclass(slots=True)
class _Track:
    """A timeline that was put on the stream; what starts at ``limit`` or later never sounds."""

    start: int
    timeline: Timeline
    limit: int = 1 << 60
    index: int = 0


@dataclass(slots=True)
class _Sounding:
    segment: Segment
    start: int
    cut: int = 1 << 60

    @property
    def end(self) -> int:
        return min(self.start + self.segment.end - self.segment.start, self.cut)


@dataclass(frozen=True, slots=True)
class Sounded:
    """Something that began to sound: a prompt's text, an earcon's name in brackets, or ``hold 15``."""

    at: int
    what: str
    overlaid: bool = False


class FakeStage:
    """Runs one session. ``lag`` frames pass between an event and the moment it is handled, as blocks make it.

    ``prompt_retempo`` False leaves a Retempo unanswered until ``finish_retempo``.
    """

    def __init__(self, plan: Plan, rows: Counter[Key] | None = None, speed: float = 1.0, lag: int = 0,
                 texts: frozenset[str] | None = None, prompt_retempo: bool = True,
                 words: Wording | None = None) -> None:  # fmt: skip
        self.session = WatchedSession(plan, lengths_at(speed), words, speed)
        self.session.rows = rows if rows is not None else Counter()
        self.plan, self.lag, self.prompt_retempo = plan, lag, prompt_retempo
        self.texts = texts if texts is not None else frozenset(self.session.texts())
        self.now = 0
        self.inbox: deque[Event] = deque()
        self.reason: Reason | None = None
        self.ended_at = 0
        self.armed: frozenset[Command] = frozenset()
        self.volume = 1.0
        self.effects: list[Effect] = []
        """Of the last event."""
        self.sounded: list[Sounded] = []
        self.ended: list[CueEnded] = []
        self.recorded: list[Record] = []
        self.states: list[State] = [State.READY]
        self.silences: list[tuple[int, str]] = []
        self.unanswered_retempo: float | None = None
        self._tracks: list[_Track] = []
        self._sounding: list[_Sounding] = []
        self._scores: list[tuple[int, int]] = []
        self._overlay_until = 0
        self._answer_to_come: tuple[int, Prompt] | None = None

    # What a test does -----------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self.session.state

    @property
    def seconds(self) -> float:
        return self.now / RATE

    def begin(self) -> None:
        self.tell(Started())

    def tell(self, event: Event, first: bool = False) -> list[Effect]:
        """An event from outside, handled at this moment; what it made the session do.

        ``first``: before what the stream has told, as if that had happened while this one was handled.
        """
        if first or (isinstance(event, CommandGiven) and event.command in URGENT):
            self.inbox.appendleft(event)
        else:
            self.inbox.append(event)
        done: list[Effect] = []
        while self.inbox:
            self._handle(self.inbox.popleft())
            done += self.effects
        return done

    def say(self, *commands: Command, firm: bool = True) -> list[Effect]:
        """The user says these at this moment."""
        done: list[Effect] = []
        for command in commands:
            done += self.tell(CommandGiven(command, firm))
        return done

    def finish_retempo(self) -> None:
        """Speech at the speed that was asked for last is ready."""
        if self.unanswered_retempo is not None:
            speed, self.unanswered_retempo = self.unanswered_retempo, None
            self.tell(SpeechReady(lengths_at(speed)))

    def until(self, met: Callable[[], bool], limit: int = 5000) -> None:
        """Let time pass until ``met``; fails where that does not come, or nothing more can happen."""
        for _ in range(limit):
            if met():
                return
            assert self.step(), f"nothing happens any more in {self.state.value} at {self.seconds}"
        raise AssertionError(f"{limit} events and still in {self.state.value} at {self.seconds}")

    def until_state(self, state: State) -> None:
        self.until(lambda: self.state is state)

    def until_asked(self) -> None:
        """Until a question of the plan is put, from now on, and enough of it has sounded for an answer."""
        begun = len(self.sounded)

        def is_put() -> bool:
            question = self.plan.steps[self.session.progress()[0]].cues[-1]
            asked = isinstance(question, Prompt) and any(s.what == question.text for s in self.sounded[begun:])
            return self.state in (State.ASKING, State.CHECK_IN) and asked

        self.until(is_put)
        self.wait(defaults.ANSWER_NOT_BEFORE)

    def until_said(self, text: str) -> None:
        """Until a prompt that contains ``text`` begins, from now on."""
        begun = len(self.sounded)
        self.until(lambda: any(text in sounded.what for sounded in self.sounded[begun:]))

    def until_silent(self) -> None:
        """Let time pass until nothing more happens by itself, or the session is over."""
        for _ in range(5000):
            if not self.step():
                return
        raise AssertionError(f"still going on in {self.state.value} at {self.seconds}")

    def wait(self, seconds: float) -> None:
        """Let exactly that much time pass."""
        end = self.now + round(seconds * RATE)
        while (due := self.next_event()) is not None and due <= end:
            self.step()
        self.collect(end)

    def said(self, since: int = 0) -> list[str]:
        """What began to sound at frame ``since`` or later, in order."""
        return [sounded.what for sounded in self.sounded if sounded.at >= since]

    # Time -----------------------------------------------------------------------------------------------------

    def next_event(self) -> int | None:
        """When the next thing happens by itself; None if nothing will."""
        if self.reason is not None:
            return None
        due = [sounding.end for sounding in self._sounding]
        for track in self._tracks:
            if track.index < len(track.timeline.segments):
                segment = track.timeline.segments[track.index]
                start = track.start + segment.start
                if start < track.limit:
                    # A start is told once its first frame was rendered; what has no length needs none.
                    due.append(start + (segment.end > segment.start))
        due += [end for _, end in self._scores]
        deadline = self.session.next_deadline()
        if deadline is not None:
            due.append(deadline)
        if self._answer_to_come is not None:
            due.append(self._answer_to_come[0])
        return max(self.now, min(due)) if due else None

    def step(self) -> bool:
        """Go on to the next event and handle what it brings; False where nothing happens any more."""
        due = self.next_event()
        if due is None:
            return False
        self.collect(due + self.lag)
        self.attend()
        deadline = self.session.next_deadline()
        if deadline is not None and deadline <= self.now:
            self._handle(None)
        return True

    def attend(self) -> None:
        """Handle what the stream has told."""
        while self.inbox:
            self._handle(self.inbox.popleft())

    def collect(self, now: int) -> None:
        """Let the stream advance to ``now``, and put what it tells into the inbox, not handled yet."""
        self.now = max(now, self.now)
        told: list[tuple[int, int, Event]] = []
        if self._answer_to_come is not None and self._answer_to_come[0] <= self.now:
            self._note(*self._answer_to_come, overlaid=True)
            self._answer_to_come = None
        for track in self._tracks:
            segments = track.timeline.segments
            while track.index < len(segments):
                segment = segments[track.index]
                start = track.start + segment.start
                if start + (segment.end > segment.start) > self.now or start >= track.limit:
                    break
                track.index += 1
                self._sounding.append(_Sounding(segment, start))
                told.append((start, 1 if segment.end == segment.start else 3, CueStarted(segment, start)))
        going_on = []
        for sounding in self._sounding:
            end = sounding.end
            if end > self.now:
                going_on.append(sounding)
                continue
            whole = sounding.start + sounding.segment.end - sounding.segment.start
            instant = sounding.segment.end == sounding.segment.start
            told.append((end, 1 if instant else 0, CueEnded(sounding.segment, end, whole <= sounding.cut)))
        self._sounding = going_on
        if self._scores and self._scores[0][1] <= self.now:
            told += [(end, 2, ScoreEnded(end)) for _, end in self._scores if end <= self.now]
            self._scores = [(start, end) for start, end in self._scores if end > self.now]
        if len(told) > 1:
            told.sort(key=lambda ranked: ranked[:2])
        self.inbox.extend(event for _, _, event in told)

    # The session's wishes -------------------------------------------------------------------------------------

    def _handle(self, event: Event | None) -> None:
        before = self.session.state
        over = self.reason is not None
        if isinstance(event, CueStarted):
            self._note(event.at, event.segment.cue)
        elif isinstance(event, CueEnded):
            self.ended.append(event)
        self.effects = self.session.handle(event, self.now)
        effects = self.effects
        if over:
            assert not effects, f"{effects} after the end"
            return
        assert sum(isinstance(effect, Play) for effect in effects) <= 1, "two timelines at once"
        for effect in effects:
            self._carry_out(effect)
        self._check(before, event, effects)

    def _carry_out(self, effect: Effect) -> None:
        assert self.reason is None, f"{effect} after Finish"
        if isinstance(effect, Play):
            self._play(effect)
        elif isinstance(effect, Silence):
            self._silence(effect.cause)
        elif isinstance(effect, Overlay):
            self._overlay(effect)
        elif isinstance(effect, Listen):
            assert effect.commands != self.armed, "armed already"
            self.armed = effect.commands
        elif isinstance(effect, Retempo):
            assert 0.5 <= effect.speed <= 2.0
            if self.prompt_retempo:
                self.inbox.append(SpeechReady(lengths_at(effect.speed)))
            else:
                self.unanswered_retempo = effect.speed
        elif isinstance(effect, Volume):
            assert effect.factor != 0
            self.volume = effect.factor
        elif isinstance(effect, StateChanged):
            assert effect.before == self.states[-1].value
            assert effect.after != effect.before
            self.states.append(State(effect.after))
        elif isinstance(effect, Record):
            self.recorded.append(effect)
        elif isinstance(effect, Finish):
            self.reason, self.ended_at = effect.reason, self.now
        else:
            assert isinstance(effect, Duck)
            assert effect.seconds > 0

    def _play(self, play: Play) -> None:
        timeline = play.timeline
        assert timeline.segments
        last = -1
        for segment in timeline.segments:
            assert last <= segment.start <= segment.end <= timeline.length, "cues out of order"
            last = segment.start
            if isinstance(segment.cue, Prompt):
                assert segment.cue.text in self.texts, f"never rendered: {segment.cue.text}"
        start = self.now if play.at is None else max(play.at, self.now)
        assert play.at is None or play.at >= self.now, "what should follow is late"
        for sounding in self._sounding:
            if sounding.end > start:
                assert isinstance(sounding.segment.cue, Quiet), f"{sounding.segment.cue} is cut without a Silence"
                sounding.cut = min(sounding.cut, start)
        assert start >= self._overlay_until or self._first_sound(timeline) + start >= self._overlay_until
        for track in self._tracks:
            track.limit = min(track.limit, start)
        self._tracks = [track for track in self._tracks if track.start < start][-2:]
        self._scores = [(begun, end) for begun, end in self._scores if begun < start and end <= start]
        self._tracks.append(_Track(start, timeline))
        self._scores.append((start, start + timeline.length))
        answers = self.session.handle(PlaybackStarted(start), self.now)
        assert not answers

    @staticmethod
    def _first_sound(timeline: Timeline) -> int:
        return next(s.start for s in timeline.segments if isinstance(s.cue, Prompt | Earcon))

    def _silence(self, cause: str) -> None:
        assert cause
        self.silences.append((self.now, cause))
        for track in self._tracks:
            track.limit = min(track.limit, self.now)
        for sounding in self._sounding:
            sounding.cut = min(sounding.cut, self.now)
        self._scores = []
        self._overlay_until = 0
        self._answer_to_come = None

    def _overlay(self, effect: Overlay) -> None:
        cue, at = effect.cue, self.now if effect.at is None else effect.at
        if isinstance(cue, Earcon):
            self._note(at, cue, overlaid=True)
            return
        assert cue.text in self.texts, f"never rendered: {cue.text}"
        assert at >= self.now >= self._overlay_until, "two answers at once"
        end = at + self.session.lengths.prompt(cue.text)
        for sounding in self._sounding:
            if sounding.end > at:
                assert isinstance(sounding.segment.cue, Quiet | Hold), "an answer over something that sounds"
        for track in self._tracks:
            for segment in track.timeline.segments[track.index :]:
                start = track.start + segment.start
                if isinstance(segment.cue, Prompt | Earcon) and start < track.limit:
                    assert start >= end or track.start + segment.end <= at, f"the answer would meet {segment.cue}"
        self._overlay_until = end
        self._answer_to_come = (at, cue)

    def _note(self, at: int, cue: object, overlaid: bool = False) -> None:
        if isinstance(cue, Prompt):
            self.sounded.append(Sounded(at, cue.text, overlaid))
        elif isinstance(cue, Earcon):
            self.sounded.append(Sounded(at, f"[{cue.sound.value}]", overlaid))
        elif isinstance(cue, Hold):
            self.sounded.append(Sounded(at, f"hold {cue.seconds:g}", overlaid))

    def _check(self, before: State, event: Event | None, effects: list[Effect]) -> None:
        """What holds after every event of every session."""
        state = self.session.state
        assert state is self.states[-1]
        if state is not State.READY:
            assert self.armed == LISTENED_FOR[state] >= URGENT
            assert (self.armed >= ANSWERS) == (state in _QUESTIONS)
        if before is State.SAFETY_TALK:
            assert state in (State.SAFETY_TALK, State.FINISHED)
        if before is State.STOPPING:
            assert state in (State.STOPPING, State.SAFETY_TALK, State.FINISHED)
        assert (state is State.FINISHED) == (self.reason is not None)
        if self.reason is not None:
            assert isinstance(effects[-1], Finish)
        if isinstance(event, CueStarted) and self._tracks and event.at >= self._tracks[-1].start:
            self._check_state_of(event.segment, state)

    def _check_state_of(self, segment: Segment, state: State) -> None:
        """A cue of the plan and the session's state belong together."""
        if segment.step == NOT_A_STEP:
            return
        step = self.plan.steps[segment.step]
        if step.kind is Kind.HOLD:
            if isinstance(segment.cue, Hold):
                assert state is State.HOLDING
            elif isinstance(segment.cue, Prompt | Quiet):
                earlier = (s for s in self._tracks[-1].timeline.segments if s.start < segment.start)
                held = any(isinstance(s.cue, Hold) and s.step == segment.step for s in earlier)
                assert state is (State.RESTING if held else State.INSTRUCTING), f"{state} during {segment}"
            return
        assert state is _STATE_OF[step.kind], f"{state} during {segment}"
