"""The default engine: pocketsphinx keyword search on the running stream. Offline, no download, no endpoint wait.

Each phrase is a chain of phone models racing a loop of all phones; where the chain's end comes within the phrase's
threshold of the loop, it is a detection (A. Zhelezniak and N. Shmyrev's ``kws_search``). Scores are the base-10
logarithm of that likelihood ratio, so they compare with the thresholds of a keyphrase file: "stop" at 1e-8 is -8.0.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.decision import Rule
from voicecoach.ear.level import HOP, HOPS_A_SECOND
from voicecoach.ear.pocketsphinx_language import SearchLanguage, search_language
from voicecoach.ear.spotter import Detection
from voicecoach.errors import EarError
from voicecoach.routine.languages import ENGLISH
from voicecoach.session.commands import Phrase

_CMN = "48,3,-1"
"""Cepstral mean of speech at the Normaliser's level. Pinned: a mean learned from short words in silence is worse."""

_CMN_HOPS = 3 * HOPS_A_SECOND
"""How often it is pinned again, since the decoder keeps learning."""

_KWS_MAX = 1500
"""pocketsphinx takes this off each detection's log score (``kws_detections.c``)."""

_SCORE_SCALE = 1024
"""Its searches count in log(1.0001) units divided by this (SENSCR_SHIFT)."""

_SHORTEST, _SHORTEST_LONG, _LONGEST = 5.2, 5.8, 33.0
"""Hops that each phone of a phrase lasts when people say it: at least so many on average (in phrases of more than four
phones a little more), and at most. Outside of it lies a third of what keyword search takes for a phrase by mistake, and
none of 284 human and 374 synthetic commands."""

_ROOM = 10.0 ** (-72.0 / 20.0)
"""RMS of the noise laid under the (normalised) sound. The models learned speech from real rooms: digital silence drives
them to absurd scores. With this floor loud synthetic voices (-10 dBFS) are heard too, "that hurts" in .83 instead of
.50 of twelve voices, "pause" in .92 instead of .42, and people as well as before."""

_SETTLED_HOPS = HOPS_A_SECOND // 2
"""A detection that did not grow for this long is over: its list may be emptied in the next quiet moment ..."""

_STALE_HOPS = 4 * HOPS_A_SECOND
"""... or, in talk without one, after this long."""

_QUIET_RMS = 0.006
"""Level of a quiet hop (-44 dBFS, normalised) ..."""

_QUIET_HOPS = 15
"""... and how many in a row make a moment in which a restart cuts no word: longer than the closure in "stop"."""


@dataclass(frozen=True, slots=True)
class KeyphraseSpec:
    """How one phrase is searched for."""

    variants: Mapping[str, float]
    """Ways to pronounce it, each in words of the dictionary or of the packaged pronunciations, and what is taken off
    the score of each: a variant that other speech resembles has to be heard more surely."""
    threshold: float
    """Base-10 logarithm of the likelihood ratio below which it is not reported at all."""


