"""The whole chain on real voices: a coach that says commands is not obeyed, and people are."""

from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import read_clip
from voicecoach.ear.engines import make_hearing
from voicecoach.units import STREAM_RATE

CLIPS = Path(__file__).parent.parent / "clips"
COACH = ("up-42beb5eb", "stop-9dc1889e", "down-692a88e6", "it-hurts-flite", "stop-a6f2fd71", "it-hurts-espeak")
BLOCK = 960


@pytest.fixture(scope="module")
def hearing():
    chain = make_hearing()
    yield chain
    chain.close()


def clip(name):
    sound = read_clip(CLIPS / f"{name}.flac").resampled(STREAM_RATE).samples
    return np.concatenate((sound, np.zeros(-len(sound) % BLOCK + STREAM_RATE // 5 // BLOCK * BLOCK, np.float32)))


def coach():
    return np.concatenate([clip(name) for name in COACH])


def room(sound, delay=0.06):
    source = np.random.default_rng(3)
    length = int(0.3 * STREAM_RATE)
    response = source.standard_normal(length) * 10 ** (-3 * np.arange(length) / length) * 0.02
    response[0] = 1.0
    size = len(sound) + length
    echo = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: len(sound)]
    return np.concatenate((np.zeros(int(delay * STREAM_RATE)), echo))[: len(sound)]


def hear(hearing, microphone, reference):
    noise = np.random.default_rng(7).standard_normal(len(microphone)) * 3e-4
    microphone = (microphone + noise).astype(np.float32)
    hearing.reset()
    heard = []
    for start in range(0, len(microphone) - BLOCK + 1, BLOCK):
        heard += hearing.feed(microphone[start : start + BLOCK], reference[start : start + BLOCK])
    return [(one.command.value, one.tier) for one in heard]


def test_the_coach_s_own_commands_are_commands_when_a_person_says_them_and_nothing_when_the_coach_does(hearing):
    said = coach()
    by_a_person = hear(hearing, room(said), np.zeros_like(said))
    assert ("stop", "firm") in by_a_person
    assert ("pain", "firm") in by_a_person
    assert hear(hearing, room(said), said) == []


@pytest.mark.parametrize(("word", "command"), [("stop-9dc1889e", "stop"), ("it-hurts-flite", "pain")])
def test_with_headphones_a_person_is_heard_over_the_coach(hearing, word, command):
    said = np.concatenate((clip("down-692a88e6"), clip("up-42beb5eb"), clip("resume-flite"), coach()))
    microphone = np.zeros(len(said))
    begin = 5 * STREAM_RATE
    spoken = clip(word)
    microphone[begin : begin + len(spoken)] = spoken
    *suspected, obeyed = hear(hearing, microphone, said)
    assert obeyed == (command, "firm")
    assert set(suspected) <= {(command, "weak")}
