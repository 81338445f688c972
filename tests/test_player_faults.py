"""What the player does when a part of it fails: the session stands still, says so, and goes on when it can."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from test_player import EARCONS, SPEECH, FastDevice, Run, ScriptedMusic, ScriptedRehearsal

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.device import AudioDevice, Exchange
from voicecoach.audio.guarded_exchange import GuardedExchange
from voicecoach.cli.play import LATE, _recording
from voicecoach.errors import DeviceError
from voicecoach.event_log import Fields
from voicecoach.journal_writer import Journal, Sitting
from voicecoach.opening import find_devices
from voicecoach.performance import ClipOf
from voicecoach.session.commands import Command
from voicecoach.session.cues import Sound
from voicecoach.session.effects import Noted, Reason
from voicecoach.session.states import State
from voicecoach.session.wording import wording
from voicecoach.units import STREAM_RATE

SAY = wording().say
CANNOT_HEAR, LOST, WAITING = SAY("cannot_hear"), SAY("sound_lost"), SAY("still_waiting")
SLACK = 3.0
"""Seconds for what takes hundredths on a machine with nothing else to do."""


class Shelf:
    """Devices in the order in which they open; None is one that does not, and after the last nothing does."""

    def __init__(self, *devices: AudioDevice | None) -> None:
        self.left = list(devices)
        self.attempts: list[float] = []

    def __call__(self) -> AudioDevice:
        self.attempts.append(time.monotonic())
        device = self.left.pop(0) if self.left else None
        if device is None:
            raise DeviceError("not there")
        return device


class Hesitant:
    """Opens the first device at once, and what ``late`` makes only when the test lets it."""

    def __init__(self, first: AudioDevice, late: Callable[[], AudioDevice]) -> None:
        self.go_on = threading.Event()
        self._left, self._late = [first], late

    def __call__(self) -> AudioDevice:
        if self._left:
            return self._left.pop()
        assert self.go_on.wait(10)
        return self._late()


class TurnedClock:
    """The monotonic clock, and how long the machine slept."""

    def __init__(self) -> None:
        self.asleep = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.asleep


class GuardedDevice(FastDevice):
    """One that keeps what the exchange raises, as the real ones do."""

    def start(self, exchange: Exchange) -> None:
        self._guard = GuardedExchange(exchange)
        super().start(self._guard)

    @property
    def failure(self) -> Any:
        return self._guard.failure


class SlowDevice:
    """Real time, or a share of it once ``speed`` is set: a headset that fell back to another rate."""

    name, failure, has_microphone = "a headset", None, True

    def __init__(self) -> None:
        self.speed = 1.0
        self._closing = threading.Event()

    def start(self, exchange: Exchange) -> None:
        def run() -> None:
            while not self._closing.wait(0.01):
                # Three times too fast at first, so that the test is not slow.
                count = round(480 * (3.0 if self.speed == 1.0 else self.speed))
                exchange(count, np.full(count, 1e-3, np.float32))

        threading.Thread(target=run, daemon=True).start()

    def close(self) -> None:
        self._closing.set()


def in_a_hold(run: Run) -> Run:
    run.start().wait_for("hold_start")
    return run


def lose(run: Run, device: FastDevice) -> int:
    device.still = True
    lost = run.wait_for("device_lost")
    run.wait_for("state", to="paused")
    return lost


def stays_paused(run: Run, seconds: float = 0.5) -> bool:
    time.sleep(seconds)
    return run.player.state is State.PAUSED


def test_a_file_that_a_session_is_played_to_loses_nothing_when_the_computer_sleeps(tmp_path: Path) -> None:
    clock, out = TurnedClock(), tmp_path / "out.wav"
    run = in_a_hold(Run(find_devices(f"file:{out}", listen=True).open, hears=False, clock=clock))
    clock.asleep = 60.0
    run.wait_for("device_lost", device=f"the file {out}")
    run.wait_for("device_back", device=f"the file {tmp_path / 'out-2.wav'}")
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT
    begun, hold = soundfile.info(out).duration, run.log[run.wait_for("hold_start")][0]
    assert begun >= hold, "what sounded before is still in it"
    assert soundfile.info(tmp_path / "out-2.wav").duration > 0


# The device ---------------------------------------------------------------------------------------------------------


def test_a_stream_that_stands_still_is_noticed_within_a_second_and_the_hold_is_not_counted() -> None:
    device = FastDevice()
    run = in_a_hold(Run(Shelf(device)))
    begun = time.monotonic()
    lost = lose(run, device)
    assert time.monotonic() - begun < 1.0 + SLACK
    assert "stood still" in run.log[lost][2]["why"]
    ended = run.log[run.wait_for("hold_end")][2]
    assert not ended["completed"]
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT


def test_when_it_is_back_it_says_what_happened_and_how_to_go_on() -> None:
    first = FastDevice()
    run = in_a_hold(Run(Shelf(first, None, None, FastDevice())))
    lost = lose(run, first)
    back = run.wait_for("device_back", after=lost)
    said = run.wait_for("prompt", after=back, text=LOST)
    run.wait_for("prompt", after=said, text=WAITING)
    run.hear(Command.RESUME)
    run.wait_for("hold_end", after=back, completed=True, held=5.0)
    assert run.end() is Reason.COMPLETED


def test_nothing_goes_on_while_the_sound_is_gone_whoever_asks_for_it() -> None:
    device = FastDevice()
    run = in_a_hold(Run(Shelf(device)))
    lost = lose(run, device)
    asks: tuple[Callable[[], None], ...] = (
        lambda: run.player.press("space", None),
        lambda: run.player.press("n", Command.NEXT),
        lambda: run.hear(Command.RESUME),
        lambda: run.hear(Command.BACK),
    )
    for ask in asks:
        before = len(run.log)
        ask()
        run.wait_for("trouble", after=before, what="Nothing goes on before the sound is back.")
    assert stays_paused(run)
    run.player.press("h", Command.PAIN)
    assert run.end() is Reason.PAIN
    assert "hold_start" not in run.names()[lost:]


def test_a_server_that_hangs_while_it_is_opened_or_closed_holds_up_neither_stop_nor_pain() -> None:
    class Sticky(FastDevice):
        def close(self) -> None:
            super().close()
            time.sleep(4.0)

    device, asked = Sticky(), threading.Event()

    def hang() -> AudioDevice:
        if asked.is_set():
            time.sleep(4.0)
            raise DeviceError("the sound server does not answer")
        asked.set()
        return device

    run = in_a_hold(Run(hang))
    lose(run, device)
    time.sleep(0.3)
    begun = time.monotonic()
    run.player.press("h", Command.PAIN)
    run.wait_for("state", to="safety_talk")
    assert time.monotonic() - begun < 1.0
    assert run.end() is Reason.PAIN


@pytest.mark.parametrize("hears", [True, False])
def test_advice_after_pain_begins_anew_when_the_sound_is_back(hears: bool) -> None:
    first, stand_in = FastDevice(), FastDevice(False)
    stand_in.still = True
    open_device = Hesitant(first, lambda: FastDevice(hears))
    run = in_a_hold(Run(open_device, stand_in=lambda: stand_in))
    lost = lose(run, first)
    run.player.press("h", Command.PAIN)
    run.wait_for("state", to="safety_talk")
    open_device.go_on.set()
    back = run.wait_for("device_back", after=lost)
    assert run.end() is Reason.PAIN
    texts = [fields["text"] for _, name, fields in run.log[back:] if name == "prompt"]
    assert texts == list(wording().talk("pain"))


@pytest.mark.parametrize("asleep", [5.0, 900.0])
def test_a_laptop_that_slept_in_a_hold_stands_still_when_it_wakes(asleep: float) -> None:
    """The stream goes on at once, as PulseAudio's does: only the clock tells."""
    clock = TurnedClock()
    run = in_a_hold(Run(Shelf(FastDevice(), FastDevice()), clock=clock))
    clock.asleep += asleep
    lost = run.wait_for("device_lost")
    assert "slept" in run.log[lost][2]["why"]
    run.wait_for("hold_end", completed=False)
    back = run.wait_for("device_back", after=lost)
    run.wait_for("prompt", after=back, text=WAITING)
    run.hear(Command.RESUME)
    run.wait_for("hold_end", after=back, completed=True)
    assert run.end() is Reason.COMPLETED


