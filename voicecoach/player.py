"""Plays a session live: one inbox, one loop, on a device, a voice and an ear.

Threads: the device's (renders blocks, hands the microphone's to the ear), the ear's (decides what was said), the
keyboard's, the voice's (renders speech), the rehearsal's (plays prompts to an ear of its own), the reopening's (while a
device is lost), the greeting check's, the music's and the recorder's where they are wanted, the journal's, and the
caller's, which owns the session and runs the loop. All of them only put events into the inbox; the session is touched
by the loop alone. None can end unnoticed: without device or ear the session pauses, and nothing but the keys for stop
and pain moves it; where the loop stands still the device's thread sounds an alarm, and nothing else, and the ear hears
on; whatever else fails is told as ``trouble`` and done without.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from voicecoach.audio.alarm import Alarm
from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.device import AudioDevice, Exchange, Renewable
from voicecoach.audio.mixer import Mixer
from voicecoach.audio.music import Music
from voicecoach.audio.recorder import Recorder
from voicecoach.boottime import boottime
from voicecoach.ear.ear import Ear
from voicecoach.ear.rehearsal import Rehearsal
from voicecoach.ear.spotter import Heard
from voicecoach.errors import DeviceError, VoicecoachError
from voicecoach.event_log import EventLog
from voicecoach.glance import Glance, Listening
from voicecoach.greeting_check import GreetingCheck
from voicecoach.inbox import Inbox
from voicecoach.performance import ClipOf, Performance, lengths
from voicecoach.reopening import Reopening, dismiss
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
from voicecoach.session.states import QUESTIONING, STARTS_AGAIN, State
from voicecoach.session.timeline import Lengths
from voicecoach.stream_watch import StreamWatch

DEAF = 3.0
"""Seconds without a sign of life from the ear, or with nothing but exact zeros or clipping from the microphone. An ear
that misses too much for want of time says so itself."""
_ASKED_AGAIN = 3
"""Times that long after which another microphone is asked for again, as long as one gives nothing but silence: somebody
may have unplugged it and plugged in another, and not every sound server moves the stream there."""
_ANSWERED_WITHIN = 3.0
"""Seconds after it was asked for in which what is heard proves nothing: where a microphone was unplugged a sound server
may hand over what the loudspeaker plays."""
STUCK = 2.0
"""Seconds of ``stuck_after``: nobody could stop what sounds then."""
STEADY = 10.0
"""Seconds after which a device that was opened again is trusted: lost before that, it is not opened again at once."""
GLANCE = 0.1
"""Seconds between two looks at the watchdogs where nothing else happens."""
SHOWN_EVERY = 0.1
"""Seconds between two glances for whoever shows the session."""
DRAIN = 0.25
"""Seconds that the last sounds get to leave the device's buffer."""

_RECORDING_ENDED = "The recording has ended"


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


@dataclass(frozen=True, slots=True)
class _Opened:
    device: AudioDevice


