"""What the user chose by voice and wants next time, too: one small file in the state folder.

It is a convenience: where it cannot be read or written, the session begins as if nothing had been chosen.
"""

from __future__ import annotations

from pathlib import Path

from voicecoach.session.defaults import LOUDEST, QUIETEST
from voicecoach.state_file import read_state, state_path, write_state


def default_path() -> Path:
    """``remembered.json`` in voicecoach's state folder."""
    return state_path("remembered.json")


def volume(path: Path | None = None) -> float:
    """The master volume of the last session, 1 where there was none."""
    found = read_state(path or default_path()).get("volume")
    if isinstance(found, bool) or not isinstance(found, int | float) or not QUIETEST <= found <= LOUDEST:
        return 1.0
    return float(found)


def remember_volume(chosen: float, path: Path | None = None) -> None:
    """Keep it."""
    write_state(path or default_path(), {"volume": round(chosen, 4)})
