"""Counts how often a sound card must have run dry, from when it asked for blocks."""

from __future__ import annotations

_WINDOW = 2.0
"""Seconds over which the fullest moment is remembered. Two clocks that differ by 100 ppm, more than sound cards
do, move apart by 0.4 ms in two windows: far less than a buffer."""
_SETTLING = 1.0
"""Seconds after the first block in which nothing counts: a stream fills its buffers as it likes when it starts."""


class UnderrunCount:
    """Told of every block, it knows how far the stream is ahead of the wall clock.

    The lead just after the fullest moment of the last two to four seconds, minus the lead now, is what the device
    played in between. More than ``capacity`` seconds of that cannot have been buffered: one underrun, and the
    count starts afresh. A hole that the sound server makes without asking late is not seen.
    """

    def __init__(self, capacity: float, count: int = 0) -> None:
        """``count``: those of the streams before this one."""
        self.count = count
        self._capacity = capacity
        self._origin: float | None = None
        self._delivered = 0.0
        self._window_end = 0.0
        self._greatest = self._greatest_before = float("-inf")

    def block(self, now: float, seconds: float) -> None:
        """At ``now`` (monotonic seconds) the device asked for ``seconds`` of sound."""
        if self._origin is None:
            self._origin = now
        lead = self._delivered - (now - self._origin)
        settled = now - self._origin > _SETTLING
        if not settled or max(self._greatest, self._greatest_before) - lead > self._capacity:
            self.count += settled
            self._greatest = self._greatest_before = float("-inf")
        if now >= self._window_end:
            self._window_end = now + _WINDOW
            self._greatest, self._greatest_before = float("-inf"), self._greatest
        self._delivered += seconds
        self._greatest = max(self._greatest, lead + seconds)
