"""The real program, steered by voice on a virtual laptop: what it does, and how long after the word.

Every figure is read off one recording that holds microphone and loudspeaker on one clock, so it contains everything:
the capture's and the player's buffers, the ear, and the decision. The figures are printed (``pytest -s`` shows them
at once, ``-rA`` at the end); what is asserted is what the session does. Nobody but the word is in the microphone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from real_program import Event, RealProgram
from virtual_laptop import RATE, Recorder, Samples, Tape, VirtualLaptop, end_of_word, read_sound

from voicecoach.bundled import bundled

TO_THE_FIRST_HOLD = 240.0
"""Seconds in which the introduction and the first instruction have surely been spoken."""

SOON = 15.0
"""Seconds in which anything that the session does at once has surely been done, on a machine under load too."""

HUMAN_STOP = "stop-9dc1889e"
"""A person; what the ear makes of more people is another test's matter."""

CLIPS = Path(__file__).resolve().parent.parent / "clips"


def clip(name: str) -> Samples:
    """A clip of tests/clips, as loud as somebody at the table: -20 dBFS at its loudest 10 ms."""
    return loud_as_somebody_near(read_sound(CLIPS / f"{name}.flac"))


def loud_as_somebody_near(samples: Samples) -> Samples:
    blocks = samples[: len(samples) // 480 * 480].reshape(-1, 480)
    loudest = float(np.sqrt(np.mean(blocks**2, axis=1)).max())
    return (samples * np.float32(0.1 / loudest)).astype(np.float32)


class Scene:
    """A session under way and its recording; afterwards, what was said and what sounded, on one clock."""

    def __init__(self, laptop: VirtualLaptop, program: RealProgram, recorder: Recorder) -> None:
        self.laptop, self.program, self.recorder = laptop, program, recorder

    def into_a_hold(self, *, after: int = 0) -> int:
        """Wait for a hold and 2 s of it, as its marks are elsewhere; returns the index of its event."""
        index = self.program.wait_for("hold_start", timeout=TO_THE_FIRST_HOLD, after=after)
        time.sleep(2.0)
        return index

    def say(self, words: Samples) -> Said:
        """Say it to the microphone."""
        return Said(self.laptop.speak(words), self.recorder.seconds)

    def ends(self, said: Said) -> int:
        """The tape's frame on which what was said ended in the microphone."""
        begin = round((said.seconds - 0.5) * RATE)
        part = self._part(begin, 3 * RATE + len(said.words))
        return begin + part.where(said.words, least=0.7) + end_of_word(said.words)

    def earcon(self, event: Event, near: int) -> int:
        """The tape's frame on which the earcon of ``event`` began at the loudspeaker, at most 4 s from ``near``."""
        begin = max(0, near - 4 * RATE)
        part = self._part(begin, 8 * RATE)
        return begin + part.where(earcon(event["name"]), heard_by="loudspeaker", least=0.7)

    def report(self, what: str, said: Said, silenced: int) -> int:
        """Print how long after the word the coach was silent and answered; returns the frame of the answer's end.

        ``silenced`` is the index of that event; the earcon that follows it is found on the tape, and ties the
        stream's clock to the tape's right there, so that an underrun before it falsifies nothing.
        """
        events = self.program.events
        cut = events[silenced]
        answer = next(event for event in events[silenced:] if event["event"] == "earcon")
        heard = [event for event in events[:silenced] if event["event"] == "heard"][-1]
        end = self.ends(said)
        answered = self.earcon(answer, near=end)
        delays = {
            "decision": answered - end - round((answer["t"] - heard["t"]) * RATE),
            "silence": answered - end - round((answer["t"] - cut["t"]) * RATE),
            f"earcon {answer['name']}": answered - end,
        }
        told = ", ".join(f"{name} {1000 * frames / RATE:+.0f} ms" for name, frames in delays.items())
        print(f"\nFIGURE {what}: from the end of the word to {told}")
        return answered + len(earcon(answer["name"]))

    def _part(self, begin: int, frames: int) -> Tape:
        tape = self.recorder.tape
        return Tape(tape.loudspeaker[begin : begin + frames], tape.microphone[begin : begin + frames])


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Words that were said, when so many seconds were on the tape."""

    words: Samples
    seconds: float


def earcon(name: str) -> Samples:
    return read_sound(bundled("sounds") / f"{name}.wav")


@pytest.fixture
def program(laptop: VirtualLaptop, tmp_path: Path) -> Iterator[RealProgram]:
    """wrist-stretches, approved; spoken twice as fast, which leaves holds and answers as they are."""
    with RealProgram(laptop, tmp_path, "wrist-stretches", "--approved", "--speed", "2") as program:
        yield program


@contextmanager
def scene_of(laptop: VirtualLaptop, program: RealProgram) -> Iterator[Scene]:
    with laptop.record() as recorder:
        yield Scene(laptop, program, recorder)


def named(events: list[Event], name: str) -> list[Event]:
    return [event for event in events if event["event"] == name]


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


def to_safety(program: RealProgram) -> bool:
    return any(event.get("to") == "safety_talk" for event in program.events)


def index_of(events: list[Event], name: str, after: int = 0) -> int:
    return next(i for i, event in enumerate(events) if i >= after and event["event"] == name)


def is_silent(scene: Scene, answered: int) -> bool:
    """Whether nothing sounds after the answer and its decay, to the end of the tape."""
    rest = scene.recorder.tape.loudspeaker[answered + RATE // 20 :]
    assert len(rest) > RATE, "the tape is too short to tell"
    return float(np.abs(rest).max()) < 1e-3
