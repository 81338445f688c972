import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import read_clip
from voicecoach.ear.engines import make_hearing, make_spotter
from voicecoach.ear.speech_recognition_spotter import CONTAINED, EXACT, SpeechRecognitionSpotter, match_phrase, rule_for
from voicecoach.errors import EarError
from voicecoach.session.commands import Command, phrases
from voicecoach.units import EAR_RATE, STREAM_RATE

CLIPS = Path(__file__).parents[1] / "clips"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stop", ("stop", EXACT)),
        (" Stop. ", ("stop", EXACT)),
        ("oh, it hurts!", ("it hurts", EXACT)),
        ("It\u2019s hurting", ("it's hurting", EXACT)),
        ("pause please", ("pause please", EXACT)),
        ("STOP IT HURTS", ("stop it hurts", EXACT)),
        ("say that again now", ("say that again", EXACT)),
        ("my left wrist it hurts a bit", ("it hurts", CONTAINED)),
        ("I'm in pain", ("i'm in pain", EXACT)),
    ],
)
def test_understands(text, expected):
    phrase, score = match_phrase(text, phrases())
    assert (phrase.text, score) == expected


@pytest.mark.parametrize("text", ["", "...", "shop", "stopping", "painful", "it works", "the paws"])
def test_understands_nothing_else(text):
    assert match_phrase(text, phrases()) is None


def test_part_of_a_longer_sentence_is_only_suspected():
    rule = rule_for("stop")
    assert rule.weak <= CONTAINED < rule.firm <= EXACT


@pytest.mark.parametrize("engine", ["vosk", "whisper"])
def test_a_missing_engine_says_in_one_line_how_to_get_it(engine):
    if importlib.util.find_spec(engine) is not None:
        pytest.skip(f"{engine} is installed here")
    with pytest.raises(EarError, match=rf"pip install 'voicecoach\[{engine}\]'") as caught:
        make_spotter(engine)
    assert "\n" not in str(caught.value)


def test_a_missing_model_says_where_it_belongs(tmp_path, monkeypatch):
    (tmp_path / "whisper").mkdir()
    (tmp_path / "whisper" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(EarError, match=r"base\.en\.pt\. Download it with") as caught:
        SpeechRecognitionSpotter("whisper")
    assert str(tmp_path / "cache") in str(caught.value)


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
    spotter = SpeechRecognitionSpotter("sphinx", background=True)
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
