"""A session under way on a virtual laptop: what is said to it, and what its recording tells afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from real_program import Event, RealProgram
from virtual_laptop import RATE, Recorder, Samples, Tape, VirtualLaptop, end_of_word, read_sound

from voicecoach.bundled import bundled

TO_THE_FIRST_HOLD = 240.0
"""Seconds in which the introduction and the first instruction have surely been spoken."""

SOON = 15.0
"""Seconds in which anything that the session does at once has surely been done, on a machine under load too."""

CLIPS = Path(__file__).resolve().parent.parent / "clips"


def clip(name: str) -> Samples:
    """A clip of tests/clips, as loud as somebody at the table: -20 dBFS at its loudest 10 ms."""
    return loud_as_somebody_near(read_sound(CLIPS / f"{name}.flac"))


def loud_as_somebody_near(samples: Samples) -> Samples:
    """As loud as ``clip`` makes them."""
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


@contextmanager
def scene_of(laptop: VirtualLaptop, program: RealProgram) -> Iterator[Scene]:
    with laptop.record() as recorder:
        yield Scene(laptop, program, recorder)


def named(events: list[Event], name: str) -> list[Event]:
    return [event for event in events if event["event"] == name]


def index_of(events: list[Event], name: str, after: int = 0) -> int:
    return next(i for i, event in enumerate(events) if i >= after and event["event"] == name)


def to_safety(program: RealProgram) -> bool:
    return any(event.get("to") == "safety_talk" for event in program.events)


def has_been(program: RealProgram, state: str, since: int) -> Callable[[], bool]:
    return lambda: any(event.get("to") == state for event in program.events[since:])


def say_until(scene: Scene, name: str, met: Callable[[], bool]) -> Said:
    """Say the clip of that name, and again where it was missed: people do. Returns what was understood."""
    for _ in range(3):
        said = scene.say(clip(name))
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            if met():
                return said
            time.sleep(0.02)
    raise AssertionError(f"{name} was said three times and not understood\n{scene.program.story}")
