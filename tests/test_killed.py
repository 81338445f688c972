"""A process that is killed loses nothing of what had happened; ``tests/bench/killed.py`` does it two hundred times."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from bench.killed import CAN_TYPE, Past, besiege, entries, kept, owed

SESSION = 13.0
"""Seconds that one takes, about: kills are drawn from these."""


def test_five_kills_lose_nothing_and_the_next_start_knows_all(tmp_path: Path) -> None:
    outcome = besiege(tmp_path, times=5, seed=SEED, length=SESSION)
    assert outcome.faults == []
    assert outcome.killed >= 5
    assert outcome.lost == outcome.torn == 0
    assert outcome.owed
    assert outcome.knew["whether something hurt"]
    assert outcome.with_pain or not CAN_TYPE
