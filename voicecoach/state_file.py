"""A small JSON file in the state folder: a convenience, never needed. What is damaged is as good as not there."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import platformdirs

LARGEST = 256 * 1024
"""Characters that are read. The largest of ours, twenty pairs of devices, has some 8,000."""


def state_path(name: str) -> Path:
    """Where the file of that name is."""
    return platformdirs.user_state_path("voicecoach", appauthor=False) / name


def read_state(path: Path) -> dict[str, Any]:
    """What the file holds, checked by nobody; nothing where it cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            found = json.loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def write_state(path: Path, data: dict[str, Any]) -> None:
    """Replace the file as a whole: another program sees the old or the new one. A full disk leaves nothing behind."""
    half_done = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half_done.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
        half_done.replace(path)
    except (OSError, UnicodeError):
        with suppress(OSError):
            half_done.unlink()
