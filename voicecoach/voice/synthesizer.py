"""Port: text in, clip out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from voicecoach.errors import UsageError

if TYPE_CHECKING:  # the command line needs the names below before numpy is loaded
    from voicecoach.audio.clip import Clip

PIPER = "piper"
VOICE_ENGINES = ("pyttsx3", PIPER)
"""What can be asked for: the system's own voices, or a neural one from a file."""

DEFAULT_RATE = 155
"""Words a minute: 150 to 165 is what listeners find most comfortable."""

RATES = range(95, 401)
"""Words a minute that can be asked for; espeak-ng goes no slower."""


def check_rate(rate: int) -> None:
    """Raises UsageError for words a minute that no voice is asked for."""
    if rate not in RATES:
        raise UsageError(f"The rate is {RATES.start} to {RATES.stop - 1} words a minute; {rate} is outside of that.")


class Synthesizer(Protocol):
    """One voice at one rate. Not thread-safe: one thread owns it."""

    @property
    def key(self) -> str:
        """What the sound depends on besides the text: engine and its version, voice, rate. For the cache."""

    def speak(self, text: str) -> Clip:
        """``text`` spoken, trimmed of silence at both ends, any rate. Raises VoiceError."""

    def close(self) -> None:
        """Let go of its process and memory. May be called twice; speaking again takes them anew."""
