"""The README keeps its promises: commands that can be pasted, and nothing of the program left out."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from readme_commands import readme_command

from voicecoach.bundled import bundled
from voicecoach.session.states import State


@pytest.fixture
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


def parts(line: str) -> list[list[str]]:
    """The commands of a line joined by ``&&``, each as its words."""
    return [shlex.split(command) for command in line.split(" && ")]


def test_one_line_sets_up_and_plays_a_session() -> None:
    assert parts(readme_command("play")) == [
        ["python3", "-m", "venv", ".venv"],
        [".venv/bin/pip", "install", "."],
        [".venv/bin/voicecoach", "play", "tour"],
    ]


def test_one_line_sets_up_and_passes_the_tests() -> None:
    assert parts(readme_command("test")) == [
        ["python3", "-m", "venv", ".venv"],
        [".venv/bin/pip", "install", ".[dev]"],
        [".venv/bin/pytest"],
    ]


@pytest.mark.parametrize("after", ["", "play\n", "```sh\none\ntwo\n```\n", "```sh\n\n```\n"])
def test_a_command_that_cannot_be_pasted_is_noticed(after: str) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        readme_command("play", f"<!-- command: play -->\n{after}")


def test_ci_runs_both_lines_from_the_readme(repository: Path) -> None:
    script = (repository / ".ci" / "run").read_text(encoding="utf-8")
    for name in ("play", "test"):
        assert f"readme_command {name}" in script
        assert readme_command(name) not in script


def test_every_subcommand_is_named(readme: str) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "voicecoach", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    subcommands = re.findall(r"^    (\w+) ", asked.stdout, re.MULTILINE)
    assert {"play", "render", "hear", "list", "show", "check", "schema", "voices"} <= set(subcommands)
    assert [name for name in subcommands if f"voicecoach {name}" not in readme] == []


def test_every_bundled_routine_is_named(readme: str) -> None:
    names = sorted(path.stem for path in bundled("scripts").glob("*.yaml"))
    assert names == ["arms-and-hands", "median-nerve-glide", "neck-range-of-motion", "tour", "wrist-stretches"]
    assert [name for name in names if f"`{name}`" not in readme] == []


def test_the_states_of_the_events_file_are_listed_and_no_others(readme: str) -> None:
    listed = re.search(r"^States: (.*?)\.\n", readme, re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert sorted(re.findall(r"`(\w+)`", listed[1])) == sorted(state.value for state in State)


def test_every_exit_code_is_listed(readme: str) -> None:
    listed = re.search(r"^Exit codes: (.*?)\n\n", readme, re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"\d+", listed[1])) == {"0", "10", "11", "12", "2", "1", "130", "143", "129", "149"}
