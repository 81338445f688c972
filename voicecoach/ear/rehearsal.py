"""The coach's prompts are played to the ear before they matter: what is known is known at once, the rest is found out.

The thread is a guest. It hears 10 ms at a time and then rests for three times as long as that took, so it has a quarter
of a core at most, and neither the device's thread nor the ear's waits for it longer than for any other. (A niced thread
could hold Python's lock while it waits for its turn, and that would hold them up.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from voicecoach.audio.clip import Clip
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.self_trigger import ECHOES, is_obeyed, self_triggers
from voicecoach.ear.self_trigger_cache import SelfTriggerCache
from voicecoach.errors import EarError

_SHARE = 0.1
"""Of the time that a sound lasts that a core takes to hear it."""

_REST = 3.0
"""Times as long as it worked that the thread rests."""

_PATIENCE = 2.0
"""Seconds that the end of a session waits for the thread; it needs a few hundredths."""

_ENDED = "What the coach's own sentences sound like could not be found out in full ({why})."

_TELL_AFTER = 10.0
"""Seconds after which what was found is told, however much is still to be heard."""


class _ClosedError(Exception):
    """The session is over."""


class Rehearsal:
    """Knows what the ear takes a session's texts for, and finds out about those that nobody played to it yet.

    Either ``listen`` to them, or ``start`` a thread that does; one thread makes, starts and closes it.
    """

    def __init__(self, clips: Mapping[str, Clip], cache: SelfTriggerCache, make: Callable[[], Hearing]) -> None:
        """``clips`` by text, in the order in which they are needed; ``make`` builds the chain. Reads the cache."""
        self._cache, self._make = cache, make
        known = {text: cache.get(clip) for text, clip in clips.items()}
        self.heard = {text: triggers for text, triggers in known.items() if triggers is not None}
        """What each text is taken for; grows while it is listened to."""
        self.unheard = {text: clip for text, clip in clips.items() if known[text] is None}
        """What is still to be played to the ear; left as it is."""
        self.obeyed = frozenset(text for text, triggers in self.heard.items() if is_obeyed(triggers))
        """Texts that were known from the start to be taken for commands."""
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._worked_since = 0.0

    @property
    def seconds(self) -> float:
        """About how long ``listen`` takes on a machine that has nothing else to do."""
        return _SHARE * len(ECHOES) * sum(clip.seconds for clip in self.unheard.values())

    def listen(self) -> Iterator[str]:
        """Play what is unheard to the ear, and return each text as it is done. Raises EarError."""
        if self.unheard:
            hearing = self._make()
            try:
                yield from self._listen(hearing)
            finally:
                hearing.close()

    def start(
        self, on_news: Callable[[frozenset[str]], None], on_trouble: Callable[[str], None] = lambda _: None
    ) -> None:
        """Begin to hear what nobody heard yet; ``on_news`` is given all texts that are obeyed, whenever there are more.

        The engine is loaded here, and not in the thread, as that holds up every other one (0.2 s): start before there
        is sound. Where it cannot be loaded, or breaks, ``on_trouble`` is told and no more is found out: the session
        needs none of this.
        """
        if self._thread is not None:
            raise RuntimeError("this rehearsal was started before")
        if not self.unheard:
            return
        try:
            hearing = self._make()
        except EarError as error:
            on_trouble(_ENDED.format(why=error))
            return
        self._thread = threading.Thread(
            target=self._run, args=(hearing, on_news, on_trouble), name="rehearsal", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop within 10 ms of sound and release the engine; one that hangs is left behind. May be called twice."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _listen(self, hearing: Hearing, between: Callable[[], None] = lambda: None) -> Iterator[str]:
        for text, clip in self.unheard.items():
            triggers = self_triggers(hearing, clip, between)
            self._cache.put(clip, triggers)
            self.heard[text] = triggers
            yield text

    def _run(
        self, hearing: Hearing, on_news: Callable[[frozenset[str]], None], on_trouble: Callable[[str], None]
    ) -> None:
        found = told = self.obeyed
        told_at = self._worked_since = time.monotonic()
        try:
            for text in self._listen(hearing, self._rest):
                found |= {text} if is_obeyed(self.heard[text]) else frozenset()
                if found != told and time.monotonic() - told_at >= _TELL_AFTER:
                    on_news(found)
                    told, told_at = found, time.monotonic()
            if found != told:
                on_news(found)
        except _ClosedError:
            return
        except Exception as error:  # whatever an engine throws; the live ear has one of its own
            on_trouble(_ENDED.format(why=f"{type(error).__name__}: {error}"))
        finally:
            with suppress(Exception):  # it may be broken
                hearing.close()

    def _rest(self) -> None:
        worked = time.monotonic() - self._worked_since
        if self._closing.wait(_REST * worked):
            raise _ClosedError
        self._worked_since = time.monotonic()