def test_a_stream_that_runs_at_another_rate_is_lost() -> None:
    device = SlowDevice()
    run = in_a_hold(Run(Shelf(device, FastDevice())))
    device.speed = 1 / 3
    lost = run.wait_for("device_lost")
    assert "behind the clock" in run.log[lost][2]["why"]
    run.wait_for("hold_end", completed=False)
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT


def test_a_device_that_opens_and_dies_again_and_again_is_tried_more_and_more_seldom() -> None:
    class Dying(GuardedDevice):
        failure = RuntimeError("unplugged")  # type: ignore[assignment]

    first = FastDevice()
    shelf = Shelf(first, *(Dying() for _ in range(40)))
    run = in_a_hold(Run(shelf))
    lose(run, first)
    time.sleep(2.5)
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT
    assert 3 <= len(shelf.attempts) <= 8, "0.2, 0.5, 1, 2 s apart"


def test_an_open_that_throws_anything_is_told_once_and_tried_again() -> None:
    first, calls = FastDevice(), []

    def open_device() -> AudioDevice:
        calls.append(1)
        if len(calls) == 1:
            return first
        if len(calls) < 4:
            raise OSError("the driver is confused")
        return FastDevice()

    run = in_a_hold(Run(open_device))
    lose(run, first)
    run.wait_for("device_back")
    assert len([event for _, event, fields in run.log if event == "trouble" and "confused" in fields["what"]]) == 1
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT


