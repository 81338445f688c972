"""A sound check on a real device: carries out what it wants, keeps what was captured beside what was played.

Threads: the device's (renders blocks, hands the microphone's to the tape and to the ear), the ear's, the keyboard's,
and the caller's, which owns the check and runs the loop. All of them only put events into the inbox.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.device import AudioDevice
from voicecoach.audio.mixer import Mixer, Scheduled, Score
from voicecoach.ear.ear import Ear
from voicecoach.ear.level import QUIETEST
from voicecoach.ear.sounding import LONGEST_DELAY, loudest, make_chirp, measure, speech_level
from voicecoach.ear.spotter import Heard
from voicecoach.errors import DeviceError
from voicecoach.inbox import Inbox
from voicecoach.session.cues import CueEnded, CueStarted, Place, Prompt, ScoreEnded, Segment, Silence, Sound
from voicecoach.session.effects import Listen
from voicecoach.sound_check import (
    Begun,
    CommandHeard,
    Effect,
    Elapsed,
    Event,
    Finish,
    Interrupted,
    Measure,
    Measured,
    Play,
    Played,
    Report,
    Show,
    SoundCheck,
)
from voicecoach.units import STREAM_RATE, frames

STALLED = 2.0
"""Seconds without a block after which the device counts as gone. Longer than in a session: nobody holds a stretch."""

GLANCE = 0.1
"""Seconds between two looks at the device."""

_GAP = frames(0.25)
"""Between two sentences."""

_QUIET = frames(1.5)
"""Before the chime: the end of the last sentence dies away, then the room is listened to."""

_ROOM = frames(0.8)
"""The last part of it, which is the room."""

_AFTER_CHIME = frames(0.8)

_SWEEPS = 3

_KEPT = frames(20.0)
"""What the tape holds: the tones, or the longest try."""

_WORD = frames(1.5)
"""Before a decision: what was decided on."""


class Tape:
    """The last 20 s of what was captured and what was played, on stream positions. Any thread."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[int, Samples, Samples]] = deque()
        self._lock = threading.Lock()
        self._end = 0

    @property
    def end(self) -> int:
        """The frame after the last one kept."""
        return self._end

    def add(self, position: int, captured: Samples, played: Samples) -> None:
        """Keep a block; copies it."""
        with self._lock:
            self._blocks.append((position, captured.copy(), played.copy()))
            self._end = position + len(played)
            while self._blocks[0][0] < self._end - _KEPT:
                self._blocks.popleft()

    def between(self, first: int, last: int) -> tuple[Samples, Samples]:
        """Captured and played from frame ``first`` up to ``last``; what is not there is zero."""
        both = np.zeros((2, max(0, last - first)), np.float32)
        with self._lock:
            blocks = list(self._blocks)
        for position, captured, played in blocks:
            start, stop = max(first, position), min(last, position + len(played))
            if start < stop:
                here = slice(start - position, stop - position)
                both[:, start - first : stop - first] = captured[here], played[here]
        return both[0], both[1]


