"""A routine is read once: what happens to its file while it plays does not disturb the session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from voicecoach.routine.loader import parse
from voicecoach.session.cues import Prompt
from voicecoach.session.plan import make_plan

ROUTINE = """format: 1
title: Small
approval: not required
source: nobody
exercises:
  - id: turn
    name: Turning
    lead_in: 0 s
    steps:
      - say: Turn.
      - hold: 1 s
"""


def told(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


@pytest.mark.skipif(sys.platform == "win32", reason="keys through a pseudo terminal")
def test_a_file_that_is_changed_broken_and_deleted_while_it_plays_disturbs_nothing(tmp_path: Path) -> None:
    routine, events = tmp_path / "small.yaml", tmp_path / "events.jsonl"
    routine.write_text(ROUTINE)
    changed = ROUTINE.replace("Turn.", "Something else.").replace("hold: 1 s", "hold: 9 s")
    keys, terminal = os.openpty()
    command = [sys.executable, "-m", "voicecoach", "play", "small.yaml", "--audio", "null", "--unattended",
               "--speed", "2", "--rate", "400", "--events", "events.jsonl"]  # fmt: skip
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as playing:
        os.close(terminal)

        def after(what: Callable[[dict[str, Any]], bool]) -> None:
            until = time.monotonic() + 60
            while not any(what(event) for event in told(events)):
                assert playing.poll() is None
                assert time.monotonic() < until
                time.sleep(0.02)

        try:
            after(lambda event: event["event"] == "prompt")
            routine.write_text(changed)
            # What the coach says of itself would take its time.
            os.write(keys, b"n")
            after(lambda event: event["event"] == "prompt" and event["text"].startswith("You can speak"))
            os.write(keys, b"n")
            after(lambda event: event["event"] == "hold_start")
            routine.write_text("no routine at all: [")
            # A pause throws away what was laid out, and what follows is laid out anew.
            os.write(keys, b" ")
            after(lambda event: event["event"] == "state" and event["to"] == "paused")
            routine.unlink()
            os.write(keys, b" ")
            output, _ = playing.communicate(timeout=60)
        finally:
            playing.kill()
            os.close(keys)
    assert (playing.returncode, "Traceback" in output, "Trouble" in output) == (0, False, False)
    happened = told(events)
    assert happened[-1]["reason"] == "completed"
    said = [event["text"] for event in happened if event["event"] == "prompt"]
    plan = make_plan(parse(ROUTINE, "small"))
    planned = [cue.text for step in plan.steps for cue in step.cues if isinstance(cue, Prompt) and step.bout >= 0]
    assert list(dict.fromkeys(text for text in said if text in planned)) == list(dict.fromkeys(planned))
    assert "Something else." not in said
    held = [event["held"] for event in happened if event["event"] == "hold_end" and event["completed"]]
    assert held == [1]
