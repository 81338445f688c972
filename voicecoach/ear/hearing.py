"""The chain: microphone -> 16 kHz -> in step with the reference -> echo canceller -> level -> spotter -> own voice?
-> decision.

Synchronous, no thread, no clock. ``hear`` and the live ear run exactly this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.alignment import Alignment
from voicecoach.ear.decision import Decision, Rule
from voicecoach.ear.echo import EchoCanceller
from voicecoach.ear.kalman_echo import KalmanEchoCanceller
from voicecoach.ear.level import HOP, HOPS_A_SECOND, QUIETEST, LevelHistory, NoiseFloor, Normaliser, mean_level
from voicecoach.ear.own_voice import OwnVoice, OwnVoiceGate
from voicecoach.ear.resampler import Decimator
from voicecoach.ear.room_memory import Room, RoomMemory
from voicecoach.ear.spotter import CanBeLightened, Detection, Heard, Spotter
from voicecoach.routine.languages import ENGLISH
from voicecoach.session.commands import ALWAYS, Command, phrases_for

_LOUDEST = 8.0
"""Times full scale: a driver's garbage, or what is no number at all, would stay in the echo canceller for ever."""


class Hearing:
    """Hears commands in one stream. Fed from one thread; ``decided`` positions count from the stream's first frame."""

    def __init__(
        self,
        spotter: Spotter,
        rules: Callable[[str], Rule],
        echo: EchoCanceller | None = None,
        memory: RoomMemory | None = None,
        language: str = ENGLISH,
    ) -> None:
        """Armed with every command but the answers. ``rules`` must speak of the spotter's own scores.

        ``memory``: of an earlier session's room, which makes for a better start; kept up to date on ``close``.
        """
        self._spotter, self._memory, self._language = spotter, memory, language
        room = None if memory is None else memory.load()
        self._echo: EchoCanceller = KalmanEchoCanceller(room) if echo is None else echo
        self._microphone, self._reference = Decimator(), Decimator()
        self._alignment = Alignment(room)
        self._floor, self._normaliser, self._levels = NoiseFloor(), Normaliser(), LevelHistory()
        self._decision = Decision(rules, self._levels)
        self._gate = OwnVoiceGate(OwnVoice())
        self._pending: Samples = np.zeros((2, 0), dtype=np.float32)
        self.arm(frozenset(Command))
        self.arm(ALWAYS)

    def arm(self, commands: Collection[Command]) -> None:
        """From the next hop on, listen for these and no others. Raises EarError."""
        self._spotter.arm(phrases_for(commands, self._language))

    def feed(self, microphone: Samples, reference: Samples | None = None) -> list[Heard]:
        """Take the next block (STREAM_RATE, any length) and return what was decided in it.

        ``reference`` is what was played meanwhile, as long as ``microphone``; None where nothing was.
        """
        if reference is None:
            reference = np.zeros(len(microphone), dtype=np.float32)
        elif len(reference) != len(microphone):
            raise ValueError(f"{len(microphone)} frames captured but {len(reference)} played")
        if not np.max(np.abs(microphone), initial=0.0) <= _LOUDEST:  # so written because no number is less than another
            microphone = np.clip(np.nan_to_num(microphone, nan=0.0), -_LOUDEST, _LOUDEST)
        both = np.stack((self._microphone.process(microphone), self._reference.process(reference)))
        joined = np.concatenate((self._pending, both), axis=1)
        whole = joined.shape[1] // HOP * HOP
        self._pending = joined[:, whole:]
        heard: list[Heard] = []
        for start in range(0, whole, HOP):
            heard += self._hop(*joined[:, start : start + HOP])
        return heard

    def lighten(self, light: bool) -> bool:
        """From the next hop on, hear with less of the processor, and somewhat worse; or as well as it can again.

        False where nothing can be done without.
        """
        if not isinstance(self._spotter, CanBeLightened):
            return False
        self._spotter.lighten(light)
        return True

    def slipped(self) -> None:
        """From the next block on the echo of what is played may come sooner or later than before, nobody knows by how
        much: until it has been learned anew nothing that is heard over the coach is proven to be somebody's."""
        self._gate.slipped()
        self._echo.slipped()

    def reset(self) -> None:
        """Forget the sound so far, not the vocabulary: the next block begins a new stream at position 0."""
        parts = (self._echo, self._microphone, self._reference, self._floor, self._normaliser, self._levels)
        for part in (*parts, self._alignment, self._gate, self._decision, self._spotter):
            part.reset()
        self._pending = np.zeros((2, 0), dtype=np.float32)

    def close(self) -> None:
        """Release the engine, and remember the room."""
        path = self._echo.learned()
        if self._memory is not None and path is not None:
            self._memory.save(Room(path, self._alignment.drift))
        self._spotter.close()

    @property
    def level(self) -> float:
        """How loud the last second was, dBFS, after echo cancelling; for displays."""
        last = self._levels.between(self._levels.hops - HOPS_A_SECOND, self._levels.hops)
        return mean_level(last) if last else QUIETEST

    def _hop(self, microphone: Samples, reference: Samples) -> list[Heard]:
        reference = self._alignment.process(microphone, reference)
        if self._alignment.slip is not None:
            self._gate.slipped()
            self._echo.recall(self._alignment.slip)
        hop = self._echo.process(microphone, reference)
        if self._echo.is_lost:
            self._gate.slipped()
        self._gate.feed(microphone, reference, hop, self._echo.expected)
        level = self._levels.measure(hop)
        active = self._floor.feed(level)
        found = [_earlier(one) for one in self._spotter.feed(self._normaliser.process(hop, level, active))]
        return self._gate.admit(self._decision.feed(self._gate.sift(found)))


def _earlier(detection: Detection) -> Detection:
    """The same, counted on the microphone's side of the normaliser's delay."""
    late = Normaliser.LOOK_AHEAD * HOP
    return replace(detection, start=max(0, detection.start - late), end=max(1, detection.end - late))
