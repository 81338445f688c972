"""How long a device's buffer should be: longer while the machine does not keep up, short again when it does."""

from __future__ import annotations

from collections.abc import Callable

LONGEST_MS = 80
"""The coach falls silent that much later; more would be felt after "it hurts"."""
_MOST = 3
"""Underruns within ``_WITHIN`` seconds that a buffer may have; one alone helps nobody to be late for good."""
_WITHIN = 10.0
GOOD = 60.0
"""Seconds without an underrun after which half the buffer is tried again."""
_LONGEST = 16
"""Times as long that this may become."""


class BufferSize:
    """Told of the underruns so far, it says how many milliseconds the buffer should have. No clock of its own.

    It grows at once, as the sound has holes by then anyway, and shrinks only when that makes none. Where a shorter
    buffer was tried in vain, the next try comes after twice the time.
    """

    def __init__(self, shortest_ms: int, good: float = GOOD) -> None:
        """``good``: seconds without an underrun after which a shorter one is tried."""
        self.ms = shortest_ms
        self._shortest = shortest_ms
        self._count = 0
        self._late: list[float] = []
        self._good_since: float | None = None
        self._good = self._patience = good
        self._tried = False
        self._given_up = False
        self._ran_dry = False

    def give_up(self, ms: int) -> None:
        """The device cannot change its buffer: it stays at ``ms`` for good."""
        self.ms, self._given_up = ms, True

    def put_off(self, ms: int) -> None:
        """It was not the moment for a shorter one: still ``ms``, until as much good time has gone by again."""
        self.ms, self._tried = ms, False

    def renewed(self) -> None:
        """A new stream has taken over, of whatever size."""
        self._ran_dry = False

    def is_stale(self, now: float) -> bool:
        """Whether the stream has run dry, and has been good for so long that another may take its place."""
        good_since = now if self._good_since is None else self._good_since
        return self._ran_dry and not self._given_up and now - good_since >= self._good

    def after(self, now: float, underruns: int, may_shrink: Callable[[], bool] = lambda: True) -> int:
        """At ``now`` (monotonic seconds) there had been ``underruns`` in all: the buffer to have from here on.

        ``may_shrink`` is asked only when it is time to.
        """
        if self._given_up:
            return self.ms
        if self._good_since is None:
            self._good_since = now
        if underruns > self._count:
            self._late += [now] * min(underruns - self._count, _MOST)
            self._count, self._good_since, self._ran_dry = underruns, now, True
        self._late = [at for at in self._late if now - at < _WITHIN]
        if len(self._late) >= _MOST:
            self._late.clear()
            if self.ms < max(LONGEST_MS, self._shortest):
                if self._tried:
                    self._patience, self._tried = min(2 * self._patience, _LONGEST * self._good), False
                self.ms = min(2 * self.ms, LONGEST_MS)
        elif self.ms > self._shortest and now - self._good_since >= self._patience and may_shrink():
            self.ms = max(self._shortest, self.ms // 2)
            self._good_since, self._tried = now, True
        return self.ms
