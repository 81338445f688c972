"""The live player on a device without hardware: what it logs, and what it does when parts fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.device import AudioDevice, Exchange, IsFree, never_free
from voicecoach.ear.spotter import Heard
from voicecoach.errors import DeviceError
from voicecoach.event_log import EventLog, Fields
from voicecoach.glance import Glance, Listening
from voicecoach.greeting_check import CLIPPING, Expected, GreetingCheck
from voicecoach.performance import lengths
from voicecoach.player import DEAF, SHOWN_EVERY, Player, Stage
from voicecoach.routine.model import Exercise, Hold, Range, Routine, Say
from voicecoach.session.commands import ANSWERS, Command
from voicecoach.session.cues import Sound
from voicecoach.session.defaults import LEAD_IN
from voicecoach.session.effects import Reason
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.states import State
from voicecoach.simulation import silent_clips
from voicecoach.units import STREAM_RATE

ROUTINE = Routine(
    format=1,
    title="Try",
    exercises=(Exercise(id="pull", name="pull", steps=(Say(say="Pull."), Hold(hold=Range(low=5, high=5)))),),
)
EARCONS = {sound: Clip(np.zeros(480, np.float32), STREAM_RATE) for sound in Sound}
SPEECH = silent_clips(STREAM_RATE, seconds_a_character=0.002)


class FastDevice:
    """Ten times as fast as sound, with a faint noise as its microphone; can be made to stand still."""

    name = "a fast device"
    failure = None

    def __init__(self, has_microphone: bool = True) -> None:
        self.has_microphone = has_microphone
        self.still = False
        self._closing = threading.Event()
        self._noise = np.full(480, 1e-3, np.float32)

    def start(self, exchange: Exchange) -> None:
        def run() -> None:
            while not self._closing.wait(0.001):
                if not self.still:
                    block = exchange(480, self._noise if self.has_microphone else None)
                    assert block.shape == (480,)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()


class ScriptedEar:
    """Hears what the test says; objects to being used before its start or after its end."""

    def __init__(self, on_heard: Callable[[Heard], None], on_trouble: Callable[[str], None]) -> None:
        self.on_heard, self.on_trouble = on_heard, on_trouble
        self.running = self.dead = False
        self.armed: frozenset[Command] = frozenset()
        self.heartbeat = Beat(time.monotonic())
        self.silent_input = self.clipped_input = self.overwhelmed = False
        self.level = -40.0
        self.reference: list[Samples] = []
        self.positions: list[int] = []
        self.slipped_at: list[int] = []

    def start(self) -> None:
        assert not self.running
        self.running = True

    def close(self) -> None:
        self.running = False

    def arm(self, commands: frozenset[Command]) -> None:
        assert self.running
        self.armed = commands

    def submit(self, microphone: Samples, reference: Samples | None, position: int, slipped: bool = False) -> None:
        assert self.running
        assert reference is not None
        assert len(microphone) == len(reference)
        self.reference.append(reference)
        self.positions.append(position)
        self.slipped_at += [position] * slipped
        if not self.dead:
            self.heartbeat = Beat(time.monotonic())


class ScriptedRehearsal:
    """Finds out what the test says; objects to news after its end."""

    def __init__(self, obeyed: frozenset[str] = frozenset()) -> None:
        self.obeyed = obeyed
        self.running = False
        self.starts = 0

    def start(self, on_news: Callable[[frozenset[str]], None], on_trouble: Callable[[str], None]) -> None:
        self.on_news, self.on_trouble = on_news, on_trouble
        self.running, self.starts = True, self.starts + 1

    def close(self) -> None:
        self.running = False

    def find_out(self, *texts: str) -> None:
        assert self.running
        self.on_news(frozenset(texts))


class Beat:
    def __init__(self, at: float) -> None:
        self.at = at


class Run:
    """A player in a thread of its own, its log, and the parts that the test plays."""

    def __init__(
        self,
        open_device: Callable[[], AudioDevice] = FastDevice,
        *,
        hears: bool = True,
        deaf_after: float = DEAF,
        rehearsal: ScriptedRehearsal | None = None,
        music: Any = None,
        seen: bool = False,
        clock: Callable[[], float] = time.monotonic,
        **parts: Any,
    ) -> None:
        self.log: list[tuple[float, str, Fields]] = []
        self.ears: list[ScriptedEar] = []
        clip_of = SPEECH(1.0)
        session = Session(make_plan(ROUTINE), lengths(clip_of, EARCONS, STREAM_RATE))
        make_ear: Any = self._ear if hears else None
        heard: Any = rehearsal
        parts = {"clips_at": SPEECH, "stand_in": lambda: FastDevice(False), "earcons": EARCONS} | parts
        stage = Stage(open_device, make_ear=make_ear, rehearsal=heard, music=music, **parts)
        self.glances: list[tuple[float, Glance]] = []
        self.player = Player(
            session, stage, EventLog([self._write]), clip_of, clock, deaf_after, self._show if seen else None
        )
        self.result: list[Any] = []
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Run:
        self.thread.start()
        return self

    def wait_for(self, event: str, after: int = 0, **fields: Any) -> int:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for index, (_, name, found) in enumerate(self.log[after:], after):
                if name == event and fields.items() <= found.items():
                    return index
            time.sleep(0.005)
        raise AssertionError(f"no {event} {fields} in {self.log}")

    def hear(self, command: Command, tier: Any = "firm") -> None:
        self.ears[0].on_heard(Heard(command, command.value, 1.0, tier, 0))

    def end(self) -> Any:
        self.thread.join(10)
        assert not self.thread.is_alive(), self.log
        return self.result[0]

    def names(self) -> list[str]:
        return [name for _, name, _ in self.log]

    def _run(self) -> None:
        try:
            self.result.append(self.player.run())
        except Exception as fault:
            self.result.append(fault)

    def _ear(self, on_heard: Callable[[Heard], None], on_trouble: Callable[[str], None]) -> Any:
        self.ears.append(ScriptedEar(on_heard, on_trouble))
        return self.ears[-1]

    def _show(self, glance: Glance) -> None:
        assert threading.current_thread() is self.thread
        self.glances.append((time.monotonic(), glance))

    def _write(self, t: float, event: str, fields: Fields) -> None:
        self.log.append((t, event, fields))


def test_a_session_plays_to_its_end() -> None:
    run = Run().start()
    assert run.end() is Reason.COMPLETED
    assert run.log[0] == (0.0, "ready", {"ear": True})
    assert run.log[-1][1:] == ("finished", {"reason": "completed"})
    starts, ends = run.wait_for("hold_start"), run.wait_for("hold_end", completed=True, held=5.0)
    assert run.log[ends][0] - run.log[starts][0] == pytest.approx(5.0, abs=1e-6)
    assert not run.ears[0].running


class ScriptedMusic:
    """A constant; objects to being read before its start or after its end."""

    def __init__(self) -> None:
        self.running = False

    def start(self, on_trouble: Callable[[str], None]) -> None:
        assert not self.running
        self.running = True
        self.on_trouble = on_trouble

    def read(self, count: int) -> Samples:
        assert self.running
        return np.full(count, 0.01, np.float32)

    def close(self) -> None:
        self.running = False


def test_music_is_in_what_the_ear_is_told_the_loudspeaker_plays_and_gone_after_pain() -> None:
    music = ScriptedMusic()
    run = Run(music=music).start()
    run.wait_for("hold_start")
    run.wait_for("earcon", name="tick")
    told = np.concatenate(run.ears[0].reference)
    assert np.abs(told).max() > 0.001  # speech and earcons are silent here: this is music
    music.on_trouble("The music cannot be read.")
    run.wait_for("trouble", what="The music cannot be read.")
    run.hear(Command.PAIN)
    silenced = run.log[run.wait_for("silenced", cause="pain")][0]
    assert run.end() is Reason.PAIN
    told = np.concatenate(run.ears[0].reference)
    assert not told[round(silenced * STREAM_RATE) :].any()
    assert not music.running


def test_it_is_seen_at_most_ten_times_a_second_and_stands_still_in_a_pause() -> None:
    run = Run(seen=True).start()
    run.wait_for("hold_start")
    time.sleep(0.25)
    run.player.press("space", None)
    run.wait_for("state", to="paused")
    time.sleep(0.4)
    run.player.press("space", None)
    assert run.end() is Reason.COMPLETED
    times = [at for at, _ in run.glances]
    assert min(after - before for before, after in pairwise(times)) >= SHOWN_EVERY
    holds = [glance for _, glance in run.glances if glance.state is State.HOLDING and glance.cue is not None]
    assert holds
    assert all(glance.countdown is not None and 0 <= glance.countdown <= 5 for glance in holds)
    assert all(glance.listening is Listening.EAR and glance.level == -40.0 for glance in holds)
    paused = [glance for _, glance in run.glances if glance.state is State.PAUSED]
    assert len({glance.left for glance in paused}) == 1
    assert len({glance.at for glance in paused}) == len(paused)


def test_pain_ends_it_and_the_doctor_is_named() -> None:
    run = Run().start()
    run.wait_for("hold_start")
    run.hear(Command.PAIN)
    assert run.end() is Reason.PAIN
    silenced = run.wait_for("silenced", cause="pain")
    assert run.names().index("hold_end") > silenced
    assert "doctor" in " ".join(fields.get("text", "") for _, name, fields in run.log[silenced:] if name == "prompt")


def test_a_suspected_pain_is_asked_about_with_yes_and_no_armed() -> None:
    run = Run().start()
    run.wait_for("hold_start")
    run.hear(Command.PAIN, "weak")
    run.wait_for("state", to="checking")
    assert run.ears[0].armed >= ANSWERS
    run.hear(Command.NO)
    run.wait_for("hold_end", completed=True)
    assert run.end() is Reason.COMPLETED


def test_the_pause_key_pauses_and_resumes() -> None:
    run = Run(hears=False).start()
    run.wait_for("hold_start")
    run.player.press("space", None)
    paused = run.wait_for("state", to="paused")
    run.player.press("space", None)
    run.wait_for("hold_end", after=paused, completed=True)
    assert run.end() is Reason.COMPLETED


def test_an_interrupt_ends_it_at_once() -> None:
    run = Run().start()
    run.wait_for("prompt")
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT


def test_a_lost_device_pauses_and_comes_back() -> None:
    devices = [FastDevice(), None, FastDevice()]
    left = list(devices)

    def open_device() -> AudioDevice:
        device = left.pop(0)
        if device is None:
            raise DeviceError("not yet")
        return device

    run = Run(open_device).start()
    run.wait_for("hold_start")
    first = devices[0]
    assert first is not None
    first.still = True
    lost = run.wait_for("device_lost")
    run.wait_for("state", to="paused")
    back = run.wait_for("device_back", after=lost)
    run.wait_for("prompt", after=back, text="I am waiting. Say continue when you are ready.")
    run.hear(Command.RESUME)
    run.wait_for("hold_end", after=back, completed=True)
    assert run.end() is Reason.COMPLETED


class RenewableDevice(FastDevice):
    """Says in its own thread, block by block, whether it may make a hole."""

    def __init__(self) -> None:
        super().__init__()
        self.is_free: IsFree = never_free
        self.may = False

    def start(self, exchange: Exchange) -> None:
        assert self.is_free is not never_free, "it has to be told before the start"

        def asking(frames: int, captured: Samples | None) -> Samples:
            self.may = self.is_free(1.0)
            return exchange(frames, captured)

        super().start(asking)


def test_a_device_may_make_a_hole_while_the_session_rests_and_never_in_a_hold() -> None:
    device = RenewableDevice()
    run = Run(lambda: device).start()
    run.wait_for("hold_start")
    in_the_hold = []
    while "hold_end" not in run.names() and len(in_the_hold) < 20:
        in_the_hold.append(device.may)
        time.sleep(0.01)
    run.player.press("space", None)
    run.wait_for("state", to="paused")
    time.sleep(1.0)
    assert device.may
    run.player.press("space", None)
    assert run.end() is Reason.COMPLETED
    assert not any(in_the_hold)


def test_where_nobody_could_answer_a_session_goes_on_by_itself_once_sound_is_back() -> None:
    devices = [FastDevice(False), FastDevice(False)]
    left = list(devices)
    run = Run(lambda: left.pop(0), hears=False, nobody_answers=True).start()
    run.wait_for("hold_start")
    devices[0].still = True
    back = run.wait_for("device_back", after=run.wait_for("device_lost"))
    run.wait_for("hold_end", after=back, completed=True)
    assert run.end() is Reason.COMPLETED


class LateDevice(FastDevice):
    """One whose buffer runs dry when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.underruns, self.buffer_ms, self.slips = 0, 20, 0


