"""What a session that was kept with ``--record`` looks like as a file: whoever writes or reads one agrees on this."""

from __future__ import annotations

from pathlib import Path

import soundfile

MICROPHONE, LOUDSPEAKER = 0, 1
"""The channels: left what was heard, right what was played."""

MARK = "voicecoach: left the microphone, right the loudspeaker"
"""The file's comment."""


def is_recorded_session(path: Path) -> bool:
    """Whether ``--record`` wrote that file, and no editor has changed its two channels since; never raises."""
    try:
        with soundfile.SoundFile(path) as file:
            return bool(file.channels == 2 and file.comment == MARK)
    except (OSError, RuntimeError, TypeError, ValueError):  # raw sound, or a name that is no text
        return False
