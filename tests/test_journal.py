"""The journal's file: nothing recorded is lost, nothing broken stops a reader, nobody else may read it."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach import journal
from voicecoach.errors import JournalError
from voicecoach.journal import LONGEST_LINE, Broken, append, default_path, delete, encode, read

AT = datetime(2026, 5, 4, 18, 30, 12, 345_678, tzinfo=timezone(timedelta(hours=2)))
GOOD = encode(AT, "repetition", {"session": "abc", "rep": 1})

posix = pytest.mark.skipif(os.name != "posix", reason="mode bits and signals of POSIX")


def numbered(number: int) -> bytes:
    return encode(AT, "repetition", {"rep": number})


def reps(path: Path) -> list[int]:
    return [entry.fields["rep"] for entry in read(path)]


def broken(path: Path) -> list[Broken]:
    found: list[Broken] = []
    for _ in read(path, found.append):
        pass
    return found


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_lies_in_the_users_data_folder() -> None:
    assert (default_path().name, default_path().parent.name) == ("journal.jsonl", "voicecoach")


def test_an_entry_is_one_line_that_anybody_can_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    append(path, encode(AT, "hold", {"session": "abc", "name": "Böses\nHandgelenk", "seconds": 15.0, "v": 9}))
    assert path.read_text("utf-8") == (
        '{"v": 1, "at": "2026-05-04T18:30:12.345+02:00", "event": "hold", "session": "abc", '
        '"name": "Böses\\nHandgelenk", "seconds": 15.0}\n'
    )
    (entry,) = read(path)
    assert (entry.line, entry.at, entry.event) == (1, AT.replace(microsecond=345_000), "hold")
    assert entry.fields == {"session": "abc", "name": "Böses\nHandgelenk", "seconds": 15.0}


def test_what_json_has_no_number_for_is_null() -> None:
    assert json.loads(encode(AT, "pain", {"held": float("nan"), "seconds": float("-inf")}))["held"] is None


def test_an_entry_longer_than_the_reader_takes_is_not_written() -> None:
    with pytest.raises(ValueError, match="bytes"):
        encode(AT, "hold", {"name": "x" * LONGEST_LINE})


def test_no_file_is_an_empty_journal(tmp_path: Path) -> None:
    assert list(read(tmp_path / "nothing" / "journal.jsonl")) == []


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"cannot be read: Is a directory|cannot be read: Permission denied"):
        list(read(tmp_path))


@posix
def test_only_the_user_may_read_file_and_folder(tmp_path: Path) -> None:
    path = tmp_path / "data" / "voicecoach" / "journal.jsonl"
    before = os.umask(0)
    try:
        append(path, GOOD)
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    path.chmod(0o644)
    append(path, GOOD)
    assert mode(path) == 0o600
    assert len(list(read(path))) == 2


@pytest.mark.parametrize(
    "line",
    [
        b'{"v": 1, "at": "2026-05-04T18:30:12.345+02:00", "event": "ho',
        b"\xff\xfe\x00nonsense",
        b"[1, 2]",
        b'"text"',
        b"null",
        b"{}",
        b'{"event": "hold", "at": 17}',
        b'{"event": "hold", "at": "yesterday"}',
        b'{"event": ["hold"], "at": "2026-05-04T18:30:12+02:00"}',
        b"[" * 50_000,
        b'{"event": "hold", "at": "2026-05-04T18:30:12+02:00", "n": ' + b"9" * 10_000 + b"}",
        b"x" * (3 * LONGEST_LINE),
        b"\0" * 4096,
    ],
    ids=lambda line: repr(line[:24]),
)
def test_a_broken_line_is_left_out_and_told(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(numbered(1) + line + b"\n" + numbered(2) + line)
    assert reps(path) == [1, 2]
    assert broken(path) == [Broken(2, torn=False), Broken(4, torn=True)]
    append(path, numbered(3))
    assert reps(path) == [1, 2, 3]
    assert broken(path) == [Broken(2, torn=False), Broken(4, torn=False)]


def test_what_a_newer_version_writes_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"v": 7, "at": "2026-05-04T16:30:12Z", "event": "grip", "newtons": [3]}\n')
    (entry,) = read(path)
    assert (entry.event, entry.fields["newtons"], entry.at) == ("grip", [3], AT.replace(microsecond=0))


def test_editors_leave_their_marks(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + numbered(1).replace(b"\n", b"\r\n") + b"\n  \n" + numbered(2))
    assert reps(path) == [1, 2]
    assert broken(path) == []


def test_a_whole_line_that_only_lacks_its_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(numbered(1) + numbered(2)[:-1])
    assert (reps(path), broken(path)) == ([1, 2], [])
    append(path, numbered(3))
    assert (reps(path), broken(path)) == ([1, 2, 3], [])


_NOISE = st.binary(max_size=200) | st.sampled_from([b"", b"\r", b"{", b"x" * 300, b"\xc3", b"\0", GOOD[:40]])


@given(st.lists(_NOISE.map(lambda noise: noise.replace(b"\n", b"")) | st.integers(0, 99), max_size=12), st.booleans())
def test_no_bytes_stop_a_reader_or_cost_a_good_line(parts: list[bytes | int], ended: bool) -> None:
    lines = [numbered(part)[:-1] if isinstance(part, int) else part for part in parts]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(b"\n".join(lines) + b"\n" * ended)
        assert reps(path) == [part for part in parts if isinstance(part, int)]
        append(path, numbered(100))
        assert reps(path)[-1] == 100


@given(st.binary(max_size=600))
def test_arbitrary_bytes_are_read(noise: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(noise)
        lines = [line for line in noise.split(b"\n") if line.strip()]
        found: list[Broken] = []
        assert len(list(read(path, found.append))) + len(found) <= len(lines) + 1


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_it_does_not_matter_how_the_file_arrives(size: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(journal, "_CHUNK", size)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(numbered(1) + b"y" * (LONGEST_LINE + 10) + b"\n" + numbered(2) + b"\n" + numbered(3))
    assert reps(path) == [1, 2, 3]
    assert broken(path) == [Broken(2, torn=False)]


def test_a_huge_line_is_never_held(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with path.open("wb") as file:
        file.truncate(300_000_000)  # zeros, and no newline: sparse
    script = (
        "import resource, sys; from pathlib import Path; from voicecoach.journal import read\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "assert list(read(Path(sys.argv[1]))) == []\n"
        "assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000"
    )
    if sys.platform == "linux":
        subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)
    else:
        assert list(read(path)) == []


# Two programs, and crashes -------------------------------------------------------------------------------------------

_WRITER = """
import sys
from pathlib import Path
from datetime import datetime, timezone
from voicecoach.journal import append, encode
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sys.stdout.write("ready\\n"); sys.stdout.flush()
sys.stdin.readline()
at = datetime(2026, 5, 4, tzinfo=timezone.utc)
for number in range(count):
    append(path, encode(at, "repetition", {"name": name * 60, "rep": number}))
    sys.stdout.write(f"{number}\\n"); sys.stdout.flush()
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(path), name, str(count)], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_two_programs_mix_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    both = [writer(path, name, 500) for name in ("a", "b")]
    for process in both:
        go(process)
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    entries = list(read(path))
    assert broken(path) == []
    assert len(entries) == 1000
    for name in ("a", "b"):
        assert [entry.fields["rep"] for entry in entries if entry.fields["name"] == name * 60] == list(range(500))


