"""The whole chain on real voices: a coach that says commands is not obeyed, and people are."""

import re
from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import read_clip
from voicecoach.bundled import bundled
from voicecoach.ear.engines import make_hearing
from voicecoach.ear.sound_alikes import open_sound_alikes
from voicecoach.opening import open_speech
from voicecoach.routine.checker import spoken_texts
from voicecoach.routine.loader import load
from voicecoach.routine.yaml_document import read_package_data
from voicecoach.session.commands import Command
from voicecoach.units import STREAM_RATE
from voicecoach.voice.synthesizer import DEFAULT_RATE

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


FILLED = {"name": "Wrist extension stretch", "title": "Wrist stretches", "limb": "arm", "side": "right"}
"""What stands for the braces of a sentence; any other is a number."""

LOUD = 3.0
"""Gain of the room where the loudspeaker is loud: the coach is 10 dB over a person there."""


def own_sentences():
    """Everything the coach may say that is not in a routine."""
    for said in read_package_data("voicecoach.session", "en/wording.yaml").values():
        for sentence in [said] if isinstance(said, str) else said:
            yield re.sub(r"\{(\w+)\}", lambda brace: FILLED.get(brace[1], "5"), sentence)


def tour_sentences():
    """Everything that the routine says that teaches the commands."""
    return (text for _, text in spoken_texts(load(bundled("scripts") / "tour.yaml")))


def with_commands(texts):
    """Those in which a command is said, or what sounds like one."""
    alike = open_sound_alikes()
    return list(dict.fromkeys(text for text in texts if alike(text)))


def once_each(texts):
    """As few as say every command that all of them say: the benchmark of own voice plays them all."""
    alike, told, kept = open_sound_alikes(), set(), []
    for text in texts:
        commands = {one.command for one in alike(text)}
        if commands - told:
            kept.append(text)
            told |= commands
    return kept


@pytest.fixture(scope="module")
def say(tmp_path_factory):
    """Speaks texts one after the other in the platform's own voice, a greeting first, as every session begins."""
    folder = tmp_path_factory.mktemp("cache")

    def speak(texts):
        texts = ["Wrist stretches.", *texts]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(folder))
            speech = open_speech(None, DEFAULT_RATE, texts)
            clip_of = speech.clips_at(1.0)
            speech.close()
        if speech.failure is not None:
            pytest.skip(str(speech.failure))
        breath = np.zeros(STREAM_RATE // 2, np.float32)
        return np.concatenate([part for text in texts for part in (clip_of(text).samples, breath)])

    return speak


def test_the_sentences_that_must_say_a_command_are_among_them():
    said = " ".join(with_commands([*own_sentences(), *tour_sentences()])).lower()
    for words in ("it hurts", "stop", "pause", "say it again", "continue", "skip", "yes", "faster", "help"):
        assert re.search(rf"\b{words}\b", said), words


@pytest.mark.parametrize(("texts", "gain"), [(own_sentences, 1.0), (tour_sentences, LOUD)], ids=["wording", "tour"])
def test_the_coach_teaches_its_commands_and_obeys_none(hearing, say, texts, gain):
    """Everything armed, answers too: more than in any session."""
    said = say(once_each(texts()))
    hearing.arm(frozenset(Command))
    heard = hear(hearing, gain * room(said), said)
    assert [command for command, tier in heard if tier == "firm"] == []


def test_what_the_coach_teaches_would_be_obeyed_were_it_not_its_own(hearing, say):
    said = say(["Say: pause.", "Say: stop.", "If anything hurts, say: it hurts."])
    hearing.arm(frozenset(Command))
    heard = hear(hearing, room(said), np.zeros_like(said))
    assert ("pause", "firm") in heard
    assert "pain" in [command for command, _ in heard]
