"""Vosk's spotter on a stand-in for the library: the model itself cannot ship with the tests."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence

import numpy as np
import pytest
import vosk_stand_in
from vosk_stand_in import FLICKER, VALUES

from voicecoach.ear import vosk_model
from voicecoach.ear.engines import make_hearing, make_spotter
from voicecoach.ear.spotter import Detection
from voicecoach.ear.vosk_spotter import AMID_TALK, FIRM, WEAK, VoskSpotter, _detections, _words, rule_for
from voicecoach.errors import EarError
from voicecoach.session.commands import Command, Phrase, phrases, phrases_for
from voicecoach.units import EAR_RATE

BY_TEXT = {phrase.text: phrase for phrase in phrases()}
ARMED = tuple(phrase for phrase in phrases() if all(word in VALUES for word in phrase.text.split()))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in as the package, and a model where the download would have put it."""
    monkeypatch.setitem(sys.modules, "vosk", vosk_stand_in)
    folder = vosk_model.default_folder() / vosk_model.SMALL_ENGLISH.name / "am"
    folder.mkdir(parents=True)
    (folder / "final.mdl").touch()


@pytest.fixture
def spotter(model: None) -> VoskSpotter:
    engine = VoskSpotter()
    engine.arm(ARMED)
    return engine


def sound(*parts: str | float) -> np.ndarray:
    """Words of 0.3 s each ("?": talk that is no command, "~": what Vosk at first takes for "pause"), silences in s."""
    runs = []
    for part in parts:
        if isinstance(part, str):
            for number, word in enumerate(part.split()):
                value = {"?": 30_000 + number % 2, "~": FLICKER}.get(word) or VALUES[word]
                runs.append(np.full(int(0.3 * EAR_RATE), value / 32768.0))
        else:
            runs.append(np.zeros(int(part * EAR_RATE)))
    return np.concatenate(runs).astype(np.float32)


def listen(spotter: VoskSpotter, samples: np.ndarray, block: int = 160) -> list[tuple[float, Detection]]:
    """What is detected, and when, in seconds fed."""
    return [
        ((at + block) / EAR_RATE, found)
        for at in range(0, len(samples), block)
        for found in spotter.feed(samples[at : at + block])
    ]


def told(found: Sequence[tuple[float, Detection]]) -> list[tuple[str, str]]:
    tiers = []
    for _, detection in found:
        rule = rule_for(detection.phrase.text)
        tier = "firm" if detection.score >= rule.firm else "weak" if detection.score >= rule.weak else "no"
        tiers.append((detection.phrase.text, tier))
    return tiers


def test_a_phrase_is_told_once_before_the_silence_that_ends_it(spotter: VoskSpotter) -> None:
    ((when, detection),) = listen(spotter, sound(1.0, "stop", 2.0))
    assert (detection.phrase.text, detection.score) == ("stop", FIRM)
    assert 1.3 < when < 1.3 + vosk_stand_in.SILENCE / EAR_RATE
    assert detection.start / EAR_RATE == pytest.approx(1.0, abs=0.3)
    assert detection.end / EAR_RATE == pytest.approx(1.3, abs=0.3)


def test_a_phrase_that_turns_out_to_stand_apart_is_told_again_with_its_true_place(spotter: VoskSpotter) -> None:
    (_, suspected), (_, sure) = listen(spotter, sound(0.5, "?", 0.4, "it hurts", 2.0))
    assert (suspected.score, sure.score) == (AMID_TALK, 1.0)
    assert (sure.start, sure.end) == (int(1.2 * EAR_RATE), int(1.8 * EAR_RATE))


def test_the_least_sure_word_decides(spotter: VoskSpotter) -> None:
    """The stand-in is never surer of "no" than 0.58; partial results carry no confidence."""
    found = listen(spotter, sound(0.5, "? no ?", 2.0))
    assert [detection.score for _, detection in found] == [AMID_TALK]
    result = '{"result": [{"conf": 0.58, "start": 0.5, "end": 0.8, "word": "no"}], "text": "no"}'
    (detection,) = _detections(_words(result, 16_000), [BY_TEXT["no"]])
    assert (detection.score, detection.start, detection.end) == (0.58, 24_000, 28_800)


def test_a_longer_phrase_is_not_taken_for_its_beginning(spotter: VoskSpotter) -> None:
    assert told(listen(spotter, sound(0.5, "stop the session", 2.0))) == [("stop the session", "firm")]
    assert told(listen(spotter, sound(0.5, "stop it hurts", 2.0))) == [("stop it hurts", "firm")]


def test_what_stood_for_a_moment_only_is_not_told(spotter: VoskSpotter) -> None:
    assert listen(spotter, sound(0.5, "~", 2.0)) == []


def test_amid_talk_a_phrase_is_only_suspected(spotter: VoskSpotter) -> None:
    assert told(listen(spotter, sound(0.5, "? ? stop ? ?", 2.0))) == [("stop", "weak")]
    assert WEAK <= AMID_TALK < FIRM


def test_pain_is_told_while_the_talk_goes_on_without_end(spotter: VoskSpotter) -> None:
    for before in (), ("? ?",):
        spotter.reset()
        ((when, detection),) = listen(spotter, sound(0.5, *before, "it hurts", "? " * 20))
        assert detection.phrase.text == "it hurts"
        assert when < 0.5 + 0.6 * len(before) + 0.6 + 0.7


