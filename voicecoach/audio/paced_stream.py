"""A thread that asks for one block after the other in real time: the clock of devices without hardware."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from voicecoach.units import STREAM_RATE

BLOCK = STREAM_RATE // 100
"""10 ms, as a small hardware buffer would ask for."""
GIVE_UP_AFTER = 1.0
"""Seconds behind at which time is let go rather than made up: a program that was stopped with Ctrl-Z, or a machine
that slept, must not hear a minute of its session in one burst."""
PATIENCE = 3.0
"""Seconds that ``close`` waits for a step that hangs, as on a disk or a sound server that never answers."""


class Pace:
    """When each block is due: counted from the start, so that lateness never adds up to drift. Seconds."""

    def __init__(self, start: float, block_seconds: float) -> None:
        self._start = start
        self._block = block_seconds
        self._blocks = 0
        self.slips = 0
        """How often more than a second was let go."""

    def wait(self, now: float) -> float:
        """Seconds until the next block is due; 0 when it is or was."""
        late = now - self._due()
        if late > GIVE_UP_AFTER:
            self._start += late
            self.slips += 1
        return max(self._due() - now, 0.0)

    def done(self) -> None:
        """A block went out."""
        self._blocks += 1

    def _due(self) -> float:
        return self._start + self._blocks * self._block


class PacedStream:
    """Calls ``step(BLOCK)`` every 10 ms in its own thread, catching up after a delay of less than a second.

    ``step`` must not raise: where it does all the same the stream falls still, as a device does that dies. ``finish``
    runs in the same thread after the last step.
    """

    def __init__(self, name: str, step: Callable[[int], None], finish: Callable[[], None] | None = None) -> None:
        self._step = step
        self._finish = finish
        self._pace = Pace(0.0, BLOCK / STREAM_RATE)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def slips(self) -> int:
        """How often the thread fell more than a second behind and let the time go."""
        return self._pace.slips

    def start(self) -> None:
        """Begin at once."""
        self._thread.start()

    def close(self, patience: float = PATIENCE) -> bool:
        """End after the block in progress; returns when the thread has finished, or after ``patience`` seconds.

        False where it has not: it ends by itself as soon as its step does. May be called twice, or within it.
        """
        self._closing.set()
        if self._thread is threading.current_thread():
            return True
        if self._thread.is_alive():
            self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._pace = Pace(time.monotonic(), BLOCK / STREAM_RATE)
        try:
            while not self._closing.wait(self._pace.wait(time.monotonic())):
                self._step(BLOCK)
                self._pace.done()
        except Exception:  # nobody is told but by the silence, which the player notices
            return
        finally:
            if self._finish is not None:
                with suppress(Exception):
                    self._finish()
