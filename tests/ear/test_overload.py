"""When the ear listens with less: on figures alone, no thread, no clock."""

from __future__ import annotations

from itertools import pairwise

from voicecoach.ear.overload import Overload
from voicecoach.units import frames, seconds

BLOCK = frames(0.02)


class Machine:
    """An ear with so much of a processor that it hears ``full`` or ``light`` seconds a second."""

    def __init__(self, full: float, light: float) -> None:
        self.full, self.light = full, light
        self.overload = Overload()
        self.captured, self.waiting = 0, 0.0
        self.most = 0.0
        self.changes: list[tuple[float, bool]] = []

    def run(self, duration: float) -> None:
        for _ in range(round(duration / 0.02)):
            self.captured += BLOCK
            speed = self.light if self.overload.is_light else self.full
            self.waiting = max(0.0, self.waiting + BLOCK * (1 - speed))
            before = self.overload.is_light
            if self.overload.after(self.captured, round(self.waiting)) != before:
                self.changes.append((seconds(self.captured), not before))
            self.most = max(self.most, self.waiting)


def test_where_it_keeps_up_nothing_changes() -> None:
    machine = Machine(full=1.05, light=2.0)
    machine.run(600)
    assert machine.changes == []


def test_it_listens_with_less_before_anything_is_lost_and_the_backlog_stays_bounded() -> None:
    machine = Machine(full=0.8, light=1.3)
    machine.run(60)
    assert machine.changes[0][1]
    assert seconds(round(machine.most)) < 1.0


def test_a_short_stall_is_no_reason() -> None:
    machine = Machine(full=7.0, light=9.0)
    for _ in range(20):
        machine.waiting += frames(1.4)
        machine.run(5)
    assert machine.changes == []


def test_it_comes_back_when_it_has_kept_up_for_twenty_seconds() -> None:
    machine = Machine(full=0.8, light=1.3)
    machine.run(10)
    assert machine.overload.is_light
    began = machine.changes[0][0]
    machine.full = 5.0
    machine.run(120)
    (_, (back, light)) = machine.changes
    assert not light
    assert 20.0 <= back - began <= 24.0


def test_what_only_just_keeps_up_in_light_mode_stays_there() -> None:
    machine = Machine(full=0.8, light=1.0)
    machine.run(300)
    assert len(machine.changes) == 1


def test_tries_in_vain_come_ever_more_rarely_and_good_time_makes_up_for_it() -> None:
    machine = Machine(full=0.8, light=1.3)
    machine.run(900)
    tries = [at for at, light in machine.changes if not light]
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert len(tries) <= 7
    assert all(later > 1.5 * earlier for earlier, later in pairwise(waits))
    machine.full = 5.0
    machine.run(900)
    assert not machine.overload.is_light
    machine.full = 0.8
    machine.run(10)
    machine.full = 5.0
    machine.run(30)
    assert not machine.overload.is_light, "patience is short again"


def test_three_seconds_lost_of_the_last_ten_are_too_much() -> None:
    overload = Overload()
    overload.lost(frames(10), frames(1.2))
    overload.lost(frames(13), frames(1.2))
    assert not overload.is_too_much(frames(13))
    overload.lost(frames(16), frames(1.2))
    assert overload.is_too_much(frames(16))
    assert overload.is_too_much(frames(20))
    assert not overload.is_too_much(frames(20.1))
