"""Speaks with pyttsx3: espeak-ng on Linux, the system's own voices on Windows and macOS. Offline.

The engine lives in a process of its own (:mod:`voicecoach.voice.pyttsx3_process` says why), one for each
synthesizer; it ends with the synthesizer or with this process, however that ends.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from voicecoach.audio.clip import Clip
from voicecoach.errors import UsageError, VoiceError
from voicecoach.routine.languages import ENGLISH
from voicecoach.voice.engine_process import EngineLostError, EngineProcess
from voicecoach.voice.engine_synthesizer import EngineSynthesizer
from voicecoach.voice.synthesizer import DEFAULT_RATE, check_rate

_ESPEAK_HASTE = 1.155
"""Words a minute that are heard for each one asked of espeak-ng: 1.14 to 1.18 over 90 to 440 words a minute,
voices en-us, en-gb and Received Pronunciation, espeak-ng 1.51 and 1.52, counted over ten prompts of a routine
(153 words, pauses between their sentences included)."""

_PREFERRED_LANGUAGES = ("en-us", "en-gb", "en")
"""American first: espeak-ng's voice for it has the fullest dictionary, and the recogniser's model is American too."""

_JOKES = frozenset((
    "albert", "badnews", "bahh", "bells", "boing", "bubbles", "cellos", "deranged", "fred", "goodnews", "hysterical",
    "jester", "junior", "kathy", "organ", "princess", "ralph", "superstar", "trinoids", "whisper", "wobble", "zarvox",
))  # fmt: skip
"""macOS' voices that nobody wants to be coached by, as their ids end."""

_TRIM_THRESHOLD, _TRIM_MARGIN, _FADE = 0.003, 0.01, 0.002
"""What is under -50 dBFS before the first and after the last sound is no speech (the engines' silence is far below
that); 10 ms are kept, so that a soft "h" or "s" is whole, and 2 ms at each end fade."""

_START_SECONDS, _SPEAK_SECONDS, _SPEAK_SECONDS_A_CHARACTER = 20.0, 10.0, 0.02
"""How long an answer is waited for. 10,000 characters took 4 s on espeak-ng; the other engines are slower."""

_VERSION = 1
"""Raise it when the same engine's speech changes by something in this file."""


class UnknownVoiceError(VoiceError, UsageError):
    """``--voice`` names none of the installed voices; exit code 2."""


@dataclass(frozen=True, slots=True)
class InstalledVoice:
    """A voice that the engine offers; ``languages`` are tags such as ``en-us``, and may be missing."""

    id: str
    name: str
    languages: tuple[str, ...]


def list_voices() -> list[InstalledVoice]:
    """Every installed voice, English ones first. Raises VoiceError where no engine works."""
    engine = _start_engine()
    engine.close()
    return sorted(engine.voices, key=lambda voice: (not is_english(voice), voice.languages, voice.id))


