"""Live figures on a virtual laptop, read off the recording of its loudspeaker: voicecoach and the plain loop alike.

Each trial is a program of its own: the first word that the loudspeaker sounds is its start, and then a person says
"stop" over the coach's voice. A word that leads to nothing within some seconds counts as missed.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
# The virtual laptop and its programs are the audio-server tests' own.
sys.path.insert(0, str(REPOSITORY / "tests" / "audio_server"))

from real_program import RealProgram  # noqa: E402
from scene import earcon, loud_as_somebody_near, named  # noqa: E402
from virtual_laptop import (  # noqa: E402
    RATE,
    Recorder,
    Samples,
    Tape,
    VirtualLaptop,
    at_rate,
    end_of_word,
    locate,
    missing_commands,
)

from tests.bench.processes import processor_seconds, resident_mb  # noqa: E402
from voicecoach.opening import open_speech  # noqa: E402
from voicecoach.voice.synthesizer import DEFAULT_RATE  # noqa: E402

__all__ = ["RealProgram", "Samples", "VirtualLaptop", "at_rate", "loud_as_somebody_near", "missing_commands", "named"]
"""Of the audio-server tests, for the other benchmarks."""

GREETING = "Sit upright, rest your hands on your lap, and let both shoulders sink slowly"
BARGE_IN = f"""
format: 1
title: {GREETING}
approval: not required
exercises:
  - id: fist
    name: Fist
    steps:
      - hold: 15 s
"""
HOLDS = """
format: 1
title: Holds
approval: not required
exercises:
  - id: fist
    name: Fist
    repetitions: {times}
    lead_in: 1 s
    rest: 2 s
    steps:
      - hold: {seconds} s
"""
AFTER_THE_FIRST_SOUND = 1.2
"""Seconds from the first word to "stop": amid the greeting of either program."""
PATIENCE = 7.0
"""Seconds after which a word was missed."""
ROOM = (0.06, 0.4)
"""Delay and amplitude with which the microphone hears the loudspeaker, where it does."""


@dataclass
class Live:
    """Figures of one program; lists hold one a trial, in seconds."""

    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    silent: dict[str, list[float]] = field(default_factory=dict)
    """From the word's end to the coach's silence, by where it was said."""
    tries: dict[str, int] = field(default_factory=dict)
    hold_errors: list[float] = field(default_factory=list)
    chime_errors: list[float] = field(default_factory=list)
    processor: float = 0.0
    """Seconds of a core for a second of listening in silent holds."""
    memory: float = 0.0
    """MB, with its children."""
    underruns: int = 0
    heard_by_mistake: int = 0


@contextmanager
def _laptop(folder: Path, room: bool) -> Iterator[VirtualLaptop]:
    folder.mkdir()
    with VirtualLaptop(folder, room_delay=ROOM[0] if room else None, room_gain=ROOM[1]) as laptop:
        yield laptop


def our_figures(folder: Path, words: list[Samples], holds: int, seconds: int) -> Live:
    """Of voicecoach: ``words`` are said over the coach's voice, then ``holds`` holds of ``seconds`` are listened to."""
    figures = Live()
    routine = folder / "barge-in.yaml"
    routine.write_text(BARGE_IN, encoding="utf-8")
    quiet = _quiet_beginning()
    for room in (False, True):
        where = "in a room" if room else "headphones"
        figures.silent[where], figures.tries[where] = [], len(words)
        with _laptop(folder / f"ours-{room:d}", room) as laptop:
            for number, word in enumerate(words):
                home = folder / "home"
                was_there = home.exists()
                name = folder / f"ours-{room:d}-{number}"
                with laptop.record() as recorder:
                    began = recorder.seconds
                    with RealProgram(laptop, name, str(routine), home=home) as program:
                        first = program.wait_for("prompt", timeout=60)
                        time.sleep(AFTER_THE_FIRST_SOUND)
                        spoken_at = recorder.seconds
                        said = laptop.speak(word)
                        end = time.monotonic() + PATIENCE
                        while time.monotonic() < end and not named(program.events, "silenced"):
                            time.sleep(0.02)
                        # The answer must be on the tape too: its distance from the cut ties the clocks together.
                        time.sleep(2.5)
                    events = program.events
                tape = recorder.tape
                (figures.warm if was_there else figures.cold).append(_first_sound(tape, began))
                figures.underruns += len(named(events, "underrun"))
                cut = next((event for event in events if event["event"] == "silenced"), None)
                if cut is None:
                    continue
                # An underrun between the greeting's beginning and the cut would add its length; they are counted.
                begins = tape.sounds_from(round(began * RATE)) - quiet
                late = begins / RATE + cut["t"] - events[first]["t"] - _end_of(said, tape, spoken_at)
                if -0.5 < late < PATIENCE - 2:
                    figures.silent[where].append(late)
                elif late < 0:
                    # What came so long before the word was over was no answer to it.
                    figures.heard_by_mistake += 1
    with _laptop(folder / "ours-holds", False) as laptop:
        _our_holds(laptop, folder, holds, seconds, figures)
    return figures


