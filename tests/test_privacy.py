"""What the README promises: a session needs no network, and keeps neither sound that it heard nor words.

One real session and its child processes, ear and all, is watched from inside and from outside (``watched_program.py``).
It hears a known noise, words that mean nothing, and "stop". A second one is recorded on purpose: what is found there
shows that the search is not blind.
"""

from __future__ import annotations

import io
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from sound_in_files import RATE, holds_the_noise, known_noise
from watched_program import Watched, program, strace_works, watch

from voicecoach.routine.loader import load
from voicecoach.session.commands import Command, phrases
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files and processes are watched the POSIX way")

CLIPS = Path(__file__).parent / "clips"

ROUTINE = """format: 1
title: A private session
approval: not required
source: nobody
exercises:
  - id: turn
    name: Turning
    lead_in: 0 s
    rest: 0 s
    steps:
      - say: Turn.
      - hold: 4 s
"""

PASSING = (
    (r"/dev/null", "nothing is kept there"),
    (r"memfd", "memory of the sound library, in the voice's process, which is told that there is no sound server"),
    (r"tmp/voicecoach-\w+/(stderr\.txt|speech\S*\.wav)", "the voice's process: it speaks, and is given no microphone"),
    (r"tmp/\w+\.kws", "the phrases that the keyword search looks for"),
    (r"tmp/\w{8}", "Python finding out whether the folder for temporary files can be written to"),
    (r"home/\.local/state/voicecoach/(remembered|devices)\.json\.\d+", "renamed to what is kept"),
    (r"home/\.cache/voicecoach/speech/\w+\.tmp", "renamed to what is kept: as many are there as were made"),
    (r"\S*/guard\.jsonl", "the watch's own"),
)
"""Files that are gone when the session is over, and why they hold no sound from the microphone."""


