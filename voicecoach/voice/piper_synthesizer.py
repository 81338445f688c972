"""Speaks with Piper: a neural voice from a file that the user has. Offline; an optional extra.

The engine lives in a process of its own (:mod:`voicecoach.voice.piper_process` says why), one for each synthesizer.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voicecoach.audio.clip import Clip
from voicecoach.errors import UsageError, VoiceError
from voicecoach.voice.engine_process import EngineLostError, EngineProcess
from voicecoach.voice.engine_synthesizer import EngineSynthesizer
from voicecoach.voice.synthesizer import DEFAULT_RATE, check_rate

ENDING = ".onnx"

WHERE_TO_GET_ONE = (
    "You can hear Piper's voices at https://rhasspy.github.io/piper-samples; to fetch one into this folder: "
    f"{Path(sys.executable).name} -m piper.download_voices en_US-ljspeech-medium"
)
"""That voice was made from recordings in the public domain; others have licences of their own, in their MODEL_CARD."""

_INSTALL = "pip install 'voicecoach[piper]'"

_PHONEMES = ("espeak", "text")
"""The others need further packages and downloads, and are for languages that the coach has no sentences in."""

_INPUTS = {"input", "input_lengths", "scales"}

_SENTENCE_PAUSE = 0.35
"""Seconds between two sentences at DEFAULT_RATE; Piper itself makes none. About what espeak-ng makes."""

_TRIM_THRESHOLD, _TRIM_MARGIN, _FADE = 0.005, 0.02, 0.005
"""A network's silence is a noise near -60 dBFS; what is under -46 at either end of a sentence is cut but for 20 ms."""

_START_SECONDS, _SPEAK_SECONDS, _SPEAK_SECONDS_A_CHARACTER = 60.0, 30.0, 0.3
"""How long an answer is waited for. A medium voice took 0.01 s a character on a laptop; a small board is 20 times
slower."""

_PACE_TEXT = (
    "Hold your right arm out in front of you. Keep the elbow straight.",
    "With your other hand, gently pull the fingers back toward your body.",
    "Let go slowly, and rest.",
)
"""Spoken to find out how fast a voice is: sentences as the routines have them."""

_APART = 0.25
_LEAST_SLOPE = 0.4
"""Of the speech that is proportional to the length scale, at least so much; one voice was measured at 0.65."""

_VERSION = 1
"""Raise it when the same file's speech changes by something in this file."""


class PiperError(VoiceError, UsageError):
    """Piper, or the voice that was asked for, is not there or not right; exit code 2."""


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """A voice that the user has: the network, and beside it, with ``.json`` behind its name, what belongs to it."""

    path: Path
    speaker: int | None
    """Which of its speakers; None where it has only one."""
    pace: float
    """The length scale that it calls normal."""
    digest: str
    """Of both files."""


class PiperSynthesizer(EngineSynthesizer[EngineProcess]):
    """A :class:`~voicecoach.voice.synthesizer.Synthesizer`: one voice file at one rate.

    Start-up takes about a second, a sentence a sixth of its length (two processors, a medium voice). Before it first
    speaks it finds out how fast the voice is: three sentences, twice.
    """

    def __init__(
        self,
        voice: str | None,
        rate: int = DEFAULT_RATE,
        *,
        command: Sequence[str] | None = None,
        patience: float = 1.0,
    ) -> None:
        """``voice`` is the path of an .onnx file, ``#`` and a speaker's name or number behind it where it has several.

        ``rate`` is in words a minute, as heard. ``command`` starts another program in the place of Piper's process;
        ``patience`` times as long as usual is waited for it. Raises PiperError, and UsageError for a rate outside
        RATES.
        """
        check_rate(rate)
        version = installed_version() if command is None else "another"
        self._file = find_voice_file(voice)
        super().__init__(f"The voice {self._file.path.name}")
        self._rate, self._patience = rate, patience
        self._command = command or [sys.executable, "-m", "voicecoach.voice.piper_process", str(self._file.path)]
        self._scale: float | None = None
        self._engine = self._start()
        missing = _INPUTS - set(self._engine.about.get("inputs", ()))
        if missing:
            self.close()
            raise PiperError(
                f"{self._file.path} is a neural network, but none of Piper's voices: it has no input called "
                f"{' or '.join(sorted(missing))}. {WHERE_TO_GET_ONE}"
            )
        self.key = f"piper-tts {version} {self._file.digest} {self._file.speaker} {rate} {_VERSION}"

    def _spoken(self, words: str) -> Clip:
        if self._scale is None:
            self._scale = fitted_scale(self._pace_seconds, self._file.pace, _pace_words() * 60 / self._rate)
        return self._spoken_at(self._scale, words)

    def _pace_seconds(self, scale: float) -> float:
        return sum(self._spoken_at(scale, text).seconds for text in _PACE_TEXT)

    def _spoken_at(self, scale: float, words: str) -> Clip:
        request = {"text": words, "scale": scale, "speaker": self._file.speaker}
        answer, clip = self._ask(request, _SPEAK_SECONDS + _SPEAK_SECONDS_A_CHARACTER * len(words))
        clip = self._joined(clip, answer.get("ends", ()))
        if not len(clip):
            raise EngineLostError("it gave only silence")
        return clip

    def _joined(self, clip: Clip, ends: Sequence[int]) -> Clip:
        """The sentences, each trimmed, with a pause between them."""
        pause = np.zeros(round(_SENTENCE_PAUSE * DEFAULT_RATE / self._rate * clip.rate), np.float32)
        parts: list[Any] = []
        for start, end in zip((0, *ends), ends, strict=False):
            sentence = Clip(clip.samples[start:end], clip.rate).trimmed(
                _TRIM_THRESHOLD, round(_TRIM_MARGIN * clip.rate)
            )
            if len(sentence):
                parts += [pause, sentence.faded(round(_FADE * clip.rate)).samples]
        return Clip(np.concatenate(parts[1:]) if parts else clip.samples[:0], clip.rate)

    def _start(self) -> EngineProcess:
        try:
            return EngineProcess(self._command, _START_SECONDS, self._patience)
        except VoiceError as error:
            raise PiperError(
                f"{self._file.path} cannot be loaded: it is damaged, or it is none of Piper's voices. "
                f"{WHERE_TO_GET_ONE} (What failed: {_first_line(error)})"
            ) from error


