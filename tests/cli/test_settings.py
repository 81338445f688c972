"""Flag, environment, file, built in: who wins, and what is said of what is wrong."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from voicecoach.cli import main
from voicecoach.cli.arguments import make_parser
from voicecoach.cli.config import listing
from voicecoach.cli.settings import (
    BUILT_IN,
    COMMAND_LINE,
    ONCE,
    Settings,
    config_path,
    parse,
    settings_of,
    sources_of,
    subparsers_of,
    told_at_start,
)
from voicecoach.cli.toml_document import parse as parse_toml
from voicecoach.errors import ConfigurationError

PLAY = ["play", "tour"]


def write(text: str) -> Path:
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def problems(text: str = "", environment: dict[str, str] | None = None) -> list[str]:
    """What is wrong, without the file's own name."""
    path = write(text)
    with pytest.raises(ConfigurationError) as raised:
        parse(PLAY, environment or {})
    return [problem.replace(f"{path}:", "") for problem in raised.value.problems]


def test_flag_goes_before_environment_before_file_before_built_in() -> None:
    assert (parse(PLAY, {}).speed, parse(PLAY, {}).origins["speed"]) == (1.0, BUILT_IN)
    path = write("speed = 0.8\n")
    assert (parse(PLAY, {}).speed, parse(PLAY, {}).origins["speed"]) == (0.8, f"{path}:1")
    environment = {"VOICECOACH_SPEED": "0.9"}
    options = parse(PLAY, environment)
    assert (options.speed, options.origins["speed"]) == (0.9, "VOICECOACH_SPEED")
    options = parse([*PLAY, "--speed", "1"], environment)
    assert (options.speed, options.origins["speed"]) == (1.0, COMMAND_LINE)


def test_a_table_goes_before_the_top_for_its_command_alone() -> None:
    write("speed = 0.8\n[render]\nspeed = 0.7\n")
    assert parse(PLAY, {}).speed == 0.8
    assert parse(["render", "tour", "-o", "x.wav"], {}).speed == 0.7


def test_a_variable_of_a_command_goes_before_one_of_all() -> None:
    environment = {"VOICECOACH_SPEED": "0.9", "VOICECOACH_PLAY_SPEED": "0.7"}
    assert parse(PLAY, environment).speed == 0.7
    assert parse(["render", "tour", "-o", "x.wav"], environment).speed == 0.9


def test_a_switch_can_be_taken_back_on_the_command_line() -> None:
    write("[play]\nno-mic = true\nno-check-ins = true\n")
    options = parse([*PLAY, "--mic"], {})
    assert (options.no_mic, options.no_check_ins) == (False, True)
    assert (options.origins["no_mic"]) == COMMAND_LINE


@pytest.mark.parametrize("text", ["true", "1", "yes", "ON"])
def test_a_variable_switches_on(text: str) -> None:
    assert parse(PLAY, {"VOICECOACH_NO_MIC": text}).no_mic is True
    assert parse(PLAY, {"VOICECOACH_NO_MIC": ""}).no_mic is False


def test_values_go_through_the_flag_s_own_type() -> None:
    path = write('[play]\nemergency-number = "1 1 2"\nevents = "log/e.jsonl"\n[render]\ncues = "~/c.json"\n')
    assert parse(PLAY, {}).emergency_number == "112"
    assert parse(PLAY, {}).events == path.parent / "log" / "e.jsonl"
    assert parse(["render", "tour", "-o", "x.wav"], {}).cues == Path.home() / "c.json"
    write("[play]\nemergency-number = 112\n")
    assert parse(PLAY, {}).emergency_number == "112"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("speed = 3\n", ["1:1: speed: expected 0.5 to 2, got 3"]),
        ('# a\n\n[play]\nspeed = "fast"\n', ['4:1: speed: expected a number from 0.5 to 2, got "fast"']),
        ("speed = true\n", ["1:1: speed: expected a number, got true"]),
        ("speed = []\n", ["1:1: speed: expected a number, got a list"]),
        ("[play]\nspeed = {a = 1}\n", ["a table is [command] and then `flag = value` lines"]),
        ("[journal]\n", ["1:2: journal has no flags that can be set here"]),
        ("[journal]\ncsv = true\n", ["1:2: journal has no", '2:1: "csv" cannot be set: journal has no flags']),
        ("speed = [1]\n", ["1:1: speed: expected a number, got a list"]),
        ('[play]\ncues = "breif"\n', ['2:1: cues: expected full, brief or chimes, got "breif"; did you mean brief?']),
        ("[play]\ncues = 3\n", ["2:1: cues: expected full, brief or chimes, got 3"]),
        ('[play]\nno-mic = "yes"\n', ['2:1: no-mic: expected true or false, got "yes"; did you mean true?']),
        ('[play]\nno-mic = "no"\n', ['2:1: no-mic: expected true or false, got "no"']),
        ("sped = 1\n", ['1:1: "sped" is not a flag of any command; did you mean speed?']),
        ("[play]\njson = true\n", ['2:1: "json" is not a flag of play; it is one of hear']),
        ("[play]\napproved = true\n", ["2:1: --approved counts only where it is typed: " + ONCE["--approved"]]),
        ("unattended = true\n", ["1:1: --unattended counts only where it is typed: " + ONCE["--unattended"]]),
        ("  [play]\n  speed = 9\n", ["2:3: speed: expected 0.5 to 2, got 9"]),
        ("play = {speed = 9}\n", ["1:9: speed: expected 0.5 to 2, got 9"]),
        ("play.speed = 9\n", ["1:6: speed: expected 0.5 to 2, got 9"]),
        ("[play.more]\nspeed = 1\n", 2 * ["a table is [command] and then `flag = value` lines"]),
        ("[[play]]\nspeed = 1\n", ["1:3: a table is [command] and then `flag = value` lines, got play"]),
        ("play = 3\n", ["1:1: \"play\" is not a flag of any command"]),
        ('voice = """\na\n\nb"""\nspeed = 9\n', ["5:1: speed: expected 0.5 to 2, got 9"]),
        ("[play]\r\nspeed = 9\r\n", ["2:1: speed: expected 0.5 to 2, got 9"]),
        ("speed = 9\n[play]\nrate = 1\n", ["1:1: speed: expected 0.5 to 2", "3:1: rate: expected 95 to 400, got 1"]),
        ("speed = 2020-01-01\n", ["1:1: speed: expected a number, got a date or time"]),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_told_with_its_place(text: str, found: list[str]) -> None:
    told = problems(text)
    assert len(told) == len(found)
    for problem, expected in zip(told, found, strict=True):
        assert expected in problem


