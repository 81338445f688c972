"""What a shell offers when Tab is pressed, asked of the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from voicecoach.cli.arguments import make_parser
from voicecoach.cli.completion import script
from voicecoach.cli.settings import subparsers_of

BASH, ZSH, FISH = (shutil.which(shell) for shell in ("bash", "zsh", "fish"))
needs_bash = pytest.mark.skipif(BASH is None or sys.platform == "win32", reason="no bash here")
needs_zsh = pytest.mark.skipif(ZSH is None, reason="no zsh here")
needs_fish = pytest.mark.skipif(FISH is None, reason="no fish here")

ASK_BASH = """
source ./script.bash
words=("$@")
COMP_WORDS=("${words[@]}")
COMP_CWORD=$(( ${#words[@]} - 1 ))
function_name=$(complete -p voicecoach | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMPREPLY=()
"$function_name" voicecoach "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the scripts, a program called voicecoach, and a routine's file."""
    for shell in ("bash", "zsh", "fish"):
        (tmp_path / f"script.{shell}").write_text(script(shell), encoding="utf-8")
    program = tmp_path / "bin" / "voicecoach"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m voicecoach "$@"\n')
    program.chmod(0o755)
    (tmp_path / "mine.yaml").write_text("")
    (tmp_path / "notes.txt").write_text("")
    return tmp_path


def shell(place: Path, *command: str) -> list[str]:
    here = str(Path(__file__).parents[2])
    environment = {**os.environ, "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": here}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


def bash(place: Path, *words: str) -> set[str]:
    return {line.strip() for line in shell(place, str(BASH), "-c", ASK_BASH, "bash", "voicecoach", *words) if line}


def fish(place: Path, line: str) -> set[str]:
    asked = f'source script.fish; complete -C "voicecoach {line}"'
    return {each.split("\t")[0] for each in shell(place, str(FISH), "--no-config", "-c", asked) if each}


@needs_bash
def test_bash_completes_commands(place: Path) -> None:
    assert bash(place, "") >= set(subparsers_of(make_parser()))
    assert bash(place, "pl") == {"play"}


@needs_bash
def test_bash_completes_flags_and_their_choices(place: Path) -> None:
    assert bash(place, "play", "--no-") == {"--no-check-ins", "--no-mic"}
    assert bash(place, "play", "--cues", "") == {"full", "brief", "chimes"}
    assert bash(place, "completion", "") >= {"bash", "zsh", "fish"}


@needs_bash
def test_bash_completes_routines_by_name_and_by_file(place: Path) -> None:
    assert bash(place, "play", "wrist") == {"wrist-stretches"}
    offered = bash(place, "play", "")
    assert {"tour", "mine.yaml"} <= offered
    assert "notes.txt" not in offered
    assert bash(place, "check", "mi") == {"mine.yaml"}
    assert "notes.txt" in bash(place, "play", "tour", "--record", "")


@needs_fish
def test_fish_completes_commands_flags_choices_and_routines(place: Path) -> None:
    assert fish(place, "pl") == {"play"}
    assert fish(place, "play --no-") >= {"--no-check-ins", "--no-mic"}
    assert fish(place, "play --cues ") >= {"full", "brief", "chimes"}
    assert fish(place, "play wrist") == {"wrist-stretches"}
    assert "mine.yaml" in fish(place, "show mi")


ASK_ZSH = """
zmodload zsh/zpty
export PS1='>' TERM=dumb
zpty -b shell zsh -f -i
zpty -w shell 'autoload -Uz compinit; compinit -u -d .zcompdump; eval "$(<script.zsh)"; COLUMNS=200; print ready'
repeat 100; do sleep 0.1; zpty -r -t shell chunk && all+=$chunk; [[ $all = *ready$'\\r'* ]] && break; done
zpty -w -n shell "$1"$'\\t'
all=
repeat 60; do sleep 0.1; zpty -r -t shell chunk && all+=$chunk; [[ $all = *"$2"* ]] && break; done
print -r -- $all
"""


@needs_zsh
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("voicecoach pl", "play"),
        ("voicecoach play wri", "wrist-stretches"),
        ("voicecoach play --no-c", "--no-check-ins"),
    ],
)
def test_zsh_completes_commands_routines_and_flags(place: Path, line: str, offered: str) -> None:
    shown = "".join(shell(place, str(ZSH), "-f", "-c", ASK_ZSH, "zsh", line, offered))
    assert offered in shown


@pytest.mark.parametrize(("name", "program"), [("bash", BASH), ("zsh", ZSH), ("fish", FISH)])
def test_the_scripts_are_the_shells_language(place: Path, name: str, program: str | None) -> None:
    if program is None:
        pytest.skip(f"no {name} here")
    shell(place, program, "-n", f"script.{name}")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_every_command_and_flag_is_in_the_script(name: str) -> None:
    made = script(name)
    parser = make_parser()
    for command, subparser in subparsers_of(parser).items():
        assert command in made
        for action in subparser._actions:
            for flag in action.option_strings:
                assert flag.lstrip("-") in made