class PocketsphinxSpotter:
    """One decoder with its own state; not thread-safe. Starting takes 0.15 s (no language model is loaded)."""

    def __init__(self, specs: Mapping[str, KeyphraseSpec] | None = None, language: str = ENGLISH) -> None:
        """Load the acoustic model. ``specs`` by phrase text; the language's own if None.

        Raises EarError, and LanguageError where the language's data are wrong.
        """
        self._language = search_language(language)
        self._specs = keyphrases(language) if specs is None else specs
        self._decoder: Any = _load(self._language)
        self._log_base = math.log10(1.0001)
        self._searches = 0
        self._searched: dict[str, Phrase] = {}
        self._armed: dict[str, Phrase] = {}
        self._lasting: dict[str, tuple[float, float]] = {}
        noise = np.random.default_rng(0).normal(0.0, _ROOM, (HOPS_A_SECOND, HOP))
        self._room: list[Samples] = list(noise.astype(np.float32))
        self._running = False
        self._pending: Samples = np.zeros(0, dtype=np.float32)
        self._told: dict[tuple[str, int], float] = {}
        self._listed = False
        self._hops = self._began = self._changed = self._quiet = 0

    def arm(self, phrases: Collection[Phrase]) -> None:
        """From the next block on, tell of these. Raises EarError for a phrase with a word it cannot pronounce.

        What was searched for before goes on being searched for, since a new search begins in the middle of a word.
        """
        armed = {words: phrase for phrase in phrases for words in self._spec(phrase).variants}
        if not armed.keys() <= self._searched.keys():
            self._stop()
            searched = {**self._searched, **armed}
            self._searches += 1
            self._add_search(f"commands {self._searches}", searched)
            self._searched = searched
        self._armed = armed

    def feed(self, block: Samples) -> list[Detection]:
        """Take the next block, at the Normaliser's level. What is returned is new, or surer than it was before."""
        joined = np.concatenate((self._pending, block))
        whole = len(joined) // HOP * HOP
        self._pending = joined[whole:]
        found: list[Detection] = []
        for start in range(0, whole, HOP):
            found += self._hop(joined[start : start + HOP])
        return found

    def reset(self) -> None:
        """Forget the sound so far: the next block begins a new stream at sample 0."""
        self._stop()
        self._decoder.reinit_feat()  # or the last stream's features colour the first scores of this one
        self._hops = self._quiet = 0
        self._pending = np.zeros(0, dtype=np.float32)

    def close(self) -> None:
        """Release the decoder."""
        self._stop()
        self._decoder = None

    def _hop(self, hop: Samples) -> list[Detection]:
        if not self._searched:
            self._hops += 1
            return []
        if not self._running or self._may_restart(hop):
            self._restart()
        elif (self._hops - self._began) % _CMN_HOPS == 0:
            self._decoder.set_cmn(_CMN)
        pcm = (
            np.clip((hop + self._room[self._hops % HOPS_A_SECOND]) * 32768.0, -32768.0, 32767.0).astype("<i2").tobytes()
        )
        self._decoder.process_raw(pcm)
        self._hops += 1
        segments = self._decoder.seg()
        return [] if segments is None else self._news(segments)

    def _news(self, segments: Any) -> list[Detection]:
        found = []
        for segment in segments:
            self._listed = True
            words = segment.word.strip()
            phrase = self._searched.get(words)
            if phrase is None:
                continue
            shortest, longest = self._lasting[words]
            if not shortest <= segment.end_frame + 1 - segment.start_frame <= longest:
                continue
            raw = (math.log10(segment.prob) + _KWS_MAX * self._log_base) * _SCORE_SCALE
            score = raw - self._spec(phrase).variants[words]
            key = (words, segment.start_frame)
            if score <= self._told.get(key, -math.inf):
                continue
            self._told[key] = score
            self._changed = self._hops
            start, end = ((self._began + frame) * HOP for frame in (segment.start_frame, segment.end_frame + 1))
            if words in self._armed:  # else it was said before anybody asked, and is old news once somebody does
                found.append(Detection(phrase, score, start, end))
        return found

    def _may_restart(self, hop: Samples) -> bool:
        quiet = float(np.dot(hop, hop)) < _QUIET_RMS * _QUIET_RMS * HOP
        self._quiet = self._quiet + 1 if quiet else 0
        if not self._listed:
            return False
        unchanged = self._hops - self._changed
        return unchanged >= _STALE_HOPS or (unchanged >= _SETTLED_HOPS and self._quiet >= _QUIET_HOPS)

    def _restart(self) -> None:
        self._stop()
        self._decoder.start_utt()
        self._decoder.set_cmn(_CMN)
        self._running = True
        self._began = self._hops

    def _stop(self) -> None:
        if self._running:
            self._decoder.end_utt()
        self._running = False
        self._told = {}
        self._listed = False
        self._changed = self._began = self._hops

    def _spec(self, phrase: Phrase) -> KeyphraseSpec:
        spec = self._specs.get(phrase.text)
        return spec if spec is not None else KeyphraseSpec({phrase.text: 0.0}, guessed_threshold(phrase.text))

    def _add_search(self, name: str, wanted: Mapping[str, Phrase]) -> None:
        lines = []
        for words, phrase in sorted(wanted.items()):
            spec = self._spec(phrase)
            lines.append(f"{words} /1e{round(spec.threshold + spec.variants[words])}/\n")
            phones = sum(self._phones(word) for word in words.split())
            least = _SHORTEST if phones <= 4 else _SHORTEST_LONG
            self._lasting[words] = (least * phones, _LONGEST * phones)
        descriptor, path = tempfile.mkstemp(suffix=".kws", text=True)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.writelines(lines)
            self._decoder.add_kws(name, path)
            self._decoder.activate_search(name)
        except RuntimeError as error:
            raise EarError(f"pocketsphinx refused the phrases to listen for: {error}") from error
        finally:
            Path(path).unlink()

    def _phones(self, word: str) -> int:
        """How many phones a word has, once it is in the dictionary."""
        known = self._decoder.lookup_word(word)
        if known is None:
            known = self._language.pronunciations.get(word)
            if known is None:
                raise EarError(f'The recogniser has no pronunciation for "{word}", so it cannot listen for it.')
            try:
                self._decoder.add_word(word, known, True)
            except RuntimeError as error:
                raise EarError(f'The recogniser refused the pronunciation {known} of "{word}".') from error
        return len(known.split())


