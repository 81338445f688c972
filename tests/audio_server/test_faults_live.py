"""What goes wrong with a microphone and a sound server, in the middle of a hold: one session for several faults.

The witness is the recorded loudspeaker: that nothing sounds while the session stands still, and that it says what
happened once it can.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from real_program import RealProgram
from scene import SOON, Scene, earcon, has_been, named, say_until, scene_of
from virtual_laptop import RATE, VirtualLaptop, locate

from voicecoach.session.wording import wording

SAY = wording().say
CANNOT_HEAR, LOST, WAITING = SAY("cannot_hear"), SAY("sound_lost"), SAY("still_waiting")
LONGEST = 90.0
"""Seconds from a start to the first hold, on a loaded machine too."""

ROUTINE = """
format: 1
title: Faults
approval: not required
exercises:
  - id: press
    name: Press
    repetitions: 12
    lead_in: 0.5 s
    rest: 1 s
    steps:
      - hold: 10 s
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first session renders and rehearses, the next one finds."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def program(laptop: VirtualLaptop, tmp_path: Path, cache: Path) -> Iterator[RealProgram]:
    routine = tmp_path / "faults.yaml"
    routine.write_text(ROUTINE, encoding="utf-8")
    arguments = (str(routine), "--speed", "2", "--no-check-ins")
    with RealProgram(laptop, tmp_path / "run", *arguments, cache=cache) as program:
        yield program


def hold(program: RealProgram, after: int) -> int:
    """Wait for the next hold and a second of it; returns the index of its event."""
    index = program.wait_for("hold_start", timeout=LONGEST, after=after)
    time.sleep(1.0)
    return index


def stands_still(scene: Scene, since: int, told: str) -> tuple[int, float, float]:
    """Once ``told`` was said there is silence; returns its event's index, and a second of the tape that is silent."""
    program = scene.program
    program.wait_for("hold_end", timeout=SOON, after=since, completed=False)
    said = program.wait_for("prompt", timeout=SOON, after=since, text=told)
    program.wait_for("prompt_end", timeout=SOON, after=said)
    time.sleep(1.0)
    begin = scene.recorder.seconds
    time.sleep(1.0)
    return said, begin, scene.recorder.seconds


def goes_on_by_voice(scene: Scene, since: int) -> int:
    """It offers to go on, "continue" is understood, and the whole hold comes again; returns the offer's event."""
    program = scene.program
    offered = program.wait_for("prompt", timeout=2 * SOON, after=since, text=WAITING)
    program.wait_for("prompt_end", timeout=SOON, after=offered)
    assert not named(program.events[since:], "hold_start")
    time.sleep(0.3)
    say_until(scene, "resume-flite", has_been(program, "instructing", offered))
    return offered


