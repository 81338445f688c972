"""Whether the ear falls behind, and so has to listen with less; and when it may try with all it has again. Whether even
that is too much, so that it might as well be deaf."""

from __future__ import annotations

from collections import deque

from voicecoach.units import frames

_BEHIND = frames(0.6)
"""Frames waiting to be heard at which the ear is late ..."""
_FOR_MORE_THAN_A_MOMENT = frames(0.5)
"""... and for how long it has to be: after a short stall it catches up by itself within a tenth of that."""
_IN_STEP = frames(0.2)
"""Frames that may wait in an ear that keeps up."""
_GOOD = frames(20.0)
"""How long it has to keep up before all is tried again; twice as long each time that was in vain ..."""
_LONGEST = 16 * _GOOD
"""... up to this."""
_IN_VAIN_WITHIN = frames(20.0)
"""Falling behind again so soon shows that the try was in vain."""

_TOO_MUCH = frames(3.0)
"""Frames that were not heard ..."""
_LATELY = frames(10.0)
"""... of so many, with which nobody can be sure to be heard. A stall that loses as much at once is taken for a hang."""


class Overload:
    """Told what waits, it says whether to listen with less. Time is counted in frames that were captured; no clock."""

    def __init__(self) -> None:
        self.is_light = False
        self._behind_since: int | None = None
        self._good_since = 0
        self._patience = _GOOD
        self._tried_at: int | None = None
        self._losses: deque[tuple[int, int]] = deque()

    def lost(self, captured: int, count: int) -> None:
        """``count`` of the ``captured`` frames so far were thrown away just now."""
        self._losses.append((captured, count))

    def is_too_much(self, captured: int) -> bool:
        """Whether so much was lost lately that the ear can be called deaf."""
        while self._losses and captured - self._losses[0][0] > _LATELY:
            self._losses.popleft()
        return sum(count for _, count in self._losses) >= _TOO_MUCH

    def after(self, captured: int, waiting: int) -> bool:
        """Of ``captured`` frames so far, ``waiting`` were not heard yet: whether to listen with less."""
        if waiting < _BEHIND:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = captured
        if self.is_light:
            if waiting > _IN_STEP:
                self._good_since = captured
            elif captured - self._good_since >= self._patience:
                self.is_light, self._tried_at = False, captured
        elif self._behind_since is not None and captured - self._behind_since > _FOR_MORE_THAN_A_MOMENT:
            in_vain = self._tried_at is not None and captured - self._tried_at < _IN_VAIN_WITHIN
            self._patience = min(2 * self._patience, _LONGEST) if in_vain else _GOOD
            self.is_light, self._good_since = True, captured
        return self.is_light
