"""Care by voice on the virtual laptop: approval, check-in, numbness, the day's maximum, a warning sign, the journal."""

from __future__ import annotations

import json
from pathlib import Path

from real_program import RealProgram
from scene import SOON, has_been, named, say_until, scene_of
from virtual_laptop import VirtualLaptop

from voicecoach.session.wording import wording

SAY = wording().say
LONGEST = 90.0
"""Seconds from a start to any of the moments, on a loaded machine too."""

ROUTINE = """
format: 1
title: A careful session
approval: required
precautions: [Move slowly.]
reminder: [Slowly again.]
check_ins: yes
exercises:
  - id: fist
    name: Fist
    limb: hand
    sides: right
    per_day: 1
    lead_in: 0.5 s
    steps:
      - hold: 1 s
  - id: palm-press
    name: Palm press
    repetitions: 3
    lead_in: 12 s
    steps:
      - say: Put both palms together in front of your chest.
      - hold: 6 s
"""


def test_two_careful_sessions(laptop: VirtualLaptop, tmp_path: Path) -> None:
    routine, home = tmp_path / "careful.yaml", tmp_path / "home"
    routine.write_text(ROUTINE, encoding="utf-8")

    def play(folder: str, *arguments: str) -> RealProgram:
        return RealProgram(laptop, tmp_path / folder, str(routine), "--speed", "2", *arguments, home=home)

    with play("first") as program, scene_of(laptop, program) as scene:
        asked = program.wait_for("prompt", timeout=LONGEST, text=SAY("approval"))
        program.wait_for("prompt_end", timeout=SOON, after=asked)
        say_until(scene, "yes-4845bb10", has_been(program, "introducing", asked))
        asked = program.wait_for("prompt", timeout=LONGEST, text=SAY("check_in"))
        program.wait_for("prompt_end", timeout=SOON, after=asked)
        say_until(scene, "no-e41a903b", has_been(program, "instructing", asked))
        hold = program.wait_for("hold_start", timeout=LONGEST, exercise="palm-press")
        say_until(scene, "its-numb-festival", lambda: bool(named(program.events[hold:], "silenced")))
        program.wait_for("prompt", timeout=SOON, after=hold, text=SAY("numb"))
        assert program.wait(60) == 0, program.story
    kept = journal(home)
    assert [entry["answer"] for entry in kept if entry["event"] in ("approval", "check_in")] == ["yes", "fine"]
    (numb,) = (entry for entry in kept if entry["event"] == "numb")
    assert (numb["exercise"], numb["rep"]) == ("palm-press", 1)
    assert [entry["exercise"] for entry in kept if entry["event"] == "repetition"] == ["fist"]

    with play("second", "--emergency-number", "112") as program, scene_of(laptop, program) as scene:
        program.wait_for("prompt", timeout=LONGEST, text="Slowly again.")
        refused = program.wait_for(
            "prompt", timeout=LONGEST, text=SAY("daily_done_side", most=1, side="right", limb="hand")
        )
        hold = program.wait_for("hold_start", timeout=LONGEST)
        say_until(scene, "i-feel-weak-festival", has_been(program, "safety_talk", hold))
        assert program.wait(60) == 11, program.story
    events = program.events
    assert events[hold]["exercise"] == "palm-press"
    assert refused < hold
    said = [event["text"] for event in named(events, "prompt")]
    assert SAY("approval") not in said
    assert "Move slowly." not in said
    assert "This can be an emergency. Call your local emergency number now: 1 1 2." in said
    assert journal(home)[-2]["event"] == "emergency"


def journal(home: Path) -> list[dict[str, object]]:
    (path,) = home.rglob("journal.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
