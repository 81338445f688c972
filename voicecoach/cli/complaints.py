"""What goes wrong is said on standard error, one line for each thing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def complain(*lines: str) -> None:
    """Print ``lines`` for the user; where standard error is closed or full, nobody is told.

    Names of files and words of the command line are in them, so what could steer a terminal is left out.
    """
    try:
        for line in lines:
            print(printable(line), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        let_go(sys.stderr)


def let_go(stream: TextIO) -> None:
    """Nothing more is written to ``stream``: Python keeps what could not be, and fails once more at exit."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def printable(text: str) -> str:
    """``text`` on one line, with a mark in the place of every character that does not print."""
    return "".join(letter if letter.isprintable() or letter in _JOINERS else "\ufffd" for letter in text)


_JOINERS = "\u200c\u200d"
"""They do not print by themselves, but words of several languages are written with them."""
