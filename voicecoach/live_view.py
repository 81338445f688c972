"""The live view: the session on the whole terminal, drawn in a thread of its own so that nothing waits for a terminal.

The player's thread only hands over what there is to see. A terminal that is slow, stopped with Ctrl-S or gone costs the
session nothing, and a fault in the drawing costs it the picture alone: from then on there is a line for each event.
"""

from __future__ import annotations

import atexit
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import StringIO
from typing import Final

from rich.console import Console
from rich.text import Text

from voicecoach import job_control
from voicecoach.display import Display
from voicecoach.event_log import Fields
from voicecoach.glance import Glance
from voicecoach.news import News
from voicecoach.outline import Outline
from voicecoach.recap import Recap
from voicecoach.screen import Shown, compose, plain
from voicecoach.voice_meter import VoiceMeter

LEAST_BETWEEN = 0.08
"""Seconds between two frames at least."""
PATIENCE = 0.5
"""Seconds that giving the terminal back may take where it takes nothing: whoever waits for that wants to end."""
REPAINT_EVERY = 10.0
"""Seconds after which every line is drawn again, in case something else has written on the terminal."""

# The alternate screen, no cursor, no wrapping at the right edge; and all of that as it was.
_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
_LEAVE: Final = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"


class Canvas:
    """A terminal's alternate screen, of which only the lines that changed are written, never waiting.

    What the terminal does not take at once is written first at the next call. Any thread may call it. OSError from
    every method means that the terminal is gone.
    """

    def __init__(self, console: Console) -> None:
        self._file = console.file
        self._fd = console.file.fileno()
        self._encoding = console.encoding
        self._ink = Console(
            file=StringIO(), force_terminal=True, color_system="standard" if console.color_system else None,
            no_color=console.no_color, legacy_windows=False, highlight=False, soft_wrap=True, width=10_000,
        )  # fmt: skip
        # Reentrant: a signal handler may suspend while its own thread draws.
        self._lock = threading.RLock()
        self._drawn: list[Text] = []
        self._size = (0, 0)
        self._is_open = False
        self._left = b""
        """What the terminal has not taken yet."""

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        columns, rows = os.get_terminal_size(self._fd)
        return (columns, rows) if columns and rows else (80, 24)

    def close(self, then: str = "", patience: float | None = PATIENCE) -> None:
        """Show what was there before, with ``then`` after it; may be called at any time, any number of times.

        Where the terminal takes nothing for ``patience`` seconds (None: wait for it) it is left as it is.
        """
        if not self._lock.acquire(timeout=-1 if patience is None else patience):
            return
        try:
            leave = _LEAVE if self._is_open else ""
            self._is_open, self._drawn = False, []
            self._write(leave + then, patience)
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Something else may have been on the terminal: everything is drawn anew next time."""
        if self._lock.acquire(timeout=PATIENCE):
            self._is_open, self._drawn, self._left = False, [], b""
            self._lock.release()

    def draw(self, lines: list[Text], *, all_of_it: bool = False) -> None:
        """Show ``lines``, from the top; nothing while the terminal belongs to another job, or takes nothing."""
        with self._lock:
            if not job_control.is_ours(self._fd):
                return
            self._write("")
            if self._left:
                return
            written = ""
            if not self._is_open or len(lines) != len(self._drawn):
                written, self._drawn = _ENTER, []
            for row, line in enumerate(lines):
                known = self._drawn[row] if row < len(self._drawn) else None
                if all_of_it or known is None or line != known or line.style != known.style:
                    written += f"\x1b[{row + 1};1H{self._rendered(line)}\x1b[0m\x1b[K"
            self._is_open, self._drawn = True, list(lines)
            if written:
                self._write(written)

    def _rendered(self, line: Text) -> str:
        with self._ink.capture() as drawn:
            self._ink.print(line, end="")
        return drawn.get()

    def _write(self, text: str, patience: float | None = 0.0) -> None:
        """Write what is left and ``text``; what the terminal does not take within ``patience`` seconds is left."""
        if sys.platform == "win32":
            self._file.write(text)
            self._file.flush()
            return
        # Not through the file: its lock would still be taken if the program ended while a write is stuck.
        self._left += text.encode(self._encoding, "replace")
        if not self._left:
            return
        end = None if patience is None else time.monotonic() + patience
        fd = self._open()
        try:
            while self._left:
                wait = None if end is None else max(0.0, end - time.monotonic())
                if not select.select([], [fd], [], wait)[1]:
                    return
                try:
                    self._left = self._left[os.write(fd, self._left) :]
                except BlockingIOError:  # room for one byte, and a line's end takes two
                    if wait == 0.0:
                        return
                    time.sleep(0.01)
        finally:
            os.close(fd)

    if sys.platform != "win32":

        def _open(self) -> int:
            """The terminal, opened once more: whether a write waits is a flag that others share who inherited the file.

            Where it cannot be opened, a write that the terminal has no room for waits.
            """
            try:
                return os.open(os.ttyname(self._fd), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            except OSError:
                return os.dup(self._fd)


class LiveView:
    """Shows a session from ``open`` to ``close`` and prints what is to be kept; before and after, lines like Display.

    ``look`` and the event log's calls come from the player's thread. Open and close it in the main thread.
    """

    def __init__(self, console: Console, lines: Display, canvas: Canvas | None = None) -> None:
        self.fault: Exception | None = None
        """What went wrong in the drawing, if anything did."""
        self._lines = lines
        self._ascii = console.options.ascii_only
        self._canvas = canvas or Canvas(console)
        self._outline: Outline | None = None
        self._advice: Mapping[str, tuple[str, ...]] = {}
        self._recap: Recap | None = None
        self._news = News()
        self._glance: Glance | None = None
        self._notices: tuple[str, ...] = ()
        self._total = 0
        self._meter = VoiceMeter()
        self._repainted = 0.0
        self._patience: float | None = PATIENCE
        self._something_new, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._unfollow: Callable[[], None] = lambda: None
        self._on_trouble: Callable[[str], None] = lambda _: None

    def open(
        self,
        outline: Outline,
        advice: Mapping[str, tuple[str, ...]],
        on_trouble: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take the terminal. ``advice``: the safety talks in full, by the reason of a session's end. Once.

        ``on_trouble`` is told, in the drawing thread, when there is no more drawing.
        """
        self._on_trouble = on_trouble
        self._outline, self._advice, self._recap = outline, advice, Recap(outline, advice)
        self._unfollow = job_control.follow(self._give_back, self._take)
        atexit.register(self._give_back)
        self._thread = threading.Thread(target=self._run, name="live-view", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give the terminal back and print what is to be kept. May be called twice, and without ``open``."""
        if self._thread is None:
            return
        self._closing.set()
        self._something_new.set()
        self._thread.join(2.0)
        self._thread = None
        self._unfollow()
        with suppress(OSError):
            self._canvas.close(self._kept(), self._patience)
        atexit.unregister(self._give_back)

    def look(self, glance: Glance) -> None:
        """There is this to see now. Returns at once."""
        self._glance = glance
        self._something_new.set()

    def __call__(self, t: float, event: str, fields: Fields) -> None:
        """Take one event."""
        if self._thread is None or self._recap is None:
            self._lines(t, event, fields)
            return
        self._recap(t, event, fields)
        if self.fault is not None and event != "finished":
            self._lines(t, event, fields)
        if event == "finished" and fields["reason"] != "interrupt":
            # Somebody stopped the terminal with Ctrl-S, and comes back to what is kept.
            self._patience = None
        self._news = self._news.after(t, event, fields)
        self._something_new.set()

    def say(self, message: str, style: str = "") -> None:
        """Print a line that belongs to no event; until the view is open. It is shown for a while at its beginning."""
        self._notices = (*self._notices, message)
        self._lines.say(message, style)

    def _kept(self) -> str:
        with self._lines.console.capture() as captured:
            for line, style in self._recap.lines() if self._recap is not None else ():
                self._lines.say(plain(line), style, by_words=True)
        return captured.get()

    # The drawing thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self._something_new.wait()
            if self._closing.is_set():
                return
            self._something_new.clear()
            try:
                self._draw()
            except OSError as fault:
                # Nobody is there any more to be shown anything; the log should know.
                self._on_trouble(f"The terminal is gone, so nothing is shown any more ({fault.strerror or fault}).")
                return
            except Exception as fault:
                self.fault = fault
                self._give_back()
                self._on_trouble(f"The picture has failed; lines follow ({type(fault).__name__}: {fault}).")
                return
            self._closing.wait(LEAST_BETWEEN)

    def _draw(self) -> None:
        glance, outline = self._glance, self._outline
        if glance is None or outline is None:
            return
        self._total = max(self._total, glance.left)
        at = glance.at / glance.rate
        meter = None if glance.level is None else self._meter.read(glance.level, at)
        shown = Shown(outline, glance, self._news, meter, self._total, self._advice, self._notices)
        columns, rows = self._canvas.size()
        now = time.monotonic()
        all_of_it = now - self._repainted > REPAINT_EVERY
        if all_of_it:
            self._repainted = now
        self._canvas.draw(compose(shown, columns, rows, ascii_only=self._ascii), all_of_it=all_of_it)

    # Ctrl-Z -----------------------------------------------------------------------------------------------------

    def _give_back(self) -> None:
        with suppress(OSError):
            self._canvas.close()

    def _take(self) -> None:
        # Nothing but this: the thread that was interrupted may be inside the event's lock. The next look draws.
        self._canvas.forget()


def open_display(*, in_lines: bool = False, console: Console | None = None) -> Display | LiveView:
    """What suits the console (standard output): the live view on a terminal that can draw, else a line for each event.

    ``in_lines``: lines on any terminal, as a screen reader wants them.
    """
    if sys.platform == "win32":
        _enable_escapes()
    lines = Display(console)
    console = lines.console
    if in_lines or not console.is_terminal or console.is_dumb_terminal or console.legacy_windows:
        return lines
    try:
        return LiveView(console, lines) if os.isatty(console.file.fileno()) else lines
    except (OSError, ValueError):
        return lines


def _enable_escapes() -> None:
    """Let a Windows console obey escape sequences; where it cannot, rich finds out and lines are printed."""
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle, mode = kernel.GetStdHandle(-11), ctypes.c_ulong()
    if kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        kernel.SetConsoleMode(handle, mode.value | 0x0004)
