"""Reading a tape needs no server: these run by default."""

from __future__ import annotations

import numpy as np
import pytest
from virtual_laptop import RATE, Samples, Tape, end_of_word


def tone(seconds: float, level: float = 0.5) -> Samples:
    return (level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def quiet(seconds: float, level: float = 1e-4) -> Samples:
    return (level * np.random.default_rng(3).standard_normal(round(seconds * RATE))).astype(np.float32)


def test_silence_begins_after_the_last_loud_sample_and_lasts() -> None:
    loudspeaker = np.concatenate([tone(0.5), quiet(0.05), tone(0.5), quiet(1.0)])
    tape = Tape(loudspeaker, np.zeros_like(loudspeaker))
    assert tape.silent_from(0, seconds=0.02) == pytest.approx(0.5 * RATE, abs=20)
    assert tape.silent_from(0, seconds=0.2) == pytest.approx(1.05 * RATE, abs=20)
    assert tape.silent_from(round(1.5 * RATE), seconds=0.2) == round(1.5 * RATE)
    with pytest.raises(AssertionError):
        tape.silent_from(0, seconds=2.0)


def test_sound_begins_at_the_first_loud_sample() -> None:
    loudspeaker = np.concatenate([quiet(0.3), tone(0.2)])
    tape = Tape(loudspeaker, np.zeros_like(loudspeaker))
    assert tape.sounds_from(0) == pytest.approx(0.3 * RATE, abs=20)
    with pytest.raises(AssertionError):
        Tape(quiet(1.0), quiet(1.0)).sounds_from(0)


def test_a_word_is_found_in_noise_to_the_sample_and_another_is_not() -> None:
    rng = np.random.default_rng(4)
    word, other = (rng.standard_normal(RATE // 2).astype(np.float32) * np.float32(0.1) for _ in range(2))
    microphone = np.concatenate([quiet(0.7), word + quiet(0.5, 1e-2), quiet(0.4)])
    tape = Tape(np.zeros_like(microphone), microphone)
    assert tape.where(word) == round(0.7 * RATE)
    with pytest.raises(AssertionError, match="not on the tape"):
        tape.where(other)


def test_a_word_ends_before_the_noise_of_its_recording() -> None:
    word = np.concatenate([quiet(0.2, 3e-3), tone(0.3), quiet(0.4, 3e-3)])
    assert end_of_word(word) == pytest.approx(0.5 * RATE, abs=RATE // 100)
