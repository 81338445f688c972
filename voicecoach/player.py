"""Plays a session live: one inbox, one loop, on a device, a voice and an ear.

Threads: the device's (renders blocks, hands the microphone's to the ear), the ear's (decides what was said), the
keyboard's, the voice's (renders speech), the rehearsal's (plays prompts to an ear of its own), and the caller's, which
owns the session and runs the loop. All of them only put events into the inbox; the session is touched by the loop
alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.device import AudioDevice
from voicecoach.audio.mixer import Mixer
from voicecoach.audio.music import Music
from voicecoach.audio.recorder import Recorder
from voicecoach.ear.ear import Ear
from voicecoach.ear.rehearsal import Rehearsal
from voicecoach.ear.spotter import Heard
from voicecoach.errors import DeviceError, VoicecoachError
from voicecoach.event_log import EventLog
from voicecoach.glance import Glance, Listening
from voicecoach.greeting_check import GreetingCheck
from voicecoach.inbox import Inbox
from voicecoach.performance import ClipOf, Performance, lengths
from voicecoach.session.commands import URGENT, Command
from voicecoach.session.cues import Sound
from voicecoach.session.effects import Reason, Record
from voicecoach.session.events import (
    CommandGiven,
    Event,
    Failed,
    Faulted,
    Interrupted,
    PromptsRehearsed,
    Restored,
    SpeechReady,
    Started,
)
from voicecoach.session.session import Session
from voicecoach.session.states import QUESTIONING, State
from voicecoach.session.timeline import Lengths

_GOES_ON = frozenset({Command.RESUME, Command.NEXT, Command.BACK, Command.NUMB})
"""What would start a paused session again. Not while it cannot be heard, or cannot hear: whoever wants to practise deaf
says so when the session begins."""
STALLED = 0.8
"""Seconds without a block after which the device counts as lost: noticed within a second, and longer than any hiccup
that a loaded machine was seen to have (90 ms)."""
DEAF = 3.0
"""Seconds without a sign of life from the ear, or with nothing but exact zeros from the microphone."""
BACKOFF = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts to open the device again; the last one goes on for ever."""
GLANCE = 0.2
"""Seconds between two looks at the watchdogs where nothing else happens."""
SHOWN_EVERY = 0.1
"""Seconds between two glances for whoever shows the session."""
DRAIN = 0.25
"""Seconds that the last sounds get to leave the device's buffer."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key that means ``command``; ``toggle`` is pause or resume, whichever applies."""

    key: str
    command: Command | None


@dataclass(frozen=True, slots=True)
class Troubled:
    """Something that the user or the log should know."""

    what: str


@dataclass(frozen=True, slots=True)
class _Rendered:
    speed: float
    clip_of: ClipOf


@dataclass(frozen=True, slots=True)
class _Rehearsed:
    commands: frozenset[str]


Item = Event | Heard | KeyPressed | Troubled | _Rendered | _Rehearsed


@dataclass(frozen=True, slots=True)
class Stage:
    """What a session is played on. ``open_device`` is called again when a device was lost."""

    open_device: Callable[[], AudioDevice]
    clips_at: Callable[[float], ClipOf]
    """Renders every text of the session at a speed; runs in the player's voice thread."""
    earcons: dict[Sound, Clip]
    make_ear: Callable[[Callable[[Heard], None], Callable[[str], None]], Ear] | None
    """None: the session is deaf by the user's choice."""
    stand_in: Callable[[], AudioDevice]
    """A device without hardware, which keeps time while the real one is lost."""
    recorder: Recorder | None = None
    rehearsal: Rehearsal | None = None
    """What the ear takes the prompts for; the player starts it and ends it. None where nobody listens."""
    record: Callable[[Record], str | None] = lambda record: None
    """Writes into the journal before it returns; returns what went wrong, if it is news."""
    music: Music | None = None
    """The background sound; the player starts it and ends it."""
    nobody_answers: bool = False
    """There is neither an ear nor a keyboard: nobody could say that the session may go on, so it does by itself."""
    greeting_check: GreetingCheck | None = None
    """Looks at the microphone while the greeting sounds; the player starts it and ends it."""