def choose_voice(voices: Sequence[InstalledVoice], wanted: str | None, default: str | None = None,
                 language: str = ENGLISH) -> InstalledVoice:  # fmt: skip
    """The voice that ``wanted`` means: an id, a name, a language tag, or the last part of an id; case is ignored.

    Where it is None: the best English one (see ``_quality``); of equals the first of American, British and any other
    English, and of those the engine's ``default``; where nothing speaks English, ``default`` itself, else the first of
    all. For another ``language`` the best that speaks it, its region before others, of equals the ``default``. Raises
    UnknownVoiceError, with near misses, and VoiceError where there are no voices, or none that speaks that language.
    """
    if not voices:
        raise VoiceError("The speech engine has no voices. Please install one in your system's speech settings.")
    if wanted is None:
        return _default_voice(voices, default) if _is_english_tag(language) else _voice_for(voices, default, language)
    names = {key: voice for voice in reversed(voices) for key in _names(voice)}
    if (key := wanted.strip().lower()) in names:
        return names[key]
    near = difflib.get_close_matches(key, sorted(names), n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UnknownVoiceError(f'No voice is called "{wanted}".{hint} "voicecoach voices" lists them all.')


def _names(voice: InstalledVoice) -> list[str]:
    return [
        each.lower() for each in (*voice.languages, voice.id.replace("\\", "/").split("/")[-1], voice.name, voice.id)
    ]


def is_english(voice: InstalledVoice) -> bool:
    """Whether it says that it speaks English."""
    return any(_is_english_tag(tag) for tag in voice.languages)


def _is_english_tag(tag: str) -> bool:
    return _language_of(tag) == ENGLISH


def _language_of(tag: str) -> str:
    """``de`` of ``de-AT``."""
    return tag.lower().split("-", maxsplit=1)[0]


def _voice_for(voices: Sequence[InstalledVoice], default: str | None, language: str) -> InstalledVoice:
    wanted = language.lower()
    speaking = [voice for voice in voices if _language_of(wanted) in map(_language_of, voice.languages)]
    if not speaking:
        raise VoiceError(f'No installed voice speaks the language "{language}". {_remedy()}')

    def rank(voice: InstalledVoice) -> tuple[bool, int, bool]:
        return wanted not in map(str.lower, voice.languages), -_quality(voice), voice.id != default

    return min(speaking, key=rank)


def _quality(voice: InstalledVoice) -> int:
    """How good a voice says that it is: its names are all that the systems tell.

    macOS calls what its user has downloaded "enhanced" or "premium", and has voices that are jokes (bells, whispers)
    or imitate old machines (Eloquence, Fred); Windows calls its neural ones "natural".
    """
    said = f"{voice.id} {voice.name}".lower()
    if any(word in said for word in ("premium", "natural", "neural")):
        return 2
    if "enhanced" in said:
        return 1
    last = voice.id.rsplit(".", maxsplit=1)[-1].lower()
    is_joke = voice.id.startswith("com.apple.speech.synthesis.voice.") and last in _JOKES
    return -1 if is_joke or "eloquence" in said else 0


def _default_voice(voices: Sequence[InstalledVoice], default: str | None) -> InstalledVoice:
    def rank(voice: InstalledVoice) -> tuple[bool, int, int, bool]:
        found = [_PREFERRED_LANGUAGES.index(tag) for tag in voice.languages if tag in _PREFERRED_LANGUAGES]
        place = min(found, default=len(_PREFERRED_LANGUAGES))
        english = is_english(voice)
        return not english, -_quality(voice) if english else 0, place, voice.id != default

    return min(voices, key=rank)


class Pyttsx3Synthesizer(EngineSynthesizer["_Engine"]):
    """A :class:`~voicecoach.voice.synthesizer.Synthesizer`: one installed voice at one rate, usually at 22,050 Hz.

    Start-up takes about 0.1 s, a sentence about 15 ms (espeak-ng).
    """

    def __init__(
        self,
        voice: str | None = None,
        rate: int = DEFAULT_RATE,
        *,
        language: str = ENGLISH,
        command: Sequence[str] | None = None,
        patience: float = 1.0,
    ) -> None:
        """Start the engine and choose the voice for ``language`` (see :func:`choose_voice`).

        ``rate`` is in words a minute, as heard. ``command`` starts another program in the place of the usual ones;
        ``patience`` times as long as usual is waited for it. Raises VoiceError, UnknownVoiceError, and UsageError for a
        rate outside RATES.
        """
        check_rate(rate)
        super().__init__("The voice")
        self._command, self._rate, self._patience = command, rate, patience
        engine = _start_engine(command, patience)
        try:
            self._voice = choose_voice(engine.voices, voice, engine.default, language)
            self._prepare(engine)
        except BaseException:
            engine.close()
            raise
        self._engine = engine
        self.key = f"{engine.name} {self._voice.id} {rate} {_VERSION}"

    @property
    def voice(self) -> InstalledVoice:
        """The voice that speaks."""
        return self._voice

    def _start(self) -> _Engine:
        engine = _start_engine(self._command, self._patience)
        self._prepare(engine)
        return engine

    def _spoken(self, words: str) -> Clip:
        _, clip = self._ask({"text": words}, _SPEAK_SECONDS + _SPEAK_SECONDS_A_CHARACTER * len(words))
        clip = clip.trimmed(_TRIM_THRESHOLD, round(_TRIM_MARGIN * clip.rate))
        if not len(clip) and any(character.isalnum() for character in words):
            raise EngineLostError("it gave only silence")
        return clip.faded(round(_FADE * clip.rate))

    def _prepare(self, engine: _Engine) -> None:
        rate = round(self._rate / _ESPEAK_HASTE) if engine.is_espeak else self._rate
        engine.ask({"voice": self._voice.id, "rate": rate}, _SPEAK_SECONDS)


class _Engine(EngineProcess):
    """pyttsx3's process and its voices."""

    def _introduce(self, about: dict[str, Any]) -> None:
        self.name = str(about["engine"])
        self.is_espeak = bool(about["espeak"])
        self.default: str | None = about["voice"]
        self.voices = [
            InstalledVoice(identifier, name, tuple(languages)) for identifier, name, languages in about["voices"]
        ]


def _start_engine(command: Sequence[str] | None = None, patience: float = 1.0) -> _Engine:
    """The first engine that works. Raises VoiceError that says what to install."""
    commands = [command] if command else [engine_command(which) for which in _libraries()]
    reasons = []
    for each in commands:
        try:
            return _Engine(each, _START_SECONDS, patience)
        except VoiceError as error:
            reasons.append(str(error))
    raise VoiceError(f"No voice works here. {_remedy()} (What failed: {'; '.join(reasons)})")


def _libraries() -> tuple[str, ...]:
    # a system's espeak-ng may have voices and dictionaries that its user added
    return ("system", "bundled") if sys.platform.startswith("linux") else ("system",)


def engine_command(which: str) -> list[str]:
    """What starts the engine's process; on Linux with the ``system`` or the ``bundled`` espeak-ng."""
    return [sys.executable, "-m", "voicecoach.voice.pyttsx3_process", which]


def _remedy() -> str:
    if sys.platform == "darwin":
        return "Please install its packages again: pip install --force-reinstall pyttsx3 pyobjc."
    if sys.platform == "win32":
        return "Please install its packages again: pip install --force-reinstall pyttsx3 comtypes pywin32."
    return (
        "Please install the packages that speak: pip install --force-reinstall pyttsx3 espeakng-loader;"
        " or your system's espeak-ng (on Debian and Ubuntu: sudo apt install espeak-ng)."
    )
