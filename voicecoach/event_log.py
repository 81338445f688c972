"""What happened, one JSON object a line: ``--events``, and whatever else wants to follow the session.

Each line is flushed at once: a crash loses nothing that was written. The format is public (README, "What programs can
rely on").
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TextIO

from voicecoach.errors import UsageError

Fields = dict[str, Any]
Listener = Callable[[float, str, Fields], None]
"""``listener(t, event, fields)``; must not raise."""


def _wall_time() -> str:
    return datetime.now(timezone.utc).astimezone().isoformat(timespec="milliseconds")


@dataclass
class EventLog:
    """Passes every event to its listeners, in the order of writing. One thread writes: the player's."""

    listeners: list[Listener] = field(default_factory=list)

    def write(self, t: float, event: str, **fields: Any) -> None:
        """``t``: seconds on the stream's clock at which the thing's first sample is due at the device."""
        for listener in self.listeners:
            listener(t, event, fields)


class EventFile:
    """A listener that appends to ``path``. Raises UsageError where that cannot be opened.

    A disk that fills up later must not end a session that somebody follows with closed eyes: the first failure to
    write is kept in ``failure`` and the file is left alone from then on.
    """

    def __init__(self, path: Path, wall_time: Callable[[], str] = _wall_time) -> None:
        self.failure: OSError | None = None
        self._wall_time = wall_time
        try:
            # What UTF-8 has no bytes for, as in a file's name that is no text, becomes JSON's own escape of it.
            self._file: TextIO = path.open("a", encoding="utf-8", errors="backslashreplace")
        except OSError as fault:
            raise UsageError(f"{path}: events cannot be written there: {fault.strerror}") from fault

    def __call__(self, t: float, event: str, fields: Fields) -> None:
        """Append one line and flush it."""
        if self.failure is not None:
            return
        line = {"t": round(t, 6), "event": event, "wall": self._wall_time(), **fields}
        try:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as fault:
            self.failure = fault

    def close(self) -> None:
        """Close the file; may be called twice."""
        try:
            self._file.close()
        except OSError as fault:
            self.failure = self.failure or fault
