"""Pain at ten moments of a session, said into the microphone: the same consequence every time.

Each moment has a session of the real program on a virtual laptop. What it does is read off the events, the recording
and the journal; then the next start of the same routine has to ask about it, and another routine not. Everything is
spoken more than twice as fast, which leaves holds as they are; ``--side`` only brings a moment about sooner.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from real_program import Event, RealProgram
from scene import RATE, SOON, Said, Scene, clip, earcon, index_of, named, scene_of, to_safety
from virtual_laptop import VirtualLaptop

from voicecoach.session.wording import wording

ADVICE = list(wording().talk("pain"))
PALMS = "Put both palms together in front of your chest, and keep your shoulders low and loose."
FIRST_OF_CLOSING = "Rest your hands on your lap, and let your arms become heavy."
PRECAUTION = "Move slowly, and only as far as it is comfortable."

ROUTINE = f"""
format: 1
title: Ten moments
approval: required
precautions: ["{PRECAUTION}"]
check_ins: yes
closing: ["{FIRST_OF_CLOSING}", Drink a glass of water.]
exercises:
  - id: fist
    name: Fist
    sides: left
    limb: hand
    lead_in: 0.5 s
    steps:
      - hold: 1 s
  - id: palm-press
    name: Palm press
    sides: right
    limb: arm
    repetitions: 2
    lead_in: 14 s
    rest: 14 s
    steps:
      - say: {PALMS}
      - hold: 6 s
"""

OTHER = """
format: 1
title: Another one
approval: not required
exercises:
  - id: turns
    name: Turns
    steps:
      - move: Turn the head.
        for: 3 s
"""

LONGEST = 90.0
"""Seconds from a start to any of the moments, on a loaded machine too."""


@dataclass(frozen=True)
class Moment:
    """When something hurts: ``reach`` waits for it, and returns when the word may be said."""

    name: str
    reach: Callable[[Scene], None]
    state: str
    arguments: tuple[str, ...] = ("--approved", "--side", "right")
    place: tuple[str | None, str | None, int | None] = (None, None, None)
    held: tuple[float, float] | None = None
    """Between which seconds of the hold."""
    voice: str = "flite"
    """Which recording of "it hurts"."""


def during(text: str) -> Callable[[Scene], None]:
    """While the coach says it."""

    def reach(scene: Scene) -> None:
        scene.program.wait_for("prompt", timeout=LONGEST, text=text)

    return reach


def after(text: str) -> Callable[[Scene], None]:
    """In the silence that follows it."""

    def reach(scene: Scene) -> None:
        said = scene.program.wait_for("prompt", timeout=LONGEST, text=text)
        scene.program.wait_for("prompt_end", timeout=LONGEST, after=said)
        time.sleep(0.3)

    return reach


def in_a_hold(scene: Scene) -> None:
    scene.program.wait_for("hold_start", timeout=LONGEST, exercise="palm-press")


def at_a_tick(scene: Scene) -> None:
    scene.program.wait_for("earcon", timeout=LONGEST, name="tick")


def in_a_pause(scene: Scene) -> None:
    announced = scene.program.wait_for("prompt", timeout=LONGEST, text=PALMS)
    # Paused in the words that lead up to the hold; said again where it was not understood.
    for _ in range(3):
        scene.say(clip("pause-flite"))
        time.sleep(2.0)
        if any(event.get("to") == "paused" for event in scene.program.events):
            break
    paused = scene.program.wait_for("state", timeout=SOON, after=announced, to="paused")
    scene.program.wait_for("prompt_end", timeout=SOON, after=paused)
    time.sleep(0.5)


SAY = wording().say
BOTH, LEFT = ("--approved",), ("--approved", "--side", "left")
PALM = ("palm-press", "right", 1)

MOMENTS = (
    Moment("approval", during(SAY("approval")), "asking", arguments=()),
    Moment("introduction", during(PRECAUTION), "introducing", voice="festival"),
    Moment("prompt", during(PALMS), "instructing", place=PALM),
    Moment("lead-in", after(SAY("hold", duration="6 seconds")), "instructing", place=PALM),
    Moment("hold", in_a_hold, "holding", place=PALM, held=(0.5, 3.0)),
    Moment("tick", at_a_tick, "holding", place=PALM, held=(3.0, 6.0)),
    Moment("rest", after(SAY("release")), "resting", place=PALM),
    Moment("pause", in_a_pause, "paused", place=PALM, voice="espeak"),
    Moment("check-in", after(SAY("check_in")), "check_in", arguments=BOTH, place=("fist", None, None), voice="espeak"),
    Moment("closing", during(FIRST_OF_CLOSING), "closing", arguments=LEFT, voice="festival"),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first session renders and rehearses, the others find."""
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.name)
def test_pain_has_the_same_consequence_at_every_moment(
    moment: Moment, laptop: VirtualLaptop, tmp_path: Path, cache: Path
) -> None:
    routine, other, home = tmp_path / "ten-moments.yaml", tmp_path / "another.yaml", tmp_path / "home"
    routine.write_text(ROUTINE, encoding="utf-8")
    other.write_text(OTHER, encoding="utf-8")

    def play(folder: str, *arguments: str) -> RealProgram:
        spoken = ("--speed", "2", "--rate", "200")
        return RealProgram(laptop, tmp_path / folder, *arguments, *spoken, home=home, cache=cache)

    with play("hurt", str(routine), *moment.arguments) as program, scene_of(laptop, program) as scene:
        moment.reach(scene)
        said = say_that_it_hurts(scene, moment)
        talking = program.wait_for("state", timeout=SOON, to="safety_talk")
        # What would resume a pause: it means nothing any more.
        program.wait_for("prompt", timeout=SOON, after=talking)
        scene.say(clip("resume-flite"))
        assert program.wait(60) == 10, program.story
        time.sleep(0.5)
    events = program.events
    assert_nothing_but_the_advice(events[talking:])
    assert_the_tape_holds_it(scene, events, talking, said, moment)
    assert_the_journal_holds_it(program, events[talking:], moment)
    with ExitStack() as stack:
        again = stack.enter_context(play("again", str(routine), "--approved"))
        elsewhere = stack.enter_context(play("elsewhere", str(other)))
        asked = again.wait_for("prompt", timeout=LONGEST, text=SAY("after_pain"))
        elsewhere.wait_for("prompt", timeout=LONGEST, text=SAY("teach"))
        assert SAY("last_time_hurt") in texts(again.events[:asked])
        assert SAY("teach") not in texts(again.events)
        assert SAY("after_pain") not in texts(elsewhere.events)
        assert not [event for event in elsewhere.events if event.get("to") == "asking"]


