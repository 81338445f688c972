"""The README's table of figures has the form that its generator gives it; nothing is said here about the figures."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from bench.figures_table import (
    BEGIN,
    END,
    NOT_MEASURED,
    ROWS,
    between_the_markers,
    check_markers,
    faults,
    is_empty,
    table,
    write_into,
)

NONE_YET = "None yet from a machine at rest: `python -m tests.bench --corpus FOLDER --readme` writes them here.\n"
COMMAND = "python -m tests.bench --corpus CORPUS --readme"


def made(command: str = COMMAND, **cells: tuple[str, str]) -> str:
    every = dict.fromkeys(ROWS, ("12 ms", "has none")) | {ROWS[int(row[1:])]: pair for row, pair in cells.items()}
    return table(every, command=command, day=date(2026, 1, 2), cores=2, notes=["Made here."])


def test_the_readme_has_the_table_or_says_that_there_is_none_yet(repository: Path) -> None:
    text = between_the_markers((repository / "README.md").read_text(encoding="utf-8"))
    assert is_empty(text) or faults(text) == []


@pytest.mark.parametrize("before", [NONE_YET, made(), "\n\n", ""])
def test_it_is_written_between_the_markers_once_and_nothing_else_changes(tmp_path: Path, before: str) -> None:
    readme, text = tmp_path / "README.md", made(_3=(NOT_MEASURED, NOT_MEASURED))
    readme.write_text(f"# Title\n\n{BEGIN}\n{before}{END}\n\n## Après\n", encoding="utf-8")
    write_into(readme, text)
    once = readme.read_text(encoding="utf-8")
    assert once == f"# Title\n\n{BEGIN}\n{text}{END}\n\n## Après\n"
    assert between_the_markers(once) == text
    write_into(readme, text)
    assert readme.read_text(encoding="utf-8") == once


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_markers_that_are_missing_or_out_of_order_are_refused_before_and_after(tmp_path: Path, text: str) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="each once"):
        check_markers(readme)
    with pytest.raises(ValueError, match="each once"):
        write_into(readme, made())
    assert readme.read_text(encoding="utf-8") == text


def test_what_the_generator_writes_has_no_fault() -> None:
    assert faults(made()) == []
    assert faults(made(_0=(NOT_MEASURED, NOT_MEASURED), _5=("never, in 6 tries", "plays only"))) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (made().replace(COMMAND, "make figures"), "first line"),
        (made().replace("Made on 2026-01-02", "Made lately"), "first line"),
        (made().replace("voicecoach | plain loop", "ours | theirs"), "head"),
        (made().replace(f"| {ROWS[4]} | 12 ms | has none |\n", ""), "rows"),
        (made().replace(ROWS[4], "something else"), "rows"),
        (made().replace(f"{ROWS[4]} | 12 ms | has none", f"{ROWS[4]} | 12 ms |"), "cells"),
        (made().replace(f"{ROWS[4]} | 12 ms | has none", f"{ROWS[4]} | 12 ms | "), "cells"),
        (made(_4=("fast", "slow")), "neither a figure nor a dash"),
        (made(f"python -m tests.bench --corpus {'/'}data --readme"), "path"),
        (NONE_YET, "first line"),
    ],
)
def test_a_table_that_was_touched_by_hand_is_noticed(text: str, fault: str) -> None:
    assert any(fault in found for found in faults(text))


@pytest.mark.parametrize("text", ["", "None yet.", "Soon: `python -m tests.bench --readme`.", made()])
def test_only_what_says_how_to_make_it_counts_as_none_yet(text: str) -> None:
    assert is_empty(NONE_YET)
    assert not is_empty(text)