def test_a_flag_that_means_two_things_belongs_below_a_command() -> None:
    wrong = '"cues" does not mean the same in every command; put it below [play] and [render]'
    assert problems('cues = "brief"\n') == [f"1:1: {wrong}"]
    assert problems(environment={"VOICECOACH_CUES": "brief"}) == [f"VOICECOACH_CUES: {wrong}"]
    write("")
    assert parse(PLAY, {"VOICECOACH_PLAY_CUES": "brief"}).style == "brief"


def test_an_unknown_table_is_told_once_with_a_near_miss() -> None:
    told = problems("[plai]\nspeed = 1\nrate = 200\n")
    assert len(told) == 1
    assert told[0].startswith("1:2: [plai] is not a command; expected [play]")
    assert told[0].endswith("did you mean [play]?")
    assert len(problems("plai.speed = 1\nplai.rate = 200\n")) == 1
    assert len(problems("plai = {speed = 1}\n")) == 1
    assert len(problems("plai = {}\n")) == 1
    assert len(problems("[[plai]]\n[plai.more]\nspeed = 1\n")) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("speed = \n", "1:9"),
        ("speed\n", "1:6"),
        ("a = 1\na = 2\n", "2:"),
        ("cues = brief\n", "1:8"),
        ('voice = "a', "1:11"),
    ],
)
def test_what_is_not_toml_is_told_with_its_place(text: str, place: str) -> None:
    (told,) = problems(text)
    assert told.startswith(place)
    assert "this is not TOML" in told


def test_a_file_that_is_no_text_is_told() -> None:
    path = write("")
    path.write_bytes(b"speed = 1\nvoice = '\xff'\n")
    with pytest.raises(ConfigurationError, match=r"config.toml:2:10: this is not UTF-8"):
        parse(PLAY, {})
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigurationError, match="this is not a file"):
        parse(PLAY, {})


def test_a_byte_order_mark_is_no_fault() -> None:
    write("\ufeffspeed = 0.8\n")
    assert parse(PLAY, {}).speed == 0.8


def test_what_is_wrong_in_the_environment_is_told() -> None:
    assert problems(environment={"VOICECOACH_SPEED": "3"}) == ["VOICECOACH_SPEED: expected 0.5 to 2, got 3"]
    assert problems(environment={"VOICECOACH_NO_MIC": "maybe"}) == [
        'VOICECOACH_NO_MIC: expected true or false, got "maybe"'
    ]
    (told,) = problems(environment={"VOICECOACH_APPROVED": "1"})
    assert told.startswith("VOICECOACH_APPROVED: --approved counts only where it is typed")
    (told,) = problems(environment={"VOICECOACH_PLAY_UNATTENDED": "1"})
    assert told.startswith("VOICECOACH_PLAY_UNATTENDED: --unattended")


def test_an_unknown_variable_is_noted_and_stops_nothing() -> None:
    options = parse(PLAY, {"VOICECOACH_SPEEED": "3", "VOICECOACH_DEBUG": "1", "SPEED": "3"})
    assert options.notes == ["VOICECOACH_SPEEED is no variable of voicecoach's; did you mean VOICECOACH_SPEED?"]
    assert options.speed == 1.0


