"""What every synthesizer must do: the same checks on a fake, on silence, and on pyttsx3 with each espeak-ng."""

import ctypes
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tiny_voice import write_voice

from voicecoach.audio.clip import Clip
from voicecoach.voice.piper_synthesizer import PiperSynthesizer
from voicecoach.voice.plain_text import plain_text
from voicecoach.voice.pyttsx3_synthesizer import Pyttsx3Synthesizer, engine_command
from voicecoach.voice.silent_synthesizer import SilentSynthesizer
from voicecoach.voice.synthesizer import Synthesizer


class ToneSynthesizer:
    """Hums 0.3 s for each word. Objects to a second thread."""

    key = "tone 1"

    def __init__(self) -> None:
        self.owner = threading.get_ident()

    def speak(self, text: str) -> Clip:
        assert threading.get_ident() == self.owner, "a synthesizer has one owner"
        count = 4800 * len(plain_text(text).split())
        return Clip((0.5 * np.sin(np.arange(count) * 0.1 + 0.3)).astype(np.float32), 16_000)

    def close(self) -> None:
        assert threading.get_ident() == self.owner, "a synthesizer has one owner"


ENGINES = ["bundled", "system"] if sys.platform.startswith("linux") else ["system"]


def has_system_espeak() -> bool:
    try:
        ctypes.CDLL("libespeak-ng.so.1")
    except OSError:
        return False
    return True


def spoken_by(name: str, folder: Path) -> Synthesizer:
    if name == "tone":
        return ToneSynthesizer()
    if name == "silent":
        return SilentSynthesizer(400)
    if name == "piper":
        pytest.importorskip("piper", reason="the piper extra is not installed")
        pytest.importorskip("onnx")
        return PiperSynthesizer(str(write_voice(folder)), 400)
    if name == "system" and sys.platform.startswith("linux") and not has_system_espeak():
        pytest.skip("this system has no espeak-ng; the bundled one is tested")
    return Pyttsx3Synthesizer(rate=400, command=engine_command(name))


def opened(name: str, folder: Path) -> Iterator[Synthesizer]:
    made = spoken_by(name, folder)
    yield made
    made.close()
    made.close()


@pytest.fixture(scope="module", params=["tone", "silent", "piper", *ENGINES])
def synthesizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesizer]:
    yield from opened(request.param, tmp_path_factory.mktemp("voice"))


@pytest.fixture(scope="module", params=["tone", "piper", *ENGINES])
def audible(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesizer]:
    yield from opened(request.param, tmp_path_factory.mktemp("voice"))


def test_it_says_what_its_sound_depends_on(synthesizer: Synthesizer) -> None:
    assert synthesizer.key
    assert synthesizer.key == synthesizer.key
    assert synthesizer.key.isprintable()


def test_it_speaks(synthesizer: Synthesizer) -> None:
    clip = synthesizer.speak("Let go slowly, and rest your hand in your lap.")
    assert 0.5 < clip.seconds < 6
    assert clip.rate >= 16_000
    assert np.isfinite(clip.samples).all()
    assert clip.peak <= 1


def test_there_is_no_silence_at_either_end(audible: Synthesizer) -> None:
    clip = audible.speak("Hold it there.")
    loud = np.flatnonzero(np.abs(clip.samples) > 0.01)
    assert loud[0] < 0.05 * clip.rate
    assert loud[-1] > len(clip) - 0.05 * clip.rate


def test_more_words_take_longer(synthesizer: Synthesizer) -> None:
    sentence = "Pull the fingers of your right hand gently back. "
    lengths = [synthesizer.speak(sentence * times).seconds for times in (1, 3, 9)]
    assert lengths[1] > 2 * lengths[0]
    assert lengths[2] > 2 * lengths[1]


def test_the_same_text_takes_as_long_again(synthesizer: Synthesizer) -> None:
    text = "Repetition three of five."
    lengths = [synthesizer.speak(text).seconds for _ in range(4)]
    assert max(lengths) - min(lengths) < 0.02


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_is_said_for_nothing(synthesizer: Synthesizer, text: str) -> None:
    assert len(synthesizer.speak(text)) == 0


@pytest.mark.parametrize(
    "text",
    [
        "He said \"hold\", 'hold', \u201chold\u201d and \u2018hold\u2019.",
        "Hold \U0001f600 your \U0001f469\u200d\U0001f9bd hand \u270b.",
        "Nul \0 bell \a escape \x1b[31m and \ud800 alone",
        "C:\\temp\\new %s {side} $HOME `id` ; rm &amp; | &",
        "Gr\u00fc\u00dfe, \u65e5\u672c\u8a9e, \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
        "[[inpt PHON]] [[rate 400]] hello",
        "hm" * 1000,
        "Hold it there. " * 70,
    ],
    ids=["quotes", "emoji", "control", "shell", "scripts", "commands", "one long word", "long"],
)
def test_any_text_is_safe(synthesizer: Synthesizer, text: str) -> None:
    assert synthesizer.speak(text).seconds > 0
    assert synthesizer.speak("And on.").seconds > 0


def test_markup_is_neither_obeyed_nor_read_out(audible: Synthesizer) -> None:
    plain = audible.speak("Hold your arm.").seconds
    assert audible.speak('Hold <break time="3s"/> your <b>arm.</b>').seconds == pytest.approx(plain, abs=0.05)
