"""Which loudspeaker and microphone the user chose, and what the sound check found out about each pair of them.

One small file in the state folder. It is a convenience: where it cannot be read or written, the system's default
devices are used and nothing is known of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicecoach.state_file import read_state, state_path, write_state

if TYPE_CHECKING:
    from voicecoach.audio.miniaudio_device import DeviceInfo

MOST_PAIRS = 20
"""Pairs that are kept; the oldest goes first."""


def default_path() -> Path:
    """``devices.json`` in voicecoach's state folder."""
    return state_path("devices.json")


@dataclass(frozen=True, slots=True)
class Choice:
    """Names of devices, whole; None is the system's default."""

    speaker: str | None = None
    microphone: str | None = None

    def among(self, found: Iterable[DeviceInfo]) -> tuple[Choice, str | None]:
        """What of it is there, and a sentence about what is not."""
        names = {(each.is_microphone, each.name) for each in found}
        speaker = self.speaker if (False, self.speaker) in names else None
        microphone = self.microphone if (True, self.microphone) in names else None
        wanted = ("loudspeaker", self.speaker, speaker), ("microphone", self.microphone, microphone)
        gone = [f"the {kind} {name}" for kind, name, there in wanted if name != there]
        return Choice(speaker, microphone), _missing(gone)


def _missing(gone: list[str]) -> str | None:
    if not gone:
        return None
    is_are = "is" if len(gone) == 1 else "are"
    what = " and ".join(gone)
    return f"{what[:1].upper()}{what[1:]} {is_are} not connected, so I use what the system offers."


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a sound check. Levels are dBFS in the microphone; None for what was not found out."""

    date: str
    """Of the check, as in 2026-05-31."""
    verdict: str
    delay: float | None
    """Seconds from the loudspeaker's frame to the microphone's."""
    gain: float | None
    """dB from what was played to what was captured."""
    noise: float | None
    """Of the room."""
    coach: float | None
    """Of the coach's speech."""
    user: float | None
    """Of the user's."""
    clipped: float | None
    """Share of samples at full scale while the tones sounded."""


def chosen_devices(path: Path | None = None) -> Choice:
    """What the user chose last."""
    data = _read(path)
    speaker, microphone = (data.get(key) for key in ("speaker", "microphone"))
    return Choice(
        speaker if isinstance(speaker, str) else None, microphone if isinstance(microphone, str) else None
    )  # fmt: skip


def keep_choice(choice: Choice, path: Path | None = None) -> None:
    """Use these from now on."""
    _write({**_read(path), "speaker": choice.speaker, "microphone": choice.microphone}, path)


def last_check(pair: str, path: Path | None = None) -> Checked | None:
    """What the last sound check found out about the pair of that name (``opening.name_pair``)."""
    found = _pairs(_read(path)).get(pair)
    return _checked(found) if isinstance(found, dict) else None


def keep_check(pair: str, checked: Checked, path: Path | None = None) -> None:
    """Keep it in place of the one before."""
    data = _read(path)
    pairs = {name: kept for name, kept in _pairs(data).items() if name != pair}
    kept = [*pairs.items(), (pair, asdict(checked))][-MOST_PAIRS:]
    _write({**data, "pairs": dict(kept)}, path)


def is_first_play(path: Path | None = None) -> bool:
    """Whether nobody ever played or checked anything here; from then on it is False."""
    data = _read(path)
    if data.get("greeted") is True:
        return False
    _write({**data, "greeted": True}, path)
    return not _pairs(data)


def _pairs(data: dict[str, Any]) -> dict[str, Any]:
    found = data.get("pairs")
    return found if isinstance(found, dict) else {}


def _checked(data: dict[str, Any]) -> Checked | None:
    text = [data.get("date"), data.get("verdict")]
    if not all(isinstance(each, str) for each in text):
        return None
    numbers: dict[str, float | None] = {}
    for name in (each.name for each in fields(Checked)[2:]):
        value = data.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        numbers[name] = float(value) if number and value is not None else None
    return Checked(data["date"], data["verdict"], **numbers)


def _read(path: Path | None) -> dict[str, Any]:
    return read_state(path or default_path())


def _write(data: dict[str, Any], path: Path | None) -> None:
    write_state(path or default_path(), data)
