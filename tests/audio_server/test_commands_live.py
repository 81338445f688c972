"""Every command, said while the coach speaks, in a silent hold, and in a pause: one session for all of them.

Those that end a session have sessions of their own (test_session_live, test_pain_live, test_care_live), and so have the
answers (test_care_live). What a command does is read off the events; that the coach really answered, or fell silent, is
read off the recorded loudspeaker.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from real_program import Event, RealProgram
from scene import SOON, Scene, clip, earcon, has_been, named, say_until, scene_of
from virtual_laptop import RATE, VirtualLaptop, locate

from voicecoach.session.wording import wording

SAY = wording().say
LONGEST = 90.0
"""Seconds from a start to the first exercise, on a loaded machine too."""

TALK = (
    "Let both arms hang, and let your shoulders become heavy and wide.",
    "Feel the weight of your hands, and the warmth in the middle of each palm.",
    "Breathe in slowly through your nose, and let the air out again without any effort.",
)
ROUTINE = f"""
format: 1
title: Commands
approval: not required
exercises:
  - id: talk
    name: Arms
    steps: [{", ".join(f'say: "{text}"' for text in TALK * 2)}, hold: 5 s]
""" + "".join(
    f"""
  - id: {name}
    name: {name}
    lead_in: 0.5 s
    steps:
      - hold: 120 s
"""
    for name in ("one", "two", "three")
)

CLIPS = {
    "repeat": "say-it-again-flite",
    "next": "next-flite",
    "back": "go-back-flite",
    "slower": "slow-down-flite",
    "faster": "speed-up-flite",
    "louder": "louder-flite",
    "quieter": "quieter-flite",
    "time_left": "how-long-flite",
    "where": "where-am-i-flite",
    "help": "what-can-i-say-festival",
    "numb": "its-numb-festival",
    "pause": "pause-flite",
    "resume": "resume-flite",
}
CUTS = {"repeat": "repeat", "next": "next", "back": "back", "numb": "numb", "pause": "pause", "resume": "resume"}
"""Commands that silence what plays, and the cause that is told."""
ANSWERED = {"time_left": "left.", "where": "", "help": SAY("help")}
"""Commands that are answered by a sentence, and what is in it."""


@dataclass(frozen=True, slots=True)
class Given:
    """A command that was understood: when it was said, and when its effect was seen, in seconds of the tape."""

    command: str
    where: str
    begin: float
    end: float


class Round:
    """One session: where it is, and what was said in it."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.program = scene, scene.program
        self.given: list[Given] = []

    def give(self, command: str, where: str, reach: Callable[[], object] = lambda: None) -> int:
        """Say it, once ``reach`` has brought the moment about; returns the number of events before its effect."""
        program = self.program
        for _ in range(3):
            reach()
            before, begin = len(program.events), self.scene.recorder.seconds
            self.scene.say(clip(CLIPS[command]))
            deadline = time.monotonic() + 3.5
            while time.monotonic() < deadline:
                if self.took_effect(command, program.events[before:]):
                    time.sleep(0.4)
                    self.given.append(Given(command, where, begin, self.scene.recorder.seconds))
                    return before
                time.sleep(0.02)
        raise AssertionError(f"{command} {where} was said three times and not understood\n{program.story}")

    def took_effect(self, command: str, events: list[Event]) -> bool:
        heard = any(event["command"] == command and event["tier"] == "firm" for event in named(events, "heard"))
        if command in CUTS:
            return heard and any(event["cause"] == CUTS[command] for event in named(events, "silenced"))
        if command in ANSWERED:
            return heard and any(ANSWERED[command] in event["text"] for event in named(events, "prompt"))
        return heard and bool(named(events, "earcon"))

    def sentence(self) -> None:
        """The next sentence of the talk has begun."""
        index = len(self.program.events)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if any(event["text"] in TALK for event in named(self.program.events[index:], "prompt")):
                time.sleep(0.3)
                return
            time.sleep(0.02)
        raise AssertionError(f"no sentence came\n{self.program.story}")

    def hold(self, exercise: str, after: int) -> int:
        index = self.program.wait_for("hold_start", timeout=40, after=after, exercise=exercise)
        time.sleep(0.7)
        return index


