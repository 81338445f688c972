"""The session: events and the time in, effects out. No clock, no threads, no I/O.

``now`` is the position of the stream: frames handed to the device so far. Which state follows which is the table in
``states.py``; here is what is done on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from math import ceil
from typing import Literal

from voicecoach.session import defaults
from voicecoach.session.commands import Command
from voicecoach.session.cues import (
    Cue,
    CueEnded,
    CueStarted,
    Earcon,
    Hold,
    Place,
    Prompt,
    ScoreEnded,
    Segment,
    Sound,
    Timeline,
)
from voicecoach.session.cues import Silence as Quiet
from voicecoach.session.effects import (
    Duck,
    Effect,
    Finish,
    Listen,
    Noted,
    Overlay,
    Play,
    Reason,
    Record,
    Retempo,
    Silence,
    StateChanged,
    Volume,
)
from voicecoach.session.events import (
    CommandGiven,
    Event,
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
from voicecoach.session.plan import Kind, Plan, Step
from voicecoach.session.standing import Key
from voicecoach.session.states import LISTENED_FOR, PLAYING, TRANSITIONS, Action, State, Trigger
from voicecoach.session.tally import Tally
from voicecoach.session.timeline import Entry, Lengths, lay_out
from voicecoach.session.wording import Wording, wording
from voicecoach.units import frames

NOT_A_STEP = -1
"""``Segment.step`` of what is said between the plan's steps: answers, hints, the safety talk."""

_UNDERWAY = frozenset({*PLAYING, State.CLOSING})
_BRIEF_DUCK = 0.6
"""Seconds; a little longer than the longest short command takes to say again."""
_FORESIGHT = 0.1
"""Seconds before a step's end within which what follows is left alone: the device may be about to take it."""
_BREATH = Quiet("gap", defaults.AFTER_SENTENCE)
_ACKNOWLEDGED = (Earcon(Sound.HEARD), _BREATH)
_PAUSED = (Earcon(Sound.PAUSED), _BREATH)
_SUSPECTED = {
    Command.PAIN: Trigger.SUSPICION,
    Command.EMERGENCY: Trigger.WARNING_SUSPICION,
    Command.STOP: Trigger.STOP_SUSPICION,
}
_ANSWERS = {
    State.ASKING: (Command.YES, Command.NO),
    State.WAITING: (Command.YES, Command.NO),
    State.CHECK_IN: (Command.FINE, Command.NO),
    State.CHECK_IN_WAITING: (Command.FINE, Command.NO),
}
"""What a question has to have been put for. A "yes" to a check-in is on the safe side, and always counts."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A timeline and what of the plan is on it; ``start`` is its first frame on the stream, once that is known."""

    timeline: Timeline
    begin: int
    """Index of the first step on it."""
    end: int
    """Index of the first step after it."""
    lead: tuple[Cue, ...] = ()
    """What is said before the first step."""
    deferred: bool = False
    """Whether it follows what plays instead of cutting it."""
    start: int = 0

    @property
    def until(self) -> int:
        """The stream's first frame after it."""
        return self.start + self.timeline.length


