"""Piper with a tiny voice made here: its files, its pace, and what is said where something is missing or wrong."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tiny_voice import RATE, network, settings, write_voice

from voicecoach.audio.clip import Clip
from voicecoach.errors import UsageError, VoiceError
from voicecoach.voice.piper_synthesizer import (
    PiperError,
    PiperSynthesizer,
    find_voice_file,
    fitted_scale,
    installed_version,
)

needs_piper = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("piper", "onnx"))), reason="the piper extra is not installed"
)
needs_onnx = pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="onnx is not installed")

PROMPTS = [
    "Hold your right arm out in front of you. Keep the elbow straight. Turn the palm forward, as if to halt traffic.",
    "With your other hand, gently pull the fingers back toward your body until you feel a light stretch.",
    "Let go slowly, and rest your hand in your lap.",
    "Next comes the wrist flexion stretch, on the left side.",
]


def pitch(clip: Clip) -> float:
    spectrum = np.abs(np.fft.rfft(clip.samples * np.hanning(len(clip))))
    return float(spectrum.argmax()) * clip.rate / len(clip)


class TestFiles:
    def files(self, folder: Path, content: str | None = None) -> str:
        (folder / "v.onnx").write_bytes(b"a network")
        (folder / "v.onnx.json").write_text(json.dumps(settings()) if content is None else content, "utf-8")
        return str(folder / "v.onnx")

    def test_no_voice_says_what_is_needed_and_where_it_is(self) -> None:
        with pytest.raises(PiperError, match=r"--voice FILE\.onnx.*piper-samples.*download_voices") as caught:
            find_voice_file(None)
        assert caught.value.exit_code == 2

    @pytest.mark.parametrize(
        ("name", "reason"), [("none.onnx", "no voice file .*none.onnx"), ("voice.bin", r"end in \.onnx")]
    )
    def test_what_is_not_there_is_named(self, tmp_path: Path, name: str, reason: str) -> None:
        with pytest.raises(PiperError, match=reason):
            find_voice_file(str(tmp_path / name))

    def test_a_missing_second_file_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "v.onnx").write_bytes(b"a network")
        with pytest.raises(PiperError, match=r"v\.onnx\.json is missing.*beside v\.onnx"):
            find_voice_file(str(tmp_path / "v.onnx"))

    @pytest.mark.parametrize(
        "content",
        ["", "{", "[]", "7", "{}", '{"audio": 3}', json.dumps(settings(num_speakers=0)),
         json.dumps(settings(audio={"sample_rate": "fast"})), json.dumps(settings(phoneme_id_map=None)),
         json.dumps(settings(inference={"length_scale": 0}))],
    )  # fmt: skip
    def test_a_second_file_that_is_something_else_is_named(self, tmp_path: Path, content: str) -> None:
        with pytest.raises(PiperError, match=r"v\.onnx\.json is not what belongs"):
            find_voice_file(self.files(tmp_path, content))

    def test_a_language_without_sentences_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(PiperError, match="language"):
            find_voice_file(self.files(tmp_path, json.dumps(settings(phoneme_type="pinyin"))))

    def test_what_it_is_known_by_is_what_is_in_both_files(self, tmp_path: Path) -> None:
        path = self.files(tmp_path)
        first = find_voice_file(path).digest
        os.utime(path, (1, 1))
        assert find_voice_file(path).digest == first
        Path(path).write_bytes(b"b network")
        second = find_voice_file(path).digest
        Path(f"{path}.json").write_text(json.dumps(settings(hop_length=128)), "utf-8")
        assert len({first, second, find_voice_file(path).digest}) == 3

    def test_speakers_are_known_by_name_and_number(self, tmp_path: Path) -> None:
        path = self.files(tmp_path, json.dumps(settings(speakers=3)))
        assert [find_voice_file(path + end).speaker for end in ("", "#2", "#p201")] == [0, 2, 1]
        for wrong in ("#3", "#p20x", "#-1"):
            with pytest.raises(PiperError, match="3 speakers, 0 to 2"):
                find_voice_file(path + wrong)

    def test_a_single_speaker_has_no_number(self, tmp_path: Path) -> None:
        assert find_voice_file(self.files(tmp_path)).speaker is None


class TestPace:
    @pytest.mark.parametrize("fixed", [0.0, 1.0, 3.0])
    @pytest.mark.parametrize("wanted", [6.0, 10.0, 15.0])
    def test_two_measurements_are_enough_where_a_part_never_changes(self, fixed: float, wanted: float) -> None:
        scale = fitted_scale(lambda scale: fixed + 7 * scale, 1.0, wanted)
        assert fixed + 7 * scale == pytest.approx(wanted)

    @pytest.mark.parametrize("wanted", [6.0, 6.9, 7.0, 7.2, 12.0])
    def test_speech_that_is_never_twice_as_long_is_met_within_a_tenth(self, wanted: float) -> None:
        random = np.random.default_rng(3)
        for _ in range(50):
            scale = fitted_scale(lambda scale: (2 + 5 * scale) * random.uniform(0.97, 1.03), 1.0, wanted)
            assert 2 + 5 * scale == pytest.approx(wanted, rel=0.1)

    def test_a_voice_that_knows_no_tempo_is_left_alone(self) -> None:
        assert 0.2 <= fitted_scale(lambda scale: 5.0, 1.0, 8.0) <= 4

    def test_no_scale_is_absurd(self) -> None:
        assert fitted_scale(lambda scale: scale, 1.0, 1e6) <= 5
        assert fitted_scale(lambda scale: scale, 1.0, 1e-6) >= 0.2


class TestPackage:
    def version(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str | None) -> None:
        """Another installation comes first on the path."""
        if version is not None:
            info = tmp_path / f"piper_tts-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: piper-tts\nVersion: {version}\n")
        monkeypatch.setattr(sys, "path", [str(tmp_path)])

    def test_where_it_is_missing_the_extra_is_named(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.version(monkeypatch, tmp_path, None)
        with pytest.raises(PiperError, match=r"pip install 'voicecoach\[piper\]'"):
            installed_version()

    def test_one_that_is_too_old_is_named(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.version(monkeypatch, tmp_path, "1.2.0")
        with pytest.raises(PiperError, match=r"1\.2\.0 is too old"):
            installed_version()

    @pytest.mark.parametrize("version", ["1.3.0", "1.10.1", "2.0"])
    def test_later_ones_will_do(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str) -> None:
        self.version(monkeypatch, tmp_path, version)
        assert installed_version() == version


@pytest.fixture(scope="module")
def synthesizer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PiperSynthesizer]:
    made = PiperSynthesizer(str(write_voice(tmp_path_factory.mktemp("voice"))))
    yield made
    made.close()


@needs_piper
class TestRealEngine:
    def test_it_speaks_at_the_voices_own_rate(self, synthesizer: PiperSynthesizer) -> None:
        clip = synthesizer.speak("Let go slowly, and rest.")
        assert clip.rate == RATE
        assert pitch(clip) == pytest.approx(0.08 * RATE / 2 / np.pi, rel=0.02)
        assert 0.2 < clip.peak < 0.35

    @pytest.mark.parametrize("rate", [110, 155, 200])
    def test_the_pace_is_that_which_is_asked_for(self, tmp_path: Path, rate: int) -> None:
        synthesizer = PiperSynthesizer(str(write_voice(tmp_path)), rate)
        words = sum(len(prompt.split()) for prompt in PROMPTS)
        seconds = sum(synthesizer.speak(prompt).seconds for prompt in PROMPTS)
        synthesizer.close()
        assert words / seconds * 60 == pytest.approx(rate, rel=0.1)

    def test_a_voice_that_calls_another_tempo_normal_is_as_fast(self, tmp_path: Path) -> None:
        slow = settings()["inference"] | {"length_scale": 2.0}
        seconds = []
        for name, changes in (("one", {}), ("two", {"inference": slow})):
            synthesizer = PiperSynthesizer(str(write_voice(tmp_path, name, **changes)))
            seconds.append(synthesizer.speak(PROMPTS[0]).seconds)
            synthesizer.close()
        assert seconds[0] == pytest.approx(seconds[1], rel=0.02)

    def test_espeaks_phonemes_are_spoken_with_a_pause_between_sentences(self, tmp_path: Path) -> None:
        synthesizer = PiperSynthesizer(str(write_voice(tmp_path, phoneme_type="espeak")))
        clip = synthesizer.speak("Let go slowly. Rest your hand.")
        synthesizer.close()
        window = round(0.05 * clip.rate)
        level = [float(np.abs(clip.samples[at : at + window]).max()) for at in range(0, len(clip) - window, window)]
        quiet = [value < 0.001 for value in level]
        assert 4 <= sum(quiet) <= 9  # 0.35 s
        assert not quiet[0]
        assert not quiet[-1]

    def test_each_speaker_has_a_voice_and_a_key(self, tmp_path: Path) -> None:
        path = str(write_voice(tmp_path, speakers=3))
        spoken, keys = [], set()
        for end in ("", "#p201", "#2"):
            synthesizer = PiperSynthesizer(path + end)
            spoken.append(pitch(synthesizer.speak("Rest your hand.")))
            keys.add(synthesizer.key)
            synthesizer.close()
        assert spoken == pytest.approx([spoken[0], 2 * spoken[0], 3 * spoken[0]], rel=0.02)
        assert len(keys) == 3

    def test_the_key_names_engine_voice_and_rate(self, tmp_path: Path, synthesizer: PiperSynthesizer) -> None:
        faster = PiperSynthesizer(str(write_voice(tmp_path)), 200)
        faster.close()
        assert importlib.metadata.version("piper-tts") in synthesizer.key
        assert faster.key.replace(" 200 ", " 155 ") == synthesizer.key  # the same content in another folder
        other = PiperSynthesizer(str(write_voice(tmp_path, "b", hop_length=128)))
        other.close()
        assert other.key != synthesizer.key

    @pytest.mark.parametrize("text", ["", "  ", "<b></b>", "\U0001f600"])
    def test_nothing_is_said_for_nothing(self, synthesizer: PiperSynthesizer, text: str) -> None:
        assert len(synthesizer.speak(text)) == 0

    @pytest.mark.parametrize("text", ["[[h@l@U]] hold", "Nul \0 bell \a \x1b[31m", "日本語 hold", "hm" * 500])
    def test_any_text_is_safe(self, synthesizer: PiperSynthesizer, text: str) -> None:
        assert synthesizer.speak(text).seconds > 0
        assert synthesizer.speak("And on.").seconds > 0

    def test_it_starts_again_after_close_and_prints_nothing(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        synthesizer = PiperSynthesizer(str(write_voice(tmp_path)))
        synthesizer.close()
        synthesizer.close()
        assert len(synthesizer.speak("Here again."))
        synthesizer.close()
        assert capfd.readouterr() == ("", "")

    def test_a_truncated_file_is_named(self, tmp_path: Path) -> None:
        path = write_voice(tmp_path)
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(PiperError, match=r"tiny\.onnx cannot be loaded: it is damaged") as caught:
            PiperSynthesizer(str(path))
        assert "\n" not in str(caught.value)
        assert "Traceback" not in str(caught.value)

    @pytest.mark.parametrize("content", [b"", b"GIF89a" * 50])
    def test_so_is_one_that_is_no_network(self, tmp_path: Path, content: bytes) -> None:
        path = write_voice(tmp_path)
        path.write_bytes(content)
        with pytest.raises(PiperError, match=r"tiny\.onnx cannot be loaded"):
            PiperSynthesizer(str(path))

    def test_a_network_that_is_no_voice_is_named(self, tmp_path: Path) -> None:
        path = write_voice(tmp_path)
        path.write_bytes(network(rename={"input": "pixels", "scales": "colours"}))
        with pytest.raises(PiperError, match="none of Piper's voices: it has no input called input or scales"):
            PiperSynthesizer(str(path))


HELLO = """
import json, os, sys, wave
def reply(answer): print(json.dumps(answer), flush=True)
def hello(): reply({"engine": "stub", "inputs": ["input", "input_lengths", "scales"]})
def write(file, seconds, level=16000):
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 2, 16000, 0, "NONE", ""))
        wav.writeframes(level.to_bytes(2, "little") * int(16000 * seconds))
