"""Whether the stream goes on as the clock does: the one sign of life that every sound system gives."""

from __future__ import annotations

from collections import deque

STALLED = 0.8
"""Seconds that a stream may stand still, or fall behind the clock within WINDOW: noticed within a second, and longer
than any hiccup that a loaded machine was seen to have (90 ms)."""
WINDOW = 4.0
"""Seconds over which the count of samples is held against the clock: a stream that runs at less than four fifths of its
speed is found out, and the clocks of two machines are not (100 ppm make 0.4 ms)."""


class StreamWatch:
    """Told now and then how far the stream is, it says when something is wrong with it. Pure: no clock, no thread."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._moved = (0, 0.0)
        self._looks: deque[tuple[float, int]] = deque()

    def begin(self, now: float, position: int) -> None:
        """A new stream begins at ``position``; nothing from before counts."""
        self._moved = (position, now)
        self._looks = deque([(now, position)])

    def look(self, now: float, position: int) -> str | None:
        """What is wrong, as a whole sentence; None where nothing is. ``now`` in seconds, ``position`` in frames."""
        before = self._looks[-1][0]
        if position != self._moved[0]:
            self._moved = (position, now)
        self._looks.append((now, position))
        while self._looks[1][0] <= now - WINDOW:
            self._looks.popleft()
        since, there = self._looks[0]
        behind = (now - since) - (position - there) / self._rate
        if behind > STALLED and now - before > STALLED:
            return f"Everything stood still for {behind:.0f} s: the computer slept, or the program was stopped."
        if now - self._moved[1] > STALLED:
            return f"The sound stood still for {now - self._moved[1]:.1f} s."
        if behind > STALLED:
            return f"The sound fell {behind:.1f} s behind the clock within {now - since:.1f} s."
        return None
