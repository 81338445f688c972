"""Single keys as commands, for whoever prefers them or has no microphone.

A thread of its own reads the terminal key by key, without echo and without waiting for Enter, and gives the terminal
back as it found it: on ``close``, at the interpreter's exit, and while the program is suspended with Ctrl-Z. Ctrl-C
keeps its meaning. Where standard input is no terminal, or belongs to another job, there are no keys, which is no error.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

from voicecoach import job_control
from voicecoach.session.commands import Command

KEYS: Final[Mapping[str, Command | None]] = {
    "space": None,
    "r": Command.REPEAT,
    "n": Command.NEXT,
    "b": Command.BACK,
    "s": Command.STOP,
    "esc": Command.STOP,
    "h": Command.PAIN,
    "+": Command.LOUDER,
    "=": Command.LOUDER,
    "-": Command.QUIETER,
    "?": Command.HELP,
    "media-play": Command.RESUME,
    "media-pause": Command.PAUSE,
    "media-play-pause": None,
    "media-stop": Command.STOP,
    "media-next": Command.NEXT,
    "media-previous": Command.BACK,
    "media-rewind": Command.REPEAT,
    "volume-up": Command.LOUDER,
    "volume-down": Command.QUIETER,
}
"""What each key asks for; None is the pause key, which also resumes. "=" is "+" without shift on many keyboards."""

KEYS_WHILE_ASKING: Final[Mapping[str, Command | None]] = {**KEYS, "y": Command.YES, "n": Command.NO}
"""The same while a question waits for its answer."""

OnKey = Callable[[str, "Command | None"], None]
"""``on_key(key, command)``, called in the keyboard's thread; ``command`` None is the pause key."""

ESCAPE_WAIT = 0.05
"""Seconds in which the rest of an arrow key's sequence follows its Esc byte; a key pressed by itself has none. Local
terminals send the whole sequence at once; 50 ms also covers a remote one, and nobody notices it in a stop."""

_MOST_FAILURES = 5
"""Failures after which the keyboard is given up: one that always fails would say nothing else."""

_LOOK = 0.2
"""Seconds between two looks at whose the terminal is."""

_SPECIAL = frozenset("\0\xe0")
_AT_ONCE = 0.01
"""Seconds: the second half of a special key is there already; nobody types two letters as fast."""

_SEQUENCE = re.compile(
    r"\x1b(?:\[\[[A-E]|\[[0-?]*[ -/]*[@-~]|O[ -~])"  # ECMA-48 control sequences, Linux console and SS3 function keys
)
_BEGUN = re.compile(r"\x1b(?:\[\[?|\[[0-?]*[ -/]*|O)?")
_NAMES = {" ": "space", "\x1b": "esc"}
_NUMBERED = re.compile(r"\x1b\[(\d+)(?::[\d:]*)?(?:;([\d:]*))?(?:;[\d:]*)?u")
"""A key by its number: what terminals with the kitty keyboard protocol send where it was turned on. It is not turned on
from here, since Ctrl-C would then be no signal any more; media keys come in no other way."""
_NUMBERS = {
    57428: "media-play",
    57429: "media-pause",
    57430: "media-play-pause",
    57432: "media-stop",
    57434: "media-rewind",
    57435: "media-next",
    57436: "media-previous",
    57438: "volume-down",
    57439: "volume-up",
}
_RELEASED = ":3"
"""The end of a numbered key's modifiers when it was let go."""


def split_keys(text: str, *, complete: bool) -> tuple[list[str], str]:
    """The names of the keys whose characters ``text`` holds, and what is left of it: the beginning of a sequence
    that may still go on. With ``complete`` nothing will follow, so an Esc at the end was the Esc key.

    Sequences are media keys, or (arrows, function keys) no keys of ours and vanish. Esc before any other character is
    the Esc key: better to end a session for an Alt combination than to miss a stop.
    """
    keys = []
    while text:
        sequence = _SEQUENCE.match(text)
        if sequence is not None:
            text = text[sequence.end() :]
            keys += _numbered(sequence[0])
            continue
        if text[0] == "\x1b" and not complete and _BEGUN.fullmatch(text):
            break
        keys.append(_NAMES.get(text[0], text[0].lower()))
        text = text[1:]
    return keys, text


