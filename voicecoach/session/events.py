"""What the session is told: facts, in the past tense. Positions are frames of the stream that was really played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voicecoach.session.commands import Command
from voicecoach.session.cues import CueEnded, CueStarted, ScoreEnded
from voicecoach.session.timeline import Lengths


@dataclass(frozen=True, slots=True)
class Started:
    """The stream runs; the session may begin."""


@dataclass(frozen=True, slots=True)
class PlaybackStarted:
    """The answer to a Play effect, given before any other event: where its timeline begins."""

    at: int


@dataclass(frozen=True, slots=True)
class CommandGiven:
    """The user said it, or pressed its key. ``firm`` is False where the ear only suspects it."""

    command: Command
    firm: bool = True


@dataclass(frozen=True, slots=True)
class SpeechReady:
    """Every text has been rendered at the speed that a Retempo effect asked for."""

    lengths: Lengths


@dataclass(frozen=True, slots=True)
class PromptsRehearsed:
    """The ear has been through more of the prompts: which it would take for commands is known of more of them."""

    lengths: Lengths


@dataclass(frozen=True, slots=True)
class Faulted:
    """The session can no longer be heard (``device``), or can no longer hear (``ear``)."""

    what: Literal["ear", "device"]


@dataclass(frozen=True, slots=True)
class Restored:
    """What had faulted works again: the user can be told, by voice, that the session can go on."""


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """What a Record effect asked for could not be written down, or not for sure."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The process was asked to end (Ctrl-C, a signal)."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The program itself failed and has to end."""


Event = (
    Started
    | PlaybackStarted
    | CueStarted
    | CueEnded
    | ScoreEnded
    | CommandGiven
    | SpeechReady
    | PromptsRehearsed
    | Faulted
    | Restored
    | Unrecorded
    | Interrupted
    | Failed
)
