"""Finds routines: those that ship with the program, those in the user's own folder, or any file by its path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voicecoach.bundled import bundled
from voicecoach.errors import UsageError
from voicecoach.routine.doses import nearest

_ENDINGS = (".yaml", ".yml")

_NEW_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
"""Names that Windows keeps for devices, with any ending."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A routine that can be played by its name."""

    name: str
    path: Path
    origin: Literal["bundled", "yours"]


def user_folder() -> Path:
    """Where the user's own routines are looked for; it need not exist."""
    from platformdirs import user_data_path

    return user_data_path("voicecoach", appauthor=False) / "routines"


def list_routines(own: Path | None = None) -> list[Entry]:
    """Every routine with a name, sorted; one of the user's hides a bundled one of the same name.

    ``own`` is the user's folder, None for the usual one.
    """
    folder = user_folder() if own is None else own
    entries = {entry.name: entry for entry in _entries(bundled("scripts"), "bundled")}
    entries |= {entry.name: entry for entry in _entries(folder, "yours")}
    return sorted(entries.values(), key=lambda entry: entry.name)


def find(routine: str, own: Path | None = None) -> Path:
    """The file that ``routine`` means: a name, or a path (anything with a / or an ending such as .yaml).

    Raises UsageError where there is none, with the name that was probably meant.
    """
    path = Path(routine)
    if path.suffix.lower() in _ENDINGS or len(path.parts) > 1:
        return _existing(path)
    known = {entry.name: entry.path for entry in list_routines(own)}
    found = known.get(routine) or known.get(routine.lower())
    if found is not None:
        return found
    meant = nearest(routine, list(known)) or next((name for name in known if routine.lower() in name), None)
    hint = f' Did you mean "{meant}"?' if meant else ""
    raise UsageError(f'There is no routine "{routine}".{hint} `voicecoach list` shows all of them.')


def place_for_new(name: str, own: Path | None = None) -> Path:
    """Where a new routine of that name belongs in the user's folder; nothing is written.

    Raises UsageError for a name that is not small letters, digits and hyphens, and for one that is taken.
    """
    if not _NEW_NAME.fullmatch(name) or _DEVICES.fullmatch(name):
        plain = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:40]
        hint = f' Did you mean "{plain}"?' if plain and plain != name and not _DEVICES.fullmatch(plain) else ""
        demand = "The name of a new routine is 1 to 40 small letters, digits and hyphens, such as my-wrists"
        raise UsageError(f'{demand}, got "{name}".{hint}')
    folder = user_folder() if own is None else own
    for entry in list_routines(folder):
        if entry.name == name:
            whose = "comes with the program" if entry.origin == "bundled" else f"is there already: {entry.path}"
            raise UsageError(f'"{name}" {whose}. Take another name; nothing is overwritten.')
    return folder / f"{name}.yaml"


def _existing(path: Path) -> Path:
    try:
        path = path.expanduser()
        if path.is_file():
            return path
        if path.exists():
            raise UsageError(f'"{path}" is not a file; give the routine file itself.')
    except (OSError, RuntimeError):
        pass  # No such user after a ~, a name too long, a folder that may not be entered: not there for us.
    raise UsageError(f'There is no file "{path}".')


def _entries(folder: Path, origin: Literal["bundled", "yours"]) -> list[Entry]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS and path.is_file())
    except OSError:
        return []
    return [Entry(path.stem.lower(), path, origin) for path in paths]
