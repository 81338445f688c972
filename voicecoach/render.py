"""``voicecoach render``: the uninterrupted session as a sound file, and its cue sheet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.mixer import ReadMusic
from voicecoach.errors import RecordingError
from voicecoach.performance import ClipOf
from voicecoach.session.cues import CueEnded, Earcon, Hold, Prompt, Sound
from voicecoach.session.plan import Plan
from voicecoach.simulation import Simulation

FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".mp3": ("MP3", "MPEG_LAYER_III")}
"""What a rendered session can be written as, by the file's ending."""

BLOCK = 4800
"""Frames rendered at a time. A tenth of a second: large enough to be fast; nobody interrupts."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is in the file: every cue that sounded, in order of its end, and how many frames there are."""

    ended: tuple[CueEnded, ...]
    frames: int
    rate: int


def render_session(
    plan: Plan,
    clips_at: Callable[[float], ClipOf],
    earcons: dict[Sound, Clip],
    rate: int,
    path: Path,
    speed: float = 1.0,
    progress: Callable[[float], None] | None = None,
    music: ReadMusic | None = None,
) -> Rendered:
    """Write the whole session to ``path``. ``progress`` is told the seconds written so far.

    ``plan`` must hold no open question; ``music`` gives the background sound. Raises RecordingError where the file
    cannot be written.
    """
    sound_format = FORMATS.get(path.suffix.lower())
    if sound_format is None:
        raise RecordingError(f"{path.name}: a session is rendered to a .wav, .flac or .mp3 file")
    kind, subtype = sound_format
    try:
        file = soundfile.SoundFile(path, "w", rate, 1, subtype, format=kind)
    except (OSError, soundfile.SoundFileError, ValueError) as fault:  # the last: a name that is no text
        raise RecordingError(f"{path} cannot be written: {fault}") from fault
    try:
        with file:
            written = 0

            def write(block: Samples) -> None:
                nonlocal written
                file.write(block)
                written += len(block)
                if progress is not None:
                    progress(written / rate)

            simulation = Simulation(plan, clips_at, earcons, rate, speed, listen=write, block=BLOCK, music=music)
            simulation.run()
            # The last earcon rings out.
            file.write(np.zeros(rate // 2, np.float32))
    except (OSError, soundfile.SoundFileError) as fault:
        raise RecordingError(f"{path} cannot be written: {fault}") from fault
    return Rendered(tuple(simulation.ended), written + rate // 2, rate)


def cue_sheet(ended: Iterable[CueEnded], rate: int) -> list[dict[str, Any]]:
    """One entry for each cue that was played, ordered by start; times are seconds into the file."""
    ordered = sorted(ended, key=lambda cue: (cue.at - (cue.segment.end - cue.segment.start), cue.at))
    return [_entry(cue, rate) for cue in ordered]


def _entry(ended: CueEnded, rate: int) -> dict[str, Any]:
    segment = ended.segment
    cue = segment.cue
    entry: dict[str, Any] = {"kind": type(cue).__name__.lower()}
    entry["start"] = (ended.at - (segment.end - segment.start)) / rate
    entry["end"] = ended.at / rate
    if isinstance(cue, Prompt):
        entry["text"] = cue.text
    elif isinstance(cue, Earcon):
        entry["name"] = cue.sound.value
    elif isinstance(cue, Hold):
        entry["seconds"] = cue.seconds
    else:
        entry["name"] = cue.reason
    place = segment.place
    return {**entry, "exercise": place.exercise, "side": place.side, "rep": place.rep}


def write_cue_sheet(entries: list[dict[str, Any]], path: Path) -> None:
    """Write the cue sheet as JSON. Raises RecordingError."""
    try:
        path.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as fault:
        raise RecordingError(f"{path} cannot be written: {fault.strerror}") from fault