def test_one_command_said_twice_is_no_talk(spotter: VoskSpotter) -> None:
    assert set(told(listen(spotter, sound(0.5, "it hurts it hurts", 2.0)))) == {("it hurts", "firm")}


def test_two_commands_at_once_are_each_suspected(spotter: VoskSpotter) -> None:
    assert dict(told(listen(spotter, sound(0.5, "pause stop", 2.0)))) == {"pause": "weak", "stop": "weak"}


def test_positions_go_on_over_a_new_vocabulary_and_begin_again_with_a_new_stream(spotter: VoskSpotter) -> None:
    def where() -> float:
        (found,) = listen(spotter, sound(0.5, "stop", 2.0))
        return found[1].end / EAR_RATE

    first = where()
    spotter.arm([*ARMED, Phrase("in pain", Command.PAIN)])
    assert where() == pytest.approx(first + 2.8, abs=0.25)
    spotter.arm([])
    assert listen(spotter, sound(0.5, "stop", 2.0)) == []
    spotter.arm(ARMED)
    assert where() == pytest.approx(first + 8.4, abs=0.25)
    spotter.reset()
    assert where() == first


def test_the_size_of_blocks_changes_nothing(spotter: VoskSpotter) -> None:
    heard = []
    for block in (160, 777, 16_000):
        spotter.reset()
        heard.append([found for _, found in listen(spotter, sound(0.5, "it hurts", 1.0, "? stop", 3.0), block)])
    assert heard[0]
    assert heard[0] == heard[1] == heard[2]


def test_only_what_is_armed_is_told(spotter: VoskSpotter) -> None:
    spotter.arm([BY_TEXT["yes"]])
    assert listen(spotter, sound(0.5, "stop", 2.0)) == []


def test_the_model_is_loaded_once_for_all(model: None) -> None:
    before = len(vosk_stand_in.loaded)
    for _ in range(3):
        engine = VoskSpotter()
        engine.arm(ARMED)
        engine.close()
    assert len(vosk_stand_in.loaded) == before + 1
    assert vosk_stand_in.log_level < 0


def test_a_phrase_that_the_model_has_no_words_for_is_left_out(spotter: VoskSpotter) -> None:
    spotter.arm([*phrases_for({Command.STOP}), Phrase("qzxv", Command.STOP)])
    assert told(listen(spotter, sound(0.5, "stop", 2.0))) == [("stop", "firm")]


def test_a_command_that_could_not_be_heard_at_all_is_refused(spotter: VoskSpotter) -> None:
    with pytest.raises(EarError, match="lacks those for: pause"):
        spotter.arm([BY_TEXT["stop"], Phrase("qzxv", Command.PAUSE)])


def test_a_model_that_would_take_any_sound_for_a_command_is_refused(model: None) -> None:
    folder = vosk_model.default_folder() / vosk_model.SMALL_ENGLISH.name
    (folder / "words").write_text(" ".join(VALUES))
    with pytest.raises(EarError, match=r"lacks those for: \[unk\]"):
        VoskSpotter().arm(ARMED)


def test_ways_to_say_pain_that_many_sounds_resemble_are_doubtful() -> None:
    assert {phrase.text for phrase in phrases() if rule_for(phrase.text).doubtful} == {"ouch", "ow", "pain"}


def test_a_missing_package_and_a_missing_model_name_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vosk", None)
    with pytest.raises(EarError, match=r"pip install 'voicecoach\[vosk\]'$"):
        make_spotter("vosk")
    monkeypatch.setitem(sys.modules, "vosk", vosk_stand_in)
    with pytest.raises(EarError, match=r"voicecoach setup --engine vosk$"):
        make_spotter("vosk")


def damaged() -> None:
    (vosk_model.default_folder() / vosk_model.SMALL_ENGLISH.name).mkdir(parents=True)


def test_a_damaged_model_says_how_to_replace_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vosk", vosk_stand_in)
    damaged()
    with pytest.raises(EarError, match=r"Remove that folder, then run: voicecoach setup --engine vosk$"):
        make_spotter("vosk")


@pytest.mark.skipif(importlib.util.find_spec("vosk") is None, reason="the package vosk is not installed")
def test_the_real_library_refuses_a_damaged_model_in_the_same_way() -> None:
    damaged()
    with pytest.raises(EarError, match="Failed to create a model"):
        make_spotter("vosk")


def test_a_failing_library_is_said_to_have_failed(spotter: VoskSpotter, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_recogniser: object, _data: bytes) -> int:
        raise Exception("Failed to process waveform")

    monkeypatch.setattr(vosk_stand_in.KaldiRecognizer, "AcceptWaveform", fail)
    with pytest.raises(EarError, match="Vosk failed: Failed to process waveform"):
        spotter.feed(sound(0.1))


def test_the_whole_chain_runs_on_it(model: None) -> None:
    folder = vosk_model.default_folder() / vosk_model.SMALL_ENGLISH.name
    (folder / "words").write_text(" ".join([*{word for phrase in phrases() for word in phrase.text.split()}, "[unk]"]))
    hearing = make_hearing("vosk")
    assert hearing.feed(np.zeros(48_000, dtype=np.float32)) == []
    hearing.close()