def test_a_device_is_not_left_open_when_the_session_ends_while_it_opens() -> None:
    first, late = FastDevice(), FastDevice()
    open_device = Hesitant(first, lambda: late)
    run = in_a_hold(Run(open_device))
    lose(run, first)
    time.sleep(0.2)
    threading.Timer(0.5, open_device.go_on.set).start()
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT
    assert late._closing.wait(SLACK)


def test_a_device_that_opens_while_the_last_sounds_leave_is_closed() -> None:
    first, late = FastDevice(), FastDevice()
    open_device = Hesitant(first, lambda: late)
    run = in_a_hold(Run(open_device))
    lose(run, first)
    time.sleep(0.2)
    run.player.interrupt()
    run.wait_for("finished")
    open_device.go_on.set()
    assert run.end() is Reason.INTERRUPT
    assert late._closing.wait(SLACK)


def test_a_device_that_does_not_let_go_hides_neither_the_result_nor_the_other_parts() -> None:
    class Sticky(FastDevice):
        def close(self) -> None:
            super().close()
            raise OSError("it does not let go")

    run = in_a_hold(Run(Sticky))
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT
    assert not run.ears[0].running


# The microphone and the ear -------------------------------------------------------------------------------------------


def test_a_microphone_that_is_gone_is_said_and_looked_for_until_it_is_back() -> None:
    first = FastDevice()
    speaker, whole = FastDevice(has_microphone=False), FastDevice()
    run = in_a_hold(Run(Shelf(first, speaker, FastDevice(has_microphone=False), whole)))
    lost = lose(run, first)
    back = run.wait_for("device_back", after=lost)
    told = run.wait_for("prompt", after=back, text=CANNOT_HEAR)
    again = run.wait_for("device_back", after=told)
    run.wait_for("prompt", after=again, text=WAITING)
    assert speaker._closing.wait(SLACK)
    run.hear(Command.RESUME)
    run.wait_for("hold_end", after=again, completed=True)
    assert run.end() is Reason.COMPLETED