def test_every_command_in_speech_in_a_hold_and_in_a_pause(laptop: VirtualLaptop, tmp_path: Path) -> None:
    routine = tmp_path / "commands.yaml"
    routine.write_text(ROUTINE, encoding="utf-8")
    with (
        RealProgram(laptop, tmp_path / "run", str(routine), "--no-check-ins") as program,
        scene_of(laptop, program) as scene,
    ):
        it = Round(scene)
        program.wait_for("prompt", timeout=LONGEST, text=TALK[0])
        time.sleep(0.3)
        for command in ("louder", "quieter", "repeat", "time_left", "where", "help", "faster", "slower"):
            it.give(command, "in speech", (lambda: None) if command == "louder" else it.sentence)
        paused = it.give("pause", "in speech", it.sentence)
        it.give("resume", "paused")
        skipped = it.give("next", "in speech", it.sentence)
        it.hold("one", skipped)

        for command in ("louder", "quieter", "slower", "faster", "time_left", "help", "where"):
            it.give(command, "in a hold")
            if command in ANSWERED:
                answer_is_over(program)
        it.hold("one", it.give("repeat", "in a hold"))
        it.hold("two", it.give("next", "in a hold"))
        it.hold("one", it.give("back", "in a hold"))
        it.hold("two", it.give("numb", "in a hold"))
        paused = it.give("pause", "in a hold")
        program.wait_for("state", timeout=SOON, after=paused, to="paused")

        for command in ("louder", "quieter", "slower", "faster", "time_left", "help", "where", "repeat"):
            answer_is_over(program)
            it.give(command, "paused")
        answer_is_over(program)
        it.hold("three", it.give("next", "paused"))
        it.give("pause", "in a hold")
        answer_is_over(program)
        it.hold("two", it.give("back", "paused"))
        it.give("pause", "in a hold")
        answer_is_over(program)
        it.hold("three", it.give("numb", "paused"))
        said = say_until(scene, "stop-9dc1889e", has_been(program, "stopping", len(program.events) - 1))
        assert program.wait(SOON) == 0
        time.sleep(0.5)
    assert not [event for event in named(program.events, "hold_end") if event["completed"]]
    assert {(given.command, given.where) for given in it.given} >= {
        *((command, "in speech") for command in CLIPS if command not in ("resume", "back", "numb")),
        *((command, "in a hold") for command in CLIPS if command != "resume"),
        *((command, "paused") for command in CLIPS if command != "pause"),
    }
    for given in it.given:
        answered_on_the_tape(scene, given)
    end = scene.ends(said)
    assert scene.recorder.tape.silent_from(end, seconds=0.5) < end + RATE


def answer_is_over(program: RealProgram) -> None:
    """What is being said has been said, and half a second is quiet."""
    deadline = time.monotonic() + 20
    quiet_since = time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - quiet_since < 0.8:
        events = program.events
        last = {name: max((i for i, e in enumerate(events) if e["event"] == name), default=-1)
                for name in ("prompt", "prompt_end", "earcon")}  # fmt: skip
        if last["prompt"] > last["prompt_end"]:
            quiet_since = time.monotonic()
        time.sleep(0.05)


def answered_on_the_tape(scene: Scene, given: Given) -> None:
    """In a quiet moment the answering earcon is on the tape, and speech is cut where the command cuts it."""
    loudspeaker = scene.recorder.tape.loudspeaker[round(given.begin * RATE) : round(given.end * RATE)]
    if given.where == "in a hold" and given.command in ANSWERED:
        # In a silent hold the sentence itself is the answer.
        assert float(np.abs(loudspeaker[-RATE // 2 :]).max()) > 0.01, f"{given} was not answered"
    elif given.where != "in speech":
        name = {"pause": "paused", "resume": "resumed"}.get(given.command, "heard")
        likeness = locate(earcon(name), loudspeaker)[1]
        assert likeness > 0.7, f"{given} was not answered ({likeness:.2f})"
    elif given.command in CUTS:
        power = np.array([np.abs(block).max() for block in np.array_split(loudspeaker, len(loudspeaker) // 480)])
        quiet = np.flatnonzero(power < 1e-3)
        assert len(quiet) > 3, f"{given}: the sentence was not cut"
