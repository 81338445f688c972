"""What a synthesizer said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RATE = 16_000


@dataclass
class Spoken:
    """One synthetic utterance at 16 kHz; ``label`` is a class, "other" or "coach"."""

    label: str
    text: str
    engine: str
    voice: str
    samples: np.ndarray
