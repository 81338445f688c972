"""Port: a keyword spotter hears phrases in a stream, without waiting for a silence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from voicecoach.audio.clip import Samples
from voicecoach.session.commands import Command, Phrase

Tier = Literal["firm", "weak"]


@dataclass(frozen=True, slots=True)
class Detection:
    """A phrase that a spotter believes in."""

    phrase: Phrase
    score: float
    """The spotter's own scale; higher is surer."""
    start: int
    """First sample of the phrase, counted at EAR_RATE from the stream's first."""
    end: int
    """One past its last sample."""
    alone: bool = False
    """Whether it is only to be believed where it stands out of the sound around it, whatever its phrase's rule says."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A command that the ear decided on."""

    command: Command
    phrase: str
    score: float
    tier: Tier
    """``firm`` is acted on; ``weak`` is suspected, asked about or ducked for."""
    decided: int
    """Stream position (STREAM_RATE frames) of the last sample that the decision needed."""


class Spotter(Protocol):
    """Feed it blocks of the one stream in order; it never blocks and never waits for an endpoint."""

    def arm(self, phrases: Collection[Phrase]) -> None:
        """From the next block on, listen for these and no others. Raises EarError for one it cannot hear at all."""

    def feed(self, block: Samples) -> list[Detection]:
        """Take the next block (float32, EAR_RATE, any length) and return what is newly detected."""

    def reset(self) -> None:
        """Forget the sound so far: the next block begins a new stream at sample 0."""

    def close(self) -> None:
        """Release the engine."""


@runtime_checkable
class CanBeLightened(Protocol):
    """A spotter that can do without its dearest part, for a machine that does not keep up; it then hears worse."""

    def lighten(self, light: bool) -> None:
        """From the next block on, do without that part, or with it again. Scores mean the same in both."""
