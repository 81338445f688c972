"""Stands in for the package vosk: hears words in numbers, answers in the real formats, and objects to misuse.

What it does was watched in vosk 0.3.45 with a real model: results as its JSON writer prints them, partial results anew
every 0.24 s and 0.15 s behind, an end after 0.9 s of silence, times in seconds since the recogniser's first sample.
A word is spoken by a run of samples of its value in VALUES (times 1/32768); every other value is ``[unk]``. Where the
real library ends the process, this raises Died, which no code of ours catches.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

VOCABULARY = ("stop", "it", "hurts", "the", "session", "pause", "please", "yes", "no", "ow", "i'm", "in", "pain")
VALUES = {word: 100 * number for number, word in enumerate(VOCABULARY, 1)}
STEP, BEHIND, SILENCE, SHORTEST = 3840, 2400, 14400, 1600
FLICKER = 32000
"""This value is written down as "pause" for one step, and then no more."""

log_level = 0
loaded: list[str] = []


class Died(BaseException):
    """The real library would have ended the process here."""


def SetLogLevel(level: int) -> None:  # noqa: N802
    global log_level  # noqa: PLW0603
    log_level = level


class Model:
    def __init__(self, model_path: str | None = None, model_name: str | None = None, lang: str | None = None) -> None:
        if not isinstance(model_path, str) or model_name or lang:
            raise Died("without a path the library downloads a model by itself")
        if not (Path(model_path) / "am" / "final.mdl").exists():
            raise Exception("Failed to create a model")
        words = Path(model_path) / "words"
        self.words = words.read_text().split() if words.exists() else [*VALUES, "[unk]"]
        loaded.append(model_path)

    def vosk_model_find_word(self, word: str) -> int:
        return self.words.index(word) if word in self.words else -1


class KaldiRecognizer:
    def __init__(self, model: Model, rate: float, grammar: str) -> None:
        assert isinstance(model, Model)
        assert rate == 16_000
        assert isinstance(grammar, str)
        assert "\\u" not in grammar, "the library's JSON reader does not unescape"
        phrases = json.loads(grammar)
        self._known = {word for phrase in phrases for word in phrase.split() if model.vosk_model_find_word(word) >= 0}
        if not self._known:
            raise Died("a grammar without a word")
        self._words = self._running = self._voiced = False
        self._samples: list[int] = []
        self._heard: list[tuple[str, int, int]] = []
        self._begin = self._decoded = self._silence = 0

    def SetWords(self, enable_words: bool) -> None:  # noqa: N802
        self._words = enable_words

    def SetPartialWords(self, enable_partial_words: bool) -> None:  # noqa: N802
        assert not enable_partial_words, "partial results would come 1.8 s late"

    def SetGrammar(self, grammar: str) -> None:  # noqa: N802
        if self._running:
            raise Died(f"a new grammar while running: {grammar}")

    def AcceptWaveform(self, data: bytes) -> int:  # noqa: N802
        if type(data) is not bytes:
            raise TypeError(f"initializer for ctype 'char *' must be a bytes or list or tuple, not {type(data)}")
        assert len(data) % 2 == 0, "half a sample"
        self._running = True
        block = memoryview(data).cast("h").tolist()
        self._samples += block
        if any(block):
            self._silence, self._voiced = 0, True
        else:
            self._silence += len(block)
        decoded = max(self._begin, (len(self._samples) - BEHIND) // STEP * STEP)
        if decoded != self._decoded:
            self._decoded, self._heard = decoded, self._spoken(decoded)
        return int(self._voiced and self._silence >= SILENCE)

    def PartialResult(self) -> str:  # noqa: N802
        if not self._running:
            return _printed({"text": ""})
        flickers = [start for word, start, _ in self._heard if word == "FLICKER"]
        if flickers and self._decoded - flickers[-1] < STEP + SHORTEST:
            return _printed({"partial": "pause"})
        return _printed({"partial": " ".join(word for word, _, _ in self._heard if word != "FLICKER")})

    def Result(self) -> str:  # noqa: N802
        if not self._running:
            return _printed({"text": ""})
        heard = [entry for entry in self._spoken(len(self._samples)) if entry[0] != "FLICKER"]
        self._begin = self._decoded = len(self._samples)
        self._running = self._voiced = False
        self._heard = []
        text = " ".join(word for word, _, _ in heard)
        if not heard or not self._words:
            return _printed({"text": text})
        return _printed({"result": [_word(*entry) for entry in heard], "text": text})

    def _spoken(self, until: int) -> list[tuple[str, int, int]]:
        """Words of this utterance that ended before ``until``."""
        names = {value: word for word, value in VALUES.items() if word in self._known} | {FLICKER: "FLICKER"}
        spoken, at = [], self._begin
        for value, run in groupby(self._samples[self._begin : until]):
            length = len(list(run))
            if value and length >= SHORTEST:
                spoken.append((names.get(value, "[unk]"), at, at + length))
            at += length
        return spoken


def _word(word: str, start: int, end: int) -> dict[str, object]:
    return {"conf": 0.58 if word == "no" else 1.0, "end": end / 16_000, "start": start / 16_000, "word": word}


def _printed(result: dict[str, object]) -> str:
    """As the library's own JSON writer does."""
    fields = []
    for key, value in result.items():
        if isinstance(value, str):
            fields.append(f'  "{key}" : {json.dumps(value, ensure_ascii=False)}')
            continue
        assert isinstance(value, list)
        items = [
            "{\n"
            f'      "conf" : {word["conf"]:f},\n      "end" : {word["end"]:f},\n'
            f'      "start" : {word["start"]:f},\n      "word" : "{word["word"]}"\n'
            "    }"
            for word in value
        ]
        fields.append(f'  "{key}" : [{", ".join(items)}]')
    return "{\n" + ",\n".join(fields) + "\n}"