@posix
def test_kill_at_any_moment_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    path, chance = tmp_path / "journal.jsonl", random.Random(5)
    for attempt in range(25):
        name = chr(ord("a") + attempt)
        process = writer(path, name, 100_000)
        go(process)
        time.sleep(chance.uniform(0.0, 0.03))
        os.kill(process.pid, signal.SIGKILL)
        told, _ = process.communicate(timeout=60)
        acknowledged = [int(line) for line in told.splitlines(keepends=True) if line.endswith("\n")]
        torn = broken(path)
        written = [entry.fields["rep"] for entry in read(path) if entry.fields["name"] == name * 60]
        assert len(torn) <= attempt + 1
        assert written[: len(acknowledged)] == acknowledged
        assert len(written) <= len(acknowledged) + 1
        append(path, encode(AT, "repetition", {"name": "after", "rep": attempt}))
    assert [entry.fields["rep"] for entry in read(path) if entry.fields["name"] == "after"] == list(range(25))


# Where things are not as they should be ------------------------------------------------------------------------------


@posix
def test_a_folder_that_is_read_only_still_takes_entries_into_a_file_that_is_there(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere.jsonl"
    folder.mkdir()
    path = folder / "journal.jsonl"
    path.write_bytes(numbered(1))
    script = (
        "import os, sys; from pathlib import Path; from voicecoach.journal import append\n"
        "line = sys.argv[1].encode() + b'\\n'\n"
        "append(Path(sys.argv[2]), line)\n"  # loads everything that the user below may not read
        "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"  # root may write everywhere
        "append(Path('journal.jsonl'), line)\n"
        "try: append(Path('other.jsonl'), line)\n"
        "except PermissionError: print('refused')"
    )
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        os.chown(folder, 65534, 65534)
    folder.chmod(0o500)
    try:
        command = [sys.executable, "-c", script, numbered(2).decode().strip(), str(elsewhere)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=folder)
    finally:
        folder.chmod(0o700)
    assert (done.stdout, done.stderr) == ("refused\n", "")
    assert reps(path) == [1, 2]
    assert [each.name for each in folder.iterdir()] == ["journal.jsonl"]


def test_a_lock_that_is_never_given_back_delays_and_loses_nothing(tmp_path: Path) -> None:
    from filelock import FileLock

    path = tmp_path / "journal.jsonl"
    with FileLock(tmp_path / "journal.jsonl.lock"):
        before = time.monotonic()
        append(path, numbered(1))
        assert time.monotonic() - before < 1.5
    append(path, numbered(2))
    assert reps(path) == [1, 2]


def test_a_lock_that_cannot_be_made_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    (tmp_path / "journal.jsonl.lock").mkdir()
    append(path, numbered(1))
    assert reps(path) == [1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, the disk that is always full")
def test_a_full_disk_is_an_error_not_a_silence(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space"):
        append(path, numbered(1))


@posix
def test_a_disk_that_takes_half_a_line_is_an_error_and_the_next_entry_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    script = (
        "import resource, signal, sys; from pathlib import Path; from voicecoach.journal import append\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "line = sys.argv[2].encode() + b'\\n'\n"
        "append(Path(sys.argv[1]), line)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (len(line) + 20, resource.RLIM_INFINITY))\n"
        "try: append(Path(sys.argv[1]), line)\n"
        "except OSError as fault: print(fault)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path), GOOD.decode().strip()], capture_output=True,
                          text=True, check=True, timeout=60)  # fmt: skip
    assert "the disk took 20 of" in done.stdout
    assert (len(list(read(path))), broken(path)) == (1, [Broken(2, torn=True)])
    append(path, GOOD)
    assert len(list(read(path))) == 2


def test_deleting_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    append(path, GOOD)
    delete(path)
    assert list(tmp_path.iterdir()) == []
    delete(path)
    delete(tmp_path / "nowhere" / "journal.jsonl")
    assert list(tmp_path.iterdir()) == []
