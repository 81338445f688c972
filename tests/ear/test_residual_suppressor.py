import numpy as np
import pytest

from voicecoach.ear.level import HOP
from voicecoach.ear.residual_suppressor import FLOOR_DB, ResidualSuppressor

BINS = HOP + 1


def sound(hops=60, seed=0):
    return np.random.default_rng(seed).standard_normal((hops, HOP)) * 0.1


def run(hops, residual):
    suppressor = ResidualSuppressor()
    return np.array([suppressor.process(hop, np.ones(BINS), np.full(BINS, residual)) for hop in hops])


def decibels(before, after):
    return 10 * np.log10((before[20:] ** 2).mean() / (after[20:] ** 2).mean())


def test_where_nothing_of_the_coach_is_left_nothing_is_touched():
    hops = sound()
    np.testing.assert_allclose(run(hops, 0.0), hops, atol=1e-9)


def test_what_is_all_the_coach_is_lowered_and_no_more_than_that():
    hops = sound()
    assert decibels(hops, run(hops, 1.0)) == pytest.approx(FLOOR_DB, abs=0.3)
    assert decibels(hops, run(hops, 50.0)) == pytest.approx(FLOOR_DB, abs=0.3)


def test_a_voice_well_over_what_is_left_keeps_its_level():
    hops = sound()
    assert decibels(hops, run(hops, 0.05)) < 0.6


def test_only_the_coachs_own_frequencies_are_lowered():
    time = np.arange(60 * HOP).reshape(60, HOP) / 16_000
    low, high = np.sin(2 * np.pi * 500 * time), np.sin(2 * np.pi * 5_000 * time)
    residual = np.where(np.arange(BINS) * 50 < 2_000, 1.0, 0.0)
    for tone, expected in ((low, FLOOR_DB), (high, 0.0)):
        suppressor = ResidualSuppressor()
        after = np.array([suppressor.process(hop, np.ones(BINS), residual) for hop in tone])
        assert decibels(tone, after) == pytest.approx(expected, abs=1.0)


def test_nothing_comes_later():
    suppressor = ResidualSuppressor()
    for _ in range(20):
        suppressor.process(np.zeros(HOP), np.ones(BINS), np.full(BINS, 0.5))
    click = np.zeros(HOP)
    click[40] = 1.0
    assert np.argmax(np.abs(suppressor.process(click, np.ones(BINS), np.full(BINS, 0.5)))) == 40


def test_a_reset_forgets():
    suppressor = ResidualSuppressor()
    suppressor.process(np.ones(HOP), np.ones(BINS), np.ones(BINS))
    suppressor.reset()
    assert np.abs(suppressor.process(np.zeros(HOP), np.ones(BINS), np.zeros(BINS))).max() == 0.0
