"""Sample rates and durations. Imports nothing of ours.

Time inside the program is a count of samples ("frames": mono, so one sample is one frame) of the stream
that was really played or captured; seconds appear only at the edges.
"""

from __future__ import annotations

import re

STREAM_RATE = 48_000
"""Frames a second of the one duplex stream; every position in the program counts these."""

EAR_RATE = 16_000
"""Samples a second inside the ear: what pocketsphinx's English model was trained on."""

_PART = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|sec|s)\b\s*"
)
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}


def frames(seconds: float, rate: int = STREAM_RATE) -> int:
    """Frames that last ``seconds``, to the nearest one."""
    return round(seconds * rate)


def seconds(count: int, rate: int = STREAM_RATE) -> float:
    """Seconds that ``count`` frames last."""
    return count / rate


def parse_duration(text: str) -> float:
    """Seconds in a duration as people write it: ``15 s``, ``1 min 30 s``, ``2 minutes``.

    Raises ValueError where the text is not that; a unit is always required.
    """
    rest, total, matched = text.strip().lower(), 0.0, False
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise ValueError(f'"{text}" is not a duration such as "15 s" or "1 min 30 s"')
        total += float(part["number"]) * _SECONDS[part["unit"][0]]
        rest, matched = rest[part.end() :], True
    if not matched:
        raise ValueError("a duration is empty")
    return total


def duration_parts(value: float) -> list[tuple[str, str, bool]]:
    """A duration in hours, minutes and seconds: of each the number in figures, its unit, and whether it is one."""
    whole = round(value)
    if whole != value and value < 60:
        return [(f"{value:g}", "second", False)]
    parts = []
    for size, name in ((3600, "hour"), (60, "minute"), (1, "second")):
        count, whole = divmod(whole, size)
        if count:
            parts.append((str(count), name, count == 1))
    return parts or [("0", "second", False)]


def spoken_duration(value: float) -> str:
    """A duration as it is shown in full: ``1 minute 30 seconds``. What is said is ``Wording.duration``."""
    return " ".join(f"{count} {name}" + ("" if one else "s") for count, name, one in duration_parts(value))
