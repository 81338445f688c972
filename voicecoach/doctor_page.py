"""One page for the doctor: what was practised, what hurt and when, in plain language, as Markdown and as HTML.

Both say the same: what is on the page is decided once, in ``_page``. The HTML stands alone, prints in black and white
on A4 and Letter, and runs nothing. Names and titles come from files that strangers wrote, so all text is escaped. The
page says what was reported and counted, and never what that means.
"""

from __future__ import annotations

import html
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from string import Template

from voicecoach import __version__
from voicecoach.errors import JournalError, UsageError
from voicecoach.history import Dose, History, Incident, PastSession
from voicecoach.history_wording import (
    KINDS,
    MONTHS,
    NOTHING,
    counted,
    day_in_words,
    ending,
    moment,
    place_in_words,
    time_in_words,
)
from voicecoach.session.effects import Noted, Reason
from voicecoach.session.standing import Key

DAYS = 30
"""How far back doses and chart go; pain and warning signs are told of the whole journal."""

_FIRST_INCIDENTS = 8
"""Rows before the chart, so that the first page holds both; all others follow at the end."""
_NUMBNESS_ROWS = 12
_APPROVALS = 3
_SHORT = 8
"""Rows that are kept on one page."""
_COLUMNS = 5
"""Exercises beside one another in the table of days."""

TITLE = "Exercise journal"
_HTML_MARK = '<meta name="generator" content="voicecoach">'

_ABOUT = (
    f"The user reported these by voice or by key to a program, voicecoach {__version__}, that leads through exercises "
    "and keeps their time. Nothing here was measured or diagnosed. A repetition is counted when the program led "
    "through it to its end; it cannot see how it was done."
)


@dataclass(frozen=True, slots=True)
class _Table:
    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    empty: str
    """What stands there instead where there are no rows."""
    note: str = ""
    fixed: int = 0
    """So many of its first columns stay on one line."""
    names: Sequence[int] = ()
    """Columns of strangers' text, which may be one long word."""


@dataclass(frozen=True, slots=True)
class _Day:
    """One column of the chart."""

    day: date
    completed: int
    unfinished: int
    marks: dict[Noted, int]


@dataclass(frozen=True, slots=True)
class _Page:
    period: str
    summary: list[tuple[str, str]]
    first: list[_Table]
    days: list[_Day]
    rest: list[_Table]


def as_markdown(history: History, today: date) -> str:
    """The page as Markdown. ``today``: the local date that its last column is."""
    page = _page(history, today)
    parts = [f"# {TITLE}", page.period, "Name: ____________________ Date of birth: ____________", f"*{_ABOUT}*"]
    parts.append("\n".join(f"- **{what}:** {_escaped(told)}" for what, told in page.summary))
    parts += [_table_as_markdown(table) for table in page.first]
    parts += [f"## {_chart_title(page)}", "```text\n" + "\n".join(_chart_as_text(page.days)) + "\n```"]
    parts += [_table_as_markdown(table) for table in page.rest]
    return "\n\n".join(parts) + "\n"


