"""Voices and music on the command line. Each command runs as its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

SHORT = """\
format: 1
title: Try
approval: not required
exercises:
  - id: rest
    name: rest
    steps:
      - say: Rest your hands.
      - hold: 8 s
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PULSE_"))}
    return {**kept, "HOME": str(home), "PYTHONUNBUFFERED": "1", "PULSE_SERVER": "unix:/dev/null"}


def run(env: dict[str, str], cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "voicecoach", *arguments]
    return subprocess.run(
        command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )


def tone(path: Path, seconds: float = 3.0) -> None:
    wave = 0.3 * np.sin(2 * np.pi * 300 * np.arange(round(seconds * 44_100)) / 44_100)
    soundfile.write(path, wave.astype(np.float32), 44_100)


def test_the_list_of_voices_names_the_default_and_where_natural_ones_are(env: dict[str, str], tmp_path: Path) -> None:
    done = run(env, tmp_path, "voices")
    assert done.returncode == 0
    assert sum(line.endswith("(default)") for line in done.stdout.splitlines()) == 1
    assert "--voice-engine piper" in done.stderr
    assert "piper-samples" in done.stderr


def test_a_voice_is_tried_on_the_device(env: dict[str, str], tmp_path: Path) -> None:
    done = run(env, tmp_path, "voices", "--try", "en-gb", "--audio", "file:voice.wav")
    assert (done.returncode, done.stderr) == (0, "")
    sound, rate = soundfile.read(tmp_path / "voice.wav")
    assert 3 < len(sound) / rate < 15
    assert np.abs(sound).max() > 0.1


def test_where_there_is_no_loudspeaker_it_says_so(env: dict[str, str], tmp_path: Path) -> None:
    done = run(env, tmp_path, "voices", "--try", "--audio", "null")
    assert done.returncode == 1
    assert "no loudspeaker" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("voices", "--try", "nobody"), "nobody"),
        (("voices", "--try", "none.onnx"), "no voice file none.onnx"),
        (("render", "r.yaml", "-o", "o.wav", "--voice-engine", "piper"), "--voice FILE.onnx"),
        (("play", "r.yaml", "--voice", "none.onnx", "--audio", "null"), "no voice file none.onnx"),
        (("play", "r.yaml", "--music", "nothing"), "no file and no folder nothing"),
        (("play", "r.yaml", "--music", "empty"), ".wav, .flac, .mp3, .ogg"),
        (("render", "r.yaml", "-o", "o.wav", "--music", "empty"), ".wav, .flac, .mp3, .ogg"),
    ],
)
def test_what_is_not_there_is_a_usage_error(
    env: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "r.yaml").write_text(SHORT, "utf-8")
    (tmp_path / "empty").mkdir()
    done = run(env, tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_rendered_session_has_music_under_it_in_the_holds_and_the_same_cues(
    env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "r.yaml").write_text(SHORT, "utf-8")
    (tmp_path / "music").mkdir()
    tone(tmp_path / "music" / "1.wav")
    (tmp_path / "music" / "2.mp3").write_bytes(b"no music")
    with_music = run(env, tmp_path, "render", "r.yaml", "-o", "m.wav", "--music", "music", "--cues", "m.json")
    without = run(env, tmp_path, "render", "r.yaml", "-o", "w.wav", "--cues", "w.json")
    assert (with_music.returncode, without.returncode) == (0, 0)
    assert with_music.stderr.count("2.mp3") == 1
    cues = json.loads((tmp_path / "m.json").read_text("utf-8"))
    assert cues == json.loads((tmp_path / "w.json").read_text("utf-8"))
    hold = next(cue for cue in cues if cue["kind"] == "hold")
    out, rate = soundfile.read(tmp_path / "m.wav")
    plain, _rate = soundfile.read(tmp_path / "w.wav")
    assert len(out) == len(plain)
    quiet = slice(round((hold["start"] + 2.5) * rate), round((hold["start"] + 3.5) * rate))
    assert np.abs(plain[quiet]).max() < 1e-3
    level = 20 * np.log10(np.sqrt(np.mean(out[quiet] ** 2)))
    assert -44 < level < -38


def test_a_live_session_plays_music_and_tells_of_what_it_cannot_play(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(SHORT, "utf-8")
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "1.mp3").write_bytes(b"no music")
    tone(tmp_path / "music" / "2.wav")
    done = run(env, tmp_path, "play", "r.yaml", "--music", "music", "--audio", "file:out.wav", "--no-mic",
               "--unattended", "--events", "e.jsonl")  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text("utf-8").splitlines()]
    assert [line["what"].count("1.mp3") for line in told if line["event"] == "trouble"] == [1]
    hold = next(line for line in told if line["event"] == "hold_start")
    out, rate = soundfile.read(tmp_path / "out.wav")
    quiet = out[round((hold["t"] + 2.5) * rate) : round((hold["t"] + 3.5) * rate)]
    assert -44 < 20 * np.log10(np.sqrt(np.mean(quiet**2))) < -38
