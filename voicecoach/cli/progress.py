"""A progress bar for whatever turns out to take long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

PATIENCE = 0.3
"""Seconds that nobody minds: what is over sooner shows no bar."""


@contextmanager
def progress(what: str, clock: Callable[[], float] = time.monotonic,
             console: Console | None = None) -> Iterator[Callable[[int, int], None]]:  # fmt: skip
    """Gives ``tell(done, of)``; on a terminal a bar shows it on standard error, and vanishes in the end."""
    out = console or Console(stderr=True)
    can_show = out.is_terminal and not out.is_dumb_terminal
    bar = Progress(console=out, transient=True)
    task, began, shown = bar.add_task(what, total=None), clock(), False

    def tell(done: int, of: int) -> None:
        nonlocal shown
        bar.update(task, completed=done, total=of)
        if can_show and not shown and done < of and clock() - began >= PATIENCE:
            shown = True
            bar.start()

    try:
        yield tell
    finally:
        if shown:
            bar.stop()
