"""The real program on a pseudo terminal: in which state it leaves it, however it ends or is interrupted."""

from __future__ import annotations

import fcntl
import json
import re
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pty = pytest.importorskip("pty", reason="pseudo terminals are POSIX")
os = pytest.importorskip("os")
termios = pytest.importorskip("termios")

PATIENCE = 30.0
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
ROUTINE = """
format: 1
title: Try
approval: not required
exercises:
  - id: pull
    name: Gentle pull
    steps:
      - hold: 60 s
"""
FORGETS = """
import sys
from rich.console import Console
from voicecoach.keyboard import Keyboard
from voicecoach.live_view import LiveView, open_display
from voicecoach.outline import Outline
from voicecoach.routine.loader import load
from voicecoach.session.plan import make_plan
from voicecoach.session.states import State
from voicecoach.session.cues import Place
from voicecoach.glance import Glance
import time, pathlib
routine = load(pathlib.Path(sys.argv[1]))
plan = make_plan(routine)
keyboard, view = Keyboard(lambda key, command: None), open_display()
keyboard.start()
view.open(Outline.of(routine, plan), {})
view.look(Glance(0, State.READY, Place(), 0, 48000))
time.sleep(0.5)
raise RuntimeError("nobody closes anything")
"""


class Screen:
    """A terminal of 80 x 24, everything that was written to it, and a shell that runs a program there."""

    def __init__(self, *program: str, behind: bool = False, **environment: str) -> None:
        self.user, self.terminal = pty.openpty()
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.terminal)
        self._written = b""
        self._reads = threading.Event()
        self._reads.set()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        shell = Path(__file__).with_name("job_shell.py")
        # Buffered, as it is for everybody: an unbuffered output forgets what it could not write.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        self.shell = subprocess.Popen(
            [sys.executable, str(shell), os.ttyname(self.terminal), *("&" * behind), sys.executable, *program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env={**kept, "TERM": "xterm-256color", "NO_COLOR": "", **environment},
        )  # fmt: skip
        self.job = int(self.report().split()[1])

    def _read(self) -> None:
        while self._reads.wait():
            try:
                data = os.read(self.user, 65536)
            except OSError:
                return
            self._written += data

    @property
    def written(self) -> str:
        return self._written.decode("utf-8", "replace")

    @property
    def is_alternate(self) -> bool:
        """Whether the alternate screen is shown."""
        return self.written.rfind(ENTER) > self.written.rfind(LEAVE)

    @property
    def modes(self) -> list[Any]:
        return list(termios.tcgetattr(self.terminal))

    @property
    def is_raw(self) -> bool:
        return not self.modes[3] & (termios.ICANON | termios.ECHO)

    def type(self, keys: str) -> None:
        os.write(self.user, keys.encode())

    def fill(self, but: int) -> None:
        """From now on nobody reads, and there is room for about ``but`` bytes."""
        self._reads.clear()
        fd = os.open(os.ttyname(self.terminal), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        left = but
        end = time.monotonic() + PATIENCE
        full_since = None
        while full_since is None or time.monotonic() - full_since < 0.3:
            assert time.monotonic() < end
            try:
                os.write(fd, b"." * 1000)
                full_since = None
            except BlockingIOError:
                full_since = full_since or time.monotonic()
                time.sleep(0.02)
        os.close(fd)
        while left > 0:
            left -= len(os.read(self.user, left))

    def report(self) -> str:
        assert self.shell.stdout is not None
        assert select.select([self.shell.stdout], [], [], PATIENCE)[0], f"no report within {PATIENCE} seconds"
        return self.shell.stdout.readline().strip()

    def go_on(self, how: str) -> None:
        assert self.shell.stdin is not None
        self.shell.stdin.write(f"{how}\n")
        self.shell.stdin.flush()

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"not within {PATIENCE} seconds; on the terminal: {self.written[-2000:]!r}"
            time.sleep(0.02)

    def close(self) -> None:
        self._reads.set()
        if self.shell.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.killpg(self.job, signal.SIGKILL)
            self.shell.kill()
        self.shell.communicate()
        # The reader ends where nobody has the terminal any more: a number it still reads must not become another's.
        os.close(self.terminal)
        self._reader.join(PATIENCE)
        if not self._reader.is_alive():
            os.close(self.user)


@pytest.fixture
def routine(tmp_path: Path) -> Path:
    path = tmp_path / "try.yaml"
    path.write_text(ROUTINE, encoding="utf-8")
    return path


@pytest.fixture
def run() -> Iterator[Callable[..., Screen]]:
    opened = []

    def start(*program: str, behind: bool = False, **environment: str) -> Screen:
        try:
            screen = Screen(*program, behind=behind, **environment)
        except OSError as fault:
            pytest.skip(f"this system has no pseudo terminals (a bare chroot?): {fault}")
        opened.append(screen)
        return screen

    yield start
    for screen in opened:
        screen.close()


@pytest.fixture
def play(run: Callable[..., Screen], routine: Path, tmp_path: Path) -> Callable[..., Screen]:
    def start(*flags: str, behind: bool = False, **environment: str) -> Screen:
        program = ("-m", "voicecoach", "play", str(routine), "--audio", "null")
        return run(*program, "--events", str(tmp_path / "events.jsonl"), *flags, behind=behind, **environment)

    return start


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / "events.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [event for event in map(json.loads, lines) if event["event"] == name]


def test_a_session_takes_the_terminal_and_gives_it_back_with_a_record(play: Callable[..., Screen]) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and "left" in screen.written)
    assert screen.is_raw
    screen.type("s")
    assert screen.report() == "exited 0"
    screen.until(lambda: "as you asked" in screen.written)
    assert screen.modes == screen.before
    after = screen.written[screen.written.rfind(LEAVE) :]
    assert "\x1b[?25h" in screen.written[screen.written.rfind("\x1b[?25l") :]
    assert "Key s: stop" in after
    assert "Session ended, as you asked." in after


