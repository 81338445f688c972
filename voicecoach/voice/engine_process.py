"""A speech engine in a process of its own, seen from outside: started, asked, waited for, ended.

What happens in there (:mod:`voicecoach.voice.engine_server`) can harm nobody: an answer is waited for a bounded time.
The process ends with its object or with this process, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import voicecoach
from voicecoach.errors import VoiceError


class EngineLostError(VoiceError):
    """The engine's process died, hung, spoke nonsense or nothing: another may do better."""


class EngineProcess:
    """The running process, and what it said ``about`` itself. Raises EngineLostError where it does not start."""

    def __init__(self, command: Sequence[str], start_seconds: float, patience: float = 1.0) -> None:
        """``command`` gets a private folder as its last argument; ``patience`` times as long as usual is waited."""
        self._patience = patience
        self.folder = Path(tempfile.mkdtemp(prefix="voicecoach-"))  # readable for this user alone
        self._log = self.folder / "stderr.txt"
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    [*command, str(self.folder)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=Path(voicecoach.__file__).parent.parent,
                    start_new_session=True,  # the terminal's Ctrl-C is not for it
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise EngineLostError(f"its process cannot be started ({error})") from error
        self._end = weakref.finalize(self, _end_process, self._process, self.folder)
        try:
            self.about = self._answer(start_seconds)
            self._introduce(self.about)
        except (KeyError, TypeError, ValueError) as error:
            self.close()
            raise EngineLostError("its process does not say what it is") from error
        except BaseException:
            self.close()
            raise

    def _introduce(self, about: dict[str, Any]) -> None:
        """Take in what it says of itself; KeyError, TypeError and ValueError mean that it is something else."""

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Have something done. Raises VoiceError if that failed, EngineLostError if the process did."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise EngineLostError(f"its process has ended{self._last_words()}") from error
        return self._answer(seconds)

    def close(self) -> None:
        """End it and remove its folder. May be called twice."""
        self._end()

    def _answer(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        watchdog = threading.Timer(seconds * self._patience, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise EngineLostError(f"its process ended without an answer{self._last_words()}")
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise EngineLostError("its process answered with nonsense") from error
        if not isinstance(answer, dict):
            raise EngineLostError("its process answered with nonsense")
        if "error" in answer:
            raise VoiceError(f"The speech engine failed: {answer['error']}")
        return answer

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._log.read_text("utf-8", "replace").split("\n")
            said = [line.strip() for line in lines if line.strip()]
            if said:
                return f" ({said[-1][:200]})"
        return ""


def _end_process(process: subprocess.Popen[bytes], folder: Path) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