def _numbered(sequence: str) -> list[str]:
    """The key that a terminal names by its number; none for any other sequence."""
    found = _NUMBERED.fullmatch(sequence)
    if found is None or (found[2] or "").endswith(_RELEASED):
        return []
    number = int(found[1])
    if number in _NUMBERS:
        return [_NUMBERS[number]]
    character = chr(number) if number < 0x80 else ""
    return [_NAMES.get(character, character.lower())] if character else []


class Keyboard:
    """Reads keys from ``start`` to ``close`` and reports those that mean something.

    ``asking`` tells, in the keyboard's thread, whether a question waits for an answer; ``on_trouble`` is told there of
    keys that are lost. ``fd`` is the terminal's file descriptor (POSIX); None is standard input. ``also`` names other
    keys that are reported, with no command. Make, start and close it in the main thread, so that it can follow Ctrl-Z.
    """

    def __init__(
        self,
        on_key: OnKey,
        *,
        asking: Callable[[], bool] = lambda: False,
        on_trouble: Callable[[str], None] = lambda _: None,
        fd: int | None = None,
        also: Collection[str] = (),
    ) -> None:
        self._on_key, self._on_trouble = on_key, on_trouble
        self._failures = 0
        self._also: Mapping[str, Command | None] = dict.fromkeys(also)
        self._asking = asking
        self._terminal = _terminal(fd)
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    @property
    def available(self) -> bool:
        """Whether keys can be read here at all."""
        return self._terminal is not None

    def start(self) -> bool:
        """Begin to read; returns whether there are keys to read. Once for each object."""
        if self._terminal is None:
            return False
        atexit.register(self.close)
        self._terminal.enter()
        self._thread = threading.Thread(target=self._read, name="keyboard", daemon=True)
        self._thread.start()
        return True

    def close(self) -> None:
        """Stop reading and give the terminal back. May be called twice, also without ``start``."""
        self._closing.set()
        if self._thread is not None and self._terminal is not None:
            self._terminal.wake()
            if self._thread is not threading.current_thread():
                self._thread.join(2.0)
            self._terminal.leave()
            self._thread = None
            atexit.unregister(self.close)

    def _read(self) -> None:
        pending = ""
        while not self._closing.is_set() and self._failures <= _MOST_FAILURES:
            try:
                left = self._read_once(pending)
            except Exception as fault:
                self._lose(fault)
                pending = ""
                continue
            if left is None:
                if not self._closing.is_set():
                    self._on_trouble("The terminal is gone, so there are no keys any more.")
                return
            pending = left

    def _read_once(self, pending: str) -> str | None:
        """Report the keys of the next characters; returns what may still go on, None when the terminal is gone."""
        assert self._terminal is not None
        text = self._terminal.read(ESCAPE_WAIT if pending else None)
        if text is None:
            return None
        keys, pending = split_keys(pending + text, complete=not text)
        for key in keys:
            try:
                self._report(key)
            except Exception as fault:  # a key that fails must not take the next one, which may be "stop", with it
                self._lose(fault)
        return pending

    def _report(self, key: str) -> None:
        table = {**(KEYS_WHILE_ASKING if self._asking() else KEYS), **self._also}
        if key in table and not self._closing.is_set():
            self._on_key(key, table[key])

    def _lose(self, fault: Exception) -> None:
        self._failures += 1
        what = "The keys do not work any more" if self._failures > _MOST_FAILURES else "A key was lost, press it again"
        self._on_trouble(f"{what} ({type(fault).__name__}: {fault}).")


class _Terminal(Protocol):
    """Where single keys can be read."""

    def enter(self) -> None:
        """Characters come one by one, and are not echoed."""

    def leave(self) -> None:
        """As it was before ``enter``."""

    def wake(self) -> None:
        """Let a ``read`` that waits return."""

    def read(self, patience: float | None) -> str | None:
        """What was typed; "" when woken or after ``patience`` seconds without a key; None when the terminal is gone."""