def as_html(history: History, today: date) -> str:
    """The page as one HTML document without script, fonts or pictures from elsewhere."""
    page = _page(history, today)
    template = Template(files("voicecoach").joinpath("doctor_page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=TITLE,
        period=html.escape(page.period),
        about=html.escape(_ABOUT),
        summary="\n".join(f"<dt>{html.escape(what)}</dt><dd>{html.escape(told)}</dd>" for what, told in page.summary),
        first="\n".join(map(_table_as_html, page.first)),
        chart_title=_chart_title(page),
        chart=_chart_as_svg(page.days),
        chart_note="One column a day, one box a session: filled where it was completed, empty where it was not.",
        rest="\n".join(map(_table_as_html, page.rest)),
    )


def write(folder: Path, history: History, today: date) -> list[Path]:
    """Write both forms into ``folder`` (made where it is missing) and return where; pages that it wrote before go.

    Only the user may read them. Raises UsageError where something else has such a name, JournalError where it fails.
    """
    pages = {
        folder / "journal-for-doctor.html": (as_html, _HTML_MARK),
        folder / "journal-for-doctor.md": (as_markdown, f"# {TITLE}\n"),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, (_, mark) in pages.items():
            if path.exists() and mark.encode() not in path.read_bytes():
                raise UsageError(f"{path} is not a page that voicecoach wrote; move it, or name another folder.")
        for path, (make, _) in pages.items():
            with open(path, "w", encoding="utf-8", newline="\n", opener=_private) as file:
                file.write(make(history, today))
    except OSError as fault:
        where = fault.filename or folder
        raise JournalError(f"{where}: the page for the doctor cannot be written: {fault.strerror}.") from fault
    return list(pages)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


# What is on it -------------------------------------------------------------------------------------------------------


def _page(history: History, today: date) -> _Page:
    since = today - timedelta(days=DAYS - 1)
    held = [session for session in history.sessions if session.reason != Reason.REFUSED.value]
    recent = [session for session in held if since <= session.day <= today]
    hurts = [each for each in reversed(history.incidents) if each.kind is not Noted.NUMB]
    days = _chart_days(history, recent, since)
    first = _Table(
        "Pain and warning signs, whole journal",
        _INCIDENT_HEADER,
        _incident_rows(hurts[:_FIRST_INCIDENTS]),
        "None was reported.",
        "Newest first. "
        + (f"{len(hurts) - _FIRST_INCIDENTS} earlier ones stand at the end. " if len(hurts) > _FIRST_INCIDENTS else "")
        + "Warning sign: the user said something such as weakness, slurred speech, confusion, dizziness, or no control "
        "of arm or hand. The words themselves are not kept."
        if hurts
        else "",
        3,
        (3,),
    )
    rest = [_dose_table(history, since, today), _numbness_table(history), _approval_table(history)]
    rest += _day_tables(history, recent, since, today)
    if len(hurts) > _FIRST_INCIDENTS:
        earlier = _incident_rows(hurts[_FIRST_INCIDENTS:])
        rest.append(_Table("Earlier pain and warning signs", _INCIDENT_HEADER, earlier, "", "", 3, (3,)))
    begun = history.first
    whole = f" Whole journal: from {day_in_words(begun)}." if begun is not None and begun <= today else ""
    period = f"{day_in_words(since)} to {day_in_words(today)} ({DAYS} days).{whole}"
    return _Page(period, _summary(history, held, recent, today), [first], days, rest)


def _summary(
    history: History, held: list[PastSession], recent: list[PastSession], today: date
) -> list[tuple[str, str]]:
    if not held:
        return [("Sessions", "none in the journal yet")]
    days = len({session.day for session in recent})
    ends = Counter(ending(session) for session in recent)
    streak = history.streak(today)
    return [
        (f"Sessions, last {DAYS} days", f"{len(recent)}, on {counted(days, 'day')}; {len(held)} in the whole journal"),
        ("How they ended", ", ".join(f"{count} {end}" for end, count in ends.most_common()) or "none"),
        ("Days in a row", f"{streak}, up to today or yesterday" if streak else "none at the moment"),
        ("Numbness, whole journal", _numbness_in_words(history)),
        ("Approval", _approval_in_words(history)),
    ]


def _numbness_in_words(history: History) -> str:
    reported = [each for each in history.incidents if each.kind is Noted.NUMB]
    told = "none reported"
    if reported:
        told = f"reported {counted(len(reported), 'time')}, the last on {day_in_words(reported[-1].at.date())}"
    asked = len(history.check_ins)
    if not asked:
        return told
    answers = Counter(each.answer for each in history.check_ins)
    return (
        f"{told}; asked about it {counted(asked, 'time')} between exercises: {answers['fine']} fine, "
        f"{answers['yes']} yes, {asked - answers['fine'] - answers['yes']} without an answer"
    )


def _approval_in_words(history: History) -> str:
    """The newest that stands for each title."""
    standing = {each.title: day_in_words(each.at.date()) for each in history.approvals if each.stands}
    told = [f"{title} (yes, {day})" for title, day in standing.items()][-_APPROVALS:]
    more = f", and {len(standing) - _APPROVALS} more" if len(standing) > _APPROVALS else ""
    return ", ".join(told) + more if told else "no answer is kept that a doctor or therapist has approved"


_INCIDENT_HEADER = ("Date", "Time", "What", "Exercise", "Side", "Repetition", "Second of the hold")


def _incident_rows(incidents: Iterable[Incident]) -> list[tuple[str, ...]]:
    return [
        (
            day_in_words(each.at.date()),
            time_in_words(each.at),
            KINDS[each.kind],
            each.where.shown or f"none ({each.title})",
            each.where.side or NOTHING,
            NOTHING if each.where.rep is None else str(each.where.rep),
            moment(each),
        )
        for each in incidents
    ]


def _doses_since(history: History, since: date, today: date) -> dict[Key, list[Dose]]:
    """For each exercise and side, in the order in which they were first done, the doses of its days."""
    found: dict[Key, list[Dose]] = {}
    for day, doses in sorted(history.days.items()):
        for key, dose in doses.items():
            if since <= day <= today:
                found.setdefault(key, []).append(dose)
    return found


def _dose_table(history: History, since: date, today: date) -> _Table:
    rows = []
    doses = _doses_since(history, since, today)
    order = {exercise: number for number, exercise in enumerate(dict.fromkeys(exercise for exercise, _ in doses))}
    for (exercise, side), days in sorted(doses.items(), key=lambda item: (order[item[0][0]], item[0][1] == "left")):
        counts = [dose.repetitions for dose in days]
        each = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
        seconds = round(sum(dose.held for dose in days))
        rows.append(
            (
                history.name(exercise),
                side or NOTHING,
                str(sum(counts)),
                str(len(days)),
                each,
                f"{seconds // 60} min {seconds % 60} s" if seconds else NOTHING,
            )
        )
    header = ("Exercise", "Side", "Repetitions", f"Days, of {DAYS}", "On each of them", "Held in all")
    return _Table(f"Done in the last {DAYS} days", header, rows, "Nothing was completed.", names=(0,))


def _numbness_table(history: History) -> _Table:
    noted = [(each.at, each.where, "Numbness or tingling reported")
             for each in history.incidents if each.kind is Noted.NUMB]  # fmt: skip
    noted += [(each.at, each.where, "Yes, when asked about new numbness, tingling or weakness")
              for each in history.check_ins if each.answer == "yes" and not each.is_reported]  # fmt: skip
    noted.sort(key=lambda each: each[0], reverse=True)
    listed = noted[:_NUMBNESS_ROWS]
    rows = [(day_in_words(at.date()), time_in_words(at), what, place_in_words(where)) for at, where, what in listed]
    notes = []
    if len(noted) > _NUMBNESS_ROWS:
        notes.append(f"The newest {_NUMBNESS_ROWS} of {len(noted)}.")
    if any(where.exercise is not None for _, where, _ in listed):
        notes.append("An exercise that is named here was left out for the rest of that session.")
    header = ("Date", "Time", "What", "Exercise")
    return _Table("Numbness and tingling, whole journal", header, rows, "None was reported.", " ".join(notes), 2, (3,))


def _approval_table(history: History) -> _Table:
    rows = [
        (
            day_in_words(each.at.date()),
            each.title,
            "yes" if each.stands else "yes, taken back since",
            (each.fingerprint or "?")[:12],
        )
        for each in reversed(history.approvals)
    ]
    note = "The user answered that a doctor or therapist had approved exactly these exercises." if rows else ""
    header = ("Date", "Exercises", "Answer", "Content code")
    return _Table("Approval, as answered by the user", header, rows, "None is in the journal.", note, 1, (1,))


def _day_tables(history: History, recent: list[PastSession], since: date, today: date) -> list[_Table]:
    exercises = list(dict.fromkeys(exercise for exercise, _ in _doses_since(history, since, today)))
    sessions: dict[date, list[PastSession]] = {}
    for session in recent:
        sessions.setdefault(session.day, []).append(session)
    days = sorted({*sessions, *(day for day in history.days if since <= day <= today)}, reverse=True)
    tables = []
    for start in range(0, len(exercises) or 1, _COLUMNS):
        some = exercises[start : start + _COLUMNS]
        rows = []
        for day in days:
            of_day = sessions.get(day, [])
            took = f"{sum(each.seconds for each in of_day) / 60:.0f} min" if of_day else NOTHING
            doses = history.days.get(day, {})
            rows.append((day_in_words(day), str(len(of_day)), took, *(_day_cell(doses, exercise) for exercise in some)))
        title = f"Day by day, the last {DAYS} days" + (", continued" if start else "")
        header = ("Date", "Sessions", "Time", *(history.name(exercise) for exercise in some))
        note = "Repetitions completed; of exercises with sides, right / left. Days without a session are left out."
        tables.append(_Table(title, header, rows, "No sessions.", note if rows else "", 3, range(3, len(header))))
    return tables


def _day_cell(doses: dict[Key, Dose], exercise: str) -> str:
    found = {side: dose.repetitions for (name, side), dose in doses.items() if name == exercise}
    if not found:
        return NOTHING
    if None in found and len(found) == 1:
        return str(found[None])
    return f"{found.get('right', 0)} / {found.get('left', 0)}"


def _chart_days(history: History, recent: list[PastSession], since: date) -> list[_Day]:
    completed = Counter(session.day for session in recent if session.reason == Reason.COMPLETED.value)
    total = Counter(session.day for session in recent)
    marks = Counter((each.at.date(), each.kind) for each in history.incidents)
    days = [since + timedelta(days=number) for number in range(DAYS)]
    return [
        _Day(day, completed[day], total[day] - completed[day], {kind: marks[day, kind] for kind in KINDS})
        for day in days
    ]


def _chart_title(page: _Page) -> str:
    return f"Sessions and pain, the last {len(page.days)} days"


# As Markdown ---------------------------------------------------------------------------------------------------------


def _table_as_markdown(table: _Table) -> str:
    parts = [f"## {table.title}"]
    if table.rows:
        lines = [table.header, ("---",) * len(table.header)]
        escaped = [[_escaped(cell) for cell in row] for row in (table.header, *table.rows)]
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in (escaped[0], lines[1], *escaped[1:])))
    else:
        parts.append(table.empty)
    if table.note:
        parts.append(table.note)
    return "\n\n".join(parts)


