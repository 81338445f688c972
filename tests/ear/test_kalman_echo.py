"""The canceller in a simulated room: the coach goes, people stay, a reset forgets the room."""

import numpy as np
import pytest

from voicecoach.ear.kalman_echo import KalmanEchoCanceller
from voicecoach.ear.level import HOP
from voicecoach.units import EAR_RATE

FLOOR = 3e-4


def talk(seconds, seed):
    source = np.random.default_rng(seed)
    count = int(seconds * EAR_RATE)
    noise = np.convolve(source.standard_normal(count), 0.9 ** np.arange(60), "same")
    syllables = np.repeat(source.uniform(0, 1, count // 1600 + 1) ** 2, 1600)[:count]
    return (noise * syllables * 0.02).astype(np.float32)


def room(sound, gain, delay):
    source = np.random.default_rng(9)
    length = int(0.3 * EAR_RATE)
    response = source.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    response[0] = 8.0
    response *= gain / np.sqrt(np.sum(response**2))
    late = np.concatenate((np.zeros(int(delay * EAR_RATE)), sound))
    echo = np.convolve(late, response)[: len(sound)]
    return (echo + source.standard_normal(len(sound)) * FLOOR).astype(np.float32)


def cancel(canceller, microphone, reference):
    whole = len(microphone) // HOP * HOP
    return canceller.process(microphone[:whole], reference[:whole])


def decibels(one, other):
    return 10 * np.log10(np.sum(one.astype(float) ** 2) / np.sum(other.astype(float) ** 2))


@pytest.mark.parametrize("gain", [0.2, 1.0, 4.0])
@pytest.mark.parametrize("delay", [0.02, 0.2])
def test_takes_the_coach_away_within_seconds(gain, delay):
    coach = talk(8, seed=1)
    echo = room(coach, gain, delay)
    near = cancel(KalmanEchoCanceller(), echo, coach)
    last = slice(6 * EAR_RATE, 8 * EAR_RATE)
    assert decibels(echo[last], near[last]) > 17


def test_leaves_somebody_who_speaks_over_the_coach_as_loud_as_they_were():
    coach, other = talk(10, seed=1), np.zeros(10 * EAR_RATE, dtype=np.float32)
    said = slice(8 * EAR_RATE, int(8.6 * EAR_RATE))
    other[said] = 0.5 * talk(0.6, seed=5)
    near = cancel(KalmanEchoCanceller(), room(coach, 1.0, 0.06) + other, coach)
    assert decibels(other[said], near[said]) == pytest.approx(0, abs=1.0)
    assert np.corrcoef(other[said], near[said])[0, 1] > 0.9


@pytest.mark.parametrize("noise", [0.0, FLOOR], ids=["muted", "headphones put on"])
def test_what_was_expected_is_not_heard_in_its_stead_where_the_echo_suddenly_ends(noise):
    coach = talk(8, seed=1)
    microphone = room(coach, 1.0, 0.06)
    gone = 6 * EAR_RATE
    microphone[gone:] = noise * talk(2, seed=3) / 0.02
    near = cancel(KalmanEchoCanceller(), microphone, coach)
    for place in range(gone, len(near), HOP):
        hop = slice(place, place + HOP)
        assert np.sum(near[hop] ** 2.0) <= 2.01 * np.sum(microphone[hop] ** 2.0)


def test_learns_nothing_of_the_room_while_it_is_muted():
    coach = talk(10, seed=1)
    echo = room(coach, 1.0, 0.06)
    microphone = echo.copy()
    microphone[6 * EAR_RATE : 8 * EAR_RATE] = 0.0
    near = cancel(KalmanEchoCanceller(), microphone, coach)
    after = slice(8 * EAR_RATE, int(8.5 * EAR_RATE))
    assert decibels(echo[after], near[after]) > 15


def test_adds_little_where_there_is_no_echo():
    coach, other = talk(5, seed=1), talk(5, seed=5)
    near = cancel(KalmanEchoCanceller(), other, coach)
    last = slice(2 * EAR_RATE, 5 * EAR_RATE)
    assert decibels(other[last], near[last] - other[last]) > 8


def test_hands_the_microphone_on_untouched_while_the_coach_is_silent():
    canceller = KalmanEchoCanceller()
    coach = talk(3, seed=1)
    cancel(canceller, room(coach, 1.0, 0.06), coach)
    quiet = talk(2, seed=5)
    near = cancel(canceller, quiet, np.zeros_like(quiet))
    assert np.array_equal(near[EAR_RATE:], quiet[EAR_RATE:])


def test_learns_anew_after_a_reset():
    canceller = KalmanEchoCanceller()
    coach = talk(6, seed=1)
    first = cancel(canceller, room(coach, 1.0, 0.06), coach)
    canceller.reset()
    again = cancel(canceller, room(coach, 1.0, 0.06), coach)
    assert np.array_equal(first, again)


def test_a_conversation_over_the_coach_unlearns_nothing():
    coach, others = talk(20, seed=1), np.zeros(20 * EAR_RATE, dtype=np.float32)
    others[8 * EAR_RATE : 18 * EAR_RATE] = talk(10, seed=5)
    echo = room(coach, 1.0, 0.06)
    canceller = KalmanEchoCanceller()
    near = cancel(canceller, echo + others, coach)
    before, after = slice(6 * EAR_RATE, 8 * EAR_RATE), slice(18 * EAR_RATE, 20 * EAR_RATE)
    assert decibels(echo[after], near[after]) > decibels(echo[before], near[before]) - 3


def test_goes_back_to_what_it_knew_before_a_slip():
    coach = talk(14, seed=1)
    echo = room(coach, 1.0, 0.06)
    slipped = np.concatenate((echo[: 8 * EAR_RATE], room(coach, 1.0, 0.07)[8 * EAR_RATE : 10 * EAR_RATE]))
    canceller = KalmanEchoCanceller()
    cancel(canceller, slipped, coach[: 10 * EAR_RATE])
    canceller.recall(0)
    rest = slice(10 * EAR_RATE, 11 * EAR_RATE)
    assert decibels(echo[rest], cancel(canceller, echo[rest], coach[rest])) > 12


@pytest.mark.parametrize("is_told", [True, False])
def test_after_a_slip_it_learns_the_path_anew_told_of_it_or_not(is_told):
    """One that was sure of the path before took nothing off for two seconds, and 10 dB after five."""
    coach = talk(14, seed=1)
    before, after = slice(0, 10 * EAR_RATE), slice(10 * EAR_RATE, 14 * EAR_RATE)
    echo = np.concatenate((room(coach, 1.0, 0.06)[before], room(coach, 1.0, 0.2)[after]))
    canceller = KalmanEchoCanceller()
    cancel(canceller, echo[before], coach[before])
    if is_told:
        canceller.slipped()
    found = near = np.zeros(0, dtype=np.float32)
    for place in range(10 * EAR_RATE, 14 * EAR_RATE, HOP):
        hop = slice(place, place + HOP)
        near = np.concatenate((near, canceller.process(echo[hop], coach[hop])))
        if canceller.is_lost:
            found = np.append(found, place / EAR_RATE - 10)
    assert len(found) == (not is_told)
    assert np.all(found < 0.5)
    assert decibels(echo[after][2 * EAR_RATE :], near[2 * EAR_RATE :]) > 15


@pytest.mark.parametrize("echo", [0.0, 1.0], ids=["headphones", "loudspeaker"])
def test_nobody_who_speaks_over_the_coach_makes_it_doubt_the_path(echo):
    coach = talk(20, seed=1)
    microphone = echo * room(coach, 1.0, 0.06) + 3 * talk(20, seed=5)
    canceller = KalmanEchoCanceller()
    for place in range(0, len(coach), HOP):
        canceller.process(microphone[place : place + HOP].astype(np.float32), coach[place : place + HOP])
        assert not canceller.is_lost


def test_has_nothing_to_go_back_to_at_first():
    canceller = KalmanEchoCanceller()
    canceller.recall(0)
    coach = talk(4, seed=1)
    assert np.array_equal(
        cancel(canceller, room(coach, 1.0, 0.06), coach), cancel(KalmanEchoCanceller(), room(coach, 1.0, 0.06), coach)
    )


@pytest.mark.parametrize(("captured", "played"), [(HOP, 2 * HOP), (HOP + 1, HOP + 1)])
def test_refuses_anything_but_whole_hops_of_one_length(captured, played):
    with pytest.raises(ValueError, match="no whole hops"):
        KalmanEchoCanceller().process(np.zeros(captured, np.float32), np.zeros(played, np.float32))
