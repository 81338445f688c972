"""The background sound, decoded ahead by a thread of its own: whoever plays it never waits for a disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.audio.playlist import Playlist
from voicecoach.units import STREAM_RATE, frames

CAPACITY_SECONDS = 5.0
"""Decoded ahead: 1 MB, and longer than a loaded machine or a slow disk was seen to stand still."""
_REFILL_SECONDS = 0.5
"""Where the thread was too late, so much is gathered before the sound goes on."""
_FADE_SECONDS = 0.01
_GLANCE = 0.1
"""Seconds between two looks at whether there is room again: nothing wakes the thread, as that would take a lock."""
_PATIENCE = 2.0


class Music:
    """``read`` gives the next samples at once, to one thread; ``start`` and ``close`` belong to another.

    A ring of samples with one writer and one reader: each owns its own count and only looks at the other's, so no lock
    is needed. A reader that finds too little gets that much, faded, and silence.
    """

    def __init__(self, files: list[Path]) -> None:
        self._files = files
        self._ring = np.zeros(frames(CAPACITY_SECONDS), np.float32)
        self._written = 0
        self._taken = 0
        self._is_dry = True
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, on_trouble: Callable[[str], None]) -> None:
        """Begin to decode. ``on_trouble`` is called from the thread, with a whole sentence. Once for each object."""
        pieces = Playlist(self._files, on_trouble).pieces()
        self._thread = threading.Thread(target=self._fill, args=(pieces, on_trouble), name="music", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> int:
        """How many samples are decoded ahead."""
        return self._written - self._taken

    def read(self, count: int) -> Samples:
        """The next ``count`` samples. Never waits."""
        ready = self.ready
        if self._is_dry and ready < frames(_REFILL_SECONDS):
            return np.zeros(count, np.float32)
        given = min(ready, count)
        out = np.zeros(count, np.float32)
        out[:given] = self._ring.take(np.arange(self._taken, self._taken + given), mode="wrap")
        self._taken += given
        if self._is_dry:
            _fade(out[:given])
        self._is_dry = given < count
        if self._is_dry:
            _fade(out[:given][::-1])
        return out

    def close(self) -> None:
        """End the thread. What was decoded can still be read. May be called twice."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _fill(self, pieces: Iterator[Samples], on_trouble: Callable[[str], None]) -> None:
        try:
            for piece in pieces:
                if self._closing.is_set() or not self._put(piece):
                    return
        except Exception as error:  # background sound is never worth a session
            on_trouble(f"The music has ended because of a fault of the program: {type(error).__name__}: {error}")

    def _put(self, piece: Samples) -> bool:
        """Write the piece as room comes; False where it was closed meanwhile."""
        while len(piece):
            room = len(self._ring) - self.ready
            if not room:
                if self._closing.wait(_GLANCE):
                    return False
                continue
            part = piece[:room]
            self._ring.put(np.arange(self._written, self._written + len(part)), part, mode="wrap")
            self._written += len(part)
            piece = piece[room:]
        return True


def _fade(samples: Samples) -> None:
    """Let the first samples rise from nothing, in place."""
    count = min(round(_FADE_SECONDS * STREAM_RATE), len(samples))
    samples[:count] *= np.linspace(0.0, 1.0, count, endpoint=False, dtype=np.float32)
