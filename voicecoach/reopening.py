"""Opens a sound device again and again until one opens, in a thread of its own.

A sound server may hang for seconds, and stop and pain must not wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from voicecoach.audio.clip import Samples
from voicecoach.audio.device import AudioDevice, Exchange
from voicecoach.errors import DeviceError
from voicecoach.units import frames

BACKOFF = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each attempt; the last one goes on for ever."""
_ALIVE = frames(0.2)
"""Frames that a new stream takes before it is believed: more than the buffers that it fills when it starts."""
_SIGN_OF_LIFE = 1.5
"""Seconds for that. A stream on a loudspeaker that is suspended opens, and never moves."""
_PATIENCE_CLOSING = 4.0
"""Seconds that the device before gets to let go: one that waits for a server that is gone must keep no other from
opening."""
_PATIENCE = 2.0
"""Seconds that ``close`` waits for an attempt under way; one that hangs is left behind."""


class Reopening:
    """Starts at once. ``on_open`` gets a device whose stream moves, in the thread, and owns it; then the thread ends.

    ``exchange_of`` gives what a new device shall call. ``before`` is closed first: some systems open nothing twice. One
    that hangs there is left behind. With ``needs_microphone`` a device without one is closed and counts as a failure.
    ``attempts`` is how often it was tried in vain before. ``on_trouble`` is told, once, of what is no DeviceError: that
    one says what is known already.
    """

    def __init__(
        self,
        open_device: Callable[[], AudioDevice],
        exchange_of: Callable[[AudioDevice], Exchange],
        on_open: Callable[[AudioDevice], None],
        on_trouble: Callable[[str], None],
        *,
        before: AudioDevice | None = None,
        needs_microphone: bool = False,
        attempts: int = 0,
    ) -> None:
        self._open_device, self._exchange_of = open_device, exchange_of
        self._on_open, self._on_trouble = on_open, on_trouble
        self._before, self._needs_microphone, self._attempts = before, needs_microphone, attempts
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reopening", daemon=True)
        self._thread.start()

    def abandon(self) -> None:
        """No attempt begins any more, and a device that opens all the same is closed. Never waits."""
        self._closing.set()

    def close(self) -> None:
        """The same, and the thread has ended, where it does so in time. May be called twice."""
        self.abandon()
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        if self._before is not None:
            closing = threading.Thread(target=dismiss, args=(self._before,), name="closing", daemon=True)
            closing.start()
            closing.join(_PATIENCE_CLOSING)
        told = False
        while not self._closing.wait(BACKOFF[min(self._attempts, len(BACKOFF) - 1)]):
            self._attempts += 1
            try:
                device = self._attempt()
            except DeviceError:
                continue
            except Exception as fault:  # whatever a sound library throws: the next attempt may succeed
                if not told:
                    self._on_trouble(f"The sound device cannot be opened ({type(fault).__name__}: {fault}).")
                told = True
                continue
            if self._closing.is_set():
                dismiss(device)
            else:
                self._on_open(device)
            return

    def _attempt(self) -> AudioDevice:
        device = self._open_device()
        exchange, taken, is_alive = self._exchange_of(device), 0, threading.Event()

        def watched(count: int, captured: Samples | None) -> Samples:
            nonlocal taken
            if taken < _ALIVE:
                taken += count
                if taken >= _ALIVE:
                    is_alive.set()
            return exchange(count, captured)

        try:
            device.start(watched)
            if self._needs_microphone and not device.has_microphone:
                raise DeviceError("There is still no microphone.")
            if not is_alive.wait(_SIGN_OF_LIFE):
                raise DeviceError(f"{device.name} opened, but its stream stands still.")
        except Exception:
            dismiss(device)
            raise
        return device


def dismiss(device: AudioDevice) -> None:
    """Close ``device``, whatever it says to that."""
    with suppress(Exception):
        device.close()
