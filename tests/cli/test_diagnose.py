"""A bug report: all of it is there, and nothing of the user."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from voicecoach.cli.settings import config_path
from voicecoach.journal import default_path
from voicecoach.problems import Problems
from voicecoach.routine.library import user_folder

SECRET = "kumquat"
ROUTINE = f"format: 1\ntitle: {SECRET}\napproval: not required\nexercises: [{{id: a, name: A, steps: [{{say: B.}}]}}]\n"


@pytest.fixture
def report() -> str:
    """Of a user whose name, files and words all have one word in them that nobody may read."""
    for path, text in (
        (default_path(), f'{{"{SECRET}": 1}}\n'),
        (user_folder() / f"{SECRET}.yaml", ROUTINE),
        (config_path(), f'voice = "{SECRET}"\nspeed = 9\n'),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    Problems().note(f'The voice failed at "{SECRET}".')
    environment = {**os.environ, "VOICECOACH_RATE": "200", "LOGNAME": SECRET, "USER": SECRET, "TERM": "xterm"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "voicecoach", "diagnose"],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_report_has_all_and_nothing_private(report: str) -> None:
    headings = re.findall(r"^\w[\w ]*$", report, re.MULTILINE)
    assert ", ".join(headings) == (
        "Versions, Terminal, Sound devices, Voice, Ear, Folders, Settings, Recent problems"
    )
    assert re.search(r"^  voicecoach \d", report, re.MULTILINE)
    assert re.search(r"numpy \d.*pydantic \d", report)
    assert re.search(r"^  starts in [\d.]+ s, needs \d+% of one processor's time$", report, re.MULTILINE)
    assert "own routines: 1" in report
    assert "journal: there" in report
    assert "play --rate by a variable" in report
    assert "play --voice by the file" in report
    assert "1 of them wrong: see voicecoach config" in report
    assert "The voice failed at <text>." in report
    assert "configuration: ~" in report
    for private in (SECRET, str(Path.home()), socket.gethostname()):
        assert private not in report


def test_what_fails_is_part_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "pocketsphinx.py").write_text("raise ImportError('no /home/jane/model')")
    here = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), here])}
    done = subprocess.run(
        [sys.executable, "-m", "voicecoach", "diagnose"],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "failed: EarError: The package pocketsphinx is missing." in done.stdout
    assert "jane" not in done.stdout
    assert "Recent problems" in done.stdout
