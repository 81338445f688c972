"""Sweeps in simulated rooms: the delay, the loudness and the noise that come out are those that were put in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_room import Room, sweeps

from voicecoach.ear.level import QUIETEST
from voicecoach.ear.sounding import Sounding, loudest, make_chirp, measure, speech_level
from voicecoach.units import STREAM_RATE, frames

QUIET = (0, frames(0.8))


PLAYED, SOUNDS = sweeps()


def sound(room: Room, seed: int = 0) -> Sounding:
    return measure(room.hear(PLAYED, seed), PLAYED, SOUNDS, QUIET)


def test_a_chirp_neither_clicks_nor_is_loud() -> None:
    chirp = make_chirp()
    assert chirp.dtype == np.float32
    assert np.abs(chirp).max() <= 0.2
    assert abs(chirp[0]) + abs(chirp[-1]) < 1e-3
    spectrum = np.abs(np.fft.rfft(chirp)) ** 2
    hertz = np.fft.rfftfreq(len(chirp), 1 / STREAM_RATE)
    assert spectrum[(hertz > 250) & (hertz < 6_500)].sum() > 0.999 * spectrum.sum()


@pytest.mark.parametrize("decay", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("drift", [0.0, 100.0])
@pytest.mark.parametrize("over", [30.0, 0.0])
def test_delay_and_loudness_are_found(decay: float, drift: float, over: float) -> None:
    """Also where the sweeps are as loud as the noise."""
    room = Room(0.062, gain=-20.0, noise=-37.0 - over, decay=decay, drift=drift)
    found = sound(room)
    assert found.echo is not None
    assert found.echo.delay == pytest.approx(0.062, abs=0.001)
    assert found.echo.gain == pytest.approx(-20.0, abs=1.0)
    assert found.noise == pytest.approx(room.noise, abs=0.5)
    assert not found.silent
    assert found.clipped == 0.0


@settings(max_examples=15)
@given(delay=st.floats(0.002, 0.5), gain=st.floats(-40, 6), seed=st.integers(0, 99))
def test_any_delay_and_loudness_is_found(delay: float, gain: float, seed: int) -> None:
    found = sound(Room(delay, gain=gain, noise=-70.0, decay=0.3), seed).echo
    assert found is not None
    assert found.delay == pytest.approx(delay, abs=0.001)
    assert found.gain == pytest.approx(gain, abs=1.0)


def test_an_echo_is_found_15_db_below_the_noise() -> None:
    found = sound(Room(0.2, gain=-20.0, noise=-22.0, decay=0.2)).echo
    assert found is not None
    assert found.delay == pytest.approx(0.2, abs=0.001)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), level=st.floats(-90, -10))
def test_noise_alone_has_no_echo(seed: int, level: float) -> None:
    """Headphones."""
    assert sound(Room(0.1, gain=-200.0, noise=level), seed).echo is None


def test_somebody_elses_voice_is_no_echo() -> None:
    rng = np.random.default_rng(3)
    syllables = np.repeat(rng.uniform(0, 1, len(PLAYED) // 4_800 + 1) > 0.5, 4_800)[: len(PLAYED)]
    voice = np.cumsum(rng.standard_normal(len(PLAYED))) * 1e-3 * syllables
    captured = Room(0.1, gain=-200.0).hear(PLAYED) + voice.astype(np.float32)
    assert measure(captured, PLAYED, SOUNDS, QUIET).echo is None


def test_an_echo_in_one_sweep_alone_is_none() -> None:
    captured = Room(0.1).hear(PLAYED)
    rest = Room(0.1, gain=-200.0).hear(PLAYED)
    captured[SOUNDS[1][0] :] = rest[SOUNDS[1][0] :]
    assert measure(captured, PLAYED, SOUNDS, QUIET).echo is None


def test_a_knock_in_one_sweep_does_no_harm() -> None:
    captured = Room(0.1, gain=-20).hear(PLAYED)
    captured[SOUNDS[1][0] + 9_000 : SOUNDS[1][0] + 9_400] = 0.9
    found = measure(captured, PLAYED, SOUNDS, QUIET)
    assert found.echo is not None
    assert found.echo.delay == pytest.approx(0.1, abs=0.001)


def test_a_microphone_that_gives_zeros_is_silent() -> None:
    found = measure(np.zeros_like(PLAYED), PLAYED, SOUNDS, QUIET)
    assert found == Sounding(True, 0.0, QUIETEST, None)


def test_clipping_is_seen_and_the_delay_is_found_all_the_same() -> None:
    found = sound(Room(0.06, gain=30.0))
    assert found.clipped > 0.1
    assert found.echo is not None
    assert found.echo.delay == pytest.approx(0.06, abs=0.001)
    assert sound(Room(0.06, gain=0.0)).clipped == 0.0


def test_what_was_played_more_softly_is_not_taken_for_a_weaker_echo() -> None:
    softly = (PLAYED * np.float32(0.1)).astype(np.float32)
    found = measure(Room(0.06, gain=-6.0, noise=-90).hear(softly), softly, SOUNDS, QUIET).echo
    assert found is not None
    assert found.gain == pytest.approx(-6.0, abs=0.5)


def test_blocks_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="captured"):
        measure(PLAYED[1:], PLAYED, SOUNDS, QUIET)


def test_the_level_of_speech_leaves_its_pauses_out() -> None:
    rng = np.random.default_rng(0)
    word = (0.1 * rng.standard_normal(frames(0.5))).astype(np.float32)
    said = np.concatenate([np.zeros(frames(1.0), np.float32), word, np.zeros(frames(2.0), np.float32)])
    assert speech_level(said) == pytest.approx(-20.0, abs=0.3)
    assert loudest(said) == pytest.approx(-20.0, abs=1.0)
    noisy = said + (0.03 * rng.standard_normal(len(said))).astype(np.float32)
    assert speech_level(noisy, noise=-30.5) == pytest.approx(-20.0, abs=0.5)
    assert speech_level(np.zeros(10, np.float32)) == speech_level(np.zeros(9_600, np.float32)) == QUIETEST
    assert loudest(np.zeros(10, np.float32)) == loudest(np.zeros(9_600, np.float32)) == QUIETEST
