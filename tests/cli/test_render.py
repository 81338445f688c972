"""``voicecoach render`` with chapters and subtitles: the files agree with one another and with the sound."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import soundfile
from mutagen.id3 import ID3

from voicecoach.cli import main

ROUTINE = """format: 1
title: Small
approval: required
check_ins: yes
source: nobody
precautions: Move slowly.
exercises:
  - {id: a, name: Pull, sides: both, limb: arm, steps: [{say: "Pull the {side} hand."}, {hold: 2 s}]}
  - {id: b, name: Turn, steps: [{say: Turn.}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(ROUTINE)
    return tmp_path


def test_one_call_writes_all_of_them_without_a_question(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = ["--chapters", "--chapter-list", "c.vtt", "--subtitles", "s.srt", "--cues", "cues.json"]
    assert main(["render", "small.yaml", "-o", "s.mp3", "--speed", "2", *wanted]) == 0
    assert "5 chapters" in capsys.readouterr().out
    cues = json.loads((folder / "cues.json").read_text())
    said = [cue["text"] for cue in cues if cue["kind"] == "prompt"]
    assert not [text for text in said if text.endswith(("yes or no.", "tell me."))]
    texts = re.findall(r"^\d\d:.* --> .*\n(.*)$", (folder / "s.srt").read_text(), re.MULTILINE)
    assert [text for text in texts if text != "Hold 2 seconds"] == said
    assert texts.count("Hold 2 seconds") == 2
    tags = ID3(folder / "s.mp3")
    chapters = sorted(tags.getall("CHAP"), key=lambda chapter: int(chapter.start_time))
    titles = [str(chapter.sub_frames["TIT2"]) for chapter in chapters]
    assert titles == ["Introduction", "Pull, right arm", "Pull, left arm", "Turn", "Closing"]
    first = {cue["exercise"]: round(cue["start"] * 1000) for cue in reversed(cues) if cue["exercise"]}
    assert [chapters[1].start_time, chapters[3].start_time] == [first["a"], first["b"]]
    assert chapters[-1].end_time == pytest.approx(soundfile.info(folder / "s.mp3").duration * 1000, abs=50)
    listed = re.findall(r"^\d\d:.* --> .*\n(.*)$", (folder / "c.vtt").read_text(), re.MULTILINE)
    assert listed == titles


@pytest.mark.skipif(sys.platform != "linux", reason="names are text here")
def test_a_name_that_is_no_text_is_refused_and_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "small.yaml", "-o", "s\udcff.wav", "--speed", "2"]) == 2
    assert "s\\udcff.wav cannot be written" in capsys.readouterr().err


def test_one_side_is_named_in_the_title(folder: Path) -> None:
    assert main(["render", "small.yaml", "-o", "s.mp3", "--speed", "2", "--side", "left", "--chapters"]) == 0
    assert str(ID3(folder / "s.mp3")["TIT2"]) == "Small, left side"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-o", "s.wav", "--chapters"], ".mp3 or .flac"),
        (["-o", "s.mp3", "--subtitles", "s.txt"], ".srt or .vtt"),
        (["-o", "s.mp3", "--chapter-list", "s.srt"], "ends in .vtt"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is(
    folder: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert main(["render", "small.yaml", *flags]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == ["small.yaml"]


def test_without_the_flag_nothing_is_tagged(folder: Path) -> None:
    assert main(["render", "small.yaml", "-o", "s.mp3", "--speed", "2"]) == 0
    assert (folder / "s.mp3").read_bytes()[:3] != b"ID3"


def test_show_prints_the_script_and_refuses_what_the_sheet_has_no_use_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "small.yaml", "--text", "--side", "left", "--speed", "0.8"]) == 0
    shown = capsys.readouterr().out
    assert "Pull the left hand." in shown
    assert "right hand" not in shown
    assert "[HOLD 2 seconds, from chime to chime]" in shown
    assert main(["show", "small.yaml", "--side", "left"]) == 2
    assert "--text" in capsys.readouterr().err
    assert main(["show", "small.yaml"]) == 0


@pytest.mark.parametrize("command", ["new", "check", "show", "render"])
def test_help_fits_a_screen_and_gives_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) <= 40
    assert f"example:\n  voicecoach {command}" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal")
def test_its_bar_is_on_the_terminal_and_not_in_what_is_kept(folder: Path) -> None:
    user, terminal = os.openpty()
    shown = bytearray()

    def watch() -> None:
        with suppress(OSError):  # the last who had the terminal has ended
            while piece := os.read(user, 65536):
                shown.extend(piece)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    command = [sys.executable, "-m", "voicecoach", "render", "small.yaml", "-o", "s.wav", "--speed", "2"]
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=terminal, text=True, check=True,
                              env={**os.environ, "TERM": "xterm-256color"})  # fmt: skip
    finally:
        os.close(terminal)
        watcher.join(10)
        os.close(user)
    assert re.fullmatch(r"s\.wav: .*\n", done.stdout)
    assert b"writing" in shown
