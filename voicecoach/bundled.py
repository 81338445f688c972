"""Where the routines and earcons are that ship with the program.

In a checkout they are the folders ``scripts/`` and ``sounds/`` beside the package; in an installed wheel they
lie inside it, as ``voicecoach/_bundled/scripts`` and ``.../sounds``. Of ours it imports only errors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from voicecoach.errors import VoicecoachError

_PACKAGE = Path(__file__).resolve().parent


def bundled(kind: Literal["scripts", "sounds"]) -> Path:
    """The folder that ships ``kind``; the installed copy comes first, as it belongs to exactly this version.

    Raises VoicecoachError where neither is there: the installation is incomplete.
    """
    for folder in (_PACKAGE / "_bundled" / kind, _PACKAGE.parent / kind):
        if folder.is_dir():
            return folder
    raise VoicecoachError(f'The folder "{kind}" of voicecoach is missing; please install voicecoach again.')
