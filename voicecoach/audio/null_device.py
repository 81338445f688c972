"""No sound at all, in real time: for a machine without a sound card, and for tests."""

from __future__ import annotations

from voicecoach.audio.device import Exchange
from voicecoach.audio.guarded_exchange import GuardedExchange
from voicecoach.audio.paced_stream import PacedStream


class NullDevice:
    """Takes a block every 10 ms of the machine's monotonic clock and drops it. No microphone."""

    def __init__(self) -> None:
        self._guard: GuardedExchange | None = None
        self._stream: PacedStream | None = None

    @property
    def name(self) -> str:
        """For messages."""
        return "no sound device"

    @property
    def has_microphone(self) -> bool:
        """Never."""
        return False

    @property
    def failure(self) -> BaseException | None:
        """What the exchange raised, if it did."""
        return self._guard.failure if self._guard else None

    @property
    def underruns(self) -> int:
        """How often the process stood still for more than a second."""
        return self._stream.slips if self._stream else 0

    def start(self, exchange: Exchange) -> None:
        """Begin to call ``exchange(480, None)`` a hundred times a second."""
        if self._guard is not None:
            raise RuntimeError("a device is started once")
        self._guard = guard = GuardedExchange(exchange)
        self._stream = PacedStream("null-device", lambda frames: _drop(guard, frames))
        self._stream.start()

    def close(self) -> None:
        """End the stream."""
        if self._guard is not None and self._stream is not None:
            self._guard.close()
            self._stream.close()


def _drop(guard: GuardedExchange, frames: int) -> None:
    guard(frames, None)
