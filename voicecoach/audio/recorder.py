"""``--record FILE``: what the microphone heard (left) and what was played (right), only when the user asks for it."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import numpy as np
import soundfile

from voicecoach.audio.clip import Samples
from voicecoach.audio.recorded_session import MARK
from voicecoach.errors import RecordingError
from voicecoach.units import STREAM_RATE

FORMATS = {".wav": "WAV", ".flac": "FLAC"}

_PATIENCE = 3.0
"""Seconds that ``close`` waits for the disk: one that never answers must not keep the program from ending."""

_MOST_WAITING = 10 * STREAM_RATE
"""Frames that may wait for the disk, 4 MB: one that hangs must not fill the memory."""


class Recorder:
    """Writes stereo blocks at STREAM_RATE in a thread of its own. RecordingError where ``path`` cannot be written.

    Where more than 10 s wait for the disk no more are taken: the file then ends early, but without a gap.
    """

    def __init__(self, path: Path) -> None:
        kind = FORMATS.get(path.suffix.lower())
        if kind is None:
            raise RecordingError(f"{path.name}: a recording is a .wav or .flac file")
        try:
            self._file = soundfile.SoundFile(path, "w", STREAM_RATE, 2, "PCM_16", format=kind)
            self._file.comment = MARK
        except (OSError, soundfile.SoundFileError, ValueError) as fault:  # the last: a name that is no text
            raise RecordingError(f"{path} cannot be written: {fault}") from fault
        self.failure: Exception | None = None
        """Why the file ends early, if it does; what was taken before stays in it as far as the disk lets it."""
        self._taken = self._written = 0
        """Frames, each counted by one thread alone."""
        self._blocks: queue.SimpleQueue[tuple[Samples | None, Samples] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def submit(self, captured: Samples | None, played: Samples) -> None:
        """Take one block from the device's thread; never waits for the disk. Nothing is kept after a failure."""
        if self.failure is not None:
            return
        if self._taken - self._written + len(played) > _MOST_WAITING:
            waiting = _MOST_WAITING // STREAM_RATE
            self._fail(RecordingError(f"{waiting} s of sound wait for a disk that does not answer; no more is taken"))
            return
        self._taken += len(played)
        self._blocks.put((None if captured is None else captured.copy(), played.copy()))

    def close(self, patience: float = _PATIENCE) -> None:
        """Write what is left and complete the file, in ``patience`` seconds at most; may be called twice."""
        self._blocks.put(None)
        self._thread.join(patience)
        if self._thread.is_alive():
            left = (self._taken - self._written) / STREAM_RATE
            self._fail(RecordingError(f"the disk does not answer; the file is not complete, {left:.1f} s are missing"))

    def _fail(self, fault: Exception) -> None:
        self.failure = self.failure or fault

    def _run(self) -> None:
        try:
            with self._file:
                while (block := self._blocks.get()) is not None:
                    captured, played = block
                    left = np.zeros_like(played) if captured is None else captured
                    self._file.write(np.column_stack([left, played]))
                    self._written += len(played)
        except Exception as fault:  # the disk's, or whatever the library throws
            self._fail(fault)
