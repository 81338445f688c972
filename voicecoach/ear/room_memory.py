"""Remembers from one session to the next how a loudspeaker sounds in a microphone, so that the next begins learned.

One small file for each pair of devices, in the user's cache folder: the filter that the echo canceller learned and how
much the two clocks drift, no sound. Like every cache it never stops a session: what cannot be read, or is not what was
written, is ignored; what cannot be written is not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from voicecoach.audio.clip import Samples
from voicecoach.units import EAR_RATE

FORMAT = 1
"""Of the file; another one is ignored."""

_LONGEST, _WILDEST = EAR_RATE, 1e-3
"""Samples of a path, and samples a sample of a drift: a file that tells of more is damaged."""

_LARGEST = 256 * 1024
"""Bytes; the longest path has 64 KB."""


def default_folder() -> Path:
    """``rooms`` in voicecoach's cache folder."""
    return platformdirs.user_cache_path("voicecoach") / "rooms"


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """What is worth knowing at the next start."""

    path: Samples
    """Impulse response from loudspeaker to microphone, EAR_RATE; when it begins differs from start to start."""
    drift: float
    """Samples by which the echo gets later in each sample."""


class RoomMemory:
    """The room of one pair of devices. Raises nothing. Not thread-safe."""

    def __init__(self, devices: str, folder: Path | None = None) -> None:
        """``devices`` names both, and whatever else the path depends on."""
        name = hashlib.sha256(devices.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._file = (folder or default_folder()) / f"{name}.npz"

    def load(self) -> Room | None:
        """What was saved; None where there is nothing, or nothing that makes sense."""
        try:
            if self._file.stat().st_size > _LARGEST:
                return None
            with np.load(self._file, allow_pickle=False) as data:
                room = Room(np.asarray(data["path"], dtype=np.float32), float(data["drift"]))
                known = int(data["format"]) == FORMAT
        except Exception:  # whatever a damaged or foreign file makes numpy raise
            return None
        whole = room.path.ndim == 1 and 0 < len(room.path) <= _LONGEST and bool(np.all(np.isfinite(room.path)))
        return room if known and whole and abs(room.drift) <= _WILDEST else None

    def save(self, room: Room) -> None:
        """Keep it in place of what was there: whole or not at all."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(suffix=".tmp", dir=self._file.parent)
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, format=FORMAT, path=room.path, drift=room.drift)
            Path(name).replace(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
