"""What every synthesizer does whose engine lives in a process of its own: asks for a sentence, starts it anew once."""

from __future__ import annotations

import contextlib
import itertools
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from voicecoach.audio.clip import Clip, read_clip
from voicecoach.errors import RecordingError, VoiceError
from voicecoach.voice.engine_process import EngineLostError, EngineProcess
from voicecoach.voice.plain_text import plain_text

_Engine = TypeVar("_Engine", bound=EngineProcess)


class EngineSynthesizer(ABC, Generic[_Engine]):
    """Base of the synthesizers with an engine of type ``_Engine``. Not thread-safe.

    If the engine's process dies, hangs or gives no sound, the sentence is tried once more in a new one before it fails;
    the next sentence starts anew.
    """

    def __init__(self, name: str) -> None:
        """``name`` is what a failure is told of, such as ``The voice``."""
        self._name = name
        self._engine: _Engine | None = None
        self._numbers = itertools.count(1)

    def speak(self, text: str) -> Clip:
        """``text`` spoken, trimmed at both ends, at the engine's rate; empty where nothing in it can be said.

        Any text is safe: markup and control characters are left out, not obeyed. Raises VoiceError.
        """
        words = plain_text(text)
        if not words:
            return Clip.silence(0.0, 22_050)
        try:
            return self._spoken(words)
        except EngineLostError:
            self.close()
            try:
                return self._spoken(words)
            except EngineLostError as error:
                self.close()
                raise VoiceError(f'{self._name} failed at "{_shortened(words)}": {error}') from error

    def close(self) -> None:
        """End the engine's process. May be called twice; speaking again would start another."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    @abstractmethod
    def _start(self) -> _Engine:
        """A new process, ready to speak. Raises VoiceError."""

    @abstractmethod
    def _spoken(self, words: str) -> Clip:
        """``words`` through ``_ask``. Raises EngineLostError where there is no sound in what came."""

    def _ask(self, request: dict[str, Any], seconds: float) -> tuple[dict[str, Any], Clip]:
        """The engine's answer to ``request``, which gets the file to write, and the sound. Raises EngineLostError."""
        if self._engine is None:
            self._engine = self._start()
        # A new name each time: what still holds the last file (on Windows a virus scanner does) is not in the way.
        file = self._engine.folder / f"speech-{next(self._numbers)}.wav"
        try:
            answer = self._engine.ask({**request, "file": str(file)}, seconds)
            return answer, read_clip(file)
        except RecordingError as error:
            raise EngineLostError(f"it wrote no sound: {error}") from error
        finally:
            with contextlib.suppress(OSError):
                file.unlink()


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
