"""Journals such as a user would have, for tests and for looking at: written through the journal's own door."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from voicecoach.journal import encode
from voicecoach.journal_writer import Sitting
from voicecoach.routine.library import find
from voicecoach.routine.loader import load
from voicecoach.routine.model import Hold, Routine

SUMMER = timezone(timedelta(hours=2))
TODAY = datetime(2026, 6, 30, 20, 0, tzinfo=SUMMER)

Written = tuple[datetime, str, Mapping[str, Any]]


@cache
def _bundled(name: str) -> Routine:
    return load(find(name))


class Play:
    """One session's entries, one after another."""

    def __init__(self, name: str, session: str, at: datetime, routine: Routine | None = None) -> None:
        self.routine = routine or _bundled(name)
        made = Sitting.of(name, self.routine)
        self.sitting = Sitting(session, name, made.title, made.approval, made.introduction, made.exercises)
        self.began = self.at = at
        self.written: list[Written] = []

    def note(self, event: str, after: float = 1.0, /, **fields: Any) -> Play:
        """An entry, ``after`` seconds after the one before."""
        self.at += timedelta(seconds=after)
        base = {"session": self.sitting.session, "routine": self.sitting.routine, "title": self.sitting.title}
        self.written.append((self.at, event, {**base, **fields}))
        return self

    def start(self) -> Play:
        """The session begins."""
        return self.note("started", 0, approved_by_flag=False, version="0.3.0", approval=self.sitting.approval,
                         introduction=self.sitting.introduction)  # fmt: skip

    def approve(self, answer: str = "yes") -> Play:
        """The question about approval is answered."""
        return self.note("approval", 8, answer=answer, fingerprint=self.sitting.approval)

    def place(self, exercise: str, side: str | None, rep: int) -> dict[str, Any]:
        """Fields that say where."""
        where = {"exercise": exercise, "name": self.sitting.exercises[exercise], "side": side, "rep": rep}
        return {key: value for key, value in where.items() if value is not None}

    def exercises(self, until: tuple[str, str | None, int] | None = None, check_in: str | None = None) -> Play:
        """Do all that the routine prescribes, or up to ``until``, which is not done any more."""
        for number, exercise in enumerate(self.routine.exercises):
            if check_in and number:
                self.note("check_in", 6, answer=check_in, exercise=exercise.id, name=exercise.name)
            for side in {"both": ("right", "left"), "none": (None,)}.get(exercise.sides, (exercise.sides,)):
                for rep in range(1, int(exercise.repetitions.low) + 1):
                    if until == (exercise.id, side, rep):
                        return self
                    where = self.place(exercise.id, side, rep)
                    for step in exercise.steps:
                        if isinstance(step, Hold):
                            self.note("hold", 24, seconds=step.hold.low, **where)
                    self.note("repetition", 2, **where)
        return self

    def finish(self, reason: str = "completed") -> Play:
        """The end."""
        return self.note("finished", 3, reason=reason, seconds=round((self.at - self.began).total_seconds() + 3, 1))


def three_months(days: int = 90, today: datetime = TODAY, seed: int = 1) -> list[Written]:
    """Somebody with wrist stretches most days, the nerve glide now and then, a pain and a warning sign of late."""
    return list(_three_months(days, today, random.Random(seed)))


def _three_months(days: int, today: datetime, chance: random.Random) -> Iterator[Written]:
    hurt: str | None = None
    for back in range(days, -1, -1):
        day = (today - timedelta(days=back)).replace(hour=8, minute=chance.randrange(60))
        if chance.random() < 0.2 and back not in (21, 20, 6, 3):
            continue
        play = Play("wrist-stretches", f"w{back:04d}", day).start()
        if back == days:
            play.approve().note("introduced", 70, fingerprint=play.sitting.introduction)
        if hurt is not None:
            play.note("doctor_seen", 9, answer="yes", about=[hurt])
            hurt = None
        if back == 21:
            where = play.place("wrist-flexion", "left", 3)
            play.exercises(("wrist-flexion", "left", 3), "fine").note("pain", 9, state="holding", held=6.4, **where)
            play.finish("pain")
            hurt = play.sitting.session
        elif back == 6:
            play.exercises(("wrist-flexion", "right", 1), "yes")
            play.note("numb", 4, **play.place("wrist-flexion", "right", 1)).finish("stop")
        elif back == 13:
            play.exercises(("wrist-extension", "left", 4))
        else:
            play.exercises(check_in="fine").finish()
        yield from play.written
        if chance.random() < 0.35 or back == 3:
            evening = Play("median-nerve-glide", f"g{back:04d}", day.replace(hour=18)).start()
            if back == 3:
                where = evening.place("median-nerve-glide", "right", 7)
                evening.exercises(("median-nerve-glide", "right", 7))
                evening.note("emergency", 12, state="holding", held=2.1, **where).finish("emergency")
            else:
                evening.exercises().finish()
            yield from evening.written


def write(path: Path, written: list[Written]) -> Path:
    """A file of them."""
    path.write_bytes(b"".join(encode(at, event, fields) for at, event, fields in written))
    return path
