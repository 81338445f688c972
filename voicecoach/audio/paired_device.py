"""A loudspeaker and a microphone that know nothing of each other, joined into one device."""

from __future__ import annotations

import threading

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.audio.device import AudioDevice, Exchange, IsFree, Renewable, never_free
from voicecoach.errors import DeviceError
from voicecoach.units import STREAM_RATE

_SLACK = STREAM_RATE // 10
"""100 ms: what the microphone may be ahead, at most, before the oldest of it is dropped. Callbacks come in clumps of
up to 90 ms."""
_WINDOW = 5 * STREAM_RATE
"""Played frames over which the least that waited shows what waits for nothing."""
_SPARE = STREAM_RATE // 50
"""20 ms that may wait even so: two clocks drift."""
_DEAF_AFTER = 2 * STREAM_RATE
"""Played frames without a captured one after which the microphone is taken to be dead: some never say so."""


class PairedDevice:
    """Plays on ``speaker`` and hears with ``microphone``; the speaker's callbacks set the pace.

    What was captured waits in a queue until the speaker asks for a block of that length. The two clocks are not one:
    where the queue runs dry silence is put in its place, and where more than a block and 100 ms wait the oldest is
    dropped, so that what the ear gets is never old. What a late speaker left behind in it is dropped when ``is_free``
    says that nothing plays. So the alignment of captured to played frames is good to about 100 ms and slips now and
    then: enough to hear commands, not for a canceller that counts samples.
    """

    def __init__(self, speaker: AudioDevice, microphone: AudioDevice) -> None:
        self._speaker, self._microphone = speaker, microphone
        self._waiting = np.zeros(0, np.float32)
        self._slips = 0
        self._least, self._watched = _DEAF_AFTER, 0
        self._is_free: IsFree = never_free
        self._lock = threading.Lock()
        self._exchange: Exchange | None = None
        self._played_since_capture = 0
        self._deafness: DeviceError | None = None

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self._speaker.name} and {self._microphone.name}"

    @property
    def has_microphone(self) -> bool:
        """Always."""
        return True

    @property
    def failure(self) -> BaseException | None:
        """What broke either stream; a microphone that stays silent for two seconds of callbacks has broken, too."""
        return self._speaker.failure or self._microphone.failure or self._deafness

    @property
    def underruns(self) -> int:
        """The loudspeaker's, where it counts them."""
        return int(getattr(self._speaker, "underruns", 0))

    @property
    def slips(self) -> int:
        """How often what is captured may have moved against what is played. From ``exchange``: up to this block."""
        return self._slips + sum(int(getattr(device, "slips", 0)) for device in (self._speaker, self._microphone))

    @property
    def is_free(self) -> IsFree:
        """Whether a hole would harm nothing; either stream is told, too, where it asks."""
        return self._is_free

    @is_free.setter
    def is_free(self, is_free: IsFree) -> None:
        self._is_free = is_free
        for device in (self._speaker, self._microphone):
            if isinstance(device, Renewable):
                device.is_free = is_free

    def start(self, exchange: Exchange) -> None:
        """Open the microphone, then the speaker; DeviceError where either is missing, and neither stays open."""
        if self._exchange is not None:
            raise RuntimeError("a device is started once")
        self._exchange = exchange
        self._microphone.start(self._keep)
        try:
            if not self._microphone.has_microphone:
                raise DeviceError(f"{self._microphone.name} captures nothing.")
            self._speaker.start(self._pass_on)
        except BaseException:
            self._microphone.close()
            raise

    def close(self) -> None:
        """Close both."""
        self._speaker.close()
        self._microphone.close()

    def _keep(self, frames: int, captured: Samples | None) -> Samples:
        if captured is not None:
            with self._lock:
                self._waiting = np.concatenate([self._waiting, captured])[-_DEAF_AFTER:]
                self._played_since_capture = 0
        return np.zeros(frames, np.float32)

    def _pass_on(self, frames: int, _: Samples | None) -> Samples:
        with self._lock:
            kept = self._waiting[-(frames + _SLACK) :]
            self._slips += not frames <= len(self._waiting) <= frames + _SLACK
            captured, self._waiting = kept[:frames], kept[frames:]
            self._drop_surplus(frames)
            self._played_since_capture += frames
            if self._played_since_capture > _DEAF_AFTER:
                self._deafness = DeviceError(f"{self._microphone.name} no longer captures anything.")
        if len(captured) < frames:
            captured = np.concatenate([captured, np.zeros(frames - len(captured), np.float32)])
        assert self._exchange is not None
        return self._exchange(frames, captured)

    def _drop_surplus(self, frames: int) -> None:
        """What has waited for a whole window is never needed: drop it in a free moment. The lock is held."""
        self._least, self._watched = min(self._least, len(self._waiting)), self._watched + frames
        if self._watched < _WINDOW:
            return
        if self._least > _SPARE:
            if not self._is_free(0.0):
                return
            self._waiting = self._waiting[self._least - _SPARE // 2 :]
            self._slips += 1
        self._least, self._watched = _DEAF_AFTER, 0
