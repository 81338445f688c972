"""What ``voicecoach show`` prints: every dose as a number, the texts with their side filled in."""

from voicecoach.routine.library import find
from voicecoach.routine.loader import load
from voicecoach.routine.sheet import dose, sheet


def lines_of(name: str) -> list[str]:
    return list(sheet(load(find(name)), 615.0))


def test_doses_are_numbers() -> None:
    exercises = {exercise.id: exercise for exercise in load(find("arms-and-hands")).exercises}
    assert dose(exercises["neck-turns"]) == "2 to 4 times"
    assert dose(exercises["neck-tilts"]) == "2 to 4 times with each side"
    assert dose(exercises["wrist-extension"]) == "5 times with each arm, hold 15 seconds"
    assert dose(exercises["median-nerve-glide"]) == (
        "10 to 15 times with each hand, hold 3 to 7 seconds, at most 15 a day"
    )
    assert dose(exercises["heat"]) == "15 minutes"
    assert dose(exercises["ice"]) == "20 minutes"


def test_the_sheet_holds_everything_a_reader_needs() -> None:
    lines = lines_of("wrist-stretches")
    assert lines[:3] == ["Wrist stretches", "About 10 minutes.", "A doctor's or therapist's approval is required."]
    for heading in ("About", "Precautions", "When to contact a doctor", "Afterwards", "Source"):
        assert heading in lines
    assert "  1. Straighten your right elbow." in lines
    assert not [line for line in lines if "{" in line]


def test_no_approval_is_said_too() -> None:
    assert "No approval is required." in lines_of("tour")
