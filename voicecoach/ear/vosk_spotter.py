"""Vosk on the running stream: a closed grammar of the armed phrases and ``[unk]`` for everything else.

Vosk writes down what it takes the sound since the last result for, anew every 0.24 s, and often changes its mind once
("partial results", without times or confidence). A phrase that stood there for STOOD is told with an estimate of where
it was. The utterance ends after about a second of silence, with times and a confidence for each word; what was not
told yet, or is surer now, is told then. Measured with Vosk 0.3.45 and its small Korean model, since that one comes in a
package; nothing has been measured on English yet.

What the library does, and this file avoids: with ``SetPartialWords(True)`` no partial result came before the end of a
command's utterance; ending an utterance early, for its confidence, cuts the word's tail off and hears another word
in it; ``SetGrammar`` on a running recogniser and an empty grammar end the whole process; the grammar's JSON is not
unescaped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear import vosk_model
from voicecoach.ear.decision import Rule
from voicecoach.ear.level import HOP
from voicecoach.ear.spotter import Detection
from voicecoach.errors import EarError
from voicecoach.session.commands import Command, Phrase
from voicecoach.units import EAR_RATE

STOOD = int(0.3 * EAR_RATE)
"""Samples for which a phrase must stand in the partial results: the next of them has confirmed it."""

FIRM, WEAK = 0.9, 0.5
"""Confidence of a phrase's least sure word, from 0 to 1. Not measured: of six Korean words that were synthesised, right
ones had 1.0 and a wrong one 0.58 to 1.0."""

AMID_TALK = 0.7
"""The most that a phrase counts for which has other words less than APART away: "he told me to stop it"."""

APART = int(0.3 * EAR_RATE)

_UNKNOWN = "[unk]"
"""The model's word for all sounds that are no word of the grammar."""

_A_LETTER = int(0.08 * EAR_RATE)
"""Samples that a letter of a phrase lasts, where its word times are not known yet: "stop" 0.32 s, "it hurts" 0.56 s."""

_DOUBTFUL = frozenset(["ouch", "ow", "pain"])
"""Many sounds resemble these, as in keyword search: never firm at the first hearing."""

_QUIET = -1
"""Vosk's log level: warnings and errors."""


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    confidence: float
    start: int
    end: int


class VoskSpotter:
    """One recogniser on the process's one model; not thread-safe. Scores are confidences, see :func:`rule_for`."""

    def __init__(self) -> None:
        """Load the model, which takes a second the first time. Raises EarError where it or the package is missing."""
        self._vosk: Any = _library()
        folder = vosk_model.installed()
        if folder is None:
            raise EarError("Vosk's English model is not installed. Get it (40 MB) with: voicecoach setup --engine vosk")
        self._model: Any = _model(folder)
        self._armed: tuple[Phrase, ...] = ()
        self._recogniser: Any = None
        self._pending: Samples = np.zeros(0, dtype=np.float32)
        self._now = self._origin = 0
        self._begin_utterance()

    def arm(self, phrases: Collection[Phrase]) -> None:
        """From the next block on, listen for these; what is half said is lost.

        A phrase with a word that the model does not know is left out. Raises EarError where that leaves a command
        with no phrase at all.
        """
        known = tuple(phrase for phrase in phrases if all(map(self._knows, phrase.text.split())))
        deaf = {phrase.command for phrase in phrases} - {phrase.command for phrase in known}
        if deaf or not self._knows(_UNKNOWN):
            lacking = ", ".join(sorted(command.value for command in deaf)) or _UNKNOWN
            raise EarError(f"The words of this Vosk model do not suffice; it lacks those for: {lacking}.")
        if frozenset(known) != frozenset(self._armed):
            self._armed = known
            self._renew()

    def feed(self, block: Samples) -> list[Detection]:
        """Take the next block, at the Normaliser's level. Raises EarError where Vosk failed."""
        joined = np.concatenate((self._pending, block))
        whole = len(joined) // HOP * HOP
        self._pending = joined[whole:]
        return [found for at in range(0, whole, HOP) for found in self._hop(joined[at : at + HOP])]

    def reset(self) -> None:
        """Forget the sound so far: the next block begins a new stream at sample 0."""
        self._pending = np.zeros(0, dtype=np.float32)
        self._now = 0
        self._renew()

    def close(self) -> None:
        """Release the recogniser; the model stays for the next one."""
        self._recogniser = None
        self._armed = ()

    def _knows(self, word: str) -> bool:
        return int(self._model.vosk_model_find_word(word)) >= 0

    def _renew(self) -> None:
        """A recogniser for the armed phrases (0.5 ms); it counts time from here."""
        self._origin = self._now
        self._begin_utterance()
        self._recogniser = None
        if not self._armed:
            return
        grammar = json.dumps([*(phrase.text for phrase in self._armed), _UNKNOWN], ensure_ascii=False)
        try:
            self._recogniser = self._vosk.KaldiRecognizer(self._model, EAR_RATE, grammar)
        except Exception as error:
            raise EarError(f"Vosk refused the phrases to listen for: {error}") from error
        self._recogniser.SetWords(True)

    def _begin_utterance(self) -> None:
        self._partial = ""
        self._written: tuple[str, ...] = ()
        self._standing: tuple[str, ...] = ()
        self._since = 0
        self._seen: dict[tuple[str, ...], int] = {}
        self._untold = False
        self._told: dict[tuple[str, int], float] = {}

    def _hop(self, hop: Samples) -> list[Detection]:
        self._now += HOP
        if self._recogniser is None:
            return []
        pcm = np.clip(hop * 32768.0, -32768.0, 32767.0).astype("<i2").tobytes()
        try:
            if self._recogniser.AcceptWaveform(pcm):
                found = self._news(_words(self._recogniser.Result(), self._origin))
                self._begin_utterance()
                return found
            return self._suspect(self._recogniser.PartialResult())
        except Exception as error:
            raise EarError(f"Vosk failed: {error}") from error

    def _suspect(self, partial: str) -> list[Detection]:
        """What stands in the partial results: told after STOOD, whatever is said after it meanwhile."""
        if partial != self._partial:
            self._partial = partial
            self._written = words = tuple(str(json.loads(partial).get("partial", "")).split())
            ends = [end for _phrase, _first, end in _find(words, self._armed)]
            standing = words[: ends[-1]] if ends else ()
            if standing != self._standing:
                self._standing, self._since = standing, self._now
                self._seen.setdefault(standing, self._now)
            self._untold = bool(standing) and not _unfinished(words, self._armed)
        if not self._untold or self._now - self._since < STOOD:
            return []
        self._untold = False
        return self._news(_estimated(self._written, len(self._standing), self._seen[self._standing]))

    def _news(self, words: Sequence[_Word]) -> list[Detection]:
        """The phrases in the utterance's words that were not told yet, or less surely."""
        news = []
        count: Counter[str] = Counter()
        for detection in _detections(words, self._armed):
            text = detection.phrase.text
            count[text] += 1
            told = self._told.get((text, count[text]), 0.0)
            if told < FIRM and told < detection.score:
                self._told[text, count[text]] = detection.score
                news.append(detection)
        return news


