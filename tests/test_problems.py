"""What is kept for a bug report, and above all what is not."""

from __future__ import annotations

import getpass
import json
import socket
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.cli import main
from voicecoach.errors import VoiceError
from voicecoach.event_log import EventLog
from voicecoach.problems import LONGEST, MOST, Problems, default_path, without_owner, without_private
from voicecoach.units import parse_duration


def kept() -> list[str]:
    return [json.loads(line)["what"] for line in default_path().read_text(encoding="utf-8").splitlines()]


def test_only_trouble_is_kept() -> None:
    log = EventLog([Problems()])
    log.write(0.0, "ready", ear=True)
    log.write(1.0, "prompt", text="Bend your wrist.", exercise="a", side=None, rep=1)
    log.write(1.0, "heard", command="pain", phrase="it hurts", score=1.0, tier="firm")
    assert not default_path().exists()
    log.write(2.0, "trouble", what="The ear could not keep up: 1.5 s of sound were not heard.")
    log.write(3.0, "device_lost", device="Jane's headphones")
    assert kept() == ["The ear could not keep up: 1.5 s of sound were not heard.", "The sound device was lost."]
    assert [line.split("  ", 2)[2] for line in Problems().read()] == kept()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ('The voice failed at "Bend your left wrist": it died', "The voice failed at <text>: it died"),
        ("No such file: '/home/jane/secret.yaml'", "No such file: <text>"),
        ("/home/jane/secret.yaml: not there", "<path>: not there"),
        ("open C:\\Users\\Jane\\secret.yaml, then", "open <path>, then"),
        ("in ~/jane/x it", "in <path> it"),
        ("KeyError in session.plan:12: 'rep'", "KeyError in session.plan:12: <text>"),
        ("two\nlines", "two lines"),
        ("I can't, and you don't", "I can't, and you don't"),
        ("\u201cTurn your head\u201d was", "<text> was"),
        ("3/4 of it", "3/4 of it"),
    ],
)
def test_words_and_paths_are_taken_out(text: str, clean: str) -> None:
    assert without_private(text) == clean


def test_names_of_user_and_machine_are_taken_out() -> None:
    text = without_private(f"{getpass.getuser()} at {socket.gethostname()}")
    assert text == "<user> at <host>"


@given(st.text(alphabet=st.characters(blacklist_characters='"\\/', blacklist_categories=("Cs", "Cc", "Zl", "Zp"))))
def test_a_quoted_text_never_stays(words: str) -> None:
    marked = f"secret{words}secret"
    assert "secret" not in without_private(f'Trouble with "{marked}": it failed.')


def test_an_owner_s_name_is_taken_from_a_device() -> None:
    assert without_owner("Jane's AirPods") == "<user> AirPods"
    assert without_owner("Jean-Luc\u2019s AirPods Pro") == "<user> AirPods Pro"
    assert without_owner("James' headset") == "<user> headset"
    assert without_owner("Built-in Audio Analog Stereo") == "Built-in Audio Analog Stereo"


def test_the_oldest_make_room_and_none_is_long() -> None:
    problems = Problems()
    for number in range(MOST + 5):
        problems.note(f"number {number} " + "x" * 1000)
    assert [line.split()[1] for line in kept()] == [str(number) for number in range(5, MOST + 5)]
    assert {len(line) for line in kept()} == {LONGEST}
    assert [path.name for path in default_path().parent.iterdir()] == ["problems.jsonl"]


@pytest.mark.skipif(sys.platform == "win32", reason="its files have no such modes")
def test_it_is_the_user_s_alone() -> None:
    Problems().note("a")
    Problems().note("b")
    assert stat.S_IMODE(default_path().stat().st_mode) == 0o600


def test_a_damaged_or_unwritable_file_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    path.write_bytes(b"\xff\x00 no\n[1]\n{}\n")
    problems = Problems(path)
    assert problems.read() == []
    problems.note("a")
    assert [line.endswith("  a") for line in problems.read()] == [True]
    blocked = Problems(path / "below" / "a.file")
    blocked.note("b")
    assert blocked.read() == []
    blocked.forget()


def test_half_a_character_is_kept_as_text_and_leaves_no_second_file(tmp_path: Path) -> None:
    problems = Problems(tmp_path / "problems.jsonl")
    problems.note("The music 1\udcff.wav is silent.")
    problems.note("b")
    assert [line.split("  ")[2] for line in problems.read()] == [r"The music 1\udcff.wav is silent.", "b"]
    assert [path.name for path in tmp_path.iterdir()] == ["problems.jsonl"]


def test_whatever_keeps_it_from_being_kept_is_no_problem(tmp_path: Path) -> None:
    Problems(tmp_path / "no\0name.jsonl").note("a")
    assert list(tmp_path.iterdir()) == []


def test_an_error_is_kept_with_its_place_in_the_program() -> None:
    try:
        parse_duration("half an hour of my secret exercise")
    except ValueError as error:
        Problems().note_error(error)
    (line,) = kept()
    assert line.startswith("ValueError in units:")
    assert line.endswith(": <text> is not a duration such as <text> or <text>")
    Problems().note_error(VoiceError("No voice."))
    assert kept()[-1] == "VoiceError: No voice."


def test_a_user_s_mistake_is_no_problem_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "my-secret-routine"]) == 2
    assert capsys.readouterr().err
    assert not default_path().exists()


def test_forgetting(capsys: pytest.CaptureFixture[str]) -> None:
    Problems().note("a")
    assert main(["diagnose", "--forget"]) == 0
    assert capsys.readouterr().out == "The recent problems are forgotten.\n"
    assert not default_path().exists()
