"""What the terminal and a spreadsheet are given of the journal."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from sample_journal import TODAY, Play, Written, three_months

from voicecoach.history import add_up
from voicecoach.journal import Broken, Entry
from voicecoach.journal_report import COLUMNS, BrokenLines, csv_lines, report

DAY = TODAY.date()


def entries(written: list[Written]) -> list[Entry]:
    return [Entry(line, at, event, fields) for line, (at, event, fields) in enumerate(written, 1)]


def shown(written: list[Written]) -> list[str]:
    return list(report(add_up(entries(written)), DAY))


def test_sessions_doses_streak_and_what_hurt_are_shown() -> None:
    lines = shown(three_months())
    assert lines[0] == "90 sessions, 13 days in a row."
    assert "Sessions, the last 10 of 90" in lines
    assert "  Sat 27 Jun 2026 18:18  Median nerve glide, 3 min, ended because of a warning sign" in lines
    assert f"{'':25s}Wrist extension stretch: right 5, left 5, held 2 minutes 30 seconds" in lines
    assert ("   Tue 9 Jun 2026 08:47  Pain: Wrist flexion stretch, left, repetition 3, second 6 of the hold "
            "(Wrist stretches)") in lines  # fmt: skip
    assert any(line.startswith("Of 1 such session you have not said yet that a doctor knows") for line in lines)
    assert lines[-1].startswith("   Wed 1 Apr 2026 08:08  Wrist stretches (wrist-stretches): approved, content ")


def test_numbness_is_told_with_its_moment_and_without_one_where_none_was_noted() -> None:
    play = Play("wrist-stretches", "s1", TODAY).start()
    place = play.place("wrist-flexion", "left", 3)
    play.note("numb", **place, state="holding", held=6.4).note("numb", **place, state="check_in", held=None)
    told = [line.split("Numbness: ")[1] for line in shown(play.note("numb", **place).written) if "Numbness: " in line]
    at = "Wrist flexion stretch, left, repetition 3"
    assert told == [f"{at}, {when}(Wrist stretches)" for when in ("second 6 of the hold ", "in a question ")] + [
        f"{at} (Wrist stretches)"
    ]


def test_today_comes_first() -> None:
    play = Play("wrist-stretches", "s1", TODAY).start().exercises(("wrist-extension", "left", 3))
    lines = shown(play.written)
    assert lines[:2] == ["1 session, 1 day in a row.",
                         "Today: Wrist extension stretch: right 5, left 2, held 1 minute 45 seconds."]  # fmt: skip
    assert any("broken off (no end was recorded)" in line for line in lines)


def test_an_empty_journal_is_one_line() -> None:
    assert shown([]) == ["0 sessions, no days in a row at the moment."]


def test_years_are_a_screenful_or_two() -> None:
    written: list[Written] = []
    for number in range(300):
        play = Play("wrist-stretches", f"s{number}", TODAY - timedelta(days=300 - number)).start().approve()
        written += play.note("pain", **play.place("wrist-flexion", "left", 1)).note("numb").finish("pain").written
    assert len(shown(written)) < 90


def test_broken_lines_are_told_in_a_few() -> None:
    broken = BrokenLines("journal.jsonl")
    assert list(broken.lines()) == []
    for line in range(1, 1001):
        broken(Broken(line, torn=False))
    assert list(broken.lines()) == [
        *(f"journal.jsonl:{line}: not readable, left out" for line in range(1, 6)),
        "journal.jsonl: 995 more lines not readable, left out",
    ]


def test_a_torn_line_is_called_that() -> None:
    broken = BrokenLines("journal.jsonl")
    broken(Broken(17, torn=True))
    assert list(broken.lines()) == [
        "journal.jsonl:17: not readable, left out (it has no end: something stopped while writing it)"
    ]


def rows(written: list[Written]) -> list[dict[str, str]]:
    return list(csv.DictReader(csv_lines(entries(written))))


def test_a_row_for_each_event() -> None:
    written = three_months()
    found = rows(written)
    assert len(found) == len(written)
    (pain,) = [row for row in found if row["event"] == "pain"]
    assert pain == dict.fromkeys(COLUMNS, "") | {
        "date": "2026-06-09", "time": "08:47:37", "utc_offset": "UTC+0200", "session": "w0021",
        "routine": "wrist-stretches", "title": "Wrist stretches", "event": "pain", "exercise": "wrist-flexion",
        "name": "Wrist flexion stretch", "side": "left", "repetition": "3", "held": "6.4", "state": "holding",
    }  # fmt: skip
    assert {row["seconds"] for row in found if row["event"] == "hold"} == {"15.0", "3.0"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(text: str) -> None:
    names = ("session", "routine", "title", "name", "state", "answer")
    (row,) = rows([(TODAY, "hold", dict.fromkeys(names, text))])
    for name in names:
        assert row[name] == f"'{text.strip()}"
    (row,) = rows([(TODAY, text, {})])
    assert row["event"] == f"'{text.strip()}"


def test_a_cell_may_hold_whatever_a_title_does() -> None:
    title = 'A "quoted", title; ünd more'
    assert rows([(TODAY, "grip", {"title": title})])[0]["title"] == title
