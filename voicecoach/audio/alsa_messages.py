"""Keeps ALSA's library from writing to the terminal: on a machine without a sound card it explains itself there."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
_ignore = _HANDLER(lambda *_: None)


@cache
def silence_alsa_messages() -> None:
    """Drop libasound's messages in this process from now on; nothing happens where there is no libasound.

    What went wrong comes back as an error code all the same. ``snd_lib_error_set_handler`` is libasound's own way;
    its handler is variadic, of which only the fixed arguments are declared here.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_ignore)
    except (OSError, AttributeError):
        return