class SoundCheckPlayer:
    """Runs one sound check to its end. ``end`` may be called from any thread, or a signal handler."""

    def __init__(
        self,
        check: SoundCheck,
        device: AudioDevice,
        make_ear: Callable[[Callable[[Heard], None], Callable[[str], None]], Ear],
        clip_of: Callable[[str], Clip],
        earcons: dict[Sound, Clip],
        tell: Callable[[str], None],
        *,
        underran: str = "",
        volume: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        stalled: float = STALLED,
    ) -> None:
        """``clip_of`` renders a text now; ``tell`` is given every line for the screen, in this thread.

        ``underran`` is one for where the device could not be served in time: then it may be later than it need be.
        """
        self._check, self._device, self._make_ear = check, device, make_ear
        self._clip_of, self._earcons, self._tell = clip_of, earcons, tell
        self._underran = underran
        self._clock, self._stalled = clock, stalled
        self._inbox: Inbox[Event | Heard | ScoreEnded | str] = Inbox()
        self._mixer = Mixer(notify=self._notice)
        self._mixer.volume = volume
        self._tape = Tape()
        self._ear: Ear | None = None
        self._armed_at = 0
        self._noise = QUIETEST
        self._loudness: float | None = None
        self._sounding: tuple[int, list[tuple[int, int]]] | None = None
        """First frame of the tones that play, and where the sweeps are."""
        self._due = -1
        """Where the score that plays ends; the end of one that was replaced may still be in the inbox."""
        self._advanced = (0, 0.0)
        self._report: Report | None = None

    def end(self) -> None:
        """End it: a key, Ctrl-C or a signal."""
        self._inbox.put(Interrupted(), urgent=True)

    def run(self) -> Report:
        """Play to the end. Raises DeviceError or EarError where that cannot be."""
        try:
            self._ear = self._make_ear(self._inbox.put, self._inbox.put)
            self._ear.start()
            self._ear.arm(frozenset())
            self._device.start(self._exchange)
            self._advanced = (self._mixer.position, self._clock())
            self._handle(Begun(self._device.has_microphone, self._device.name))
            while self._report is None:
                self._step()
            return self._report
        finally:
            self._device.close()
            if self._ear is not None:
                self._ear.close()

    def _exchange(self, count: int, captured: Samples | None) -> Samples:
        position = self._mixer.position
        block = self._mixer.render(count)
        if captured is not None:
            self._tape.add(position, captured, block)
            if self._ear is not None:
                self._ear.submit(captured, block, position)
        return block

    def _notice(self, event: CueStarted | CueEnded | ScoreEnded) -> None:
        if isinstance(event, ScoreEnded):
            self._inbox.put(event)

    # The loop -------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        item = self._inbox.get(self._patience())
        if isinstance(item, ScoreEnded):
            if item.at == self._due:
                self._ended()
        elif isinstance(item, Heard):
            self._handle(self._heard(item))
        elif isinstance(item, str):
            self._tell(item)
        elif item is not None:
            self._handle(item)
        due = self._check.next_deadline()
        if due is not None and due <= self._mixer.position:
            said, _ = self._tape.between(self._armed_at, self._mixer.position)
            self._handle(Elapsed(loudest(said)))
        self._watch()

    def _patience(self) -> float:
        due = self._check.next_deadline()
        if due is None:
            return GLANCE
        return min(GLANCE, max(0.005, (due - self._mixer.position) / STREAM_RATE))

    def _watch(self) -> None:
        now, position = self._clock(), self._mixer.position
        if position != self._advanced[0]:
            self._advanced = (position, now)
        elif self._device.failure is not None or now - self._advanced[1] > self._stalled:
            raise DeviceError(f"{self._device.name} has stopped. Connect it again, then start the sound check again.")

    def _handle(self, event: Event) -> None:
        for effect in self._check.handle(event, self._mixer.position):
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Play):
            self._play(effect)
        elif isinstance(effect, Measure):
            self._sound()
        elif isinstance(effect, Listen):
            self._armed_at = self._mixer.position
            assert self._ear is not None
            self._ear.arm(effect.commands)
        elif isinstance(effect, Show):
            self._tell(effect.text)
        elif isinstance(effect, Finish):
            self._report = effect.report

    def _heard(self, heard: Heard) -> CommandHeard:
        said, _ = self._tape.between(max(self._armed_at, heard.decided - _WORD), heard.decided)
        loudness = speech_level(said, self._noise)
        return CommandHeard(heard.command, heard.phrase, heard.tier == "firm", heard.decided, loudness)

    # What sounds ----------------------------------------------------------------------------------------------

    def _play(self, effect: Play) -> None:
        voices, spoken, at = list[Scheduled](), list[Samples](), 0
        for cue in effect.cues:
            if isinstance(cue, Prompt):
                self._tell(cue.text)
                clip = self._clip_of(cue.text)
                spoken.append(clip.samples)
            else:
                clip = self._earcons[cue.sound]
            voices.append(Scheduled(Segment(cue, at, at + len(clip), Place(), 0), clip.samples))
            at += len(clip) + _GAP
        self._sounding = None
        level = speech_level(np.concatenate(spoken)) if spoken else QUIETEST
        self._loudness = level + 20 * math.log10(self._mixer.volume) if level > QUIETEST else None
        length = max(0, at - _GAP)
        self._due = self._mixer.play(Score(tuple(voices), length)) + length

    def _sound(self) -> None:
        """A chime, so that what comes is no surprise, then the sweeps."""
        chirp, chime = make_chirp(), self._earcons[Sound.START].samples
        first = _QUIET + len(chime) + _AFTER_CHIME
        apart = len(chirp) + frames(LONGEST_DELAY)
        sweeps = [(first + number * apart, first + number * apart + len(chirp)) for number in range(_SWEEPS)]
        sounds = [(_QUIET, _QUIET + len(chime), chime), *((start, end, chirp) for start, end in sweeps)]
        tones = tuple(
            Scheduled(Segment(Silence("gap", 0.0), start, end, Place(), 0), samples) for start, end, samples in sounds
        )
        length = first + _SWEEPS * apart
        start = self._mixer.play(Score(tones, length))
        self._due, self._sounding = start + length, (start, sweeps)

    def _ended(self) -> None:
        """The score has left the mixer."""
        if self._sounding is None:
            self._handle(Played(self._loudness))
            return
        start, sweeps = self._sounding
        self._sounding = None
        end = sweeps[-1][1] + frames(LONGEST_DELAY)
        patient = self._clock() + self._stalled
        while self._tape.end < start + end and self._clock() < patient:
            time.sleep(0.005)
        captured, played = self._tape.between(start, start + end)
        found = measure(captured, played, sweeps, (_QUIET - _ROOM, _QUIET))
        self._noise = found.noise
        if getattr(self._device, "underruns", 0):
            self._tell(self._underran)
        self._handle(Measured(found))
