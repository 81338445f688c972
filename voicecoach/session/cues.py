"""What sounds, and where: cues, and the segments and timeline that put them on sample positions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Sound(str, Enum):
    """The earcons, each with one meaning; ``sounds/<value>.wav`` is how it sounds."""

    START = "start"
    """A hold begins."""
    HALF_WAY = "half-way"
    TICK = "tick"
    """One of the last three seconds of a hold."""
    END = "end"
    """A hold is over: let go."""
    SWITCH_SIDES = "switch-sides"
    HEARD = "heard"
    """The command was understood."""
    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    """The session is over."""
    PAIN = "pain"
    """One low tone: let go now; the session ends."""
    TROUBLE = "trouble"
    """Something failed: a device, the ear."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the routine something happens; every field is None where it does not apply."""

    exercise: str | None = None
    """The exercise's id."""
    side: str | None = None
    """``right`` or ``left``."""
    rep: int | None = None
    """Counted from 1."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The coach says ``text``."""

    text: str


@dataclass(frozen=True, slots=True)
class Earcon:
    """A short sound with a meaning."""

    sound: Sound


@dataclass(frozen=True, slots=True)
class Hold:
    """A position is held; its start and end earcons begin exactly ``seconds`` apart. Silent but for its marks."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing sounds: a rest, a gap, time to move or to get into position."""

    reason: str
    """``rest``, ``lead_in``, ``gap``, ``move`` or ``wait``."""
    seconds: float
    """As planned, before the session's speed scales it."""


Cue = Prompt | Earcon | Hold | Silence


@dataclass(frozen=True, slots=True)
class Segment:
    """One cue on the timeline. ``start`` and ``end`` are frames from the timeline's first frame."""

    cue: Cue
    start: int
    end: int
    place: Place
    step: int
    """Index of the plan's step that this belongs to."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A stretch of the session that plays without a decision: segments ordered by start.

    A hold's segment spans from the first frame of its start earcon to the first frame of its end earcon; the
    earcons inside and at both ends are segments of their own that overlap it. ``length`` covers all of them.
    """

    segments: tuple[Segment, ...]
    length: int
    rate: int


@dataclass(frozen=True, slots=True)
class CueStarted:
    """The first frame of ``segment`` left the mixer at stream frame ``at``."""

    segment: Segment
    at: int


@dataclass(frozen=True, slots=True)
class CueEnded:
    """A cue that started is over; there is exactly one of these for each ``CueStarted``."""

    segment: Segment
    at: int
    """Stream frame: one after the cue's last where it was completed, else where the cut began."""
    completed: bool
    """False where it was cut by a stop or by something else being played."""


@dataclass(frozen=True, slots=True)
class ScoreEnded:
    """Everything that was to be played has left the mixer, up to stream frame ``at``; never after a cut."""

    at: int