class Session:
    """One run of a plan.

    Call ``handle(Started(), 0)`` first, then every event with the stream's position; carry out the effects in
    order, answering each Play with PlaybackStarted before anything else (ValueError otherwise); call
    ``handle(None, now)`` once ``now`` has reached ``next_deadline()``: whatever else happened at the same instant is
    handled before. Events of a timeline that has been replaced meanwhile may still arrive: they are known by their
    position and only count what was really completed.
    """

    def __init__(self, plan: Plan, lengths: Lengths, words: Wording | None = None, speed: float = 1.0,
                 volume: float = 1.0) -> None:  # fmt: skip
        self.plan, self.state = plan, State.READY
        self.lengths, self.words = lengths, words or wording()
        self.speed, self.volume = speed, volume
        self.tally = Tally(plan)
        """What was completed."""
        self._reason: Reason | None = None
        self._fault: Literal["ear", "device"] = "ear"
        self._effects: list[Effect] = []
        self._deadline: tuple[int, Trigger] | None = None
        # What was asked to be played: not answered yet, playing, and to follow once the current step is over.
        self._pending: _Stretch | None = None
        self._playing: _Stretch | None = None
        self._queued: _Stretch | None = None
        self._owed: tuple[Cue, ...] | None = None
        """What follows the current step has to be laid out again, with these before it, as soon as there is time."""
        self._news: tuple[Cue, ...] = ()
        """What is to be said before whatever is said next: nothing is cut for it, and nothing waits for it."""
        self._was_told = False
        """The user knows, or will, that the journal may lack something."""
        self._current: tuple[int, Segment] | None = None
        self._cursor = 0
        self._done = False
        """The current step's dose is complete (held, waited, moved): it is not done again."""
        self._full: Place | None = None
        """The repetition that is told in full wording because the user asked for it."""
        self._completed_here = False
        """A repetition was completed since the current bout began."""
        self._waited = 0
        """Frames of the current step's wait that passed before it was interrupted."""
        self._answering_until = 0
        self._skipped_from: tuple[int, int] | None = None
        """Where "back" returns to after "next": the step, and what was waited of it."""
        self._left_out: set[str] = set()
        self._answered: set[int] = set()
        """Steps that asked something and got their answer."""
        self._unheard = set(plan.introduction)
        """What of the full introduction has not been heard to its end."""
        self._cut: tuple[State, float | None] | None = None
        """What a suspicion or "stop" cut: the state, and seconds into the hold; what hurts then began there."""
        self._suspected: Command | None = None
        """What "did something hurt?" is asked because of: pain, a warning sign or "stop"."""
        self._put: tuple[int, int] | None = None
        """The question that was put last: its step, and the frame from which on it can be answered."""
        self._numb_at: Place | None = None
        """What was left out because of numbness, until anything else begins."""
        self._advice: tuple[str, ...] = ()
        """What the user was advised in this pause and has not heard to its end."""
        self._advised_again = False
        """The safety talk was begun anew: once, or a device that comes and goes would never let it end."""
        self._refusal = ""
        """What is said when the session may not go on."""
        self._asked = 0
        """How often the open question has been asked once more."""
        self._armed: frozenset[Command] = frozenset()
        self._actions: dict[Action, Callable[[int, Command | Trigger, State], None]] = {
            Action.BEGIN: self._begin,
            Action.FOLLOW: lambda _, __, ___: None,
            Action.NOTHING: lambda _, __, ___: None,
            Action.PAUSE: self._pause,
            Action.RESUME: self._resume,
            Action.REPEAT: self._repeat,
            Action.SAY_AGAIN: self._say_again,
            Action.SKIP: self._skip,
            Action.GO_BACK: self._go_back,
            Action.SET_SPEED: self._set_speed,
            Action.SET_VOLUME: self._set_volume,
            Action.ANSWER: self._answer,
            Action.LEAVE_OUT: self._leave_out,
            Action.LEAVE_OUT_IN_PAUSE: self._leave_out_in_pause,
            Action.AWAIT_ANSWER: self._await_answer,
            Action.ASK_SHORTER: self._ask_shorter,
            Action.WAIT_FOR_ANSWER: self._wait_for_answer,
            Action.ASK_AGAIN: self._ask_again,
            Action.ACCEPT: self._accept,
            Action.REFUSE: self._refuse,
            Action.PASS_CHECK_IN: self._pass_check_in,
            Action.EASE_OFF: self._ease_off,
            Action.CHECK: self._check,
            Action.AWAIT_CHECK: self._await_check,
            Action.KEEP_PAUSED: self._keep_paused,
            Action.HALT_FOR_FAULT: self._halt_for_fault,
            Action.MENTION: self._mention,
            Action.ADVISE: self._advise,
            Action.ADVISE_AGAIN: self._advise_again,
            Action.ESCALATE: self._escalate,
            Action.STOP: self._stop,
            Action.FINISH: self._finish,
            Action.COMPLETE: self._complete,
            Action.INTERRUPT: self._interrupted,
            Action.FAIL: self._failed,
        }

    # What the player needs ------------------------------------------------------------------------------------

    def texts(self) -> Iterator[str]:
        """Every text that this session may ask to be said, each once: the plan's first, in order."""
        seen: set[str] = set()
        for text in (*self.plan.texts(), *self._own_texts()):
            if text not in seen:
                seen.add(text)
                yield text

    def next_deadline(self) -> int | None:
        """The position at which ``handle(None, now)`` is due, or None."""
        return self._deadline[0] if self._deadline else None

    @property
    def place(self) -> Place:
        """Where in the routine the session is."""
        return self.plan.steps[self._cursor].place

    def progress(self) -> tuple[int, int]:
        """Index of the current step, and how many there are."""
        return self._cursor, len(self.plan.steps)

    def remaining(self, now: int) -> int:
        """Frames from ``now`` to the end of the session, as planned; from the step to go on with where none plays."""
        stretch = self._queued or self._playing
        if self.state in _UNDERWAY and stretch is not None:
            return max(0, stretch.until - now) + self._length(stretch.end)
        return self._length(self._here())

    def handle(self, event: Event | None, now: int) -> list[Effect]:
        """Take ``event`` (None: only the time) and return what is to be done, in order."""
        if self._pending is not None and not isinstance(event, PlaybackStarted | Failed):
            raise ValueError(f"a Play has to be answered with PlaybackStarted before {event}")
        self._effects = []
        if event is not None:
            self._take(event, now)
        elif self._deadline is not None and now >= self._deadline[0]:
            trigger = self._deadline[1]
            self._deadline = None
            self._fire(trigger, now)
        return self._effects

    # Events ---------------------------------------------------------------------------------------------------

    def _take(self, event: Event, now: int) -> None:
        if isinstance(event, PlaybackStarted):
            self._playback_started(event.at)
        elif isinstance(event, CueStarted):
            self._cue_started(event, now)
        elif isinstance(event, CueEnded):
            self._cue_ended(event)
        elif isinstance(event, ScoreEnded):
            if self._playing is not None and self._queued is None and event.at == self._playing.until:
                self._current = None
                self._fire(Trigger.PLAYED_OUT, now)
        elif isinstance(event, CommandGiven):
            self._command(event, now)
        elif isinstance(event, SpeechReady):
            self.lengths = event.lengths
            if self.state in PLAYING:
                self._replan(now)
        elif isinstance(event, PromptsRehearsed):
            self.lengths = event.lengths  # from the next timeline on: what plays is left alone
        elif isinstance(event, Faulted):
            self._fault = event.what
            self._fire(Trigger.FAULT, now)
        else:
            trigger = {
                Started: Trigger.START,
                Restored: Trigger.RESTORED,
                Unrecorded: Trigger.UNRECORDED,
                Interrupted: Trigger.INTERRUPT,
                Failed: Trigger.FAILURE,
            }[type(event)]
            self._fire(trigger, now)

    def _command(self, event: CommandGiven, now: int) -> None:
        command = event.command
        if event.firm and command in _ANSWERS.get(self.state, ()) and not self._is_put(now):
            # Who answers what was not asked yet, in a question that waits, is asked.
            self._fire(Command.RESUME, now)
        elif event.firm and self._keeps_still(command):
            self._fire(Trigger.NOT_HURT, now)
        elif event.firm:
            self._fire(command, now)
        elif command in _SUSPECTED:
            trigger = _SUSPECTED[command]
            if command is not Command.STOP and self._waits_to_hear_of_pain(now):
                trigger = Trigger.SUSPECTED_AGAIN
                if command is Command.EMERGENCY:
                    self._suspected = command
            self._fire(trigger, now)
        elif self.state in PLAYING:
            self._effects.append(Duck(_BRIEF_DUCK))

    def _fire(self, trigger: Command | Trigger, now: int) -> None:
        move = TRANSITIONS.get((self.state, trigger))
        if move is None:
            return
        before, self.state = self.state, move.target
        if move.target is not before:
            self._deadline = None
        self._actions[move.action](now, trigger, before)
        if self.state is not before:
            self._effects.append(StateChanged(before.value, self.state.value))
            self._listen()
            if self.state is State.FINISHED:
                reason = self._reason or Reason.COMPLETED
                self._record(Noted.FINISHED, reason=reason.value, seconds=round(now / self.lengths.rate, 3))
                self._effects.append(Finish(reason))

    def _record(self, noted: Noted, place: Place | None = None, **fields: str | float | list[str] | None) -> None:
        self._effects.append(Record(noted, place or Place(), fields))

    def _listen(self) -> None:
        wanted = LISTENED_FOR[self.state]
        if wanted != self._armed:
            self._armed = wanted
            self._effects.append(Listen(wanted))

    def _playback_started(self, at: int) -> None:
        if self._pending is None:
            raise ValueError("PlaybackStarted without a Play")
        stretch, self._pending = replace(self._pending, start=at), None
        if stretch.deferred:
            self._queued = stretch
        else:
            self._playing, self._queued, self._current = stretch, None, None

    def _cue_started(self, event: CueStarted, now: int) -> None:
        if self._queued is not None and event.at >= self._queued.start:
            self._playing, self._queued = self._queued, None
            self._move_to(self._playing.begin)
        if self._playing is None or event.at < self._playing.start:
            return
        segment = event.segment
        if segment.step != NOT_A_STEP:
            if isinstance(segment.cue, Earcon) and self.plan.steps[segment.step].kind is Kind.HOLD:
                return
            self._move_to(segment.step)
            self._numb_at = None
            if segment.cue == self._question_cue and (self._put is None or self._put[0] != segment.step):
                self._put = segment.step, event.at + frames(defaults.ANSWER_NOT_BEFORE, self.lengths.rate)
        self._current = (event.at, segment)
        if segment.step != NOT_A_STEP:
            self._fire(self._started_trigger(segment), now)
        elif self._news and segment.cue == self._news[0]:
            self._news = ()
        if self._owed is not None and (self.state in PLAYING or (self.state is State.CLOSING and self._news)):
            self._replan(now)

    def _started_trigger(self, segment: Segment) -> Trigger:
        kind = self.plan.steps[segment.step].kind
        if isinstance(segment.cue, Hold):
            return Trigger.HOLD_STARTED
        if kind in (Kind.REST, Kind.WAIT) or self._done:
            return Trigger.REST_STARTED
        by_kind = {
            Kind.INTRODUCTION: Trigger.INTRODUCTION_STARTED,
            Kind.QUESTION: Trigger.QUESTION_STARTED,
            Kind.CHECK_IN: Trigger.CHECK_IN_STARTED,
            Kind.BALANCE: Trigger.CLOSING_STARTED,
            Kind.CLOSING: Trigger.CLOSING_STARTED,
        }
        return by_kind.get(kind, Trigger.INSTRUCTION_STARTED)

    def _cue_ended(self, event: CueEnded) -> None:
        segment = event.segment
        if not event.completed and segment.cue == Prompt(self.words.say("not_recorded")):
            self._tell_at_last()
        if event.completed and self._advice and segment.cue == Prompt(self._advice[-1]):
            self._advice = ()
        if not event.completed or segment.step == NOT_A_STEP:
            return
        step = self.plan.steps[segment.step]
        if segment.step in self._unheard and isinstance(segment.cue, Prompt):
            self._unheard.remove(segment.step)
            if not self._unheard:
                self._record(Noted.INTRODUCED)
        if isinstance(segment.cue, Hold):
            self.tally.held[step.key] += segment.end - segment.start
            self._record(Noted.HOLD, step.place, seconds=segment.cue.seconds)
        if not _ends_dose(segment, step):
            return
        if step.completes:
            self.tally.repetitions[step.key] += 1
            self._record(Noted.REPETITION, step.place)
        if self.state in PLAYING and self._playing is not None and event.at <= self._playing.start:
            # It ended just before something else began to play: it counts, but the session is elsewhere by now.
            if step.completes and self._owed is None:
                self._owed = ()  # what was laid out did not know that it would count
            return
        self._done = self._done or segment.step == self._cursor
        if step.completes:
            self._completed_here, self._skipped_from = True, None

    # Playing --------------------------------------------------------------------------------------------------

    def _begin(self, _: int, __: Command | Trigger, ___: State) -> None:
        self._record(Noted.STARTED)
        self._play_from(0)

    def _play(self, stretch: _Stretch, at: int | None = None) -> None:
        self._pending = stretch
        if at is None:
            self._owed = None
        self._effects.append(Play(stretch.timeline, at))

    def _say(self, *texts: str, first: tuple[Cue, ...] = ()) -> None:
        """Play sentences that belong to no step."""
        timeline = self._lay_out([Entry((*first, *_sentences(texts)), self.place, NOT_A_STEP)])
        self._play(_Stretch(timeline, self._cursor, self._cursor))

    def _play_from(self, index: int, lead: tuple[Cue, ...] = (), at: int | None = None) -> None:
        """Play ``lead`` and then the steps from ``index`` to the next question, at once or from frame ``at`` on.

        After a refusal nothing of the routine is played any more: it is said again instead.
        """
        self._advice = ()
        if self._reason is not None:
            self._say_refused(lead)
            return
        if at is None:
            self._move_to(index if index != self._here() else self._cursor)
        lead = self._with_news(lead, follows=at is not None)
        end = len(self.plan.steps)
        if index == end and not lead:
            return
        for later in range(index, end):
            if self.plan.steps[later].asks and not self._is_out(later):
                end, self._asked = later + 1, 0
                break
        entries = [Entry(lead, self.place, NOT_A_STEP)] if lead else []
        timeline = self._lay_out(entries + self._entries(range(index, end)))
        begin = min(index, len(self.plan.steps) - 1)
        self._play(_Stretch(timeline, begin, end, lead, deferred=at is not None), at)

    def _with_news(self, lead: tuple[Cue, ...], *, follows: bool) -> tuple[Cue, ...]:
        """``lead`` with the news after its earcon, unless they are on what plays already."""
        between = self._current is not None and self._current[1].step == NOT_A_STEP
        playing = self._playing.lead if follows and between and self._playing is not None else ()
        if not self._news or self._news[0] in (*lead, *playing):
            return lead
        signs = 2 if lead and isinstance(lead[0], Earcon) else 0
        return (*lead[:signs], *self._news, *lead[signs:])

    def _replan(self, now: int, lead: tuple[Cue, ...] = ()) -> None:
        """Lay out again what follows the current step, with ``lead`` before it; put off while there is no time."""
        if self._reason is not None:
            return
        owed = (*(self._owed or ()), *lead)
        bounds = self._step_bounds()
        if self._current is None or bounds is None or bounds[1] - now <= frames(_FORESIGHT, self.lengths.rate):
            self._owed = owed
            return
        self._owed = None
        following = self._here() if self._current[1].step == NOT_A_STEP else self._cursor + 1
        queued = self._queued.lead if self._queued is not None else ()
        self._play_from(following, (*queued, *owed), at=bounds[1])

    def _move_to(self, index: int, waited: int = 0) -> None:
        """Make ``index`` the current step; nothing happens where it is already."""
        if index == self._cursor:
            return
        if self.plan.steps[index].bout != self.plan.steps[self._cursor].bout:
            self._completed_here = False
        if self.plan.steps[index].place != self._full:
            self._full = None
        self._cursor, self._done, self._waited = index, False, waited

    def _entries(self, indices: range) -> list[Entry]:
        """The steps to be played, without what is left out and what would be too much for one day."""
        entries = []
        forecast = self.tally.forecast(self._under_way(indices.start))
        refused: set[Key] = set()
        for index in indices:
            step = self.plan.steps[index]
            if self._is_out(index):
                continue
            if not forecast.admits(step):
                if step.key not in refused:
                    refused.add(step.key)
                    entries.append(Entry(_sentences((self.plan.refusals[step.key],)), step.place, NOT_A_STEP))
                continue
            cues = step.in_full if self._full is not None and step.place == self._full else step.cues
            if step.kind is Kind.WAIT and index == self._cursor and self._waited:
                cues = (self._rest_of_wait(cues[0]), *cues[1:])
            elif step.kind is Kind.BALANCE:
                cues = _sentences(tuple(forecast.behind()))
            entries.append(Entry(cues, step.place, index))
            if step.completes:
                forecast.completed(step)
        return entries

    def _under_way(self, following: int) -> Step | None:
        """The step that plays on while ``following`` is laid out behind it."""
        sounds = self._current is not None and self._current[1].step == self._cursor == following - 1
        return self.plan.steps[self._cursor] if sounds and not self._done else None

    def _is_out(self, index: int) -> bool:
        """Whether it is not played any more: left out by the user, or a question that has its answer."""
        return self.plan.steps[index].place.exercise in self._left_out or index in self._answered

    def _rest_of_wait(self, wait: Cue) -> Cue:
        if not isinstance(wait, Quiet):
            raise TypeError(f"a wait begins with its silence, not with {wait}")
        return replace(wait, seconds=max(0.0, wait.seconds - self._waited / self.lengths.rate))

    def _lay_out(self, entries: list[Entry]) -> Timeline:
        return lay_out(entries, self.lengths, self.speed)

    def _length(self, index: int) -> int:
        """Frames that the plan takes from step ``index`` on."""
        return self._lay_out(self._entries(range(index, len(self.plan.steps)))).length

    def _silence(self, cause: str, now: int) -> None:
        if self._current and _is_wait(self._current[1].cue):
            self._waited += max(0, now - self._current[0])
        self._current = None
        self._answering_until = 0
        self._effects.append(Silence(cause))

    def _here(self) -> int:
        """The step to go on with: the interrupted one, or the next where its dose is complete."""
        return self._cursor + self._done

    def _step_bounds(self) -> tuple[int, int] | None:
        """Stream positions of the first frame of the step, or lead, that is playing, and of the first after it."""
        if self._current is None or self._playing is None:
            return None
        own = [segment for segment in self._playing.timeline.segments if segment.step == self._current[1].step]
        start = self._playing.start
        return start + own[0].start, start + max(segment.end for segment in own)

    # Commands -------------------------------------------------------------------------------------------------

    def _pause(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("pause", now)
        stretching = self.plan.steps[self._cursor].kind in (Kind.ANNOUNCEMENT, Kind.INSTRUCTION, Kind.HOLD)
        self._say(self.words.say("paused" if stretching else "paused_plain"), first=_PAUSED)

    def _resume(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("resume", now)
        lead: tuple[Cue, ...] = (Earcon(Sound.RESUMED), _BREATH)
        here = self._next_in(self._here())
        step = self.plan.steps[here]
        if step.kind is Kind.HOLD:
            lead = (*lead, *_sentences((self.words.say("get_ready"),)))
            own = sum(cue.seconds for cue in step.cues if isinstance(cue, Quiet) and cue.reason == "lead_in")
            if own < defaults.RESUME_LEAD_IN:
                lead = (*lead, Quiet("lead_in", defaults.RESUME_LEAD_IN - own))
        self._play_from(here, lead)

    def _next_in(self, index: int) -> int:
        """``index``, or the first step after it that is not left out; the last one never is."""
        return next(later for later in range(index, len(self.plan.steps)) if not self._is_out(later))

    def _repeat(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("repeat", now)
        here = self.plan.steps[self._cursor]
        if here.kind in (Kind.REST, Kind.WAIT) or self._done:
            self._play_from(self._here(), (*_ACKNOWLEDGED, *_sentences(self._texts_again())))
        else:
            self._full = here.place
            self._play_from(self._instruction_begin(), _ACKNOWLEDGED)

    def _say_again(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("repeat", now)
        self._say(*self._texts_again(), first=_ACKNOWLEDGED)

    def _instruction_begin(self) -> int:
        """First of the instructions that lead up to the current step, which may be one of them."""
        begin, here = self._cursor, self.plan.steps[self._cursor]
        if here.kind in (Kind.INSTRUCTION, Kind.HOLD, Kind.WAIT):
            while (before := self.plan.steps[begin - 1]).kind is Kind.INSTRUCTION and before.place == here.place:
                begin -= 1
        return begin

    def _texts_again(self) -> tuple[str, ...]:
        """What "say it again" says where nothing is done again: the instruction in full, never the word to let go."""
        if self._reason is not None:
            return (self._refusal,)
        if self.plan.steps[self._cursor].kind is Kind.REST or self._done:
            repetition = self.plan.steps[self.plan.first_of_repetition(self._cursor) : self._cursor + 1]
            steps = [step for step in repetition if step.kind is Kind.INSTRUCTION]
        else:
            steps = list(self.plan.steps[self._instruction_begin() : self._cursor + 1])
        texts = tuple(text for step in steps for text in _texts_before_dose(step))
        return texts or (self.plan.where[self._cursor],)

    def _skip(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("next", now)
        here = self.plan.steps[self._cursor]
        if here.asks:
            self._play_from(self._cursor, _ACKNOWLEDGED)
            return
        if here.bout >= 0:
            self._skipped_from = (self._here(), 0 if self._done else self._waited)
        last = len(self.plan.steps) - 1

        def is_next(index: int) -> bool:
            step = self.plan.steps[index]
            return (step.bout != here.bout or here.bout < 0 or step.asks != "") and not self._is_out(index)

        self._play_from(next(filter(is_next, range(self._cursor + 1, last)), last), _ACKNOWLEDGED)

    def _go_back(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("back", now)
        if self._skipped_from is not None:
            (index, waited), self._skipped_from = self._skipped_from, None
            self._move_to(index, waited)
        else:
            index = self._earlier()
        self._completed_here = False
        # What is done again is asked about again.
        again = range(index, len(self.plan.steps))
        self._answered -= {step for step in again if self.plan.steps[step].kind is Kind.CHECK_IN}
        self._put = None
        self._play_from(index, _ACKNOWLEDGED)

    def _earlier(self) -> int:
        """Where "back" goes: this bout's beginning once something was completed in it, else the one before it."""
        here = self.plan.steps[self._cursor]
        if here.kind in (Kind.INTRODUCTION, Kind.QUESTION):
            return next((i for i in range(self._cursor - 1, -1, -1) if not self._is_out(i)), 0)
        is_over = here.kind in (Kind.BALANCE, Kind.CLOSING)
        nearest = self.plan.bouts() - 1 if is_over else here.bout - (not self._completed_here)
        bouts = (self.plan.first_of_bout(bout) for bout in range(nearest, -1, -1))
        stay = self._cursor if is_over else self.plan.first_of_bout(here.bout)
        return next((index for index in bouts if not self._is_out(index)), stay)

    def _set_speed(self, _: int, command: Command | Trigger, __: State) -> None:
        factor = defaults.SPEED_STEP if command is Command.FASTER else 1 / defaults.SPEED_STEP
        speed = min(defaults.FASTEST, max(defaults.SLOWEST, self.speed * factor))
        self._effects.append(Overlay(Earcon(Sound.HEARD)))
        if speed != self.speed:
            self.speed = speed
            self._effects.append(Retempo(speed))

    def _set_volume(self, _: int, command: Command | Trigger, __: State) -> None:
        factor = defaults.VOLUME_STEP if command is Command.LOUDER else 1 / defaults.VOLUME_STEP
        self.volume = min(defaults.LOUDEST, max(defaults.QUIETEST, self.volume * factor))
        self._effects += [Volume(self.volume), Overlay(Earcon(Sound.HEARD))]

    def _answer(self, now: int, command: Command | Trigger, before: State) -> None:
        text = self._answer_text(command, now)
        if before is State.PAUSED:
            self._silence("answer", now)
            self._say(text, first=_ACKNOWLEDGED)
            return
        if now < self._answering_until:
            return
        if self._is_speaking(now):
            # The sentence is cut, and said again after the answer.
            self._silence("answer", now)
            self._play_from(self._here(), (*_ACKNOWLEDGED, *_sentences((text,))))
            return
        length = self.lengths.prompt(text)
        quiet = self._quiet(now, length)
        if quiet != now:
            self._effects.append(Overlay(Earcon(Sound.HEARD)))
        if quiet is None:
            self._replan(now, _sentences((text,)))
        else:
            self._answering_until = quiet + length
            self._effects.append(Overlay(Prompt(text), quiet))

    def _is_speaking(self, now: int) -> bool:
        """Whether a sentence of the plan is being said."""
        if self._current is None:
            return False
        at, segment = self._current
        return segment.step != NOT_A_STEP and isinstance(segment.cue, Prompt) and now < at + segment.end - segment.start

    def _quiet(self, now: int, length: int) -> int | None:
        """Where the next ``length`` frames begin in which nothing is planned to sound; None if not in this step."""
        bounds = self._step_bounds()
        if bounds is None or self._playing is None or (self._current and self._current[1].step == NOT_A_STEP):
            return None
        quiet = now
        for segment in self._playing.timeline.segments:
            end = self._playing.start + segment.end
            if isinstance(segment.cue, Prompt | Earcon) and end > now:
                if self._playing.start + segment.start - quiet >= length:
                    break
                quiet = end
        return quiet if bounds[1] - quiet >= length else None

    def _answer_text(self, command: Command | Trigger, now: int) -> str:
        if command is Command.HELP:
            return self.words.say("help")
        if command is Command.WHERE:
            return self.plan.where[self._cursor]
        return self._time_left_text(self.remaining(now))

    def _time_left_text(self, remaining: int) -> str:
        minutes = min(round(remaining / self.lengths.rate / 60), self._longest)
        key = "time_left_less" if minutes < 1 else "time_left_one" if minutes == 1 else "time_left"
        return self.words.say(key, minutes=minutes)

    def _leave_out(self, now: int, _: Command | Trigger, before: State) -> None:
        text = self._note_numbness(now, before)
        self._deadline = None
        self._play_from(self._next_in(self._cursor), (*_ACKNOWLEDGED, *_sentences((text,))))

    def _leave_out_in_pause(self, now: int, _: Command | Trigger, before: State) -> None:
        text = self._note_numbness(now, before)
        self._say(text, *self._advice, self.words.say("still_waiting"), first=_ACKNOWLEDGED)

    def _note_numbness(self, now: int, before: State) -> str:
        """Fall silent, write it down, leave the exercise out; returns what is to be said of it."""
        state, held = self._moment(now, before)
        # Said twice, it is the same numbness, although the session stands at the next exercise by now.
        place = self._numb_at = self._numb_at or self.place
        key = "check_in_numb" if self._question == "check_in" else "numb"
        self._silence("numb", now)
        self._record(Noted.NUMB, place, state=state.value, held=held)
        if place.exercise is None:
            return self.words.say("numb_plain")
        self._left_out.add(place.exercise)
        self._skipped_from = None
        return self.words.say(key)

    # Questions ------------------------------------------------------------------------------------------------

    def _await_answer(self, now: int, _: Command | Trigger, __: State) -> None:
        trigger = Trigger.STILL_NO_ANSWER if self._asked else Trigger.NO_ANSWER
        self._deadline = (now + frames(defaults.ANSWER_TIME, self.lengths.rate), trigger)

    def _ask_shorter(self, _: int, __: Command | Trigger, ___: State) -> None:
        self._asked = 1
        self._say(self.words.say(f"{self._question}_again"))

    def _wait_for_answer(self, now: int, trigger: Command | Trigger, __: State) -> None:
        if trigger is Command.PAUSE:
            self._silence("pause", now)
        elif self._question == "check_in":
            self._record(Noted.CHECK_IN, self.place, answer="none")
        self._say(self.words.say(f"{self._question}_waiting"), first=_PAUSED)

    def _ask_again(self, now: int, _: Command | Trigger, __: State) -> None:
        self._deadline = None
        self._silence("repeat", now)
        self._play_from(self._cursor)

    def _accept(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("yes", now)
        self._note_answer("yes")
        self._go_on()

    def _refuse(self, now: int, _: Command | Trigger, __: State) -> None:
        self._reason, self._refusal = Reason.REFUSED, self.words.say(f"{self._question}_refused")
        self._silence("no", now)
        self._note_answer("no")
        self._say_refused(_ACKNOWLEDGED)

    def _note_answer(self, answer: str) -> None:
        if self._question == "after_pain":
            about = [hurt.session for hurt in self.plan.standing.hurts]
            self._record(Noted.DOCTOR_SEEN, answer=answer, about=about)
        else:
            self._record(Noted.APPROVAL, answer=answer)

    def _pass_check_in(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("fine", now)
        self._record(Noted.CHECK_IN, self.place, answer="fine")
        self._go_on()

    def _ease_off(self, now: int, _: Command | Trigger, __: State) -> None:
        """Something is new, and nobody knows what: the advice covers all of it, and the session waits."""
        self._silence("yes", now)
        self._record(Noted.CHECK_IN, self.place, answer="yes")
        self._left_out.add(self.place.exercise or "")
        self._skipped_from = None
        talk = self.words.talk("ease_off")
        self._advice = tuple(text for text in talk if text != self.words.say("still_waiting"))
        self._say(*talk, first=_PAUSED)

    def _go_on(self) -> None:
        """The question has its answer."""
        self._answered.add(self._cursor)
        self._play_from(self._cursor + 1, _ACKNOWLEDGED)

    @property
    def _question(self) -> str:
        """Which question of the plan is open."""
        return self.plan.steps[self._cursor].asks

    @property
    def _question_cue(self) -> Cue | None:
        """The sentence that puts the current step's question, if it has one; what leads up to it comes before."""
        step = self.plan.steps[self._cursor]
        return step.cues[-1] if step.asks else None

    def _is_put(self, now: int) -> bool:
        """Whether enough of the open question was heard for an answer to be one."""
        return self._put is not None and self._put[0] == self._cursor and now >= self._put[1]

    def _say_refused(self, lead: tuple[Cue, ...]) -> None:
        """It closes the session, so it belongs to the plan's last step."""
        last = len(self.plan.steps) - 1
        cues = (*lead, *_sentences((self._refusal,)), Earcon(Sound.ENDED))
        self._play(_Stretch(self._lay_out([Entry(cues, Place(), last)]), last, last + 1))

    def _check(self, now: int, trigger: Command | Trigger, before: State) -> None:
        self._suspected = next(command for command, suspicion in _SUSPECTED.items() if suspicion is trigger)
        self._cut = before, self._held_for(now)
        self._silence("suspicion", now)
        self._say(self.words.say("is_anything_wrong" if self._suspected is Command.EMERGENCY else "did_it_hurt"))

    def _await_check(self, now: int, _: Command | Trigger, __: State) -> None:
        self._deadline = (now + frames(defaults.ANSWER_TIME, self.lengths.rate), Trigger.NO_ANSWER)

    def _waits_to_hear_of_pain(self, now: int) -> bool:
        """Whether "did something hurt?" is out, its echo is gone, and it was not asked because of "stop"."""
        if self.state is not State.CHECKING or self._deadline is None or self._suspected is Command.STOP:
            return False
        rate = self.lengths.rate
        over = self._deadline[0] - frames(defaults.ANSWER_TIME, rate)
        return now >= over + frames(defaults.DOUBT_AGAIN_AFTER, rate)

    def _keeps_still(self, command: Command) -> bool:
        """Whether ``command`` denies that something hurt, and nobody has said that the session is to go on."""
        if self.state is not State.CHECKING or command not in (Command.NO, Command.FINE) or self._cut is None:
            return False
        return self._suspected is Command.STOP or self._cut[0] is State.PAUSED

    def _keep_paused(self, now: int, trigger: Command | Trigger, __: State) -> None:
        if trigger is not Trigger.NO_ANSWER:
            self._silence(trigger.value, now)
        # That the sound was gone could not be heard while it was.
        was_unheard = trigger is Trigger.RESTORED and self._fault == "device"
        lost = (self.words.say("sound_lost"),) if was_unheard else ()
        self._say(*lost, *self._advice, self.words.say("still_waiting"), first=_PAUSED)

    def _halt_for_fault(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("fault", now)
        is_heard = self._fault == "ear"
        text = self.words.say("cannot_hear" if is_heard else "sound_lost")
        # Without sound advice is not heard: it is said when that is back.
        self._say(text, *(self._advice if is_heard else ()), first=(Earcon(Sound.TROUBLE), _BREATH))

    def _mention(self, now: int, _: Command | Trigger, __: State) -> None:
        if self._was_told:
            return
        self._was_told = True
        self._tell_at_last()
        if self.state in _UNDERWAY:
            self._replan(now)

    def _tell_at_last(self) -> None:
        """The journal's failure is still to be told, from here or with what is played next."""
        self._news = _sentences((self.words.say("not_recorded"),))
        if self.state in _UNDERWAY and self._owed is None:
            self._owed = ()

    # Endings --------------------------------------------------------------------------------------------------

    def _advise(self, now: int, trigger: Command | Trigger, before: State) -> None:
        is_answer = trigger in (Command.YES, Trigger.SUSPECTED_AGAIN)
        is_urgent = trigger in (Command.EMERGENCY, Trigger.WARNING_SUSPICION)
        is_urgent = is_urgent or (is_answer and self._suspected is Command.EMERGENCY)
        self._reason = Reason.EMERGENCY if is_urgent else Reason.PAIN
        state, held = self._moment(now, before)
        self._silence(self._reason.value, now)
        self._record(Noted(self._reason.value), self.place, state=state.value, held=held)
        self._say_advice(self._reason)

    def _advise_again(self, now: int, trigger: Command | Trigger, __: State) -> None:
        """The sound was gone, so nobody heard it."""
        if self._fault != "device" or self._advised_again or self._reason is None:
            return
        self._advised_again = True
        self._silence(trigger.value, now)
        self._say_advice(self._reason)

    def _say_advice(self, reason: Reason) -> None:
        self._say(*self.words.talk(reason.value), first=(Earcon(Sound.PAIN), _BREATH))

    def _moment(self, now: int, before: State) -> tuple[State, float | None]:
        """What went on, and the seconds into the hold; what a question or a stop cut off, where one did."""
        if before in (State.CHECKING, State.STOPPING) and self._cut is not None:
            return self._cut
        return before, self._held_for(now)

    def _held_for(self, now: int) -> float | None:
        """Seconds into the running hold; None outside one."""
        if self._current is None or not isinstance(self._current[1].cue, Hold):
            return None
        return round(max(0, now - self._current[0]) / self.lengths.rate, 3)

    def _escalate(self, now: int, _: Command | Trigger, before: State) -> None:
        if self._reason is Reason.EMERGENCY:
            return
        self._reason = Reason.EMERGENCY
        self._record(Noted.EMERGENCY, self.place, state=before.value, held=None)
        timeline = self._lay_out([Entry(_sentences(self.words.talk("emergency")), self.place, NOT_A_STEP)])
        talk = self._playing
        ends = (talk.start + segment.end for segment in talk.timeline.segments) if talk is not None else ()
        after_sentence = next((end for end in ends if end > now), now)
        self._play(_Stretch(timeline, self._cursor, self._cursor, deferred=True), after_sentence)

    def _stop(self, now: int, _: Command | Trigger, before: State) -> None:
        if before is not State.CHECKING:
            self._cut = before, self._held_for(now)
        self._reason = self._reason or Reason.STOP
        self._silence("stop", now)
        self._deadline = (now + frames(defaults.STOP_GRACE, self.lengths.rate), Trigger.GRACE_OVER)
        timeline = self._lay_out([Entry((Earcon(Sound.ENDED),), self.place, NOT_A_STEP)])
        self._play(_Stretch(timeline, self._cursor, self._cursor))

    def _finish(self, now: int, trigger: Command | Trigger, _: State) -> None:
        if trigger is Command.STOP:
            self._silence("stop", now)

    def _complete(self, _: int, __: Command | Trigger, ___: State) -> None:
        self._reason = self._reason or (Reason.REFUSED if self.plan.is_refused else Reason.COMPLETED)

    def _interrupted(self, now: int, _: Command | Trigger, __: State) -> None:
        self._end(Reason.INTERRUPT, now)

    def _failed(self, now: int, _: Command | Trigger, __: State) -> None:
        self._end(Reason.ERROR, now)

    def _end(self, reason: Reason, now: int) -> None:
        """Over at once; pain and emergency stay the reason, whatever else happens."""
        if self._reason not in (Reason.PAIN, Reason.EMERGENCY):
            self._reason = reason
        self._silence(reason.value, now)

    def _own_texts(self) -> Iterator[str]:
        keys = ("paused", "paused_plain", "get_ready", "cannot_hear", "sound_lost", "did_it_hurt", "is_anything_wrong",
                "still_waiting", "not_recorded", "numb", "numb_plain", "help")  # fmt: skip
        for key in keys:
            yield self.words.say(key)
        for talk in ("pain", "emergency"):
            yield from self.words.talk(talk)
        for question in dict.fromkeys(step.asks for step in self.plan.steps if step.asks):
            yield from self._texts_about(question)
        for minutes in range(self._longest + 1):
            yield self._time_left_text(minutes * 60 * self.lengths.rate)

    def _texts_about(self, question: str) -> Iterator[str]:
        yield self.words.say(f"{question}_again")
        yield self.words.say(f"{question}_waiting")
        if question == "check_in":
            yield self.words.say("check_in_numb")
            yield from self.words.talk("ease_off")
        else:
            yield self.words.say(f"{question}_refused")

    @cached_property
    def _longest(self) -> int:
        """More minutes than can ever be left; texts that were not rendered yet are taken to be spoken very slowly."""
        slow = replace(
            self.lengths,
            prompt=lambda text: round(len(text) * 0.1 / defaults.SLOWEST * self.lengths.rate),
            is_command=lambda text: True,
        )
        entries = [Entry(step.in_full, step.place, index) for index, step in enumerate(self.plan.steps)]
        return ceil(lay_out(entries, slow, defaults.SLOWEST).length / self.lengths.rate / 60)


def _sentences(texts: tuple[str, ...]) -> tuple[Cue, ...]:
    return tuple(cue for text in texts for cue in (Prompt(text), _BREATH))


def _is_wait(cue: Cue) -> bool:
    return isinstance(cue, Quiet) and cue.reason == "wait"


def _ends_dose(segment: Segment, step: Step) -> bool:
    """Whether with this cue the step has done what it is for: held, waited, or the repetition completed."""
    if step.kind is Kind.HOLD:
        return isinstance(segment.cue, Hold)
    if step.kind is Kind.WAIT:
        return _is_wait(segment.cue)
    return step.completes and segment.cue == step.cues[-1]


def _texts_before_dose(step: Step) -> Iterator[str]:
    for cue in takewhile(lambda cue: not isinstance(cue, Hold) and not _is_wait(cue), step.in_full):
        if isinstance(cue, Prompt):
            yield cue.text
