"""What stays on the terminal after a session."""

from __future__ import annotations

from typing import Any

from voicecoach.outline import Outline
from voicecoach.recap import MOST, Recap
from voicecoach.routine.model import Exercise, Hold, Range, Routine
from voicecoach.session.plan import make_plan
from voicecoach.session.wording import wording

PULL = Exercise(id="pull", name="Gentle pull", sides="both", limb="arm", steps=(Hold(hold=Range(low=15, high=15)),))
ROUTINE = Routine(format=1, title="Try", exercises=(PULL,))
ADVICE = {reason: wording().talk(reason) for reason in ("pain", "emergency")}


def recap(*events: tuple[float, str, dict[str, Any]]) -> list[str]:
    found = Recap(Outline.of(ROUTINE, make_plan(ROUTINE)), ADVICE)
    for t, event, fields in events:
        found(t, event, fields)
    return [line for line, _ in found.lines()]


def hold(t: float, side: str, completed: bool = True) -> list[tuple[float, str, dict[str, Any]]]:
    where = {"exercise": "pull", "side": side, "rep": 1}
    return [(t, "hold_start", {"seconds": 15.0, **where}), (t + 15, "hold_end", {"completed": completed, "held": 3.5})]


def heard(t: float, phrase: str, command: str) -> tuple[float, str, dict[str, Any]]:
    return t, "heard", {"phrase": phrase, "command": command, "tier": "firm", "score": 1.0}


def test_holds_are_counted_by_exercise_and_side() -> None:
    lines = recap(
        *hold(10, "right"), *hold(40, "right"), *hold(70, "left"), (90.0, "finished", {"reason": "completed"})
    )
    assert lines == [
        "Try: 1 minute 30 seconds",
        "  Gentle pull, right arm: 2 x 15 seconds",
        "  Gentle pull, left arm: 1 x 15 seconds",
        "Session complete.",
    ]


def test_pain_leaves_the_whole_advice_even_if_it_was_not_heard_to_its_end() -> None:
    lines = recap(
        *hold(60, "right", completed=False), heard(63.5, "it hurts", "pain"), (64.0, "finished", {"reason": "pain"})
    )
    assert "01:03  Heard “it hurts”: pain" in lines
    assert "01:15  Hold broken off after 3.5 seconds." in lines
    assert tuple(lines[-1 - len(ADVICE["pain"]) : -1]) == ADVICE["pain"]
    assert "Please contact your doctor" in lines[-1]


def test_of_many_moments_the_latest_are_told_and_the_others_counted() -> None:
    lines = recap(*(heard(float(t), "louder", "louder") for t in range(MOST + 5)))
    assert "  ... and 5 moments before these:" in lines
    assert lines[-1].startswith(f"00:{MOST + 4:02d}")
    assert sum("louder" in line for line in lines) == MOST


def test_trouble_is_told() -> None:
    lines = recap((5.0, "device_lost", {"device": "x", "why": "It stood."}), (9.0, "trouble", {"what": "it broke"}))
    assert lines[1:] == ["00:05  Trouble: It stood.", "00:09  Trouble: it broke"]
