"""``voicecoach list``: the routines that can be played by name."""

from __future__ import annotations

import argparse

from voicecoach.cli.signals import Signals
from voicecoach.errors import RoutineError
from voicecoach.routine.library import list_routines, user_folder
from voicecoach.routine.loader import load


def run(options: argparse.Namespace, _: Signals) -> int:
    """Print them."""
    if options.names:
        for entry in list_routines():
            print(entry.name)
        return 0
    for entry in list_routines():
        try:
            about = load(entry.path).title
        except RoutineError as error:
            number = len(error.problems)
            about = f"has {number} mistake{'s' * (number != 1)}: voicecoach check {entry.name}"
        print(f"{entry.name:24s} {about}" + (" (yours)" if entry.origin == "yours" else ""))
    print(f"Your own routines go into {user_folder()}")
    return 0
