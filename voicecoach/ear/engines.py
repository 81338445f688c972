"""The engines that can listen, by the name a user gives: each a spotter and the rules for its scores."""

from __future__ import annotations

from collections.abc import Callable

from voicecoach.ear.decision import Rule
from voicecoach.ear.echo import EchoCanceller
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.spotter import Spotter
from voicecoach.errors import EarError

DEFAULT_ENGINE = "pocketsphinx"

RECOGNIZERS = ("sphinx", "vosk", "whisper")
"""Engines of the SpeechRecognition package: whole utterances, slower, a second opinion."""

ENGINES = (DEFAULT_ENGINE, *RECOGNIZERS)


def make_spotter(engine: str = DEFAULT_ENGINE, *, live: bool = False) -> Spotter:
    """The spotter of that name. ``live``: one that may not hold up its caller, so slow work goes to another thread.

    Raises EarError where its package or model is missing; the message says how to get it.
    """
    if engine == DEFAULT_ENGINE:
        from voicecoach.ear.pocketsphinx_spotter import PocketsphinxSpotter

        return PocketsphinxSpotter()
    if engine in RECOGNIZERS:
        from voicecoach.ear.speech_recognition_spotter import SpeechRecognitionSpotter

        return SpeechRecognitionSpotter(engine, background=live)
    raise EarError(f'There is no speech engine "{engine}". Choose one of: {", ".join(ENGINES)}.')


def make_hearing(engine: str = DEFAULT_ENGINE, *, echo: EchoCanceller | None = None, live: bool = False) -> Hearing:
    """The whole chain around that engine. Raises EarError."""
    spotter = make_spotter(engine, live=live)
    return Hearing(spotter, _rules(engine), echo)


def _rules(engine: str) -> Callable[[str], Rule]:
    if engine == DEFAULT_ENGINE:
        from voicecoach.ear import pocketsphinx_spotter

        return pocketsphinx_spotter.rule_for
    from voicecoach.ear import speech_recognition_spotter

    return speech_recognition_spotter.rule_for
