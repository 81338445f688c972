"""The inside of a process in which a speech engine lives; the outside is :mod:`voicecoach.voice.engine_process`.

It speaks JSON, one object a line. First it says what it is, then it answers each request. ``{"error"}`` is the answer
to what failed. It ends when its standard input does.

Only the standard library is imported, so that the first word comes soon.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TextIO

LONGEST_DATA_PATH = 140
"""espeak-ng 1.52 keeps the path of its data in 160 bytes, file names included: 157 were seen to work, 162 to fail."""


class Engine(Protocol):
    """What speaks. It may raise anything: that is an answer, too."""

    def description(self) -> dict[str, Any]:
        """What it says of itself, once."""

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked."""


def serve(folder: Path, make_engine: Callable[[], Engine]) -> None:
    """Serve until standard input ends, remove ``folder``, and end the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the session, which may still have to say something
    replies = _claim_standard_output()
    try:
        _serve(make_engine, replies)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # here too, for a session that was killed
        os._exit(0)  # espeak-ng's own ending can fail an assertion, and nothing is left to lose


def within_reach(data: Path, folder: Path) -> Path:
    """Where espeak-ng can find its ``data``: itself, or a link in ``folder`` where its path is too long."""
    if len(os.fsencode(data)) <= LONGEST_DATA_PATH:
        return data
    link = folder / "espeak-ng-data"
    link.symlink_to(data, target_is_directory=True)
    return link


def _serve(make_engine: Callable[[], Engine], replies: TextIO) -> None:
    try:
        engine = make_engine()
        _reply(replies, engine.description())
    except Exception as error:  # whatever an engine raises is an answer, never a traceback
        _reply(replies, {"error": _described(error)})
        return
    for line in sys.stdin:
        try:
            _reply(replies, engine.answer(json.loads(line)))
        except Exception as error:
            _reply(replies, {"error": _described(error)})


def _claim_standard_output() -> TextIO:
    """A stream to what was standard output; whatever anybody else prints from now on goes nowhere."""
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return replies


def _reply(replies: TextIO, answer: dict[str, Any]) -> None:
    replies.write(json.dumps(answer) + "\n")
    replies.flush()


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
