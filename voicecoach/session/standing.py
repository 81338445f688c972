"""What a session needs to know of the days before it: approval, pain, what was heard, and what was done today.

The journal knows it (``history.py`` reads it there); the session only asks. One without a past gets ``Standing()``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Key = tuple[str, str | None]
"""An exercise's id, and the side: ``right``, ``left``, or None for an exercise that has no sides."""


@dataclass(frozen=True, slots=True)
class Hurt:
    """A session that ended with pain or a warning sign, and nobody has said since that a doctor knows."""

    session: str
    """The session's id in the journal."""
    exercise: str | None
    """The exercise's name as it was announced; None where it happened outside any."""
    urgent: bool = False
    """It was a warning sign, not pain."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the user stands with one routine as the session begins."""

    approved: bool = False
    """A doctor or therapist has approved exactly these exercises and precautions: the question was answered before."""
    changed: bool = False
    """It was answered for this routine, but its exercises or precautions are others now."""
    introduced: bool = False
    """Exactly this introduction (about, precautions, red flags) has been heard in full."""
    hurts: tuple[Hurt, ...] = ()
    """What has to be asked about before this routine starts, oldest first."""
    familiar: frozenset[str] = frozenset()
    """Ids of the exercises that were practised often enough to need no long words."""
    done_today: Mapping[Key, int] = field(default_factory=dict)
    """Completed repetitions of today, all sittings and all routines together."""
