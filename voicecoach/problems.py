"""The last problems that the program met, for a bug report: a short file that says nothing of the user.

Written only when there is trouble, readable for the user alone, a few lines long. Quoted words, paths, and the names of
the user, the machine and their folders are taken out before anything is written.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import socket
import sys
import tempfile
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from traceback import extract_tb

import platformdirs

import voicecoach
from voicecoach.event_log import Fields

MOST = 20
"""Problems that are kept; older ones make room."""

LONGEST = 300
"""Characters of one of them."""

_QUOTED = re.compile("\"[^\"]*\"|\u201c[^\u201d]*\u201d|(?<!\\w)'[^']*'(?!\\w)")
_PATH = re.compile(r"(?<![\w~])(?:~|[A-Za-z]:)?[\\/](?:[^\s:;,'\"()]+)")
_OWNER = re.compile("[\\w.-]+['\u2019]s?(?= )")


def default_path() -> Path:
    """``problems.jsonl`` in voicecoach's state folder."""
    return platformdirs.user_state_path("voicecoach", appauthor=False) / "problems.jsonl"


class Problems:
    """Keeps what goes wrong; raises nothing, since a report must not be one more problem."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or default_path()

    def __call__(self, t: float, event: str, fields: Fields) -> None:
        """A listener to the event log: keeps what was trouble."""
        del t
        if event == "trouble":
            self.note(str(fields.get("what", "")))
        elif event == "device_lost":
            self.note("The sound device was lost.")

    def note(self, what: str) -> None:
        """Keep one more, without what is private in it."""
        with contextlib.suppress(Exception):  # whatever it is: nothing may come of it
            at = datetime.now(timezone.utc).isoformat(timespec="seconds")
            text = without_private(what).encode("utf-8", "backslashreplace").decode("utf-8")[:LONGEST]
            line = {"at": at, "version": voicecoach.__version__, "what": text}
            kept = [*self._lines(), json.dumps(line, ensure_ascii=False)][-MOST:]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # A new file is the user's alone (0600), and takes the old one's place at once.
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=".problems-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write("\n".join(kept) + "\n")
                Path(name).replace(self._path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def note_error(self, error: BaseException) -> None:
        """Keep an error that ended the program, with its kind and where in the program it came from."""
        ours = [frame for frame in extract_tb(error.__traceback__) if _PACKAGE in Path(frame.filename).parents]
        place = ""
        if ours:
            module = ".".join(Path(ours[-1].filename).relative_to(_PACKAGE).with_suffix("").parts)
            place = f" in {module}:{ours[-1].lineno}"
        self.note(f"{type(error).__name__}{place}: {error}")

    def read(self) -> list[str]:
        """Oldest first, one line each; what is no line of ours is left out."""
        told = []
        for line in self._lines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                kept = json.loads(line)
                told.append(f"{kept['at']}  {kept['version']}  {without_private(str(kept['what']))}")
        return told

    def forget(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _lines(self) -> list[str]:
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                text = file.read(MOST * (LONGEST * 6 + 200))
        except OSError:
            return []
        return [line for line in text.split("\n") if line.strip()][-MOST:]


_PACKAGE = Path(voicecoach.__file__).resolve().parent


def without_private(text: str) -> str:
    """``text`` on one line without quoted words (they may be a routine's), paths, and names of user and machine."""
    line = " ".join(text.split())
    return without_names(_PATH.sub("<path>", _QUOTED.sub("<text>", line)))


def without_names(text: str) -> str:
    """``text`` without the names of the user and the machine, and ``~`` for the home folder."""
    home = str(Path.home())
    if len(home) > 1:
        text = text.replace(home, "~")
    for name, shown in _names():
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", shown, text, flags=re.IGNORECASE)
    return text


def without_owner(device: str) -> str:
    """A device's name without whose it is: "Jane's AirPods" becomes "<user> AirPods"."""
    return without_names(_OWNER.sub("<user>", device))


@cache
def _names() -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    with contextlib.suppress(Exception):  # getpass raises what the platform raises
        found.append((getpass.getuser(), "<user>"))
    if sys.platform != "win32":
        with contextlib.suppress(Exception):  # a user may be in no list
            import pwd

            full = pwd.getpwuid(os.getuid()).pw_gecos.split(",")[0]
            found += [(part, "<user>") for part in (full, *full.split()) if len(part) > 2]
    with contextlib.suppress(OSError):
        host = socket.gethostname()
        found += [(host, "<host>"), (host.split(".", maxsplit=1)[0], "<host>")]
    return tuple((name, shown) for name, shown in found if len(name) > 1)
