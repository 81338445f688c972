"""A TOML file as values with the place of each; the standard library's reader keeps no places.

Whoever writes it is told of what is wrong in the same form as of a routine: ``file:line:column: what``.
"""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicecoach.errors import ConfigurationError

LARGEST = 16 * 1024
"""Bytes; with a line of comment on every setting it would have 3 KB."""

_AT = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"


@dataclass(frozen=True, slots=True)
class Item:
    """A value, or a table's heading."""

    path: tuple[str, ...]
    """Table names and the key: ``("play", "speed")``."""
    value: Any
    line: int
    """Counted from 1, as ``column`` is."""
    column: int
    is_heading: bool = False
    """``[play]``; ``value`` is then None, or a list for ``[[play]]``."""


def read(path: Path) -> list[Item]:
    """What the file holds, in its order; nothing where there is no file. Raises ConfigurationError."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ConfigurationError([f"{path}:1:1: this is not a file"])
        if status.st_size > LARGEST:
            size = f"{status.st_size / 1024:,.0f} KB"
            raise ConfigurationError([f"{path}:1:1: the file is too large: {size}, at most {LARGEST // 1024} KB"])
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as fault:
        reason = (fault.strerror or "unknown reason").lower()
        raise ConfigurationError([f"{path}:1:1: the file cannot be read: {reason}"]) from fault
    try:
        return parse(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        column = fault.start - data.rfind(b"\n", 0, fault.start)
        raise ConfigurationError([f"{path}:{line}:{column}: this is not UTF-8; save the file as UTF-8"]) from None


def parse(text: str, name: str) -> list[Item]:
    """As ``read``; ``name`` stands for the file in messages."""
    loads = _reader()
    try:
        loads(text)
    except ValueError as fault:
        raise ConfigurationError([_explained(str(fault), text, name)]) from None
    return list(_items(text, loads))


def _items(text: str, loads: Callable[[str], dict[str, Any]]) -> Iterator[Item]:
    """Statement by statement: the fewest lines that are TOML by themselves are one, since the whole text is TOML."""
    table: tuple[str, ...] = ()
    begin, statement = 1, ""
    for number, line in enumerate(text.split("\n"), start=1):
        statement += line + "\n"
        try:
            data = loads(statement)
        except ValueError:
            continue
        if statement.lstrip().startswith("["):
            table, repeated = _heading(data)
            line_, column = _place(statement, table[-1], begin)
            yield Item(table, [] if repeated else None, line_, column, is_heading=True)
        else:
            for path, value in _leaves(data):
                yield Item((*table, *path), value, *_place(statement, path[-1], begin))
        begin, statement = number + 1, ""


def _heading(data: dict[str, Any]) -> tuple[tuple[str, ...], bool]:
    """The path of a table from its heading, and whether it is one of an array of tables."""
    path: list[str] = []
    inner: Any = data
    while isinstance(inner, dict) and inner:
        name, inner = next(iter(inner.items()))
        path.append(name)
    return tuple(path), isinstance(inner, list)


def _leaves(data: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in data.items():
        if isinstance(value, dict) and value:
            yield from (((name, *path), inner) for path, inner in _leaves(value))
        else:
            yield (name,), value


def _place(statement: str, name: str, begin: int) -> tuple[int, int]:
    """Line and column at which ``name`` stands in a statement that begins at line ``begin``."""
    found = re.search(r"(?<![\w-])[\"']?" + re.escape(name) + r"[\"']?(?![\w-])", statement)
    before = statement[: found.start()] if found else ""
    return begin + before.count("\n"), len(before) - before.rfind("\n")


def _explained(message: str, text: str, name: str) -> str:
    at = _AT.search(message)
    if at is not None:
        line, column, message = int(at[1]), int(at[2]), message[: at.start()]
    else:
        kept = text.rstrip("\n").split("\n")
        line, column, message = len(kept), len(kept[-1]) + 1, message.removesuffix(_AT_END)
    return f'{name}:{line}:{column}: this is not TOML, where texts are in quotes (cues = "brief"): {message}'


def _reader() -> Callable[[str], dict[str, Any]]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    loads: Callable[[str], dict[str, Any]] = tomllib.loads
    return loads
