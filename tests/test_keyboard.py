"""Keys through a real pseudo terminal, and the terminal as it was afterwards."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from voicecoach.keyboard import KEYS, KEYS_WHILE_ASKING, Keyboard, split_keys
from voicecoach.session.commands import Command

pty = pytest.importorskip("pty", reason="pseudo terminals are POSIX")
os = pytest.importorskip("os")
termios = pytest.importorskip("termios")

PATIENCE = 10.0
MEDIA = {
    "media-play": "\x1b[57428u",
    "media-pause": "\x1b[57429u",
    "media-play-pause": "\x1b[57430;1u",
    "media-stop": "\x1b[57432;1:1u",
    "media-rewind": "\x1b[57434u",
    "media-next": "\x1b[57435u",
    "media-previous": "\x1b[57436u",
    "volume-down": "\x1b[57438u",
    "volume-up": "\x1b[57439u",
}
"""As the kitty keyboard protocol writes them."""


class Desk:
    """Both ends of a pseudo terminal, and the keys that a keyboard on it reported."""

    def __init__(self) -> None:
        self.user, self.terminal = pty.openpty()
        self.reported: queue.Queue[tuple[str, Command | None]] = queue.Queue()
        self.asking = False
        self.faults: list[Exception] = []
        self.troubles: list[str] = []
        self.keyboard = Keyboard(
            self._report, asking=lambda: self.asking, on_trouble=self.troubles.append, fd=self.terminal
        )

    def _report(self, key: str, command: Command | None) -> None:
        if self.faults:
            raise self.faults.pop()
        self.reported.put((key, command))

    def type(self, text: str) -> None:
        os.write(self.user, text.encode())

    def next(self) -> tuple[str, Command | None]:
        return self.reported.get(timeout=PATIENCE)

    def modes(self) -> int:
        return int(termios.tcgetattr(self.terminal)[3])

    def is_raw(self) -> bool:
        return not self.modes() & (termios.ICANON | termios.ECHO)


@pytest.fixture
def desk() -> Iterator[Desk]:
    try:
        desk = Desk()
    except OSError as fault:
        pytest.skip(f"this system has no pseudo terminals (a bare chroot?): {fault}")
    yield desk
    desk.keyboard.close()
    for fd in (desk.user, desk.terminal):
        os.close(fd)


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_every_key_of_the_table_reports_its_command_without_enter(desk: Desk) -> None:
    assert desk.keyboard.start()
    characters = {"space": " ", "esc": "\x1b", **MEDIA}
    for key, command in KEYS.items():
        desk.type(characters.get(key, key))
        assert desk.next() == (key, command)


def test_capital_letters_are_the_same_keys_and_others_are_nothing(desk: Desk) -> None:
    desk.keyboard.start()
    desk.type("xzS1é")
    assert desk.next() == ("s", Command.STOP)
    desk.type("R")
    assert desk.next() == ("r", Command.REPEAT)


def test_y_and_n_answer_only_while_a_question_is_asked(desk: Desk) -> None:
    desk.keyboard.start()
    desk.type("yn")
    assert desk.next() == ("n", Command.NEXT)
    desk.asking = True
    desk.type("yn")
    assert [desk.next(), desk.next()] == [("y", Command.YES), ("n", Command.NO)]


def test_other_keys_are_reported_where_they_were_asked_for(desk: Desk) -> None:
    desk.keyboard = Keyboard(lambda key, command: desk.reported.put((key, command)), fd=desk.terminal, also="12\n")
    assert desk.keyboard.start()
    desk.type("132\n\x1b")
    assert [desk.next() for _ in range(4)] == [("1", None), ("2", None), ("\n", None), ("esc", Command.STOP)]


def test_arrow_and_function_keys_are_not_escape(desk: Desk) -> None:
    desk.keyboard.start()
    desk.type("\x1b[A\x1b[1;5C\x1bOP\x1b[15~\x1b[[Ar")
    assert desk.next() == ("r", Command.REPEAT)


def test_an_arrow_key_that_arrives_in_pieces_is_not_escape(desk: Desk) -> None:
    assert split_keys("\x1b", complete=False) == ([], "\x1b")
    assert split_keys("\x1b[", complete=False) == ([], "\x1b[")
    assert split_keys("\x1b[1;", complete=False) == ([], "\x1b[1;")
    assert split_keys("\x1b[1;5C", complete=False) == ([], "")
    assert split_keys("\x1b", complete=True) == (["esc"], "")


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("\x1b[27u", ["esc"]),
        ("\x1b[115u", ["s"]),
        ("\x1b[32;1u", ["space"]),
        ("\x1b[57430;1:3u", []),  # let go
        ("\x1b[57399u", []),  # a keypad digit
        ("\x1b[1114113u", []),
    ],
)
def test_keys_by_number_are_the_same_keys(typed: str, keys: list[str]) -> None:
    assert split_keys(typed, complete=False) == (keys, "")


@pytest.mark.parametrize(("typed", "keys"), [("\x1bs", ["esc", "s"]), ("\x1b\x1b ", ["esc", "esc", "space"])])
def test_escape_is_never_lost_in_what_follows_it(typed: str, keys: list[str]) -> None:
    assert split_keys(typed, complete=False) == (keys, "")


def test_the_terminal_does_not_echo_and_is_given_back(desk: Desk) -> None:
    before = termios.tcgetattr(desk.terminal)
    assert not desk.is_raw()
    desk.keyboard.start()
    assert desk.is_raw()
    assert desk.modes() & termios.ISIG
    desk.type("r")
    desk.next()
    desk.keyboard.close()
    desk.keyboard.close()
    assert termios.tcgetattr(desk.terminal) == before


def test_no_key_is_reported_after_close(desk: Desk) -> None:
    desk.keyboard.start()
    desk.keyboard.close()
    desk.type("s\n")
    assert os.read(desk.terminal, 10) == b"s\n"
    assert desk.reported.empty()


def test_signal_handlers_are_given_back(desk: Desk) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGCONT, signal.SIGTSTP)}
    desk.keyboard.start()
    assert signal.getsignal(signal.SIGTSTP) != before[signal.SIGTSTP]
    desk.keyboard.close()
    assert {number: signal.getsignal(number) for number in before} == before


def test_the_end_of_the_terminal_ends_the_reading_quietly(desk: Desk) -> None:
    desk.keyboard.start()
    os.close(desk.user)
    thread = desk.keyboard._thread
    assert thread is not None
    thread.join(PATIENCE)
    assert not thread.is_alive()
    desk.user = os.open(os.devnull, os.O_RDONLY)


def test_a_key_that_fails_is_told_and_the_next_one_works(desk: Desk) -> None:
    desk.keyboard.start()
    desk.faults.append(ZeroDivisionError("player broke"))
    desk.type("r")
    assert until(lambda: bool(desk.troubles))
    assert "player broke" in desk.troubles[0]
    desk.type("s")
    assert desk.next() == ("s", Command.STOP)


def test_a_key_that_fails_does_not_take_those_read_with_it_along(desk: Desk) -> None:
    desk.faults.append(ZeroDivisionError("player broke"))
    desk.keyboard.start()
    desk.type("rs")
    assert desk.next() == ("s", Command.STOP)
    assert len(desk.troubles) == 1


def test_a_keyboard_that_always_fails_is_given_up_and_told(desk: Desk) -> None:
    desk.keyboard.start()
    desk.faults += [ZeroDivisionError("player broke") for _ in range(100)]
    for number in range(1, 7):
        desk.type("r")
        assert until(lambda number=number: len(desk.troubles) == number)  # type: ignore[misc]
    assert "do not work any more" in desk.troubles[-1]
    desk.type("r")
    desk.keyboard.close()
    assert len(desk.troubles) == 6
    assert not desk.is_raw()


def test_a_terminal_that_hangs_up_is_told(desk: Desk) -> None:
    desk.keyboard.start()
    os.close(desk.user)
    desk.user = os.open(os.devnull, os.O_RDWR)
    assert until(lambda: bool(desk.troubles))
    assert "no keys" in desk.troubles[0]


def test_what_is_no_terminal_has_no_keys() -> None:
    inlet, outlet = os.pipe()
    keyboard = Keyboard(lambda _key, _command: None, fd=inlet)
    assert not keyboard.available
    assert not keyboard.start()
    keyboard.close()
    os.close(inlet)
    os.close(outlet)


def test_the_two_tables_differ_in_the_answers_only() -> None:
    assert {key for key in KEYS_WHILE_ASKING if KEYS_WHILE_ASKING[key] != KEYS.get(key, "absent")} == {"y", "n"}


PROGRAM = """
import os, sys, time
terminal = os.open(sys.argv[1], os.O_RDWR)
from voicecoach.keyboard import Keyboard
keyboard = Keyboard(lambda key, command: None, fd=terminal)
keyboard.start()
print("ready", flush=True)
if sys.argv[2] == "exit":
    raise SystemExit(3)
time.sleep(60)
"""


def run_on(desk: Desk, how: str) -> subprocess.Popen[str]:
    # The first terminal that the leader of a new session opens becomes its controlling terminal.
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, os.ttyname(desk.terminal), how],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_program_that_forgets_to_close_still_gives_the_terminal_back(desk: Desk) -> None:
    before = termios.tcgetattr(desk.terminal)
    with run_on(desk, "exit") as program:
        assert program.wait(PATIENCE) == 3
    assert termios.tcgetattr(desk.terminal) == before


def test_keys_come_back_when_the_program_is_continued(desk: Desk) -> None:
    with run_on(desk, "sleep") as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            assert desk.is_raw()
            modes = termios.tcgetattr(desk.terminal)
            modes[3] |= termios.ICANON | termios.ECHO
            termios.tcsetattr(desk.terminal, termios.TCSANOW, modes)
            program.send_signal(signal.SIGCONT)
            assert until(desk.is_raw)
        finally:
            program.kill()
