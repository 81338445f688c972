"""A whole session as one readable sheet, compared to the letter: when each thing sounds and what it is.

``VOICECOACH_WRITE_GOLDEN=1 pytest tests/golden`` writes the sheets anew; read the difference before you keep it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import Clip
from voicecoach.routine.model import Exercise, Hold, Move, Range, Routine, Say, Wait
from voicecoach.session.commands import Command
from voicecoach.session.cues import Sound
from voicecoach.session.events import CommandGiven, Event
from voicecoach.session.plan import make_plan
from voicecoach.simulation import Logged, Simulation, silent_clips

RATE = 1_000
FOLDER = Path(__file__).parent
EARCONS = {sound: Clip(np.zeros(RATE // 5, np.float32), RATE) for sound in Sound}
ROUTINE = Routine(
    format=1,
    title="A small session",
    approval=True,
    about=("It may help.",),
    precautions=("Move slowly.",),
    exercises=(
        Exercise(
            id="pull",
            name="pull",
            sides="both",
            limb="arm",
            repetitions=Range(low=2, high=4),
            steps=(Say(say="Pull the {side} hand."), Hold(hold=Range(low=15, high=20))),
        ),
        Exercise(id="heat", name="heat", optional=True, steps=(Wait(wait=120, say="Put heat on it."),)),
        Exercise(id="turn", name="turns", repetitions=Range(low=2, high=2), steps=(Move(move="Turn left.", time=3),)),
    ),
    closing=("Ask your doctor.",),
)


def sheet(log: Sequence[Logged]) -> str:
    """One line for each thing that began to sound or was decided, and for each that was cut short."""
    return "".join(line for entry in log if (line := _line(entry)))


def _line(entry: Logged) -> str:
    fields = dict(entry.fields)
    if entry.event in ("prompt_end", "hold_end") and fields["completed"]:
        return ""
    place = " ".join(str(fields.pop(key)) for key in ("exercise", "side", "rep") if fields.get(key) is not None)
    if entry.event == "prompt":
        what = f'"{fields["text"]}"'
    elif entry.event == "earcon":
        what = f"[{fields['name']}]"
    elif entry.event == "hold_start":
        what = f"hold {fields['seconds']:g} s"
    elif entry.event == "hold_end":
        what = f"hold broken off after {fields['held']:g} s"
    elif entry.event == "prompt_end":
        what = "sentence cut"
    elif entry.event == "state":
        what = f"{fields['from']} -> {fields['to']}"
    else:
        what = f"{entry.event} {' '.join(str(value) for value in fields.values())}"
    minutes, seconds = divmod(entry.t, 60)
    return f"{int(minutes):02d}:{seconds:06.3f}  {what:<60}  {place}".rstrip() + "\n"


SCRIPTS: dict[str, list[tuple[float, Event]]] = {
    "undisturbed": [(8.0, CommandGiven(Command.YES))],
    "interrupted": [
        (8.0, CommandGiven(Command.YES)),
        (45.0, CommandGiven(Command.PAUSE)),
        (55.0, CommandGiven(Command.RESUME)),
        (70.0, CommandGiven(Command.TIME_LEFT)),
        (85.0, CommandGiven(Command.REPEAT)),
        (95.0, CommandGiven(Command.REPEAT)),
        (125.0, CommandGiven(Command.FASTER)),
        (150.0, CommandGiven(Command.NEXT)),
        (153.0, CommandGiven(Command.BACK)),
        (175.0, CommandGiven(Command.PAIN, firm=False)),
        (178.0, CommandGiven(Command.NO)),
        (200.0, CommandGiven(Command.STOP)),
        (201.0, CommandGiven(Command.PAIN)),
    ],
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_session_is_the_sheet(name: str) -> None:
    simulation = Simulation(make_plan(ROUTINE), silent_clips(RATE), EARCONS, RATE, script=SCRIPTS[name], block=10)
    simulation.run()
    path, actual = FOLDER / f"{name}.txt", sheet(simulation.log)
    if os.environ.get("VOICECOACH_WRITE_GOLDEN"):
        path.write_text(actual, "utf-8")
    assert actual == path.read_text("utf-8")
