"""whisper's English model, loaded once. It is only ever read from the disk: nothing here fetches it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from voicecoach.errors import EarError

_NAME = "base.en"
"""For English alone, the second smallest: 74 million weights, 145 MB (whisper's README)."""


def load_whisper() -> Any:
    """The model. Takes seconds the first time. Raises EarError where the package or the model is missing."""
    return _load(_folder() / f"{_NAME}.pt")


def _folder() -> Path:
    """Where whisper's own ``load_model`` puts what it downloads."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper"


@cache
def _load(path: Path) -> Any:
    try:
        import whisper
    except ImportError as error:
        raise EarError(
            "The package whisper is not installed. Get it with: pip install 'voicecoach[whisper]'"
        ) from error
    command = f"python -c \"import whisper; whisper.load_model('{_NAME}')\""
    if not path.is_file():
        raise EarError(f"whisper's model is not at {path}. Download it (145 MB) with: {command}")
    try:
        return whisper.load_model(str(path))  # by its name it would be downloaded again where its hash is wrong
    except Exception as error:
        raise EarError(
            f"whisper's model at {path} cannot be loaded ({error}). Remove it, then run: {command}"
        ) from error