class Player:
    """Runs one session to its end. ``press`` and ``interrupt`` may be called from any thread, or a signal handler."""

    def __init__(
        self,
        session: Session,
        stage: Stage,
        log: EventLog,
        clip_of: ClipOf,
        clock: Callable[[], float] = time.monotonic,
        deaf_after: float = DEAF,
        show: Callable[[Glance], None] | None = None,
    ) -> None:
        """``show`` gets a glance at most every SHOWN_EVERY seconds, in the caller's thread; it must return at once."""
        self._stage, self._clock, self._deaf_after, self._show = stage, clock, deaf_after, show
        self._inbox: Inbox[Item] = Inbox()
        self._mixer = Mixer(notify=self._inbox.put)
        self._performance = Performance(
            session, self._mixer, clip_of, stage.earcons, log, self._arm, self._start_retempo, stage.record,
            stage.music.read if stage.music else None,
        )  # fmt: skip
        self._session = session
        self._voice_thread = ThreadPoolExecutor(1, "voice")
        self._device: AudioDevice | None = None
        self._serving: object = None
        """Which device's calls are answered; another's, on its way out, get silence."""
        self._ear: Ear | None = None
        self._advanced = (0, 0.0)
        self._lost = False
        self._next_attempt = 0.0
        self._attempts = 0
        self._silent_since: float | None = None
        self._deaf = False
        self._underruns = self._underruns_of_device = 0
        self._buffer_ms: int | None = None
        self._shown_at = -SHOWN_EVERY
        self._commands = stage.rehearsal.obeyed if stage.rehearsal else frozenset()
        """Texts that the ear would obey; at another tempo they are taken to sound alike."""

    @property
    def state(self) -> State:
        """What the session is doing."""
        return self._session.state

    @property
    def is_asking(self) -> bool:
        """Whether a question waits for yes or no."""
        return self._session.state in (*QUESTIONING, State.CHECKING)

    @property
    def level(self) -> float | None:
        """How loud the microphone was during the last second, dBFS; None where nobody listens."""
        return self._ear.level if self._ear else None

    def press(self, key: str, command: Command | None) -> None:
        """A key was pressed; ``command`` None is the pause key, which also resumes."""
        self._inbox.put(KeyPressed(key, command), urgent=command in URGENT)

    def interrupt(self) -> None:
        """End the session at once: Ctrl-C or a signal."""
        self._inbox.put(Interrupted(), urgent=True)

    def run(self) -> Reason:
        """Play to the end and return why it ended. Raises DeviceError or EarError where it cannot begin."""
        try:
            self._open()
            self._performance.tell("ready", 0, ear=self._ear is not None)
            self._performance.take(Started())
            while self._performance.reason is None:
                self._step()
            self._drain()
            return self._performance.reason
        except Exception:
            if self._performance.reason is None:
                self._performance.take(Failed())
            raise
        finally:
            self._close()

    # Opening and closing --------------------------------------------------------------------------------------

    def _open(self) -> None:
        device = self._stage.open_device()
        if self._stage.make_ear is not None:
            self._ear = self._stage.make_ear(self._hear, self._have_trouble)
            self._ear.start()
        if self._stage.rehearsal is not None:
            self._stage.rehearsal.start(lambda commands: self._inbox.put(_Rehearsed(commands)))
        if self._stage.music is not None:
            self._stage.music.start(self._have_trouble)
        if self._stage.greeting_check is not None:
            self._stage.greeting_check.start(self._have_trouble)
        self._serve(device)
        if self._ear is not None and not device.has_microphone:
            raise DeviceError(
                "There is no microphone, so the session could not hear you. Plug one in, or choose --no-mic to steer "
                "it with the keys alone."
            )

    def _close(self) -> None:
        stage = self._stage
        for part in (self._device, self._ear, stage.recorder, stage.rehearsal, stage.music, stage.greeting_check):
            if part is not None:
                part.close()
        self._voice_thread.shutdown(wait=False, cancel_futures=True)

    def _drain(self) -> None:
        end = self._clock() + DRAIN
        while self._clock() < end:
            self._inbox.get(end - self._clock())

    def _serve(self, device: AudioDevice) -> None:
        """Start ``device`` and let it carry the session from here on. Raises DeviceError; nothing changes then."""
        token = object()

        def exchange(frames: int, captured: Samples | None) -> Samples:
            if self._serving is not token:
                return np.zeros(frames, np.float32)
            return self._exchange(frames, captured)

        device.start(exchange)
        before, self._device, self._serving = self._device, device, token
        if before is not None:
            before.close()
        self._underruns_of_device = 0
        self._advanced = (self._mixer.position, self._clock())

    # Other threads --------------------------------------------------------------------------------------------

    def _exchange(self, frames: int, captured: Samples | None) -> Samples:
        position = self._mixer.position
        block = self._mixer.render(frames)
        if captured is not None and self._ear is not None:
            self._ear.submit(captured, block, position)
            if self._stage.greeting_check is not None:
                self._stage.greeting_check.submit(captured, block)
        if self._stage.recorder is not None:
            self._stage.recorder.submit(captured, block)
        return block

    def _hear(self, heard: Heard) -> None:
        self._inbox.put(heard, urgent=heard.command in URGENT)

    def _have_trouble(self, what: str) -> None:
        self._inbox.put(Troubled(what))

    # The loop -------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        item = self._inbox.get(self._patience())
        if isinstance(item, Heard):
            self._take_heard(item)
        elif isinstance(item, KeyPressed):
            self._take_key(item)
        elif isinstance(item, Troubled):
            self._performance.tell("trouble", what=item.what)
        elif isinstance(item, _Rendered):
            self._take_rendered(item)
        elif isinstance(item, _Rehearsed):
            self._commands = item.commands
            self._performance.take(PromptsRehearsed(self._lengths(self._performance.clip_of)))
        elif item is not None:
            self._performance.take(item)
        due = self._performance.next_deadline()
        if due is not None and due <= self._mixer.position:
            self._performance.take(None)
        self._watch()
        self._be_seen()

    def _be_seen(self) -> None:
        now = self._clock()
        if self._show is not None and now - self._shown_at >= SHOWN_EVERY:
            self._shown_at = now
            listening = Listening.KEYS if self._ear is None else Listening.DEAF if self._deaf else Listening.EAR
            self._show(self._performance.glance(listening, self.level))

    def _patience(self) -> float:
        due, most = self._performance.next_deadline(), GLANCE if self._show is None else SHOWN_EVERY
        if due is None:
            return most
        return min(most, max(0.005, (due - self._mixer.position) / self._mixer.rate))

    def _take_heard(self, heard: Heard) -> None:
        self._give(heard)

    def _take_key(self, pressed: KeyPressed) -> None:
        command = pressed.command
        if command is None:
            resuming = (State.PAUSED, State.WAITING, State.CHECK_IN_WAITING, State.CHECKING)
            command = Command.RESUME if self._session.state in resuming else Command.PAUSE
        pressed_now = Heard(command, f"[{pressed.key}]", 1.0, "firm", self._mixer.position)
        self._give(pressed_now)

    def _give(self, heard: Heard) -> None:
        if heard.command in _GOES_ON and (self._lost or self._deaf):
            missing = "sound is" if self._lost else "microphone is"
            self._performance.tell("trouble", what=f"Nothing goes on before the {missing} back.")
        else:
            self._performance.take(CommandGiven(heard.command, firm=heard.tier == "firm"), heard)

    def _arm(self, commands: frozenset[Command]) -> None:
        if self._ear is not None:
            self._ear.arm(commands)

    def _start_retempo(self, speed: float) -> None:
        def deliver(rendered: Future[ClipOf]) -> None:
            fault = None if rendered.cancelled() else rendered.exception()
            if isinstance(fault, VoicecoachError):
                self._inbox.put(Troubled(str(fault)))
            elif fault is None and not rendered.cancelled():
                self._inbox.put(_Rendered(speed, rendered.result()))

        self._voice_thread.submit(self._stage.clips_at, speed).add_done_callback(deliver)

    def _take_rendered(self, rendered: _Rendered) -> None:
        if rendered.speed != self._session.speed:
            return
        self._performance.clip_of = rendered.clip_of
        self._performance.take(SpeechReady(self._lengths(rendered.clip_of)))

    def _lengths(self, clip_of: ClipOf) -> Lengths:
        return lengths(clip_of, self._stage.earcons, self._mixer.rate, self._commands)

    # Watchdogs ------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        now, position = self._clock(), self._mixer.position
        if position != self._advanced[0]:
            self._advanced = (position, now)
        if self._lost:
            self._reopen(now)
        elif self._device is not None and (self._device.failure or now - self._advanced[1] > STALLED):
            self._lose_device(now)
        else:
            self._watch_ear(now)
            self._count_underruns()

    def _lose_device(self, now: float) -> None:
        """Pause; until it is back the clock runs on without sound, so that stop and the safety talk still end."""
        self._lost, self._attempts, self._next_attempt = True, 0, now
        self._performance.tell("device_lost", device=self._device.name if self._device else "the sound device")
        self._performance.take(Faulted("device"))
        self._serve(self._stage.stand_in())

    def _reopen(self, now: float) -> None:
        if now < self._next_attempt:
            return
        try:
            device = self._stage.open_device()
            self._serve(device)
        except DeviceError:
            self._next_attempt = now + BACKOFF[min(self._attempts, len(BACKOFF) - 1)]
            self._attempts += 1
            return
        self._lost = False
        self._performance.tell("device_back", device=device.name)
        if self._ear is not None and not device.has_microphone:
            self._go_deaf("the microphone is gone")
        elif self._stage.nobody_answers:
            self._performance.take(CommandGiven(Command.RESUME))
        else:
            self._performance.take(Restored())

    def _watch_ear(self, now: float) -> None:
        if self._ear is None:
            return
        if not self._ear.silent_input:
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = now
        silent = self._silent_since is not None and now - self._silent_since > self._deaf_after - 1.0
        if now - self._ear.heartbeat.at > self._deaf_after and now - self._advanced[1] < STALLED:
            self._go_deaf("the ear gives no sign of life")
        elif silent:
            self._go_deaf("the microphone gives nothing but silence: it may be muted or not permitted")
        elif self._deaf:
            self._deaf = False
            self._performance.take(Restored())

    def _go_deaf(self, what: str) -> None:
        if self._deaf:
            return
        self._deaf = True
        self._performance.tell("trouble", what=what)
        self._performance.take(Faulted("ear"))

    def _count_underruns(self) -> None:
        """Tell of those since the session began, whatever device they were on, and of a buffer that is another now."""
        underruns = getattr(self._device, "underruns", 0)
        if underruns > self._underruns_of_device:
            self._underruns += underruns - self._underruns_of_device
            self._performance.tell("underrun", count=self._underruns)
        self._underruns_of_device = underruns
        buffer_ms = getattr(self._device, "buffer_ms", None)
        if self._buffer_ms is not None and buffer_ms not in (None, self._buffer_ms):
            self._performance.tell("buffer", ms=buffer_ms)
        self._buffer_ms = buffer_ms
