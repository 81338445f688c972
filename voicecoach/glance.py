"""What can be seen of a running session at one instant: handed from the player's thread to whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from voicecoach.session.cues import Hold, Place, Silence
from voicecoach.session.states import State
from voicecoach.units import STREAM_RATE


class Listening(str, Enum):
    """Whether the user is heard."""

    EAR = "ear"
    KEYS = "keys"
    """Only keys steer, by the user's choice or for want of a microphone."""
    DEAF = "deaf"
    """It should listen and cannot."""


@dataclass(frozen=True, slots=True)
class Glance:
    """Positions and lengths are frames of the stream, as the mixer counts them. Never changes once it is made."""

    at: int
    """The stream's position when it was made."""
    state: State
    place: Place
    step: int
    """Index of the plan's step."""
    left: int
    """To the end of the session, as planned."""
    cue: Hold | Silence | None = None
    """What passes in silence at the moment; prompts and earcons are in the event log."""
    begun: int = 0
    """Where ``cue`` began ..."""
    until: int = 0
    """... and where it ends."""
    left_out: frozenset[str] = frozenset()
    """Ids of the exercises that are not done any more, because the user said that something is new."""
    listening: Listening = Listening.EAR
    level: float | None = None
    """How loud the microphone was during the last second, dBFS; None where nobody listens."""
    rate: int = STREAM_RATE

    @property
    def seconds_left(self) -> float:
        """Of the session."""
        return self.left / self.rate

    @property
    def countdown(self) -> float | None:
        """Seconds until ``cue`` ends; None where none passes."""
        return max(0, self.until - self.at) / self.rate if self.cue is not None else None

    @property
    def share(self) -> float:
        """How much of ``cue`` has passed, 0 to 1."""
        length = self.until - self.begun
        return min(1.0, max(0, self.at - self.begun) / length) if length > 0 else 0.0
