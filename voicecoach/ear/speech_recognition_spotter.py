"""Engines of the SpeechRecognition package: whole utterances through ``Recognizer.recognize_*``, their text matched.

A second opinion, not the default: an utterance is only understood after its end, and each engine loads its model again
for every one. ``Recognizer.listen`` is never used: with its defaults it did not return the word in 30 to 46 % of cases.
"""

from __future__ import annotations

import importlib.util
import math
import os
import queue
import re
import tempfile
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.decision import Rule
from voicecoach.ear.endpointing import Endpointer, Utterance
from voicecoach.ear.level import HOP
from voicecoach.ear.spotter import Detection
from voicecoach.errors import EarError
from voicecoach.session.commands import Phrase
from voicecoach.units import EAR_RATE

EXACT, CONTAINED = 1.0, 0.6
"""Scores: the phrase was all that was said, or part of something longer."""

_FILLERS = frozenset(["ah", "oh", "um", "uh", "er", "okay", "ok", "please", "well", "now", "hey"])
"""Words that change nothing."""

_WHISPER_MODEL = "base.en"

_MOST_UTTERANCES = 8
"""Utterances that may wait for a slow engine before the oldest is given up."""

Transcribe = Callable[[Any, Any, Collection[Phrase]], str]
"""``transcribe(recognizer, audio_data, armed)``: the text, empty where nothing was understood."""


class SpeechRecognitionSpotter:
    """One engine of the package. ``feed`` blocks while it recognises, or not at all with ``background``.

    In the background a detection comes with a later ``feed`` than the one that ended its utterance.
    """

    def __init__(self, engine: str, *, background: bool = False) -> None:
        """``engine``: sphinx, vosk or whisper. Raises EarError where its package or model is missing."""
        try:
            import speech_recognition
        except ImportError as error:
            raise EarError(
                "The package SpeechRecognition is missing. Install it with: pip install SpeechRecognition"
            ) from error
        self._transcribe = _engine(engine)
        self._audio_data: Any = speech_recognition.AudioData
        self._not_understood: type[Exception] = speech_recognition.UnknownValueError
        self._recognizer: Any = speech_recognition.Recognizer()
        self._name = engine
        self._endpointer = Endpointer()
        self._armed: tuple[Phrase, ...] = ()
        self._pending: Samples = np.zeros(0, dtype=np.float32)
        self._worker = _Worker(self._recognise) if background else None

    def arm(self, phrases: Collection[Phrase]) -> None:
        """From the next utterance on, match these."""
        self._armed = tuple(phrases)

    def feed(self, block: Samples) -> list[Detection]:
        """Take the next block; what was understood since the last one. Raises EarError where the engine failed."""
        found = self._worker.results() if self._worker else []
        joined = np.concatenate((self._pending, block))
        whole = len(joined) // HOP * HOP
        self._pending = joined[whole:]
        for start in range(0, whole, HOP):
            utterance = self._endpointer.feed(joined[start : start + HOP])
            if utterance is None:
                continue
            if self._worker:
                self._worker.take(utterance, self._armed)
            else:
                found += self._recognise(utterance, self._armed)
        return found

    def reset(self) -> None:
        """Forget the sound so far, and whatever is still being recognised."""
        self._endpointer.reset()
        self._pending = np.zeros(0, dtype=np.float32)
        if self._worker:
            self._worker.forget()

    def close(self) -> None:
        """Take no more utterances; one that is being recognised ends by itself."""
        if self._worker:
            self._worker.close()

    def _recognise(self, utterance: Utterance, armed: Collection[Phrase]) -> list[Detection]:
        pcm = np.clip(utterance.samples * 32768.0, -32768.0, 32767.0).astype("<i2").tobytes()
        try:
            text = self._transcribe(self._recognizer, self._audio_data(pcm, EAR_RATE, 2), armed)
        except self._not_understood:
            return []
        except Exception as error:
            raise EarError(f"The speech engine {self._name} failed: {error}") from error
        match = match_phrase(text, armed)
        if match is None:
            return []
        phrase, score = match
        return [Detection(phrase, score, utterance.start, utterance.end)]


def match_phrase(text: str, armed: Collection[Phrase]) -> tuple[Phrase, float] | None:
    """The longest armed phrase in what an engine wrote, and how sure that makes us; None where there is none."""
    words = [word for word in re.findall(r"[a-z']+", text.lower().replace("\u2019", "'")) if word != "'"]
    core = [word for word in words if word not in _FILLERS]
    for phrase in sorted(armed, key=lambda phrase: -len(phrase.text)):
        wanted = phrase.text.split()
        if wanted in (words, core):
            return phrase, EXACT
        if any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1)):
            return phrase, CONTAINED
    return None


