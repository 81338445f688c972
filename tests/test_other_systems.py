"""What other systems do differently, as far as it can be had here: code pages, and signals with other names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voicecoach.cli.signals import Signals

ROUTINE = """format: 1
title: Zápěstí 手首 🙂
approval: not required
source: Łukasz
exercises:
  - id: turn
    name: Otáčení
    steps:
      - say: Otočte se.
"""


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("command", [("show", "z.yaml"), ("show", "z.yaml", "--text"), ("check", "z.yaml")])
def test_titles_in_any_script_are_printed_as_far_as_the_code_page_goes(
    tmp_path: Path, command: tuple[str, ...], encoding: str
) -> None:
    (tmp_path / "z.yaml").write_text(ROUTINE, encoding="utf-8")
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "voicecoach", *command], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(encoding, "replace")
    printed = done.stdout.decode(encoding)
    if command[0] != "check":
        assert ("Z" if encoding != "utf-8" else "Zápěstí 手首") in printed


def test_windows_ctrl_break_ends_a_session_as_other_signals_do(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":
        number = signal.SIGBREAK
    else:
        number = signal.SIGUSR1
        monkeypatch.setattr(signal, "SIGBREAK", number, raising=False)
    before = signal.getsignal(number)
    signals, ended = Signals(), list[str]()
    signals.catch()
    try:
        signals.interrupt = lambda: ended.append("session")
        signal.raise_signal(number)
    finally:
        signals.restore()
    assert (ended, signals.received) == (["session"], number)
    assert signal.getsignal(number) == before
