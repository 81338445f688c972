"""While the greeting sounds: does the microphone clip, and is it the one that heard the coach before?

A thread of its own; the session waits for nothing. That the microphone gives exact zeros, or is gone, the player's
watchdog notices (``player.py``); this looks at what only shows beside what was played.

No echo is no fault: with headphones there is none, in the same socket and under the same name. It is one only where the
coach was heard on these devices before and the microphone now hears nothing of the room either, as no open microphone
does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.level import level_of
from voicecoach.ear.sounding import LONGEST_DELAY, find_echo
from voicecoach.units import frames

ENOUGH = 8.0
"""Seconds of the greeting that are looked at."""

LONGEST = 30.0
"""Seconds after which what there is has to do; a session may begin with a question and silence."""

CLIPS = 0.002
"""Share of samples at full scale: a voice that is cut off is heard worse from there on. Single knocks are less."""

_FULL_SCALE = 0.985

DEAD = -85.0
"""dBFS of a microphone that is open to no room: quiet rooms are at -75 to -50 in what was measured, and a 16-bit
converter's last bit is at -98."""

_BELOW_ROOM = 10.0
"""dB under the room of the last sound check that it must be, too."""

_PIECE, _AUDIBLE = frames(2.0), 1e-4

CLIPPING = "The microphone is too loud: it clips. Turn it down, or the loudspeaker, so that I hear you better."
HEARS_NOTHING = (
    "The microphone hears neither me nor the room, and it did before: it may be muted, or the wrong one. "
    "To check it: voicecoach setup"
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of these devices."""

    echo: bool
    """The coach was heard in this microphone."""
    noise: float | None = None
    """dBFS of the room at the last sound check."""


def judge(captured: Samples, played: Samples, expected: Expected) -> list[str]:
    """What the user should know; ``captured`` and ``played`` are on one count of frames."""
    found = []
    if len(captured) and float(np.mean(np.abs(captured) >= _FULL_SCALE)) >= CLIPS:
        found.append(CLIPPING)
    if expected.echo and _is_dead(captured, expected.noise) and not _hears_itself(captured, played):
        found.append(HEARS_NOTHING)
    return found


def _is_dead(captured: Samples, noise: float | None) -> bool:
    """Quieter than any open microphone, but not exact zeros, which the player notices, and sooner."""
    limit = DEAD if noise is None else min(DEAD, noise - _BELOW_ROOM)
    return bool(np.any(captured)) and level_of(captured) < limit


def _hears_itself(captured: Samples, played: Samples) -> bool:
    loud = np.flatnonzero(np.abs(played) > _AUDIBLE)
    if not len(loud):
        return True
    last = len(played) - frames(LONGEST_DELAY)
    pieces = [(start, start + _PIECE) for start in range(int(loud[0]), last - _PIECE + 1, _PIECE)]
    return len(pieces) < 2 or find_echo(captured, played, pieces) is not None


class GreetingCheck:
    """One look at the beginning of a session. ``submit`` comes from the device's thread and never waits."""

    def __init__(self, expected: Expected, enough: float = ENOUGH, longest: float = LONGEST) -> None:
        self._expected = expected
        self._wanted, self._most = frames(enough + LONGEST_DELAY), frames(longest)
        self._blocks: list[tuple[Samples, Samples]] | None = []
        self._taken = self._sounded = 0
        self._full = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = False

    def start(self, on_trouble: Callable[[str], None]) -> None:
        """Begin; ``on_trouble`` is called in the thread of the check. Once."""
        self._thread = threading.Thread(target=self._run, args=(on_trouble,), name="greeting check", daemon=True)
        self._thread.start()

    def submit(self, captured: Samples, played: Samples) -> None:
        """Take one block, until there is enough. The samples are copied."""
        if self._blocks is None or self._full.is_set():
            return
        self._blocks.append((captured.copy(), played.copy()))
        self._taken += len(played)
        if self._sounded or np.any(played):
            self._sounded += len(played)
        if self._sounded >= self._wanted or self._taken >= self._most:
            self._full.set()

    def close(self) -> None:
        """End it, whatever it knows. May be called twice."""
        self._closing = True
        self._full.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, on_trouble: Callable[[str], None]) -> None:
        self._full.wait()
        blocks, self._blocks = self._blocks, None
        if self._closing or not blocks:
            return
        captured, played = (np.concatenate(part) for part in zip(*blocks, strict=True))
        try:
            for trouble in judge(captured, played, self._expected):
                on_trouble(trouble)
        except Exception as fault:  # a check is never worth a session
            on_trouble(f"The sound could not be checked ({type(fault).__name__}: {fault}).")
