"""Chapters: the introduction, each exercise and side, the end; without a gap, from the first frame to the last."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from rendered_session import LOUD, RATE, ROUTINE, rendered

from voicecoach.audio.earcons import load_earcons
from voicecoach.bundled import bundled
from voicecoach.chapters import chapters, parts
from voicecoach.routine.loader import load
from voicecoach.routine.model import Side
from voicecoach.session.cues import Sound
from voicecoach.session.plan import Choices, make_plan


def titles(name: str, choices: Choices) -> list[str]:
    routine = load(bundled("scripts") / f"{name}.yaml")
    return [part.title for part in parts(routine, make_plan(routine, choices))]


def test_each_side_of_each_exercise_is_a_part() -> None:
    assert titles("wrist-stretches", Choices(approved=True)) == [
        "Introduction",
        "Wrist extension stretch, right arm",
        "Wrist extension stretch, left arm",
        "Wrist flexion stretch, right arm",
        "Wrist flexion stretch, left arm",
        "Closing",
    ]


def test_a_side_that_is_not_done_is_no_part() -> None:
    named = titles("wrist-stretches", Choices(sides=Side.LEFT, approved=True))
    assert [title for title in named if "stretch" in title] == [
        "Wrist extension stretch, left arm",
        "Wrist flexion stretch, left arm",
    ]


def test_parts_are_all_of_the_plan() -> None:
    plan = make_plan(ROUTINE)
    steps = [index for part in parts(ROUTINE, plan) for index in part.steps]
    assert steps == list(range(len(plan.steps)))


def test_chapters_begin_where_their_first_cue_sounds(tmp_path: Path) -> None:
    _, of, done = rendered(tmp_path / "s.flac")
    found = chapters(of, done.ended, done.frames, done.rate)
    assert [chapter.title for chapter in found] == [
        "Introduction", "Pull, right arm", "Pull, left arm", "Heat", "Turns", "Closing",
    ]  # fmt: skip
    samples, rate = soundfile.read(tmp_path / "s.flac", dtype="float32")
    assert (rate, len(samples)) == (RATE, done.frames)
    assert found[0].start == 0
    assert found[-1].end == round(len(samples) * 1000 / RATE)
    assert all(one.end == after.start for one, after in pairwise(found))
    switch = load_earcons(RATE)[Sound.SWITCH_SIDES].samples
    for chapter in found[1:]:
        at = chapter.start * RATE // 1000
        before, after = samples[at - RATE // 10 : at - 48], samples[at + 48 : at + 1_000]
        assert np.abs(before).max() < 0.01
        if chapter.title == "Pull, left arm":
            assert np.abs(samples[at : at + len(switch)]).max() > 0.5 * np.abs(switch).max()
        else:
            assert np.abs(after - LOUD).max() < 0.01
