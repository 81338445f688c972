"""A process that is killed loses nothing of what had happened; ``tests/bench/killed.py`` does it two hundred times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench.killed import CAN_TYPE, INTRODUCTION, REMINDER, Past, besiege, examine

pytestmark = pytest.mark.real_time

SESSION = 13.0
"""Seconds that one takes, about: kills are drawn from these."""
SEED = 37


def test_five_kills_lose_nothing_and_the_next_starts_know_all(tmp_path: Path) -> None:
    outcome = besiege(tmp_path, times=5, seed=SEED, length=SESSION)
    assert outcome.faults == []
    assert outcome.killed >= 5
    assert outcome.lost == outcome.torn == 0
    assert outcome.owed
    assert outcome.knew["whether something hurt"]
    assert outcome.with_pain or not CAN_TYPE


# Whoever looks for what is lost has to find it --------------------------------------------------------------------


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"event": name, **fields}


BEGUN = [event("state", **{"from": "ready", "to": "introducing"})]
HELD = [
    event("hold_start", exercise="press", rep=1),
    event("hold_end", completed=True),
]
HURT = [event("heard", command="pain"), event("state", **{"from": "holding", "to": "safety_talk"})]


def journal(*events: str, **fields: Any) -> bytes:
    place = {"session": "s", "exercise": "press", "rep": 1, "at": "2020-01-01T10:00:00+01:00"}
    return b"".join(json.dumps({"event": name, **place, **fields}).encode() + b"\n" for name in events)


NOTHING = Past(introduced=False, hurt=False, done_today=0)


def test_what_is_in_both_is_not_lost() -> None:
    found = examine([*BEGUN, *HELD, *HURT], b"", journal("started", "hold", "repetition", "pain"), NOTHING)
    assert (found.faults, found.owed, found.lost, found.ahead) == ([], 4, 0, 0)


def test_an_event_that_was_not_told_yet_is_no_fault() -> None:
    found = examine(BEGUN, b"", journal("started", "hold", "repetition"), NOTHING)
    assert (found.faults, found.ahead) == ([], 1)
    assert examine(BEGUN, b"", journal("started", "hold", "repetition", "pain"), NOTHING).faults


def test_a_lost_pain_and_a_lost_hold_are_found() -> None:
    assert examine([*BEGUN, *HURT], b"", journal("started"), NOTHING).lost == 1
    assert examine([*BEGUN, *HELD], b"", journal("started", "repetition"), NOTHING).lost == 1
    assert examine([*BEGUN, *HELD], b"", b"", NOTHING).lost == 3


def test_a_torn_line_and_a_changed_past_are_found() -> None:
    torn = journal("started") + journal("hold")[:-9]
    assert examine(BEGUN, b"", torn, NOTHING).torn == 1
    before = journal("started")
    assert examine([], before, before[:-1], NOTHING).faults


def test_a_start_that_does_not_ask_after_pain_is_found() -> None:
    hurt = Past.of(journal("pain"))
    assert hurt.hurt
    assert examine([event("prompt", text=INTRODUCTION)], b"", b"", hurt).faults
    answered = Past.of(journal("pain") + journal("doctor_seen", answer="yes", about=["s"]))
    assert not answered.hurt
    assert not examine([event("prompt", text=INTRODUCTION)], b"", b"", answered).faults


def test_a_start_that_repeats_the_introduction_or_counts_wrongly_is_found() -> None:
    past = Past(introduced=True, hurt=False, done_today=4)
    right = [event("prompt", text=REMINDER), event("prompt", text="Today 4 of 6 are done. That leaves 2.")]
    found = examine(right, b"", b"", past)
    assert not found.faults
    assert found.knew["what was done today"] == 1
    assert examine([event("prompt", text=INTRODUCTION)], b"", b"", past).faults
    assert examine([event("prompt", text="Today 3 of 6 are done. That leaves 3.")], b"", b"", past).faults
