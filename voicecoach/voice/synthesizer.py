"""Port: text in, clip out."""

from __future__ import annotations

from typing import Protocol

from voicecoach.audio.clip import Clip


class Synthesizer(Protocol):
    """One voice at one rate. Not thread-safe: one thread owns it."""

    @property
    def key(self) -> str:
        """What the sound depends on besides the text: engine and its version, voice, rate. For the cache."""

    def speak(self, text: str) -> Clip:
        """``text`` spoken, trimmed of silence at both ends, any rate. Raises VoiceError."""

    def close(self) -> None:
        """Let go of its process and memory. May be called twice; speaking again takes them anew."""
