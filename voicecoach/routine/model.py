"""What a routine is, once it has been read: frozen objects that can only hold sensible values.

Field names are the YAML keys, so that this file is also the format's definition (``voicecoach schema`` prints
it as JSON Schema). Durations are seconds here and text ("15 s", "3 to 7 s") in the file; every field takes
either. The limits stand here, each beside its field, and nowhere else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from voicecoach.routine import doses
from voicecoach.routine.doses import MismatchError
from voicecoach.routine.languages import TAG
from voicecoach.routine.prompt_text import PLACEHOLDERS, braces

LONGEST_TEXT = 600
"""Characters in one prompt: some 40 seconds of speech. One idea a sentence is far less."""

MOST_STEPS = 10_000
"""Steps of a whole session, each counted for every repetition on every side. The longest bundled routine has 250, and
10,000 take half a day; a million, which 64 KB of text have room for, would only take the memory."""

_DURATION = r"^\d+(\.\d+)? ?(s|sec|seconds?|min|minutes?|h|hours?)( \d+(\.\d+)? ?(s|sec|seconds?|min|minutes?))*$"
_DURATION_RANGE = _DURATION[:1] + r"(\d+(\.\d+)?( ?[a-z]+)? ?(to|-|\u2013) ?)?" + _DURATION[1:]
_COUNT_RANGE = r"^\d+( ?(to|-|\u2013) ?\d+)?$"


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


class CueStyle(str, Enum):
    """How much is said on the way."""

    FULL = "full"
    """Every instruction in full the first time on each side, in short later."""
    BRIEF = "brief"
    """In short from the first time on."""
    CHIMES = "chimes"
    """Exercises and sides are named; holds are steered by their chimes alone."""


class Range(_Frozen):
    """``low`` to ``high``, both allowed; equal where the dose is one number.

    The player uses ``low`` unless told otherwise.
    """

    low: float
    high: float

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and 0 < self.low <= self.high):
            raise ValueError("a range goes from a positive number to one that is not smaller")
        return self


def _text(most: int, *, least: int = 1, prompt: bool = False) -> Callable[[Any], str]:
    """Text on one line, ``least`` to ``most`` characters; a prompt may use the placeholders."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise MismatchError("be text")
        line = " ".join(value.split())
        if not least <= len(line) <= most:
            raise MismatchError(f"be text of {least} to {most} characters")
        for found in braces(line):
            if not prompt:
                raise MismatchError("be text without { or }; only say, move, short and wait fill in", found=found)
            if found not in _IN_BRACES:
                known = ", ".join(_IN_BRACES)
                raise MismatchError(f"use none but {known}", doses.nearest(found, _IN_BRACES), found=found)
        return line

    return read


_IN_BRACES = [f"{{{name}}}" for name in PLACEHOLDERS]


def _sentences(value: Any) -> Any:
    """A single text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


def _duration(low: float, high: float) -> Callable[[Any], Any]:
    """Seconds, from text or a number; 0 is written "0 s"."""

    def read(value: Any) -> Any:
        if isinstance(value, (int, float)) and low <= value <= high:
            return value
        return doses.read_duration(value if isinstance(value, str) else "", low, high)

    return read


def _duration_range(low: float, high: float) -> Callable[[Any], Range]:
    def read(value: Any) -> Range:
        if isinstance(value, Range):
            return value
        first, last = doses.read_duration_range(value if isinstance(value, str) else "", low, high)
        return Range(low=first, high=last)

    return read


def _count_range(high: int) -> Callable[[Any], Range]:
    def read(value: Any) -> Range:
        if isinstance(value, Range):
            return value
        first, last = doses.read_count_range(value if isinstance(value, str) else "", high)
        return Range(low=first, high=last)

    return read


def _count(high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, int):
            return value
        return doses.read_count(value if isinstance(value, str) else "", high)

    return read


def _choice(*known: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if isinstance(value, Enum):
            return value
        return doses.choose(value if isinstance(value, str) else "", known)

    return read


def _switch(words: dict[str, bool], meant: dict[str, str] | None = None) -> Callable[[Any], bool]:
    """One of ``words``, of which the first two are shown; ``meant`` leads from other words to those."""

    def read(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        word = value if isinstance(value, str) else ""
        if word in words:
            return words[word]
        shown = list(words)[:2]
        near = doses.nearest((meant or {}).get(word.lower(), word), shown)
        raise MismatchError(f"be {doses.spoken_list(shown)}", near)

    return read


_YES_OR_NO = {"yes": True, "no": False, "true": True, "false": False}
_APPROVAL = {"required": True, "not required": False}
_APPROVAL_MEANT = {"yes": "required", "true": "required", "no": "not required", "false": "not required"}


def _identifier(value: Any) -> Any:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        guess = "-".join(_WORD.findall(value.lower()))[:40] if isinstance(value, str) else ""
        raise MismatchError("be 1 to 40 small letters, digits and hyphens", guess or None)
    return value


def _language(value: Any) -> str:
    tag = value.strip().lower().replace("_", "-") if isinstance(value, str) else ""
    if not TAG.fullmatch(tag):
        raise MismatchError("be a language tag such as en or de")
    return tag


def _version(value: Any) -> int:
    if value not in (1, "1"):
        raise MismatchError("be 1, the only version that this program knows")
    return 1


_CUES = tuple(style.value for style in CueStyle)
_SIDES = ("both", "right", "left", "none")
_ORDERS = ("side_by_side", "alternating")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_WORD = re.compile(r"[a-z0-9]+")


def _as_text(pattern: str, *examples: str) -> WithJsonSchema:
    """How a field that takes text in its own notation is described to editors."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


