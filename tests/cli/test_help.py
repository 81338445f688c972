"""Every command's help fits a screen and has an example that the program understands."""

from __future__ import annotations

import re
import shlex

import pytest

from voicecoach.cli.arguments import make_parser
from voicecoach.cli.settings import subparsers_of

SCREEN_WIDTH, SCREEN_HEIGHT = 80, 40
COMMANDS = sorted(subparsers_of(make_parser()))


@pytest.fixture(autouse=True)
def a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(SCREEN_WIDTH))


def help_of(command: str) -> str:
    parser = make_parser()
    return (subparsers_of(parser)[command] if command else parser).format_help()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_a_screen(command: str) -> None:
    lines = help_of(command).splitlines()
    assert len(lines) <= SCREEN_HEIGHT
    assert [line for line in lines if len(line) > SCREEN_WIDTH] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_of_that_command_which_the_parser_takes(command: str) -> None:
    examples = re.findall(rf"^ .*?(voicecoach {command}\b[^|>)]*)", help_of(command).split("example:")[1], re.MULTILINE)
    assert examples
    for example in examples:
        options = make_parser().parse_args(shlex.split(example)[1:])
        assert options.command == command


def test_the_program_s_examples_are_taken_too() -> None:
    examples = re.findall(r"^  voicecoach (.*?)(?:   .*)?$", help_of("").split("examples:")[1], re.MULTILINE)
    assert len(examples) >= 5
    for example in examples:
        make_parser().parse_args(shlex.split(example))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_listed_with_its_purpose_beside_it(command: str) -> None:
    assert re.search(rf"^    {command} +\S", help_of(""), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_says_what_it_is_for(command: str) -> None:
    parser = subparsers_of(make_parser())[command]
    assert [action.dest for action in parser._actions if action.option_strings and not action.help] == []
