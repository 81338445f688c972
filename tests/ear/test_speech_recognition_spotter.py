import time
from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import read_clip
from voicecoach.ear.engines import make_hearing
from voicecoach.ear.speech_recognition_spotter import SpeechRecognitionSpotter, rule_for
from voicecoach.ear.transcript import CONTAINED, EXACT
from voicecoach.session.commands import Command, phrases
from voicecoach.units import EAR_RATE, STREAM_RATE

CLIPS = Path(__file__).parents[1] / "clips"


def test_part_of_a_longer_sentence_is_only_suspected():
    rule = rule_for("stop")
    assert rule.weak <= CONTAINED < rule.firm <= EXACT


def speech(clip, rate):
    sound = read_clip(CLIPS / clip).resampled(rate).samples
    room = np.random.default_rng(0).normal(0, 3e-4, rate).astype(np.float32)
    return np.concatenate((room, sound, room))


@pytest.mark.parametrize("clip", ["stop-9dc1889e.flac"])
def test_recognizer_really_runs_on_people(clip):
    hearing = make_hearing("sphinx")
    hearing.arm({Command.STOP, Command.PAIN, Command.PAUSE})
    (stop,) = hearing.feed(speech(clip, STREAM_RATE))
    assert (stop.command, stop.phrase, stop.tier) == (Command.STOP, "stop", "firm")
    hearing.close()


def test_works_in_the_background_and_forgets_on_reset():
    spotter = SpeechRecognitionSpotter(background=True)
    spotter.arm([phrase for phrase in phrases() if phrase.command is Command.STOP])
    found = spotter.feed(speech("stop-9dc1889e.flac", EAR_RATE))
    silence = np.zeros(160, dtype=np.float32)
    deadline = time.monotonic() + 30
    while not found and time.monotonic() < deadline:
        time.sleep(0.01)
        found = spotter.feed(silence)
    assert [detection.phrase.text for detection in found] == ["stop"]
    spotter.reset()
    assert spotter.feed(silence) == []
    spotter.close()
