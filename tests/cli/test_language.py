"""The program itself in another language: its commands take a routine's language all the way."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pseudo_language import LATIN, TAG, sentences, write_language, write_routine

from voicecoach.bundled import bundled
from voicecoach.cli import main


@pytest.fixture
def routine(tmp_path: Path) -> Path:
    write_language()
    return write_routine(bundled("scripts") / "wrist-stretches.yaml", tmp_path)


def test_a_session_is_rendered_in_the_language(routine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, sheet = routine.with_suffix(".wav"), routine.with_suffix(".json")
    assert main(["render", str(routine), "-o", str(sound), "--cues", str(sheet), "--side", "left"]) == 0
    texts = [cue["text"] for cue in json.loads(sheet.read_text(encoding="utf-8")) if cue["kind"] == "prompt"]
    assert len(texts) > 20
    assert [text for text in texts if LATIN.search(text)] == []
    # No voice speaks it, so none mumbles it.
    assert f'No installed voice speaks the language "{TAG}".' in capsys.readouterr().err


def test_check_and_show_take_it(routine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(routine)]) == 0
    assert "good, about" in capsys.readouterr().out
    assert main(["show", str(routine)]) == 0


def test_the_printed_script_says_what_the_session_says(routine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(routine), "--text"]) == 0
    said = re.findall(r"^ *\d+:\d\d  ([^\[].*(?:\n {9}.*)*)", capsys.readouterr().out, re.MULTILINE)
    assert len(said) > 60
    assert [text for text in said if LATIN.search(text)] == []


@pytest.mark.parametrize("arguments", [["show"], ["show", "--text"]])
def test_no_script_is_printed_in_a_language_that_is_not_there(
    arguments: list[str], routine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = routine.read_text(encoding="utf-8")
    routine.write_text(text.replace(f"language: {TAG}", "language: qq"), encoding="utf-8")
    assert main([*arguments, str(routine)]) == 2
    told = capsys.readouterr()
    assert (told.out, 'There is no language "qq"' in told.err) == ("", True)


@pytest.mark.parametrize("command", ["check", "show", "play"])
def test_an_incomplete_language_is_refused_by_name(
    command: str, routine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_language(wording={key: text for key, text in sentences().items() if key != "pain"})
    more = ["--audio", "null", "--unattended", "--approved"] if command == "play" else []
    assert main([command, str(routine), *more]) == 2
    assert capsys.readouterr().err == f"{folder}/wording.yaml:1:1: not complete, missing: pain\n"


def test_a_language_that_is_not_there_is_refused(routine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = routine.read_text(encoding="utf-8")
    routine.write_text(text.replace(f"language: {TAG}", "language: qq"), encoding="utf-8")
    assert main(["check", str(routine)]) == 2
    assert 'There is no language "qq"; there is en or xx' in capsys.readouterr().err