def _as_text_or_number(pattern: str, *examples: object) -> WithJsonSchema:
    number = {"type": "integer", "minimum": 1, "maximum": 100}
    text = {"type": "string", "pattern": pattern}
    return WithJsonSchema({"anyOf": [number, text], "examples": list(examples)})


def _as_choice(*known: object) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(known)})


_Prompt = Annotated[str, BeforeValidator(_text(LONGEST_TEXT, prompt=True)), Field(max_length=LONGEST_TEXT)]
_ShortPrompt = Annotated[
    str, BeforeValidator(_text(LONGEST_TEXT, least=0, prompt=True)), Field(max_length=LONGEST_TEXT)
]
_Sentence = Annotated[str, BeforeValidator(_text(LONGEST_TEXT)), Field(max_length=LONGEST_TEXT)]
_Sentences = Annotated[
    tuple[_Sentence, ...],
    BeforeValidator(_sentences),
    Field(max_length=40),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": 40}]}),
]
_Name = Annotated[str, BeforeValidator(_text(80)), Field(min_length=1, max_length=80)]
_Seconds = Annotated[float, BeforeValidator(_duration(0, 600)), _as_text(_DURATION, "5 s", "1 min 30 s")]


class Say(_Frozen):
    """The coach says ``say`` in full; ``short`` replaces it from the second repetition on ("" leaves it out)."""

    say: _Prompt = Field(description="What the coach says the first time: one idea a sentence.")
    short: _ShortPrompt | None = Field(
        None, description='Said instead from the second repetition on; left out or "" says nothing then.'
    )


class Move(_Frozen):
    """The coach says ``move`` and then leaves ``time`` for the movement (YAML key ``for``)."""

    move: _Prompt = Field(description="What the coach says; then there is time for the movement.")
    short: _ShortPrompt | None = Field(
        None, description='Said instead from the second repetition on; "" says nothing, left out says all.'
    )
    time: Annotated[float, BeforeValidator(_duration(0.5, 600)), _as_text(_DURATION, "4 s")] = Field(
        alias="for", description="How long the movement takes, after the words."
    )


class Hold(_Frozen):
    """The position is held: the prescribed time, silent but for its marks."""

    hold: Annotated[Range, BeforeValidator(_duration_range(1, 600)), _as_text(_DURATION_RANGE, "15 s", "3 to 7 s")] = (
        Field(description="How long the position is held, chime to chime: 1 to 600 seconds.")
    )


class Wait(_Frozen):
    """A long wait such as heat for 15 minutes; "next" skips it. ``say`` introduces it."""

    wait: Annotated[float, BeforeValidator(_duration(1, 3600)), _as_text(_DURATION, "15 min")] = Field(
        description="A long wait, up to 1 hour; the user can leave it early."
    )
    say: _Prompt | None = Field(None, description="What the coach says before it.")


STEP_KINDS: dict[str, type[_Frozen]] = {"wait": Wait, "say": Say, "move": Move, "hold": Hold}
"""The field that tells what a step is; ``wait`` first, because a wait may also say something."""


def step_kind(step: object) -> str | None:
    """Which kind of step a mapping or a step object is; None for neither."""
    for kind, model in STEP_KINDS.items():
        if isinstance(step, model) or (isinstance(step, dict) and kind in step):
            return kind
    return None


Step = Say | Move | Hold | Wait
_TaggedStep = Annotated[
    Annotated[Say, Tag("say")]
    | Annotated[Move, Tag("move")]
    | Annotated[Hold, Tag("hold")]
    | Annotated[Wait, Tag("wait")],
    Discriminator(step_kind),
]


