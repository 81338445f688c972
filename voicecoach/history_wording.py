"""How the history is put into words, the same on the doctor's page and in the terminal: days, ends, places, moments."""

from __future__ import annotations

from datetime import date, datetime

from voicecoach.history import Incident, PastSession, Where
from voicecoach.session.effects import Noted, Reason

NOTHING = "\u2013"
"""What stands where nothing applies."""

KINDS = {Noted.PAIN: "Pain", Noted.EMERGENCY: "Warning sign", Noted.NUMB: "Numbness"}

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_STATES = {
    "holding": "in a hold",
    "instructing": "in the instruction",
    "resting": "in a rest",
    "introducing": "in the introduction",
    "asking": "in a question",
    "waiting": "in a question",
    "check_in": "in a question",
    "check_in_waiting": "in a question",
    "paused": "in a pause",
    "checking": "in a pause",
    "safety_talk": "after the session's end",
    "closing": "after the last exercise",
    "stopping": "after the session's end",
}

_ENDS = {
    None: "broken off (no end was recorded)",
    Reason.COMPLETED.value: "completed",
    Reason.STOP.value: "ended early by the user",
    Reason.PAIN.value: "ended because of pain",
    Reason.EMERGENCY.value: "ended because of a warning sign",
    Reason.REFUSED.value: "not started",
    Reason.INTERRUPT.value: "interrupted",
    Reason.ERROR.value: "ended by a technical fault",
}


def day_in_words(day: date) -> str:
    """``Mon 4 May 2026``: read alike everywhere."""
    # Not strftime: its names follow the locale, and the program speaks one language.
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def time_in_words(at: datetime) -> str:
    """``08:05``."""
    return f"{at:%H:%M}"


def counted(number: int, what: str) -> str:
    """``1 day``, ``2 days``."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def ending(session: PastSession) -> str:
    """How it ended."""
    return _ENDS.get(session.reason, "ended")


def place_in_words(where: Where) -> str:
    """``Wrist flexion stretch, left, repetition 3``."""
    parts = [where.shown, where.side, f"repetition {where.rep}" if where.rep else None]
    return ", ".join(part for part in parts if part) or NOTHING


def moment(incident: Incident) -> str:
    """The second of the hold as a number, or what went on outside one; NOTHING where it was not noted."""
    if incident.held is not None:
        return f"{incident.held:.0f}"
    return _STATES.get(incident.state, "outside a hold") if incident.state else NOTHING
