"""A session being written down: in order, on the disk when the call returns, never for long in the session's way."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from voicecoach import __version__
from voicecoach.history import add_up, standing
from voicecoach.journal import UnflushedError, append, read
from voicecoach.journal_writer import Journal, Sitting
from voicecoach.routine.fingerprint import approval_fingerprint, introduction_fingerprint
from voicecoach.routine.library import find
from voicecoach.routine.loader import load
from voicecoach.session.cues import Place
from voicecoach.session.effects import Noted, Record

WRIST = load(find("wrist-stretches"))
AT = datetime(2026, 5, 4, 18, 30, 12, 345_000, tzinfo=timezone(timedelta(hours=2)))
HERE = Place("wrist-flexion", "left", 3)
UNTIL_WRITTEN = 60.0
"""Seconds; a real disk that other programs keep busy may take longer than a session waits for it."""


class Disk:
    """Stands in for the disk: slow, full or deaf as told; objects to two writers at once."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.answers.set()
        self.fault: Exception | None = None
        self.lines: list[bytes] = []
        self._turn = threading.Lock()

    def __call__(self, path: Path, line: bytes) -> None:
        assert self._turn.acquire(blocking=False), "two threads write at once"
        try:
            assert self.answers.wait(20)
            if self.fault is not None:
                raise self.fault
            self.lines.append(line)
        finally:
            self._turn.release()


@pytest.fixture
def disk() -> Disk:
    return Disk()


def journal_on(disk: Disk, **patience: float) -> Journal:
    return Journal(Path("journal.jsonl"), Sitting.of("wrist-stretches", WRIST), lambda: AT, write=disk, **patience)


def rep(number: int) -> Record:
    return Record(Noted.REPETITION, Place("wrist-flexion", "left", number))


def test_what_an_entry_says(tmp_path: Path) -> None:
    path = tmp_path / "data" / "journal.jsonl"
    sitting = Sitting.of("wrist-stretches", WRIST)
    journal = Journal(path, sitting, lambda: AT, patience=UNTIL_WRITTEN, urgent_patience=UNTIL_WRITTEN)
    base = {"session": sitting.session, "routine": "wrist-stretches", "title": "Wrist stretches"}
    where = {"exercise": "wrist-flexion", "name": "Wrist flexion stretch", "side": "left", "rep": 3}
    approval, introduction = approval_fingerprint(WRIST), introduction_fingerprint(WRIST)
    expected: list[tuple[Record, dict[str, Any]]] = [
        (Record(Noted.STARTED, fields={"approved_by_flag": False}), base | {
            "approved_by_flag": False, "version": __version__, "approval": approval, "introduction": introduction}),
        (Record(Noted.APPROVAL, fields={"answer": "yes"}), base | {"answer": "yes", "fingerprint": approval}),
        (Record(Noted.DOCTOR_SEEN, fields={"answer": "yes", "about": ["a", "b"]}),
         base | {"answer": "yes", "about": ["a", "b"]}),
        (Record(Noted.INTRODUCED), base | {"fingerprint": introduction}),
        (Record(Noted.HOLD, HERE, {"seconds": 15.0}), base | where | {"seconds": 15.0}),
        (Record(Noted.REPETITION, HERE), base | where),
        (Record(Noted.CHECK_IN, Place("wrist-flexion"), {"answer": "fine"}), base | {
            "exercise": "wrist-flexion", "name": "Wrist flexion stretch", "answer": "fine"}),
        (Record(Noted.PAIN, HERE, {"state": "holding", "held": 6.5}), base | where | {"state": "holding", "held": 6.5}),
        (Record(Noted.EMERGENCY, fields={"state": "closing", "held": None}), base | {"state": "closing", "held": None}),
        (Record(Noted.FINISHED, fields={"reason": "emergency", "seconds": 301.5}),
         base | {"reason": "emergency", "seconds": 301.5}),
    ]  # fmt: skip
    for number, (record, _) in enumerate(expected, 1):
        journal(record)
        assert len(list(read(path))) == number, "it is on the disk when the call returns"
    journal.close()
    assert [(entry.event, entry.at, entry.fields) for entry in read(path)] == [
        (record.noted.value, AT, fields) for record, fields in expected
    ]
    assert journal.failure is None


def test_no_two_sessions_share_an_id() -> None:
    assert len({Sitting.of("w", WRIST).session for _ in range(100)}) == 100


