"""What every device adapter puts between its library's callback and the player's exchange."""

from __future__ import annotations

import threading

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.audio.device import Exchange

_PATIENCE = 1.0
"""Seconds that ``close`` waits for a call in progress: a hung exchange must not hang the way out."""


class GuardedExchange:
    """Calls an exchange so that nothing it does reaches the audio library; called from the device's thread.

    An exception, or a block that is not mono float32 of the length asked for, is kept in ``failure``; from then on
    every block is silence and the exchange is left alone. After ``close`` it is left alone too.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.failure: BaseException | None = None
        self._exchange: Exchange | None = exchange
        # Reentrant: a device may be closed from within its own callback.
        self._turn = threading.RLock()

    def __call__(self, frames: int, captured: Samples | None) -> Samples:
        """One block of ``frames``, silence after a failure or ``close``."""
        with self._turn:
            if self._exchange is not None:
                try:
                    return _checked(self._exchange(frames, captured), frames)
                except Exception as fault:
                    self.fail(fault)
        return np.zeros(frames, np.float32)

    def fail(self, fault: BaseException) -> None:
        """Keep the first ``fault`` and call the exchange no more."""
        self.failure = self.failure or fault
        self._exchange = None

    def close(self) -> None:
        """No further call begins once this has returned."""
        self._exchange = None
        if self._turn.acquire(timeout=_PATIENCE):
            self._turn.release()


def _checked(block: Samples, frames: int) -> Samples:
    if block.dtype != np.float32 or block.shape != (frames,):
        raise TypeError(f"a block of {frames} float32 was due, got {block.dtype} of shape {block.shape}")
    return np.ascontiguousarray(block)
