"""Plays one clip after another on a device and waits for each: for trying a voice, not for a session."""

from __future__ import annotations

import time
from types import TracebackType

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.device import AudioDevice
from voicecoach.audio.mixer import Mixer
from voicecoach.errors import DeviceError

STALLED = 2.0
"""Seconds without a block after which the device counts as lost."""
_GLANCE = 0.02
_DRAIN = 0.3
"""Seconds that the last sounds get to leave the device's buffer."""


class Playback:
    """Holds a started device; use it as a context manager. One thread calls it. Raises DeviceError."""

    def __init__(self, device: AudioDevice, stalled: float = STALLED) -> None:
        """Starts ``device``; it counts as lost after ``stalled`` seconds without a block."""
        self._device, self._stalled = device, stalled
        self._mixer = Mixer()
        device.start(self._exchange)

    def play(self, clip: Clip) -> None:
        """Play ``clip``, of any rate, to its end. Raises DeviceError where the device is lost on the way."""
        samples = clip.resampled(self._mixer.rate).samples
        end = self._mixer.overlay(samples) + len(samples) + round(_DRAIN * self._mixer.rate)
        last, moved = self._mixer.position, time.monotonic()
        while last < end:
            time.sleep(_GLANCE)
            if self._mixer.position != last:
                last, moved = self._mixer.position, time.monotonic()
            if self._device.failure is not None or time.monotonic() - moved > self._stalled:
                raise DeviceError(f"The sound device {self._device.name} was lost. Connect it, and try again.")

    def close(self) -> None:
        """Release the device. May be called twice."""
        self._device.close()

    def __enter__(self) -> Playback:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(self, frames: int, _: Samples | None) -> Samples:
        return self._mixer.render(frames)
