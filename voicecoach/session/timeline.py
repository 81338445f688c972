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


@dataclass(frozen=True, slots=True)
class Entry:
    """Cues to lay down one after the other, and where in the routine and plan they belong."""

    cues: tuple[Cue, ...]
    place: Place
    step: int


def lay_out(entries: Sequence[Entry], lengths: Lengths, speed: float = 1.0) -> Timeline:
    """Put the cues on positions, the first at frame 0. ``speed`` divides silences, never a hold or a wait.

    Prompts are spoken at the session's speed already: ``lengths`` gives what was rendered.
    """
    segments: list[Segment] = []
    at = end = 0
    for entry in entries:
        for cue in entry.cues:
            placed = _place(cue, at, entry, lengths, speed)
            segments.extend(placed)
            # What follows a hold is a silence longer than its end earcon, which begins where the hold ends.
            at = placed[0].end
            end = max(end, *(segment.end for segment in placed))
    segments.sort(key=lambda segment: segment.start)
    return Timeline(tuple(segments), max(at, end), lengths.rate)


def _place(cue: Cue, at: int, entry: Entry, lengths: Lengths, speed: float) -> list[Segment]:
    def segment(what: Cue, start: int, length: int) -> Segment:
        return Segment(what, start, start + length, entry.place, entry.step)

    if isinstance(cue, Prompt):
        return [segment(cue, at, lengths.prompt(cue.text))]
    if isinstance(cue, Earcon):
        return [segment(cue, at, lengths.earcon(cue.sound))]
    if isinstance(cue, Silence):
        return [segment(cue, at, silence_frames(cue, lengths.rate, speed))]
    rate = lengths.rate
    marks = [segment(Earcon(sound), at + offset, lengths.earcon(sound)) for sound, offset in hold_marks(cue, rate)]
    return [segment(cue, at, frames(cue.seconds, rate)), *marks]


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
        if offset > 0:
            marks.append((Sound.TICK, offset))
    return [*marks, (Sound.END, length)]