@pytest.mark.parametrize("kind", ["silent_input", "clipped_input"])
def test_a_microphone_of_no_use_is_a_fault_and_over_when_it_is_of_use_again(kind: str) -> None:
    run = in_a_hold(Run(deaf_after=1.1))
    begun = time.monotonic()
    setattr(run.ears[0], kind, True)
    run.wait_for("trouble")
    assert 0.1 <= time.monotonic() - begun < 0.1 + SLACK
    run.wait_for("hold_end", completed=False)
    told = run.wait_for("prompt", text=CANNOT_HEAR)
    assert run.player.state is State.PAUSED
    setattr(run.ears[0], kind, False)
    run.wait_for("prompt", after=told, text=WAITING)
    run.hear(Command.RESUME)
    run.wait_for("hold_end", after=told, completed=True)
    assert run.end() is Reason.COMPLETED


def test_a_microphone_that_was_unplugged_under_a_stream_that_goes_on_is_found_out() -> None:
    """A sound server then hands over what the loudspeaker plays, which is not silent while the coach speaks."""
    first, speaker, whole = FastDevice(), FastDevice(has_microphone=False), FastDevice()
    shelf = Shelf(first, speaker, None, whole)
    run = in_a_hold(Run(shelf, deaf_after=1.1))
    run.ears[0].silent_input = True
    told = run.wait_for("trouble", what="The microphone is gone.")
    assert first._closing.wait(SLACK)
    run.ears[0].silent_input = False
    back = run.wait_for("device_back", after=told)
    assert "device_lost" not in run.names()
    assert WAITING not in [fields.get("text") for _, _, fields in run.log[:back]]
    run.wait_for("prompt", after=back, text=WAITING)
    run.hear(Command.RESUME)
    run.wait_for("hold_end", after=back, completed=True)
    assert run.end() is Reason.COMPLETED


def test_what_a_loudspeaker_gives_in_a_microphones_stead_is_no_proof_that_it_is_back() -> None:
    """The coach's "I can't hear you" is what it gives: the session asked to be told "continue" by nobody, and again."""
    open_device = Hesitant(FastDevice(), lambda: FastDevice(has_microphone=False))
    run = in_a_hold(Run(open_device, deaf_after=1.1))
    run.ears[0].silent_input = True
    told = run.wait_for("prompt", text=CANNOT_HEAR)
    run.ears[0].silent_input = False
    time.sleep(0.5)
    open_device.go_on.set()
    run.wait_for("trouble", after=told, what="The microphone is gone.")
    time.sleep(0.5)
    assert WAITING not in [fields.get("text") for _, _, fields in run.log]
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT


def test_a_microphone_that_is_muted_stays_a_fault_on_a_stream_opened_anew() -> None:
    first = FastDevice()
    shelf = Shelf(first, FastDevice())
    run = in_a_hold(Run(shelf, deaf_after=1.1))
    run.ears[0].silent_input = True
    told = run.wait_for("prompt", text=CANNOT_HEAR)
    assert first._closing.wait(SLACK)
    time.sleep(0.5)
    assert WAITING not in [fields.get("text") for _, _, fields in run.log]
    assert len(shelf.attempts) == 2
    run.ears[0].silent_input = False
    run.wait_for("prompt", after=told, text=WAITING)
    assert "device_back" not in run.names()
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT


