"""The table of figures: its rows, how it is written as Markdown, and whether a text is in that form.

The README's table lies between two comments and is only ever written by ``python -m tests.bench --readme``. Needs
nothing but Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

ROWS = (
    'from the end of "stop", said over the coach, to silence; headphones',
    "the same where the microphone hears the loudspeaker",
    "a hold, from chime to chime, at the recorded loudspeaker: off by",
    "each chime in it: off by",
    "start to the first word, nothing kept yet",
    "start to the first word, later",
    "processor, listening in a silent hold",
    "processor, while people talk",
    "memory in RAM, of its child processes too",
    "rendering a session",
    "commands heard by mistake in people's talk",
    "commands heard, as recorded",
    "commands heard, 10 dB over kitchen noise",
    "commands heard, under the coach's 6 dB louder voice",
)
"""What is measured; each has a cell for voicecoach and one for the plain loop."""

NOT_MEASURED = "--"
"""The cell of what this run could not find out."""

HEADER = ("", "voicecoach", "plain loop")

Cells = Mapping[str, tuple[str, str]]


def table(cells: Cells, *, command: str, day: date, cores: int, notes: list[str]) -> str:
    """The whole text between the markers. ``cells`` has a pair for each of ROWS; KeyError where one is missing."""
    lines = [f"Made on {day.isoformat()}, on {cores} cores, by `{command}`:", ""]
    lines += [_line(HEADER), "|---|---|---|"]
    lines += [_line((row, *cells[row])) for row in ROWS]
    return "\n".join([*lines, "", " ".join(notes), ""])


def write_into(readme: Path, text: str) -> None:
    """Replace what lies between the markers. ValueError where they are not there exactly once, in order."""
    before, _, after = _parts(readme.read_text(encoding="utf-8"))
    readme.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")


def check_markers(readme: Path) -> None:
    """Whether ``write_into`` could: before a run of minutes, not after it. ValueError as there."""
    _parts(readme.read_text(encoding="utf-8"))


def is_empty(text: str) -> bool:
    """Whether ``text``, between the markers, says that there is no table yet, and how to make one."""
    return (
        re.fullmatch(r"None yet[^`|]*`python -m tests\.bench[^`]* --readme` writes them here\.", text.strip())
        is not None
    )


def between_the_markers(readme: str) -> str:
    """The text there. ValueError as ``write_into``."""
    return _parts(readme)[1]


def faults(text: str) -> list[str]:
    """What in ``text`` is not as ``table`` writes it, whatever the figures are."""
    lines = text.strip("\n").split("\n")
    found = []
    if not re.fullmatch(r"Made on \d{4}-\d\d-\d\d, on \d+ cores, by `python -m tests\.bench[^`]*`:", lines[0]):
        found.append(f"the first line does not say when, where and how it was made: {lines[0]}")
    rows = [line for line in lines if line.startswith("|")]
    if rows[:2] != [_line(HEADER), "|---|---|---|"]:
        found.append("the table's head is another one")
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]
    if [row[0] for row in cells] != list(ROWS):
        found.append("the rows are not those of the generator, in its order")
    found += [f"empty or too many cells: {row[0]}" for row in cells if len(row) != 3 or not all(row)]
    found += [f"neither a figure nor a dash: {row[0]}" for row in cells if not _is_figure("".join(row[1:2]))]
    # A machine's own folders tell a reader nothing.
    if re.search(r"[ `(](/|~|\.\./|[A-Z]:\\)\S", text):
        found.append("a path of the machine")
    return found


def _is_figure(cell: str) -> bool:
    return cell == NOT_MEASURED or any(sign.isdigit() for sign in cell)


def _line(cells: tuple[str, ...]) -> str:
    assert not any("|" in cell or "\n" in cell for cell in cells), cells
    return f"| {' | '.join(cells)} |"


def _parts(readme: str) -> tuple[str, str, str]:
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        raise ValueError(f"the README must have {BEGIN} and, after it, {END}, each once")
    before, rest = readme.split(BEGIN)
    inside, after = rest.split(END)
    return before, inside.lstrip("\n"), after