def test_a_field_cannot_pass_for_the_entrys_own(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", Sitting.of("w", WRIST), lambda: AT)
    journal(Record(Noted.HOLD, fields={"routine": "other", "event": "pain", "at": "never", "seconds": 1.0}))
    journal.close()
    (entry,) = read(tmp_path / "journal.jsonl")
    assert (entry.event, entry.at, entry.fields["routine"]) == ("hold", AT, "w")


def test_a_disk_that_hangs_holds_the_session_up_once_and_pain_a_little_longer(disk: Disk) -> None:
    journal = journal_on(disk, patience=0.05, urgent_patience=0.1)
    disk.answers.clear()
    before = time.monotonic()
    journal(rep(1))
    assert 0.05 <= time.monotonic() - before < 1
    before = time.monotonic()
    for number in range(2, 30):
        journal(rep(number))
    assert time.monotonic() - before < 1, "28 calls at 0.05 s each would take 1.4 s"
    before = time.monotonic()
    journal(Record(Noted.PAIN, HERE, {"held": 3.0}))
    assert 0.1 <= time.monotonic() - before < 1
    assert disk.lines == []
    disk.answers.set()
    journal.close()
    assert [b'"rep": %d}' % (number) in line for number, line in enumerate(disk.lines[:29], 1)] == [True] * 29
    assert b'"event": "pain"' in disk.lines[29]
    assert journal.failure is None


def test_pain_that_the_disk_has_not_taken_in_time_is_late_and_nothing_else_is(disk: Disk) -> None:
    journal = journal_on(disk, patience=0.01, urgent_patience=0.05)
    journal(Record(Noted.PAIN, HERE, {"held": 3.0}))
    assert not journal.late
    disk.answers.clear()
    journal(rep(1))
    assert not journal.late
    journal(Record(Noted.EMERGENCY))
    assert journal.late
    disk.answers.set()
    journal.close()
    assert (len(disk.lines), journal.failure) == (3, None)


def test_the_program_can_end_although_the_disk_never_answers(disk: Disk) -> None:
    journal = journal_on(disk, patience=0.01)
    disk.answers.clear()
    journal(rep(1))
    journal(rep(2))
    journal.close(0.05)
    assert "the last 2 entries may be missing" in str(journal.failure)
    disk.answers.set()


def test_what_a_full_disk_refused_is_written_before_what_follows(disk: Disk) -> None:
    journal = journal_on(disk)
    disk.fault = OSError(28, "No space left on device")
    for number in (1, 2):
        journal(rep(number))
    first = journal.failure
    assert str(first) == ("The journal journal.jsonl has a problem: it cannot be written (No space left on device); "
                          "pain and doses of this session may be missing.")  # fmt: skip
    disk.fault = ValueError("embedded null byte")
    journal(rep(3))
    disk.fault = None
    journal(rep(4))
    journal.close()
    written = [line[line.index(b'"rep"') :] for line in disk.lines]
    assert written == [b'"rep": %d}\n' % number for number in (1, 2, 3, 4)]
    assert journal.failure is first


def test_closing_tries_once_more(disk: Disk) -> None:
    journal = journal_on(disk)
    disk.fault = OSError(5, "Input/output error")
    journal(rep(1))
    disk.fault = None
    journal.close()
    assert len(disk.lines) == 1


def test_what_stands_in_the_file_unconfirmed_is_not_written_twice(tmp_path: Path) -> None:
    def unconfirmed(path: Path, line: bytes) -> None:
        append(path, line)
        raise UnflushedError(5, "Input/output error")

    journal = Journal(tmp_path / "journal.jsonl", Sitting.of("w", WRIST), lambda: AT, write=unconfirmed)
    for number in (1, 2, 3):
        journal(rep(number))
    journal.close()
    assert [entry.fields["rep"] for entry in read(tmp_path / "journal.jsonl")] == [1, 2, 3]
    assert "did not confirm an entry (Input/output error)" in str(journal.failure)


def test_an_entry_that_cannot_be_put_down_stops_no_other(disk: Disk) -> None:
    journal = journal_on(disk)
    journal(Record(Noted.HOLD, fields={"seconds": object()}))  # type: ignore[dict-item]
    journal(rep(2))
    journal.close()
    assert len(disk.lines) == 1
    assert "a fault of the program" in str(journal.failure)


def test_a_closed_journal_takes_nothing_and_can_be_closed_again(disk: Disk) -> None:
    journal = journal_on(disk)
    journal.close()
    journal.close()
    with pytest.raises(RuntimeError, match="closed"):
        journal(rep(1))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal.jsonl", Sitting.of("w", WRIST))
    journal(rep(1))
    journal.close()
    assert "Not a directory" in str(journal.failure) or "cannot find" in str(journal.failure)


def test_a_clock_that_is_set_back_during_a_session_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    times = iter([AT, AT + timedelta(minutes=2), AT - timedelta(days=400), AT - timedelta(days=400, minutes=-1)])
    journal = Journal(path, Sitting.of("wrist-stretches", WRIST), lambda: next(times))
    over = Record(Noted.FINISHED, fields={"reason": "pain"})
    for what in (Record(Noted.STARTED), rep(1), Record(Noted.PAIN, HERE), over):
        journal(what)
    journal.close()
    assert journal.failure is None
    entries = list(read(path))
    assert [entry.event for entry in entries] == ["started", "repetition", "pain", "finished"]
    history = add_up(entries)
    (session,) = history.sessions
    assert (session.reason, session.seconds) == ("pain", 0.0)
    for today in (AT.date(), AT.date() - timedelta(days=400)):
        (hurt,) = standing(history, "wrist-stretches", WRIST, today).hurts
        assert not hurt.urgent
    assert standing(history, "wrist-stretches", WRIST, AT.date()).done_today == {("wrist-flexion", "left"): 1}