def _escaped(text: str) -> str:
    """So that it is only text, in a table too."""
    marked = "".join(f"\\{each}" if each in "\\`*_[]|~#!$" else each for each in text)
    return marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _chart_as_text(days: list[_Day]) -> list[str]:
    def row(name: str, cells: Iterable[str]) -> str:
        return f"{name:13s}" + "".join(f"{cell:>3s}" for cell in cells).rstrip()

    def counts(numbers: Iterable[int], nothing: str = "") -> list[str]:
        return [str(number) if number else nothing for number in numbers]

    return [
        row("pain", counts(day.marks[Noted.PAIN] for day in days)),
        row("warning sign", counts(day.marks[Noted.EMERGENCY] for day in days)),
        row("numbness", counts(day.marks[Noted.NUMB] for day in days)),
        row("sessions", counts((day.completed + day.unfinished for day in days), ".")),
        row("completed", counts((day.completed for day in days), ".")),
        row("day", (str(day.day.day) for day in days)),
    ]


# As HTML -------------------------------------------------------------------------------------------------------------


def _table_as_html(table: _Table) -> str:
    short = " class=short" if len(table.rows) <= _SHORT else ""
    parts = [f"<section{short}><h2>{html.escape(table.title)}</h2>"]
    if table.rows:
        head = "".join(_cell(table, "th", number, cell) for number, cell in enumerate(table.header))
        parts.append(f"<table class=fixed{table.fixed}><thead><tr>{head}</tr></thead><tbody>")
        for row in table.rows:
            parts.append(
                "<tr>" + "".join(_cell(table, "td", number, cell) for number, cell in enumerate(row)) + "</tr>"
            )
        parts.append("</tbody></table>")
    else:
        parts.append(f"<p>{html.escape(table.empty)}</p>")
    if table.note:
        parts.append(f'<p class="note">{html.escape(table.note)}</p>')
    return "\n".join((*parts, "</section>"))


