"""The reference is kept in step: a clock that drifts, a slip that no sample count tells of; and nobody fools it."""

import numpy as np
import pytest

from voicecoach.ear.alignment import Alignment
from voicecoach.ear.kalman_echo import KalmanEchoCanceller
from voicecoach.ear.level import HOP
from voicecoach.ear.room_memory import Room
from voicecoach.units import EAR_RATE


def talk(seconds, seed):
    """Noise in syllables, coloured and as broken as speech."""
    source = np.random.default_rng(seed)
    count = int(seconds * EAR_RATE)
    noise = np.convolve(source.standard_normal(count), 0.9 ** np.arange(60), "same")
    syllables = np.repeat(source.uniform(0, 1, count // 1600 + 1) ** 2, 1600)[:count]
    return (noise * syllables * 0.02).astype(np.float32)


def room(sound, delay=0.06):
    source = np.random.default_rng(9)
    length = int(0.2 * EAR_RATE)
    response = source.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    response[0] = 8.0
    response /= np.sqrt(np.sum(response**2))
    late = np.concatenate((np.zeros(int(delay * EAR_RATE)), sound))
    size = len(late) + length
    echo = np.fft.irfft(np.fft.rfft(late, size) * np.fft.rfft(response, size), size)[: len(sound)]
    return (echo + source.standard_normal(len(sound)) * 3e-4).astype(np.float32)


def drifting(sound, drift):
    """Gets later by ``drift`` samples in each sample."""
    places = np.arange(len(sound)) * (1.0 - drift)
    return np.interp(places, np.arange(len(sound)), sound).astype(np.float32)


def slipping(sound, at, later):
    return np.concatenate((sound[:at], sound[at - later : len(sound) - later]))


class Chain:
    """What the hearing chain does with alignment and canceller."""

    def __init__(self):
        self.alignment, self.echo = Alignment(), KalmanEchoCanceller()
        self.slips = []

    def run(self, microphone, reference):
        out = []
        for start in range(0, len(microphone) - HOP + 1, HOP):
            hop = microphone[start : start + HOP]
            played = self.alignment.process(hop, reference[start : start + HOP])
            assert played.shape == (HOP,)
            assert played.dtype == np.float32
            if self.alignment.slip is not None:
                self.slips.append((start / EAR_RATE, self.alignment.slip))
                self.echo.recall(self.alignment.slip)
            out.append(self.echo.process(hop, played))
        return np.concatenate(out)


def taken_off(microphone, near, first, last):
    where = slice(int(first * EAR_RATE), int(last * EAR_RATE))
    return 10 * np.log10(np.sum(microphone[where] ** 2) / np.sum(near[where] ** 2))


@pytest.mark.parametrize("drift", [-100e-6, -50e-6, 0.0, 50e-6, 100e-6])
def test_a_clock_that_drifts_is_known_after_seconds(drift):
    coach = talk(10, seed=1)
    chain = Chain()
    chain.run(drifting(room(coach), drift), coach)
    assert chain.alignment.drift == pytest.approx(drift, abs=8e-6)
    assert chain.slips == []


def test_under_a_drifting_clock_the_coach_is_taken_away():
    coach = talk(14, seed=1)
    microphone = drifting(room(coach), -50e-6)
    assert taken_off(microphone, Chain().run(microphone, coach), 10, 14) > 15


def test_a_drift_known_from_before_is_followed_from_the_start():
    coach = talk(6, seed=1)
    microphone = drifting(room(coach), -100e-6)
    chain = Chain()
    chain.alignment = Alignment(Room(np.zeros(1, np.float32), -100e-6))
    anew = Chain().run(microphone, coach)
    assert taken_off(microphone, chain.run(microphone, coach), 3, 6) > taken_off(microphone, anew, 3, 6) + 5


@pytest.mark.parametrize("later", [80, 800])
def test_a_slip_without_a_jump_is_put_right_within_three_seconds(later):
    coach = talk(14, seed=1)
    microphone = slipping(room(coach), 8 * EAR_RATE, later)
    chain = Chain()
    near = chain.run(microphone, coach)
    ((when, slip),) = chain.slips
    assert slip == 0
    assert 8 < when < 11
    assert taken_off(microphone, near, when + 0.5, 14) > taken_off(microphone, near, 6, 8) - 3


def test_where_the_reference_can_be_no_earlier_the_path_begins_sooner():
    coach = talk(14, seed=1)
    late = room(coach, delay=0.12)
    microphone = np.concatenate((late[: 8 * EAR_RATE], room(coach, delay=0.06)[8 * EAR_RATE :]))
    chain = Chain()
    near = chain.run(microphone, coach)
    ((when, slip),) = chain.slips
    assert slip == 6
    assert taken_off(microphone, near, when + 0.5, 14) > taken_off(microphone, near, 6, 8) - 3


def test_a_drift_that_has_used_up_the_headroom_goes_on_hop_by_hop():
    coach = talk(24, seed=1)
    microphone = drifting(room(coach, delay=0.1), -800e-6)
    chain = Chain()
    chain.alignment = Alignment(Room(np.zeros(1, np.float32), -800e-6))
    near = chain.run(microphone, coach)
    assert {slip for _, slip in chain.slips} == {1}
    assert len(chain.slips) in (1, 2)
    assert taken_off(microphone, near, 20, 24) > 10


@pytest.mark.parametrize("delay", [0.03, 0.07, 0.15])
def test_a_room_from_an_earlier_session_is_found_again_at_another_delay(delay):
    coach = talk(4, seed=1)
    path = room(np.concatenate((np.ones(1), np.zeros(6000))).astype(np.float32), delay=0.05)
    chain = Chain()
    chain.alignment = Alignment(Room(path, 0.0))
    chain.run(room(coach, delay=delay), coach)
    ((when, _),) = chain.slips
    assert when < 2


def test_people_over_the_coach_are_neither_drift_nor_slip():
    coach, others = talk(20, seed=1), talk(20, seed=5)
    others[: 5 * EAR_RATE] = 0.0
    chain = Chain()
    chain.run(room(coach) + 2.0 * others, coach)
    assert chain.slips == []
    assert chain.alignment.drift == pytest.approx(0.0, abs=5e-6)


def test_with_headphones_nothing_is_found():
    coach, others = talk(20, seed=1), talk(20, seed=5)
    chain = Chain()
    chain.run(others, coach)
    assert chain.slips == []
    assert abs(chain.alignment.drift) < 50e-6


def test_a_new_stream_begins_as_the_first_one_did():
    coach = talk(8, seed=1)
    microphone = drifting(room(coach), 80e-6)
    chain = Chain()
    first = chain.run(microphone, coach)
    chain.alignment.reset()
    chain.echo.reset()
    assert np.array_equal(first, chain.run(microphone, coach))
