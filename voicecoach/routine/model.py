"""What a routine is, once it has been read: frozen objects that can only hold sensible values.

Field names are the YAML keys, so that this file is also the format's definition (``voicecoach schema`` prints it
as JSON Schema). Durations are seconds here and text ("15 s", "3 to 7 s") in the file.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Side(str, Enum):
    """A side of the body."""

    RIGHT = "right"
    LEFT = "left"

    @property
    def other(self) -> Side:
        """The opposite one."""
        return Side.LEFT if self is Side.RIGHT else Side.RIGHT


class Range(_Frozen):
    """``low`` to ``high``, both allowed; equal where the dose is one number. The player uses ``low`` unless told otherwise."""

    low: float
    high: float


class Say(_Frozen):
    """The coach says ``say`` in full; ``short`` replaces it from the second repetition on ("" leaves it out)."""

    say: str
    short: str | None = None


class Move(_Frozen):
    """The coach says ``move`` and then leaves ``time`` for the movement (YAML key ``for``)."""

    move: str
    short: str | None = None
    time: float


class Hold(_Frozen):
    """The position is held: the prescribed time, silent but for its marks."""

    hold: Range


class Wait(_Frozen):
    """A long wait such as heat for 15 minutes; "next" skips it. ``say`` introduces it."""

    wait: float
    say: str | None = None


Step = Say | Move | Hold | Wait


class Exercise(_Frozen):
    """One thing to practise. Texts may use {side}, {other_side}, {rep}, {reps}, {seconds}."""

    id: str
    name: str
    about: str | None = None
    """Spoken once, when the exercise is announced."""
    sides: Literal["both", "right", "left", "none"] = "none"
    first_side: Side = Side.RIGHT
    order: Literal["side_by_side", "alternating"] = "side_by_side"
    """``side_by_side``: all repetitions of one side, then the other. ``alternating``: sides take turns."""
    limb: str | None = None
    """What the side belongs to when announced: ``arm`` gives "right arm"."""
    repetitions: Range = Range(low=1, high=1)
    per_day: int | None = None
    """Most repetitions a day for each side, all sittings together."""
    optional: bool = False
    """Recommended and offered, not part of the dose: announced with how to skip it."""
    lead_in: float | None = None
    """Seconds of getting into position before each hold; None takes the default of session/defaults."""
    rest: float | None = None
    """Seconds between repetitions; None takes the default."""
    steps: tuple[Step, ...]


class Routine(_Frozen):
    """A whole session's content, as its file says it."""

    format: Literal[1]
    title: str
    about: tuple[str, ...] = ()
    """Background, spoken once as an introduction: one idea a sentence."""
    source: str = ""
    """Where the content comes from; shown, not spoken."""
    approval: bool = False
    """Whether a doctor's or therapist's approval is required (YAML ``approval: required`` or ``not required``)."""
    precautions: tuple[str, ...] = ()
    """Spoken before the first exercise."""
    red_flags: tuple[str, ...] = ()
    """Signs to contact a doctor about immediately; shown, and spoken after the precautions."""
    exercises: tuple[Exercise, ...]
    closing: tuple[str, ...] = ()
    """Spoken at the end."""
