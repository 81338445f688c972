"""``--engine whisper`` on a stand-in for whisper, through SpeechRecognition's real adapter."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from voicecoach.ear.engines import deaf_witness, make_hearing, make_spotter
from voicecoach.ear.second_opinion import SecondOpinion
from voicecoach.ear.speech_recognition_spotter import whisper_writer
from voicecoach.ear.whisper_model import load_whisper
from voicecoach.errors import EarError


class Whisper:
    """A loaded model: answers in whisper's format, and takes nothing but what whisper takes."""

    text = " It hurts."

    def transcribe(self, audio: np.ndarray, **options: object) -> dict[str, object]:
        assert audio.dtype == np.float32
        assert audio.ndim == 1
        assert np.abs(audio).max() <= 1.0
        assert options == {"language": "en", "temperature": 0.0, "fp16": False}
        if not self.text:
            raise RuntimeError("out of memory")
        segment = {"id": 0, "seek": 0, "start": 0.0, "end": 1.0, "text": self.text, "tokens": [632, 14406]}
        segment |= {"temperature": 0.0, "avg_logprob": -0.3, "compression_ratio": 0.5, "no_speech_prob": 0.02}
        return {"text": self.text, "segments": [segment], "language": "en"}


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The stand-in in whisper's place; what it was asked to load."""
    loaded: list[str] = []

    def load_model(name: str) -> Whisper:
        assert Path(name).is_file(), "by its name whisper would download it"
        loaded.append(name)
        if not Path(name).stat().st_size:
            raise RuntimeError("unexpected EOF")
        return Whisper()

    stand_in = ModuleType("whisper")
    stand_in.load_model = load_model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "whisper", stand_in)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return loaded


def put(folder: Path, content: str = "weights") -> None:
    (folder / "whisper").mkdir()
    (folder / "whisper" / "base.en.pt").write_text(content)


def test_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "whisper", None)
    with pytest.raises(EarError, match=r"pip install 'voicecoach\[whisper\]'$"):
        make_spotter("whisper")


def test_a_missing_model_says_where_it_belongs_and_names_the_command(package: list[str], tmp_path: Path) -> None:
    with pytest.raises(EarError, match=r"base\.en\.pt\. Download it \(145 MB\) with: python -c") as caught:
        make_spotter("whisper")
    assert str(tmp_path) in str(caught.value)
    assert package == []


def test_a_damaged_model_says_how_to_replace_it(package: list[str], tmp_path: Path) -> None:
    put(tmp_path, "")
    with pytest.raises(EarError, match=r"cannot be loaded \(unexpected EOF\)\. Remove it, then run: python -c"):
        load_whisper()


def test_the_model_is_read_from_the_disk_once(package: list[str], tmp_path: Path) -> None:
    put(tmp_path)
    assert load_whisper() is load_whisper()
    assert package == [str(tmp_path / "whisper" / "base.en.pt")]


def test_the_packages_adapter_writes_down_what_the_model_hears() -> None:
    write = whisper_writer(Whisper())
    assert write(np.full(8000, 1.5, dtype=np.float32)) == " It hurts."
    assert write(np.zeros(8000, dtype=np.float32)) == " It hurts."


def test_a_failing_model_is_said_to_have_failed() -> None:
    model = Whisper()
    model.text = ""
    with pytest.raises(EarError, match="whisper failed: out of memory"):
        whisper_writer(model)(np.zeros(8000, dtype=np.float32))


def test_the_whole_chain_runs_on_it(package: list[str], tmp_path: Path) -> None:
    put(tmp_path)
    spotter = make_spotter("whisper")
    assert isinstance(spotter, SecondOpinion)
    spotter.close()
    hearing = make_hearing("whisper")
    assert hearing.feed(np.zeros(48_000, dtype=np.float32)) == []
    hearing.close()
    assert deaf_witness("whisper") == deaf_witness("both")
