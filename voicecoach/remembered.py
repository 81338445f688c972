"""What the user chose by voice and wants next time, too: one small file in the state folder.

It is a convenience: where it cannot be read or written, the session begins as if nothing had been chosen.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import platformdirs

from voicecoach.session.defaults import LOUDEST, QUIETEST

_LARGEST = 4096
"""Characters that are read; it has twenty."""


def default_path() -> Path:
    """``remembered.json`` in voicecoach's state folder."""
    return platformdirs.user_state_path("voicecoach", appauthor=False) / "remembered.json"


def volume(path: Path | None = None) -> float:
    """The master volume of the last session, 1 where there was none."""
    try:
        with (path or default_path()).open(encoding="utf-8") as file:
            found = json.loads(file.read(_LARGEST))["volume"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 1.0
    if isinstance(found, bool) or not isinstance(found, int | float) or not QUIETEST <= found <= LOUDEST:
        return 1.0
    return float(found)


def remember_volume(chosen: float, path: Path | None = None) -> None:
    """Keep it; replaces the file as a whole, so that another program sees the old or the new one."""
    path = path or default_path()
    half_done = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half_done.write_text(json.dumps({"volume": round(chosen, 4)}), encoding="utf-8")
        half_done.replace(path)
    except OSError:
        with suppress(OSError):
            half_done.unlink()
