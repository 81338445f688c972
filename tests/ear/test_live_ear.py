"""The ear's thread: real threads and real blocks, a scripted spotter in place of the engine."""

import threading
import time

import numpy as np
import pytest

from voicecoach.ear.decision import Rule
from voicecoach.ear.ear import Ear, make_ear
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.kalman_echo import KalmanEchoCanceller
from voicecoach.ear.spotter import Detection
from voicecoach.errors import EarError
from voicecoach.session.commands import Command, phrases
from voicecoach.units import EAR_RATE, STREAM_RATE, frames

STOP = next(phrase for phrase in phrases() if phrase.text == "stop")
BLOCK = frames(0.02)
PATIENCE = 10.0


class LoudIsStop:
    """Takes anything loud for "stop", objects to misuse, and fails or hangs on demand."""

    def __init__(self):
        self.position = 0
        self.armed = ()
        self.closed = False
        self.failing = False
        self.fault = None
        self.resets = 0
        self.hold = threading.Event()
        self.hold.set()
        self.busy = threading.Event()

    def arm(self, phrases):
        self.armed = tuple(phrases)

    def feed(self, block):
        assert not self.closed, "fed after close"
        assert block.dtype == np.float32
        self.busy.set()
        self.hold.wait(PATIENCE)
        if self.failing:
            raise RuntimeError("engine broke")
        if self.fault:
            raise self.fault
        self.position += len(block)
        if STOP in self.armed and np.max(np.abs(block), initial=0.0) > 0.03:
            return [Detection(STOP, 1.0, self.position - len(block), self.position)]
        return []

    def reset(self):
        self.position = 0
        self.resets += 1

    def close(self):
        assert not self.closed, "closed twice"
        self.closed = True