def rule_for(text: str) -> Rule:
    """These engines judge whole utterances, so nothing has to stand out of its surroundings any more."""
    del text
    return Rule(firm=EXACT, weak=CONTAINED, alone=False)


class _Worker:
    """Recognises in a thread of its own; results and errors are picked up by whoever feeds."""

    def __init__(self, recognise: Callable[[Utterance, Collection[Phrase]], list[Detection]]) -> None:
        self._recognise = recognise
        self._work: queue.Queue[tuple[int, Utterance, Collection[Phrase]] | None] = queue.Queue()
        self._done: queue.SimpleQueue[tuple[int, list[Detection] | EarError]] = queue.SimpleQueue()
        self._stream = 0
        threading.Thread(target=self._run, name="recogniser", daemon=True).start()

    def take(self, utterance: Utterance, armed: Collection[Phrase]) -> None:
        if self._work.qsize() >= _MOST_UTTERANCES:
            raise EarError("The speech engine cannot keep up with what is said.")
        self._work.put((self._stream, utterance, armed))

    def results(self) -> list[Detection]:
        found: list[Detection] = []
        while not self._done.empty():
            stream, result = self._done.get()
            if isinstance(result, EarError):
                raise result
            if stream == self._stream:
                found += result
        return found

    def forget(self) -> None:
        self._stream += 1

    def close(self) -> None:
        self._work.put(None)

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            stream, utterance, armed = item
            try:
                self._done.put((stream, self._recognise(utterance, armed)))
            except EarError as error:
                self._done.put((stream, error))


def _engine(name: str) -> Transcribe:
    if name == "sphinx":
        _need_package("pocketsphinx", "pip install 'SpeechRecognition[pocketsphinx]'")
        return _sphinx
    if name == "vosk":
        _need_package("vosk", "pip install 'voicecoach[vosk]'")
        _need_model(_vosk_model(), "sprc download vosk")
        return lambda recognizer, audio, _armed: str(recognizer.recognize_vosk(audio))
    if name == "whisper":
        _need_package("whisper", "pip install 'voicecoach[whisper]'")
        _need_model(
            _whisper_cache() / f"{_WHISPER_MODEL}.pt",
            f"python -c \"import whisper; whisper.load_model('{_WHISPER_MODEL}')\"",
        )
        return lambda recognizer, audio, _armed: str(
            recognizer.recognize_whisper(audio, model=_WHISPER_MODEL, language="english")
        )
    raise EarError(f'SpeechRecognition has no engine "{name}" that this program knows: sphinx, vosk or whisper.')


def _need_package(name: str, command: str) -> None:
    if importlib.util.find_spec(name) is None:
        raise EarError(f"The speech engine's package {name} is not installed. Get it with: {command}")


def _need_model(path: Path, command: str) -> None:
    if not path.exists():
        raise EarError(f"The speech engine's model is not at {path}. Download it with: {command}")


def _vosk_model() -> Path:
    """The only place where ``recognize_vosk`` looks."""
    import speech_recognition

    return Path(speech_recognition.__file__).parent / "models" / "vosk"


def _whisper_cache() -> Path:
    """Where whisper keeps its models (``whisper.load_model``)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper"


def _sphinx(recognizer: Any, audio: Any, armed: Collection[Phrase]) -> str:
    """Keywords trigger, a grammar labels, and both must agree: keywords fire at anything, a grammar always answers.

    The strictest threshold that the package can express is 1e-10 (its sensitivity 1.0), too loose for short words.
    """
    spotted = recognizer.recognize_sphinx(audio, keyword_entries=[(p.text, _sensitivity(p.text)) for p in armed])
    with tempfile.TemporaryDirectory() as folder:  # new each time: its second reading of a grammar fails
        grammar = Path(folder) / "commands.gram"
        choices = " | ".join(phrase.text for phrase in armed)
        grammar.write_text(f"#JSGF V1.0;\ngrammar commands;\npublic <commands> = {choices};\n", encoding="utf-8")
        labelled = str(recognizer.recognize_sphinx(audio, grammar=str(grammar)))
    label = match_phrase(labelled, armed)  # a grammar also answers with the beginning of a phrase: "stop the"
    return label[0].text if label is not None and label[0].text in str(spotted) else ""


def _sensitivity(text: str) -> float:
    """The package makes a threshold of 10 ** (100 * sensitivity - 110): longer phrases reach lower scores."""
    letters = len(text.replace(" ", ""))
    return math.floor(max(0.6, 1.0 - 0.016 * max(0, letters - 4)) * 100) / 100
