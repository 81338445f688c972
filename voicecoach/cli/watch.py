"""Which files have changed: for ``voicecoach check --watch``.

A look at a file takes 0.1 ms at most, so two a second cost nothing; and they see what a library's file events miss:
network folders, editors that put a new file in the place of the old one, a file that is not there yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from voicecoach.errors import UsageError
from voicecoach.routine.library import find

INTERVAL = 0.5
"""Seconds between two looks."""

_Stamp = tuple[str, int, int, int] | None
"""Path, time of change, size and inode; None where there is no file."""


def changes(names: Sequence[str], sleep: Callable[[float], None] = time.sleep) -> Iterator[list[str]]:
    """At once all of ``names``, paths or names of routines; then, for ever, those that changed.

    A change is told when the file has held still from one look to the next: an editor may be writing it.
    """
    told: dict[str, _Stamp] = {name: _stamp(name) for name in names}
    seen = dict(told)
    yield list(told)
    while True:
        sleep(INTERVAL)
        now = {name: _stamp(name) for name in told}
        changed = [name for name, stamp in now.items() if stamp == seen[name] != told[name]]
        seen = now
        if changed:
            told.update((name, now[name]) for name in changed)
            yield changed


def _stamp(name: str) -> _Stamp:
    try:
        path = find(name)
        state = path.stat()
    except (UsageError, OSError):
        return None
    return str(path), state.st_mtime_ns, state.st_size, state.st_ino
