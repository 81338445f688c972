"""The real program in a world that fails it: what it prints and returns, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(os.name != "posix", reason="closed streams, full devices and hang-ups are POSIX"),
]

PATIENCE = 60.0
ROUTINE = """
format: 1
title: Try
approval: not required
exercises:
  - id: pull
    name: Pull
    repetitions: 9
    lead_in: 0.5 s
    rest: 0.5 s
    steps:
      - hold: 1 s
"""
QUICKLY = ("--cues", "chimes", "--speed", "2", "--rate", "400")
PLAY = ("play", "try.yaml", "--audio", "null", "--unattended", "--plain", *QUICKLY)


class Home:
    """A folder with a routine, a home, and the program to be run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.home.mkdir()
        (folder / "try.yaml").write_text(ROUTINE, encoding="utf-8")
        # Buffered, as it is for everybody: an unbuffered output forgets what it could not write.
        left_out = ("XDG_", "PULSE_", "PYTHONUNBUFFERED")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        self.env = {**kept, "HOME": str(self.home)}
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """The program, running; by default with pipes and an empty standard input."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = options.pop("command", [sys.executable, "-m", "voicecoach"])
        process = subprocess.Popen(
            [*command, *arguments],
            env=options.pop("env", self.env),
            cwd=self.folder,
            text=True,
            **{**streams, **options},
        )
        self.started.append(process)
        return process

    def shell(self, line: str) -> subprocess.Popen[str]:
        """``line``, in which $V is the program."""
        return self.start(command=["bash", "-c", f'V="{sys.executable} -m voicecoach"; {line}'])

    @property
    def journal(self) -> Path:
        return self.home / ".local" / "share" / "voicecoach" / "journal.jsonl"

    def entries(self) -> list[dict[str, Any]]:
        return lines(self.journal)

    def events(self, name: str = "") -> list[dict[str, Any]]:
        return [event for event in lines(self.folder / "events.jsonl") if name in ("", event["event"])]

    def until_it_holds(self, times: int = 1) -> None:
        until(lambda: len(self.events("hold_end")) >= times)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE} seconds"
        time.sleep(0.02)


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def nothing_is_lost(home: Home) -> None:
    """What the events tell of is in the journal."""
    for event, noted in (("hold_end", "hold"), ("finished", "finished")):
        told = [each for each in home.events(event) if each.get("completed", True)]
        kept = [each for each in home.entries() if each["event"] == noted]
        assert len(kept) >= len(told), (event, told, kept)
    assert home.events("finished")


# Signals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_session_and_what_was_done_is_kept(home: Home, number: signal.Signals, code: int) -> None:
    process = home.start(*PLAY, "--events", "events.jsonl")
    home.until_it_holds()
    returned, out, err = end(process, number)
    assert returned == code
    assert out.endswith("Session interrupted.\n")
    assert err == ""
    assert home.entries()[-1]["reason"] == "interrupt"
    nothing_is_lost(home)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_session_ends_the_program_at_once_and_silently(home: Home, number: signal.Signals) -> None:
    process = home.start("check", "try.yaml", "--watch")
    assert process.stdout is not None
    process.stdout.readline()
    returned, _, err = end(process, number)
    assert returned == 128 + number
    assert err == ""


def test_a_program_that_was_started_to_outlive_its_terminal_does(home: Home) -> None:
    process = home.shell("trap '' HUP; exec $V " + " ".join(PLAY) + " --events events.jsonl")
    home.until_it_holds()
    process.send_signal(signal.SIGHUP)
    home.until_it_holds(2)
    assert end(process)[0] == 143
    assert home.events("finished")


@pytest.mark.skipif(sys.platform != "linux", reason="takes the terminal as Linux does")
def test_a_terminal_window_that_is_closed_ends_the_session_and_what_was_done_is_kept(home: Home) -> None:
    import fcntl
    import pty
    import termios

    user, terminal = pty.openpty()
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    process = home.start(
        *(word for word in PLAY if word != "--plain"), "--events", "events.jsonl",
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={**home.env, "TERM": "xterm-256color"}, **streams,
    )  # fmt: skip
    os.close(terminal)
    home.until_it_holds()
    os.close(user)
    assert process.wait(PATIENCE) == 129
    assert home.entries()[-1]["reason"] == "interrupt"
    nothing_is_lost(home)


# Streams ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", ">/dev/full 2>/dev/full", "| head -1"]
)
def test_the_session_goes_on_where_nobody_reads_or_types(home: Home, streams: str) -> None:
    process = home.shell(f"echo $BASHPID >pid; exec $V {' '.join(PLAY)} --events events.jsonl {streams}"
                         if "|" not in streams else
                         f"(echo $BASHPID >pid; exec $V {' '.join(PLAY)} --events events.jsonl) {streams}")  # fmt: skip
    until(lambda: len(home.events("prompt")) >= 2)
    os.kill(int((home.folder / "pid").read_text()), signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in out + err
    assert "Exception ignored" not in out + err
    if "|" not in streams:
        assert process.returncode == 143
    assert [event["reason"] for event in home.events("finished")] == ["interrupt"]
    nothing_is_lost(home)


def test_what_has_no_room_on_standard_output_is_said_once(home: Home) -> None:
    process = home.shell("$V list >/dev/full")
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert out + err == "voicecoach: what belongs on standard output could not be written: No space left on device.\n"


@pytest.mark.parametrize("streams", ["2>/dev/full", "2>&-"])
def test_a_complaint_that_nobody_can_read_changes_no_exit_code(home: Home, streams: str) -> None:
    process = home.shell(f"$V show nothing-like-it {streams}")
    assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == 2


def test_a_pipe_that_is_closed_early_is_no_fault(home: Home) -> None:
    process = home.shell("$V schema | head -1; exit ${PIPESTATUS[0]}")
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "{\n", "")


def test_names_cannot_steer_the_terminal(home: Home) -> None:
    name = "a\x1b]0;owned\x07\u202e.yaml"
    (home.folder / name).write_text("format: 2\n", encoding="utf-8")
    for arguments in (("check", name), ("show", name), ("play", f"{name}x/y.yaml"), ("hear", name), ("frob\x1b[2J",)):
        out, err = home.start(*arguments).communicate(timeout=PATIENCE)
        assert err
        for line in (out + err).splitlines():
            assert line.isprintable(), (arguments, line)


def test_names_that_are_no_text_are_shown_with_a_mark(home: Home) -> None:
    path = os.fsencode(home.folder) + b"/r\xff.yaml"
    Path(os.fsdecode(path)).write_text(ROUTINE, encoding="utf-8")
    process = home.start("check", os.fsdecode(path))
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert "good" in out
