"""``voicecoach journal`` as its user and other programs see it; each command runs as its own process."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest
from sample_journal import Play, Written, three_months, write

from voicecoach.journal import read


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A home of its own. The journal is where ``--path`` says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        kept[name] = str(tmp_path / "home")
    return {**kept, "XDG_DATA_HOME": str(tmp_path / "data")}


def run(env: dict[str, str], cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "voicecoach", "journal", *arguments]
    return subprocess.run(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          encoding="utf-8", timeout=60, check=False)  # fmt: skip


def place(env: dict[str, str], cwd: Path) -> Path:
    done = run(env, cwd, "--path")
    assert done.returncode == 0
    return Path(done.stdout.strip())


def keep(env: dict[str, str], cwd: Path, written: list[Written]) -> Path:
    path = place(env, cwd)
    path.parent.mkdir(parents=True)
    return write(path, written)


def test_without_a_journal_there_is_a_friendly_line_and_nothing_is_made(env: dict[str, str], tmp_path: Path) -> None:
    for flags in ([], ["--for-doctor"], ["--forget-approval"], ["--delete"], ["--csv"]):
        done = run(env, tmp_path, *flags)
        assert done.returncode == 0
        assert "There is no journal yet: your first session begins it." in done.stdout + done.stderr
    assert run(env, tmp_path, "--csv").stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_the_report_and_its_broken_lines(env: dict[str, str], tmp_path: Path) -> None:
    path = keep(env, tmp_path, three_months())
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:16], b"garbage\n", *lines[16:], lines[0][:30]]))
    done = run(env, tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("90 sessions, ")
    assert done.stderr.splitlines() == [
        "journal.jsonl:17: not readable, left out",
        f"journal.jsonl:{len(lines) + 2}: not readable, left out (it has no end: something stopped while writing it)",
    ]


def test_the_page_for_the_doctor(env: dict[str, str], tmp_path: Path) -> None:
    keep(env, tmp_path, three_months())
    done = run(env, tmp_path, "--for-doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["journal-for-doctor.html", "journal-for-doctor.md"]
    assert run(env, tmp_path, "--for-doctor").returncode == 0
    (tmp_path / "journal-for-doctor.html").write_text("mine")
    refused = run(env, tmp_path, "--for-doctor")
    assert refused.returncode == 2
    assert "is not a page that voicecoach wrote" in refused.stderr
    assert run(env, tmp_path, "--for-doctor", str(tmp_path / "there")).returncode == 0
    assert "Exercise journal" in (tmp_path / "there" / "journal-for-doctor.html").read_text("utf-8")


def test_csv_in_any_locale(env: dict[str, str], tmp_path: Path) -> None:
    path = keep(env, tmp_path, Play("wrist-stretches", "s1", datetime.now(timezone.utc)).start().written)
    path.write_text(path.read_text("utf-8").replace("Wrist stretches", "Übung \\ud800 手"), "utf-8")
    for more in ({}, {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}):
        done = run({**env, **more}, tmp_path, "--csv")
        assert done.returncode == 0, done.stderr
        (row,) = csv.DictReader(done.stdout.splitlines())
        assert (row["event"], row["title"]) == ("started", "Übung 手")
        assert run({**env, **more}, tmp_path).returncode == 0


def test_an_approval_can_be_shown_and_taken_back(env: dict[str, str], tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    plays = [Play(name, name, now).start().approve() for name in ("wrist-stretches", "tour")]
    written = [entry for play in plays for entry in play.written]
    path = keep(env, tmp_path, written)
    assert run(env, tmp_path).stdout.count(": approved, content ") == 2
    wrong = run(env, tmp_path, "--forget-approval", "wrist")
    assert wrong.returncode == 2
    assert 'No approval of "wrist" is kept; kept: tour, wrist-stretches.' in wrong.stderr
    done = run(env, tmp_path, "--forget-approval", "wrist-stretches.yaml")
    assert done.stdout == f"Wrist stretches: the approval of {now:%Y-%m-%d} is taken back; you will be asked again.\n"
    assert run(env, tmp_path).stdout.count(": taken back since, content ") == 1
    assert run(env, tmp_path, "--forget-approval").returncode == 0
    assert run(env, tmp_path).stdout.count(": taken back since, content ") == 2
    assert run(env, tmp_path, "--forget-approval").stdout == "No approval is kept.\n"
    taken = [json.loads(line) for line in path.read_text("utf-8").splitlines()][-2:]
    assert [(entry["event"], entry["routine"]) for entry in taken] == [
        ("approval_withdrawn", "wrist-stretches"), ("approval_withdrawn", None)]  # fmt: skip
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_deleted_unasked(env: dict[str, str], tmp_path: Path) -> None:
    path = keep(env, tmp_path, three_months(3))
    done = run(env, tmp_path, "--delete")
    assert done.returncode == 2
    assert "--delete --yes" in done.stderr
    assert run(env, tmp_path, "--yes").returncode == 2
    assert run(env, tmp_path, "--delete", "--csv").returncode == 2
    assert len(list(read(path))) > 0
    done = run(env, tmp_path, "--delete", "--yes")
    assert (done.returncode, done.stdout) == (0, "The journal is deleted.\n")
    assert list(path.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("typed", "left"), [(b"yes\n", False), (b"YES \n", False), (b"y\n", True), (b"\n", True),
                                             (b"\x04", True)])  # fmt: skip
def test_deleting_takes_a_typed_yes(env: dict[str, str], tmp_path: Path, typed: bytes, left: bool) -> None:
    import pty

    path = keep(env, tmp_path, three_months(3))
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed)
        command = [sys.executable, "-m", "voicecoach", "journal", "--delete"]
        done = subprocess.run(command, env=env, cwd=tmp_path, stdin=theirs, capture_output=True, text=True, timeout=60,
                              check=False)  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
    assert path.exists() == left
    assert ("Nothing was deleted." if left else "The journal is deleted.") in done.stdout


def test_a_journal_that_cannot_be_read_is_told_without_a_traceback(env: dict[str, str], tmp_path: Path) -> None:
    path = place(env, tmp_path)
    path.mkdir(parents=True)
    for flags in ([], ["--csv"], ["--for-doctor"]):
        done = run(env, tmp_path, *flags)
        assert done.returncode == 1
        assert "cannot be read" in done.stderr
        assert "Traceback" not in done.stderr
