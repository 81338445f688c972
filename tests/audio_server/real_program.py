"""The real program as a child process on a virtual laptop, read through its stable interface: the events file."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from virtual_laptop import VirtualLaptop

Event = dict[str, Any]


class RealProgram:
    """``python -m voicecoach play ARGUMENTS --events FILE``, with a home folder of its own unless ``home`` is given.

    ``cache``: the folder of what was rendered and rehearsed, where that is not the home's. A context manager: at its
    end the process is ended. It has no terminal, so only voice and signals steer it. ``interpreter``: what Python runs.
    """

    def __init__(self, laptop: VirtualLaptop, folder: Path, *arguments: str, home: Path | None = None,
                 cache: Path | None = None, interpreter: Sequence[str] = ("-m", "voicecoach")) -> None:  # fmt: skip
        folder.mkdir(exist_ok=True)
        self.events_file = folder / "events.jsonl"
        self._log = folder / "program.log"
        self._home = home = home or folder / "home"
        home.mkdir(exist_ok=True)
        # PYTHONPATH and the like stay: the interpreter that runs the tests is the one that runs the program.
        env = {name: value for name, value in laptop.env.items() if not name.startswith(("XDG_DATA", "XDG_CONF"))}
        env |= {"HOME": str(home), "XDG_CACHE_HOME": str(cache or home / "cache"), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, *interpreter, "play", *arguments, "--events", str(self.events_file)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def __enter__(self) -> RealProgram:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process, for signals."""
        return self._process.pid

    @property
    def output(self) -> str:
        """What it printed, both streams."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def events(self) -> list[Event]:
        """Every event so far; a line that is still being written is left out."""
        if not self.events_file.exists():
            return []
        text = self.events_file.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    @property
    def journal(self) -> list[Event]:
        """Every entry of its home's journal; all lines of it must be entries."""
        found = [*self._home.rglob("journal.jsonl")]
        return [json.loads(line) for line in found[0].read_text(encoding="utf-8").splitlines()] if found else []

    @property
    def story(self) -> str:
        """Events and output, for a failure's message."""
        lines = "\n".join(json.dumps(event) for event in self.events[-40:])
        return f"--- last events\n{lines}\n--- output\n{self.output[-4000:]}"

    def wait_for(self, name: str, /, *, timeout: float, after: int = 0, **fields: Any) -> int:
        """The index in ``events`` of the first event from ``after`` on that has this name and these fields.

        Raises AssertionError when the program ends, or ``timeout`` seconds pass, without it.
        """
        deadline = time.monotonic() + timeout
        while True:
            ended = self._process.poll() is not None
            for index, event in enumerate(self.events[after:], after):
                if event["event"] == name and all(event.get(key) == value for key, value in fields.items()):
                    return index
            if ended or time.monotonic() > deadline:
                why = f"the program ended with {self._process.returncode}" if ended else f"{timeout} s passed"
                raise AssertionError(f"no event {name} {fields or ''} after event {after}: {why}\n{self.story}")
            time.sleep(0.02)

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended by itself."""
        return self._process.wait(timeout)

    def close(self) -> None:
        """End it if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)