def _load(language: SearchLanguage) -> Any:
    """A decoder that searches for nothing yet."""
    try:
        from pocketsphinx import Config, Decoder
    except ImportError as error:
        raise EarError(
            "The package pocketsphinx is missing. Install it with: pip install 'SpeechRecognition[pocketsphinx]'"
        ) from error
    try:
        # kws_delay: by default a detection is held back for 10 frames, in case it grows; growth is told apart here.
        config = Config(lm=None, loglevel="FATAL", kws_delay=0)
        if language.acoustic_model is not None:
            _try_model(language.acoustic_model, language.dictionary)
            config.set_string("hmm", str(language.acoustic_model))
            config.set_string("dict", str(language.dictionary))
        return Decoder(config)
    except EarError:
        raise
    except Exception as error:
        model = language.acoustic_model or "its English model"
        raise EarError(f"pocketsphinx could not load {model}: {error}") from error


_TRIAL = """
import sys
from pocketsphinx import Config, Decoder
config = Config(lm=None, loglevel="FATAL")
config.set_string("hmm", sys.argv[1])
config.set_string("dict", sys.argv[2])
Decoder(config)
"""
_TRIAL_SECONDS = 60.0


@cache
def _try_model(acoustic_model: Path, dictionary: Path | None) -> None:
    """Load a model in a process of its own first: pocketsphinx ends the process where a model's files are damaged.

    Once for each model. Raises EarError.
    """
    command = [sys.executable, "-c", _TRIAL, str(acoustic_model), str(dictionary)]
    try:
        tried = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TRIAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EarError(f"pocketsphinx could not try {acoustic_model}: {error}") from error
    if tried.returncode != 0:
        raise EarError(
            f"pocketsphinx could not load {acoustic_model} with {dictionary}: the files are damaged, or do not belong "
            "together."
        )


def open_dictionary() -> Callable[[str], str | None]:
    """The recogniser's English dictionary: ARPABET phones with spaces between them, by word; None where it has none.

    ``word(2)`` is the second way to say it. Takes 0.15 s. Raises EarError.
    """
    english = search_language(ENGLISH)
    decoder = _load(english)

    def look_up(word: str) -> str | None:
        found: str | None = decoder.lookup_word(word)
        return english.pronunciations.get(word) if found is None else found

    return look_up


def expected_phones(text: str, look_up: Callable[[str], str | None]) -> list[tuple[str, ...]]:
    """How a phrase is searched for, most likely first: the pronunciations that cost its score nothing."""
    spec = keyphrases().get(text)
    variants = {text: 0.0} if spec is None else spec.variants
    found = []
    for words in sorted(variants, key=lambda words: variants[words]):
        phones = [look_up(word) for word in words.split()]
        if variants[words] <= 0.0 and None not in phones:
            found.append(tuple(" ".join(filter(None, phones)).split()))
    return found


def guessed_threshold(text: str) -> float:
    """A threshold for a phrase that nobody measured: longer phrases reach lower scores, and are safer."""
    return -8.0 - 1.6 * max(0, len(text.replace(" ", "")) - 4)


def keyphrases(language: str = ENGLISH) -> Mapping[str, KeyphraseSpec]:
    """The language's search data, by phrase text: searched from the weak score on."""
    return {
        text: KeyphraseSpec(row.get("variants", {text: 0.0}), float(row["weak"]))
        for text, row in search_language(language).phrases.items()
    }


def rule_for(text: str, language: str = ENGLISH) -> Rule:
    """When this engine's scores for a phrase are believed; cautious for a phrase that nobody measured."""
    row = search_language(language).phrases.get(text)
    if row is None:
        weak = guessed_threshold(text)
        return Rule(firm=weak + 8.0, weak=weak)
    return Rule(
        firm=float(row["firm"]),
        weak=float(row["weak"]),
        alone=bool(row.get("alone", True)),
        doubtful=bool(row.get("doubtful", False)),
    )
