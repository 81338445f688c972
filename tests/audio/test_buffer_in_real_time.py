"""The buffer of a real stream, without a sound card: it grows where the program is too slow, and shrinks when it may.

Load disturbs these, so they are tried once more where all that needs real time is run.
"""

import time
from collections.abc import Callable

import numpy as np
import pytest

from voicecoach.audio.clip import Samples
from voicecoach.audio.miniaudio_device import MiniaudioDevice

pytestmark = pytest.mark.real_time


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


@pytest.mark.parametrize("capture", [True, False])
def test_a_buffer_that_runs_dry_grows_and_the_stream_goes_on(capture: bool) -> None:
    """The first two streams are asked too late; the third, with four times the buffer, is not."""
    device = MiniaudioDevice(capture=capture, buffer_ms=5, backend="null")
    calls, seen = [0], [5]

    def exchange(frames: int, captured: Samples | None) -> Samples:
        assert (captured is not None) is capture
        calls[0] += 1
        if device.buffer_ms < 20 and calls[0] % 40 == 0:
            time.sleep(0.06)
        if device.buffer_ms != seen[-1]:
            seen.append(device.buffer_ms)
        return np.zeros(frames, np.float32)

    device.start(exchange)
    try:
        wait_until(lambda: device.buffer_ms == 20, 20.0)
        counted = device.underruns
        assert counted >= 6
        before = calls[0]
        wait_until(lambda: calls[0] > before + 20, 5.0)
        assert device.failure is None
        assert device.underruns >= counted
        assert device.slips == device.underruns + device.successors
        assert device.successors == 2
        assert seen == [5, 10, 20]
    finally:
        device.close()
    closed_at = calls[0]
    time.sleep(0.1)
    assert calls[0] == closed_at


class Owner:
    """Plays silence, is late on purpose, and says when it may be disturbed; notes the buffer at every call."""

    def __init__(self, device: MiniaudioDevice, late: int) -> None:
        self.device, self.late, self.free = device, late, False
        self.calls = 0
        self.seen = [device.buffer_ms]
        device.is_free = lambda _: self.free

    def __call__(self, frames: int, captured: Samples | None) -> Samples:
        self.calls += 1
        if self.calls % 40 == 0 and self.late:
            self.late -= 1
            time.sleep(0.25)
        if self.device.buffer_ms != self.seen[-1]:
            self.seen.append(self.device.buffer_ms)
        return np.zeros(frames, np.float32)


@pytest.mark.parametrize("capture", [True, False])
def test_a_buffer_shrinks_only_in_a_free_moment(capture: bool) -> None:
    device = MiniaudioDevice(capture=capture, buffer_ms=5, backend="null", good=1.0)
    owner = Owner(device, late=4)
    device.start(owner)
    try:
        wait_until(lambda: device.buffer_ms > 5, 10.0)
        time.sleep(2.0)
        assert owner.seen == sorted(owner.seen), "nobody said that it may shrink"
        owner.free = True
        wait_until(lambda: owner.seen[-1] < max(owner.seen), 30.0)
        before = owner.calls
        wait_until(lambda: owner.calls > before + 20, 5.0)
    finally:
        device.close()


def test_a_free_moment_that_is_over_once_the_stream_is_open_is_not_used() -> None:
    device = MiniaudioDevice(capture=False, buffer_ms=5, backend="null", good=1.0)
    owner, asked = Owner(device, late=4), []

    def free_only_at_first(seconds: float) -> bool:
        asked.append(seconds)
        return seconds > 0.0

    device.is_free = free_only_at_first
    device.start(owner)
    try:
        wait_until(lambda: 0.0 in asked, 10.0)
        time.sleep(0.2)
        assert owner.seen == sorted(owner.seen)
        before = owner.calls
        wait_until(lambda: owner.calls > before + 20, 5.0)
    finally:
        device.close()


@pytest.mark.parametrize("capture", [True, False])
def test_a_duplex_stream_that_ran_dry_is_replaced_in_a_free_moment(capture: bool) -> None:
    """What the microphone gave meanwhile waits inside miniaudio for good; a loudspeaker alone has nothing waiting."""
    device = MiniaudioDevice(capture=capture, buffer_ms=60, backend="null", good=1.0)  # long enough for a busy machine
    owner = Owner(device, late=0)
    device.start(owner)
    try:
        time.sleep(0.2)
        owner.late = 1
        wait_until(lambda: device.underruns > 0, 10.0)
        time.sleep(1.5)
        assert device.successors == 0, "nobody said that it may"
        owner.free = True
        if capture:
            wait_until(lambda: device.successors == 1, 10.0)
        time.sleep(1.5)
        assert device.successors == capture, "once is enough"
        assert device.buffer_ms == 60
    finally:
        device.close()
