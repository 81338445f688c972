"""The coach hears itself in rooms of several delays and levels, obeys none of it, and hears a person over it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from real_program import RealProgram
from scene import SOON, clip, has_been, index_of, named, scene_of, to_safety
from virtual_laptop import RATE, VirtualLaptop

from voicecoach.session.wording import wording

TEACH = wording().say("teach")
"""It holds "pause", "say it again", "stop" and "it hurts"."""

ROUTINE = """
format: 1
title: Own voice
approval: not required
about: [In a pause you can say continue. It hurts nobody to stop. Say next to skip this, or go back.]
exercises:
  - id: talk
    name: Arms
    steps:
      - say: Let both arms hang, and let your shoulders become heavy and wide, while you breathe in slowly.
      - say: Feel the weight of your hands, and the warmth in the middle of each palm, and breathe out again.
      - hold: 10 s
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first session renders and rehearses, the others find."""
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("laptop_in_a_room", [(0.02, 0.1), (0.12, 0.4), (0.2, 0.8)], indirect=True)
def test_its_own_commands_mean_nothing_and_a_persons_stop_ends_it(
    laptop_in_a_room: VirtualLaptop, tmp_path: Path, cache: Path
) -> None:
    routine = tmp_path / "own-voice.yaml"
    routine.write_text(ROUTINE, encoding="utf-8")
    laptop, folder = laptop_in_a_room, tmp_path / "run"
    with (
        RealProgram(laptop, folder, str(routine), "--no-check-ins", "--speed", "1.5", cache=cache) as program,
        scene_of(laptop, program) as scene,
    ):
        program.wait_for("prompt", timeout=90, text=TEACH)
        talking = program.wait_for("prompt", timeout=60, exercise="talk")
        obeyed = [event for event in named(program.events, "heard") if event["tier"] == "firm"]
        assert not obeyed, program.story
        assert not to_safety(program)
        program.wait_for("prompt_end", timeout=60, after=talking)
        for _ in range(4):
            said = scene.say(clip("stop-9dc1889e"))
            deadline = time.monotonic() + 2.5
            while time.monotonic() < deadline and not has_been(program, "stopping", talking)():
                time.sleep(0.02)
            if has_been(program, "stopping", talking)():
                break
        assert program.wait(SOON) == 0, program.story
        time.sleep(0.5)
    events = program.events
    assert events[-1]["reason"] == "stop"
    assert events[index_of(events, "silenced", after=talking)]["cause"] in ("stop", "suspicion")
    tape = scene.recorder.tape
    begin = round(said.seconds * RATE)
    assert tape.silent_from(begin, seconds=0.5) < begin + 3 * RATE
