"""The command line as other programs see it: exit codes, files and lines. Each command runs as its own process."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

from voicecoach.ear.engines import DEFAULT_ENGINE
from voicecoach.ear.self_trigger import SelfTrigger
from voicecoach.ear.self_trigger_cache import SelfTriggerCache, ear_version
from voicecoach.opening import open_speech
from voicecoach.routine.loader import load
from voicecoach.session.commands import Command
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.voice.clip_cache import default_folder
from voicecoach.voice.synthesizer import DEFAULT_RATE


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PULSE_"))}
    return {**kept, "HOME": str(home), "PYTHONUNBUFFERED": "1"}


def run(env: dict[str, str], cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "voicecoach", *arguments]
    return subprocess.run(
        command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


def events(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_broken_routine_gives_its_line_and_exit_code_2(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "wrist.yaml").write_text("format: 1\ntitle: W\napproval: not required\nexercises:\n  - idd: a\n")
    for command in (("play",), ("check",), ("show",)):
        done = run(env, tmp_path, *command, "wrist.yaml")
        assert done.returncode == 2
        assert "wrist.yaml:5:5:" in done.stderr
        assert "Traceback" not in done.stderr


def test_an_unknown_routine_is_a_usage_error_with_a_near_miss(env: dict[str, str], tmp_path: Path) -> None:
    done = run(env, tmp_path, "play", "wrist-streches")
    assert done.returncode == 2
    assert 'Did you mean "wrist-stretches"?' in done.stderr


def test_a_session_that_nobody_could_end_is_refused(env: dict[str, str], tmp_path: Path) -> None:
    done = run(env, tmp_path, "play", "wrist-stretches", "--audio", "null", "--approved", "--events", "e.jsonl")
    assert done.returncode == 12
    assert [event["event"] for event in events(tmp_path / "e.jsonl")] == ["finished"]
    assert events(tmp_path / "e.jsonl")[0]["reason"] == "refused"


def test_rendering_gives_a_sound_and_a_cue_sheet_that_agree(env: dict[str, str], tmp_path: Path) -> None:
    done = run(env, tmp_path, "render", "wrist-stretches", "--side", "left", "-o", "w.flac", "--cues", "w.json")
    assert done.returncode == 0, done.stderr
    cues = json.loads((tmp_path / "w.json").read_text())
    holds = [cue for cue in cues if cue["kind"] == "hold"]
    assert [(cue["exercise"], cue["side"], cue["rep"]) for cue in holds] == [
        (exercise, "left", rep) for exercise in ("wrist-extension", "wrist-flexion") for rep in range(1, 6)
    ]
    assert {round((cue["end"] - cue["start"]) * 48_000) for cue in holds} == {720_000}
    for hold in holds:
        marks = {cue["name"]: cue["start"] for cue in cues if cue["kind"] == "earcon" and cue["start"] <= hold["end"]}
        assert (marks["start"], marks["end"]) == (hold["start"], hold["end"])
    assert soundfile.info(tmp_path / "w.flac").duration >= cues[-1]["end"]
    assert {cue["kind"] for cue in cues} == {"prompt", "earcon", "hold", "silence"}


def test_hear_goes_on_after_a_file_that_cannot_be_read(env: dict[str, str], tmp_path: Path) -> None:
    clip = next((Path(__file__).parent / "clips").glob("stop-*.flac"))
    (tmp_path / "no.wav").write_text("no sound")
    done = run(env, tmp_path, "hear", "no.wav", str(clip), "--json")
    assert done.returncode == 2
    assert "no.wav" in done.stderr
    heard = [json.loads(line) for line in done.stdout.splitlines()]
    assert heard
    assert {each["file"] for each in heard} == {str(clip)}
    assert set(heard[0]) == {"file", "t", "command", "phrase", "score", "tier"}


SMALL = """format: 1
title: Small
approval: not required
source: nobody
exercises:
  - id: a
    name: Turning
    steps:
      - say: Turn.
