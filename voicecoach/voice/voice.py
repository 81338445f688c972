"""The coach's voice: text in, clips for the stream out, rendered once, from the cache where they are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from voicecoach.audio.clip import Clip
from voicecoach.audio.loudness import levelled, loudness
from voicecoach.units import STREAM_RATE
from voicecoach.voice.clip_cache import ClipCache, as_kept
from voicecoach.voice.synthesizer import Synthesizer


class Voice:
    """Every prompt as a clip at ``rate``, levelled to SPEECH_LOUDNESS under PEAK_CEILING.

    Any thread may call it. One thread of its own owns the synthesizer and the cache; a text that is known already is
    answered without it. Use it as a context manager, or ``close`` it.
    """

    def __init__(self, synthesizer: Synthesizer, cache: ClipCache | None = None, rate: int = STREAM_RATE) -> None:
        self._synthesizer = synthesizer
        self._cache = cache
        self._rate = rate
        self._clips: dict[str, Clip] = {}
        self._owner = ThreadPoolExecutor(1, thread_name_prefix="voice")

    def prepare(self, texts: Iterable[str], progress: Callable[[int, int], None] | None = None) -> None:
        """Render all of ``texts``, each once, so that ``clip`` has them at once.

        ``progress`` is called in this thread with how many are done, and of how many, after each. Raises VoiceError
        at the first that cannot be spoken.
        """
        wanted = list(dict.fromkeys(texts))
        for done, text in enumerate(wanted, start=1):
            self.clip(text)
            if progress is not None:
                progress(done, len(wanted))

    def clip(self, text: str) -> Clip:
        """``text`` spoken, empty where it has nothing to say; rendered now if it was not prepared.

        Raises VoiceError.
        """
        known = self._clips.get(text)
        return self._owner.submit(self._render, text).result() if known is None else known

    def rest(self) -> None:
        """Let the synthesizer's process go: a neural voice holds 290 MB. It comes back when something new is to say."""
        self._owner.submit(self._synthesizer.close).result()

    def close(self) -> None:
        """Wait for what is being rendered and end the owning thread. Clips that are known stay. May be called twice."""
        self._owner.shutdown(cancel_futures=True)

    def __enter__(self) -> Voice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _render(self, text: str) -> Clip:
        known = self._clips.get(text)  # another thread may have asked for the same in the meantime
        if known is not None:
            return known
        spoken = self._cache.get(self._synthesizer.key, text) if self._cache else None
        if spoken is None:
            spoken = as_kept(self._synthesizer.speak(text))
            if self._cache:
                self._cache.put(self._synthesizer.key, text, spoken)
        clip = levelled(spoken.resampled(self._rate), now=loudness(spoken))
        return self._clips.setdefault(text, clip)