@contextmanager
def timed(what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    print(f"\nFIGURE {what}: noticed after {time.monotonic() - begun:.2f} s")


def loudest(scene: Scene, begin: float, end: float) -> float:
    return float(np.abs(scene.recorder.tape.loudspeaker[round(begin * RATE) : round(end * RATE)]).max())


@dataclass(frozen=True, slots=True)
class Told:
    """An earcon, with words after it, between two seconds of the tape."""

    earcon: str
    begin: float
    end: float

    def is_on_the_tape_of(self, scene: Scene) -> None:
        loudspeaker = scene.recorder.tape.loudspeaker[round(self.begin * RATE) : round(self.end * RATE)]
        at, likeness = locate(earcon(self.earcon), loudspeaker)
        assert likeness > 0.7, f"{self.earcon} is not on the tape between {self.begin:.1f} and {self.end:.1f} s"
        spoken = loudspeaker[at + RATE // 2 : at + 2 * RATE]
        assert float(np.sqrt(np.mean(spoken**2))) > 0.005, "nothing was said after the earcon"


def test_a_microphone_of_no_use_stops_the_hold_and_is_told(laptop: VirtualLaptop, program: RealProgram) -> None:
    def overdrive() -> None:
        noise = np.random.default_rng(1).standard_normal(round(4.5 * RATE)).astype(np.float32)
        laptop.speak(np.clip(2 * noise, -1, 1))

    faults: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        (
            "muted",
            lambda: laptop.tell("set-source-mute", "mic", "1"),
            lambda: laptop.tell("set-source-mute", "mic", "0"),
        ),
        ("overdriven", overdrive, lambda: None),
        ("unplugged", lambda: laptop.unload("source_name=mic ", "source_name=ear "), laptop.plug_in_microphone),
    ]
    told: list[Told] = []
    silences: list[tuple[float, float]] = []
    with scene_of(laptop, program) as scene:
        index = 0
        for name, happen, pass_by in faults:
            index = hold(program, index)
            begun = scene.recorder.seconds
            with timed(f"microphone {name}"):
                happen()
                fault = program.wait_for("trouble", timeout=SOON, after=index)
            said, begin, end = stands_still(scene, fault, CANNOT_HEAR) if name != "overdriven" else (fault, 0.0, 0.0)
            silences.append((begin, end))
            pass_by()
            index = goes_on_by_voice(scene, said)
            told.append(Told("trouble", begun, scene.recorder.seconds))
        hold(program, index)
        program.close()
    events = program.events
    assert events[-1]["reason"] == "interrupt"
    for each in told:
        each.is_on_the_tape_of(scene)
    for begin, end in silences:
        if end:
            assert loudest(scene, begin, end) < 1e-3


def test_sound_that_fails_stops_the_hold_and_a_switch_of_devices_does_not(
    laptop: VirtualLaptop, program: RealProgram
) -> None:
    told: list[Told] = []
    with scene_of(laptop, program) as scene:
        index = 0
        for kind, name in (("sink", "spk"), ("source", "mic")):
            index = hold(program, index)
            with timed(f"{kind} suspended"):
                laptop.tell(f"suspend-{kind}", name, "1")
                lost = program.wait_for("device_lost", timeout=SOON, after=index)
            program.wait_for("hold_end", timeout=SOON, after=index, completed=False)
            time.sleep(1.0)
            assert not named(program.events[lost:], "device_back"), "what stands still is not back"
            begun = scene.recorder.seconds
            laptop.tell(f"suspend-{kind}", name, "0")
            back = program.wait_for("device_back", timeout=SOON, after=lost)
            program.wait_for("prompt", timeout=SOON, after=back, text=LOST)
            index = goes_on_by_voice(scene, back)
            told.append(Told("paused", begun, scene.recorder.seconds))
        index = hold(program, index)
        laptop.tell("load-module", "module-null-sink", "sink_name=headset", "rate=44100", "norewinds=1")
        laptop.tell("set-default-sink", "headset")
    for each in told:
        each.is_on_the_tape_of(scene)
    with laptop.record("headset.monitor") as recorder:
        ended = program.wait_for("hold_end", timeout=60, after=index)
        time.sleep(1.5)
    assert program.events[ended]["completed"], "another loudspeaker is no reason to stop"
    assert float(np.abs(recorder.tape.loudspeaker).max()) > 0.05, "nothing sounds where the user listens"

    index = hold(program, ended)
    for name, happen, mend in (
        ("everything unplugged", lambda: laptop.unload("sink_name=bus ", "sink_name=headset "), laptop.plug_in),
        ("server killed", laptop.silence_server, laptop.start),
    ):
        with timed(name):
            happen()
            lost = program.wait_for("device_lost", timeout=SOON, after=index)
        program.wait_for("hold_end", timeout=SOON, after=index, completed=False)
        time.sleep(1.0)
        mend()
        with scene_of(laptop, program) as scene:
            with timed(f"{name}, and back"):
                back = program.wait_for("device_back", timeout=2 * SOON, after=lost)
            index = hold(program, goes_on_by_voice(scene, back))
            told.append(Told("resumed", 0.0, scene.recorder.seconds))
        told[-1].is_on_the_tape_of(scene)
    with scene_of(laptop, program) as scene:
        # To the program a laptop that sleeps is the same.
        os.kill(program.pid, signal.SIGSTOP)
        time.sleep(3.0)
        os.kill(program.pid, signal.SIGCONT)
        with timed("a sleep of 3 s, once it is over,"):
            lost = program.wait_for("device_lost", timeout=SOON, after=index)
        assert "stood still" in program.events[lost]["why"]
        program.wait_for("hold_end", timeout=SOON, after=index, completed=False)
        begun = scene.recorder.seconds
        program.wait_for("prompt", timeout=SOON, after=lost, text=LOST)
        goes_on_by_voice(scene, lost)
        told.append(Told("paused", begun, scene.recorder.seconds))
        program.close()
    told[-1].is_on_the_tape_of(scene)
