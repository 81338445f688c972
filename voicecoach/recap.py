"""What is left on the terminal when a session is over: a few plain lines, and after pain the whole advice."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping

from voicecoach.display import REASONS
from voicecoach.event_log import Fields
from voicecoach.news import describe
from voicecoach.outline import Outline
from voicecoach.session.cues import Place
from voicecoach.units import spoken_duration

MOST = 12
"""Moments that are told; of more the latest."""

_Line = tuple[str, str]
"""A line and its style."""


class Recap:
    """Follows the event log of one session. One thread calls it: the player's."""

    def __init__(self, outline: Outline, advice: Mapping[str, tuple[str, ...]]) -> None:
        self._outline, self._advice = outline, advice
        self._holds: Counter[tuple[str, str, float]] = Counter()
        self._moments: deque[tuple[float, str, str]] = deque(maxlen=MOST)
        self._told = 0
        self._reason = ""
        self._lasted = 0.0
        self._hold: tuple[Place, float] = (Place(), 0.0)
        """Where the last hold began, and how long it was to be."""

    def __call__(self, t: float, event: str, fields: Fields) -> None:
        """Remember what is worth telling."""
        self._lasted = max(self._lasted, t)
        if event == "hold_start":
            self._hold = Place(fields["exercise"], fields["side"], fields["rep"]), fields["seconds"]
        elif event == "hold_end" and fields["completed"]:
            place, seconds = self._hold
            self._holds[self._outline.name(place) or "", self._outline.side(place), seconds] += 1
        elif event == "hold_end":
            self._tell(t, f"Hold broken off after {fields['held']:.1f} seconds.", "")
        elif event == "heard":
            self._tell(t, describe(fields), "magenta")
        elif event == "device_back":
            self._tell(t, "Sound came back.", "red")
        elif event in ("trouble", "device_lost"):
            self._tell(t, f"Trouble: {fields['what'] if event == 'trouble' else fields['why']}", "red")
        elif event == "finished":
            self._reason = fields["reason"]

    def _tell(self, t: float, what: str, style: str) -> None:
        self._told += 1
        self._moments.append((t, what, style))

    def lines(self) -> Iterator[_Line]:
        """What is worth telling by now, in order."""
        yield f"{self._outline.title}: {spoken_duration(round(self._lasted))}", "bold"
        for (name, side, held), count in self._holds.items():
            where = ", ".join(part for part in (name, side) if part)
            yield f"  {where}: {count} x {spoken_duration(held)}", ""
        if self._told > MOST:
            yield f"  ... and {self._told - MOST} moments before these:", "dim"
        for t, what, style in self._moments:
            minutes, seconds = divmod(int(t), 60)
            yield f"{minutes:02d}:{seconds:02d}  {what}", style
        for sentence in self._advice.get(self._reason, ()):
            yield sentence, "bold"
        if self._reason:
            yield REASONS[self._reason], "bold"