def test_a_microphone_that_stays_silent_is_asked_for_again() -> None:
    """A muted one that is unplugged, and another plugged in, where the sound server leaves the stream at the first."""
    muted, muted_too, plugged_in = FastDevice(), FastDevice(), FastDevice()
    run = in_a_hold(Run(Shelf(muted, muted_too, plugged_in), deaf_after=1.1))
    run.ears[0].silent_input = True
    told = run.wait_for("prompt", text=CANNOT_HEAR)
    assert muted_too._closing.wait(2 * SLACK)
    run.ears[0].silent_input = False
    run.wait_for("prompt", after=told, text=WAITING)
    assert not plugged_in._closing.is_set()
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT


def test_a_microphone_asked_for_in_vain_does_not_take_over_once_the_first_is_of_use_again() -> None:
    first, late = FastDevice(), FastDevice()
    open_device = Hesitant(first, lambda: late)
    run = in_a_hold(Run(open_device, deaf_after=1.1))
    run.ears[0].silent_input = True
    told = run.wait_for("prompt", text=CANNOT_HEAR)
    run.ears[0].silent_input = False
    told = run.wait_for("prompt", after=told, text=WAITING)
    run.hear(Command.RESUME)
    run.wait_for("hold_start", after=told)
    open_device.go_on.set()
    assert late._closing.wait(SLACK)
    assert not first._closing.is_set()
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT


def test_a_hiccup_of_the_microphone_is_no_fault() -> None:
    run = in_a_hold(Run(deaf_after=3.0))
    for _ in range(3):
        run.ears[0].clipped_input = True
        time.sleep(0.05)
        run.ears[0].clipped_input = False
        time.sleep(0.05)
    assert run.end() is Reason.COMPLETED
    assert "trouble" not in run.names()


def test_an_ear_without_a_sign_of_life_stops_the_hold_and_nothing_goes_on_not_even_by_key() -> None:
    run = in_a_hold(Run(deaf_after=0.8))
    run.ears[0].dead = True
    told = run.wait_for("prompt", text=CANNOT_HEAR)
    for key, command in (("space", None), ("n", Command.NEXT), ("b", Command.BACK)):
        before = len(run.log)
        run.player.press(key, command)
        run.wait_for("prompt", after=max(before, told), text=CANNOT_HEAR)
    assert any("--no-mic" in fields["what"] for _, event, fields in run.log if event == "trouble")
    assert stays_paused(run)
    assert len([event for event in run.names() if event == "hold_start"]) == 1
    run.ears[0].dead = False
    run.wait_for("prompt", after=told, text=WAITING)
    run.player.press("space", None)
    run.wait_for("hold_end", completed=True)
    assert run.end() is Reason.COMPLETED


def test_an_ear_that_misses_too_much_is_deaf_until_it_keeps_up() -> None:
    run = in_a_hold(Run())
    run.ears[0].overwhelmed = True
    told = run.wait_for("prompt", text=CANNOT_HEAR)
    run.wait_for("hold_end", completed=False)
    run.ears[0].overwhelmed = False
    run.wait_for("prompt", after=told, text=WAITING)
    run.hear(Command.RESUME)
    run.wait_for("hold_end", completed=True)
    assert run.end() is Reason.COMPLETED


def test_who_chose_no_microphone_steers_with_keys_alone() -> None:
    run = in_a_hold(Run(hears=False))
    run.player.press("space", None)
    paused = run.wait_for("state", to="paused")
    run.player.press("space", None)
    run.wait_for("hold_end", after=paused, completed=True)
    assert run.end() is Reason.COMPLETED


def test_an_ear_that_had_nothing_to_hear_while_the_device_was_lost_is_not_taken_for_dead() -> None:
    first = FastDevice()
    run = in_a_hold(Run(Shelf(first, None, None, None, None, FastDevice()), deaf_after=1.2))
    lost = lose(run, first)
    back = run.wait_for("device_back", after=lost)
    run.wait_for("prompt", after=back, text=WAITING)
    time.sleep(0.3)
    assert "trouble" not in run.names()
    run.player.interrupt()
    assert run.end() is Reason.INTERRUPT


# The loop -------------------------------------------------------------------------------------------------------------