def fitted_scale(seconds_at: Callable[[float], float], normal: float, wanted: float) -> float:
    """The length scale at which speech takes ``wanted`` seconds, measured at ``normal`` and at one other.

    Between the two a straight line is drawn: a part of speech, its pauses above all, takes as long at any scale. The
    other one is a guess, or further away: speech is never twice as long to the hundredth, and near each other the two
    would measure that.
    """
    first = seconds_at(normal)
    guess = min(max(normal * wanted / first, normal / 4), normal * 4)
    other = guess if abs(guess / normal - 1) > _APART else normal * (1 + 2 * _APART)
    slope = (seconds_at(other) - first) / (other - normal)
    slope = min(max(slope, _LEAST_SLOPE * first / normal), first / normal)
    return min(max(normal + (wanted - first) / slope, normal / 5), normal * 5)


def names_a_file(voice: str) -> bool:
    """Whether ``--voice`` means a voice file rather than an installed voice."""
    return Path(voice.partition("#")[0]).suffix.lower() == ENDING


def find_voice_file(voice: str | None) -> VoiceFile:
    """The voice file that ``--voice`` names, checked as far as that goes without loading it. Raises PiperError."""
    if voice is None:
        raise PiperError(f"--voice-engine piper needs a voice file: --voice FILE{ENDING}. {WHERE_TO_GET_ONE}")
    name, _, speaker = voice.rpartition("#") if "#" in voice and not Path(voice).exists() else (voice, "", "")
    path = Path(name).expanduser()
    about = Path(f"{path}.json")
    if path.suffix.lower() != ENDING:
        raise PiperError(f"{path} is no voice file of Piper's: their names end in {ENDING}. {WHERE_TO_GET_ONE}")
    if not path.is_file():
        raise PiperError(f"There is no voice file {path}. {WHERE_TO_GET_ONE}")
    if not about.is_file():
        raise PiperError(
            f"{about.name} is missing: a voice of Piper's is two files, and this one belongs beside {path.name}. "
            "Copy it from where you got the voice."
        )
    try:
        written = about.read_bytes()
        settings = json.loads(written)
        rate, count = settings["audio"]["sample_rate"], settings["num_speakers"]
        phonemes, speakers = settings.get("phoneme_type", "espeak"), settings.get("speaker_id_map") or {}
        pace = float(settings.get("inference", {}).get("length_scale", 1.0))
        sound = isinstance(settings["phoneme_id_map"], dict) and 8_000 <= rate <= 192_000 and count >= 1 and pace > 0
    except OSError as error:
        raise PiperError(f"{about} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PiperError(_wrong(about)) from error
    if not sound:
        raise PiperError(_wrong(about))
    if phonemes not in _PHONEMES:
        raise PiperError(f"{path.name} is a voice for a language that the coach does not speak. {WHERE_TO_GET_ONE}")
    return VoiceFile(path.resolve(), _speaker(path, speaker, int(count), speakers), pace, _digest(path, written))


def installed_version() -> str:
    """Of the package piper-tts. Raises PiperError where it is missing or too old."""
    try:
        version = importlib.metadata.version("piper-tts")
    except importlib.metadata.PackageNotFoundError:
        raise PiperError(f"--voice-engine piper needs an extra: {_INSTALL}") from None
    numbers = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    if numbers < [1, 3]:
        raise PiperError(f"piper-tts {version} is too old, 1.3 is needed: {_INSTALL} --upgrade")
    return version


def _speaker(path: Path, wanted: str, count: int, speakers: dict[str, int]) -> int | None:
    if not wanted:
        return 0 if count > 1 else None
    if wanted in speakers:
        return int(speakers[wanted])
    if wanted.isascii() and wanted.isdigit() and int(wanted) < count:
        return int(wanted) if count > 1 else None
    near = difflib.get_close_matches(wanted, sorted(speakers), n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise PiperError(f'{path.name} has {count} speakers, 0 to {count - 1}; none of them is "{wanted}".{hint}')


def _digest(path: Path, settings: bytes) -> str:
    digest = hashlib.sha256(settings)
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise PiperError(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()[:32]


def _wrong(about: Path) -> str:
    return f"{about} is not what belongs to a voice of Piper's, or it is damaged. Copy it again from where you got it."


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _pace_words() -> int:
    return sum(len(text.split()) for text in _PACE_TEXT)
