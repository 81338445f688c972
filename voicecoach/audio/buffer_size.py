"""How long a device's buffer should be: longer while the machine does not keep up, short again when it does."""

from __future__ import annotations

LONGEST_MS = 80
"""The coach falls silent that much later; more would be felt after "it hurts"."""
_MOST = 3
"""Underruns within ``_WITHIN`` seconds that a buffer may have; one alone helps nobody to be late for good."""
_WITHIN = 10.0
_GOOD = 60.0
"""Seconds without an underrun after which half the buffer is tried again."""
_LONGEST_PATIENCE = 16 * _GOOD


class BufferSize:
    """Told of the underruns so far, it says how many milliseconds the buffer should have. No clock of its own.

    Where a shorter buffer was tried in vain, the next try comes after twice the time.
    """

    def __init__(self, shortest_ms: int) -> None:
        self.ms = shortest_ms
        self._shortest = shortest_ms
        self._count = 0
        self._late: list[float] = []
        self._good_since: float | None = None
        self._patience = _GOOD
        self._tried = False
        self._given_up = False

    def give_up(self, ms: int) -> None:
        """The device cannot change its buffer: it stays at ``ms`` for good."""
        self.ms, self._given_up = ms, True

    def after(self, now: float, underruns: int) -> int:
        """At ``now`` (monotonic seconds) there had been ``underruns`` in all: the buffer to have from here on."""
        if self._given_up:
            return self.ms
        if self._good_since is None:
            self._good_since = now
        if underruns > self._count:
            self._late += [now] * min(underruns - self._count, _MOST)
            self._count, self._good_since = underruns, now
        self._late = [at for at in self._late if now - at < _WITHIN]
        if len(self._late) >= _MOST:
            self._late.clear()
            if self.ms < max(LONGEST_MS, self._shortest):
                if self._tried:
                    self._patience, self._tried = min(2 * self._patience, _LONGEST_PATIENCE), False
                self.ms = min(2 * self.ms, LONGEST_MS)
        elif self.ms > self._shortest and now - self._good_since >= self._patience:
            self.ms = max(self._shortest, self.ms // 2)
            self._good_since, self._tried = now, True
        return self.ms
