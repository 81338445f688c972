"""Every command, said while the coach speaks, in a silent hold, and in a pause: one session for all of them.

Those that end a session have sessions of their own (test_session_live, test_pain_live, test_care_live), and so have the
answers (test_care_live). That a command was understood is read off the events; that the coach fell silent, and
answered, off the recorded loudspeaker.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from real_program import Event, RealProgram
from scene import SOON, Scene, clip, earcon, has_been, named, say_until, scene_of
from virtual_laptop import RATE, VirtualLaptop, locate

from voicecoach.session.wording import wording

SAY = wording().say
LONGEST = 90.0
"""Seconds from a start to the first exercise, on a loaded machine too."""

SPEECH, HOLD, PAUSE = "in speech", "in a hold", "in a pause"

TALK = (
    "Let both arms hang, and let your shoulders become heavy and wide, as if somebody held them from above.",
    "Feel the weight of your hands, and the warmth in the middle of each palm, and in the tip of every finger.",
    "Breathe in slowly through your nose, and let the air out again without any effort, as long as it takes.",
)
SENTENCES = "".join(f'\n      - say: "{text}"' for text in TALK * 6)
ROUTINE = f"""
format: 1
title: Commands
approval: not required
exercises:
  - id: talk
    name: Arms
    steps: {SENTENCES}
      - hold: 5 s
  - id: more
    name: Hands
    steps: {SENTENCES}
      - hold: 5 s
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
    "slower": "slower-flite",
    "faster": "faster-festival",
    "louder": "louder-flite",
    "quieter": "quieter-flite",
    "time_left": "how-long-flite",
    "where": "where-am-i-flite",
    "help": "what-can-i-say-festival",
    "numb": "its-numb-festival",
    "pause": "pause-flite",
    "resume": "resume-flite",
}
CHANGES = ("louder", "faster", "quieter", "slower")
"""Commands that an earcon answers while everything goes on."""
ANSWERS = {"time_left": "left.", "where": "", "help": SAY("help")}
"""Commands that a sentence answers, and what is in it."""
EARCONS = {"pause": "paused", "resume": "resumed"}
"""Which earcon answers; of all others "heard"."""
CUT, OVERLAID = 0.7, 0.33
"""How alike an earcon and the tape have to be where it sounds alone (the least that was measured is 0.97), and over
speech (0.39; without an earcon in it 0.31)."""


@dataclass(frozen=True, slots=True)
class Given:
    """A command that was understood: from when to when its answer must be on the tape, in seconds."""

    command: str
    where: str
    begin: float
    end: float


