"""Fetches Vosk's small English model into the user's cache. The only part of the program that uses the network.

Only ``voicecoach setup --engine vosk`` comes here. What arrives is one pinned file: it is unpacked when its SHA-256 is
the expected one, and a folder with the model's name exists only when the whole model lies in it.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import re
import stat
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import platformdirs

from voicecoach.errors import SetupError

_CHUNK = 1 << 16
_SILENCE = 30.0
"""Seconds without a byte after which the connection counts as cut."""

Progress = Callable[[int, int], None]
"""``progress(bytes there, bytes in all)``."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A zip file with one folder in it."""

    name: str
    """Of the folder."""
    url: str
    size: int
    """Bytes of the zip file."""
    sha256: str
    most_unpacked: int
    """Bytes that it may unpack to."""


SMALL_ENGLISH = ModelFile(
    name="vosk-model-small-en-us-0.15",
    url="https://alphacephei.com/vosk/models/vosk-model-small-en-us-0.15.zip",
    size=41_205_931,
    sha256="30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498",
    most_unpacked=200_000_000,
)
"""Apache-2.0, from https://alphacephei.com/vosk/models. Its maker publishes the size; the SHA-256 is the one pinned by
several distributors of the file that do not depend on one another (an AUR package, an OpenEmbedded recipe and others).
It unpacks to about 70 MB."""


def default_folder() -> Path:
    """Where the models are kept: ``vosk`` in voicecoach's cache folder."""
    return platformdirs.user_cache_path("voicecoach") / "vosk"


def installed(model: ModelFile = SMALL_ENGLISH, folder: Path | None = None) -> Path | None:
    """The model's folder, or None where it was not fetched yet."""
    path = (folder or default_folder()) / model.name
    return path if path.is_dir() else None


def fetch(progress: Progress, model: ModelFile = SMALL_ENGLISH, folder: Path | None = None) -> Path:
    """Download what is missing of the model, check it and unpack it; returns its folder.

    A download that was cut off goes on where it stopped. Raises SetupError.
    """
    folder = folder or default_folder()
    part = folder / f"{model.name}.zip.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _download(model, part, progress)
        expected = _sha256(part) == model.sha256
        if not expected:
            part.unlink()
    except OSError as error:
        raise _unwritable(folder, error) from error
    if not expected:
        raise SetupError(
            f"What {_host(model)} sent is not the model that was expected (its SHA-256 differs), so it was removed. "
            "Run the same command again; if that does not help, do not use this file."
        )
    path = _unpack(model, part, folder)
    part.unlink(missing_ok=True)
    return path


def install(archive: Path, model: ModelFile = SMALL_ENGLISH, folder: Path | None = None) -> Path:
    """Check and unpack a zip file that was carried here by hand; returns the model's folder. Raises SetupError."""
    folder = folder or default_folder()
    if not archive.is_file():
        raise SetupError(f"There is no file {archive}. Get it from {model.url}")
    try:
        found = _sha256(archive)
    except OSError as error:
        raise SetupError(f"{archive} cannot be read ({error.strerror or error}).") from error
    if found != model.sha256:
        raise SetupError(f"{archive} is not the file that was expected (its SHA-256 differs). Get it from {model.url}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return _unpack(model, archive, folder)


# The download -----------------------------------------------------------------------------------------------------


def _download(model: ModelFile, part: Path, progress: Progress) -> None:
    """Bring ``part`` to the model's size. Raises SetupError for the network's faults, OSError for the disk's."""
    there = part.stat().st_size if part.exists() else 0
    if there > model.size:
        there = 0  # a leftover of something else
    if there == model.size:
        progress(there, model.size)
        return
    with _ask(model, there) as answer:
        # A server that knows no ranges begins anew. No If-Range is sent: a file that changed meanwhile fails its hash.
        goes_on = answer.status == http.client.PARTIAL_CONTENT and _begins_at(answer) == there
        if answer.status == http.client.PARTIAL_CONTENT and not goes_on:
            raise SetupError(f"{_host(model)} sent another part of the file than was asked for. {_by_hand(model)}")
        there = there if goes_on else 0
        progress(there, model.size)
        with part.open("ab" if goes_on else "wb") as file:
            while chunk := _receive(model, answer):
                there += len(chunk)
                if there > model.size:
                    break
                file.write(chunk)
                progress(there, model.size)
    if there > model.size:
        part.unlink()
        raise SetupError(f"{_host(model)} sends more than the model is long. {_by_hand(model)}")
    if there < model.size:
        raise SetupError(
            f"The connection to {_host(model)} was cut after {there} of {model.size} bytes. "
            "Run the same command again: it goes on from there."
        )


def _ask(model: ModelFile, there: int) -> Any:
    request = urllib.request.Request(model.url, headers={"User-Agent": "voicecoach"})
    if there:
        request.add_header("Range", f"bytes={there}-")
    try:
        return urllib.request.urlopen(request, timeout=_SILENCE)
    except urllib.error.HTTPError as error:
        error.close()
        raise SetupError(f"{_host(model)} answered {error.code} ({error.reason}). {_by_hand(model)}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise SetupError(f"{_host(model)} could not be reached ({reason}). {_by_hand(model)}") from error


def _receive(model: ModelFile, answer: Any) -> bytes:
    try:
        return bytes(answer.read(_CHUNK))
    except (OSError, http.client.HTTPException) as error:
        raise SetupError(
            f"The connection to {_host(model)} was cut ({error}). Run the same command again: it goes on from there."
        ) from error


def _begins_at(answer: Any) -> int:
    match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _host(model: ModelFile) -> str:
    return urllib.request.Request(model.url).host


def _by_hand(model: ModelFile) -> str:
    return (
        f"Try again later, or get {model.url} by other means and run: voicecoach setup --engine vosk "
        f"--from {model.name}.zip"
    )


# The archive ------------------------------------------------------------------------------------------------------


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _unpack(model: ModelFile, archive: Path, folder: Path) -> Path:
    """Unpack beside the place where it belongs, then move it there in one step."""
    target = folder / model.name
    try:
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix="unpacking-") as temporary,
            zipfile.ZipFile(archive) as file,
        ):
            _refuse_unsafe(model, file, archive)
            file.extractall(temporary)
            if target.exists():
                target.rename(Path(temporary) / "before")
            (Path(temporary) / model.name).rename(target)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise SetupError(f"{archive} cannot be unpacked ({error}). Get it from {model.url}") from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    return target


def _refuse_unsafe(model: ModelFile, file: zipfile.ZipFile, archive: Path) -> None:
    entries = file.infolist()
    for entry in entries:
        path = PurePosixPath(entry.filename)
        outside = path.is_absolute() or ".." in path.parts or path.parts[:1] != (model.name,)
        if outside or "\\" in entry.filename or ":" in entry.filename or stat.S_ISLNK(entry.external_attr >> 16):
            raise SetupError(f"{archive} would write outside of its folder ({entry.filename!r}), so it was left alone.")
    if not entries or sum(entry.file_size for entry in entries) > model.most_unpacked:
        raise SetupError(f"{archive} is empty or far too large once unpacked, so it was left alone.")


def _unwritable(folder: Path, error: OSError) -> SetupError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SetupError(f"The disk is full. Make room for 120 MB where {folder} is, and run the same command again.")
    return SetupError(f"{folder} cannot be written ({error.strerror or error}). Make it writable and run it again.")
