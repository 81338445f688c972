import numpy as np
import pytest

from voicecoach.ear.level import HOP, QUIETEST, LevelHistory, NoiseFloor, Normaliser, level_of, mean_level


def hop(dbfs):
    return np.full(HOP, 10 ** (dbfs / 20), dtype=np.float32)


def test_level_is_relative_to_full_scale():
    assert level_of(hop(0)) == pytest.approx(0.0, abs=1e-3)
    assert level_of(hop(-40)) == pytest.approx(-40.0, abs=1e-3)
    assert level_of(np.zeros(HOP, dtype=np.float32)) == QUIETEST
    assert level_of(np.zeros(0, dtype=np.float32)) == QUIETEST


def test_mean_level_is_of_power():
    assert mean_level([-10.0, -100.0]) == pytest.approx(-13.01, abs=0.01)


def test_floor_learns_a_noisy_room():
    floor = NoiseFloor()
    assert floor.feed(-40.0)
    for _ in range(1500):
        floor.feed(-40.0)
    assert not floor.feed(-38.0)
    assert floor.feed(-25.0)


def test_floor_falls_at_once_when_the_room_gets_quiet():
    floor = NoiseFloor()
    for _ in range(1500):
        floor.feed(-35.0)
    for _ in range(30):
        floor.feed(-70.0)
    assert floor.feed(-45.0)


def test_a_word_does_not_become_the_floor():
    floor = NoiseFloor()
    for _ in range(100):
        floor.feed(-70.0)
    assert all(floor.feed(-30.0) for _ in range(200))


@pytest.mark.parametrize("speech", [-45, -30, -12])
def test_speech_of_any_level_comes_out_near_the_target(speech):
    normaliser = Normaliser()
    for _ in range(900):
        out = normaliser.process(hop(speech), speech, True)
    assert level_of(out) == pytest.approx(Normaliser.TARGET, abs=1.0)


def test_even_the_first_hop_of_a_loud_word_is_brought_down():
    normaliser = Normaliser()
    levels = [level_of(normaliser.process(hop(-6), -6.0, True)) for _ in range(12)]
    assert levels[: Normaliser.LOOK_AHEAD] == [QUIETEST] * Normaliser.LOOK_AHEAD
    assert levels[Normaliser.LOOK_AHEAD :] == pytest.approx([Normaliser.TARGET] * 7, abs=1.0)


def test_comes_out_late_by_its_look_ahead():
    normaliser = Normaliser()
    out = [normaliser.process(hop(-30 - number), -90.0, False) for number in range(8)]
    assert level_of(out[Normaliser.LOOK_AHEAD + 1]) - level_of(out[Normaliser.LOOK_AHEAD]) == pytest.approx(
        -1, abs=0.01
    )


def test_silence_changes_no_gain():
    normaliser = Normaliser()
    for _ in range(50):
        normaliser.process(hop(-20), -20.0, True)
    for _ in range(20):
        before = level_of(normaliser.process(hop(-70), -70.0, False))
    for _ in range(3000):
        after = level_of(normaliser.process(hop(-70), -70.0, False))
    assert after == before


def test_gain_never_jumps():
    normaliser = Normaliser()
    levels = [-50.0] * 20 + [-3.0] * 20
    sound = np.concatenate([normaliser.process(hop(-40), level, True) for level in levels])
    assert np.max(np.abs(np.diff(sound[Normaliser.LOOK_AHEAD * HOP :]))) < 0.001


def test_history_counts_hops_from_the_start_and_forgets():
    history = LevelHistory()
    for number in range(1000):
        history.measure(hop(-float(number % 90)))
    assert history.hops == 1000
    assert history.between(990, 993) == pytest.approx([0.0, -1.0, -2.0], abs=1e-3)
    assert len(history.between(998, 1010)) == 2
    assert history.between(0, 100) == []
    history.reset()
    assert (history.hops, history.between(0, 10)) == (0, [])
