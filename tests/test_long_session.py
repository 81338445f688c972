"""What the soak (``tests/bench/soak.py``) looks at is noticed when it is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from bench.long_session import HOLD, Soaked

from voicecoach.audio.clip import Samples
from voicecoach.audio.earcons import load_earcons
from voicecoach.routine.loader import load
from voicecoach.session.plan import Choices, make_plan
from voicecoach.simulation import silent_clips
from voicecoach.units import STREAM_RATE

ROUTINE = f"""
format: 1
title: Two holds
approval: not required
exercises:
  - id: fist
    name: Fist
    repetitions: 2
    steps:
      - hold: {HOLD} s
"""


def soaked(folder: Path) -> Soaked:
    path = folder / "two-holds.yaml"
    path.write_text(ROUTINE, encoding="utf-8")
    plan = make_plan(load(path), Choices(approved=True, check_ins=False))
    return Soaked(plan, silent_clips(STREAM_RATE), load_earcons(STREAM_RATE), STREAM_RATE)


def test_each_chime_lies_in_the_sound_where_the_session_puts_it(tmp_path: Path) -> None:
    simulation = soaked(tmp_path)
    simulation.run()
    assert simulation.wrong == []
    assert simulation.counts["whole holds"] == 2
    assert simulation.counts["chimes found"] == 4
    assert simulation.mixer.position == simulation.frames
    assert not simulation.ended


def test_a_sound_that_is_one_frame_late_is_noticed(tmp_path: Path) -> None:
    simulation = soaked(tmp_path)
    last, hear = np.zeros(1, np.float32), simulation.listen
    assert hear is not None

    def late(block: Samples) -> None:
        nonlocal last
        delayed = np.concatenate((last, block))
        last = block[-1:].copy()
        hear(delayed[:-1])

    simulation.listen = late
    simulation.run()
    assert len(simulation.wrong) == 4
    assert all("a chime 1 frames off" in what for what in simulation.wrong)
