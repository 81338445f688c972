"""Where an utterance begins and ends, for engines that want whole ones. Counted in hops of sound, never in time.

The default engine needs none of this: it must not wait for a silence that may never come.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.level import HOP, NoiseFloor, level_of


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """A stretch of sound with a voice in it."""

    samples: Samples
    """EAR_RATE, with some of the quiet around it."""
    start: int
    """Position of its first sample in the stream."""

    @property
    def end(self) -> int:
        """One past its last sample."""
        return self.start + len(self.samples)


class Endpointer:
    """Cuts the stream into utterances. Takes hops in order; not thread-safe."""

    ONSET_HOPS = 4
    """Active hops among the last ``2 * ONSET_HOPS`` that begin an utterance: shorter is a click."""
    LEAD_HOPS = 30
    """Hops kept from before the onset: soft first sounds."""
    TRAIL_HOPS = 40
    """Inactive hops in a row that end it: longer than the closure in "stop", shorter than a breath."""
    MOST_HOPS = 600
    """An utterance without a pause is cut here: noise and talk have no end."""

    def __init__(self) -> None:
        self._floor = NoiseFloor()
        self._lead: deque[Samples] = deque(maxlen=self.LEAD_HOPS + 2 * self.ONSET_HOPS)
        self._recent: deque[bool] = deque(maxlen=2 * self.ONSET_HOPS)
        self._spoken: list[Samples] = []
        self.reset()

    def reset(self) -> None:
        """Begin a new stream at sample 0."""
        self._floor.reset()
        self._lead.clear()
        self._recent.clear()
        self._spoken.clear()
        self._inactive = self._hops = 0

    def feed(self, hop: Samples) -> Utterance | None:
        """Take the next HOP samples; the utterance that they end, if they end one."""
        if len(hop) != HOP:
            raise ValueError(f"an endpointer takes {HOP} samples at a time, got {len(hop)}")
        self._hops += 1
        active = self._floor.feed(level_of(hop))
        if self._spoken:
            self._spoken.append(hop)
            self._inactive = 0 if active else self._inactive + 1
            if self._inactive >= self.TRAIL_HOPS or len(self._spoken) >= self.MOST_HOPS:
                return self._cut()
            return None
        self._lead.append(hop)
        self._recent.append(active)
        if sum(self._recent) >= self.ONSET_HOPS:
            self._spoken.extend(self._lead)
            self._inactive = 0
        return None

    def _cut(self) -> Utterance:
        samples = np.concatenate(self._spoken)
        self._lead.clear()
        self._recent.clear()
        self._spoken.clear()
        return Utterance(samples, self._hops * HOP - len(samples))
