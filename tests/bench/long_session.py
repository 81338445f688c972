"""A session of any length in virtual time that keeps figures only, and looks its chimes up in the sound itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.session.commands import Command
from voicecoach.session.cues import CueEnded, Earcon, Sound
from voicecoach.session.effects import Record
from voicecoach.simulation import Simulation

HOLD = 15
ROUTINE = """
format: 1
title: A long session
approval: not required
exercises:
"""
EXERCISE = """
  - id: fist-{number}
    name: Fist
    sides: both
    limb: hand
    repetitions: 10
    steps:
      - say: Close your {{side}} hand slowly, and keep the wrist straight.
        short: Close the hand.
      - hold: {hold} s
"""
ROUND = (
    (0.0, Command.PAUSE), (8.0, Command.RESUME), (40.0, Command.REPEAT), (70.0, Command.SLOWER),
    (100.0, Command.FASTER), (130.0, Command.LOUDER), (150.0, Command.QUIETER), (170.0, Command.TIME_LEFT),
)  # fmt: skip
"""What the user says in each round, and after how many seconds of it."""
EVERY = 240.0
"""Seconds of a round."""
AROUND = 200
"""Frames before and after its place in which a chime is looked for."""


def write_routine(path: Path, exercises: int) -> Path:
    """As long as it has to be: an exercise of both sides and ten holds each takes some ten minutes."""
    blocks = [EXERCISE.format(number=number, hold=HOLD) for number in range(exercises)]
    path.write_text(ROUTINE + "".join(blocks), encoding="utf-8")
    return path


class Soaked(Simulation):
    """A simulation that keeps nothing of what happened but figures, and looks the chimes up in the sound."""

    journal: Callable[[Record], None] = staticmethod(lambda record: None)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.frames = 0
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.deepest = 0
        self._recent: list[Samples] = []
        self._due: list[tuple[Sound, int]] = []
        self._hold_start: int | None = None
        self.listen = self._hear
        self.ended = _Checked(self._check)

    def _hear(self, block: Samples) -> None:
        self.frames += len(block)
        self.deepest = max(self.deepest, len(self._inbox))
        self._recent.append(block.copy())
        del self._recent[: -3 * self.rate // self.block]
        # Once the sound after it is there too, so that one that comes late can be found.
        while self._due and self.frames >= self._due[0][1] + len(self.earcons[self._due[0][0]].samples) + AROUND:
            self._look_up(*self._due.pop(0))

    def _write(self, t: float, event: str, fields: dict[str, Any]) -> None:
        self.counts[event] += 1
        if event == "hold_end" and fields["completed"]:
            self.counts["whole holds"] += 1
            if fields["held"] != HOLD:
                self.wrong.append(f"a hold of {fields['held']} s at {t}")

    def _record(self, record: Record) -> None:
        self.journal(record)

    def _check(self, ended: CueEnded) -> None:
        cue = ended.segment.cue
        if not (isinstance(cue, Earcon) and ended.completed):
            return
        begin = ended.at - (ended.segment.end - ended.segment.start)
        if cue.sound is Sound.START:
            self._hold_start = begin
        elif cue.sound is Sound.END and self._hold_start is not None:
            if begin - self._hold_start != HOLD * self.rate:
                self.wrong.append(f"{begin - self._hold_start} frames between the chimes at {begin}")
            self._hold_start = None
        if cue.sound in (Sound.START, Sound.END):
            self._due.append((cue.sound, begin))

    def _look_up(self, sound: Sound, begin: int) -> None:
        """Is the chime where the session believes it to be, to the frame, in what went to the loudspeaker?"""
        wave = self.earcons[sound].samples
        heard = np.concatenate(self._recent)
        first = begin - (self.frames - len(heard)) - AROUND
        part = heard[first : first + len(wave) + 2 * AROUND]
        found = int(np.argmax(np.correlate(part, wave, "valid"))) - AROUND
        self.counts["chimes found"] += 1
        if found:
            self.wrong.append(f"a chime {found} frames off at {begin}")


class _Checked(list[CueEnded]):
    """Looks at each and keeps none."""

    def __init__(self, check: Callable[[CueEnded], None]) -> None:
        super().__init__()
        self._check = check

    def append(self, ended: CueEnded) -> None:
        self._check(ended)