"""


def test_check_without_the_ear_gives_the_advice_of_the_file_alone(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    done = run(env, tmp_path, "check", "small.yaml")
    assert done.returncode == 0
    assert re.fullmatch(r"small.yaml: good, about \d+ seconds\n", done.stdout)
    assert done.stderr == ""


def test_check_names_what_sounds_like_a_command_with_its_line_and_word(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL.replace("say: Turn.", "say: Turn her hurts to stop the flumbix."))
    done = run(env, tmp_path, "check", "small.yaml")
    trap = "and the loudspeaker would say it to the microphone; reword it"
    *advice, lacking, total = done.stdout.splitlines()
    assert advice == [
        f'small.yaml:9:19: advice: "her hurts" sounds like the command "it hurts", {trap}',
        f'small.yaml:9:32: advice: "stop" is a command, {trap}',
    ]
    assert lacking.endswith("dictionary lacks them: flumbix")
    assert total.endswith("2 pieces of advice")
    assert (done.returncode, done.stderr) == (0, "")


def test_check_goes_by_the_spelling_where_the_recogniser_is_missing(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL.replace("say: Turn.", "say: Turn the paws and stop."))
    (tmp_path / "missing").mkdir()
    (tmp_path / "missing" / "pocketsphinx.py").write_text("raise ImportError")
    paths = os.pathsep.join([str(tmp_path / "missing"), *filter(None, [env.get("PYTHONPATH")])])
    done = run({**env, "PYTHONPATH": paths}, tmp_path, "check", "small.yaml")
    assert [line.split(", and")[0] for line in done.stdout.splitlines()] == [
        'small.yaml:9:32: advice: "stop" is a command',
        done.stdout.splitlines()[-1],
    ]
    assert "by their spelling alone, not by their sound. The package pocketsphinx is missing" in done.stderr
    assert done.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="where the cache is")
def test_check_says_which_prompts_the_ear_takes_for_commands(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the ear finds was put into the cache before: hearing takes a minute, and has tests of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "small.yaml").write_text(SMALL)
    lengths = Lengths(lambda text: 1, lambda sound: 1)
    texts = tuple(Session(make_plan(load(tmp_path / "small.yaml")), lengths).texts())
    speech = open_speech(None, DEFAULT_RATE, texts)
    clip_of = speech.clips_at(1.0)
    speech.close()
    if speech.failure is not None:
        pytest.skip(str(speech.failure))
    cache = SelfTriggerCache(default_folder(), ear_version(DEFAULT_ENGINE))
    for text in texts:
        found = text in ("Turn.", "The exercise is: Turning.", "Gently let go.", "The session is over.")
        cache.put(clip_of(text), [SelfTrigger(Command.STOP, "firm", 10.0)] if found else [])
    heard = 'sounds like the command "stop" to the ear when the loudspeaker is louder than a person'
    files = ("small.yaml", "small.yaml")
    done = run({**env, "XDG_CACHE_HOME": str(tmp_path / "cache")}, tmp_path, "check", "--ear", *files)
    own, *rest = done.stdout.splitlines()
    assert own == f'the coach\'s own words: advice: "The session is over." {heard}; a second of quiet follows it'
    assert rest[:2] == rest[3:5] == [
        f'small.yaml:7:5: advice: "The exercise is: Turning." {heard}; a second of quiet follows it',
        f'small.yaml:9:9: advice: "Turn." {heard}; a second of quiet follows it',
    ]
    assert rest[2].endswith("2 pieces of advice")
    assert (done.returncode, done.stderr, len(rest)) == (0, "", 6)


@pytest.mark.parametrize("command", ["hear", "play"])
def test_an_engine_that_is_not_there_says_how_to_get_it(env: dict[str, str], tmp_path: Path, command: str) -> None:
    clip = str(next((Path(__file__).parent / "clips").glob("stop-*.flac")))
    what = [clip] if command == "hear" else ["tour", "--audio", f"file:out.wav,{clip}"]
    done = run(env, tmp_path, command, *what, "--engine", "vosk")
    package = "pip install 'voicecoach[vosk]'"
    model = "voicecoach setup --engine vosk"
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(model if importlib.util.find_spec("vosk") else package)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_a_session_cleanly(env: dict[str, str], tmp_path: Path, number: str, code: int) -> None:
    command = [sys.executable, "-m", "voicecoach", "play", "tour", "--audio", "null", "--events", "e.jsonl"]
    with subprocess.Popen(
        command, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as playing:
        until = time.monotonic() + 30
        while time.monotonic() < until and not (tmp_path / "e.jsonl").exists():
            time.sleep(0.05)
        while time.monotonic() < until and "ready" not in (tmp_path / "e.jsonl").read_text():
            time.sleep(0.05)
        playing.send_signal(getattr(signal, number))
        _, complaints = playing.communicate(timeout=30)
    assert playing.returncode == code
    assert complaints == b""
    assert events(tmp_path / "e.jsonl")[-1]["reason"] == "interrupt"


def test_a_closed_pipe_does_not_end_in_a_traceback(env: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "voicecoach", "schema"]
    with subprocess.Popen(command, env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_setup_says_in_one_line_what_to_do_where_the_network_is_not(env: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = run({**env, "https_proxy": nobody, "HTTPS_PROXY": nobody}, tmp_path, "setup", "--engine", "vosk")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "could not be reached" in line
    assert "voicecoach setup --engine vosk --from" in line


def test_setup_takes_only_the_very_file_that_it_expects(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "model.zip").write_bytes(b"PK")
    done = run(env, tmp_path, "setup", "--engine", "vosk", "--from", "model.zip")
    assert done.returncode == 1
    assert done.stderr.startswith("voicecoach: model.zip is not the file that was expected")


def test_the_help_of_setup_fits_a_screen_and_gives_an_example(env: dict[str, str], tmp_path: Path) -> None:
    shown = run(env, tmp_path, "setup", "--help").stdout
    assert len(shown.splitlines()) <= 24
    assert "example:\n  voicecoach setup --microphone USB" in shown


def test_setup_without_a_loudspeaker_says_so_in_one_line(env: dict[str, str], tmp_path: Path) -> None:
    nowhere = {"PULSE_SERVER": f"unix:{tmp_path}/none", "ALSA_CONFIG_PATH": os.devnull}
    done = run(env | nowhere, tmp_path, "setup")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("voicecoach: There is no loudspeaker.")
    assert len(done.stderr.splitlines()) == 1


def test_setup_takes_a_model_only_for_an_engine(env: dict[str, str], tmp_path: Path) -> None:
    done = run(env, tmp_path, "setup", "--from", "model.zip")
    assert (done.returncode, done.stderr) == (2, "voicecoach: --from belongs to --engine vosk\n")


def test_the_first_play_mentions_setup_and_no_other_does(env: dict[str, str], tmp_path: Path) -> None:
    microphone = next((Path(__file__).parent / "clips").glob("up-*.flac"))
    command = [sys.executable, "-m", "voicecoach", "play", "tour", "--audio", f"file:out.wav,{microphone}"]
    told = []
    for _ in range(2):
        with subprocess.Popen(
            command, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as playing:
            assert playing.stdout is not None
            before: list[str] = []
            for line in playing.stdout:
                if "Listening" in line:
                    break
                before.append(line)
            told.append(sum("voicecoach setup" in line for line in before))
            playing.terminate()
            playing.communicate(timeout=30)
    assert told == [1, 0]