class Exercise(_Frozen):
    """One thing to practise. Step texts may use {side}, {other_side}, {rep}, {reps}, {seconds}."""

    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$"), BeforeValidator(_identifier)] = Field(
        description="A short name for records, unique in the file."
    )
    name: _Name = Field(description="How the coach announces it.")
    about: _Sentence | None = Field(None, description="Spoken once, when the exercise is announced.")
    sides: Annotated[Literal["both", "right", "left", "none"], BeforeValidator(_choice(*_SIDES))] = Field(
        "none", description="Which sides it is done with; none for one that has no side."
    )
    first_side: Annotated[Side, BeforeValidator(_choice("right", "left")), _as_choice("right", "left")] = Field(
        Side.RIGHT, description="Which side begins."
    )
    order: Annotated[Literal["side_by_side", "alternating"], BeforeValidator(_choice(*_ORDERS))] = Field(
        "side_by_side",
        description="side_by_side: all repetitions of one side, then the other. alternating: they take turns.",
    )
    limb: _Name | None = Field(None, description='What the side belongs to: arm gives "right arm".')
    repetitions: Annotated[
        Range, BeforeValidator(_count_range(100)), _as_text_or_number(_COUNT_RANGE, 5, "10 to 15")
    ] = Field(Range(low=1, high=1), description="For each side; of a range the lower number is done.")
    per_day: Annotated[int, Field(ge=1, le=1000), BeforeValidator(_count(1000))] | None = Field(
        None, description="Most repetitions a day for each side, all sittings together."
    )
    goes_with: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$"), BeforeValidator(_identifier)] | None = Field(
        None, description="Id of the exercise that this one prepares or follows: without that one, it is left out too."
    )
    optional: Annotated[bool, BeforeValidator(_switch(_YES_OR_NO)), _as_choice("yes", "no", True, False)] = Field(
        False, description="Recommended and offered, not part of the dose: announced with how to leave it out."
    )
    teaches_commands: Annotated[bool, BeforeValidator(_switch(_YES_OR_NO)), _as_choice("yes", "no", True, False)] = (
        Field(False, description="The texts say command words on purpose, to teach them.")
    )
    lead_in: _Seconds | None = Field(
        None, description="Time to get into position before each hold; left out, the program's default."
    )
    rest: _Seconds | None = Field(None, description="Time between repetitions; left out, the program's default.")
    steps: tuple[_TaggedStep, ...] = Field(
        min_length=1, max_length=60, description="What one repetition consists of, in order."
    )


def steps_in(exercise: Exercise) -> int:
    """How many steps are done in all where every repetition is, on each side."""
    return len(exercise.steps) * int(exercise.repetitions.high) * (2 if exercise.sides == "both" else 1)


class Routine(_Frozen):
    """A whole session's content, as its file says it."""

    format: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="The version of this format: 1.")
    title: _Name = Field(description="Spoken as the greeting, and shown.")
    language: Annotated[str, BeforeValidator(_language), _as_text(f"^{TAG.pattern}$", "en", "de")] = Field(
        "en", description="Of the texts: chooses the coach's own words, what it understands, and the voice."
    )
    about: _Sentences = Field((), description="Background, spoken once: one idea a sentence.")
    source: Annotated[str, BeforeValidator(_text(LONGEST_TEXT))] = Field(
        "", description="Where the content comes from; shown, not spoken."
    )
    approval: Annotated[
        bool,
        BeforeValidator(_switch(_APPROVAL, _APPROVAL_MEANT)),
        _as_choice("required", "not required"),
    ] = Field(False, description="Whether a doctor's or therapist's approval is required.")
    precautions: _Sentences = Field((), description="Spoken before the first exercise.")
    red_flags: _Sentences = Field(
        (), description="Signs to contact a doctor about immediately; spoken after the precautions."
    )
    reminder: _Sentences = Field(
        (), description="Spoken instead of about, precautions and red_flags once those were heard; none: always all."
    )
    check_ins: Annotated[bool, BeforeValidator(_switch(_YES_OR_NO)), _as_choice("yes", "no", True, False)] = Field(
        False, description="Whether to ask, before each exercise but the first, about new numbness or weakness."
    )
    cues: Annotated[CueStyle, BeforeValidator(_choice(*_CUES)), _as_choice(*_CUES)] | None = Field(
        None, description="How much is said on the way; left out: in full until an exercise is familiar, then in short."
    )
    exercises: tuple[Exercise, ...] = Field(min_length=1, max_length=100)
    closing: _Sentences = Field((), description="Spoken at the end.")
