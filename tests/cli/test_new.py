"""``voicecoach new``: a typed interview, flags without a terminal, and a file that is never written over."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from voicecoach.cli import main
from voicecoach.cli.arguments import make_parser
from voicecoach.cli.new import run
from voicecoach.cli.signals import Signals
from voicecoach.errors import UsageError
from voicecoach.routine.library import find, user_folder
from voicecoach.routine.loader import load
from voicecoach.routine.model import Hold, Say


class Typist:
    """Types the answers in order; a question too many is the end of the input, as Ctrl-D is."""

    def __init__(self, *answers: str) -> None:
        self.questions: list[str] = []
        self._answers: Iterator[str] = iter(answers)

    def __call__(self, question: str) -> str:
        self.questions.append(question)
        for answer in self._answers:
            return answer
        raise EOFError


def new(*arguments: str, ask: Callable[[str], str] | None = None) -> int:
    return run(make_parser().parse_args(["new", *arguments]), Signals(), ask)


def test_enter_alone_gives_a_routine_that_can_be_played(capsys: pytest.CaptureFixture[str]) -> None:
    typist = Typist(*[""] * 9)
    assert new("my-wrists", ask=typist) == 0
    assert len(typist.questions) == 9
    path = find("my-wrists")
    assert path.parent == user_folder()
    assert load(path).title == "My wrists"
    assert str(path) in capsys.readouterr().out
    assert main(["check", "my-wrists"]) == 0
    assert capsys.readouterr().out.count("advice: ") == 1


def test_what_is_typed_is_what_the_file_says() -> None:
    typist = Typist("Evening", "My therapist", "Bend", "Both", "hand", "2 to 4", "Bend your {side} hand.", "Hold it.",
                    "", "15 s", "Turn", "none", "", "", "", "no more")  # fmt: skip
    assert new("evening", ask=typist) == 0
    routine = load(find("evening"))
    assert (routine.title, routine.source, routine.approval) == ("Evening", "My therapist", True)
    bend, turn = routine.exercises
    assert (bend.name, bend.sides, bend.limb, bend.repetitions.high) == ("Bend", "both", "hand", 4)
    assert [step.say for step in bend.steps if isinstance(step, Say)] == ["Bend your {side} hand.", "Hold it."]
    assert [step.hold.low for step in bend.steps if isinstance(step, Hold)] == [15]
    assert (turn.name, turn.sides, turn.limb) == ("Turn", "none", None)


def test_a_wrong_answer_is_asked_for_again_with_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    typist = Typist("", "", "", "bth", "both", "", "many", "3", "", "15", "15 s", "")
    assert new("again", ask=typist) == 0
    told = capsys.readouterr().out
    assert "did you mean `both`?" in told
    assert "did you mean `15 s`?" in told
    assert 'got "many"' in told
    assert load(find("again")).exercises[0].repetitions.low == 3


def test_a_flag_answers_its_question() -> None:
    typist = Typist("", "")
    flags = ("--title", "T", "--source", "S", "--exercise", "A", "--exercise", "B", "--sides", "right", "--limb", "arm")
    assert new("flags", *flags, "--repetitions", "5", "--say", "Bend.", ask=typist) == 0
    assert len(typist.questions) == 2
    assert all("held" in question for question in typist.questions)
    assert len(load(find("flags")).exercises) == 2


def test_answers_that_end_early_write_nothing() -> None:
    with pytest.raises(UsageError, match="nothing was written"):
        new("early", ask=Typist("Title", ""))
    assert not user_folder().exists()


def test_nothing_is_overwritten_not_even_what_a_link_points_to(tmp_path: Path) -> None:
    user_folder().mkdir(parents=True)
    (user_folder() / "mine.yaml").write_text("precious")
    with pytest.raises(UsageError, match="nothing is overwritten"):
        new("mine")
    assert (user_folder() / "mine.yaml").read_text() == "precious"
    if sys.platform != "win32":
        (user_folder() / "linked.yaml").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(UsageError, match="cannot be written"):
            new("linked")
        assert not (tmp_path / "elsewhere").exists()


def test_a_wrong_flag_without_a_terminal_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine", "--hold", "15"]) == 2
    assert "did you mean `15 s`?" in capsys.readouterr().err
    assert not user_folder().exists()


def test_it_works_unattended_and_what_it_writes_plays(tmp_path: Path) -> None:
    def voicecoach(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "voicecoach", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )

    done = voicecoach("new", "unattended", "--exercise", "Bend", "--hold", "5 s", "--source", "Me")
    assert (done.returncode, done.stderr) == (0, "")
    checked = voicecoach("check", "unattended")
    assert (checked.returncode, "advice" in checked.stdout) == (0, False)
    played = voicecoach("render", "unattended", "-o", "u.flac", "--speed", "2")
    assert played.returncode == 0, played.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal")
def test_in_a_terminal_it_asks(tmp_path: Path) -> None:
    keys, terminal = os.openpty()
    command = [sys.executable, "-m", "voicecoach", "new", "typed", "--sides", "none"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=terminal, stdout=subprocess.PIPE, text=True) as asking:
        os.close(terminal)
        try:
            os.write(keys, b"Evening\nMe\nBend\n3\nBend slowly.\n\n15 s\n\n")
            output, _ = asking.communicate(timeout=30)
        finally:
            asking.kill()
            os.close(keys)
    assert asking.returncode == 0
    assert "Title, the coach's greeting [Typed]: " in output
    (exercise,) = load(find("typed")).exercises
    assert (exercise.name, exercise.repetitions.low, len(exercise.steps)) == ("Bend", 3, 2)
