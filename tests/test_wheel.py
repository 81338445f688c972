"""The wheel is the whole program: built, installed into a new virtual environment outside the checkout, and played."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.wheel

ROUTINES = {"tour", "neck-range-of-motion", "wrist-stretches", "median-nerve-glide", "arms-and-hands"}


def run(*command: str | Path, cwd: Path) -> str:
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{command} returned {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    repository = Path(__file__).resolve().parent.parent
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, repository, cwd=folder)
    (built,) = folder.glob("voicecoach-*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new virtual environment that holds the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    run(programs / "python", "-m", "pip", "install", wheel, cwd=folder.parent)
    return programs


def test_the_wheel_holds_code_data_routines_and_sounds_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"voicecoach/_bundled/scripts/{name}.yaml" for name in ROUTINES} <= names
    assert {f"voicecoach/_bundled/sounds/{name}.wav" for name in ("start", "end", "tick", "half-way", "pain")} <= names
    assert {"voicecoach/session/en/phrases.yaml", "voicecoach/session/en/wording.yaml"} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"voicecoach"}


def test_routines_and_sounds_come_from_the_installed_copy(programs: Path, tmp_path: Path) -> None:
    script = "from voicecoach.bundled import bundled; print(bundled('scripts')); print(bundled('sounds'))"
    folders = run(programs / "python", "-c", script, cwd=tmp_path).splitlines()
    assert all(Path(folder).is_relative_to(programs.parent.resolve()) for folder in folders)
    listed = run(programs / "voicecoach", "list", cwd=tmp_path)
    assert [name for name in sorted(ROUTINES) if name not in listed] == []


def test_a_routine_is_rendered_whole(programs: Path, tmp_path: Path) -> None:
    run(programs / "voicecoach", "render", "tour", "-o", "tour.wav", "--cues", "cues.json", cwd=tmp_path)
    samples, rate = soundfile.read(tmp_path / "tour.wav", dtype="float32")
    cues = json.loads((tmp_path / "cues.json").read_text(encoding="utf-8"))
    assert {cue["kind"] for cue in cues} >= {"prompt", "earcon", "silence"}
    for cue in cues:
        if cue["kind"] == "prompt":
            heard = samples[round(cue["start"] * rate) : round(cue["end"] * rate)]
            assert float(np.sqrt(np.mean(heard**2))) > 0.01, f"{cue} is silent: no voice works in the installed copy"


def test_a_routine_plays_until_it_is_ended(programs: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    process = subprocess.Popen(
        [programs / "voicecoach", "play", "tour", "--audio", "null", "--events", events],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (events.exists() and '"prompt_end"' in events.read_text(encoding="utf-8")):
            assert process.poll() is None, f"it ended by itself: {process.communicate()[0]}"
            assert time.monotonic() < deadline, "no prompt was spoken within a minute"
            time.sleep(0.05)
        process.terminate()
        output = process.communicate(timeout=30)[0]
    finally:
        process.kill()
        process.wait()
    told = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    assert [event["event"] for event in told if event["event"] in ("ready", "finished")] == ["ready", "finished"]
    assert told[-1]["reason"] == "interrupt"
    assert "Traceback" not in output
    if sys.platform != "win32":
        assert process.returncode == 143
