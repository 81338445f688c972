"""A small file that is replaced as a whole, read within bounds, and never needed."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from voicecoach.state_file import LARGEST, read_state, write_state


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "kept.json"
    write_state(path, {"name": "ä", "pairs": {"a": 1.5}})
    assert read_state(path) == {"name": "ä", "pairs": {"a": 1.5}}
    assert list(path.parent.iterdir()) == [path]


def test_no_more_is_read_than_can_be_ours(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_text('{"a": "' + "x" * LARGEST + '"}', encoding="utf-8")
    assert read_state(path) == {}


class FullDisk(type(Path())):  # type: ignore[misc]
    """A path whose disk takes half of what is written."""

    def write_text(self, data: str, encoding: str | None = None, errors: str | None = None,
                   newline: str | None = None) -> int:  # fmt: skip
        super().write_text(data[: len(data) // 2], encoding=encoding)
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = FullDisk(tmp_path) / "kept.json"
    write_state(tmp_path / "kept.json", {"a": 1})
    write_state(path, {"a": 2, "b": 3})
    assert read_state(path) == {"a": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["kept.json"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kept.json"
    path.write_bytes(content)
    assert read_state(path) == {}