def test_after_pain_the_advice_stays(play: Callable[..., Screen]) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and "left" in screen.written)
    screen.type("h")
    screen.until(lambda: "call your local emergency number" in screen.written)
    screen.type("s")
    assert screen.report() == "exited 10"
    screen.until(lambda: "Session ended because of pain" in screen.written)
    after = " ".join(screen.written[screen.written.rfind(LEAVE) :].split())
    assert "Please contact your doctor before doing these exercises again." in after
    assert "Then call your local emergency number now, and contact a doctor immediately." in re.sub(
        "\x1b.*?m", "", after
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_signals_end_it_and_the_terminal_is_as_before(
    play: Callable[..., Screen], number: signal.Signals, code: int
) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and screen.is_raw)
    os.kill(screen.job, number)
    assert screen.report() == f"exited {code}"
    screen.until(lambda: "Session interrupted." in screen.written)
    assert screen.modes == screen.before
    assert not screen.is_alternate


def test_an_exception_that_nobody_catches_leaves_the_terminal_as_it_was(
    run: Callable[..., Screen], routine: Path
) -> None:
    screen = run("-c", FORGETS, str(routine))
    screen.until(lambda: ENTER in screen.written)
    assert screen.report() == "exited 1"
    screen.until(lambda: LEAVE in screen.written)
    assert screen.modes == screen.before
    assert not screen.is_alternate


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(play: Callable[..., Screen], tmp_path: Path) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and screen.is_raw)
    for _ in range(2):
        screen.type("\x1a")
        assert screen.report() == "stopped"
        screen.until(lambda: not screen.is_alternate)
        assert screen.modes == screen.before
        screen.go_on("fg")
        screen.until(lambda: screen.is_alternate and screen.is_raw)
    screen.type("s")
    assert screen.report() == "exited 0"
    assert screen.modes == screen.before
    assert [event["reason"] for event in events(tmp_path, "finished")] == ["stop"]


def test_in_the_background_nothing_is_drawn(play: Callable[..., Screen]) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and screen.is_raw)
    screen.type("\x1a")
    assert screen.report() == "stopped"
    screen.until(lambda: not screen.is_alternate)
    length = len(screen.written)
    screen.go_on("bg")
    time.sleep(0.7)
    assert screen.written[length:] == ""
    assert screen.modes == screen.before
    screen.go_on("fg")
    screen.until(lambda: screen.is_alternate and screen.is_raw)
    screen.type("s")
    assert screen.report() == "exited 0"
    assert screen.modes == screen.before


