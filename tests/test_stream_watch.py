"""The stream against a clock that the test turns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.stream_watch import STALLED, WINDOW, StreamWatch

RATE = 48_000
LOOK = 0.2


class Turned:
    """A watch, and the clock and the stream that it is told of."""

    def __init__(self) -> None:
        self.now, self.position = 1_000.0, 777
        self.watch = StreamWatch(RATE)
        self.watch.begin(self.now, self.position)

    def go(self, seconds: float, speed: float = 1.0, look: float = LOOK) -> tuple[float, str] | None:
        """Let time pass, looking now and then; returns after how long something was wrong, and what."""
        begun = self.now
        for _ in range(round(seconds / look)):
            self.now += look
            self.position += round(look * RATE * speed)
            wrong = self.watch.look(self.now, self.position)
            if wrong is not None:
                return self.now - begun, wrong
        return None

    def jump(self, seconds: float) -> str | None:
        """One look after so long, in which nothing was played."""
        self.now += seconds
        return self.watch.look(self.now, self.position)


def test_an_hour_is_watched_without_a_word_while_the_two_clocks_drift_apart() -> None:
    for speed in (1.0, 1.0 - 1e-4, 1.0 + 1e-4, 10.0):
        assert Turned().go(3_600.0, speed) is None


def test_a_stream_that_stands_still_is_noticed_within_a_second() -> None:
    turned = Turned()
    assert turned.go(60.0) is None
    after, wrong = turned.go(5.0, speed=0.0) or (0.0, "")
    assert STALLED < after <= 1.0 + 1e-6
    assert "stood still" in wrong


def test_a_hiccup_is_none() -> None:
    turned = Turned()
    for _ in range(20):
        assert turned.go(0.2, speed=0.5) is None
        assert turned.go(0.6) is None


@pytest.mark.parametrize("asleep", [2.0, 90.0, 40_000.0])
def test_a_sleep_is_noticed_at_the_first_look_even_where_the_stream_goes_on_at_once(asleep: float) -> None:
    turned = Turned()
    turned.go(20.0)
    turned.position += 4_800
    wrong = turned.jump(asleep)
    assert wrong is not None
    assert "slept" in wrong
    turned.watch.begin(turned.now, turned.position)
    assert turned.go(20.0) is None


def test_a_loop_that_was_late_is_no_stream_that_stood() -> None:
    turned = Turned()
    for _ in range(5):
        turned.now += 3.0
        turned.position += 3 * RATE
        assert turned.watch.look(turned.now, turned.position) is None


@pytest.mark.parametrize(("speed", "within"), [(1 / 3, 1.6), (0.5, 2.0), (0.7, 3.2)])
def test_a_rate_that_is_not_the_one_promised_is_noticed(speed: float, within: float) -> None:
    """A headset that falls to 16 kHz under a stream that goes on at 48 kHz: holds would last three times as long."""
    turned = Turned()
    turned.go(30.0)
    after, wrong = turned.go(WINDOW, speed) or (99.0, "")
    assert after <= within
    assert "behind the clock" in wrong


def test_a_stream_that_stutters_is_noticed() -> None:
    turned = Turned()
    turned.go(10.0)
    found = None
    for _ in range(10):
        found = found or turned.go(0.6, speed=0.0) or turned.go(0.4)
    assert found is not None


@given(st.lists(st.floats(0.0, 0.05), min_size=1, max_size=400))
def test_single_holes_below_a_tenth_of_the_time_are_never_a_loss(holes: list[float]) -> None:
    turned = Turned()
    for hole in holes:
        turned.now += 0.5
        turned.position += round((0.5 - hole) * RATE)
        assert turned.watch.look(turned.now, turned.position) is None
