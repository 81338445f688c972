"""Port: an echo canceller takes the coach's own voice out of what the microphone heard."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.level import HOP


class EchoCanceller(Protocol):
    """One per stream; not thread-safe. All blocks at EAR_RATE, microphone and reference of one length, on one clock."""

    def process(self, microphone: Samples, reference: Samples) -> Samples:
        """The microphone's block without the part that ``reference`` (what was played meanwhile) explains.

        As long as ``microphone``, and not delayed. The next block follows without a gap.
        """

    @property
    def expected(self) -> Samples:
        """The coach's voice that the last hop (HOP samples) was expected to hold; zeros where none was."""

    def reset(self) -> None:
        """A new stream begins, or the path became another: forget the room."""

    @property
    def is_lost(self) -> bool:
        """Whether the last block showed that the path is another than the one that was learned, as after a slip that
        nobody told of; it is being learned anew."""

    def slipped(self) -> None:
        """The streams slipped, nobody knows yet by how much: learn the path anew, until ``recall`` is called."""

    def recall(self, sooner: int) -> None:
        """The streams slipped and were put in step again: what was learned in the last 3 seconds is no use.

        ``sooner``: hops by which the echo follows the reference sooner than before.
        """

    def learned(self) -> Samples | None:
        """The path from reference to microphone, where it is known well enough to be worth keeping."""


class PassThrough:
    """Cancels nothing: for headphones, and where no reference is known."""

    def process(self, microphone: Samples, reference: Samples) -> Samples:
        """The microphone's block as it is."""
        if len(microphone) != len(reference):
            raise ValueError(f"{len(microphone)} samples captured but {len(reference)} played")
        return microphone

    @property
    def expected(self) -> Samples:
        """Nothing."""
        return np.zeros(HOP, dtype=np.float32)

    @property
    def is_lost(self) -> bool:
        """Never: nothing is learned."""
        return False

    def slipped(self) -> None:
        """Nothing to learn anew."""

    def reset(self) -> None:
        """Nothing to forget."""

    def recall(self, sooner: int) -> None:
        """Nothing to go back to."""

    def learned(self) -> Samples | None:
        """Nothing."""
        return None
