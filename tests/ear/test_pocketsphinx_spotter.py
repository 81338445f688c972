from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import read_clip
from voicecoach.ear.pocketsphinx_spotter import (
    KeyphraseSpec,
    PocketsphinxSpotter,
    guessed_threshold,
    keyphrases,
    rule_for,
)
from voicecoach.errors import EarError
from voicecoach.session.commands import Command, Phrase, phrases
from voicecoach.units import EAR_RATE

CLIPS = Path(__file__).parents[1] / "clips"
STOP = next(phrase for phrase in phrases() if phrase.text == "stop")


@pytest.fixture(scope="module")
def spotter():
    engine = PocketsphinxSpotter()
    yield engine
    engine.close()


def said(name):
    """A clip at the level that the spotter expects, in a quiet room."""
    word = read_clip(CLIPS / name).samples
    word = word * np.float32(0.05 / np.abs(word).max() * 4)
    room = np.random.default_rng(0).normal(0, 3e-4, EAR_RATE // 2).astype(np.float32)
    return np.concatenate((room, word, room))


def best(detections):
    return max(detections, key=lambda detection: detection.score)


def test_every_phrase_has_its_own_thresholds_and_can_be_pronounced(spotter):
    assert {phrase.text for phrase in phrases()} == set(keyphrases())
    spotter.arm(phrases())


@pytest.mark.parametrize("phrase", phrases(), ids=lambda phrase: phrase.text)
def test_firm_is_never_below_weak(phrase):
    rule = rule_for(phrase.text)
    assert rule.firm >= rule.weak


def test_ways_to_say_pain_that_many_sounds_resemble_are_doubtful():
    doubtful = {phrase.text for phrase in phrases() if rule_for(phrase.text).doubtful}
    assert doubtful == {"ouch", "ow", "pain"}


def test_hears_a_person_say_stop_where_it_is(spotter):
    spotter.reset()
    spotter.arm([STOP])
    sound = said("stop-a6f2fd71.flac")
    found = best(spotter.feed(sound))
    assert found.phrase == STOP
    assert found.score > rule_for("stop").firm
    loud = np.flatnonzero(np.abs(sound) > 0.004)
    assert loud[0] - 0.15 * EAR_RATE < found.start < found.end < loud[-1] + 0.15 * EAR_RATE


def test_what_is_found_does_not_depend_on_the_blocks(spotter):
    sound = said("stop-9dc1889e.flac")
    spotter.arm([STOP])
    found = []
    for cuts in ([], [100, 101, 5000], range(333, len(sound), 333)):
        spotter.reset()
        found.append([detection for block in np.split(sound, list(cuts)) for detection in spotter.feed(block)])
    assert found[0]
    assert found[0] == found[1] == found[2]


def test_each_report_of_one_detection_is_surer_than_the_last():
    engine = PocketsphinxSpotter({"stop": KeyphraseSpec({"stop": 0.0}, -12.0)})
    engine.arm([STOP])
    scores = {}
    for detection in engine.feed(said("stop-9dc1889e.flac")):
        scores.setdefault(detection.start, []).append(detection.score)
    engine.close()
    assert max(map(len, scores.values())) > 1
    assert all(grown == sorted(set(grown)) for grown in scores.values())


def test_hears_nothing_when_nothing_is_armed_and_again_once_it_is(spotter):
    spotter.reset()
    spotter.arm([])
    assert spotter.feed(said("stop-9dc1889e.flac")) == []
    spotter.arm([STOP])
    found = best(spotter.feed(said("stop-9dc1889e.flac")))
    assert found.start > len(said("stop-9dc1889e.flac")), "positions go on while nothing is armed"


def test_arming_another_phrase_forgets_the_first(spotter):
    spotter.reset()
    spotter.arm([phrase for phrase in phrases() if phrase.command is Command.REPEAT])
    assert all(detection.phrase != STOP for detection in spotter.feed(said("stop-9dc1889e.flac")))


def test_digital_silence_and_full_scale_are_no_words(spotter):
    spotter.reset()
    spotter.arm(phrases())
    assert spotter.feed(np.zeros(EAR_RATE, dtype=np.float32)) == []
    square = np.sign(np.sin(np.arange(EAR_RATE) / 20)).astype(np.float32) * 3
    firm = [one for one in spotter.feed(square) if one.score >= rule_for(one.phrase.text).firm]
    assert firm == []


def test_an_unpronounceable_phrase_is_refused_and_changes_nothing(spotter):
    spotter.arm([STOP])
    with pytest.raises(EarError, match='no pronunciation for "qzxv"'):
        spotter.arm([Phrase("qzxv now", Command.STOP)])
    with pytest.raises(EarError, match="qzxv"):
        spotter.arm([Phrase("qzxv now", Command.STOP)])
    spotter.reset()
    spotter.arm([STOP])
    assert spotter.feed(said("stop-9dc1889e.flac"))


def test_a_phrase_without_data_gets_a_cautious_rule():
    rule = rule_for("begin again")
    assert rule.weak == guessed_threshold("begin again") < rule.firm
    assert rule.alone


def test_a_handicap_is_taken_off_the_score():
    scores = []
    for handicap in (0.0, 5.0):
        engine = PocketsphinxSpotter({"stop": KeyphraseSpec({"stop": handicap}, -20.0)})
        engine.arm([STOP])
        scores.append(best(engine.feed(said("stop-9dc1889e.flac"))).score)
        engine.close()
    assert scores[0] - scores[1] == pytest.approx(5.0, abs=1e-6)
