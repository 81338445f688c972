"""The doctor's page: the same facts in both forms, printable without colour, and nobody's text runs in it."""

from __future__ import annotations

import os
import re
import stat
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sample_journal import TODAY, Play, Written, three_months

from voicecoach.doctor_page import as_html, as_markdown, write
from voicecoach.errors import JournalError, UsageError
from voicecoach.history import History, add_up
from voicecoach.history_wording import NOTHING
from voicecoach.journal import Entry

DAY = TODAY.date()
EVIL = "<script>alert(1)</script>\"' & | **b** [a](javascript:b) `c` $title"


def history(written: list[Written]) -> History:
    return add_up(Entry(line, at, event, fields) for line, (at, event, fields) in enumerate(written, 1))


THREE_MONTHS = history(three_months())


class Page(HTMLParser):
    """What a reader sees: headings, tables as lists of rows, and which tags there are. Objects to tags left open."""

    _VOID = ("meta", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._open: list[str] = []
        self._heading = ""
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in self._VOID:
            self._open.append(tag)
        if tag == "h2":
            self._heading = ""
        elif tag == "table":
            self.tables[self._heading] = []
        elif tag == "tr":
            self.tables[self._heading].append([])
        elif tag in ("td", "th"):
            self.tables[self._heading][-1].append("")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "h2":
            self._heading += data
        elif self._open and self._open[-1] in ("td", "th"):
            self.tables[self._heading][-1][-1] += data


def svg(text: str) -> ElementTree.Element:
    found = re.search(r"<svg.*?</svg>", text, re.DOTALL)
    assert found is not None
    return ElementTree.fromstring(found[0])


def markdown_tables(text: str) -> dict[str, list[list[str]]]:
    tables: dict[str, list[list[str]]] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("| ") and "---" not in line:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            tables.setdefault(heading, []).append([cell.strip() for cell in cells])
    return tables


def test_every_pain_and_warning_sign_is_there_with_its_place_and_second() -> None:
    table = Page(as_html(THREE_MONTHS, DAY)).tables["Pain and warning signs, whole journal"]
    assert table == [
        ["Date", "Time", "What", "Exercise", "Side", "Repetition", "Second of the hold"],
        ["Sat 27 Jun 2026", "18:20", "Warning sign", "Median nerve glide", "right", "7", "2"],
        ["Tue 9 Jun 2026", "08:47", "Pain", "Wrist flexion stretch", "left", "3", "6"],
    ]


def test_doses_are_added_up_for_each_exercise_and_side() -> None:
    table = Page(as_html(THREE_MONTHS, DAY)).tables["Done in the last 30 days"]
    since = DAY - timedelta(days=29)
    days = [doses for day, doses in THREE_MONTHS.days.items() if day >= since]
    rows = {(row[0], row[1]): row[2:] for row in table[1:]}
    assert len(rows) == len(table) - 1
    for (name, side), (repetitions, on_days, _, held) in rows.items():
        keys = {(THREE_MONTHS.name(key[0]), key[1] or NOTHING): key for doses in days for key in doses}
        key = keys[name, side]
        of_it = [doses[key] for doses in days if key in doses]
        assert int(repetitions) == sum(dose.repetitions for dose in of_it)
        assert int(on_days) == len(of_it)
        seconds = sum(dose.held for dose in of_it)
        assert held == (f"{seconds // 60:.0f} min {seconds % 60:.0f} s" if seconds else NOTHING)
    assert rows["Wrist flexion stretch", "left"][2] == "2 to 5"


def test_both_forms_say_the_same() -> None:
    for past in (THREE_MONTHS, history(three_months(2000)), history([])):
        assert markdown_tables(as_markdown(past, DAY)) == Page(as_html(past, DAY)).tables


def test_the_summary_and_what_is_not_known_are_told() -> None:
    for text in (as_html(THREE_MONTHS, DAY), as_markdown(THREE_MONTHS, DAY)):
        assert "Mon 1 Jun 2026 to Tue 30 Jun 2026 (30 days). Whole journal: from Wed 1 Apr 2026." in text
        assert "31, on 24 days; 90 in the whole journal" in text
        assert "27 completed, 1 ended because of pain, 1 broken off (no end was recorded)" in text
        assert "Nothing here was measured or diagnosed." in text
        assert "reported 1 time, the last on Wed 24 Jun 2026; asked about it 72 times between exercises: " in text
        assert "71 fine, 1 yes, 0 without an answer" in text
        assert "Wrist stretches (yes, Wed 1 Apr 2026)" in text


NUMBNESS = "Numbness and tingling, whole journal"
LEFT_OUT = "An exercise that is named here was left out for the rest of that session."


def test_a_check_in_that_was_answered_late_or_with_numbness_is_told_once() -> None:
    play = Play("wrist-stretches", "s1", TODAY).start()
    where = {"exercise": "wrist-flexion", "name": "Wrist flexion stretch"}
    play.note("check_in", answer="none", **where).note("check_in", answer="fine", **where)
    play.note("check_in", answer="none", **where).note("numb", state="check_in_waiting", **where)
    play.note("check_in", answer="yes", **where).finish()
    text = as_html(history(play.written), DAY)
    assert "reported 1 time, the last on Tue 30 Jun 2026; asked about it 3 times between exercises: " in text
    assert "1 fine, 2 yes, 0 without an answer" in text
    assert [row[2] for row in Page(text).tables[NUMBNESS][1:]] == [
        "Yes, when asked about new numbness, tingling or weakness",
        "Numbness or tingling reported",
    ]
    assert LEFT_OUT in text


def test_nothing_was_left_out_where_numbness_was_told_outside_an_exercise() -> None:
    play = Play("wrist-stretches", "s1", TODAY).start().note("numb").finish()
    text = as_html(history(play.written), DAY)
    assert Page(text).tables[NUMBNESS][1][3] == NOTHING
    assert "left out for" not in text
    for number in range(12):
        play.note("numb", 60 * (number + 1))
    text = as_markdown(history([*Play("wrist-stretches", "s0", TODAY).note(
        "numb", exercise="a", name="A").written, *play.written]), DAY)  # fmt: skip
    assert "The newest 12 of 14." in text
    assert "left out for" not in text, "the row with an exercise is too old to be listed"


def test_an_approval_that_was_taken_back_says_so() -> None:
    written = [*three_months(), (TODAY, "approval_withdrawn", {"routine": None})]
    table = Page(as_html(history(written), DAY)).tables["Approval, as answered by the user"]
    assert table[1][:3] == ["Wed 1 Apr 2026", "Wrist stretches", "yes, taken back since"]
    assert "no answer is kept that a doctor or therapist has approved" in as_html(history(written), DAY)


def test_the_chart_has_a_box_for_each_session_and_marks_that_differ_in_shape() -> None:
    chart = svg(as_html(THREE_MONTHS, DAY))
    tag = "{http://www.w3.org/2000/svg}"
    boxes = [box.get("fill") for box in chart.iter(f"{tag}rect")]
    assert (boxes.count("#444"), boxes.count("#fff")) == (27, 4)
    triangles = [path for path in chart.iter(f"{tag}path") if "l6.5 11.5h-13z" in str(path.get("d"))]
    diamonds = [path for path in chart.iter(f"{tag}path") if "l7 7l-7 7" in str(path.get("d"))]
    assert (len(triangles), len(diamonds), len(list(chart.iter(f"{tag}circle")))) == (1, 1, 1)
    words = [text.text for text in chart.iter(f"{tag}text")]
    assert words[:3] == ["Pain", "Warning sign", "Numbness"]
    assert [word for word in words if word and word.isdigit()] == [str(day) for day in range(1, 31)]
    described = chart.find(f"{tag}desc")
    assert described is not None
    assert "2026-06-09: 1 session, pain 1" in str(described.text)


def test_no_colour_carries_meaning() -> None:
    for colour in re.findall(r"#[0-9a-fA-F]{3,6}\b", as_html(THREE_MONTHS, DAY)):
        assert len(set(colour[1:])) == 1, f"{colour} is no grey"


def test_many_sessions_and_marks_on_one_day_stay_inside_the_chart() -> None:
    written: list[Written] = []
    for number in range(200):
        play = Play("wrist-stretches", f"s{number}", TODAY).start()
        written += play.note("pain", held=1.0, **play.place("wrist-flexion", "left", 1)).finish("pain").written
    chart = svg(as_html(history(written), DAY))
    height = float(str(chart.get("viewBox")).split()[3])
    boxes = list(chart.iter("{http://www.w3.org/2000/svg}rect"))
    assert len(boxes) == 200
    assert all(58 <= float(str(box.get("y"))) < height and float(str(box.get("height"))) > 0 for box in boxes)


def test_a_long_list_keeps_the_first_page_and_loses_nothing() -> None:
    written: list[Written] = []
    for number in range(30):
        play = Play("wrist-stretches", f"s{number}", TODAY - timedelta(days=number * 40)).start()
        written = play.note("pain", held=1.0, **play.place("wrist-flexion", "left", 1)).finish("pain").written + written
    tables = Page(as_html(history(written), DAY)).tables
    first, earlier = tables["Pain and warning signs, whole journal"], tables["Earlier pain and warning signs"]
    assert (len(first) - 1, len(earlier) - 1) == (8, 22)
    assert first[1][0] == "Tue 30 Jun 2026"
    assert list(tables)[-1] == "Earlier pain and warning signs"


def test_an_empty_journal_makes_a_page() -> None:
    for text in (as_html(history([]), DAY), as_markdown(history([]), DAY)):
        assert "none in the journal yet" in text
        assert "None was reported." in text


def test_text_of_strangers_is_only_text() -> None:
    play = Play("wrist-stretches", "s1", TODAY).start()
    where = {"exercise": "a", "name": EVIL, "side": "left", "rep": 1}
    play.note("repetition", **where).note("pain", **where).note("numb", **where)
    written = [(at, event, {**fields, "title": EVIL}) for at, event, fields in play.approve().finish("pain").written]
    text = as_html(history(written), DAY)
    page = Page(text)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "b", "a", "iframe", "img", "link", "object"})
    assert [name for _, attributes in page.tags for name in attributes if name.startswith("on")] == []
    assert page.tables["Pain and warning signs, whole journal"][1][3] == EVIL
    for line in as_markdown(history(written), DAY).splitlines():
        assert "<script" not in line
        assert re.search(r"(?<!\\)\*\*b|(?<!\\)\[a|(?<!\\)`c", line) is None
        if line.startswith("| "):
            assert line.count("|") - line.count(r"\|") in (5, 6, 7, 8)


