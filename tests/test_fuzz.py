"""Damaged input of every kind is refused or read; `python -m tests.bench.fuzz` looks for much longer."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from bench import fuzz
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("name", fuzz.TARGETS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_damaged_input_is_refused_or_read(name: str, tmp_path: Path, seed: int) -> None:
    target, here = fuzz.TARGETS[name], Path.cwd()
    data = fuzz.Changer(random.Random(seed), target.words).change(target.seeds())
    try:
        target.read(data, tmp_path)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_whole_input_is_read(name: str, tmp_path: Path) -> None:
    here = Path.cwd()
    try:
        for data in fuzz.TARGETS[name].seeds():
            fuzz.TARGETS[name].read(data, tmp_path)
    finally:
        os.chdir(here)


def test_a_reader_that_fails_is_found_and_its_input_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(data: bytes, folder: Path) -> None:
        if b"x" in data:
            raise KeyError("x")

    monkeypatch.setitem(fuzz.TARGETS, "fragile", fuzz.Target(lambda: [b"abc"], read, ("x",)))
    monkeypatch.setattr(fuzz, "limit_memory", lambda: None)
    assert fuzz.fuzz("fragile", 1.0, 0, tmp_path) == 1
    assert b"x" in (tmp_path / "fragile.fault-1").read_bytes()
    assert "KeyError" in (tmp_path / "fragile.fault-1.txt").read_text("utf-8")
