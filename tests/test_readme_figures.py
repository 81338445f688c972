"""The README's table of figures is the generator's: its form is checked, not its numbers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from bench.figures_table import BEGIN, END, ROWS, between_the_markers, faults, table, write_into

CELLS = dict.fromkeys(ROWS, ("1 ms", "2 ms"))


def made() -> str:
    return table(CELLS, command="python -m tests.bench --corpus CORPUS", day=date(2026, 1, 2), cores=2, notes=["So."])


def test_the_readme_has_the_generators_table(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    assert faults(between_the_markers(readme)) == []


def test_what_the_generator_writes_is_in_its_form(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_into(readme, made())
    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\nMade on 2026-01-02, on 2 cores, by `python -m tests.bench")
    assert text.endswith(f"So.\n{END}\nafter\n")
    assert faults(between_the_markers(text)) == []
    write_into(readme, made())
    assert readme.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Made on 2026-01-02", "Made lately", "the first line"),
        ("python -m tests.bench --corpus CORPUS", "hand", "the first line"),
        (f"| {ROWS[3]} | 1 ms | 2 ms |\n", "", "the rows"),
        (f"| {ROWS[3]} | 1 ms", f"| {ROWS[3]} | ", "empty"),
        ("voicecoach", "ours", "head"),
        ("CORPUS", "/home/me/corpus", "a path"),
        ("CORPUS", "../corpus", "a path"),
    ],
)
def test_a_table_by_hand_is_noticed(old: str, new: str, fault: str) -> None:
    assert old in made()
    assert any(fault in each for each in faults(made().replace(old, new)))


@pytest.mark.parametrize("text", ["nothing", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_without_its_markers_nothing_is_written(text: str, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="each once"):
        write_into(readme, made())
    assert readme.read_text(encoding="utf-8") == text
