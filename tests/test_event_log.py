"""The event log: every line whole, in order, at once; and a full disk ends no session."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from voicecoach.errors import UsageError
from voicecoach.event_log import EventFile, EventLog, Fields


def test_every_listener_hears_every_event_in_order() -> None:
    heard: list[tuple[int, float, str, Fields]] = []
    log = EventLog([lambda t, event, fields: heard.append((1, t, event, fields)),
                    lambda t, event, fields: heard.append((2, t, event, fields))])  # fmt: skip
    log.write(1.5, "prompt", text="Hello.")
    log.write(2.0, "underrun")
    assert heard == [(1, 1.5, "prompt", {"text": "Hello."}), (2, 1.5, "prompt", {"text": "Hello."}),
                     (1, 2.0, "underrun", {}), (2, 2.0, "underrun", {})]  # fmt: skip


def test_a_line_is_on_disk_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    file = EventFile(path)
    log = EventLog([file])
    log.write(1 / 3, "prompt", text="Öffne die Hand.", side=None)
    first = json.loads(path.read_text("utf-8"))
    assert list(first)[:3] == ["t", "event", "wall"]
    assert (first["t"], first["event"], first["text"], first["side"]) == (0.333333, "prompt", "Öffne die Hand.", None)
    assert datetime.fromisoformat(first["wall"]).tzinfo is not None
    log.write(2, "finished", reason="stop")
    file.close()
    file.close()
    assert len(path.read_text("utf-8").splitlines()) == 2


def test_half_a_character_is_written_as_json_writes_it_and_nothing_raises(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    file = EventFile(path)
    file(0, "trouble", {"what": "The music 1\udcff.wav is \ud800\U0001f600 silent: \u00f6."})
    file(1, "finished", {"reason": "stop"})
    file.close()
    assert file.failure is None
    first, last = (json.loads(line) for line in path.read_bytes().decode("utf-8").splitlines())
    assert first["what"] == "The music 1\udcff.wav is \ud800\U0001f600 silent: \u00f6."
    assert last["reason"] == "stop"


def test_appends_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("{}\n", "utf-8")
    file = EventFile(path, wall_time=lambda: "2026-01-01T00:00:00.000+00:00")
    file(0, "ready", {"ear": True})
    file.close()
    line = '{"t": 0, "event": "ready", "wall": "2026-01-01T00:00:00.000+00:00", "ear": true}'
    assert path.read_text("utf-8") == "{}\n" + line + "\n"


def test_a_file_that_cannot_be_opened_is_the_callers_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere.*events cannot be written there"):
        EventFile(tmp_path / "nowhere" / "events.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, the disk that is always full")
def test_a_full_disk_ends_nothing() -> None:
    file = EventFile(Path("/dev/full"))
    file(0, "ready", {})
    assert isinstance(file.failure, OSError)
    first = file.failure
    file(1, "prompt", {})
    file.close()
    assert file.failure is first