def test_what_is_typed_for_the_shell_does_not_stop_the_session(play: Callable[..., Screen], tmp_path: Path) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and screen.is_raw)
    screen.type("\x1a")
    assert screen.report() == "stopped"
    screen.go_on("bg")
    screen.type("xyz\n")
    time.sleep(0.7)
    os.kill(screen.job, signal.SIGTERM)
    screen.until(lambda: bool(events(tmp_path, "finished")))


def test_a_session_that_was_started_in_the_background_has_its_keys_once_it_is_in_front(
    play: Callable[..., Screen], tmp_path: Path
) -> None:
    screen = play(behind=True)
    screen.until(lambda: bool(events(tmp_path, "prompt")))
    time.sleep(0.3)
    assert ENTER not in screen.written
    screen.go_on("fg")
    screen.until(lambda: screen.is_alternate and screen.is_raw)
    screen.type("s")
    assert screen.report() == "exited 0"
    assert screen.modes == screen.before


def test_a_stopped_terminal_does_not_stop_the_session(play: Callable[..., Screen], tmp_path: Path) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and screen.is_raw)
    screen.type("\x13")
    time.sleep(0.3)
    screen.type("h")
    screen.until(lambda: any(event["to"] == "safety_talk" for event in events(tmp_path, "state")))
    screen.type("s")
    screen.until(lambda: bool(events(tmp_path, "finished")))
    screen.type("\x11")
    assert screen.report() == "exited 10"
    screen.until(lambda: "Session ended because of pain" in screen.written)
    assert screen.modes == screen.before


@pytest.mark.parametrize("but", [0, 2000])
def test_a_terminal_that_takes_nothing_more_keeps_nobody_from_ending_it(
    play: Callable[..., Screen], tmp_path: Path, but: int
) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and screen.is_raw)
    screen.fill(but)
    for rows in (30, 24) * 3:  # each time all of it is drawn
        fcntl.ioctl(screen.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
        time.sleep(0.2)
    os.kill(screen.job, signal.SIGTERM)
    assert screen.report() == "exited 143"
    assert [event["reason"] for event in events(tmp_path, "finished")] == ["interrupt"]
    assert screen.modes == screen.before


def test_a_session_that_is_over_waits_for_the_terminal_until_a_signal(
    play: Callable[..., Screen], tmp_path: Path
) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and screen.is_raw)
    screen.fill(0)
    screen.type("s")
    screen.until(lambda: bool(events(tmp_path, "finished")))
    time.sleep(3.0)  # the devices are closed before the terminal is given back
    os.kill(screen.job, signal.SIGTERM)
    assert screen.report() == "exited 143"
    assert screen.modes == screen.before


def test_any_command_ends_at_a_signal_while_it_writes_to_a_terminal_that_takes_nothing_more(
    run: Callable[..., Screen], routine: Path
) -> None:
    screen = run("-m", "voicecoach", "check", str(routine), "--watch")
    screen.until(lambda: "\n" in screen.written)
    screen.fill(0)
    routine.write_text(f"{ROUTINE}# changed\n", encoding="utf-8")
    time.sleep(2.0)  # it looks every half second, twice
    os.kill(screen.job, signal.SIGTERM)
    assert screen.report() == "exited 143"


def test_a_terminal_of_another_size_is_drawn_anew(play: Callable[..., Screen]) -> None:
    screen = play()
    screen.until(lambda: screen.is_alternate and "\x1b[24;1H" in screen.written)
    assert "\x1b[30;1H" not in screen.written
    fcntl.ioctl(screen.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    screen.until(lambda: "\x1b[30;1H" in screen.written)


@pytest.mark.parametrize(("flags", "environment"), [((), {"TERM": "dumb"}), (("--plain",), {})])
def test_lines_where_nothing_can_be_drawn_or_lines_are_wanted(
    play: Callable[..., Screen], flags: tuple[str, ...], environment: dict[str, str]
) -> None:
    screen = play(*flags, **environment)
    screen.until(lambda: "00:00  Try." in re.sub("\x1b.*?m", "", screen.written))
    assert ENTER not in screen.written
    screen.type("s")
    assert screen.report() == "exited 0"
    assert screen.modes == screen.before


def test_no_color_draws_without_colours(play: Callable[..., Screen]) -> None:
    screen = play(NO_COLOR="1")
    screen.until(lambda: screen.is_alternate and "use the keys" in screen.written)
    screen.type("h")
    screen.until(lambda: "contact a doctor" in screen.written)
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7])(?:;\d+)*m", screen.written)