@dataclass(frozen=True, slots=True)
class Run:
    """A session, and the folder that was its whole world."""

    folder: Path
    watched: Watched

    def kept(self) -> list[Path]:
        """What it left behind."""
        return [path for path in self.folder.rglob("*") if path.is_file() and path.name not in ("mic.wav", "r.yaml")]

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = (self.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


def microphone() -> np.ndarray[Any, Any]:
    """The noise for half a minute, in it two words that are no commands, then "stop" until it is obeyed."""
    heard = known_noise(30)
    stops = [(second, "stop-9dc1889e") for second in (10, 12, 15, 18, 21, 24, 27)]
    for second, name in ((5, "up-42beb5eb"), (7, "down-692a88e6"), *stops):
        samples, rate = soundfile.read(CLIPS / f"{name}.flac", dtype="float32")
        word = soxr.resample(samples, rate, RATE)
        heard[round(second * RATE) :][: len(word)] += word
    return heard


def play(folder: Path, *arguments: str) -> Run:
    folder.mkdir()
    soundfile.write(folder / "mic.wav", microphone(), RATE, subtype="PCM_16")
    (folder / "r.yaml").write_text(ROUTINE, encoding="utf-8")
    command = program("play", "r.yaml", "--audio", "file:,mic.wav", "--events", "events.jsonl", "--speed", "2",
                      "--rate", "300", *arguments)  # fmt: skip
    run = Run(folder, watch(command, folder))
    assert run.watched.code == 0, run.watched.output
    assert run.events[0] | {"event": "ready", "ear": True} == run.events[0]
    return run


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Side by side, since they take their time."""
    folders = [tmp_path_factory.mktemp(name) / "world" for name in ("private", "recorded")]
    with ThreadPoolExecutor() as pool:
        private, on_purpose = pool.submit(play, folders[0]), pool.submit(play, folders[1], "--record", "take.flac")
        return private.result(), on_purpose.result()


@pytest.fixture
def session(both: tuple[Run, Run]) -> Run:
    return both[0]


@pytest.fixture
def recorded(both: tuple[Run, Run]) -> Run:
    return both[1]


def test_a_whole_session_asks_for_no_network(session: Run) -> None:
    assert session.events[-1]["event"] == "finished"
    watched = [note["program"] for note in session.watched.guarded if note["event"] == "guarded"]
    assert any("play" in words for words in watched)
    assert any("voicecoach.voice.pyttsx3_process" in words for words in watched), "its voice was not watched"
    assert session.watched.network_from_inside == []


@pytest.mark.skipif(not strace_works(), reason="needs strace, and the right to use it")
def test_nor_does_any_library_or_child_process_behind_pythons_back(session: Run) -> None:
    assert len(session.watched.calls) > 100
    assert session.watched.network_from_outside == []


ASKING = "import socket, subprocess, sys; s = socket.socket(); s.bind(('127.0.0.1', 0))"


@pytest.mark.parametrize("child", [False, True], ids=["itself", "its child"])
def test_the_watch_sees_a_program_that_does(tmp_path: Path, child: bool) -> None:
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {ASKING!r}])" if child else ASKING
    watched = watch([sys.executable, "-c", script], tmp_path / "world")
    assert [note["event"] for note in watched.network_from_inside] == ["socket.__new__", "socket.bind"]
    if strace_works():
        assert [line.split("(")[0].split()[-1] for line in watched.network_from_outside] == ["socket", "bind"]


def test_the_watch_lets_a_socket_within_the_machine_pass(tmp_path: Path) -> None:
    script = "import socket; s = socket.socket(socket.AF_UNIX); s.bind('here'); socket.socketpair()"
    watched = watch([sys.executable, "-c", script], tmp_path / "world")
    assert (watched.network_from_inside, watched.network_from_outside) == ([], [])


def test_what_the_microphone_heard_is_in_no_file(session: Run) -> None:
    kept = session.kept()
    assert {path.suffix for path in kept} >= {".flac", ".jsonl"}
    assert [str(path) for path in kept if holds_the_noise(path.read_bytes())] == []


def test_with_record_it_is_in_that_file_and_in_no_other(recorded: Run) -> None:
    kept = recorded.kept()
    assert len(kept) > 3
    assert [path.name for path in kept if holds_the_noise(path.read_bytes())] == ["take.flac"]


@pytest.mark.skipif(not strace_works(), reason="needs strace, and the right to use it")
def test_nor_was_it_in_a_file_that_is_gone_or_lies_elsewhere(session: Run) -> None:
    world = session.folder
    kept = set(session.kept())
    gone = [path for path in session.watched.written if world / path not in kept]
    unexplained = [
        str(path)
        for path in gone
        if not any(re.fullmatch(f"({re.escape(str(world))}/)?{pattern}", str(path)) for pattern, _ in PASSING)
    ]
    assert unexplained == []
    cache = world / "home" / ".cache" / "voicecoach" / "speech"
    assert len([path for path in gone if path.suffix == ".tmp"]) == len([path for path in kept if path.parent == cache])


def npz(samples: np.ndarray[Any, Any]) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, path=samples)
    return out.getvalue()


def encoded(samples: np.ndarray[Any, Any], rate: int, kind: str) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=kind)
    return out.getvalue()


@pytest.mark.parametrize("write", [
    lambda heard: b"x" + (heard * 32767).astype("<i2").tobytes(),
    lambda heard: b"xyz" + heard.astype("<f4").tobytes(),
    lambda heard: soxr.resample(heard, RATE, 16_000).astype("<f8").tobytes(),
    lambda heard: encoded(soxr.resample(heard, RATE, 16_000), 16_000, "FLAC"),
    lambda heard: encoded(0.01 * np.convolve(heard, [0.5, 0.3, -0.4]).astype(np.float32), RATE, "OGG"),
    npz,
])  # fmt: skip
def test_the_search_finds_a_second_of_it_in_whatever_it_is_written(write: Any) -> None:
    assert holds_the_noise(write(known_noise(5)[100_000:140_000]))


@pytest.mark.parametrize("write", [npz, lambda heard: encoded(heard, RATE, "FLAC"), lambda heard: heard.tobytes()])
def test_it_takes_no_other_noise_for_it(write: Any) -> None:
    other = np.random.default_rng(1).standard_normal(200_000).astype(np.float32) * np.float32(0.01)
    assert not holds_the_noise(write(other))


def strings(value: Any) -> set[str]:
    """Every text in a JSON value, names of fields left out."""
    if isinstance(value, dict):
        return set().union(*map(strings, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(strings, value)) if value else set()
    return {value} if isinstance(value, str) else set()


def the_coachs_own(folder: Path) -> set[str]:
    """Whatever the routine says, or the coach may."""
    routine = load(folder / "r.yaml")
    texts = Session(make_plan(routine), Lengths(lambda text: 1, lambda sound: 1)).texts()
    return {*texts, routine.title, *(exercise.name for exercise in routine.exercises)}


WORD = r"[a-z0-9_-]+"
"""A name out of the program's own lists: a state, a command, an id."""
NUMBER = r"[0-9T:.+Z-]+"
VERSION = r"\d+(\.\w+)+"
MEANT_NOTHING = {"up", "down"}
"""Was said, and is nobody's business."""


def test_the_events_hold_no_word_that_was_said_but_the_phrase_of_a_command(session: Run) -> None:
    heard = [event for event in session.events if event["event"] == "heard"]
    assert heard, "it was to hear stop"
    assert {event["phrase"] for event in heard} <= {phrase.text for phrase in phrases()}
    assert {event["command"] for event in heard} <= {command.value for command in Command}
    own = the_coachs_own(session.folder)
    for event in session.events:
        said = strings({name: value for name, value in event.items() if (event["event"], name) != ("heard", "phrase")})
        assert {text for text in said - own if not re.fullmatch(f"{WORD}|{NUMBER}", text)} == set(), event
        assert not said & MEANT_NOTHING, event


def test_the_journal_and_every_other_file_hold_not_even_that(session: Run) -> None:
    (journal,) = session.folder.rglob("journal.jsonl")
    entries = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert [entry["event"] for entry in entries][:1] == ["started"]
    own = the_coachs_own(session.folder)
    for entry in entries:
        assert {text for text in strings(entry) - own if not re.fullmatch(f"{WORD}|{NUMBER}|{VERSION}", text)} == set()
        assert not {"phrase", "text", "heard"} & set(entry)
        assert not strings(entry) & MEANT_NOTHING
    others = [path for path in session.kept() if path.suffix != ".flac" and path.name not in ("events.jsonl",)]
    for path in others:
        assert not re.search(rb"\bphrase\b|\btranscript\b|\bhypothesis\b", path.read_bytes()), path
