"""The real program where nothing can be kept: full and read-only disks, no home; and two of it at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from test_endings import PATIENCE, PLAY, Home, end, home, lines, nothing_is_lost, until

from voicecoach import cli, journal

__all__ = ["home"]  # the fixture

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(os.name != "posix", reason="small and read-only disks are mounted here as on Linux"),
]


@pytest.fixture
def disk(home: Home) -> str:
    """Commands that put a disk with room for one page of 4 KB at $PWD/disk, seen by this shell alone."""
    (home.folder / "disk").mkdir()
    try:
        allowed = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", str(home.folder / "disk")],
            capture_output=True, check=False,
        )  # fmt: skip
    except OSError:
        pytest.skip("there is no unshare")
    if allowed.returncode:
        pytest.skip("nothing can be mounted here")
    return "set -e; mount -t tmpfs -o size=8k,mode=700 tmpfs disk; head -c 4096 /dev/zero >disk/filler; set +e"


def run(home: Home, disk: str, *then: str) -> subprocess.Popen[str]:
    """``disk``, then the commands; $V is the program."""
    line = "; ".join((f'V="{sys.executable} -m voicecoach"', disk, *then))
    return home.start(command=["unshare", "--map-root-user", "--mount", "bash", "-c", line])


def played(*more: str) -> str:
    play = f"$V {' '.join((*PLAY, *more))} --events events.jsonl"
    return f"{play} & echo $! >pid; wait $!; code=$?; cp -r disk kept; exit $code"


def stop(home: Home, process: subprocess.Popen[str]) -> tuple[int, str, str]:
    os.kill(int((home.folder / "pid").read_text()), 15)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def test_a_journal_that_fills_the_disk_is_told_at_once_and_the_session_goes_on(home: Home, disk: str) -> None:
    before = journal.encode(journal.wall_clock(), "started", {"session": "before", "title": "x" * 200}) * 9
    (home.folder / "before.jsonl").write_bytes(before)
    process = run(home, disk, "mkdir disk/voicecoach; cp before.jsonl disk/voicecoach/journal.jsonl",
                  "export XDG_DATA_HOME=$PWD/disk XDG_STATE_HOME=$PWD/disk", played())  # fmt: skip
    until(lambda: bool(home.events("trouble")))
    told = len(home.events("hold_end"))
    until(lambda: len(home.events("hold_end")) > told)
    code, out, err = stop(home, process)
    assert code == 143
    assert [event["what"] for event in home.events("trouble")] == [err.removeprefix("voicecoach: ").rstrip()]
    assert "pain and doses of this session may be missing" in err
    assert out.count("Trouble: ") == 1
    (path,) = (home.folder / "kept").rglob("journal.jsonl")
    broken: list[journal.Broken] = []
    whole = list(journal.read(path, broken.append))
    assert path.read_bytes().startswith(before)
    assert len(whole) > 9
    assert all(each.torn for each in broken)
    assert [each.name for each in (home.folder / "kept").rglob("remembered*")] == []


def test_a_full_disk_for_speech_keeps_no_session_from_its_end(home: Home, disk: str) -> None:
    full = "head -c 4096 /dev/zero >disk/more"
    process = run(home, disk, full, "export XDG_CACHE_HOME=$PWD/disk TMPDIR=$PWD/disk", played())
    home.until_it_holds()
    code, _, err = stop(home, process)
    assert (code, err) == (143, "")
    nothing_is_lost(home)


def test_events_that_have_no_room_end_no_session(home: Home) -> None:
    process = home.start(*PLAY, "--events", "/dev/full")
    until(lambda: any(entry["event"] == "hold" for entry in home.entries()))
    code, out, err = end(process)
    assert code == 143
    assert out.endswith("Session interrupted.\n")
    assert err == "voicecoach: events could not be written any more: No space left on device\n"


def test_a_home_that_is_read_only_is_told_and_the_session_goes_on(home: Home, disk: str) -> None:
    process = run(home, disk, "mount -o remount,ro disk", "export HOME=$PWD/disk", played())
    home.until_it_holds()
    code, _, err = stop(home, process)
    assert code == 143
    assert err.count("\n") == 1
    assert "cannot be written (Read-only file system)" in err
    assert len(home.events("trouble")) == 1


def test_a_home_that_is_nowhere_is_told_and_the_session_goes_on(home: Home) -> None:
    process = home.start(*PLAY, "--events", "events.jsonl", env={**home.env, "HOME": "/dev/null/nowhere"})
    home.until_it_holds()
    code, _, err = end(process)
    assert code == 143
    assert err.count("\n") == 1
    assert "The journal /dev/null/nowhere" in err


@pytest.mark.parametrize("known", [None, Path("~/.local/share/voicecoach")])
def test_where_nobody_knows_where_the_home_is_nothing_is_begun(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], known: Path | None
) -> None:
    def user_data_path(*_: object, **__: object) -> Path:
        """What different versions do where HOME is not set and the system does not know the user."""
        if known is None:
            raise RuntimeError("could not determine the home directory")
        return known

    monkeypatch.setattr(platformdirs, "user_data_path", user_data_path)
    assert cli.main(["play", "tour"]) == 2
    said = "voicecoach: Where your files are is not known: please set HOME to your home folder.\n"
    assert capsys.readouterr() == ("", said)


def test_two_players_at_once_write_whole_lines_each_of_its_own_session(home: Home) -> None:
    first, second = (home.start(*PLAY, "--events", f"{name}.jsonl") for name in ("one", "two"))

    def holds(name: str) -> int:
        return sum(event["event"] == "hold_end" for event in lines(home.folder / f"{name}.jsonl"))

    until(lambda: holds("one") >= 2 and holds("two") >= 2)
    assert end(first)[0] == end(second)[0] == 143
    entries = home.entries()
    sessions = {entry["session"] for entry in entries}
    assert len(sessions) == 2
    for session in sessions:
        own = [entry["event"] for entry in entries if entry["session"] == session]
        assert own[0] == "started"
        assert own[-1] == "finished"
        assert own.count("hold") >= 2