class TapedDevice(FastDevice):
    """Keeps the loudest sample of what it played."""

    loudest = 0.0

    def start(self, exchange: Exchange) -> None:
        def taped(frames: int, captured: Samples | None) -> Samples:
            block = exchange(frames, captured)
            self.loudest = max(self.loudest, float(np.abs(block).max()))
            return block

        super().start(taped)


def test_a_loop_that_stands_still_sounds_an_alarm_and_the_hold_is_not_counted() -> None:
    """As where a terminal takes nothing more: no word and no key could end what sounds."""
    device, go_on = TapedDevice(), threading.Event()
    trouble = {Sound.TROUBLE: Clip(np.full(4_800, 0.5, np.float32), STREAM_RATE)}
    run = Run(Shelf(device, FastDevice()), earcons=EARCONS | trouble)

    def terminal(t: float, event: str, fields: Fields) -> None:
        if fields.get("what") == "!":
            assert go_on.wait(10)

    run.player._performance.log.listeners.append(terminal)
    in_a_hold(run)
    assert device.loudest == 0.0
    run.player.stuck_after = 0.2
    run.player.tell_trouble("!")
    end = time.monotonic() + SLACK
    while not device.loudest and time.monotonic() < end:
        time.sleep(0.01)
    assert device.loudest == 0.5
    there, heard = run.player._mixer.position, len(run.ears[0].reference)
    time.sleep(0.2)
    assert run.player._mixer.position == there
    assert len(run.ears[0].reference) > heard, "the ear hears on"
    assert run.ears[0].positions == sorted(set(run.ears[0].positions)), "in one stream"
    run.player.stuck_after = 30.0  # a busy machine is late, too
    go_on.set()
    lost = run.wait_for("device_lost", why="The program stood still, and nothing could be obeyed.")
    run.wait_for("hold_end", completed=False)
    back = run.wait_for("device_back", after=lost)
    run.wait_for("prompt", after=back, text=WAITING)
    run.hear(Command.RESUME)
    run.wait_for("hold_end", after=back, completed=True)
    assert run.end() is Reason.COMPLETED


def test_pain_while_the_loop_stands_still_is_obeyed_once_it_goes_on() -> None:
    go_on = threading.Event()
    run = Run(Shelf(FastDevice(), FastDevice()))

    def terminal(t: float, event: str, fields: Fields) -> None:
        if fields.get("what") == "!":
            assert go_on.wait(10)

    run.player._performance.log.listeners.append(terminal)
    in_a_hold(run)
    run.player.stuck_after = 0.2
    run.player.tell_trouble("!")
    time.sleep(0.5)
    run.hear(Command.PAIN)
    run.player.stuck_after = 30.0
    go_on.set()
    assert run.end() is Reason.PAIN
    run.wait_for("state", **{"from": "holding", "to": "safety_talk"})
    assert "hold_start" not in run.names()[run.wait_for("trouble", what="!") :]


def test_a_device_that_calls_in_the_very_moment_it_is_taken_finds_no_loop_that_stands_still() -> None:
    """Its thread is made to run where the loop looks at the clock."""

    class Eager(FastDevice):
        calls = 0

        def start(self, exchange: Exchange) -> None:
            self._exchange = exchange
            super().start(exchange)

        def call(self) -> None:
            self.calls += 1
            self._exchange(480, np.full(480, 1e-3, np.float32))

    device = Eager()
    device.still = True  # no other thread gets in between
    calling = threading.Event()

    def clock() -> float:
        if device in served and threading.current_thread() is run.thread and not calling.is_set():
            calling.set()
            device.call()
            device.still = False
        return 1000.0 + time.monotonic()

    served: list[AudioDevice] = []

    def open_device() -> AudioDevice:
        served.append(device)
        return device

    run = Run(open_device, clock=clock)
    in_a_hold(run)
    assert device.calls == 1
    assert run.end() is Reason.COMPLETED
    assert "device_lost" not in run.names()


