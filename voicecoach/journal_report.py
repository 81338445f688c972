"""The journal for its owner: what ``voicecoach journal`` shows in a terminal, and the rows of ``--csv``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date

from voicecoach.history import CheckedFields, Dose, History, PastSession, clean
from voicecoach.history_wording import (
    KINDS,
    NOTHING,
    counted,
    day_in_words,
    ending,
    moment,
    place_in_words,
    time_in_words,
)
from voicecoach.journal import Broken, Entry
from voicecoach.session.effects import Noted
from voicecoach.session.standing import Key
from voicecoach.units import spoken_duration

_SESSIONS, _INCIDENTS = 10, 20
_BROKEN = 5


class BrokenLines:
    """Collects what ``read`` had to leave out, and tells it in a few lines however much it was."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._first: list[Broken] = []
        self._count = 0

    def __call__(self, broken: Broken) -> None:
        """One more."""
        self._count += 1
        if len(self._first) < _BROKEN:
            self._first.append(broken)

    def lines(self) -> Iterator[str]:
        """For stderr."""
        for broken in self._first:
            why = " (it has no end: something stopped while writing it)" if broken.torn else ""
            yield f"{self._name}:{broken.line}: not readable, left out{why}"
        if self._count > _BROKEN:
            yield f"{self._name}: {counted(self._count - _BROKEN, 'more line')} not readable, left out"


def report(history: History, today: date) -> Iterator[str]:
    """Lines of text: sessions, doses for each side, streak, what hurt, approvals."""
    streak = history.streak(today)
    row = f"{counted(streak, 'day')} in a row" if streak else "no days in a row at the moment"
    yield f"{counted(len(history.sessions), 'session')}, {row}."
    done = history.days.get(today)
    if done:
        yield "Today: " + "; ".join(_doses(history, done)) + "."
    if history.sessions:
        yield from _headed("Sessions", len(history.sessions), _SESSIONS)
    for session in history.sessions[-_SESSIONS:]:
        yield from _session(history, session)
    hurts = [each for each in history.incidents if each.kind is not Noted.NUMB]
    numb = [each for each in history.incidents if each.kind is Noted.NUMB]
    for title, incidents in (("Pain and warning signs", hurts), ("Numbness", numb)):
        if incidents:
            yield from _headed(title, len(incidents), _INCIDENTS)
        for each in incidents[-_INCIDENTS:]:
            second = f"second {moment(each)} of the hold" if each.held is not None else moment(each)
            where = place_in_words(each.where) + (f", {second}" if second != NOTHING else "")
            what = f"{KINDS[each.kind]}: {where} ({each.title})"
            yield f"  {_when(each.at.date(), time_in_words(each.at))}  {what}"
    if history.open_hurts:
        yield ""
        number = counted(len(history.open_hurts), "such session")
        yield f"Of {number} you have not said yet that a doctor knows: you will be asked before you start again."
    if history.approvals:
        yield from _headed("Approval", len(history.approvals), _INCIDENTS)
    for approval in history.approvals[-_INCIDENTS:]:
        state = "approved" if approval.stands else "taken back since"
        content = (approval.fingerprint or "?")[:12]
        when = _when(approval.at.date(), time_in_words(approval.at))
        yield f"  {when}  {approval.title} ({approval.routine}): {state}, content {content}"


def _headed(title: str, number: int, most: int) -> Iterator[str]:
    yield ""
    yield title + (f", the last {most} of {number}" if number > most else "")


def _when(day: date, time: str) -> str:
    return f"{day_in_words(day):>15s} {time}"


def _session(history: History, session: PastSession) -> Iterator[str]:
    when = _when(session.day, time_in_words(session.started))
    yield f"  {when}  {session.title}, {session.seconds / 60:.0f} min, {ending(session)}"
    for line in _doses(history, session.doses):
        yield f"{'':25s}{line}"


def _doses(history: History, doses: dict[Key, Dose]) -> list[str]:
    """``Wrist extension stretch: right 5, left 5, held 2 minutes 30 seconds``, one for each exercise."""
    lines = []
    for exercise in dict.fromkeys(exercise for exercise, _ in doses):
        of_it = {side: dose for (name, side), dose in doses.items() if name == exercise}
        sides = [f"{side} {dose.repetitions}" if side else f"{dose.repetitions}" for side, dose in of_it.items()]
        held = sum(dose.held for dose in of_it.values())
        told = ", ".join(sides) + (f", held {spoken_duration(round(held))}" if held else "")
        lines.append(f"{history.name(exercise)}: {told}")
    return lines


# For spreadsheets ----------------------------------------------------------------------------------------------------

COLUMNS = ("date", "time", "utc_offset", "session", "routine", "title", "event", "exercise", "name", "side",
           "repetition", "seconds", "held", "state", "answer", "reason", "fingerprint")  # fmt: skip
"""``seconds``: of a completed hold, or of the session; ``held``: seconds into a hold that hurt."""


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """A header, then a row for each entry, each ended by a newline. Text never begins as a formula does."""
    yield _csv_line(COLUMNS)
    for entry in entries:
        fields = CheckedFields(entry.fields)
        where = fields.where()
        yield _csv_line(
            (
                entry.at.date().isoformat(),
                f"{entry.at:%H:%M:%S}",
                f"UTC{entry.at:%z}",
                fields.text("session"),
                fields.text("routine"),
                fields.text("title"),
                clean(entry.event),
                where.exercise,
                where.name,
                where.side,
                where.rep,
                fields.seconds("seconds"),
                fields.seconds("held"),
                fields.text("state"),
                fields.text("answer"),
                fields.text("reason"),
                fields.text("fingerprint"),
            )
        )


def _csv_line(row: Iterable[str | float | None]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(
        f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
        for cell in row
    )
    return text.getvalue()
