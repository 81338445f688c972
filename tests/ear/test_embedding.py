from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import read_clip
from voicecoach.ear.level import HOP, NoiseFloor, Normaliser, level_of
from voicecoach.session.commands import phrases
from voicecoach.units import EAR_RATE

pytest.importorskip("pyopen_wakeword", reason="there is no wheel of pyopen-wakeword for this system")

from voicecoach.ear.embedding import STEP, WIDTH, SpeechEmbedding
from voicecoach.ear.embedding_spotter import EmbeddingSpotter, Heads
from voicecoach.errors import EarError

CLIPS = Path(__file__).parents[1] / "clips"
CONTEXT = 8


@pytest.fixture(scope="module")
def embedding():
    model = SpeechEmbedding(CONTEXT)
    yield model
    model.close()


@pytest.fixture(scope="module")
def spotter():
    engine = EmbeddingSpotter()
    engine.arm(phrases())
    yield engine
    engine.close()


def said(name, before=1.0, after=0.8, level=0.05):
    """A clip as the chain would hand it over, in a quiet room."""
    word = read_clip(CLIPS / name).resampled(EAR_RATE).samples
    word = word * np.float32(level / np.sqrt((word**2).mean()))
    rng = np.random.default_rng(0)
    quiet = [rng.normal(0, 3e-4, int(seconds * EAR_RATE)).astype(np.float32) for seconds in (before, after)]
    sound = np.concatenate((quiet[0], word, quiet[1]))
    floor, normaliser, hops = NoiseFloor(), Normaliser(), []
    for first in range(0, len(sound) - HOP + 1, HOP):
        hop = sound[first : first + HOP]
        heard = level_of(hop)
        hops.append(normaliser.process(hop, heard, floor.feed(heard)))
    return np.concatenate(hops)


def best(detections):
    return max(detections, key=lambda detection: detection.score, default=None)


def test_a_stream_in_small_blocks_gives_what_the_whole_gives(embedding):
    sound = said("stop-a6f2fd71.flac")
    whole = embedding.whole(sound)
    embedding.reset()
    streamed = []
    for first in range(0, len(sound), 200):
        if embedding.feed(sound[first : first + 200]):
            streamed.append(embedding.latest(1)[0].copy())
    assert whole.shape == (len(sound) // STEP, WIDTH)
    np.testing.assert_allclose(np.array(streamed), whole, atol=2e-3)


def test_what_nobody_asked_about_can_be_asked_later(embedding):
    sound = said("stop-a6f2fd71.flac")
    whole = embedding.whole(sound)
    embedding.reset()
    steps = embedding.feed(sound)
    np.testing.assert_allclose(embedding.latest(CONTEXT), whole[steps - CONTEXT : steps], atol=2e-3)


def test_a_reset_leaves_nothing_behind(embedding):
    sound = said("stop-a6f2fd71.flac")
    embedding.reset()
    fresh = (embedding.feed(sound[: 10 * STEP]), embedding.latest(CONTEXT).copy())
    embedding.feed(sound[5000:])
    embedding.reset()
    embedding.feed(sound[: 10 * STEP])
    np.testing.assert_array_equal(embedding.latest(CONTEXT), fresh[1])


def test_no_more_is_remembered_than_was_asked_for(embedding):
    with pytest.raises(ValueError, match="only 8 are kept"):
        embedding.latest(CONTEXT + 1)


def test_a_missing_wheel_is_told_with_what_to_do(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyopen_wakeword", None)
    with pytest.raises(EarError, match="pip install pyopen-wakeword"):
        SpeechEmbedding(1)


@pytest.mark.parametrize(
    ("clip", "text"),
    [
        ("stop-a6f2fd71.flac", "stop"),
        ("yes-4845bb10.flac", "yes"),
        ("no-e41a903b.flac", "no"),
        ("pause-flite.flac", "pause"),
        ("resume-flite.flac", "resume"),
        ("it-hurts-flite.flac", "it hurts"),
    ],
)
def test_hears_what_was_said_and_when(spotter, clip, text):
    spotter.reset()
    sound = said(clip)
    found = best(spotter.feed(sound))
    assert found is not None
    assert found.phrase.text == text
    assert 0.9 * EAR_RATE < found.start < found.end <= len(sound) - 0.3 * EAR_RATE


@pytest.mark.parametrize("clip", ["up-42beb5eb.flac", "down-692a88e6.flac"])
def test_other_words_are_no_command(spotter, clip):
    spotter.reset()
    found = best(spotter.feed(said(clip)))
    assert found is None or found.score < 2.0


def test_hears_a_word_at_the_very_beginning(spotter):
    spotter.reset()
    found = best(spotter.feed(said("stop-a6f2fd71.flac", before=0.05)))
    assert found is not None
    assert found.phrase.text == "stop"


def test_blocks_of_any_size_are_heard_alike(spotter):
    sound = said("stop-a6f2fd71.flac")
    spotter.reset()
    at_once = spotter.feed(sound)
    spotter.reset()
    in_parts = [found for first in range(0, len(sound), 321) for found in spotter.feed(sound[first : first + 321])]
    assert [(d.phrase, d.end) for d in in_parts] == [(d.phrase, d.end) for d in at_once]


def test_lightened_it_tells_the_same_a_little_later_and_asks_the_model_less_often(spotter, monkeypatch):
    sound = said("stop-a6f2fd71.flac")

    def heard():
        asked, told = [], []
        latest = spotter._embedding.latest
        spotter.reset()
        with monkeypatch.context() as patch:
            patch.setattr(spotter._embedding, "latest", lambda count: asked.append(count) or latest(count))
            for first in range(0, len(sound), STEP):
                told += [(first, one) for one in spotter.feed(sound[first : first + STEP])]
        return asked, told

    asked, told = heard()
    spotter.lighten(True)
    try:
        asked_lightly, told_lightly = heard()
    finally:
        spotter.lighten(False)
    assert len(asked_lightly) <= len(asked) // 3 + 1
    lightly = {(one.phrase, one.end): (when, one.score) for when, one in told_lightly}
    for when, one in told[: len(told_lightly)]:
        later, score = lightly[one.phrase, one.end]
        assert 0 <= later - when <= 2 * STEP
        assert score == pytest.approx(one.score, abs=0.05)
    assert max(one.score for _, one in told_lightly) == pytest.approx(max(one.score for _, one in told), abs=0.05)


def test_quiet_costs_no_embedding(spotter, monkeypatch):
    asked = []
    spotter.reset()
    latest = spotter._embedding.latest
    monkeypatch.setattr(spotter._embedding, "latest", lambda count: asked.append(count) or latest(count))
    hiss = np.random.default_rng(1).normal(0, 3e-4, 5 * EAR_RATE).astype(np.float32)
    spotter.feed(hiss)
    assert not asked
    spotter.feed(said("stop-a6f2fd71.flac", before=0.0))
    assert asked


def test_what_is_not_armed_is_not_told(spotter):
    spotter.arm([phrase for phrase in phrases() if phrase.text != "stop"])
    spotter.reset()
    found = spotter.feed(said("stop-a6f2fd71.flac"))
    spotter.arm(phrases())
    assert all(detection.phrase.text != "stop" for detection in found)


def test_the_packaged_heads_know_the_phrases():
    assert Heads.packaged().classes[:4] == ("", "stop", "yes", "no")