# Other parts ----------------------------------------------------------------------------------------------------------


class Broken:
    """A recorder that fails at what the test says; the rest of one does nothing."""

    failure: Exception | None = None

    def __init__(self) -> None:
        self.submits = False

    def submit(self, captured: Samples | None, played: Samples) -> None:
        if self.submits:
            raise ZeroDivisionError("recorder broke")

    def close(self) -> None:
        self.submits = False


def told(run: Run, *words: str) -> int:
    """The number of troubles that say all of it; waits for the first."""
    end = time.monotonic() + 10

    def count() -> int:
        found = [fields["what"] for _, event, fields in list(run.log) if event == "trouble"]
        return sum(all(word in what for word in words) for what in found)

    while not count() and time.monotonic() < end:
        time.sleep(0.01)
    return count()


def test_a_recording_that_breaks_costs_the_recording_alone() -> None:
    recorder = Broken()
    run = in_a_hold(Run(GuardedDevice, recorder=recorder))
    recorder.submits = True
    assert told(run, "recording", "recorder broke") == 1
    recorder.failure = OSError("disk full")
    assert told(run, "recording", "disk full") == 1
    assert run.end() is Reason.COMPLETED
    assert "device_lost" not in run.names()


@pytest.mark.parametrize("told_before", [False, True])
def test_what_fails_while_the_player_closes_is_left_to_be_said_at_the_end(told_before: bool) -> None:
    class Unfinished(GuardedDevice):
        def close(self) -> None:
            super().close()
            self._guard.fail(DeviceError("out.wav is not complete"))

    class Slow(Broken):
        def close(self) -> None:
            self.failure = OSError("the disk does not answer")

    recorder = Slow()
    run = in_a_hold(Run(Unfinished, recorder=recorder))
    if told_before:
        recorder.failure = OSError("disk full")
        assert told(run, "recording", "disk full") == 1
    assert run.end() is Reason.COMPLETED
    recording = [] if told_before else ["The recording has ended (OSError: the disk does not answer)."]
    assert run.player.untold == ["out.wav is not complete.", *recording]


def test_an_ear_that_takes_nothing_is_deaf_and_the_sound_goes_on() -> None:
    def submit(microphone: Samples, reference: Samples | None, position: int, slipped: bool) -> None:
        raise ZeroDivisionError("ear broke")

    run = in_a_hold(Run(GuardedDevice, deaf_after=0.3))
    run.ears[0].submit = submit  # type: ignore[method-assign]
    assert told(run, "ear takes no sound", "ear broke") == 1
    run.wait_for("prompt", text=CANNOT_HEAR)
    assert "device_lost" not in run.names()
    assert stays_paused(run, 0.1)
    run.player.press("s", Command.STOP)
    assert run.end() is Reason.STOP


def test_music_that_breaks_is_told_and_the_session_goes_on() -> None:
    music = ScriptedMusic()
    run = in_a_hold(Run(GuardedDevice, music=music))
    music.running = False  # its assertion fails from here on, in the device's thread
    assert told(run, "left out", "AssertionError") == 1
    assert run.end() is Reason.COMPLETED


@pytest.mark.parametrize("fault", [ZeroDivisionError("voice broke"), MemoryError()])
def test_a_voice_thread_that_breaks_is_told_and_the_session_goes_on(fault: Exception) -> None:
    def clips_at(speed: float) -> ClipOf:
        if speed == 1.0:
            return SPEECH(speed)
        raise fault

    run = in_a_hold(Run(clips_at=clips_at))
    run.hear(Command.SLOWER)
    assert told(run, "slower or faster", type(fault).__name__) == 1
    run.wait_for("hold_end", completed=True)
    assert run.end() is Reason.COMPLETED


