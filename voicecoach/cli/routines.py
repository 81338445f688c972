"""What several commands need of a routine: its file, the user's choices, how long it takes."""

from __future__ import annotations

import argparse
from pathlib import Path

from voicecoach.routine.library import find
from voicecoach.routine.loader import load
from voicecoach.routine.model import Routine, Side
from voicecoach.session.plan import Choices, make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.session.wording import wording
from voicecoach.units import STREAM_RATE
from voicecoach.voice.synthesizer import DEFAULT_RATE


def find_routine(name: str) -> tuple[Routine, Path]:
    """The routine of that name or path, and its file."""
    path = find(name)
    return load(path), path


def choices_of(options: argparse.Namespace) -> Choices:
    """Side and dose, as the flags say; nothing is asked."""
    side = None if options.side == "both" else Side(options.side)
    return Choices(side, options.dose == "high", approved=True, check_ins=False)


def about_seconds(routine: Routine) -> float:
    """How long its session takes at the default pace, before any voice has spoken it."""

    def spoken(text: str) -> int:
        return round(len(text.split()) * 60 / DEFAULT_RATE * STREAM_RATE)

    words = wording(routine.language)
    plan = make_plan(routine, Choices(approved=True), words)
    session = Session(plan, Lengths(spoken, lambda sound: STREAM_RATE // 4), words)
    return session.remaining(0) / STREAM_RATE
