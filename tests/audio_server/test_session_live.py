"""The real program, steered by voice on a virtual laptop: what it does, and how long after the word.

Every figure is read off one recording that holds microphone and loudspeaker on one clock, so it contains everything:
the capture's and the player's buffers, the ear, and the decision. The figures are printed (``pytest -s`` shows them
at once, ``-rA`` at the end); what is asserted is what the session does. Nobody but the word is in the microphone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from real_program import RealProgram
from scene import SOON, Scene, clip, index_of, named, scene_of, to_safety
from virtual_laptop import RATE, VirtualLaptop

HUMAN_STOP = "stop-9dc1889e"
"""A person; what the ear makes of more people is another test's matter."""


@pytest.fixture
def program(laptop: VirtualLaptop, tmp_path: Path) -> Iterator[RealProgram]:
    """wrist-stretches, approved; spoken twice as fast, which leaves holds and answers as they are."""
    with RealProgram(laptop, tmp_path, "wrist-stretches", "--approved", "--speed", "2") as program:
        yield program


def test_a_person_who_says_stop_in_a_hold_ends_it(laptop: VirtualLaptop, program: RealProgram) -> None:
    with scene_of(laptop, program) as scene:
        scene.into_a_hold()
        said = scene.say(clip(HUMAN_STOP))
        assert program.wait(SOON) == 0
        time.sleep(0.5)
    events = program.events
    assert events[-1]["event"] == "finished"
    assert events[-1]["reason"] == "stop"
    (hold,) = named(events, "hold_end")
    assert not hold["completed"]
    assert hold["held"] < 15
    answered = scene.report("human stop in a hold", said, index_of(events, "silenced"))
    assert is_silent(scene, answered)


def test_a_person_who_says_stop_over_the_coachs_voice_ends_it(laptop: VirtualLaptop, program: RealProgram) -> None:
    with scene_of(laptop, program) as scene:
        index = scene.into_a_hold()
        program.wait_for("prompt_end", timeout=60, after=index)
        sentence = program.wait_for("prompt", timeout=60, after=index + 1)
        said = scene.say(clip(HUMAN_STOP))
        assert program.wait(SOON) == 0
        time.sleep(0.5)
    events = program.events
    assert events[-1]["reason"] == "stop"
    silenced = index_of(events, "silenced", after=sentence)
    assert events[silenced]["cause"] == "stop"
    assert not named(events[silenced:], "prompt")
    answered = scene.report("human stop over the coach's voice, headphones", said, silenced)
    assert is_silent(scene, answered)


@pytest.mark.parametrize("engine", ["espeak", "festival", "flite"])
def test_it_hurts_in_a_hold_ends_the_session_with_advice(
    laptop: VirtualLaptop, program: RealProgram, engine: str
) -> None:
    with scene_of(laptop, program) as scene:
        index = scene.into_a_hold()
        tries = []
        # What was half understood silences the coach, who asks; what was not heard is said again: people do.
        while len(tries) < 3 and not to_safety(program):
            tries.append(scene.say(clip(f"it-hurts-{engine}")))
            time.sleep(2.0)
        talking = program.wait_for("state", timeout=SOON, after=index, to="safety_talk")
        assert program.wait(120) == 10
    events = program.events
    assert events[-1]["reason"] == "pain"
    said = named(events[talking:], "prompt")
    advice = " ".join(event["text"] for event in said).lower()
    assert "doctor" in advice
    assert "emergency" in advice
    assert not named(events[talking:], "hold_start")
    silenced = max(i for i, event in enumerate(events[:talking]) if event["event"] == "silenced")
    what = f"it hurts ({engine}) in a hold, understood when said {len(tries)} times"
    scene.report(what, tries[-1], silenced)
    answer = next(event for event in events[silenced:] if event["event"] == "earcon")
    begins = scene.earcon(answer, near=scene.ends(tries[-1])) - round(answer["t"] * RATE)
    for event in said:
        begin = begins + round(event["t"] * RATE)
        sounded = scene.recorder.tape.loudspeaker[begin : begin + RATE // 2]
        assert float(np.sqrt(np.mean(sounded**2))) > 0.01, f"{event} was not sounded"


def test_a_pause_in_a_hold_and_then_the_whole_hold_again(laptop: VirtualLaptop, program: RealProgram) -> None:
    with scene_of(laptop, program) as scene:
        index = scene.into_a_hold()
        pause = scene.say(clip("pause-flite"))
        paused = program.wait_for("state", timeout=SOON, after=index, to="paused")
        # "Say continue when you are ready" is spoken first; the word must not lie under it.
        program.wait_for("prompt_end", timeout=SOON, after=paused)
        time.sleep(1.0)
        quiet_from = round(scene.recorder.seconds * RATE)
        time.sleep(1.0)
        quiet_to = round(scene.recorder.seconds * RATE)
        go_on = scene.say(clip("resume-flite"))
        again = program.wait_for("hold_start", timeout=60, after=paused)
        seen = round(scene.recorder.seconds * RATE)
        held = program.wait_for("hold_end", timeout=60, after=again)
        time.sleep(1.0)
        program.close()
    events = program.events
    first, second, end = events[index], events[again], events[held]
    place = ("exercise", "side", "rep")
    assert [second[key] for key in place] == [first[key] for key in place]
    assert end["completed"]
    assert end["held"] == second["seconds"] == 15.0
    assert np.abs(scene.recorder.tape.loudspeaker[quiet_from:quiet_to]).max() < 1e-3
    begin = scene.earcon({"name": "start"}, near=seen)
    finish = scene.earcon({"name": "end"}, near=begin + 15 * RATE)
    error = finish - begin - 15 * RATE
    print(f"\nFIGURE 15 s hold at the recorded loudspeaker: {1000 * error / RATE:+.3f} ms off")
    if not named(events[again:held], "underrun"):
        assert abs(error) < 0.005 * RATE
    scene.report("pause (flite) in a hold", pause, index_of(events, "silenced", after=index))
    scene.report("resume (flite)", go_on, index_of(events, "silenced", after=paused))


def is_silent(scene: Scene, answered: int) -> bool:
    """Whether nothing sounds after the answer and its decay, to the end of the tape."""
    rest = scene.recorder.tape.loudspeaker[answered + RATE // 20 :]
    assert len(rest) > RATE, "the tape is too short to tell"
    return float(np.abs(rest).max()) < 1e-3
