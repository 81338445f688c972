"""What the session wants done: the player carries these out, in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from voicecoach.session.commands import Command
from voicecoach.session.cues import Earcon, Prompt, Timeline


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
    """Master volume, 1 as it began."""

    factor: float


@dataclass(frozen=True, slots=True)
class Retempo:
    """Render all texts at ``speed`` times the chosen rate, and say SpeechReady."""

    speed: float


@dataclass(frozen=True, slots=True)
class Listen:
    """Arm the ear with these commands and no others."""

    commands: frozenset[Command]


@dataclass(frozen=True, slots=True)
class StateChanged:
    """For the event log and the display."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The session is over; nothing follows."""

    reason: Reason


Effect = Play | Overlay | Silence | Duck | Volume | Retempo | Listen | StateChanged | Finish
