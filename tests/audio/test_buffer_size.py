"""A buffer grows where it runs dry again and again, shrinks when all is well, and does not swing."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from voicecoach.audio.buffer_size import LONGEST_MS, BufferSize


def run(size: BufferSize, seconds: float, count: int, *, every: float | None, start: float) -> int:
    """So many seconds with an underrun ``every`` so often (None: never); returns the count after them."""
    due = start
    for tenth in range(round(seconds * 10)):
        now = start + tenth / 10
        if every is not None and now >= due:
            count, due = count + 1, due + every
        size.after(now, count)
    return count


def test_it_stays_as_it_is_while_nothing_is_late() -> None:
    size = BufferSize(20)
    run(size, 300, 0, every=None, start=0)
    assert size.ms == 20


def test_one_underrun_now_and_then_is_no_reason() -> None:
    size = BufferSize(20)
    run(size, 300, 0, every=8.0, start=0)
    assert size.ms == 20


def test_it_grows_step_by_step_and_no_further_than_it_may() -> None:
    size = BufferSize(20)
    seen = [size.after(second / 2, second) for second in range(20)]
    assert list(dict.fromkeys(seen)) == [20, 40, 80]
    assert size.ms == LONGEST_MS


def test_it_shrinks_after_a_good_minute_and_in_the_end_to_where_it_began() -> None:
    size = BufferSize(20)
    count = run(size, 4, 0, every=1.0, start=0)
    assert size.ms == 40
    run(size, 58, count, every=None, start=4)
    assert size.ms == 40
    run(size, 5, count, every=None, start=62)
    assert size.ms == 20


def test_a_short_buffer_tried_in_vain_is_tried_again_later_each_time() -> None:
    size, count, now, tries = BufferSize(20), 0, 0.0, []
    shrunk = False
    while now < 1000:
        before = size.ms
        # The machine keeps up with 40 ms and not with 20.
        count += size.ms == 20
        size.after(now, count)
        if size.ms < before:
            tries.append(now)
            shrunk = True
        now += 1.0
    assert shrunk
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert all(later > 1.5 * earlier for earlier, later in pairwise(waits))


def test_where_it_cannot_be_changed_it_is_not_asked_for_again() -> None:
    size = BufferSize(20)
    count = run(size, 4, 0, every=1.0, start=0)
    assert size.ms == 40
    size.give_up(20)
    run(size, 60, count, every=0.5, start=4)
    assert size.ms == 20


def test_it_shrinks_only_when_it_may() -> None:
    size, asked = BufferSize(20), []

    def not_now() -> bool:
        asked.append(now)
        return False

    count = run(size, 4, 0, every=1.0, start=0)
    for second in range(4, 200):
        now = float(second)
        size.after(now, count, not_now)
    assert size.ms == 40
    assert asked[0] >= 60.0, "nobody is asked before it is time"
    assert size.after(200.0, count, lambda: True) == 20


def test_where_it_was_not_the_moment_after_all_it_tries_again_after_another_good_minute() -> None:
    size = BufferSize(20)
    count = run(size, 4, 0, every=1.0, start=0)
    run(size, 62, count, every=None, start=4)
    assert size.ms == 20
    size.put_off(40)
    assert size.after(70.0, count) == 40
    assert size.after(120.0, count) == 40
    assert size.after(127.0, count) == 20


def test_a_stream_that_ran_dry_once_is_stale_after_a_good_minute_until_another_takes_over() -> None:
    size = BufferSize(20)
    size.after(0.0, 0)
    assert not size.is_stale(500.0)
    size.after(500.0, 1)
    assert not size.is_stale(559.0)
    assert size.is_stale(561.0)
    size.after(561.0, 2)
    assert not size.is_stale(570.0)
    assert size.is_stale(622.0)
    size.renewed()
    assert not size.is_stale(1000.0)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 20)), max_size=60), st.sampled_from([5, 20, 100]))
def test_it_is_never_shorter_than_asked_for_nor_longer_than_allowed(
    steps: list[tuple[float, int]], shortest: int
) -> None:
    size, now, count = BufferSize(shortest), 0.0, 0
    for seconds, late in steps:
        now, count = now + seconds, count + late
        assert shortest <= size.after(now, count) <= max(LONGEST_MS, shortest)
