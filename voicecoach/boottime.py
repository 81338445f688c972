"""A monotonic clock that goes on while the computer sleeps, so that a night in the middle of a hold is noticed."""

from __future__ import annotations

import sys
import time


def boottime() -> float:
    """Seconds from some moment on, the time asleep included; never set back, whatever is done to the wall clock.

    ``time.monotonic`` stands still during a suspend on Linux and macOS, and does not on Windows.
    """
    if sys.platform == "linux" and hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()