def test_the_ear_is_told_from_which_block_on_the_echo_may_come_at_another_time() -> None:
    device = LateDevice()
    run = Run(lambda: device).start()
    run.wait_for("hold_start")
    (ear,) = run.ears
    assert not ear.slipped_at
    heard_before = ear.positions[-1]
    device.slips += 1
    run.wait_for("hold_end")
    (slipped,) = ear.slipped_at
    assert heard_before <= slipped
    run.player.interrupt()
    run.end()


def test_underruns_are_counted_on_over_another_device() -> None:
    first, second = LateDevice(), LateDevice()
    left = [first, second]
    run = Run(lambda: left.pop(0)).start()
    run.wait_for("hold_start")
    first.underruns = 3
    run.wait_for("underrun", count=3)
    first.still = True
    back = run.wait_for("device_back")
    second.underruns = 2
    run.wait_for("underrun", after=back, count=5)
    run.player.press("s", Command.STOP)
    run.end()
    assert [fields["count"] for _, name, fields in run.log if name == "underrun"] == [3, 5]


def test_a_buffer_that_has_grown_or_shrunk_is_told() -> None:
    device = LateDevice()
    run = Run(lambda: device).start()
    run.wait_for("hold_start")
    device.buffer_ms = 40
    grown = run.wait_for("buffer", ms=40)
    device.buffer_ms = 20
    run.wait_for("buffer", after=grown, ms=20)
    run.player.press("s", Command.STOP)
    run.end()
    assert run.names().count("buffer") == 2