def say_that_it_hurts(scene: Scene, moment: Moment) -> list[Said]:
    """What was not heard is said again; what was half understood makes the coach ask, and the answer is yes."""
    said: list[Said] = []
    while len(said) < 3 and not to_safety(scene.program):
        states = [event["to"] for event in scene.program.events if event["event"] == "state"]
        asked = states[-1:] == ["checking"]
        said.append(scene.say(clip("yes-4845bb10" if asked else f"it-hurts-{moment.voice}")))
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline and not to_safety(scene.program):
            time.sleep(0.02)
    return said


def texts(events: list[Event]) -> list[str]:
    return [event["text"] for event in named(events, "prompt")]


def assert_nothing_but_the_advice(events: list[Event]) -> None:
    """From the change to the safety talk on: one earcon, every sentence to its end, and then the end."""
    assert texts(events) == ADVICE
    assert [event["completed"] for event in named(events, "prompt_end")[-len(ADVICE) :]] == [True] * len(ADVICE)
    assert [event["name"] for event in named(events, "earcon")] == ["pain"]
    assert [event["to"] for event in named(events, "state")] == ["safety_talk", "finished"]
    assert not named(events, "hold_start")
    assert events[-1]["event"] == "finished"
    assert events[-1]["reason"] == "pain"


def assert_the_tape_holds_it(
    scene: Scene, events: list[Event], talking: int, said: list[Said], moment: Moment
) -> None:
    """What sounded from the answer on is the low earcon and the sentences, with silence between and after them."""
    silenced = max(i for i, event in enumerate(events) if event["event"] == "silenced")
    assert events[silenced]["cause"] == "pain"
    answered = scene.report(
        f"it hurts ({moment.voice}), {moment.name}, understood when said {len(said)} times", said[-1], silenced
    )
    talk = events[talking:]
    (low,) = named(talk, "earcon")
    begins = answered - len(earcon("pain")) - round(low["t"] * RATE)
    sentences = [
        (begins + round(start["t"] * RATE), begins + round(end["t"] * RATE))
        for start, end in zip(named(talk, "prompt"), named(talk, "prompt_end")[-len(ADVICE) :], strict=True)
    ]
    loudspeaker, slack = scene.recorder.tape.loudspeaker, RATE // 20
    assert len(loudspeaker) > sentences[-1][1] + RATE // 4, "the recording is too short to tell"
    for start, end in sentences:
        sounded = loudspeaker[start:end]
        assert float(np.sqrt(np.mean(sounded**2))) > 0.01, "a sentence of the advice was not sounded"
    if not named(talk, "underrun"):
        quiet_from = [answered, *(end for _, end in sentences)]
        quiet_to = [*(start for start, _ in sentences), len(loudspeaker)]
        for begin, end in zip(quiet_from, quiet_to, strict=True):
            assert end - begin > 3 * slack
            assert float(np.abs(loudspeaker[begin + slack : end - slack]).max()) < 1e-3, "something else sounded"


def assert_the_journal_holds_it(program: RealProgram, talk: list[Event], moment: Moment) -> None:
    """Once, at the right place, and before the advice began."""
    entries = program.journal
    (pain,) = named(entries, "pain")
    assert tuple(pain.get(key) for key in ("exercise", "side", "rep")) == moment.place
    assert pain["routine"] == "ten-moments"
    # Where the coach had to ask, those of the moment at which it fell silent.
    assert pain["state"] == moment.state
    if moment.held is None:
        assert pain["held"] is None
    else:
        assert moment.held[0] < pain["held"] < moment.held[1]
    written = datetime.fromisoformat(pain["at"])
    assert written <= datetime.fromisoformat(named(talk, "prompt")[0]["wall"])
    assert written <= datetime.fromisoformat(talk[index_of(talk, "state")]["wall"])
    assert entries[-1]["event"] == "finished"
    assert entries[-1]["reason"] == "pain"
    assert not [event for event in named(entries, "finished") if event["session"] != pain["session"]]