def test_another_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("speed = 0.6\n")
    assert parse(PLAY, {"VOICECOACH_CONFIG": str(tmp_path / "other.toml")}).speed == 0.6
    write("speed = 0.7\n")
    assert parse(PLAY, {"VOICECOACH_CONFIG": os.devnull}).speed == 1.0
    assert parse(PLAY, {"VOICECOACH_CONFIG": ""}).speed == 0.7
    with pytest.raises(ConfigurationError, match=r"VOICECOACH_CONFIG: there is no file .*none\.toml"):
        parse(PLAY, {"VOICECOACH_CONFIG": str(tmp_path / "none.toml")})


def test_a_broken_file_holds_up_no_command_without_settings() -> None:
    write("speed = 9\n")
    assert parse(["journal"], {}).command == "journal"
    assert parse(["config"], {}).command == "config"


def test_nothing_that_counts_once_can_be_set() -> None:
    names = {setting.name for setting in settings_of(make_parser())}
    assert not names & {flag.removeprefix("--") for flag in ONCE}
    assert not names & {"delete", "csv", "for-doctor", "forget-approval", "output", "help", "version"}


def test_every_flag_of_play_can_be_set_or_says_why_not() -> None:
    """A new flag has its key by itself."""
    flags = {
        flag.removeprefix("--")
        for action in subparsers_of(make_parser())["play"]._actions
        for flag in action.option_strings
        if flag.startswith("--") and flag not in ONCE
    }
    assert {setting.name for setting in settings_of(make_parser()) if setting.command == "play"} == flags - {"help"}


def test_starting_deaf_by_the_file_is_told_at_every_start() -> None:
    path = write("[play]\nno-mic = true\n")
    assert told_at_start(parse(PLAY, {})) == [
        f"--no-mic holds for this session too, as {path}:2 says; --mic lifts it."
    ]
    assert told_at_start(parse([*PLAY, "--no-mic"], {})) == []
    assert told_at_start(parse([*PLAY, "--mic"], {})) == []


def test_an_error_that_quotes_a_set_value_says_where_it_comes_from() -> None:
    path = write('voice = "nobody"\n')
    options = parse(PLAY, {})
    assert sources_of(options, 'No voice is called "nobody".') == [f"voicecoach: voice comes from {path}:1"]
    assert sources_of(options, "There is no microphone.") == []
    assert sources_of(None, "x") == []


@pytest.mark.parametrize("chosen", ["speed = 0.8", 'side = "right"', 'dose = "high"'])
def test_defaults_of_a_session_do_not_keep_its_sheet_from_being_shown(
    chosen: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(chosen + "\n")
    assert main(["show", "tour"]) == 0
    assert main(["show", "tour", "--speed", "0.8"]) == 2
    assert "choose what --text prints" in capsys.readouterr().err


def test_the_listing_is_a_file_that_says_the_same() -> None:
    write('speed = 0.8\nvoice = "a \\"b\\" é"\n[play]\ncues = "brief"\nno-mic = true\n[render]\nspeed = 0.7\n')
    environment = {"VOICECOACH_RATE": "200"}
    settings = Settings.read(make_parser(), environment)
    text = "\n".join(listing(settings))
    before = {(each.command, each.name): settings.resolve(each).value for each in settings.known}
    write(text)
    again = Settings.read(make_parser(), {})
    assert again.problems == []
    assert {(each.command, each.name): again.resolve(each).value for each in again.known} == before
    uncommented = "\n".join(line.removeprefix("#") for line in text.splitlines()[3:])
    assert "VOICECOACH_RATE" in text
    assert parse_toml(uncommented.replace("=   ", '= ""   '), "x")


def test_config_shows_what_is_right_and_then_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    path = write("rate = 200\nspeed = 9\n")
    assert main(["config"]) == 2
    shown = capsys.readouterr()
    assert f"rate = 200                        # {path}:1  (play, render, " in shown.out
    assert shown.err == f"{path}:2:1: speed: expected 0.5 to 2, got 9\n"
    assert main(["config", "--path"]) == 0
    assert capsys.readouterr().out == f"{path}\n"


def test_a_session_does_not_start_on_a_wrong_value(capsys: pytest.CaptureFixture[str]) -> None:
    path = write("[play]\nspeed = 9\n")
    assert main(PLAY) == 2
    assert capsys.readouterr().err == f"{path}:2:1: speed: expected 0.5 to 2, got 9\n"


@pytest.mark.skipif(sys.platform == "win32", reason="its files have no such modes")
def test_a_file_that_may_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("speed = 1\n")
    loop = path.with_name("loop")
    loop.symlink_to(loop)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        parse(PLAY, {"VOICECOACH_CONFIG": str(loop)})
