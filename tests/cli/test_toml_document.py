"""Where things stand in a TOML file, whatever is around them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.cli.toml_document import LARGEST, parse, read
from voicecoach.errors import ConfigurationError

VALUES = st.sampled_from(
    ["1", "-0.5", '"a # b"', "'[x]'", "true", "[\n 1,\n # two\n 2\n]", '"""\n[no]\nkey = 1\n"""', "1979-05-27"]
)
LINES = st.lists(st.one_of(st.just(""), st.just("# [comment] = 1"), st.just("   "), st.just("[t"), VALUES), max_size=12)


@given(LINES)
def test_every_key_has_its_line(lines: list[str]) -> None:
    text, expected, line, keys, tables = "", [], 1, 0, 0
    for each in lines:
        written = each
        if each == "[t":
            tables += 1
            written = f"  [t{tables}] # a table"
            expected.append((f"t{tables}", line, 4))
        elif each.strip() and not each.startswith("#"):
            keys += 1
            written = f" k{keys} = {each}"
            expected.append((f"k{keys}", line, 2))
        text += written + "\n"
        line += written.count("\n") + 1
    assert [(item.path[-1], item.line, item.column) for item in parse(text, "x")] == expected


@given(st.text(max_size=60))
def test_any_text_is_read_or_told_of_with_a_place_in_it(text: str) -> None:
    try:
        parse(text, "x")
    except ConfigurationError as fault:
        (problem,) = fault.problems
        name, line, column, _ = problem.split(":", 3)
        assert name == "x"
        assert 1 <= int(line) <= text.count("\n") + 1
        assert int(column) >= 1


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("#" * (LARGEST + 1))
    with pytest.raises(ConfigurationError, match="too large: 16 KB, at most 16 KB"):
        read(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no such file there")
def test_a_file_that_never_ends_is_not_read() -> None:
    with pytest.raises(ConfigurationError, match="not a file"):
        read(Path("/dev/zero"))
