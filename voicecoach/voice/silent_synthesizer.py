"""Where no voice works: clips of silence, so that a session still runs on its earcons and its text."""

from __future__ import annotations

from voicecoach.audio.clip import Clip
from voicecoach.units import STREAM_RATE

_SHORTEST_SECONDS = 1.0
"""Time to notice that a line has appeared."""


class SilentSynthesizer:
    """A :class:`~voicecoach.voice.synthesizer.Synthesizer` whose clips last as long as reading their text takes."""

    def __init__(self, rate: int = 155) -> None:
        """``rate`` is in words a minute; the speaking rate serves, as people read at least that fast."""
        self._rate = rate
        self.key = f"silent {rate}"

    def speak(self, text: str) -> Clip:
        """Silence for the time that ``text`` needs, at least one second; empty for an empty text."""
        words = len(text.split())
        return Clip.silence(max(_SHORTEST_SECONDS, words * 60 / self._rate) if words else 0.0, STREAM_RATE)

    def close(self) -> None:
        """Nothing is held."""
