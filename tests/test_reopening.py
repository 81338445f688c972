"""Opening again and again, on devices that a test breaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from voicecoach.audio.device import AudioDevice, Exchange
from voicecoach.errors import DeviceError
from voicecoach.reopening import Reopening

PATIENCE = 10.0


class Thing:
    """A device that can refuse to start, to close, or to hear; objects to misuse."""

    name, failure = "a thing", None

    def __init__(
        self,
        *,
        fault: Exception | None = None,
        microphone: bool = True,
        sticks: bool = False,
        still: bool = False,
    ) -> None:
        self.fault, self.has_microphone, self.sticks, self.still = fault, microphone, sticks, still
        self.started = False
        self.closed = threading.Event()

    def start(self, exchange: Exchange) -> None:
        assert not self.started
        self.started = True
        if self.fault is not None:
            raise self.fault
        exchange(480, np.zeros(480, np.float32))
        if not self.still:
            exchange(48_000, np.zeros(48_000, np.float32))

    def close(self) -> None:
        self.closed.set()
        if self.sticks:
            raise RuntimeError("it does not let go")


def exchange_of(_: AudioDevice) -> Exchange:
    return lambda frames, captured: np.zeros(frames, np.float32)


class Desk:
    """What was opened and what was told."""

    def __init__(self, things: list[Thing]) -> None:
        self.things = things
        self.left = list(things)
        self.opened: list[AudioDevice] = []
        self.troubles: list[str] = []
        self.is_open = threading.Event()

    def open(self) -> AudioDevice:
        if not self.left:
            raise DeviceError("nothing there")
        return self.left.pop(0)

    def take(self, device: AudioDevice) -> None:
        self.opened.append(device)
        self.is_open.set()

    def reopening(self, **options: object) -> Reopening:
        return Reopening(self.open, exchange_of, self.take, self.troubles.append, **options)  # type: ignore[arg-type]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_it_goes_on_until_one_opens_and_what_did_not_open_is_closed() -> None:
    desk = Desk([Thing(fault=DeviceError("no")), Thing(fault=OSError("odd")), Thing()])
    reopening = desk.reopening()
    assert desk.is_open.wait(PATIENCE)
    assert desk.opened == [desk.things[2]]
    assert [thing.closed.is_set() for thing in desk.things] == [True, True, False]
    assert len(desk.troubles) == 1
    assert "OSError: odd" in desk.troubles[0]
    reopening.close()


@pytest.mark.parametrize("sticks", [False, True])
def test_the_one_before_is_closed_first_whatever_it_says(sticks: bool) -> None:
    before = Thing(sticks=sticks)
    desk = Desk([Thing()])
    was_closed: list[bool] = []
    opened = desk.open
    desk.open = lambda: (was_closed.append(before.closed.is_set()), opened())[1]  # type: ignore[method-assign]
    desk.reopening(before=before)
    assert desk.is_open.wait(PATIENCE)
    assert was_closed == [True]
    assert desk.troubles == []


def test_one_before_that_hangs_when_it_is_closed_keeps_no_other_from_opening() -> None:
    go_on = threading.Event()

    class Hanging(Thing):
        def close(self) -> None:
            super().close()
            assert go_on.wait(2 * PATIENCE)

    before, desk = Hanging(), Desk([Thing()])
    desk.reopening(before=before)
    assert desk.is_open.wait(PATIENCE)
    assert before.closed.is_set()
    go_on.set()


def test_one_without_a_microphone_does_where_none_is_needed_and_not_where_it_is() -> None:
    deaf = Desk([Thing(microphone=False)])
    deaf.reopening()
    assert deaf.is_open.wait(PATIENCE)
    desk = Desk([Thing(microphone=False), Thing()])
    desk.reopening(needs_microphone=True)
    assert desk.is_open.wait(PATIENCE)
    assert desk.opened == [desk.things[1]]
    assert desk.things[0].closed.is_set()


def test_one_that_opens_and_does_not_move_is_none() -> None:
    desk = Desk([Thing(still=True), Thing()])
    desk.reopening()
    assert desk.is_open.wait(PATIENCE)
    assert desk.opened == [desk.things[1]]
    assert desk.things[0].closed.is_set()
    assert desk.troubles == []


def test_what_opens_after_the_end_is_closed() -> None:
    go_on = threading.Event()
    desk = Desk([Thing()])
    opened = desk.open
    entered = threading.Event()

    def slowly() -> AudioDevice:
        entered.set()
        assert go_on.wait(PATIENCE)
        return opened()

    desk.open = slowly  # type: ignore[method-assign]
    reopening = desk.reopening()
    assert entered.wait(PATIENCE)
    reopening.abandon()
    go_on.set()
    assert desk.things[0].closed.wait(PATIENCE)
    reopening.close()
    assert desk.opened == []


def test_after_the_end_nothing_is_tried() -> None:
    desk = Desk([])
    reopening = desk.reopening(attempts=9)
    reopening.close()
    desk.left.append(Thing())
    time.sleep(0.05)
    assert desk.opened == []