@pytest.mark.parametrize(("command", "reason"), [(Command.STOP, Reason.STOP), (Command.PAIN, Reason.PAIN)])
def test_stop_and_pain_end_a_session_whose_device_is_gone(command: Command, reason: Reason) -> None:
    devices = [FastDevice()]

    def open_device() -> AudioDevice:
        if not devices:
            raise DeviceError("gone for good")
        return devices.pop()

    first = devices[0]
    run = Run(open_device).start()
    run.wait_for("hold_start")
    first.still = True
    run.wait_for("device_lost")
    run.player.press("key", command)
    assert run.end() is reason


def test_a_microphone_that_clips_is_told_while_the_session_goes_on() -> None:
    device = FastDevice()
    device._noise = np.ones(480, np.float32)
    run = Run(lambda: device, greeting_check=GreetingCheck(Expected(echo=False), longest=0.5)).start()
    run.wait_for("trouble", what=CLIPPING)
    assert run.end() is Reason.COMPLETED


def test_a_greeting_check_that_had_too_little_ends_with_the_session() -> None:
    run = Run(greeting_check=GreetingCheck(Expected(echo=True), longest=3600)).start()
    assert run.end() is Reason.COMPLETED
    assert "trouble" not in run.names()


def test_no_microphone_where_one_was_promised_is_said_and_not_played() -> None:
    run = Run(lambda: FastDevice(False)).start()
    assert isinstance(run.end(), DeviceError)
    assert "ready" not in run.names()


