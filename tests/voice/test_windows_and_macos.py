"""pyttsx3's drivers for Windows and macOS under voicecoach's process, over stand-ins for the two systems.

Their behaviour is recorded in ``foreign_speech.py``; nobody has run these on the real systems.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from foreign_speech import macos, windows

from voicecoach.errors import VoiceError
from voicecoach.voice.pyttsx3_synthesizer import Pyttsx3Synthesizer

SENTENCES = ("Hold your right arm out in front of you.", "Let go slowly.", "Rest.", "And once more, to the other side.")
SECONDS_A_CHARACTER = 0.05


def commands() -> Iterator[object]:
    yield pytest.param(windows("from the queue"), id="windows")
    yield pytest.param(windows("while it speaks"), id="windows, events at once")
    yield pytest.param(macos(), id="macos")


@pytest.fixture(params=commands())
def synthesizer(request: pytest.FixtureRequest) -> Iterator[Pyttsx3Synthesizer]:
    made = Pyttsx3Synthesizer(command=request.param, patience=0.2)
    yield made
    made.close()


def test_every_sentence_is_whole_and_not_only_the_first(synthesizer: Pyttsx3Synthesizer) -> None:
    engine = synthesizer._engine
    for sentence in SENTENCES:
        clip = synthesizer.speak(sentence)
        assert clip.rate == 22_050
        assert clip.seconds == pytest.approx(SECONDS_A_CHARACTER * len(sentence), abs=0.01)
    assert synthesizer._engine is engine, "the process had to be started again"


def test_a_file_that_somebody_holds_is_not_in_the_next_ones_way(synthesizer: Pyttsx3Synthesizer) -> None:
    """On Windows what is held open, by a virus scanner say, can neither be removed nor replaced."""
    engine = synthesizer._engine
    assert engine is not None
    synthesizer.speak(SENTENCES[0])
    for held in ("speech.wav", "speech-1.wav"):
        (engine.folder / held).mkdir()
    assert len(synthesizer.speak(SENTENCES[1]))
    assert synthesizer._engine is engine


def test_an_english_voice_is_chosen(synthesizer: Pyttsx3Synthesizer) -> None:
    assert synthesizer.voice.languages[0] == "en-us"
    assert synthesizer.voice.name in ("Microsoft Zira Desktop", "Microsoft Anna", "Samantha")


def test_the_chosen_voice_and_pace_reach_the_system() -> None:
    for command in (windows("from the queue"), macos()):
        one = Pyttsx3Synthesizer(command=command, rate=110)
        assert "110" in one.key
        assert one.voice.id in one.key
        one.speak("Again.")
        one.close()


def test_one_voice_that_windows_cannot_describe_does_not_hide_the_others() -> None:
    synthesizer = Pyttsx3Synthesizer("Microsoft Anna", command=windows("from the queue"))
    assert synthesizer.voice.languages[0] == "en-us"
    synthesizer.close()
    nameless = Pyttsx3Synthesizer("Broken", command=windows("from the queue"))
    assert nameless.voice.languages == ()
    assert nameless.voice.id.endswith("Broken")
    nameless.close()


def test_a_sentence_at_which_windows_fails_is_an_error_and_the_next_is_spoken() -> None:
    synthesizer = Pyttsx3Synthesizer(command=windows("from the queue"), patience=0.2)
    with pytest.raises(VoiceError, match="SPERR_DEVICE_BUSY"):
        synthesizer.speak("This will fail.")
    assert synthesizer.speak("This will not.").seconds == pytest.approx(SECONDS_A_CHARACTER * 14, abs=0.01)
    synthesizer.close()
