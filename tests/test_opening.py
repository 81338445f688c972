"""Who may start a session, and on what: nobody is left alone with exercises and no way to end them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from voicecoach.audio.miniaudio_device import DeviceInfo
from voicecoach.audio.null_device import NullDevice
from voicecoach.errors import RefusedError, UsageError, VoiceError
from voicecoach.opening import (
    Consent,
    Devices,
    Speech,
    find_devices,
    name_pair,
    open_speech,
    open_synthesizer,
    refuse_unsafe,
)
from voicecoach.routine.library import find
from voicecoach.routine.loader import load
from voicecoach.session.standing import Hurt, Standing
from voicecoach.units import STREAM_RATE
from voicecoach.voice.piper_synthesizer import PiperError
from voicecoach.voice.pyttsx3_synthesizer import UnknownVoiceError
from voicecoach.voice.silent_synthesizer import SilentSynthesizer

WRIST, TOUR = load(find("wrist-stretches")), load(find("tour"))
HEARING = Devices(NullDevice, has_microphone=True)
DEAF = Devices(NullDevice, has_microphone=False)
NOTHING = Devices(NullDevice, has_microphone=False, sounds=False)


def consent(*given: str) -> Consent:
    return Consent("no_mic" in given, "approved" in given, "unattended" in given)


def test_a_pair_of_devices_has_a_name_of_its_own() -> None:
    laptop = DeviceInfo("Laptop", False, True), DeviceInfo("Laptop", True, True)
    other = DeviceInfo("USB", True, False)
    assert name_pair((*laptop, other)) == name_pair(laptop)
    assert name_pair((laptop[0], DeviceInfo("USB", True, True))) != name_pair(laptop)
    assert name_pair([]) != name_pair(laptop)


def test_with_a_microphone_nothing_is_refused_and_nothing_warned_of() -> None:
    assert refuse_unsafe(WRIST, False, HEARING, False, consent(), Standing()) is None


@pytest.mark.parametrize(
    ("devices", "has_keys", "given"),
    [
        (DEAF, True, ("approved",)),  # a loudspeaker, no microphone: only on purpose
        (DEAF, False, ("no_mic",)),  # nobody could answer the question
        (NOTHING, True, ()),
        (NOTHING, False, ("approved",)),
        (NOTHING, False, ("approved", "no_mic")),
        (NOTHING, False, ("unattended",)),
    ],
)
def test_a_deaf_session_that_needs_approval_is_refused(
    devices: Devices, has_keys: bool, given: tuple[str, ...]
) -> None:
    with pytest.raises(RefusedError) as refused:
        refuse_unsafe(WRIST, False, devices, has_keys, consent(*given), Standing())
    assert refused.value.exit_code == 12
    assert "--" in str(refused.value)


@pytest.mark.parametrize(
    ("devices", "has_keys", "given"),
    [
        (DEAF, True, ("no_mic",)),
        (DEAF, False, ("no_mic", "approved")),
        (NOTHING, True, ("approved",)),
        (NOTHING, False, ("approved", "unattended")),
    ],
)
def test_a_deaf_session_starts_with_a_warning_where_the_user_chose_it(
    devices: Devices, has_keys: bool, given: tuple[str, ...]
) -> None:
    warning = refuse_unsafe(WRIST, False, devices, has_keys, consent(*given), Standing())
    assert warning is not None
    assert ("keys" in warning) is has_keys


def test_an_approval_that_was_given_before_needs_no_answer() -> None:
    known = Standing(approved=True)
    assert refuse_unsafe(WRIST, False, DEAF, False, consent("no_mic"), known) is not None


@pytest.mark.parametrize("given", [("no_mic", "approved"), ("approved", "unattended")])
def test_after_pain_nothing_starts_where_nobody_could_answer(given: tuple[str, ...]) -> None:
    hurt = Standing(approved=True, hurts=(Hurt("s", "Pull"),))
    with pytest.raises(RefusedError, match="spoken to your doctor"):
        refuse_unsafe(WRIST, False, DEAF, False, consent(*given), hurt)
    assert refuse_unsafe(WRIST, False, DEAF, True, consent(*given), hurt) is not None
    assert refuse_unsafe(WRIST, False, HEARING, False, consent(*given), hurt) is None


def test_the_tour_runs_where_there_is_nothing() -> None:
    assert refuse_unsafe(TOUR, True, NOTHING, False, consent(), Standing()) is not None


def test_an_unknown_device_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="bogus"):
        find_devices("bogus", listen=True)


def test_a_file_stands_in_for_loudspeaker_and_microphone() -> None:
    assert not find_devices("file:out.wav", listen=True).has_microphone
    assert find_devices("file:out.wav,in.wav", listen=True).has_microphone
    assert not find_devices("file:out.wav,in.wav", listen=False).has_microphone


class Hoarse(SilentSynthesizer):
    """Fails at one sentence."""

    def speak(self, text: str):  # type: ignore[no-untyped-def]
        if text == "two":
            raise VoiceError("hoarse")
        return super().speak(text)


@pytest.fixture
def speech(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Speech]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    speech = Speech(Hoarse, 155, ("one", "two"))
    yield speech
    speech.close()


def test_a_sentence_that_the_voice_fails_at_is_silent_for_as_long_as_reading_takes(speech: Speech) -> None:
    told: list[tuple[int, int]] = []
    clip_of = speech.clips_at(1.0, lambda done, of: told.append((done, of)))
    assert clip_of("two").rate == STREAM_RATE
    assert len(clip_of("two")) >= STREAM_RATE
    assert isinstance(speech.failure, VoiceError)
    assert told == [(1, 2), (2, 2)]


def test_the_name_of_a_voice_tells_the_engine_unless_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(PiperError, match="no voice file"):
        open_synthesizer(str(tmp_path / "none.onnx"), 155)
    with pytest.raises(PiperError, match="no voice file"):
        open_synthesizer(f"{tmp_path / 'none.ONNX'}#3", 155)
    with pytest.raises(UnknownVoiceError):
        open_synthesizer(str(tmp_path / "none.onnx"), 155, "pyttsx3")
    with pytest.raises(PiperError, match="names end in"):
        open_synthesizer("en-us", 155, "piper")


def test_a_voice_that_was_asked_for_and_is_not_there_is_no_silent_session(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no voice file"):
        open_speech(str(tmp_path / "none.onnx"), 155, ["Hello."])