def spoken(request, seconds=None):
    seconds = len(request["text"].split()) * 0.4 * request["scale"] if seconds is None else seconds
    write(request["file"], seconds)
    reply({"ends": [int(16000 * seconds)]})
"""


@pytest.fixture
def stub(tmp_path: Path) -> Callable[[str], PiperSynthesizer]:
    """A synthesizer whose process is what the test says."""
    (tmp_path / "v.onnx").write_bytes(b"a network")
    (tmp_path / "v.onnx.json").write_text(json.dumps(settings()), "utf-8")

    def make(body: str) -> PiperSynthesizer:
        script = tmp_path / "stub.py"
        script.write_text(HELLO + textwrap.dedent(body), "utf-8")
        return PiperSynthesizer(str(tmp_path / "v.onnx"), command=[sys.executable, str(script)], patience=0.05)

    return make


class TestMisbehavingProcess:
    def test_a_good_one_speaks_at_the_pace(self, stub: Callable[[str], PiperSynthesizer]) -> None:
        synthesizer = stub("hello()\nfor line in sys.stdin: spoken(json.loads(line))")
        clip = synthesizer.speak("one two three four five")
        synthesizer.close()
        assert clip.seconds == pytest.approx(5 * 60 / 155, rel=0.1)

    @pytest.mark.parametrize("body", ["sys.exit(3)", "print('what?', flush=True)", "import time; time.sleep(60)"])
    def test_one_that_does_not_start_gives_one_message(
        self, stub: Callable[[str], PiperSynthesizer], body: str
    ) -> None:
        with pytest.raises(PiperError, match="cannot be loaded"):
            stub(body)

    def test_one_that_dies_is_replaced_within_the_sentence(
        self, stub: Callable[[str], PiperSynthesizer], tmp_path: Path
    ) -> None:
        synthesizer = stub(f"""
            hello()
            for line in sys.stdin:
                if not os.path.exists({str(tmp_path / "died")!r}):
                    open({str(tmp_path / "died")!r}, "w").close()
                    os._exit(1)
                spoken(json.loads(line))
        """)
        assert len(synthesizer.speak("Hello there."))
        synthesizer.close()

    @pytest.mark.parametrize(
        ("act", "reason"),
        [("reply({'ends': []})", "no sound"), ("spoken(request, 0)", "silence"), ("os._exit(1)", "end")],
    )
    def test_one_that_says_nothing_is_found_out(
        self, stub: Callable[[str], PiperSynthesizer], act: str, reason: str
    ) -> None:
        synthesizer = stub(f"hello()\nfor line in sys.stdin:\n    request = json.loads(line)\n    {act}")
        with pytest.raises(VoiceError, match=rf'v\.onnx failed at "Hello\.".*{reason}'):
            synthesizer.speak("Hello.")
        synthesizer.close()

    def test_an_absurd_pace_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="95 to 400"):
            PiperSynthesizer(str(tmp_path / "v.onnx"), 20)