class Console:
    """The Windows console, by two functions of its C library: ``kbhit`` and ``getwch`` of ``msvcrt``.

    It cannot be waited for together with anything else, so it is looked at often enough to feel instant.
    """

    def __init__(
        self,
        has_key: Callable[[], bool],
        read_key: Callable[[], str],
        *,
        interrupt: Callable[[], None] = lambda: signal.raise_signal(signal.SIGINT),
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._has_key, self._read_key, self._interrupt = has_key, read_key, interrupt
        self._now, self._sleep = now, sleep

    def enter(self) -> None:
        """Nothing to change: what is read this way is not echoed."""

    def leave(self) -> None:
        """Nothing was changed."""

    def wake(self) -> None:
        """Nothing can; ``read`` looks up by itself."""

    def read(self, patience: float | None) -> str | None:
        """The next key, of those that have a character; "" after ``patience`` seconds without one."""
        end = self._now() + (_LOOK if patience is None else patience)
        while self._now() < end:
            character = self._character() if self._has_key() else None
            if character is None:
                self._sleep(0.02)
            elif character == "\x03":
                self._interrupt()
            else:
                return character
        return ""

    def _character(self) -> str | None:
        """None for a key without one, such as an arrow, which comes as two: NUL or "à", and at once another.

        The letter "à" has a key of its own on French keyboards. It means nothing here, but what is typed after it may.
        """
        character = self._read_key()
        while character in _SPECIAL:
            began = self._now()
            character = self._read_key()
            if self._now() - began <= _AT_ONCE:
                return None
        return character


if sys.platform == "win32":
    import msvcrt

    def _terminal(fd: int | None) -> _Terminal | None:
        if fd is not None or sys.stdin is None or not sys.stdin.isatty():
            return None
        return Console(msvcrt.kbhit, msvcrt.getwch)

else:
    import select
    import termios

    class _Tty:
        """A POSIX terminal in "cbreak" mode: keys at once and unechoed, but Ctrl-C and Ctrl-Z still send signals.

        While another job has it nothing is changed. A shell says nothing when it hands the terminal to a job that runs
        already, so ``read`` looks again and again whose it is.
        """

        def __init__(self, fd: int) -> None:
            self._fd = fd
            self._found: list[Any] | None = None
            """The modes to be given back: those of the first moment at which the terminal was ours. Before, they are
            those of the shell's line editor."""
            self._has_keys = False
            """Whether the terminal gives them one by one, as far as we know."""
            self._unfollow: Callable[[], None] = lambda: None
            self._read_end = self._write_end = -1

        def enter(self) -> None:
            self._read_end, self._write_end = os.pipe()
            self._break_lines()
            self._unfollow = job_control.follow(self._restore, self._break_lines)

        def leave(self) -> None:
            self._unfollow()
            self._restore()
            self._found = None
            for end in (self._read_end, self._write_end):
                with suppress(OSError):
                    os.close(end)

        def wake(self) -> None:
            os.write(self._write_end, b"!")

        def read(self, patience: float | None) -> str | None:
            if not job_control.is_ours(self._fd):
                self._has_keys = False
                select.select([self._read_end], [], [], _LOOK)
                return ""
            if not self._has_keys:
                self._break_lines()
            try:
                ready, _, _ = select.select([self._fd, self._read_end], [], [], _LOOK if patience is None else patience)
                # Reading what is typed for the shell or another job would stop the program.
                if self._fd not in ready or not job_control.is_ours(self._fd):
                    return ""
                data = os.read(self._fd, 256)
            except OSError:
                return None
            # A key outside ASCII means nothing here, so a character split between two reads does no harm.
            return (data.decode("utf-8", "ignore") or "\ufffd") if data else None

        def _break_lines(self) -> None:
            if not job_control.is_ours(self._fd):
                self._has_keys = False
                return
            with suppress(termios.error):  # the next look tries again
                if self._found is None:
                    self._found = termios.tcgetattr(self._fd)
                changed: list[Any] = [list(part) if isinstance(part, list) else part for part in self._found]
                changed[3] &= ~(termios.ICANON | termios.ECHO)
                changed[6][termios.VMIN], changed[6][termios.VTIME] = 1, 0
                termios.tcsetattr(self._fd, termios.TCSANOW, changed)
                self._has_keys = True

        def _restore(self) -> None:
            if self._found is not None and job_control.is_ours(self._fd):
                with suppress(termios.error):
                    termios.tcsetattr(self._fd, termios.TCSANOW, self._found)

    def _terminal(fd: int | None) -> _Terminal | None:
        if fd is None:
            if sys.stdin is None or sys.stdin.closed:
                return None
            try:
                fd = sys.stdin.fileno()
            except (OSError, ValueError):
                return None
        return _Tty(fd) if os.isatty(fd) else None