def test_the_page_fetches_nothing() -> None:
    text = as_html(THREE_MONTHS, DAY).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|url\(|@import|src=|href=", text)
    assert "default-src 'none'" in text


def test_it_makes_no_medical_claim() -> None:
    text = as_markdown(THREE_MONTHS, DAY).lower()
    for word in ("improv", "cause", "risk", "should", "recommend", "treat", "severe"):
        assert word not in text.replace("because", ""), word


# Writing -------------------------------------------------------------------------------------------------------------


def test_both_pages_are_written_for_the_user_alone_and_may_be_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    pages = write(folder, THREE_MONTHS, DAY)
    assert [page.name for page in pages] == ["journal-for-doctor.html", "journal-for-doctor.md"]
    if os.name == "posix":
        assert {stat.S_IMODE(page.stat().st_mode) for page in pages} == {0o600}
    assert write(folder, history([]), date(2026, 7, 1)) == pages
    assert pages[1].read_text("utf-8") == as_markdown(history([]), date(2026, 7, 1))
    assert pages[0].read_text("utf-8") == as_html(history([]), date(2026, 7, 1))


def test_what_it_did_not_write_it_leaves_alone(tmp_path: Path) -> None:
    mine = tmp_path / "journal-for-doctor.md"
    mine.write_text("my own notes")
    with pytest.raises(UsageError, match="is not a page that voicecoach wrote"):
        write(tmp_path, THREE_MONTHS, DAY)
    assert [path.name for path in tmp_path.iterdir()] == [mine.name]
    assert mine.read_text() == "my own notes"


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be written"):
        write(tmp_path / "file", THREE_MONTHS, DAY)
