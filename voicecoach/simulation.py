"""A session in virtual time: the real session on the real mixer, with no device and no waiting.

For tests, for ``render``, and for anyone who writes a routine: a 10-minute session takes seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.mixer import Mixer, ReadMusic
from voicecoach.event_log import EventLog, Fields
from voicecoach.performance import ClipOf, Performance, lengths
from voicecoach.session.commands import Command
from voicecoach.session.cues import CueEnded, Sound
from voicecoach.session.effects import Reason, Record
from voicecoach.session.events import CommandGiven, Event, SpeechReady, Started
from voicecoach.session.plan import Plan
from voicecoach.session.session import Session
from voicecoach.session.states import State
from voicecoach.session.wording import Wording

BLOCK = 480
"""Frames: 10 ms, what a live device asks for."""


_WAITS_FOR_THE_USER = (State.PAUSED, State.WAITING, State.CHECK_IN_WAITING)


@dataclass(frozen=True, slots=True)
class Logged:
    """One line of the event log."""

    t: float
    event: str
    fields: Fields


@dataclass
class Simulation:
    """One session on a virtual clock that moves only in ``run``; ``script`` is what the user says, and when.

    ``script`` holds (seconds, event) pairs; each event arrives after the block that contains its time.
    ``clip_at`` gives clips for a speed. What sounded is handed block by block to ``listen``.
    """

    plan: Plan
    clip_at: Callable[[float], ClipOf]
    earcons: dict[Sound, Clip]
    rate: int
    speed: float = 1.0
    script: Iterable[tuple[float, Event]] = ()
    listen: Callable[[Samples], None] | None = None
    block: int = BLOCK
    music: ReadMusic | None = None
    log: list[Logged] = field(default_factory=list)
    armed: frozenset[Command] = frozenset()
    recorded: list[Record] = field(default_factory=list)
    """What would be in the journal."""
    ended: list[CueEnded] = field(default_factory=list)
    """Every cue that began to sound, in order of its end; those that were cut too."""
    words: Wording | None = None
    """The coach's own sentences; English where nothing is said."""

    def __post_init__(self) -> None:
        self._inbox: list[Event] = []
        self.mixer = Mixer(self.rate, self._inbox.append)
        clip_of = self.clip_at(self.speed)
        self.session = Session(self.plan, lengths(clip_of, self.earcons, self.rate), self.words, self.speed)
        self.performance = Performance(
            self.session, self.mixer, clip_of, self.earcons, EventLog([self._write]), self._arm, self._retempo,
            self._record, self.music,
        )  # fmt: skip
        self._script = sorted(self.script, key=lambda scripted: scripted[0])

    def run(self, until: float | None = None) -> Reason | None:
        """Play to the end, or to ``until`` seconds; returns why the session ended, None if it did not.

        Without ``until`` it also returns where the session waits for a user who has nothing more to say.
        """
        if self.session.state is State.READY:
            self.performance.take(Started())
        limit = math.inf if until is None else round(until * self.rate)
        while self.performance.reason is None and self.mixer.position < limit:
            if until is None and not self._script and self.session.state in _WAITS_FOR_THE_USER:
                break
            self._step()
        return self.performance.reason

    def say(self, command: Command, firm: bool = True) -> None:
        """Give a command at this moment."""
        self.performance.take(CommandGiven(command, firm))
        self._deliver()

    def _step(self) -> None:
        block = self.mixer.render(self.block)
        if self.listen is not None:
            self.listen(block)
        while self._script and self._script[0][0] * self.rate <= self.mixer.position:
            self._inbox.append(self._script.pop(0)[1])
        self._deliver()
        due = self.performance.next_deadline()
        if due is not None and due <= self.mixer.position:
            self.performance.take(None)
            self._deliver()

    def _deliver(self) -> None:
        while self._inbox:
            event = self._inbox.pop(0)
            if isinstance(event, CueEnded):
                self.ended.append(event)
            if self.performance.reason is None:
                self.performance.take(event)

    def _arm(self, commands: frozenset[Command]) -> None:
        self.armed = commands

    def _retempo(self, speed: float) -> None:
        clip_of = self.clip_at(speed)
        self.performance.clip_of = clip_of
        self._inbox.append(SpeechReady(lengths(clip_of, self.earcons, self.rate)))

    def _record(self, record: Record) -> None:
        self.recorded.append(record)

    def _write(self, t: float, event: str, fields: dict[str, Any]) -> None:
        self.log.append(Logged(t, event, fields))


def silent_clips(rate: int, seconds_a_character: float = 0.06) -> Callable[[float], ClipOf]:
    """Stand-ins for speech: clips of the right length and no sound, where only timing matters."""

    def at(speed: float) -> ClipOf:
        def clip_of(text: str) -> Clip:
            return Clip(np.zeros(max(1, round(len(text) * seconds_a_character * rate / speed)), np.float32), rate)

        return clip_of

    return at
