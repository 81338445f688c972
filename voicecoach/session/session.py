"""The session: events and the time in, effects out. No clock, no threads, no I/O.

``now`` is the position of the stream: frames handed to the device so far. Which state follows which is the table in
``states.py``; here is what is done on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from voicecoach.session import defaults
from voicecoach.session.commands import ALWAYS, ANSWERS, URGENT, Command
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
    Overlay,
    Play,
    Reason,
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
    SpeechReady,
    Started,
)
from voicecoach.session.plan import Kind, Plan, Step
from voicecoach.session.states import PLAYING, TRANSITIONS, Action, State, Trigger
from voicecoach.session.timeline import Entry, Lengths, lay_out
from voicecoach.session.wording import Wording, wording
from voicecoach.units import frames

NOT_A_STEP = -1
"""``Segment.step`` of what is said between the plan's steps: answers, hints, the safety talk."""

_QUESTION_STATES = frozenset({State.ASKING, State.WAITING, State.CHECKING})
_BRIEF_DUCK = 0.6
"""Seconds; a little longer than the longest short command takes to say again."""
_ACKNOWLEDGED = (Earcon(Sound.HEARD), Quiet("gap", defaults.AFTER_SENTENCE))


class Session:
    """One run of a plan.

    Call ``handle(Started(), 0)`` first, then every event with the stream's position; carry out the effects in
    order, answering each Play with PlaybackStarted before anything else; call ``handle(None, now)`` once ``now`` has
    reached ``next_deadline()``. Events of a timeline that has been replaced meanwhile may still arrive: they are known
    by their position and only count what was really completed.
    """

    def __init__(self, plan: Plan, lengths: Lengths, words: Wording | None = None, speed: float = 1.0) -> None:
        self.plan, self.state = plan, State.READY
        self.lengths, self.words = lengths, words or wording()
        self.speed, self.volume = speed, 1.0
        self.repetitions: Counter[tuple[str, str | None]] = Counter()
        """Completed repetitions by exercise and side."""
        self.held: Counter[tuple[str, str | None]] = Counter()
        """Completed holds in frames, by exercise and side."""
        self._reason: Reason | None = None
        self._fault: Literal["ear", "device"] = "ear"
        self._effects: list[Effect] = []
        self._deadline: tuple[int, Trigger] | None = None
        self._pending: tuple[Timeline, bool] | None = None
        self._timelines: list[tuple[int, Timeline]] = []
        self._since = 0
        self._cursor = 0
        self._current: tuple[int, Segment] | None = None
        self._hold_done = False
        self._completed_here = False
        self._waited = 0
        self._answering_until = 0
        self._skipped_from: int | None = None
        self._left_out: set[str] = set()
        self._approved = False
        self._asked = 0
        self._armed: frozenset[Command] = frozenset()
        self._actions: dict[Action, Callable[[int, Command | Trigger, State], None]] = {
            Action.BEGIN: lambda now, _, __: self._play_from(0),
            Action.FOLLOW: lambda now, _, __: None,
            Action.NOTHING: lambda now, _, __: None,
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
            Action.AWAIT_ANSWER: self._await_answer,
            Action.ASK_SHORTER: self._ask_shorter,
            Action.WAIT_FOR_ANSWER: self._wait_for_answer,
            Action.ASK_AGAIN: self._ask_again,
            Action.ACCEPT: self._accept,
            Action.REFUSE: self._refuse,
            Action.CHECK: self._check,
            Action.AWAIT_CHECK: self._await_check,
            Action.KEEP_PAUSED: self._keep_paused,
            Action.HALT_FOR_FAULT: self._halt_for_fault,
            Action.ADVISE: self._advise,
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
        """Frames from ``now`` to the end of the session, as planned; the whole current step where none is playing."""
        entries = self._entries(range(self._here(), len(self.plan.steps)))
        total = lay_out(entries, self.lengths, self.speed).length
        bounds = self._step_bounds()
        return max(0, total - max(0, now - bounds[0])) if bounds else total

    def handle(self, event: Event | None, now: int) -> list[Effect]:
        """Take ``event`` (None: only the time) and return what is to be done, in order."""
        self._effects = []
        if self._deadline and now >= self._deadline[0] and not _is_urgent(event):
            trigger = self._deadline[1]
            self._deadline = None
            self._fire(trigger, now)
        if event is not None:
            self._take(event, now)
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
            if event.at > self._since and self._pending is None:
                self._current = None
                self._fire(Trigger.PLAYED_OUT, now)
        elif isinstance(event, CommandGiven):
            self._command(event, now)
        elif isinstance(event, SpeechReady):
            self._speech_ready(event.lengths)
        elif isinstance(event, Faulted):
            self._fault = event.what
            self._fire(Trigger.FAULT, now)
        else:
            trigger = {Started: Trigger.START, Interrupted: Trigger.INTERRUPT, Failed: Trigger.FAILURE}[type(event)]
            self._fire(trigger, now)

    def _command(self, event: CommandGiven, now: int) -> None:
        if event.firm:
            self._fire(event.command, now)
        elif event.command in URGENT:
            self._fire(Trigger.SUSPICION, now)
        elif self.state in PLAYING:
            self._effects.append(Duck(_BRIEF_DUCK))

    def _fire(self, trigger: Command | Trigger, now: int) -> None:
        move = TRANSITIONS.get((self.state, trigger))
        if move is None:
            return
        before, self.state = self.state, move.target
        if move.action not in (Action.FOLLOW, Action.NOTHING) and move.target is not before:
            self._deadline = None
        self._actions[move.action](now, trigger, before)
        if self.state is not before:
            self._effects.append(StateChanged(before.value, self.state.value))
            self._listen()
            if self.state is State.FINISHED:
                self._effects.append(Finish(self._reason or Reason.COMPLETED))

    def _listen(self) -> None:
        wanted = ALWAYS | ANSWERS if self.state in _QUESTION_STATES else ALWAYS
        if wanted != self._armed:
            self._armed = wanted
            self._effects.append(Listen(wanted))

    def _playback_started(self, at: int) -> None:
        if self._pending is None:
            raise ValueError("PlaybackStarted without a Play")
        timeline, deferred = self._pending
        self._pending = None
        if deferred:
            self._timelines.append((at, timeline))
        else:
            self._timelines, self._since, self._current = [(at, timeline)], at, None

    def _stale(self, at: int) -> bool:
        return self._pending is not None or at < self._since

    def _cue_started(self, event: CueStarted, now: int) -> None:
        segment = event.segment
        if self._stale(event.at) or isinstance(segment.cue, Earcon):
            return
        self._current = (event.at, segment)
        if segment.step == NOT_A_STEP:
            return
        if segment.step != self._cursor:
            self._cursor, self._hold_done, self._waited = segment.step, False, 0
        if isinstance(segment.cue, Hold):
            self._hold_done = False
        self._fire(self._started_trigger(segment), now)

    def _started_trigger(self, segment: Segment) -> Trigger:
        kind = self.plan.steps[segment.step].kind
        if isinstance(segment.cue, Hold):
            return Trigger.HOLD_STARTED
        if kind in (Kind.REST, Kind.WAIT) or self._hold_done:
            return Trigger.REST_STARTED
        by_kind = {
            Kind.INTRODUCTION: Trigger.INTRODUCTION_STARTED,
            Kind.QUESTION: Trigger.QUESTION_STARTED,
            Kind.CLOSING: Trigger.CLOSING_STARTED,
        }
        return by_kind.get(kind, Trigger.INSTRUCTION_STARTED)

    def _cue_ended(self, event: CueEnded) -> None:
        segment = event.segment
        if not event.completed or segment.step == NOT_A_STEP:
            return
        step = self.plan.steps[segment.step]
        key = (step.place.exercise or "", step.place.side)
        if isinstance(segment.cue, Hold):
            self.held[key] += segment.end - segment.start
            if segment.step == self._cursor:
                self._hold_done = True
        if step.completes and self._ends_step(segment, step):
            self.repetitions[key] += 1
            self._completed_here = True
            self._skipped_from = None

    @staticmethod
    def _ends_step(segment: Segment, step: Step) -> bool:
        if step.kind is Kind.HOLD:
            return isinstance(segment.cue, Hold)
        if step.kind is Kind.WAIT:
            return isinstance(segment.cue, Quiet) and segment.cue.reason == "wait"
        return segment.cue == step.cues[-1]

    # Playing --------------------------------------------------------------------------------------------------

    def _play(self, timeline: Timeline, at: int | None = None) -> None:
        self._pending = (timeline, at is not None)
        self._effects.append(Play(timeline, at))

    def _say(self, *texts: str, first: tuple[Cue, ...] = ()) -> None:
        """Play sentences that belong to no step."""
        self._play(self._lay_out([Entry((*first, *_sentences(texts)), self.place, NOT_A_STEP)]))

    def _play_from(self, index: int, lead: tuple[Cue, ...] = (), full: Place | None = None, at: int | None = None,
                   before: tuple[int, ...] = ()) -> None:  # fmt: skip
        """Play steps ``before`` and then all from ``index`` to the next question; those at ``full`` in full wording."""
        end = len(self.plan.steps)
        for later in range(index, end):
            if self.plan.steps[later].kind is Kind.QUESTION and not self._approved:
                end = later + 1
                break
        entries = [Entry(lead, self.place, NOT_A_STEP)] if lead else []
        entries += self._entries((*before, *range(index, end)), full)
        self._play(self._lay_out(entries), at)

    def _entries(self, indices: range | tuple[int, ...], full: Place | None = None) -> list[Entry]:
        entries = []
        for index in indices:
            step = self.plan.steps[index]
            if step.place.exercise in self._left_out or (step.kind is Kind.QUESTION and self._approved):
                continue
            cues = step.in_full if full is not None and step.place == full else step.cues
            if step.kind is Kind.WAIT and index == self._cursor and self._waited:
                cues = (self._rest_of_wait(cues[0]), *cues[1:])
            entries.append(Entry(cues, step.place, index))
        return entries

    def _rest_of_wait(self, wait: Cue) -> Cue:
        if not isinstance(wait, Quiet):
            return wait
        return replace(wait, seconds=max(0.0, wait.seconds - self._waited / self.lengths.rate))

    def _lay_out(self, entries: list[Entry]) -> Timeline:
        return lay_out(entries, self.lengths, self.speed)

    def _silence(self, cause: str, now: int) -> None:
        if self._current and isinstance(self._current[1].cue, Quiet) and self._current[1].cue.reason == "wait":
            self._waited += max(0, now - self._current[0])
        self._current = None
        self._answering_until = 0
        self._effects.append(Silence(cause))

    def _here(self) -> int:
        """The step to go on with: the interrupted one, or the next where its hold was completed."""
        return min(self._cursor + self._hold_done, len(self.plan.steps) - 1)

    def _step_bounds(self) -> tuple[int, int] | None:
        """Stream positions of the first and last frame of the step that is playing."""
        if self._current is None:
            return None
        at, segment = self._current
        for start, timeline in reversed(self._timelines):
            if start <= at:
                own = [s for s in timeline.segments if s.step == segment.step]
                return start + own[0].start, start + max(s.end for s in own)
        return None

    # Commands -------------------------------------------------------------------------------------------------

    def _pause(self, now: int, _: Command | Trigger, before: State) -> None:
        self._silence("pause", now)
        text = self.words.say("paused_plain" if before is State.INTRODUCING else "paused")
        self._say(text, first=(Earcon(Sound.PAUSED), Quiet("gap", defaults.AFTER_SENTENCE)))

    def _resume(self, now: int, _: Command | Trigger, before: State) -> None:
        self._silence("resume", now)
        if self._reason is not None:
            self._say_refused(())
            return
        lead: tuple[Cue, ...] = (Earcon(Sound.RESUMED), Quiet("gap", defaults.AFTER_SENTENCE))
        if self.plan.steps[self._here()].kind is Kind.HOLD:
            lead = (*lead, *_sentences((self.words.say("get_ready"),)))
        self._play_from(self._here(), lead)

    def _repeat(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("repeat", now)
        here = self.plan.steps[self._cursor]
        begin = self._instruction_begin()
        if here.kind is Kind.REST or self._hold_done:
            again = tuple(i for i in range(begin, self._cursor) if self.plan.steps[i].kind is Kind.INSTRUCTION)
            self._play_from(self._here(), _ACKNOWLEDGED, here.place, before=again)
        else:
            self._play_from(begin, _ACKNOWLEDGED, here.place)

    def _instruction_begin(self) -> int:
        """First instruction of the current repetition; the current step where that comes earlier."""
        if self.plan.steps[self._cursor].kind in (Kind.INTRODUCTION, Kind.CLOSING, Kind.QUESTION, Kind.ANNOUNCEMENT):
            return self._cursor
        first = self.plan.first_of_repetition(self._cursor)
        instructions = (i for i in range(first, self._cursor) if self.plan.steps[i].kind is Kind.INSTRUCTION)
        return next(instructions, self._cursor)

    def _say_again(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("repeat", now)
        steps = self.plan.steps[self._instruction_begin() : self._cursor + 1]
        said = tuple(cue.text for step in steps for cue in step.in_full if isinstance(cue, Prompt))
        self._say(*said, first=_ACKNOWLEDGED)

    def _skip(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("next", now)
        here = self.plan.steps[self._cursor]
        if here.kind is Kind.QUESTION:
            self._play_from(self._cursor, _ACKNOWLEDGED)
        elif here.bout < 0:
            self._play_from(min(self._cursor + 1, len(self.plan.steps) - 1), _ACKNOWLEDGED)
        else:
            self._skipped_from = self._cursor
            later = range(self._cursor, len(self.plan.steps))
            index = next(i for i in later if self.plan.steps[i].bout not in (here.bout,))
            self._completed_here = False
            self._jump(index)

    def _go_back(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("back", now)
        here = self.plan.steps[self._cursor]
        if self._skipped_from is not None:
            index, self._skipped_from = self._skipped_from, None
        elif here.bout < 0:
            index = max(0, self._cursor - 1)
        elif self._completed_here or here.bout == 0:
            index = self.plan.first_of_bout(here.bout)
        else:
            index = self.plan.first_of_bout(here.bout - 1)
        self._completed_here = False
        self._jump(index)

    def _jump(self, index: int) -> None:
        self._cursor, self._hold_done, self._waited = index, False, 0
        self._play_from(index, _ACKNOWLEDGED)

    def _set_speed(self, _: int, command: Command | Trigger, __: State) -> None:
        factor = defaults.SPEED_STEP if command is Command.FASTER else 1 / defaults.SPEED_STEP
        self.speed = min(defaults.FASTEST, max(defaults.SLOWEST, self.speed * factor))
        self._effects += [Overlay(Earcon(Sound.HEARD)), Retempo(self.speed)]

    def _speech_ready(self, lengths: Lengths) -> None:
        self.lengths = lengths
        bounds = self._step_bounds()
        if self.state in PLAYING and bounds and self._current:
            following = self._cursor + 1 if self._current[1].step == self._cursor else self._here()
            if following < len(self.plan.steps):
                self._play_from(following, at=bounds[1])

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
        room, bounds = self._quiet_room(now), self._step_bounds()
        if room is None or bounds is None:
            self._silence("answer", now)
            self._play_from(self._here(), (*_ACKNOWLEDGED, *_sentences((text,))))
        elif self.lengths.prompt(text) <= room:
            self._answering_until = now + self.lengths.prompt(text)
            self._effects.append(Overlay(Prompt(text)))
        else:
            self._effects.append(Overlay(Earcon(Sound.HEARD)))
            following = min(self._cursor + 1, len(self.plan.steps) - 1)
            self._play_from(following, _sentences((text,)), at=bounds[1])

    def _quiet_room(self, now: int) -> int | None:
        """Frames of planned quiet from ``now`` on; None where the coach is speaking."""
        if self._current is None or self._current[1].step == NOT_A_STEP:
            return None
        at, segment = self._current
        if isinstance(segment.cue, Prompt):
            return None
        ticked = defaults.TICKS * self.lengths.rate if isinstance(segment.cue, Hold) else 0
        return at + segment.end - segment.start - ticked - now

    def _answer_text(self, command: Command | Trigger, now: int) -> str:
        if command is Command.HELP:
            return self.words.say("help")
        if command is Command.WHERE:
            return self.plan.where[self._cursor]
        return self._time_left_text(self.remaining(now))

    def _time_left_text(self, remaining: int) -> str:
        minutes = round(remaining / self.lengths.rate / 60)
        key = "time_left_less" if minutes < 1 else "time_left_one" if minutes == 1 else "time_left"
        return self.words.say(key, minutes=minutes)

    def _leave_out(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("numb", now)
        exercise = self.place.exercise
        if exercise is None:
            self._play_from(self._cursor, (*_ACKNOWLEDGED, *_sentences((self.words.say("numb_plain"),))))
            return
        self._left_out.add(exercise)
        later = range(self._cursor, len(self.plan.steps))
        index = next(i for i in later if self.plan.steps[i].place.exercise not in self._left_out)
        lead = (*_ACKNOWLEDGED, *_sentences((self.words.say("numb"),)))
        self._cursor, self._hold_done, self._waited, self._skipped_from = index, False, 0, None
        self._play_from(index, lead)

    # Questions ------------------------------------------------------------------------------------------------

    def _await_answer(self, now: int, _: Command | Trigger, __: State) -> None:
        trigger = Trigger.STILL_NO_ANSWER if self._asked else Trigger.NO_ANSWER
        self._deadline = (now + frames(defaults.ANSWER_TIME, self.lengths.rate), trigger)

    def _ask_shorter(self, _: int, __: Command | Trigger, ___: State) -> None:
        self._asked = 1
        self._say(self.words.say("approval_again"))

    def _wait_for_answer(self, now: int, trigger: Command | Trigger, __: State) -> None:
        self._asked = 0
        self._deadline = None
        if trigger is Command.PAUSE:
            self._silence("pause", now)
        self._say(self.words.say("approval_waiting"), first=(Earcon(Sound.PAUSED), Quiet("gap", 0.5)))

    def _ask_again(self, now: int, _: Command | Trigger, __: State) -> None:
        self._asked, self._deadline = 0, None
        self._silence("repeat", now)
        self._play_from(self._cursor)

    def _accept(self, now: int, _: Command | Trigger, __: State) -> None:
        self._approved = True
        self._silence("yes", now)
        self._cursor += 1
        self._play_from(self._cursor, _ACKNOWLEDGED)

    def _refuse(self, now: int, _: Command | Trigger, __: State) -> None:
        self._reason = Reason.REFUSED
        self._silence("no", now)
        self._say_refused(_ACKNOWLEDGED)

    def _say_refused(self, lead: tuple[Cue, ...]) -> None:
        """It closes the session, so it belongs to the plan's last step."""
        last = len(self.plan.steps) - 1
        self._play(self._lay_out([Entry((*lead, *_sentences((self.words.say("refused"),))), Place(), last)]))

    def _check(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("suspicion", now)
        self._say(self.words.say("did_it_hurt"))

    def _await_check(self, now: int, _: Command | Trigger, __: State) -> None:
        self._deadline = (now + frames(defaults.ANSWER_TIME, self.lengths.rate), Trigger.NO_ANSWER)

    def _keep_paused(self, now: int, trigger: Command | Trigger, __: State) -> None:
        if trigger is Command.PAUSE:
            self._silence("pause", now)
        self._say(self.words.say("still_waiting"), first=(Earcon(Sound.PAUSED), Quiet("gap", 0.5)))

    def _halt_for_fault(self, now: int, _: Command | Trigger, __: State) -> None:
        self._silence("fault", now)
        text = self.words.say("cannot_hear" if self._fault == "ear" else "sound_lost")
        self._say(text, first=(Earcon(Sound.TROUBLE), Quiet("gap", defaults.AFTER_SENTENCE)))

    # Endings --------------------------------------------------------------------------------------------------

    def _advise(self, now: int, trigger: Command | Trigger, _: State) -> None:
        self._reason = Reason.EMERGENCY if trigger is Command.EMERGENCY else Reason.PAIN
        self._silence(self._reason.value, now)
        low_tone = (Earcon(Sound.PAIN), Quiet("gap", defaults.AFTER_SENTENCE))
        self._say(*self.words.talk(self._reason.value), first=low_tone)

    def _escalate(self, now: int, _: Command | Trigger, __: State) -> None:
        if self._reason is Reason.EMERGENCY:
            return
        self._reason = Reason.EMERGENCY
        sentences = _sentences(self.words.talk(self._reason.value))
        timeline = self._lay_out([Entry(sentences, self.place, NOT_A_STEP)])
        end = self._current[0] + self._current[1].end - self._current[1].start if self._current else now
        self._play(timeline, max(end, now))

    def _stop(self, now: int, _: Command | Trigger, __: State) -> None:
        self._reason = self._reason or Reason.STOP
        self._silence("stop", now)
        self._deadline = (now + frames(defaults.STOP_GRACE, self.lengths.rate), Trigger.GRACE_OVER)
        self._play(self._lay_out([Entry((Earcon(Sound.ENDED),), self.place, NOT_A_STEP)]))

    def _finish(self, now: int, trigger: Command | Trigger, _: State) -> None:
        if trigger is Command.STOP:
            self._silence("stop", now)

    def _complete(self, _: int, __: Command | Trigger, ___: State) -> None:
        self._reason = self._reason or Reason.COMPLETED

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
        keys = ("approval_again", "approval_waiting", "refused", "paused", "paused_plain", "get_ready", "cannot_hear",
                "sound_lost", "did_it_hurt", "still_waiting", "numb", "numb_plain", "help")  # fmt: skip
        for key in keys:
            yield self.words.say(key)
        yield from self.words.talk("pain")
        yield from self.words.talk("emergency")
        # Lengths of texts not rendered yet are not known here; twice the silent plan is more than any session lasts.
        silent = replace(self.lengths, prompt=lambda text: len(text) * self.lengths.rate // 10)
        entries = self._entries(range(len(self.plan.steps)))
        longest = lay_out(entries, silent, self.speed).length / self.lengths.rate / 60 / defaults.SLOWEST
        for minutes in range(int(longest) + 2):
            yield self._time_left_text(minutes * 60 * self.lengths.rate)


def _sentences(texts: tuple[str, ...]) -> tuple[Cue, ...]:
    return tuple(cue for text in texts for cue in (Prompt(text), Quiet("gap", defaults.AFTER_SENTENCE)))


def _is_urgent(event: Event | None) -> bool:
    """Pain and stop win over everything that happens at the same instant, a deadline too."""
    return isinstance(event, CommandGiven) and event.command in URGENT
