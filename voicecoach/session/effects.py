"""What the session wants done: the player carries these out, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from voicecoach.session.commands import Command
from voicecoach.session.cues import Earcon, Place, Prompt, Timeline


class Reason(str, Enum):
    """Why the session is over."""

    COMPLETED = "completed"
    STOP = "stop"
    PAIN = "pain"
    EMERGENCY = "emergency"
    REFUSED = "refused"
    INTERRUPT = "interrupt"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Play:
    """Replace what is scheduled by ``timeline``: at once, or from frame ``at`` of the stream on."""

    timeline: Timeline
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """Sound ``cue`` over whatever plays, moving nothing: at once, or from frame ``at`` of the stream on."""

    cue: Prompt | Earcon
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Cut everything within the next block; nothing but the answer to a command sounds from there on."""

    cause: str


@dataclass(frozen=True, slots=True)
class Duck:
    """Lower the coach's voice for ``seconds``: something may have been said."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Volume:
    """Master volume, 1 where nobody changed it."""

    factor: float


@dataclass(frozen=True, slots=True)
class Retempo:
    """Render all texts at ``speed`` times the chosen rate, and say SpeechReady."""

    speed: float


@dataclass(frozen=True, slots=True)
class Listen:
    """Arm the ear with these commands and no others."""

    commands: frozenset[Command]


class Noted(str, Enum):
    """What the journal keeps of a session; values are its event names. Never what was said, only what it meant."""

    STARTED = "started"
    """The session began."""
    APPROVAL = "approval"
    """Whether a doctor or therapist has approved. Field ``answer``: ``yes`` or ``no``."""
    DOCTOR_SEEN = "doctor_seen"
    """Whether the user has spoken to the doctor since. Fields ``answer``; ``about``: ids of the sessions that hurt."""
    INTRODUCED = "introduced"
    """About, precautions and red flags were heard in full."""
    HOLD = "hold"
    """A hold was completed. Field ``seconds``; the place is exercise, side and repetition."""
    REPETITION = "repetition"
    """A repetition was completed."""
    CHECK_IN = "check_in"
    """"Any new numbness, tingling or weakness?" Field ``answer``: ``fine``, ``yes`` or ``none``."""
    NUMB = "numb"
    """"It's numb", "more tingling": the exercise was left out from there on."""
    PAIN = "pain"
    """Fields ``state``: what the session was doing; ``held``: seconds into the hold, None outside one.

    Where a suspicion or "stop" cut it first, both are of that moment.
    """
    EMERGENCY = "emergency"
    """A warning sign. Fields as for PAIN."""
    FINISHED = "finished"
    """The session is over. Fields ``reason``; ``seconds``: how long it ran."""


@dataclass(frozen=True, slots=True)
class Record:
    """Write it into the journal, durably, before anything that follows is done."""

    noted: Noted
    place: Place = field(default_factory=Place)
    fields: Mapping[str, str | float | bool | list[str] | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateChanged:
    """For the event log and the display."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The session is over; nothing follows."""

    reason: Reason


Effect = Play | Overlay | Silence | Duck | Volume | Retempo | Listen | Record | StateChanged | Finish