class Round:
    """One session, and what was said in it."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.program = scene, scene.program
        self.given: list[Given] = []

    def give(self, command: str, where: str) -> int:
        """Say it, up to three times; returns the number of events before its effect."""
        for _ in range(3):
            if where == SPEECH:
                self.sentence()
            else:
                self.answer_is_over()
            before, begin = len(self.program.events), self.scene.recorder.seconds
            self.scene.say(clip(CLIPS[command]))
            deadline = time.monotonic() + 3.5
            while time.monotonic() < deadline:
                if took_effect(command, where, self.program.events[before:]):
                    self.given.append(Given(command, where, begin, self.scene.recorder.seconds + 0.7))
                    return before
                time.sleep(0.02)
        raise AssertionError(f"{command} {where} was said three times and not understood\n{self.program.story}")

    def sentence(self) -> None:
        """The next sentence of the talk begins."""
        index = len(self.program.events)
        deadline = time.monotonic() + 40
        while not any(event["text"] in TALK for event in named(self.program.events[index:], "prompt")):
            assert time.monotonic() < deadline, f"no sentence came\n{self.program.story}"
            time.sleep(0.02)

    def hold(self, exercise: str, after: int) -> None:
        """The hold of that exercise begins."""
        self.program.wait_for("hold_start", timeout=40, after=after, exercise=exercise)
        time.sleep(0.5)

    def answer_is_over(self) -> None:
        """What was being said has been said, and nothing follows."""
        deadline = time.monotonic() + 30
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 1.0:
            sounds = [event["event"] for event in self.program.events if event["event"].startswith("prompt")]
            if sounds[-1] == "prompt":
                quiet_since = time.monotonic()
            assert time.monotonic() < deadline, f"it never stops talking\n{self.program.story}"
            time.sleep(0.05)


def took_effect(command: str, where: str, events: list[Event]) -> bool:
    """It was heard firmly, and what it brings about has begun."""
    heard = [i for i, event in enumerate(events) if event["event"] == "heard" and event["command"] == command]
    if not heard or events[heard[-1]]["tier"] != "firm":
        return False
    events = events[heard[-1] :]
    if command in ANSWERS and not any(ANSWERS[command] in event["text"] for event in named(events, "prompt")):
        return False
    if command in ANSWERS and where == HOLD:
        return True
    cause = "answer" if command in ANSWERS else command
    is_cut = command in CHANGES or any(event["cause"] == cause for event in named(events, "silenced"))
    return is_cut and any(event["name"] == EARCONS.get(command, "heard") for event in named(events, "earcon"))


def test_every_command_in_speech_in_a_hold_and_in_a_pause(laptop: VirtualLaptop, tmp_path: Path) -> None:
    routine = tmp_path / "commands.yaml"
    routine.write_text(ROUTINE, encoding="utf-8")
    with (
        RealProgram(laptop, tmp_path / "run", str(routine), "--no-check-ins", "--speed", "1.3") as program,
        scene_of(laptop, program) as scene,
    ):
        it = Round(scene)
        program.wait_for("prompt", timeout=LONGEST, text=TALK[0])
        for command in ("louder", "faster", "time_left", "quieter", "where", "help", "slower", "repeat"):
            it.give(command, SPEECH)
        it.give("pause", SPEECH)
        it.give("resume", PAUSE)
        it.give("next", SPEECH)
        program.wait_for("prompt", timeout=SOON, after=len(program.events) - 1, exercise="more")
        it.give("back", SPEECH)
        it.give("next", SPEECH)
        it.hold("one", it.give("numb", SPEECH))

        for command in (*CHANGES, *ANSWERS):
            it.give(command, HOLD)
        it.hold("one", it.give("repeat", HOLD))
        it.hold("two", it.give("next", HOLD))
        it.hold("one", it.give("back", HOLD))
        it.hold("two", it.give("numb", HOLD))
        it.give("pause", HOLD)

        for command in (*CHANGES, *ANSWERS, "repeat"):
            it.give(command, PAUSE)
        it.hold("three", it.give("next", PAUSE))
        it.give("pause", HOLD)
        it.hold("two", it.give("back", PAUSE))
        it.give("pause", HOLD)
        it.give("numb", PAUSE)
        it.hold("three", it.give("resume", PAUSE))
        it.give("pause", HOLD)
        it.answer_is_over()
        said = say_until(scene, "stop-9dc1889e", has_been(program, "stopping", len(program.events)))
        assert program.wait(SOON) == 0
        time.sleep(0.5)
    assert program.events[-1]["reason"] == "stop"
    assert not [event for event in named(program.events, "hold_end") if event["completed"]]
    everything = {(command, where) for command in CLIPS for where in (SPEECH, HOLD, PAUSE)}
    senseless = {("resume", SPEECH), ("resume", HOLD), ("pause", PAUSE)}
    assert {(given.command, given.where) for given in it.given} == everything - senseless
    gains = {(given.command, given.where): answered_on_the_tape(scene, given) for given in it.given}
    for where in (HOLD, PAUSE):
        # They are answered at the volumes that "louder" and "quieter" left behind.
        assert gains["faster", where] > 1.25 * gains["slower", where], f"{where} it became no louder and no quieter"
    assert some_sentence_became_faster(program.events)
    assert scene.recorder.tape.silent_from(scene.ends(said), seconds=0.5) < scene.ends(said) + RATE


def answered_on_the_tape(scene: Scene, given: Given) -> float:
    """How loud the answer is; where speech was cut, nothing else may sound with it."""
    loudspeaker = scene.recorder.tape.loudspeaker[round(given.begin * RATE) : round(given.end * RATE)]
    if given.where == HOLD and given.command in ANSWERS:
        # In a silent hold the sentence itself is the answer.
        power = float(np.sqrt(np.mean(loudspeaker[-RATE // 2 :] ** 2)))
        assert power > 0.005, f"{given} was not answered"
        return power
    sound = earcon(EARCONS.get(given.command, "heard"))
    at, likeness = locate(sound, loudspeaker)
    print(f"\nFIGURE {given.command} {given.where}: likeness {likeness:.2f}")
    is_over_speech = given.where == SPEECH and given.command in CHANGES
    assert likeness > (OVERLAID if is_over_speech else CUT), f"{given} was not answered ({likeness:.2f})"
    return float(loudspeaker[at : at + len(sound)] @ sound / (sound @ sound))


def some_sentence_became_faster(events: list[Event]) -> bool:
    """One of the talk's sentences was spoken whole at both speeds."""
    lengths: dict[str, list[float]] = {text: [] for text in TALK}
    prompts = [event for event in events if event["event"] in ("prompt", "prompt_end")]
    for begin, end in pairwise(prompts):
        if begin.get("text") in TALK and end.get("completed"):
            lengths[begin["text"]].append(end["t"] - begin["t"])
    return any(max(found, default=0.0) > 1.1 * min(found, default=1.0) for found in lengths.values())