def test_a_fault_of_the_player_is_logged_as_an_error_and_raised() -> None:
    class BrokenLog(EventLog):
        def write(self, t: float, event: str, **fields: Any) -> None:
            if event == "hold_start":
                raise RuntimeError("broken")
            super().write(t, event, **fields)

    run = Run()
    run.player._performance.log = BrokenLog([run._write])
    run.start()
    assert isinstance(run.end(), RuntimeError)
    assert run.log[-1][1:] == ("finished", {"reason": "error"})


def test_what_the_rehearsal_finds_out_reaches_the_session_and_it_ends_with_it() -> None:
    rehearsal = ScriptedRehearsal()
    run = Run(rehearsal=rehearsal).start()
    hold = run.wait_for("hold_start")
    rehearsal.find_out("Pull.")
    run.hear(Command.REPEAT)
    pull = run.wait_for("prompt_end", after=run.wait_for("prompt", after=hold, text="Pull."))
    following = run.wait_for("prompt", after=pull)
    assert run.log[following][0] - run.log[pull][0] == pytest.approx(1.0, abs=1e-6)
    assert run.log[following][2]["text"].startswith("Hold for")
    after = run.wait_for("prompt_end", after=following)
    assert run.log[run.wait_for("hold_start", after=after)][0] - run.log[after][0] == pytest.approx(LEAD_IN, abs=1e-6)
    run.wait_for("hold_end", completed=True, held=5.0)
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT
    assert (rehearsal.starts, rehearsal.running) == (1, False)


def test_at_another_tempo_the_same_texts_are_taken_for_commands() -> None:
    rehearsal = ScriptedRehearsal(frozenset({"Pull."}))
    run = Run(rehearsal=rehearsal).start()
    run.wait_for("prompt")
    run.hear(Command.SLOWER)
    run.wait_for("hold_start")
    run.hear(Command.REPEAT)
    pull = run.wait_for("prompt_end", after=run.wait_for("prompt", after=run.wait_for("hold_start"), text="Pull."))
    following = run.wait_for("prompt", after=pull)
    assert run.log[following][0] - run.log[pull][0] == pytest.approx(1.0, abs=1e-6)
    run.player.interrupt()
    run.end()
    assert rehearsal.starts == 1
