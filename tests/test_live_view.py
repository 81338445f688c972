"""The drawing itself: what is written to a terminal, and what happens when there is none any more."""

from __future__ import annotations

import fcntl
import io
import re
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from voicecoach.display import Display
from voicecoach.glance import Glance
from voicecoach.live_view import Canvas, LiveView, open_display
from voicecoach.outline import Outline
from voicecoach.routine.model import Exercise, Hold, Range, Routine
from voicecoach.session.cues import Place
from voicecoach.session.plan import make_plan
from voicecoach.session.states import State
from voicecoach.session.wording import wording

pty = pytest.importorskip("pty", reason="pseudo terminals are POSIX")
os = pytest.importorskip("os")
termios = pytest.importorskip("termios")

PATIENCE = 10.0
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
ROUTINE = Routine(
    format=1, title="Try", exercises=(Exercise(id="pull", name="Pull", steps=(Hold(hold=Range(low=15, high=15)),)),)
)
PLAN = make_plan(ROUTINE)
OUTLINE = Outline.of(ROUTINE, PLAN)
ADVICE = {reason: wording().talk(reason) for reason in ("pain", "emergency")}
GLANCE = Glance(48_000, State.INTRODUCING, Place(), 0, 48_000 * 125)

IS_CONTINUED = """
import os, signal, sys, threading, time
from rich.console import Console
from voicecoach.display import Display
from voicecoach.live_view import LiveView
from voicecoach.outline import Outline
from voicecoach.routine.model import Exercise, Hold, Range, Routine
from voicecoach.session.plan import make_plan

hold = Hold(hold=Range(low=15, high=15))
routine = Routine(format=1, title="Try", exercises=(Exercise(id="pull", name="Pull", steps=(hold,)),))
console = Console(force_terminal=True)
view = LiveView(console, Display(console))
view.open(Outline.of(routine, make_plan(routine)), {})
end = time.monotonic() + 1.0

def go_on():
    while time.monotonic() < end:
        os.kill(os.getpid(), signal.SIGCONT)

threading.Thread(target=go_on, daemon=True).start()
while time.monotonic() < end:
    view.look(None)
print("still there", file=sys.stderr)
view.close()
"""


class Terminal:
    """A pseudo terminal of 80 x 24 that is nobody's controlling terminal, and a console on it."""

    def __init__(self) -> None:
        try:
            self.user, self.fd = pty.openpty()
        except OSError as fault:
            pytest.skip(f"this system has no pseudo terminals (a bare chroot?): {fault}")
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.set_blocking(self.user, False)
        self.console = Console(
            file=os.fdopen(self.fd, "w", closefd=False), force_terminal=True, color_system="256", highlight=False,
            no_color=False, width=80,
        )  # fmt: skip
        self._seen = ""

    def written(self) -> str:
        """Everything so far."""
        while True:
            try:
                self._seen += os.read(self.user, 65536).decode()
            except OSError:
                return self._seen

    def until(self, condition: Callable[[str], bool]) -> str:
        end = time.monotonic() + PATIENCE
        while not condition(written := self.written()):
            assert time.monotonic() < end, repr(written)
            time.sleep(0.01)
        return written

    def hang_up(self) -> None:
        os.close(self.user)
        self.user = os.open(os.devnull, os.O_RDWR)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    os.close(terminal.user)
    os.close(terminal.fd)


@pytest.fixture
def view(terminal: Terminal) -> Iterator[LiveView]:
    view = LiveView(terminal.console, Display(terminal.console))
    yield view
    view.close()


def test_only_lines_that_changed_are_written_and_no_screen_is_cleared_twice(terminal: Terminal) -> None:
    canvas = Canvas(terminal.console)
    lines = [Text(f"line {row}") for row in range(24)]
    canvas.draw(lines)
    first = terminal.written()
    assert first.count("\x1b[2J") == first.count(ENTER) == 1
    assert all(f"\x1b[{row + 1};1H" in first for row in range(24))
    canvas.draw(list(lines))
    assert terminal.written() == first
    canvas.draw([*lines[:5], Text("other", style="bold"), *lines[6:]])
    assert terminal.written()[len(first) :] == "\x1b[6;1H\x1b[1mother\x1b[0m\x1b[0m\x1b[K"


def test_the_terminal_is_given_back_once_and_only_if_it_was_taken(terminal: Terminal) -> None:
    canvas = Canvas(terminal.console)
    canvas.close()
    assert terminal.written() == ""
    canvas.draw([Text("x")])
    canvas.close()
    canvas.close()
    assert terminal.written().count(LEAVE) == 1


