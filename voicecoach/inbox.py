"""The player's one queue: every thread puts events in, one thread takes them out, pain and stop first."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """Unbounded and thread-safe; what was put as urgent is taken before everything else, each in order of arrival."""

    def __init__(self) -> None:
        self._urgent: deque[Item] = deque()
        self._ordinary: deque[Item] = deque()
        # Reentrant: a signal handler may put an event while its own thread is inside put or get.
        self._arrived = threading.Condition(threading.RLock())

    def put(self, item: Item, urgent: bool = False) -> None:
        """Add ``item``; never waits for the taker."""
        with self._arrived:
            (self._urgent if urgent else self._ordinary).append(item)
            self._arrived.notify()

    @property
    def has_urgent(self) -> bool:
        """Whether something urgent is waiting."""
        return bool(self._urgent)

    def get(self, timeout: float) -> Item | None:
        """The next item; None when none came within ``timeout`` seconds."""
        with self._arrived:
            if not self._urgent and not self._ordinary:
                self._arrived.wait(timeout)
            queue = self._urgent or self._ordinary
            return queue.popleft() if queue else None
