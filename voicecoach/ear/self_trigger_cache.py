"""Keeps on disk what the ear takes prompts for, so that each is listened to once.

What was found belongs to the sound and to the ear that heard it: a new voice, a reworded prompt, new weights or a
changed rule are new files. Like the cache of speech, beside which it lies, it never stops anybody.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Collection
from importlib import metadata
from pathlib import Path

from voicecoach.audio.clip import Clip
from voicecoach.ear.pocketsphinx_language import search_language
from voicecoach.ear.self_trigger import SelfTrigger
from voicecoach.ear.spotter import Tier
from voicecoach.routine.languages import ENGLISH, is_english
from voicecoach.session.commands import Command, phrases

MOST_FILES = 20_000
"""About forty long routines in two voices, 80 MB of disk in blocks of 4 KB. Then the oldest tenth goes."""

_ENDING = ".triggers.json"
_EAR = Path(__file__).resolve().parent
_LIBRARIES = ("pocketsphinx", "pyopen-wakeword")


class SelfTriggerCache:
    """Triggers by what they depend on: one small file each, named by the hash of the ear and the clip's samples.

    Files appear whole or not at all, so several processes may share the folder. Raises nothing. Not thread-safe.
    """

    def __init__(self, folder: Path, ear: str, most_files: int = MOST_FILES) -> None:
        """``ear`` tells one ear from another: see :func:`ear_version`."""
        self._folder, self._ear, self._most = folder, ear, most_files
        self._count: int | None = None
        """Files in the folder as far as this process knows; counted at the first write."""

    def get(self, clip: Clip) -> tuple[SelfTrigger, ...] | None:
        """What was put there for exactly this sound; None where that is not known, or cannot be read any more."""
        try:
            rows = json.loads(self._path(clip).read_text("utf-8"))["triggers"]
            return tuple(_trigger(*row) for row in rows)
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None

    def put(self, clip: Clip, triggers: Collection[SelfTrigger]) -> None:
        """Keep what ``clip`` is taken for, nothing included."""
        rows = [[trigger.command.value, trigger.tier, trigger.echo] for trigger in triggers]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._path(clip), json.dumps({"triggers": rows}))
            self._count = self._counted() if self._count is None else self._count + 1
            if self._count > self._most:
                self._count = self._pruned()
        except OSError:
            return

    def _path(self, clip: Clip) -> Path:
        digest = hashlib.sha256(f"{self._ear} {clip.rate} {len(clip)} ".encode())
        digest.update(clip.samples.tobytes())
        return self._folder / (digest.hexdigest() + _ENDING)

    def _counted(self) -> int:
        return sum(1 for _ in self._folder.glob("*" + _ENDING))

    def _pruned(self) -> int:
        """Remove the oldest tenth; the files that are left."""
        ages = []
        for path in self._folder.glob("*" + _ENDING):
            with contextlib.suppress(OSError):  # another process may have removed it since
                ages.append((path.stat().st_mtime, path))
        gone = sorted(ages)[: len(ages) // 10 + 1]
        for _, path in gone:
            with contextlib.suppress(OSError):
                path.unlink()
        return len(ages) - len(gone)


def ear_version(engine: str, folder: Path = _EAR, language: str = ENGLISH) -> str:
    """A hash of what decides what the ear hears: code and data in ``folder``, phrases, engine, libraries (2 ms).

    Code is in it because thresholds are, and the simulated rooms.
    """
    digest = hashlib.sha256(f"{engine} {phrases(language)}".encode())
    if not is_english(language):
        digest.update(f" {search_language(language)} ".encode())
    for library in _LIBRARIES:
        digest.update(f" {library} {_version(library)} ".encode())
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(f" {file.name} ".encode() + file.read_bytes())
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "none"


def _trigger(command: str, tier: Tier, echo: float) -> SelfTrigger:
    """Raises ValueError for what no ear hears."""
    if tier not in ("firm", "weak"):
        raise ValueError(f'"{tier}" is no tier')
    return SelfTrigger(Command(command), tier, float(echo))


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all. Raises OSError."""
    handle, name = tempfile.mkstemp(suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