def test_what_a_rehearsal_a_keyboard_or_a_picture_cannot_do_is_told() -> None:
    rehearsal = ScriptedRehearsal()
    run = in_a_hold(Run(rehearsal=rehearsal))
    rehearsal.on_trouble("The rehearsal broke.")
    assert told(run, "The rehearsal broke.") == 1
    run.player.tell_trouble("The keys broke.")
    assert told(run, "The keys broke.") == 1
    assert run.end() is Reason.COMPLETED


def test_a_journal_that_fails_is_told_and_the_session_goes_on() -> None:
    said = iter(["The journal has a problem."])
    run = Run(record=lambda record: next(said, None)).start()
    assert told(run, "journal") == 1
    assert run.end() is Reason.COMPLETED


JOURNAL_NEWS = "Part of today's session may be missing from your journal. Nothing else has changed."


def test_that_the_journal_failed_is_said_once_and_not_in_the_hold() -> None:
    said = iter([None, "The journal has a problem."])
    run = Run(record=lambda record: next(said, None)).start()
    assert run.end() is Reason.COMPLETED
    prompts = [index for index, (_, name, fields) in enumerate(run.log) if fields.get("text") == JOURNAL_NEWS]
    trouble, hold_end = run.wait_for("trouble", what="The journal has a problem."), run.wait_for("hold_end")
    assert len(prompts) == 1
    assert trouble < hold_end < prompts[0] or hold_end < trouble < prompts[0]


def test_pain_that_cannot_be_written_down_is_answered_with_the_advice_alone() -> None:
    run = in_a_hold(Run(record=lambda record: "The disk is full." if record.noted is Noted.PAIN else None))
    run.hear(Command.PAIN)
    assert run.end() is Reason.PAIN
    silenced = run.wait_for("silenced", cause="pain")
    texts = [fields["text"] for _, name, fields in run.log[silenced:] if name == "prompt"]
    assert texts == list(wording().talk("pain"))
    assert told(run, "The disk is full.") == 1


def test_pain_on_a_slow_disk_is_told_of_in_the_terminal_and_the_advice_follows_alone() -> None:
    answers = threading.Event()

    def write(path: Path, line: bytes) -> None:
        if b'"event": "pain"' in line:
            assert answers.wait(20)

    sitting = Sitting("s", "try", "Try", "a", "i", {})
    journal = Journal(Path("journal.jsonl"), sitting, urgent_patience=0.1, write=write)
    run = in_a_hold(Run(record=_recording(journal)))
    run.hear(Command.PAIN)
    assert run.end() is Reason.PAIN
    answers.set()
    journal.close()
    assert told(run, LATE) == 1
    silenced = run.wait_for("silenced", cause="pain")
    texts = [fields["text"] for _, name, fields in run.log[silenced:] if name == "prompt"]
    assert texts == list(wording().talk("pain"))
    assert journal.failure is None


def test_a_mixer_that_breaks_once_is_a_lost_device_and_one_that_always_breaks_ends_the_session() -> None:
    for times in (1, 10_000):
        run = Run(GuardedDevice, stand_in=lambda: GuardedDevice(False))
        render, left = run.player._mixer.render, [times]

        def break_down(
            count: int, render: Callable[[int], Samples] = render, run: Run = run, left: list[int] = left
        ) -> Samples:
            if run.player._mixer.position > STREAM_RATE and left[0]:
                left[0] -= 1
                raise ZeroDivisionError("mixer broke")
            return render(count)

        run.player._mixer.render = break_down  # type: ignore[method-assign]
        run.start()
        lost = run.wait_for("device_lost")
        assert "mixer broke" in run.log[lost][2]["why"]
        if times == 1:
            run.wait_for("device_back", after=lost)
            run.player.interrupt()
            assert run.end() is Reason.INTERRUPT
        else:
            assert isinstance(run.end(), ZeroDivisionError)
            assert run.log[-1][1:] == ("finished", {"reason": "error"})