def _cell(table: _Table, tag: str, number: int, text: str) -> str:
    return f"<{tag}{' class=name' if number in table.names else ''}>{html.escape(text)}</{tag}>"


_LEFT, _COLUMN, _WIDTH = 78, 22, 78 + 22 * DAYS + 2
_ROW, _MARKS_END = 18, 58
_TALLEST_BOX, _TALLEST_PILE = 14.0, 70.0
_MARK_ROWS = ((Noted.PAIN, "Pain"), (Noted.EMERGENCY, "Warning sign"), (Noted.NUMB, "Numbness"))


def _chart_as_svg(days: list[_Day]) -> str:
    """Three rows of marks that differ in shape, above boxes that stand for sessions. Black on white."""
    most = max(1, *(day.completed + day.unfinished for day in days))
    box = min(_TALLEST_BOX, _TALLEST_PILE / most)
    base = _MARKS_END + 6 + round(box * most)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {base + 30}" role="img" xmlns="http://www.w3.org/2000/svg" font-size="11">',
        f"<title>Sessions, pain, warning signs and numbness on each of {len(days)} days</title>",
        f"<desc>{html.escape(_chart_in_words(days))}</desc>",
    ]
    for number, (_, name) in enumerate(_MARK_ROWS):
        y = 10 + number * _ROW
        parts.append(f'<text x="0" y="{y + 4}">{name}</text>')
        parts.append(f'<path d="M{_LEFT} {y + 9}H{_WIDTH}" stroke="#999" stroke-width=".5"/>')
    parts.append(f'<text x="0" y="{base}">Sessions</text>')
    parts.append(f'<path d="M{_LEFT} {base}H{_WIDTH}" stroke="#000"/>')
    for number, day in enumerate(days):
        x = _LEFT + number * _COLUMN + _COLUMN / 2
        parts += _day_as_svg(day, x, base, box, number == 0)
    return "\n".join((*parts, "</svg>"))