def rule_for(text: str) -> Rule:
    """The engine has judged the surroundings, so no phrase has to stand out of them any more."""
    return Rule(firm=FIRM, weak=WEAK, alone=False, doubtful=text in _DOUBTFUL)


def _library() -> Any:
    try:
        import vosk
    except (ImportError, OSError) as error:
        raise EarError("The package vosk is not installed. Get it with: pip install 'voicecoach[vosk]'") from error
    vosk.SetLogLevel(_QUIET)
    return vosk


@cache
def _model(folder: Path) -> Any:
    try:
        return _library().Model(str(folder))
    except Exception as error:
        raise EarError(
            f"Vosk cannot load its model from {folder} ({error}). Remove that folder, then run: "
            "voicecoach setup --engine vosk"
        ) from error


def _words(result: str, origin: int) -> list[_Word]:
    """The words of a result. Its times are seconds since the recogniser's first sample."""

    def position(seconds: float) -> int:
        return origin + round(seconds * EAR_RATE)

    return [
        _Word(word["word"], float(word["conf"]), position(word["start"]), position(word["end"]))
        for word in json.loads(result).get("result", ())
    ]


def _estimated(written: Sequence[str], count: int, seen: int) -> list[_Word]:
    """The words of a partial result: those up to ``count`` ended about when they were first ``seen`` together."""
    at = seen - sum(map(len, written[:count])) * _A_LETTER
    words = []
    for text in written:
        end = at + len(text) * _A_LETTER
        words.append(_Word(text, FIRM, max(at, 0), max(end, 1)))
        at = end
    return words


def _find(words: Sequence[str], armed: Collection[Phrase]) -> list[tuple[Phrase, int, int]]:
    """The armed phrases in ``words`` from left to right, the longest at each place, and where each begins and ends."""
    longest_first = sorted(armed, key=lambda phrase: -len(phrase.text.split()))
    found, at = [], 0
    while at < len(words):
        for phrase in longest_first:
            end = at + len(phrase.text.split())
            if list(words[at:end]) == phrase.text.split():
                found.append((phrase, at, end))
                at = end
                break
        else:
            at += 1
    return found


def _unfinished(words: Sequence[str], armed: Collection[Phrase]) -> bool:
    """Whether they end amid a phrase: "stop it" may become "stop it hurts"; "stop" is one already."""
    texts = [phrase.text.split() for phrase in armed]
    if any(list(words[-len(text) :]) == text for text in texts):
        return False
    return any(list(words[-count:]) == text[:count] for text in texts for count in range(1, len(text)))


def _detections(words: Sequence[_Word], armed: Collection[Phrase]) -> list[Detection]:
    found = _find([word.text for word in words], armed)
    said: list[Command | None] = [None] * len(words)
    for phrase, first, last in found:
        said[first:last] = [phrase.command] * (last - first)
    detections = []
    for phrase, first, last in found:
        start, end = words[first].start, words[last - 1].end
        near = [
            word for word in range(len(words)) if words[word].end > start - APART and words[word].start < end + APART
        ]
        score = min(word.confidence for word in words[first:last])
        if any(said[word] != phrase.command for word in near):
            score = min(score, AMID_TALK)
        detections.append(Detection(phrase, round(score, 3), start, max(end, start + 1)))
    return detections
