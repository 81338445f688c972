"""What no microphone in a room gives: nothing, or everything."""

import numpy as np
import pytest

from voicecoach.ear.input_check import InputCheck
from voicecoach.units import STREAM_RATE, frames

RNG = np.random.default_rng(1)
BLOCK = 480


def fed(samples, block=BLOCK):
    check = InputCheck()
    for start in range(0, len(samples), block):
        check.feed(samples[start : start + block].astype(np.float32))
    return check


def noise(level, seconds):
    return RNG.standard_normal(frames(seconds)) * level


def overdriven(seconds):
    return np.clip(noise(1.0, seconds), -1.0, 1.0)


@pytest.mark.parametrize("block", [96, 480, 1_024, 9_600])
def test_a_second_of_zeros_is_silent_and_one_sample_ends_it(block):
    assert not fed(np.zeros(frames(0.8)), block).is_silent
    check = fed(np.zeros(frames(1.2)), block)
    assert check.is_silent
    check.feed(np.array([0.0, 1e-6], np.float32))
    assert not check.is_silent


def test_a_second_of_what_is_no_number_is_silent_too():
    assert fed(np.full(frames(1.2), np.nan)).is_silent


@pytest.mark.parametrize("block", [96, 480, 1_024, 9_600])
def test_a_second_at_full_scale_is_clipped_and_a_pause_ends_it(block):
    assert not fed(overdriven(0.7), block).is_clipped
    check = fed(overdriven(1.3), block)
    assert check.is_clipped
    check.feed(noise(0.01, 0.35).astype(np.float32))
    assert not check.is_clipped


def test_clipping_in_every_tenth_of_a_second_is_clipping():
    samples = np.concatenate([part for _ in range(15) for part in (overdriven(0.05), noise(0.01, 0.05))])
    assert fed(samples).is_clipped


def test_a_room_and_a_loud_voice_with_its_pauses_are_neither():
    room = fed(noise(3e-4, 5.0))
    assert not room.is_clipped
    assert not room.is_silent
    words = np.concatenate([part for _ in range(8) for part in (overdriven(0.4), noise(1e-3, 0.35))])
    assert not fed(words).is_clipped


def test_a_single_click_at_full_scale_is_no_clipping():
    samples = noise(0.01, 4.0)
    samples[:: STREAM_RATE // 20] = 1.0
    assert not fed(samples).is_clipped
