"""Steps and the length of each prompt -> a timeline: every cue on its sample.

A hold's start and end earcons begin exactly ``seconds x rate`` frames apart, because both positions are computed
from the same integer and nothing between them is measured. A prompt's real length is known before it is placed, so
no cue ever cuts or covers an announcement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voicecoach.session import defaults
from voicecoach.session.cues import Cue, Earcon, Hold, Place, Prompt, Segment, Silence, Sound, Timeline
from voicecoach.units import STREAM_RATE, frames

NEVER_SCALED = frozenset({"wait"})
"""Silences that are doses: the session's speed leaves them alone, as it leaves holds alone."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long things sound, in frames at ``rate``."""

    prompt: Callable[[str], int]
    earcon: Callable[[Sound], int]
    rate: int = STREAM_RATE
    is_command: Callable[[str], bool] = lambda text: False
    """Whether the ear would take a text, when it is said, for a command: then quiet follows it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Cues to lay down one after the other, and where in the routine and plan they belong."""

    cues: tuple[Cue, ...]
    place: Place
    step: int


def lay_out(entries: Sequence[Entry], lengths: Lengths, speed: float = 1.0) -> Timeline:
    """Put the cues on positions, the first at frame 0. ``speed`` divides silences, never a hold or a wait.

    Prompts are spoken at the session's speed already: ``lengths`` gives what was rendered. The silence after one that
    the ear would take for a command lasts AFTER_SELF_TRIGGER at least, at any speed.
    """
    segments: list[Segment] = []
    at, rate = 0, lengths.rate
    least = 0
    for entry in entries:
        place, step = entry.place, entry.step
        for cue in entry.cues:
            length = _length(cue, lengths, speed)
            if isinstance(cue, Silence) and cue.reason not in NEVER_SCALED:
                length = max(length, least)
            least = _quiet_after(cue, lengths)
            end = at + length
            segments.append(Segment(cue, at, end, place, step))
            if isinstance(cue, Hold):
                for sound, offset in hold_marks(cue, rate):
                    mark = at + offset
                    segments.append(Segment(Earcon(sound), mark, mark + lengths.earcon(sound), place, step))
            # What follows a hold is a silence longer than its end earcon, which begins where the hold ends.
            at = end
    segments.sort(key=_start)
    return Timeline(tuple(segments), max((segment.end for segment in segments), default=0), rate)


def _start(segment: Segment) -> int:
    return segment.start


def _quiet_after(cue: Cue, lengths: Lengths) -> int:
    """The least that a silence which follows ``cue`` has to last."""
    if isinstance(cue, Prompt) and lengths.is_command(cue.text):
        return frames(defaults.AFTER_SELF_TRIGGER, lengths.rate)
    return 0


def _length(cue: Cue, lengths: Lengths, speed: float) -> int:
    if isinstance(cue, Prompt):
        return lengths.prompt(cue.text)
    if isinstance(cue, Earcon):
        return lengths.earcon(cue.sound)
    if isinstance(cue, Hold):
        return frames(cue.seconds, lengths.rate)
    return silence_frames(cue, lengths.rate, speed)


def silence_frames(cue: Silence, rate: int, speed: float) -> int:
    """How long a silence lasts at this speed."""
    if cue.reason in NEVER_SCALED:
        return frames(cue.seconds, rate)
    return frames(max(cue.seconds / speed, min(cue.seconds, defaults.SHORTEST_GAP)), rate)


def hold_marks(hold: Hold, rate: int) -> list[tuple[Sound, int]]:
    """The earcons of a hold and their offsets from its first frame, in order."""
    length = frames(hold.seconds, rate)
    marks = [(Sound.START, 0)]
    if hold.seconds >= defaults.HALF_WAY_FROM:
        marks.append((Sound.HALF_WAY, length // 2))
    for left in range(defaults.TICKS, 0, -1):
        offset = length - left * rate
        if offset >= rate * defaults.FIRST_TICK:
            marks.append((Sound.TICK, offset))
    return [*marks, (Sound.END, length)]