class House:
    """An ear with everything it reported."""

    spotter_class = LoudIsStop

    def __init__(self):
        self.spotters = []
        self.heard, self.troubles = [], []
        self.news = threading.Condition()
        self._make_hearing = Hearing
        self.break_new = False
        self.ear = Ear(self._on(self.heard), self._on(self.troubles), self._make, rests=(0.2,))
        self.position = 0

    def _on(self, kept):
        def callback(thing):
            with self.news:
                kept.append(thing)
                self.news.notify_all()

        return callback

    def _make(self):
        spotter = self.spotter_class()
        spotter.failing = self.break_new
        self.spotters.append(spotter)
        return self._make_hearing(spotter, lambda _text: Rule(firm=0, weak=-1, alone=False))

    def play(self, level, seconds):
        for _ in range(round(seconds / 0.02)):
            self.ear.submit(np.full(BLOCK, level, dtype=np.float32), None, self.position)
            self.position += BLOCK

    def wait(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "nothing happened"
            with self.news:
                self.news.wait(0.01)

    def settle(self):
        self.wait(lambda: self.ear.heartbeat.position == self.position)


@pytest.fixture
def house():
    made = House()
    yield made
    for spotter in made.spotters:
        spotter.hold.set()
    made.ear.close()


def test_hears_and_says_where_in_the_stream(house):
    house.position = 1_000_000
    house.ear.start()
    house.play(0.001, 0.5)
    house.play(0.5, 0.02)
    loud_until = house.position
    house.play(0.001, 0.5)
    house.settle()
    (stop,) = house.heard
    assert stop.command is Command.STOP
    assert loud_until < stop.decided < loud_until + frames(0.2)
    assert house.troubles == []


def test_does_not_keep_the_devices_buffer(house):
    house.ear.start()
    buffer = np.full(BLOCK, 0.5, dtype=np.float32)
    house.spotters[0].hold.clear()
    house.ear.submit(buffer, buffer, 0)
    buffer[:] = 0.0
    house.spotters[0].hold.set()
    house.position = BLOCK
    house.play(0.001, 0.2)
    house.settle()
    assert len(house.heard) == 1


def test_arms_what_it_is_told(house):
    house.ear.start()
    house.ear.arm({Command.PAUSE})
    house.play(0.5, 0.02)
    house.play(0.001, 0.3)
    house.settle()
    assert house.heard == []
    house.ear.arm({Command.STOP})
    house.play(0.5, 0.02)
    house.play(0.001, 0.3)
    house.settle()
    assert len(house.heard) == 1


def test_a_slip_is_told_before_the_block_that_it_begins_with(house):
    told = []

    class Told(Hearing):
        def slipped(self):
            told.append(house.spotters[0].position)

    house._make_hearing = Told
    house.ear.start()
    house.play(0.001, 0.2)
    house.ear.submit(np.full(BLOCK, 0.001, dtype=np.float32), None, house.position, True)
    house.position += BLOCK
    house.play(0.001, 0.2)
    house.settle()
    assert told == [pytest.approx(0.2 * EAR_RATE, abs=EAR_RATE // 50)]
    assert house.spotters[0].resets == 0


def test_a_jump_in_position_begins_anew(house):
    house.ear.start()
    house.play(0.001, 0.2)
    house.settle()
    house.position += 12_345
    house.play(0.001, 0.2)
    house.settle()
    assert house.spotters[0].resets == 1
    house.play(0.5, 0.02)
    loud_until = house.position
    house.play(0.001, 0.3)
    house.settle()
    assert loud_until < house.heard[0].decided < loud_until + frames(0.2)


def test_submit_returns_while_the_engine_hangs_and_overload_is_told(house):
    house.ear.start()
    house.spotters[0].hold.clear()
    house.play(0.001, 0.02)
    assert house.spotters[0].busy.wait(PATIENCE)
    house.play(0.001, 5.0)
    house.spotters[0].hold.set()
    house.settle()
    assert len(house.troubles) >= 1
    assert "could not keep up" in house.troubles[0]
    house.play(0.5, 0.02)
    house.play(0.001, 0.3)
    house.settle()
    assert len(house.heard) == 1, "the newest sound is still heard"


def test_an_ear_that_loses_most_of_the_sound_says_that_it_might_as_well_be_deaf(house):
    house.ear.start()
    for _ in range(3):
        assert not house.ear.overwhelmed
        house.spotters[0].hold.clear()
        house.spotters[0].busy.clear()
        house.play(0.001, 0.02)
        assert house.spotters[0].busy.wait(PATIENCE)
        house.play(0.001, 1.6)
        house.spotters[0].hold.set()
        house.settle()
    house.wait(lambda: house.ear.overwhelmed)
    for _ in range(11):
        house.play(0.001, 1.0)
        house.settle()
    assert not house.ear.overwhelmed


class Rationed(LoudIsStop):
    """Hears as many hops as the test hands out, and can do with less."""

    def __init__(self):
        super().__init__()
        self.rations = threading.Semaphore(0)
        self.is_light = False

    def lighten(self, light):
        self.is_light = light

    def feed(self, block):
        assert self.rations.acquire(timeout=PATIENCE)
        return super().feed(block)


class RationedHouse(House):
    """Its spotter hears what was handed out, and no more."""

    spotter_class = Rationed

    def hear_one_block(self):
        before = self.ear.heartbeat.position
        self.hand_out(0.02)
        self.wait(lambda: self.ear.heartbeat.position == before + BLOCK)

    def hand_out(self, seconds):
        self.spotters[-1].rations.release(round(100 * seconds))

    def fall_behind(self):
        self.play(0.001, 0.7)
        self.hear_one_block()
        self.play(0.001, 0.6)
        self.hear_one_block()
        self.hear_one_block()

    def keep_up(self, seconds):
        for _ in range(round(seconds)):
            self.hand_out(1.0)
            for _ in range(10):
                self.play(0.001, 0.1)
                self.settle()

    def catch_up(self):
        self.hand_out(1.3 - 3 * 0.02)
        self.settle()


@pytest.fixture
def rationed_house():
    made = RationedHouse()
    yield made
    for spotter in made.spotters:
        spotter.rations.release(10_000)
    made.ear.close()


def test_where_it_falls_behind_it_listens_with_less_and_says_so_and_loses_nothing(rationed_house):
    house = rationed_house
    house.ear.start()
    house.fall_behind()
    (told,) = house.troubles
    assert "cannot keep up" in told
    assert "stop" in told
    assert house.spotters[0].is_light
    house.catch_up()
    assert len(house.troubles) == 1
    assert house.spotters[0].resets == 0


def test_when_it_has_kept_up_for_a_while_it_listens_with_all_again_and_says_so(rationed_house):
    house = rationed_house
    house.ear.start()
    house.fall_behind()
    house.catch_up()
    house.keep_up(19)
    assert house.spotters[0].is_light
    house.keep_up(3)
    assert not house.spotters[0].is_light
    assert "keeps up again" in house.troubles[-1]
    assert len(house.troubles) == 2


def test_a_chain_that_is_built_anew_under_load_listens_with_less_too(rationed_house):
    house = rationed_house
    house.ear.start()
    house.fall_behind()
    house.spotters[0].failing = True
    house.hand_out(0.01)
    house.wait(lambda: len(house.spotters) == 2 or len(house.troubles) == 2)
    house.wait(lambda: len(house.spotters) == 2)
    house.wait(lambda: house.spotters[1].is_light)


def test_a_failing_engine_is_started_again_and_told(house):
    house.ear.start()
    house.play(0.001, 0.2)
    house.settle()
    house.ear.arm({Command.STOP})
    house.spotters[0].failing = True
    house.play(0.001, 0.02)
    house.wait(lambda: house.troubles)
    assert "engine broke" in house.troubles[0]
    assert house.ear.restarts == 1
    house.play(0.001, 0.2)
    house.play(0.5, 0.02)
    house.play(0.001, 0.3)
    house.settle()
    assert [heard.command for heard in house.heard] == [Command.STOP]
    assert {phrase.command for phrase in house.spotters[1].armed} == {Command.STOP}
    assert house.spotters[0].closed


def test_an_engine_that_always_fails_is_told_of_and_tried_again_now_and_then(house):
    house.ear.start()
    house.break_new = True
    house.spotters[0].failing = True
    for _ in range(10):
        house.play(0.001, 0.02)
        house.wait(lambda: house.troubles)
    house.wait(lambda: "hears nothing" in house.troubles[-1])
    assert len(house.spotters) == 4
    assert house.ear.heartbeat.position == 0
    house.break_new = False
    house.wait(lambda: house.play(0.001, 0.02) or len(house.spotters) > 4)
    house.play(0.001, 0.2)
    house.play(0.5, 0.02)
    house.play(0.001, 0.3)
    house.settle()
    assert [heard.command for heard in house.heard] == [Command.STOP]
    assert len(house.troubles) == 4, "not one more for every try"


@pytest.mark.parametrize("fault", [SystemExit(3), MemoryError(), KeyboardInterrupt(), AssertionError("odd")])
def test_nothing_that_an_engine_throws_ends_the_ear(house, fault):
    house.ear.start()
    house.spotters[0].fault = fault
    house.play(0.001, 0.02)
    house.wait(lambda: len(house.troubles) == 1)
    assert "started again" in house.troubles[0]
    house.play(0.5, 0.02)
    house.play(0.001, 0.3)
    house.settle()
    assert [heard.command for heard in house.heard] == [Command.STOP]


def test_an_engine_that_hangs_does_not_keep_the_program_from_ending(house, monkeypatch):
    monkeypatch.setattr("voicecoach.ear.ear._PATIENCE", 0.1)
    house.ear.start()
    house.spotters[0].hold.clear()
    house.play(0.001, 0.02)
    assert house.spotters[0].busy.wait(PATIENCE)
    began = time.monotonic()
    house.ear.close()
    assert time.monotonic() - began < PATIENCE / 2
    house.spotters[0].hold.set()


def test_knows_an_overdriven_microphone(house):
    house.ear.start()
    house.play(1.0, 1.1)
    house.settle()
    assert house.ear.clipped_input
    house.play(0.5, 0.4)
    house.settle()
    assert not house.ear.clipped_input


def test_a_failing_callback_does_not_make_the_ear_deaf(house):
    def break_once(_heard):
        house.heard.append(None)
        if len(house.heard) == 1:
            raise ValueError("player broke")

    house.ear = Ear(break_once, house._on(house.troubles), house._make)
    house.ear.start()
    for _ in range(2):
        house.play(0.5, 0.02)
        for _ in range(2):
            house.play(0.001, 1.0)
            house.settle()
    house.wait(lambda: len(house.heard) == 2)
    assert "player broke" in house.troubles[0]


def test_knows_a_muted_microphone_from_a_quiet_room(house):
    house.ear.start()
    house.play(0.0, 1.2)
    house.settle()
    assert house.ear.silent_input
    house.play(1e-5, 0.02)
    house.settle()
    assert not house.ear.silent_input


def test_level_is_that_of_the_last_second(house):
    house.ear.start()
    house.play(0.05, 1.2)
    house.settle()
    assert house.ear.level == pytest.approx(-26.0, abs=0.5)


def test_close_ends_the_thread_and_may_be_repeated(house):
    house.ear.start()
    house.play(0.001, 0.2)
    house.ear.close()
    house.ear.close()
    assert house.spotters[0].closed
    house.play(0.5, 0.2)
    assert house.heard == []


def test_close_from_a_callback_does_not_hang():
    closed = threading.Event()

    def on_heard(_heard):
        ear.close()
        closed.set()

    ear = Ear(on_heard, lambda _trouble: None, lambda: Hearing(LoudIsStop(), lambda _text: Rule(0, -1, alone=False)))
    ear.start()
    ear.submit(np.full(BLOCK, 0.5, dtype=np.float32), None, 0)
    ear.submit(np.full(frames(0.3), 0.001, dtype=np.float32), None, BLOCK)
    assert closed.wait(PATIENCE)


def test_starts_once(house):
    house.ear.start()
    with pytest.raises(RuntimeError, match="started before"):
        house.ear.start()


def test_an_engine_that_cannot_load_says_so_at_start():
    def make():
        raise EarError("no model")

    with pytest.raises(EarError, match="no model"):
        Ear(lambda _heard: None, lambda _trouble: None, make).start()


def test_an_unknown_engine_is_refused_before_anything_starts():
    with pytest.raises(EarError, match="parrot"):
        make_ear(lambda _heard: None, lambda _trouble: None, "parrot")


def test_microphone_and_reference_are_of_one_length():
    hearing = Hearing(LoudIsStop(), lambda _text: Rule(0, -1, alone=False))
    with pytest.raises(ValueError, match="480 frames captured but 100 played"):
        hearing.feed(np.zeros(480, dtype=np.float32), np.zeros(100, dtype=np.float32))


@pytest.mark.parametrize("garbage", [np.nan, np.inf, -np.inf, 1e30])
def test_a_sample_that_is_no_sound_does_not_spoil_what_is_known_of_the_room(garbage):
    canceller = KalmanEchoCanceller()
    spotter = LoudIsStop()
    hearing = Hearing(spotter, lambda _text: Rule(0, -1, alone=False), canceller)
    source = np.random.default_rng(3)
    played = (source.standard_normal(frames(3.0)) * 0.05).astype(np.float32)
    captured = (0.3 * np.roll(played, 2_000) + source.standard_normal(len(played)) * 3e-4).astype(np.float32)
    captured[frames(1.5)] = garbage
    for start in range(0, len(played), BLOCK):
        hearing.feed(captured[start : start + BLOCK], played[start : start + BLOCK])
    assert np.isfinite(canceller.expected).all()
    assert canceller.expected.any()
    assert np.isfinite(hearing.level)
    assert captured[frames(1.5)] == pytest.approx(garbage, nan_ok=True), "the device's buffer is left alone"


def test_the_chain_gives_the_same_for_any_blocks():
    sound = np.full(STREAM_RATE, 0.001, dtype=np.float32)
    sound[20_000:20_480] = 0.5
    heard = []
    for cuts in ([], [7, 19_999, 20_100], range(441, STREAM_RATE, 441)):
        hearing = Hearing(LoudIsStop(), lambda _text: Rule(0, -1, alone=False))
        heard.append([one for block in np.split(sound, list(cuts)) for one in hearing.feed(block)])
    assert heard[0]
    assert heard[0] == heard[1] == heard[2]
    assert heard[0][0].decided % (STREAM_RATE // EAR_RATE) == 0
