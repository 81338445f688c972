"""``voicecoach show --text``: everything that the session says, in order, and when it does."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from rendered_session import ROUTINE

from voicecoach.audio.clip import Clip
from voicecoach.bundled import bundled
from voicecoach.performance import ClipOf
from voicecoach.printed_script import WIDTH, printed_script
from voicecoach.routine.loader import load
from voicecoach.routine.model import Routine, Side
from voicecoach.session.cues import Sound
from voicecoach.session.plan import Choices, make_plan
from voicecoach.simulation import Simulation

RATE = 1_000
WORDS = 155
APPROVED = Choices(approved=True, check_ins=False)
LINE = re.compile(r" *(\d+):(\d\d)  (.*)")
NAMES = ("tour", "neck-range-of-motion", "wrist-stretches", "median-nerve-glide", "arms-and-hands")


def bundled_routine(name: str) -> Routine:
    return load(bundled("scripts") / f"{name}.yaml")


def entries(lines: list[str]) -> list[tuple[int, str]]:
    """(second, text) of every timed line, with its continuation lines."""
    found: list[tuple[int, str]] = []
    for line in lines:
        if (match := LINE.fullmatch(line)) is not None:
            found.append((int(match[1]) * 60 + int(match[2]), match[3]))
        elif line.startswith(" " * 9):
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found


def clips(speed: float) -> ClipOf:
    return lambda text: Clip(np.zeros(round(len(text.split()) * 60 / WORDS / speed * RATE), np.float32), RATE)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("choices", "speed"), [
    (APPROVED, 1.0), (replace(APPROVED, upper=True), 0.8), (replace(APPROVED, sides=Side.LEFT), 1.3),
])  # fmt: skip
def test_the_page_is_what_the_session_does(name: str, choices: Choices, speed: float) -> None:
    """Against the session itself, played in virtual time with a voice of exactly the supposed rate."""
    routine = bundled_routine(name)
    earcons = {sound: Clip(np.zeros(RATE // 4, np.float32), RATE) for sound in Sound}
    simulation = Simulation(make_plan(routine, choices), clips, earcons, RATE, speed, block=100)
    simulation.run()
    played = [
        (line.t, line.fields["text"] if line.event == "prompt" else f"[HOLD {line.fields['seconds']:g}")
        for line in simulation.log
        if line.event in ("prompt", "hold_start")
    ]
    printed = entries(list(printed_script(routine, choices, speed, WORDS)))
    spoken = [(at, text) for at, text in printed if not text.startswith("[") or text.startswith("[HOLD")]
    assert len(spoken) == len(played) > 10
    for (at, text), (t, said) in zip(spoken, played, strict=True):
        assert text.startswith(said)
        assert at == pytest.approx(t, abs=1.5)


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_on_a_page(name: str) -> None:
    lines = list(printed_script(bundled_routine(name), Choices(), 1.0, WORDS))
    assert max(len(line) for line in lines) <= WIDTH
    assert not [line for line in lines if line != line.rstrip() or "{" in line]


def test_repetitions_sides_holds_and_rests_are_named() -> None:
    lines = list(printed_script(bundled_routine("wrist-stretches"), Choices(), 1.0, WORDS))
    for number in range(1, 6):
        assert lines.count(f"  Repetition {number} of 5") == 4
    assert "Wrist flexion stretch, left arm" in lines
    texts = [text for _, text in entries(lines)]
    assert texts.count("[HOLD 15 seconds, from chime to chime]") == 20
    assert texts.count("[rest, 5 seconds]") == 16
    assert texts.count("[get into position, 4 seconds]") == 20
    assert texts.count("[change over, 4 seconds]") == 2


def test_questions_are_part_of_it() -> None:
    texts = [
        text for _, text in entries(list(printed_script(bundled_routine("wrist-stretches"), Choices(), 1.0, WORDS)))
    ]
    assert texts.count("[it waits for your answer]") == 2
    asked = texts[texts.index("[it waits for your answer]") - 1]
    assert asked.endswith("Please answer yes or no.")


def test_alternating_sides_are_told_apart() -> None:
    lines = list(printed_script(ROUTINE, APPROVED, 1.0, WORDS))
    assert [line for line in lines if line.startswith("  Repetition") and "," in line] == [
        "  Repetition 1 of 2, right", "  Repetition 1 of 2, left", "  Repetition 2 of 2, right",
        "  Repetition 2 of 2, left",
    ]  # fmt: skip


def test_side_dose_and_speed_are_in_the_head() -> None:
    def head(choices: Choices, speed: float) -> str:
        return " ".join(list(printed_script(ROUTINE, choices, speed, WORDS))[2:6])

    assert "Every side, the lower number of every range, normal speed." in head(APPROVED, 1.0)
    chosen = replace(APPROVED, sides=Side.LEFT, upper=True)
    assert "The left side only, the upper number of every range, 0.8 times as fast." in head(chosen, 0.8)
