"""A session on a mixer: carries out what the session wants, and tells the log what really sounded.

The same for the live player and the simulation, which differ only in where blocks and events come from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.mixer import Mixer, ReadMusic, Scheduled, Score
from voicecoach.ear.spotter import Heard
from voicecoach.event_log import EventLog
from voicecoach.glance import Glance, Listening
from voicecoach.lookout import Lookout
from voicecoach.session.commands import Command
from voicecoach.session.cues import (
    Cue,
    CueEnded,
    CueStarted,
    Earcon,
    Hold,
    Place,
    Prompt,
    Sound,
    Timeline,
)
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
from voicecoach.session.events import Event, PlaybackStarted, Unrecorded
from voicecoach.session.session import Session
from voicecoach.session.states import State
from voicecoach.session.timeline import Lengths

ClipOf = Callable[[str], Clip]
"""The clip of a text that was rendered before, at the mixer's rate."""

DUCKED = 0.25
"""-12 dB: the coach can still be followed, and a command said over it stands out."""

WITH_MUSIC = frozenset({State.INTRODUCING, State.INSTRUCTING, State.HOLDING, State.RESTING})
"""Where music sounds. Never while an answer is awaited: "yes" and "no" are short, and believed when heard weakly."""
WITHOUT_MUSIC_FOR_GOOD = frozenset({State.SAFETY_TALK, State.STOPPING, State.FINISHED})
MUSIC_RISE, MUSIC_FALL, MUSIC_CLOSE = 2.0, 0.5, 4.0
"""Seconds for music to begin, to make room for a question, and to end during the closing words."""


