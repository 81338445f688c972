"""Keeps rendered speech on disk, so that a routine's second session starts at once.

A cache never stops a session: what cannot be read is rendered again, what cannot be written is not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs
import soundfile

from voicecoach.audio.clip import LONGEST, RATES, Clip

LIMIT_BYTES = 200_000_000
"""About three hours of speech from espeak-ng: 18 KB a second."""

_KEPT_AFTER_PRUNING = 0.9
_STALE_SECONDS = 3600.0
"""A temporary file this old was left by a process that is gone."""


def default_folder() -> Path:
    """Where the user's speech is kept: ``speech`` in voicecoach's cache folder."""
    return platformdirs.user_cache_path("voicecoach") / "speech"


class ClipCache:
    """Clips by what they depend on: one FLAC file (16 bits) each, named by the SHA-256 of the key and the
    text.

    Each file carries the SHA-256 of its samples, so that a damaged one is noticed. Files appear whole or not
    at all, so several processes may share the folder. The least recently used go when ``limit_bytes`` is
    passed. Raises nothing. Not thread-safe.
    """

    def __init__(self, folder: Path | None = None, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder or default_folder()
        self._limit = limit_bytes
        self._size: int | None = None
        """Bytes in the folder as far as this process knows; counted at the first write."""

    def get(self, key: str, text: str) -> Clip | None:
        """The clip that was put there, or None."""
        path = self._path(key, text)
        try:
            with soundfile.SoundFile(path) as file:
                if file.channels != 1 or file.samplerate not in RATES or file.frames > LONGEST * file.samplerate:
                    raise RuntimeError("no clip of ours")
                samples = file.read(dtype="int16")
                digest, rate = file.comment, file.samplerate
        except (OSError, RuntimeError):
            self._discard(path)
            return None
        if samples.ndim != 1 or digest != _digest(samples, rate):
            self._discard(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return _from_pcm(samples, rate)

    def put(self, key: str, text: str, clip: Clip) -> None:
        """Keep a clip. An empty one is not kept."""
        if not len(clip):
            return
        path = self._path(key, text)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._size is None:
                self._size = self._counted()
            self._size += _write(path, clip)
            if self._size > self._limit:
                self._size = self._pruned()
        except (OSError, RuntimeError):
            return

    def _path(self, key: str, text: str) -> Path:
        name = hashlib.sha256(f"{key}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{name}.flac"

    def _discard(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink()

    def _counted(self) -> int:
        for path in self._folder.glob("*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()
        return sum(size for _, size, _ in self._files())

    def _pruned(self) -> int:
        """Remove the least recently used until a tenth is free; the bytes that are left."""
        files = sorted(self._files())
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= self._limit * _KEPT_AFTER_PRUNING:
                break
            self._discard(path)
            left -= size
        return left

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self._folder.glob("*.flac"):
            with contextlib.suppress(OSError):  # another process may have removed it since
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return found


def as_kept(clip: Clip) -> Clip:
    """The clip in 16 bits, as the cache gives it back: what is known of a session's sound is true of the next one's."""
    return _from_pcm(_to_pcm(clip), clip.rate)


def _to_pcm(clip: Clip) -> npt.NDArray[np.int16]:
    return np.clip(np.rint(clip.samples * 32_768), -32_768, 32_767).astype(np.int16)


def _from_pcm(samples: npt.NDArray[np.int16], rate: int) -> Clip:
    return Clip((samples / np.float32(32_768)).astype(np.float32), rate)


def _write(path: Path, clip: Clip) -> int:
    """Write the file whole or not at all; its size. Raises OSError, and RuntimeError from libsndfile."""
    samples = _to_pcm(clip)
    handle, name = tempfile.mkstemp(suffix=".tmp", dir=path.parent)
    os.close(handle)
    try:
        with soundfile.SoundFile(name, "w", clip.rate, 1, "PCM_16", format="FLAC") as file:
            file.comment = _digest(samples, clip.rate)
            file.write(samples)
        size = Path(name).stat().st_size
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return size


def _digest(samples: npt.NDArray[np.int16], rate: int) -> str:
    return hashlib.sha256(f"{rate} {len(samples)} ".encode() + samples.astype("<i2").tobytes()).hexdigest()
