"""The volume that was chosen by voice is there next time; a damaged file is as good as none."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicecoach.remembered import default_path, remember_volume, volume


def test_nothing_is_chosen_at_first() -> None:
    assert volume() == 1.0


def test_what_was_chosen_is_there_next_time() -> None:
    remember_volume(0.7092)
    assert volume() == 0.7092
    remember_volume(2.0)
    assert volume() == 2.0
    assert [path.name for path in default_path().parent.iterdir()] == [default_path().name]


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"volume": "loud"}', '{"volume": 0}', '{"volume": 1e9}',
                                     '{"volume": NaN}', '{"volume": true}', "[" * 100_000, "\udc00"])  # fmt: skip
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "remembered.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    assert volume(path) == 1.0


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remember_volume(0.5, tmp_path / "file" / "remembered.json")
    assert volume(tmp_path / "file" / "remembered.json") == 1.0
