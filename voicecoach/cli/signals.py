"""What the system's signals do to the program."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any


class Signalled(BaseException):
    """A signal arrived while no session was running."""

    def __init__(self, number: int) -> None:
        self.number = number


class Signals:
    """SIGINT, SIGTERM, SIGHUP and Windows' Ctrl-Break end a session cleanly, and anything else at once.

    A hang-up that was ignored when the program started (nohup) stays ignored: it was meant to outlive its terminal.
    """

    _NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

    def __init__(self) -> None:
        self.interrupt: Callable[[], None] | None = None
        """What ends the running session; None where there is none."""
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def catch(self) -> None:
        """Install the handlers; does nothing outside the main thread, where Python allows none."""
        for name in self._NAMES:
            number = getattr(signal, name, None)
            if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                continue
            try:
                self._before[number] = signal.signal(number, self._handle)
            except ValueError:
                return

    @contextmanager
    def held(self) -> Iterator[None]:
        """While libraries are loaded: a signal counts afterwards, since some swallow what is raised there, or crash."""
        self.interrupt = lambda: None
        try:
            yield
        finally:
            self.interrupt = None
        if self.received is not None:
            raise Signalled(self.received)

    def restore(self) -> None:
        """Put back what was there."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self.interrupt is None or self.received is not None:
            raise Signalled(number)
        self.received = number
        self.interrupt()
