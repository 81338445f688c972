"""Ports: what a loudspeaker and a microphone look like to the rest of the program.

All blocks are mono float32 at ``units.STREAM_RATE``. Callbacks run in the device's own thread: they must return
within the block's duration, and must not raise (an adapter that meets an exception keeps it for ``failure``
and plays silence, so that the player notices within a second).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from voicecoach.audio.clip import Samples

Exchange = Callable[[int, "Samples | None"], Samples]
"""``exchange(frames, captured)``: hands over what the microphone captured (``frames`` long; None where there is no
microphone) and returns exactly ``frames`` samples to play. One call for each block, on one sample clock: the n-th
captured frame was captured when the n-th played frame was handed to the device."""

IsFree = Callable[[float], bool]
"""Whether a hole in the sound would harm nothing now, nor during the next so many seconds."""


def never_free(_: float) -> bool:
    """What a device goes by as long as its owner has not said otherwise."""
    return False


class AudioDevice(Protocol):
    """A stream of sound out, and in where ``has_microphone``; both on one sample clock."""

    @property
    def name(self) -> str:
        """What to call it in a message."""

    @property
    def has_microphone(self) -> bool:
        """Whether captured blocks will be handed over; known after ``start``."""

    @property
    def failure(self) -> BaseException | None:
        """What broke the stream, if anything did; a stream may also just stop calling."""

    def start(self, exchange: Exchange) -> None:
        """Open the stream and begin to call ``exchange``. Raises DeviceError. Once for each object."""

    def close(self) -> None:
        """Stop and release it. Returns once no further ``exchange`` call will begin. May be called twice."""


@runtime_checkable
class Renewable(Protocol):
    """A device that now and then lets a better stream take over: that makes a hole, so it asks when it may."""

    is_free: IsFree
    """Asked in the device's own threads, and set before ``start``."""