class Performance:
    """Carries out one session. One thread calls it: the one that owns the session.

    ``arm`` is told which commands to listen for, ``retempo`` at which speed to render all texts again; when that is
    done, set ``clip_of`` and pass SpeechReady to ``take``. ``record`` writes into the journal and returns what went
    wrong, if it is news. ``music`` gives the background sound. What the log tells of an event is told after what had to
    be recorded of it, so that nothing is known to have happened that could still be lost, but for what a slow disk had
    not taken when the journal stopped waiting for it.
    """

    def __init__(
        self,
        session: Session,
        mixer: Mixer,
        clip_of: ClipOf,
        earcons: dict[Sound, Clip],
        log: EventLog,
        arm: Callable[[frozenset[Command]], None],
        retempo: Callable[[float], None],
        record: Callable[[Record], str | None],
        music: ReadMusic | None = None,
    ) -> None:
        self.session, self.mixer, self.clip_of, self.log = session, mixer, clip_of, log
        mixer.volume = session.volume
        self.reason: Reason | None = None
        """Why the session ended; None while it runs."""
        self._earcons, self._arm, self._retempo, self._record = earcons, arm, retempo, record
        self._lookout = Lookout(session)
        self._untold: list[tuple[float, str, dict[str, Any]]] | None = None
        """What the log is told once the event that is being handled has been recorded."""
        self._unrecorded = False
        """The session is to be told, once all that it wanted is done."""
        self._overlaid_until: int | None = None
        self._ducked_until: int | None = None
        self._hold_started = 0
        self._has_music = music is not None
        if music is not None:
            mixer.add_music(music)

    def take(self, event: Event | None, heard: Heard | None = None) -> None:
        """Let the session handle ``event`` (None: only the time) and do what it wants; ``heard`` is its origin."""
        now = self.mixer.position
        self._untold = []
        try:
            self._let_go(now)
            if heard is not None:
                self._tell_heard(heard)
            elif isinstance(event, CueStarted):
                self._tell_started(event.segment.cue, event.segment.place, event.at)
            elif isinstance(event, CueEnded):
                self._tell_ended(event)
            for effect in self.session.handle(event, now):
                self._carry_out(effect, now)
            if self._unrecorded:
                self._unrecorded = False
                for effect in self.session.handle(Unrecorded(), now):
                    self._carry_out(effect, now)
            self._steer_music()
        finally:
            self._lookout.follow(event)
            told, self._untold = self._untold, None
            for line in told:
                self.log.write(line[0], line[1], **line[2])

    def tell(self, event: str, at: int | None = None, **fields: Any) -> None:
        """Write to the log, at stream frame ``at`` or now."""
        t = (self.mixer.position if at is None else at) / self.mixer.rate
        if self._untold is None:
            self.log.write(t, event, **fields)
        else:
            self._untold.append((t, event, fields))

    def glance(self, listening: Listening, level: float | None = None) -> Glance:
        """What can be seen of the session now; ``level`` is the microphone's, in dBFS."""
        return self._lookout.glance(self.mixer.position, listening, level)

    def next_deadline(self) -> int | None:
        """The stream position at which ``take(None)`` is due, or None."""
        due = (self.session.next_deadline(), self._overlaid_until, self._ducked_until)
        return min((at for at in due if at is not None), default=None)

    def _let_go(self, now: int) -> None:
        if self._overlaid_until is not None and now >= self._overlaid_until:
            self.tell("prompt_end", self._overlaid_until, completed=True)
            self._overlaid_until = None
        if self._ducked_until is not None and now >= self._ducked_until:
            self._ducked_until = None
            self.mixer.unduck()

    def _carry_out(self, effect: Effect, now: int) -> None:
        if isinstance(effect, Play):
            start = self.mixer.play(self._score(effect.timeline), effect.at)
            for answer in self.session.handle(PlaybackStarted(start), now):
                self._carry_out(answer, now)
        elif isinstance(effect, Silence):
            self._silence(effect.cause, now)
        elif isinstance(effect, Overlay):
            self._overlay(effect)
        elif isinstance(effect, Duck):
            self._ducked_until = now + round(effect.seconds * self.mixer.rate)
            self.mixer.duck(DUCKED)
        elif isinstance(effect, Volume):
            self.mixer.volume = effect.factor
        elif isinstance(effect, Listen):
            self._arm(effect.commands)
        elif isinstance(effect, Retempo):
            self._retempo(effect.speed)
        elif isinstance(effect, Record):
            self._lookout.note(effect)
            trouble = self._record(effect)
            if trouble is not None:
                self._unrecorded = True
                self.tell("trouble", what=trouble)
        elif isinstance(effect, StateChanged):
            fields: dict[str, Any] = {"from": effect.before, "to": effect.after}
            self.tell("state", **fields)
        elif isinstance(effect, Finish):
            self.reason = effect.reason
            self.tell("finished", reason=effect.reason.value)

    def _steer_music(self) -> None:
        """Let the state decide; a Silence has cut it already. After pain, an emergency or a stop it never returns."""
        state = self.session.state
        if not self._has_music:
            return
        if state in WITHOUT_MUSIC_FOR_GOOD:
            self._has_music = False
            self.mixer.end_music()
        elif state in WITH_MUSIC:
            self.mixer.play_music(MUSIC_RISE)
        else:
            self.mixer.pause_music(MUSIC_CLOSE if state is State.CLOSING else MUSIC_FALL)

    def _silence(self, cause: str, now: int) -> None:
        self.tell("silenced", self.mixer.silence(), cause=cause)
        if self._overlaid_until is not None:
            self.tell("prompt_end", completed=False)
            self._overlaid_until = None
        if self._ducked_until is not None:
            self._ducked_until = now

    def _overlay(self, effect: Overlay) -> None:
        clip = self._clip(effect.cue)
        start = self.mixer.overlay(clip.samples, effect.at)
        self._tell_started(effect.cue, self.session.place, start)
        if isinstance(effect.cue, Prompt):
            self._overlaid_until = start + len(clip)

    def _score(self, timeline: Timeline) -> Score:
        def samples(cue: Cue) -> Samples | None:
            return self._clip(cue).samples if isinstance(cue, Prompt | Earcon) else None

        voices = tuple(Scheduled(segment, samples(segment.cue)) for segment in timeline.segments)
        return Score(voices, timeline.length)

    def _clip(self, cue: Prompt | Earcon) -> Clip:
        return self.clip_of(cue.text) if isinstance(cue, Prompt) else self._earcons[cue.sound]

    def _tell_heard(self, heard: Heard) -> None:
        self.tell(
            "heard", heard.decided, command=heard.command.value, phrase=heard.phrase, score=heard.score, tier=heard.tier
        )

    def _tell_started(self, cue: Cue, place: Place, at: int) -> None:
        where = {"exercise": place.exercise, "side": place.side, "rep": place.rep}
        if isinstance(cue, Prompt):
            self.tell("prompt", at, text=cue.text, **where)
        elif isinstance(cue, Hold):
            self._hold_started = at
            self.tell("hold_start", at, seconds=cue.seconds, **where)
        elif isinstance(cue, Earcon):
            self.tell("earcon", at, name=cue.sound.value)

    def _tell_ended(self, event: CueEnded) -> None:
        segment = event.segment
        if isinstance(segment.cue, Prompt):
            self.tell("prompt_end", event.at, completed=event.completed)
        elif isinstance(segment.cue, Hold):
            length = segment.end - segment.start
            held = length if event.completed else event.at - self._hold_started
            self.tell("hold_end", event.at, completed=event.completed, held=round(held / self.mixer.rate, 6))


def lengths(
    clip_of: ClipOf, earcons: dict[Sound, Clip], rate: int, commands: Collection[str] = frozenset()
) -> Lengths:
    """The lengths that the session plans with: those of the clips that will be played.

    ``commands`` are the texts that the ear would take for commands.
    """
    return Lengths(
        lambda text: len(clip_of(text)), lambda sound: len(earcons[sound]), rate, lambda text: text in commands
    )
