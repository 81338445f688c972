"""The engines that can listen, by the name a user gives: each a spotter and the rules for its scores."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from voicecoach.ear.decision import Rule
from voicecoach.ear.echo import EchoCanceller
from voicecoach.ear.embedding_spotter import EmbeddingSpotter
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.room_memory import RoomMemory
from voicecoach.ear.second_opinion import SecondOpinion
from voicecoach.ear.spotter import Spotter
from voicecoach.ear.witnesses import Witnesses, rules
from voicecoach.errors import EarError
from voicecoach.routine.languages import ENGLISH, is_english

BOTH = "both"
"""Keyword search and neural heads together; keyword search alone where the heads cannot run."""

SEARCH = "pocketsphinx"

DEFAULT_ENGINE = BOTH

VOSK = "vosk"
"""A streaming recogniser with a model that has to be downloaded."""

SPHINX = "sphinx"
"""Whole utterances through the SpeechRecognition package."""

WHISPER = "whisper"
"""BOTH, and whisper through the SpeechRecognition package as a second opinion on what they only suspect."""

ENGINES = (BOTH, SEARCH, SPHINX, VOSK, WHISPER)


def make_spotter(
    engine: str = DEFAULT_ENGINE,
    *,
    live: bool = False,
    language: str = ENGLISH,
    on_trouble: Callable[[str], None] = lambda _: None,
) -> Spotter:
    """The spotter of that name. ``live``: one that may not hold up its caller, so slow work goes to another thread.

    ``on_trouble`` is told what fails there without making it deaf.

    Raises EarError where its package or model is missing; the message says how to get it. So too for a language that
    the engine does not know, and LanguageError for one that nobody knows.
    """
    if engine in (BOTH, SEARCH):
        from voicecoach.ear.pocketsphinx_spotter import PocketsphinxSpotter, rule_for

        heads = _heads(language) if engine == BOTH else None
        search = PocketsphinxSpotter(language=language)
        if not isinstance(heads, EmbeddingSpotter):
            return search
        return Witnesses(search, heads, rule_for)
    if engine in (VOSK, SPHINX) and not is_english(language):
        raise EarError(f'The engine {engine} knows English only. In "{language}" pocketsphinx listens, or whisper too.')
    if engine == VOSK:
        from voicecoach.ear.vosk_spotter import VoskSpotter

        return VoskSpotter()
    if engine == SPHINX:
        from voicecoach.ear.speech_recognition_spotter import SpeechRecognitionSpotter

        return SpeechRecognitionSpotter(background=live)
    if engine == WHISPER:
        from voicecoach.ear.speech_recognition_spotter import whisper_writer
        from voicecoach.ear.whisper_model import load_whisper

        write = whisper_writer(load_whisper(), language)
        first = make_spotter(BOTH, language=language)
        return SecondOpinion(first, _rules(BOTH, first, language), write, background=live, on_trouble=on_trouble)
    raise EarError(f'There is no speech engine "{engine}". Choose one of: {", ".join(ENGINES)}.')


def make_hearing(
    engine: str = DEFAULT_ENGINE,
    *,
    echo: EchoCanceller | None = None,
    live: bool = False,
    memory: RoomMemory | None = None,
    language: str = ENGLISH,
    on_trouble: Callable[[str], None] = lambda _: None,
) -> Hearing:
    """The whole chain around that engine; ``on_trouble`` as for its spotter. Raises EarError and LanguageError."""
    spotter = make_spotter(engine, live=live, language=language, on_trouble=on_trouble)
    return Hearing(spotter, _rules(engine, spotter, language), echo, memory, language)


def deaf_witness(engine: str = DEFAULT_ENGINE, language: str = ENGLISH) -> str | None:
    """Why one of the engine's two witnesses cannot serve here, for telling the user; None where all is well."""
    heads = _heads(language) if engine in (BOTH, WHISPER) else None
    if isinstance(heads, EmbeddingSpotter):
        heads.close()
        return None
    return heads


def _heads(language: str) -> EmbeddingSpotter | str:
    """The neural witness, or why there is none."""
    if not is_english(language):
        return f'The neural heads learned English only; in "{language}" keyword search listens alone.'
    try:
        return EmbeddingSpotter()
    except EarError as error:
        return str(error)


def _rules(engine: str, spotter: Spotter, language: str) -> Callable[[str], Rule]:
    if isinstance(spotter, SecondOpinion):
        return _rules(BOTH, spotter.first, language)
    if engine in (BOTH, SEARCH):
        from voicecoach.ear import pocketsphinx_spotter

        search = partial(pocketsphinx_spotter.rule_for, language=language)
        return rules(search) if isinstance(spotter, Witnesses) else search
    if engine == VOSK:
        from voicecoach.ear import vosk_spotter

        return vosk_spotter.rule_for
    from voicecoach.ear import speech_recognition_spotter

    return speech_recognition_spotter.rule_for
