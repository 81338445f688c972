"""The SpeechRecognition package: whole utterances through ``recognize_sphinx``, and its adapter for whisper.

A seam for other engines, not the listening loop: an utterance is only understood after its end, and the package
builds its decoder anew for each. ``Recognizer.listen`` is never used: with its defaults it did not return the word in
30 to 46 % of cases.
"""

from __future__ import annotations

import importlib.util
import math
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.decision import Rule
from voicecoach.ear.endpointing import Endpointer, Utterance
from voicecoach.ear.level import HOP
from voicecoach.ear.spotter import Detection
from voicecoach.ear.transcript import CONTAINED, EXACT, match_phrase
from voicecoach.ear.worker import Worker
from voicecoach.errors import EarError
from voicecoach.routine.languages import ENGLISH
from voicecoach.session.commands import Phrase
from voicecoach.units import EAR_RATE

_MISSING = "The package {} is missing. Install it with: pip install 'SpeechRecognition[pocketsphinx]'"


class SpeechRecognitionSpotter:
    """``recognize_sphinx`` as a spotter. ``feed`` blocks while it recognises, or not at all with ``background``.

    In the background a detection comes with a later ``feed`` than the one that ended its utterance.
    """

    def __init__(self, *, background: bool = False) -> None:
        """Raises EarError where one of its packages is missing."""
        try:
            import speech_recognition
        except ImportError as error:
            raise EarError(_MISSING.format("SpeechRecognition")) from error
        if importlib.util.find_spec("pocketsphinx") is None:
            raise EarError(_MISSING.format("pocketsphinx"))
        self._audio_data: Any = speech_recognition.AudioData
        self._not_understood: type[Exception] = speech_recognition.UnknownValueError
        self._recognizer: Any = speech_recognition.Recognizer()
        self._endpointer = Endpointer()
        self._armed: tuple[Phrase, ...] = ()
        self._pending: Samples = np.zeros(0, dtype=np.float32)
        self._worker = Worker(self._recognise) if background else None

    def arm(self, phrases: Collection[Phrase]) -> None:
        """From the next utterance on, match these."""
        self._armed = tuple(phrases)

    def feed(self, block: Samples) -> list[Detection]:
        """Take the next block; what was understood since the last one. Raises EarError where the engine failed."""
        found = self._finished()
        joined = np.concatenate((self._pending, block))
        whole = len(joined) // HOP * HOP
        self._pending = joined[whole:]
        for start in range(0, whole, HOP):
            utterance = self._endpointer.feed(joined[start : start + HOP])
            if utterance is None:
                continue
            if self._worker is None:
                found += self._recognise((utterance, self._armed))
            elif not self._worker.offer((utterance, self._armed)):
                raise EarError("The speech engine cannot keep up with what is said.")
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

    def _finished(self) -> list[Detection]:
        found: list[Detection] = []
        for result in self._worker.results() if self._worker else ():
            if isinstance(result, EarError):
                raise result
            found += result
        return found

    def _recognise(self, job: tuple[Utterance, Collection[Phrase]]) -> list[Detection]:
        utterance, armed = job
        try:
            text = _sphinx(self._recognizer, _audio(self._audio_data, utterance.samples), armed)
        except self._not_understood:
            return []
        except Exception as error:
            raise EarError(f"The speech engine sphinx failed: {error}") from error
        match = match_phrase(text, armed)
        if match is None:
            return []
        phrase, score = match
        return [Detection(phrase, score, utterance.start, utterance.end)]


def rule_for(text: str) -> Rule:
    """Whole utterances are judged, so nothing has to stand out of its surroundings any more."""
    del text
    return Rule(firm=EXACT, weak=CONTAINED, alone=False)


def whisper_writer(model: Any, language: str = ENGLISH) -> Callable[[Samples], str]:
    """What the package's whisper adapter makes of a stretch of sound (EAR_RATE), with a model that stays loaded.

    ``recognize_whisper`` itself loads its model again for every stretch. Raises EarError where the package is missing;
    so does what is returned, where whisper fails.
    """
    try:
        from speech_recognition import AudioData
        from speech_recognition.recognizers.whisper_local.base import WhisperCompatibleRecognizer
        from speech_recognition.recognizers.whisper_local.whisper import TranscribableAdapter
    except ImportError as error:
        raise EarError(_MISSING.format("SpeechRecognition")) from error
    spoken = language.split("-", maxsplit=1)[0]
    recognizer: Any = WhisperCompatibleRecognizer(TranscribableAdapter(model))

    def write(samples: Samples) -> str:
        try:
            # One temperature: by default whisper decodes what it is unsure of up to six times.
            text = recognizer.recognize(_audio(AudioData, samples), language=spoken, temperature=0.0, fp16=False)
            return str(text)
        except Exception as error:
            raise EarError(f"The speech engine whisper failed: {error}") from error

    return write


def _audio(audio_data: Any, samples: Samples) -> Any:
    pcm = np.clip(samples * 32768.0, -32768.0, 32767.0).astype("<i2").tobytes()
    return audio_data(pcm, EAR_RATE, 2)


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