def test_a_terminal_that_takes_nothing_holds_nobody_up_and_misses_nothing(terminal: Terminal) -> None:
    canvas = Canvas(terminal.console)
    frames = [[Text(mark * 200) for _ in range(24)] for mark in "abc"]

    def draw_and_close() -> None:
        for number in range(60):
            canvas.draw(frames[number % 3])
        canvas.close()

    thread = threading.Thread(target=draw_and_close, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert os.get_blocking(terminal.fd)
    assert LEAVE not in terminal.written()
    canvas.close("Kept.\n")
    written = terminal.until(lambda written: written.endswith("Kept.\r\n"))
    assert written.endswith(f"{LEAVE}Kept.\r\n")
    assert set(re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", written.removesuffix("Kept.\r\n"))) == set("abc")
    assert written.count("\x1b[24;1H") == len(re.findall(r"(a{200}|b{200}|c{200})\x1b\[0m\x1b\[K", written)) / 24


def test_where_the_terminal_cannot_be_opened_again_a_draw_may_be_stuck_and_the_end_is_not(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_name(fd: int) -> str:
        raise OSError(fd)

    monkeypatch.setattr(os, "ttyname", no_name)
    canvas = Canvas(terminal.console)
    frames = [[Text(mark * 200) for _ in range(24)] for mark in "abc"]
    goes_on = threading.Event()
    goes_on.set()

    def draw() -> None:
        number = 0
        while goes_on.is_set():
            canvas.draw(frames[number % 3])
            number += 1

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    time.sleep(0.5)
    began = time.monotonic()
    for give_up in (canvas.close, canvas.forget):
        give_up()
    assert time.monotonic() - began < 4.0
    goes_on.clear()
    terminal.until(lambda _: not thread.is_alive())


def test_text_of_any_kind_is_drawn_as_it_is(terminal: Terminal) -> None:
    canvas = Canvas(terminal.console)
    canvas.draw([Text("[bold]not markup[/] :smile: 手首")])
    assert "[bold]not markup[/] :smile: 手首" in terminal.written()


def test_a_session_is_shown_and_leaves_a_record(terminal: Terminal, view: LiveView) -> None:
    view.say("The loudspeaker is quiet.")
    view.open(OUTLINE, ADVICE)
    view(0.5, "prompt", {"text": "Welcome, whoever you are.", "exercise": None, "side": None, "rep": None})
    view.look(GLANCE)
    terminal.until(lambda written: "2:05 left" in written)
    view.look(replace(GLANCE, left=48_000 * 64))
    shown = terminal.until(lambda written: "1:04 left" in written)
    assert "The loudspeaker is quiet." in shown[shown.index(ENTER) :]
    view(64.0, "finished", {"reason": "pain"})
    view.close()
    kept = re.sub(r"\x1b\[.*?[a-zA-Z]", "", terminal.written().split(LEAVE)[-1])
    assert kept.split("\r\n")[0] == "Try: 1 minute 4 seconds"
    assert all(sentence in " ".join(kept.split()) for sentence in ADVICE["pain"])
    assert "Welcome" not in kept


def test_a_terminal_that_goes_away_ends_the_picture_and_nothing_else(terminal: Terminal, view: LiveView) -> None:
    view.open(OUTLINE, ADVICE)
    view.look(GLANCE)
    terminal.until(lambda written: ENTER in written)
    thread = view._thread
    assert thread is not None
    terminal.hang_up()
    end = time.monotonic() + PATIENCE
    left = 100
    while thread.is_alive() and time.monotonic() < end:
        left -= 1
        view.look(replace(GLANCE, left=48_000 * left))
        view(1.0, "heard", {"phrase": "stop", "command": "stop", "tier": "firm"})
        time.sleep(0.02)
    assert not thread.is_alive()
    view(2.0, "finished", {"reason": "stop"})
    view.close()


def test_a_fault_in_the_drawing_leaves_lines(terminal: Terminal, view: LiveView) -> None:
    broken: Any = object()
    troubles: list[str] = []
    view.open(OUTLINE, ADVICE, troubles.append)
    view.look(GLANCE)
    terminal.until(lambda written: ENTER in written)
    view.look(broken)
    terminal.until(lambda written: LEAVE in written and bool(troubles))
    assert isinstance(view.fault, AttributeError)
    assert len(troubles) == 1
    assert "AttributeError" in troubles[0]
    view(3.0, "prompt", {"text": "Still here.", "exercise": None, "side": None, "rep": None})
    terminal.until(lambda written: "Still here." in written.split(LEAVE)[-1])


def test_it_can_be_continued_at_any_moment_of_a_look(terminal: Terminal) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", IS_CONTINUED], stdin=terminal.fd, stdout=terminal.fd, stderr=subprocess.PIPE
    ) as program:
        try:
            assert program.communicate(timeout=PATIENCE) == (None, b"still there\n")
        finally:
            program.kill()


def test_before_it_is_open_it_prints_lines(terminal: Terminal, view: LiveView) -> None:
    view(0.0, "finished", {"reason": "refused"})
    assert "Session not started." in terminal.until(lambda written: "\n" in written)
    assert ENTER not in terminal.written()


def test_what_the_display_is_depends_on_the_terminal(terminal: Terminal) -> None:
    assert isinstance(open_display(console=terminal.console), LiveView)
    assert isinstance(open_display(in_lines=True, console=terminal.console), Display)
    assert isinstance(open_display(console=Console(file=io.StringIO())), Display)
    assert isinstance(open_display(console=Console(file=io.StringIO(), force_terminal=True)), Display)
    dumb = Console(file=terminal.console.file, force_terminal=True, _environ={"TERM": "dumb"})
    assert isinstance(open_display(console=dumb), Display)