def _day_as_svg(day: _Day, x: float, base: int, box: float, is_first: bool) -> list[str]:
    parts = []
    for number, (kind, _) in enumerate(_MARK_ROWS):
        count = day.marks[kind]
        if count:
            parts.append(_mark(kind, x - (4 if count > 1 else 0), 10 + number * _ROW))
        if count > 1:
            parts.append(f'<text x="{x + 3:g}" y="{14 + number * _ROW}" font-size="10">{count}</text>')
    gap = min(1.5, box / 5)
    for number in range(day.completed + day.unfinished):
        fill = "#444" if number < day.completed else "#fff"
        top = base - (number + 1) * box
        parts.append(
            f'<rect x="{x - 7:g}" y="{top:.2f}" width="14" height="{box - gap:.2f}" fill="{fill}" stroke="#000"/>'
        )
    weight = ' font-weight="bold"' if day.day.weekday() == 0 else ""
    parts.append(f'<text x="{x:g}" y="{base + 13}" text-anchor="middle" font-size="10"{weight}>{day.day.day}</text>')
    if is_first or day.day.day == 1:
        parts.append(f'<text x="{x - 7:g}" y="{base + 27}" font-size="10">{MONTHS[day.day.month - 1]}</text>')
    return parts


def _mark(kind: Noted, x: float, y: float) -> str:
    if kind is Noted.PAIN:
        return f'<path d="M{x:g} {y - 6}l6.5 11.5h-13z"/>'
    if kind is Noted.EMERGENCY:
        return (
            f'<path d="M{x:g} {y - 7}l7 7l-7 7l-7 -7z" fill="#fff" stroke="#000" stroke-width="1.6"/>'
            f'<text x="{x:g}" y="{y + 4}" text-anchor="middle" font-weight="bold">!</text>'
        )
    return f'<circle cx="{x:g}" cy="{y}" r="4.5" fill="none" stroke="#000" stroke-width="1.6"/>'


def _chart_in_words(days: list[_Day]) -> str:
    told = []
    for day in days:
        parts = [counted(day.completed + day.unfinished, "session")] if day.completed + day.unfinished else []
        parts += [f"{KINDS[kind].lower()} {count}" for kind, count in day.marks.items() if count]
        if parts:
            told.append(f"{day.day.isoformat()}: {', '.join(parts)}")
    return "; ".join(told) or "Nothing happened."