Item = Event | Heard | KeyPressed | Troubled | _Rendered | _Rehearsed | _Opened


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
        clock: Callable[[], float] = boottime,
        deaf_after: float = DEAF,
        show: Callable[[Glance], None] | None = None,
    ) -> None:
        """``show`` gets a glance at most every SHOWN_EVERY seconds, in the caller's thread; it must return at once."""
        self._stage, self._clock, self._deaf_after, self._show = stage, clock, deaf_after, show
        self.stuck_after = STUCK
        """Seconds without a turn of the loop after which the session's sound ends. From any thread."""
        self.untold: list[str] = []
        """What failed while the player closed, in whole sentences: the log was over by then."""
        self._inbox: Inbox[Item] = Inbox()
        self._mixer = Mixer(notify=self._inbox.put)
        self._performance = Performance(
            session, self._mixer, clip_of, stage.earcons, log, self._arm, self._start_retempo, stage.record,
            stage.music.read if stage.music else None,
        )  # fmt: skip
        self._session = session
        self._voice_thread = ThreadPoolExecutor(1, "voice")
        self._device: AudioDevice | None = None
        """Whose calls are answered; another's, on its way out, get silence."""
        self._ear: Ear | None = None
        self._stream = StreamWatch(self._mixer.rate)
        self._slips: tuple[AudioDevice, int] | None = None
        """How often the device that was heard last had slipped."""
        self._alarm = Alarm(stage.earcons[Sound.TROUBLE].samples)
        self._turned_at = 0.0
        """When the loop last took something, or found that there was nothing."""
        self._lost = False
        self._reopening: Reopening | None = None
        self._awaits_device = False
        self._attempts = 0
        self._opened_at = 0.0
        self._beat = (0.0, 0.0)
        """The ear's last sign of life, and when it was seen."""
        self._useless_since: float | None = None
        self._deaf = False
        self._asked_at = 0.0
        """When another microphone was asked for."""
        self._told: set[str] = set()
        """Which parts' failures were told."""
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

    def tell_trouble(self, what: str) -> None:
        """Something beside the session failed; ``what`` is a whole sentence. From any thread."""
        self._inbox.put(Troubled(what))

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
            self._ear = self._stage.make_ear(self._hear, self.tell_trouble)
            self._ear.start()
        if self._stage.rehearsal is not None:
            self._stage.rehearsal.start(lambda commands: self._inbox.put(_Rehearsed(commands)), self.tell_trouble)
        if self._stage.music is not None:
            self._stage.music.start(self.tell_trouble)
        if self._stage.greeting_check is not None:
            self._stage.greeting_check.start(self.tell_trouble)
        device.start(self._exchange_of(device))
        self._serve(device)
        if self._ear is not None and not device.has_microphone:
            raise DeviceError(
                "There is no microphone, so the session could not hear you. Plug one in, or choose --no-mic to steer "
                "it with the keys alone."
            )

    def _close(self) -> None:
        stage, reopening = self._stage, self._reopening
        device = self._device
        if device is not None:
            was_well = device.failure is None
            dismiss(device)
            if was_well and isinstance(device.failure, DeviceError):
                self.untold.append(f"{device.failure}.")
        others = (self._ear, stage.recorder, stage.rehearsal, stage.music, stage.greeting_check)
        for part in (reopening, *others):
            if part is not None:
                part.close()
        if stage.recorder is not None and stage.recorder.failure is not None and _RECORDING_ENDED not in self._told:
            self.untold.append(_said(_RECORDING_ENDED, stage.recorder.failure))
        while (late := self._inbox.get(0)) is not None:
            _let_go(late)
        self._voice_thread.shutdown(wait=False, cancel_futures=True)

    def _drain(self) -> None:
        end = self._clock() + DRAIN
        while (left := end - self._clock()) > 0:
            _let_go(self._inbox.get(left))

    def _serve(self, device: AudioDevice) -> AudioDevice | None:
        """Let ``device``, which has been started, carry the session from here on; returns the one before."""
        # The device's thread calls from the moment on at which it is this one's turn: it must not find the loop late.
        self._turned_at = now = self._clock()
        before, self._device = self._device, device
        self._stream.begin(now, self._mixer.position)
        self._beat = (self._ear.heartbeat.at if self._ear else 0.0, now)
        self._underruns_of_device = 0
        if not self._deaf:
            self._useless_since = None
        return before

    def _reopen(self, before: AudioDevice | None, *, needs_microphone: bool = False) -> None:
        if self._reopening is not None:
            self._reopening.abandon()
        self._awaits_device = True
        self._reopening = Reopening(
            self._stage.open_device,
            self._exchange_of,
            lambda device: self._inbox.put(_Opened(device)),
            self.tell_trouble,
            before=before,
            needs_microphone=needs_microphone,
            attempts=self._attempts,
        )

    # Other threads --------------------------------------------------------------------------------------------

    def _exchange_of(self, device: AudioDevice) -> Exchange:
        if isinstance(device, Renewable):
            device.is_free = self._mixer.is_free

        def exchange(frames: int, captured: Samples | None) -> Samples:
            if self._device is not device:
                return np.zeros(frames, np.float32)
            return self._exchange(device, frames, captured)

        return exchange

    def _exchange(self, device: AudioDevice, frames: int, captured: Samples | None) -> Samples:
        ear, recorder, check = self._ear, self._stage.recorder, self._stage.greeting_check
        is_stuck = self._clock() - self._turned_at > self.stuck_after
        if is_stuck:
            # The ear hears on: pain is obeyed as soon as the loop goes on.
            block = self._alarm.read(frames)
            position = self._mixer.position + self._alarm.sounded - frames
        else:
            position = self._mixer.position
            block = self._mixer.render(frames)
        before, self._slips = self._slips, (device, getattr(device, "slips", 0))
        slipped = before is not None and before != self._slips
        if captured is not None and ear is not None:
            # Where this fails the heartbeat ends, and the session pauses.
            self._guarded("The ear takes no sound", lambda: ear.submit(captured, block, position, slipped))
            if check is not None and not is_stuck:
                self._guarded("The check of the sound takes none", lambda: check.submit(captured, block))
        if recorder is not None:
            self._guarded("The recording takes no sound", lambda: recorder.submit(captured, block))
        return block

    def _guarded(self, what: str, give: Callable[[], None]) -> None:
        """Whatever listens to the stream must not end it."""
        try:
            give()
        except Exception as fault:
            self._tell_failure(what, fault)

    def _tell_failure(self, what: str, fault: BaseException) -> None:
        if what not in self._told:
            self._told.add(what)
            self.tell_trouble(_said(what, fault))

    def _hear(self, heard: Heard) -> None:
        self._inbox.put(heard, urgent=heard.command in URGENT)

    # The loop -------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        item = self._inbox.get(self._patience())
        self._turned_at = self._clock()
        if isinstance(item, Heard):
            self._take_heard(item)
        elif isinstance(item, KeyPressed):
            self._take_key(item)
        elif isinstance(item, Troubled):
            self._performance.tell("trouble", what=item.what)
        elif isinstance(item, _Opened):
            self._take_device(item.device)
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
        if not self._inbox.has_urgent:  # pain and stop first, out of what the session was doing
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
        firm = heard.tier == "firm"
        if firm and (self._lost or self._deaf) and (self._session.state, heard.command) in STARTS_AGAIN:
            self._refuse(heard)
        else:
            self._performance.take(CommandGiven(heard.command, firm=firm), heard)

    def _refuse(self, heard: Heard) -> None:
        """Nothing goes on that could not be heard, or could not be ended by voice where the user relies on that.

        Whoever wants to practise deaf says so when the session begins.
        """
        self._performance.take(None, heard)
        if self._lost:
            self._performance.tell("trouble", what="Nothing goes on before the sound is back.")
        else:
            what = "Nothing goes on while I cannot hear you. To steer with the keys alone, start again with --no-mic."
            self._performance.tell("trouble", what=what)
            self._performance.take(Faulted("ear"))

    def _take_key(self, pressed: KeyPressed) -> None:
        command = pressed.command
        if command is None:
            resuming = (State.PAUSED, State.WAITING, State.CHECK_IN_WAITING, State.CHECKING)
            command = Command.RESUME if self._session.state in resuming else Command.PAUSE
        self._take_heard(Heard(command, f"[{pressed.key}]", 1.0, "firm", self._mixer.position))

    def _arm(self, commands: frozenset[Command]) -> None:
        if self._ear is not None:
            self._ear.arm(commands)

    def _start_retempo(self, speed: float) -> None:
        def deliver(rendered: Future[ClipOf]) -> None:
            if rendered.cancelled():
                return
            fault = rendered.exception()
            if fault is None:
                self._inbox.put(_Rendered(speed, rendered.result()))
            elif isinstance(fault, VoicecoachError):
                self.tell_trouble(str(fault))
            else:
                why = f"{type(fault).__name__}: {fault}"
                self.tell_trouble(f"The voice could not be made slower or faster, so it stays as it was ({why}).")

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
        now, device = self._clock(), self._device
        assert device is not None
        wrong = self._stream.look(now, self._mixer.position)
        if device.failure is not None:
            if self._lost:
                raise device.failure  # the stand-in has no hardware that could fail
            wrong = f"The sound has failed ({type(device.failure).__name__}: {device.failure})."
        if self._alarm.has_sounded:
            self._alarm.has_sounded = False
            wrong = wrong or "The program stood still, and nothing could be obeyed."
        if self._lost:
            return
        if wrong is not None:
            self._lose_device(now, device, wrong)
            return
        self._watch_ear(now)
        self._count_underruns()
        if self._mixer.failure is not None:
            self._tell_failure("A part of the sound has failed and is left out", self._mixer.failure)
        if self._stage.recorder is not None and self._stage.recorder.failure is not None:
            self._tell_failure(_RECORDING_ENDED, self._stage.recorder.failure)

    def _lose_device(self, now: float, device: AudioDevice, why: str) -> None:
        """Pause; until it is back the clock runs on without sound, so that stop and the safety talk still end."""
        self._lost = True
        if now - self._opened_at > STEADY:
            self._attempts = 0
        self._performance.tell("device_lost", device=device.name, why=why)
        self._performance.take(Faulted("device"))
        stand_in = self._stage.stand_in()
        stand_in.start(self._exchange_of(stand_in))
        self._serve(stand_in)
        self._reopen(before=device)

    def _take_device(self, device: AudioDevice) -> None:
        """Go on with ``device``: another was lost, or its microphone was of no use."""
        had_microphone = self._device is not None and self._device.has_microphone
        is_welcome, self._awaits_device = self._awaits_device, False
        unwanted = self._serve(device) if is_welcome else device
        if unwanted is not None:
            # A driver may take its time.
            threading.Thread(target=dismiss, args=(unwanted,), name="closing", daemon=True).start()
        if not is_welcome:
            return
        self._opened_at, self._attempts = self._clock(), self._attempts + 1
        was_lost, self._lost = self._lost, False
        if was_lost or (device.has_microphone and not had_microphone):
            self._performance.tell("device_back", device=device.name)
        if was_lost and self._session.state is State.SAFETY_TALK:
            self._performance.take(Restored())  # with a microphone or without: the advice was not heard
        elif self._ear is not None and not device.has_microphone:
            self._go_deaf("The microphone is gone.")
            self._reopen(None, needs_microphone=True)
        elif was_lost and self._stage.nobody_answers:
            self._performance.take(CommandGiven(Command.RESUME))
        elif was_lost:
            self._performance.take(Faulted("ear") if self._deaf else Restored())

    def _watch_ear(self, now: float) -> None:
        if self._ear is None:
            return
        why = self._deafness(self._ear, now)
        if why is not None and not self._deaf:
            self._go_deaf(why)
            if self._ear.silent_input:
                # It may be unplugged: a sound server then hands over what the loudspeaker plays. Ask for a microphone.
                self._asked_at = now
                self._reopen(None)
        elif why is not None and self._ear.silent_input and not self._awaits_device:
            if now - self._asked_at > _ASKED_AGAIN * self._deaf_after:
                self._asked_at = now
                self._reopen(None)
        elif why is None and self._deaf:
            if self._awaits_device and now - self._asked_at < _ANSWERED_WITHIN:
                return
            self._deaf = False
            if self._reopening is not None:
                # Another microphone is no longer needed, and a stream that takes over makes a hole, later in a hold.
                self._reopening.abandon()
                self._awaits_device = False
            self._performance.take(Restored())

    def _deafness(self, ear: Ear, now: float) -> str | None:
        """Why nothing can be heard, as a whole sentence; None where something can."""
        if self._device is not None and not self._device.has_microphone:
            return "The microphone is gone."
        beat = ear.heartbeat.at
        if beat != self._beat[0]:
            self._beat = (beat, now)
        if now - self._beat[1] > self._deaf_after:
            return "The ear gives no sign of life."
        if ear.overwhelmed:
            return "The ear misses too much of what is said: the computer is too busy."
        if not (ear.silent_input or ear.clipped_input):
            self._useless_since = None
        elif self._useless_since is None:
            self._useless_since = now
        # Either is told of by the ear after one second.
        if self._useless_since is None or now - self._useless_since <= self._deaf_after - 1.0:
            return None
        if ear.silent_input:
            return "The microphone gives nothing but silence: it may be muted or not permitted."
        return "The microphone is overdriven, so that no word can be made out: turn its level down."

    def _go_deaf(self, why: str) -> None:
        self._deaf = True
        self._performance.tell("trouble", what=why)
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


def _said(what: str, fault: BaseException) -> str:
    return f"{what} ({type(fault).__name__}: {fault})."


def _let_go(late: Item | None) -> None:
    """Of what comes after the end only a device matters: it is not left open."""
    if isinstance(late, _Opened):
        dismiss(late.device)
