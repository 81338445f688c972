"""The journal: one append-only file that tells what was practised, what hurt, and what was answered.

JSON Lines in the user's data folder, one object an event. It holds no audio and nothing that was said, only what it
meant. ``journal_writer.py`` writes a session into it, ``history.py`` tells what the entries add up to.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import platformdirs

from voicecoach.errors import JournalError

VERSION = 1
"""Of an entry: its field ``v``. Readers keep what they do not know, so it changes only where a meaning does."""

LONGEST_LINE = 64 * 1024
"""Bytes; an entry has some three hundred. What is longer this program did not write, and is never held in memory."""

_CHUNK = 64 * 1024
_LOCK_PATIENCE = 0.2
"""Seconds to wait for another program's append, which takes milliseconds."""
_CLEARED = frozenset({"v", "at", "event"})


def default_path() -> Path:
    """``journal.jsonl`` in voicecoach's data folder."""
    return platformdirs.user_data_path("voicecoach", appauthor=False) / "journal.jsonl"


def wall_clock() -> datetime:
    """The time, with the offset that is in force here."""
    return datetime.now(timezone.utc).astimezone()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, read. What a newer version writes is an entry too: unknown events and fields are kept."""

    line: int
    """Counted from 1."""
    at: datetime
    """Aware; its date is the user's local one at that moment."""
    event: str
    fields: Mapping[str, Any]
    """All but ``v``, ``at`` and ``event``, as they stand in the file: nobody has checked them."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no entry, such as one that a crash tore."""

    line: int
    """Counted from 1."""
    torn: bool
    """It is the last one and has no end: the program or the machine stopped while writing it."""


def exists(path: Path) -> bool:
    """Whether anything was written yet. Raises JournalError where nobody may look."""
    try:
        return path.exists()
    except OSError as fault:
        raise JournalError(f"{path}: the journal cannot be read: {fault.strerror}.") from fault


def read(path: Path, on_broken: Callable[[Broken], object] = lambda broken: None) -> Iterator[Entry]:
    """The entries in the order of the file; none where there is no file.

    A broken line is left out and told to ``on_broken``. Holds one line in memory, and none that is too long. Raises
    JournalError where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, (line, ended) in enumerate(_lines(file.read), 1):
                entry = None if line is None else _entry(number, line)
                if entry is not None:
                    yield entry
                elif line is None or line.strip():
                    on_broken(Broken(number, torn=not ended))
    except FileNotFoundError:
        return
    except OSError as fault:
        raise JournalError(f"{path}: the journal cannot be read: {fault.strerror}.") from fault


def _lines(read_some: Callable[[int], bytes]) -> Iterator[tuple[bytes | None, bool]]:
    """Each line, or None for one that is too long, and whether it was ended."""
    parts: list[bytes] = []
    length = 0
    while chunk := read_some(_CHUNK):
        begun, *rest = chunk.split(b"\n")
        for next_line in rest:
            length += len(begun)
            yield (b"".join((*parts, begun)) if length <= LONGEST_LINE else None), True
            parts, length, begun = [], 0, next_line
        length += len(begun)
        if length <= LONGEST_LINE:
            parts.append(begun)
        else:
            parts = []
    if length:
        yield (b"".join(parts) if length <= LONGEST_LINE else None), False


def _entry(number: int, line: bytes) -> Entry | None:
    try:
        # An editor may have put a byte order mark before the first line.
        found = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        event, at = found["event"], datetime.fromisoformat(found["at"].replace("Z", "+00:00"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not isinstance(event, str):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return Entry(number, at, event, {name: value for name, value in found.items() if name not in _CLEARED})


def encode(at: datetime, event: str, fields: Mapping[str, Any]) -> bytes:
    """One entry as a whole line. ValueError where it would be longer than the reader takes."""
    entry = {"v": VERSION, "at": at.isoformat(timespec="milliseconds"), "event": event}
    entry.update((name, _plain(value)) for name, value in fields.items() if name not in _CLEARED)
    line = json.dumps(entry, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
    if len(line) > LONGEST_LINE:
        raise ValueError(f"an entry of {len(line)} bytes")
    return line


def _plain(value: Any) -> Any:
    """JSON has no infinity and no NaN."""
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def append(path: Path, line: bytes) -> None:
    """Write ``line`` (from ``encode``) as one write at the end of the file, and see it onto the disk.

    Makes the file, and its folder, where they are missing; only the user may read either. A last line that was torn is
    ended first. Two programs take turns; where no lock is to be had the entry is written all the same. Raises OSError:
    UnflushedError where the line stands in the file but perhaps not on the disk, any other where it is not written.
    """
    made = _make_folder(path.parent)
    with _turn(path):
        descriptor, created = _open(path)
        try:
            whole = line if _ends_a_line(descriptor) else b"\n" + line
            written = os.write(descriptor, whole)
            if written < len(whole):
                raise OSError(f"the disk took {written} of {len(whole)} bytes")
            try:
                os.fsync(descriptor)
            except OSError as fault:
                raise UnflushedError(*fault.args) from fault
            for folder in (*([path.parent] if created else []), *made):
                _flush_folder(folder)
        finally:
            os.close(descriptor)


class UnflushedError(OSError):
    """It was written, but the system could not confirm that it is on the disk."""


def delete(path: Path) -> None:
    """Remove the journal for good; one that is missing is fine. Raises JournalError where it cannot be removed."""
    if not exists(path.parent):
        return
    try:
        with _turn(path):
            path.unlink(missing_ok=True)
        _lock_file(path).unlink(missing_ok=True)
    except OSError as fault:
        raise JournalError(f"{path}: the journal cannot be deleted: {fault.strerror}.") from fault


def _make_folder(folder: Path) -> list[Path]:
    """Returns the folders whose own entries changed."""
    changed = []
    for missing in (folder, *folder.parents):
        if missing.exists():
            break
        changed.append(missing.parent)
    if changed:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return changed


def _lock_file(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Others wait meanwhile. Where there is no lock (a folder that is read-only, a file system without) nobody does."""
    from filelock import FileLock

    lock = FileLock(_lock_file(path), timeout=_LOCK_PATIENCE, mode=0o600)
    # Whatever goes wrong with the lock, the entry matters more.
    with contextlib.suppress(Exception):
        lock.acquire(poll_interval=0.005)
    try:
        yield
    finally:
        with contextlib.suppress(Exception):
            lock.release()


def _open(path: Path) -> tuple[int, bool]:
    """A descriptor that appends, and whether the file is new. A file that others may read is closed to them."""
    flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor, created = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600), True
    except FileExistsError:
        descriptor, created = os.open(path, flags | os.O_CREAT, 0o600), False
    if sys.platform != "win32" and stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, 0o600)
    return descriptor, created


def _ends_a_line(descriptor: int) -> bool:
    if os.fstat(descriptor).st_size == 0:
        return True
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) == b"\n"


def _flush_folder(folder: Path) -> None:
    """So that the new name in it lasts; where the system has no such thing, there is nothing to be done."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
