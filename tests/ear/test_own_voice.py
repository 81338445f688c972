"""Who spoke: the coach through a simulated room, somebody in the room, or nobody can tell."""

import numpy as np
import pytest

from voicecoach.ear.echo import PassThrough
from voicecoach.ear.kalman_echo import KalmanEchoCanceller
from voicecoach.ear.level import HOP
from voicecoach.ear.own_voice import Origin, OwnVoice
from voicecoach.units import EAR_RATE


def talk(seconds, seed):
    """Noise in syllables: as loud, as broken and as coloured as speech, and never twice the same."""
    source = np.random.default_rng(seed)
    count = int(seconds * EAR_RATE)
    noise = np.convolve(source.standard_normal(count), 0.9 ** np.arange(60), "same")
    syllables = np.repeat(source.uniform(0, 1, count // 1600 + 1) ** 2, 1600)[:count]
    return (noise * syllables * 0.02).astype(np.float32)


def room(sound, gain=1.0, delay=0.1, reverberation=0.3):
    source = np.random.default_rng(9)
    length = int(reverberation * EAR_RATE)
    response = source.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    response[0] = 8.0
    response *= gain / np.sqrt(np.sum(response**2))
    late = np.concatenate((np.zeros(int(delay * EAR_RATE)), sound))
    return np.convolve(late, response)[: len(sound)].astype(np.float32)


def feed(voice, microphone, reference, echo=None):
    echo = echo or PassThrough()
    for place in range(0, len(microphone) - HOP + 1, HOP):
        hop = microphone[place : place + HOP], reference[place : place + HOP]
        voice.feed(*hop, echo.process(*hop), echo.expected)


def origin(microphone, reference, start, end, echo=None):
    voice = OwnVoice()
    feed(voice, microphone, reference, echo)
    return voice.origin(int(start * EAR_RATE), int(end * EAR_RATE))


def floor(seconds):
    return np.random.default_rng(4).standard_normal(int(seconds * EAR_RATE)).astype(np.float32) * 3e-4


def somebody(seconds, start, length, gain=1.0):
    sound = np.zeros(int(seconds * EAR_RATE), dtype=np.float32)
    begin = int(start * EAR_RATE)
    sound[begin : begin + int(length * EAR_RATE)] = gain * talk(length, seed=77)
    return sound


@pytest.mark.parametrize("gain", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("delay", [0.02, 0.2])
def test_the_coach_through_a_room_is_its_own_voice(gain, delay):
    coach = talk(4, seed=1)
    assert origin(room(coach, gain, delay) + floor(4), coach, 3.0, 3.5) is Origin.OWN


def test_somebody_over_the_coach_is_near():
    coach = talk(4, seed=1)
    microphone = room(coach) + somebody(4, 3.0, 0.5, gain=2.0) + floor(4)
    assert origin(microphone, coach, 3.0, 3.5) is Origin.NEAR


def test_somebody_quieter_than_the_coach_is_near_once_the_room_is_learned():
    coach = talk(9, seed=1)
    echo, other = room(coach), somebody(9, 8.0, 0.5)
    both = slice(8 * EAR_RATE, int(8.5 * EAR_RATE))
    other *= 0.5 * np.sqrt(np.sum(echo[both] ** 2) / np.sum(other[both] ** 2))
    assert origin(echo + other + floor(9), coach, 8.0, 8.5, KalmanEchoCanceller()) is Origin.NEAR
    assert origin(echo + floor(9), coach, 8.0, 8.5, KalmanEchoCanceller()) is Origin.OWN


@pytest.mark.parametrize("decibels", [-6, 6])
@pytest.mark.parametrize("pressed", [7.9, 8.1, 8.3])
def test_a_volume_key_in_the_middle_of_a_word_makes_nobody_of_the_coach(decibels, pressed):
    coach = talk(9, seed=1)
    echo = room(coach)
    echo[int(pressed * EAR_RATE) :] *= 10 ** (decibels / 20)
    assert origin(echo + floor(9), coach, 8.0, 8.5, KalmanEchoCanceller()) is Origin.OWN


@pytest.mark.parametrize("muted", [8.0, 8.1, 8.2, 8.3, 8.4])
def test_a_word_that_the_microphone_was_muted_in_is_nobody_s(muted):
    coach = talk(9, seed=1)
    microphone = room(coach) + floor(9)
    microphone[int(muted * EAR_RATE) :] = 0.0
    assert origin(microphone, coach, 8.0, 8.5, KalmanEchoCanceller()) in (Origin.OWN, Origin.UNKNOWN)


def test_with_headphones_everybody_is_near():
    coach = talk(4, seed=1)
    assert origin(somebody(4, 3.0, 0.5, gain=0.3) + floor(4), coach, 3.0, 3.5) is Origin.NEAR


def test_in_the_coach_s_first_second_nobody_can_tell():
    coach = talk(1.2, seed=1)
    assert origin(somebody(1.2, 0.6, 0.5) + floor(1.2), coach, 0.6, 1.1) is Origin.UNKNOWN


def test_what_was_learned_before_a_long_hold_serves_after_it():
    coach = talk(14, seed=1)
    coach[4 * EAR_RATE : 13 * EAR_RATE] = 0.0
    assert origin(room(coach) + floor(14), coach, 13.1, 13.6) is Origin.OWN
    assert origin(somebody(14, 13.1, 0.5) + floor(14), coach, 13.1, 13.6) is Origin.NEAR


def test_while_the_coach_is_silent_everybody_is_near():
    microphone = somebody(4, 3.0, 0.5) + floor(4)
    assert origin(microphone, np.zeros_like(microphone), 3.0, 3.5) is Origin.NEAR


def test_the_coach_is_still_heard_after_its_last_sample_was_sent_and_not_for_long():
    coach = talk(5, seed=1)
    coach[3 * EAR_RATE :] = 0.0
    microphone = room(coach, delay=0.2) + floor(5)
    assert origin(microphone, coach, 2.9, 3.3) is Origin.OWN
    assert origin(somebody(5, 4.0, 0.5) + microphone, coach, 4.0, 4.5) is Origin.NEAR


def test_two_voices_as_loud_as_each_other_prove_nothing():
    coach = talk(4, seed=1)
    echo = room(coach)
    both = slice(3 * EAR_RATE, int(3.5 * EAR_RATE))
    other = somebody(4, 3.0, 0.5)
    other *= 0.8 * np.sqrt(np.sum(echo[both] ** 2) / np.sum(other[both] ** 2))
    assert origin(echo + other + floor(4), coach, 3.0, 3.5) is Origin.UNKNOWN


def test_a_phrase_that_began_before_what_is_remembered():
    coach = talk(9, seed=1)
    assert origin(room(coach) + floor(9), coach, 0.5, 1.0) is Origin.UNKNOWN


def test_a_phrase_that_was_placed_a_little_too_soon_is_its_own_voice_all_the_same():
    coach = talk(5, seed=1)
    coach[int(3.6 * EAR_RATE) : 4 * EAR_RATE] = 0.0
    microphone = room(coach, reverberation=0.1) + floor(5)
    assert origin(microphone[: int(4.5 * EAR_RATE)], coach, 3.9, 4.1) is Origin.OWN


def test_a_word_from_just_before_the_coach_began_is_not_set_aside():
    coach = talk(8, seed=1)
    coach[4 * EAR_RATE : int(6.4 * EAR_RATE)] = 0.0
    microphone = room(coach) + somebody(8, 6.0, 0.5, gain=0.5) + floor(8)
    assert origin(microphone[: int(6.8 * EAR_RATE)], coach, 6.0, 6.5) is not Origin.OWN


def test_after_a_slip_nothing_is_proven_by_what_was_before_it():
    coach = talk(8, seed=1)
    microphone = room(coach) + floor(8)
    voice = OwnVoice()
    feed(voice, microphone[: 6 * EAR_RATE], coach[: 6 * EAR_RATE])
    voice.slipped()
    assert voice.origin(5 * EAR_RATE, int(5.5 * EAR_RATE)) is Origin.UNKNOWN
    feed(voice, microphone[6 * EAR_RATE :], coach[6 * EAR_RATE :])
    assert voice.origin(7 * EAR_RATE, int(7.5 * EAR_RATE)) is Origin.OWN


def test_forgets_the_coach_at_a_reset():
    voice = OwnVoice()
    coach = talk(2, seed=1)
    feed(voice, coach, coach)
    voice.reset()
    quiet = floor(1)
    feed(voice, quiet, np.zeros_like(quiet))
    assert voice.origin(0, EAR_RATE // 2) is Origin.NEAR