def _first_sound(tape: Tape, began: float) -> float:
    return tape.sounds_from(round(began * RATE)) / RATE - began


def _end_of(said: Samples, tape: Tape, spoken_at: float) -> float:
    """The second of the tape on which ``said`` ended in the microphone; the player was given it at ``spoken_at``.

    The coach may be louder there than the word is, so that the likeness is a small one.
    """
    begin = max(0, round((spoken_at - 0.3) * RATE))
    place, likeness = locate(said, tape.microphone[begin : begin + len(said) + 2 * RATE])
    assert likeness > 0.2, f"the word is not on the tape (likeness {likeness:.2f})"
    return (begin + place + end_of_word(said)) / RATE


def _quiet_beginning() -> int:
    """Frames of the greeting before its first sound."""
    speech = open_speech(None, DEFAULT_RATE, [GREETING + "."])
    try:
        samples = speech.clips_at(1.0)(GREETING + ".").samples
    finally:
        speech.close()
    return int(np.flatnonzero(np.abs(samples) > 1e-3)[0])


def _our_holds(laptop: VirtualLaptop, folder: Path, times: int, seconds: int, figures: Live) -> None:
    routine = folder / "holds.yaml"
    routine.write_text(HOLDS.format(times=times, seconds=seconds), encoding="utf-8")
    # The prompts are played to the ear beforehand, as in every session but a routine's first: no part of listening.
    env = laptop.env | {"HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "home" / "cache")}
    rehearse = [sys.executable, "-m", "voicecoach", "check", str(routine), "--ear"]
    subprocess.run(rehearse, env=env, cwd=folder, check=True, capture_output=True)
    with laptop.record() as recorder:
        with RealProgram(laptop, folder / "holds", str(routine), "--no-check-ins", home=folder / "home") as program:
            seen, spans, memory = 0, [], 0.0
            for _ in range(times):
                seen = program.wait_for("hold_start", timeout=90, after=seen) + 1
                before, began = processor_seconds(program.pid), time.monotonic()
                time.sleep(seconds - 1)
                spans.append((processor_seconds(program.pid) - before, time.monotonic() - began))
                memory = max(memory, resident_mb(program.pid))
            program.wait_for("hold_end", timeout=30, after=seen)
            time.sleep(1.0)
        events = program.events
    # The first is left out: what was begun at the start may still run in it.
    figures.processor = sum(used for used, _ in spans[1:]) / sum(wall for _, wall in spans[1:])
    figures.memory = memory
    figures.underruns += len(named(events, "underrun"))
    figures.heard_by_mistake += len(named(events, "heard"))
    hold_errors, chime_errors = errors_at_the_loudspeaker(recorder, events)
    figures.hold_errors, figures.chime_errors = (
        [error for _, error in hold_errors],
        [error for _, error in chime_errors],
    )


Located = list[tuple[float, float]]
"""When, on the stream's clock, and by how many seconds it is off."""


def errors_at_the_loudspeaker(recorder: Recorder, events: list[dict[str, Any]]) -> tuple[Located, Located]:
    """Each hold, chime to chime, and each of its chimes after the first one; those that cannot be found are left out.

    A chime with a hole in it may not be found. Each hold is looked for near where the last one that was found puts it.
    """
    tape = recorder.tape
    holds, chimes = [], []
    known: tuple[int, float] | None = None
    for index, event in enumerate(events):
        if event["event"] != "hold_start":
            continue
        if known is None:
            start: int | None = _first_chime(tape)
        else:
            # Holes put it off, and they add up; where one has broken a chime, the next is looked for further on.
            due = known[0] + round((event["t"] - known[1]) * RATE)
            start = _near(tape, "start", due, after=8.0)
        if start is None:
            continue
        known = (start, event["t"])
        for later in events[index + 1 :]:
            if later["event"] == "hold_start":
                break
            if later["event"] == "earcon" and later["name"] in ("half-way", "tick", "end"):
                due = start + round((later["t"] - event["t"]) * RATE)
                # Ticks are a second apart; the end is the only one of its kind.
                at = _near(tape, later["name"], due, after=3.0 if later["name"] == "end" else 0.5)
                if at is not None:
                    chimes.append((event["t"], (at - due) / RATE))
                    if later["name"] == "end":
                        holds.append((event["t"], (at - start) / RATE - event["seconds"]))
    return holds, chimes


def _first_chime(tape: Tape) -> int:
    """The first start chime of the tape."""
    sound = earcon("start")
    step = 8 * RATE
    for begin in range(0, len(tape.loudspeaker) - len(sound), step):
        place, likeness = locate(sound, tape.loudspeaker[begin : begin + step + len(sound)])
        if likeness > 0.8:
            return begin + place
    raise AssertionError("there is no start chime on the tape")


def _near(tape: Tape, name: str, due: int, *, after: float) -> int | None:
    """The frame of the chime that begins at most 0.4 s before ``due`` or ``after`` seconds after it."""
    begin = max(0, due - round(0.4 * RATE))
    sound = earcon(name)
    place, likeness = locate(sound, tape.loudspeaker[begin : due + len(sound) + round(after * RATE)])
    return begin + place if likeness > 0.7 else None


class _Plain:
    """The plain loop as a process, with what it printed, and when: seconds on the tape, and of the monotonic clock."""

    def __init__(self, laptop: VirtualLaptop, recorder: Recorder, holds: int, seconds: int) -> None:
        self.told: list[tuple[str, float, float]] = []
        self._recorder = recorder
        command = [sys.executable, "-W", "ignore", "-m", "tests.bench.plain_loop"]
        self.process = subprocess.Popen(
            [*command, "--times", str(holds), "--hold", str(seconds)],
            cwd=REPOSITORY, env=laptop.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> _Plain:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)
        self._reader.join(10)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append((line.strip(), self._recorder.seconds, time.monotonic()))


def plain_figures(folder: Path, words: list[Samples], holds: int, seconds: int) -> Live:
    """The same of the plain loop. ``silent`` is when it has understood: what it is saying goes on to its end."""
    figures = Live()
    for room in (False, True):
        where = "in a room" if room else "headphones"
        figures.silent[where], figures.tries[where] = [], len(words)
        with _laptop(folder / f"plain-{room:d}", room) as laptop:
            for word in words:
                with laptop.record() as recorder:
                    began = recorder.seconds
                    with _Plain(laptop, recorder, 1, 3) as plain:
                        _await_sound(recorder, plain)
                        time.sleep(AFTER_THE_FIRST_SOUND)
                        spoken_at = recorder.seconds
                        said = laptop.speak(word)
                        time.sleep(PATIENCE)
                tape = recorder.tape
                figures.warm.append(_first_sound(tape, began))
                end = _end_of(said, tape, spoken_at)
                stops = [at - end for what, at, _ in plain.told if what == "stop" and at > end - 0.5]
                figures.silent[where] += stops[:1]
                figures.heard_by_mistake += sum(what not in ("stop", "hold") for what, _, _ in plain.told)
    with _laptop(folder / "plain-holds", False) as laptop, laptop.record() as recorder:
        with _Plain(laptop, recorder, holds, seconds) as plain:
            spans = []
            for number in range(holds):
                while sum(what == "hold" for what, _, _ in plain.told) <= number:
                    time.sleep(0.05)
                before, since = processor_seconds(plain.process.pid), time.monotonic()
                time.sleep(seconds - 1)
                spans.append((processor_seconds(plain.process.pid) - before, time.monotonic() - since))
                figures.memory = max(figures.memory, resident_mb(plain.process.pid))
            time.sleep(6.0)
        figures.processor = sum(used for used, _ in spans[1:]) / sum(wall for _, wall in spans[1:])
    figures.hold_errors = [gap - seconds for gap in _gaps(recorder.tape, 0.9 * seconds)]
    return figures


def _await_sound(recorder: Recorder, plain: _Plain) -> None:
    """Until the loudspeaker sounds."""
    deadline = time.monotonic() + 60
    while recorder.loudest(0.1) < 1e-3:
        assert time.monotonic() < deadline, "the plain loop never spoke"
        assert plain.process.poll() is None, "the plain loop ended before it spoke"
        time.sleep(0.03)


def _gaps(tape: Tape, least: float) -> list[float]:
    """Seconds of every silence between two sounds that is at least so long."""
    loud = np.flatnonzero(np.abs(tape.loudspeaker) > 1e-3)
    return [float(gap) for gap in np.diff(loud) / RATE if gap > least]
