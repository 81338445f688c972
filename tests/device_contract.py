"""What every sound device must do, whatever it is made of: run on the fake, the real adapters and real servers."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from voicecoach.audio.clip import Samples
from voicecoach.audio.device import AudioDevice

PATIENCE = 20.0
"""Seconds after which a device that should have called is taken to be dead; no test depends on how long it took."""


class Listener:
    """An exchange that keeps what it was given, answers a ramp, and can be waited for."""

    def __init__(self, answer: Callable[[int], Samples] | None = None) -> None:
        self.blocks: list[tuple[int, Samples | None]] = []
        self.played: list[Samples] = []
        self.threads: set[int] = set()
        self.overlapping = False
        self._answer = answer or self._ramp
        self._position = 0
        self._inside = threading.Lock()
        self._called = threading.Condition()

    def __call__(self, frames: int, captured: Samples | None) -> Samples:
        if not self._inside.acquire(blocking=False):
            self.overlapping = True
            return np.zeros(frames, np.float32)
        try:
            self.threads.add(threading.get_ident())
            with self._called:
                self.blocks.append((frames, captured))
                self._called.notify_all()
            block = self._answer(frames)
            self.played.append(block)
            return block
        finally:
            self._inside.release()

    def wait_for(self, blocks: int) -> None:
        with self._called:
            assert self._called.wait_for(lambda: len(self.blocks) >= blocks, PATIENCE), "the device fell still"

    def _ramp(self, frames: int) -> Samples:
        values = np.arange(self._position, self._position + frames, dtype=np.float32)
        self._position += frames
        ramp: Samples = (values % 480 - 240) / np.float32(4_800)
        return ramp


class DeviceContract:
    """Subclass it with a fixture ``device``: a new device that has not been started, closed afterwards."""

    @pytest.fixture
    def device(self) -> AudioDevice:
        raise NotImplementedError

    def test_it_asks_for_block_after_block_from_a_thread_of_its_own(self, device: AudioDevice) -> None:
        listener = Listener()
        device.start(listener)
        listener.wait_for(12)
        device.close()
        assert all(frames > 0 for frames, _ in listener.blocks)
        assert threading.get_ident() not in listener.threads
        assert not listener.overlapping
        assert device.failure is None

    def test_it_hands_over_as_much_as_it_takes_where_it_has_a_microphone(self, device: AudioDevice) -> None:
        listener = Listener()
        device.start(listener)
        heard = device.has_microphone
        listener.wait_for(10)
        device.close()
        for frames, captured in listener.blocks:
            if heard:
                assert captured is not None
                assert captured.dtype == np.float32
                assert captured.shape == (frames,)
            else:
                assert captured is None

    def test_what_it_captured_stays_as_it_was(self, device: AudioDevice) -> None:
        listener = Listener()
        copies: list[Samples | None] = []

        def exchange(frames: int, captured: Samples | None) -> Samples:
            copies.append(None if captured is None else captured.copy())
            return listener(frames, captured)

        device.start(exchange)
        listener.wait_for(10)
        device.close()
        for (_, captured), copy in zip(listener.blocks, copies, strict=True):
            if captured is None or copy is None:
                assert captured is copy
            else:
                assert np.array_equal(captured, copy)

    def test_no_call_begins_once_close_has_returned(self, device: AudioDevice) -> None:
        listener = Listener()
        device.start(listener)
        listener.wait_for(3)
        device.close()
        calls = len(listener.blocks)
        threading.Event().wait(0.05)
        assert len(listener.blocks) == calls

    def test_it_may_be_closed_twice_and_before_it_was_started(self, device: AudioDevice) -> None:
        device.close()
        device.close()

    def test_it_has_a_name_before_and_after_it_was_started(self, device: AudioDevice) -> None:
        assert device.name
        listener = Listener()
        device.start(listener)
        assert device.name
        device.close()
        assert device.name

    def test_it_is_started_once(self, device: AudioDevice) -> None:
        device.start(Listener())
        with pytest.raises(RuntimeError, match="once"):
            device.start(Listener())

    def test_an_exchange_that_raises_is_kept_and_left_alone(
        self, device: AudioDevice, capfd: pytest.CaptureFixture[str]
    ) -> None:
        calls = threading.Semaphore(0)

        def fail(frames: int, captured: Samples | None) -> Samples:
            calls.release()
            raise ArithmeticError("no sound today")

        device.start(fail)
        assert calls.acquire(timeout=PATIENCE)
        again = calls.acquire(timeout=0.05)
        device.close()
        assert not again
        assert isinstance(device.failure, ArithmeticError)
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize("wrong", [np.zeros(1, np.float32), np.zeros((480, 1), np.float32), np.zeros(480)])
    def test_a_block_of_another_kind_is_a_failure(self, device: AudioDevice, wrong: Samples) -> None:
        listener = Listener(lambda _: wrong)
        device.start(listener)
        listener.wait_for(1)
        threading.Event().wait(0.05)
        device.close()
        assert isinstance(device.failure, TypeError)
        assert len(listener.blocks) == 1
