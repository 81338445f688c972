"""``voicecoach show``: what a routine consists of."""

from __future__ import annotations

import argparse

from voicecoach.cli.routines import about_seconds, find_routine
from voicecoach.cli.signals import Signals
from voicecoach.routine.sheet import sheet


def run(options: argparse.Namespace, _: Signals) -> int:
    """Print its sheet."""
    routine, _path = find_routine(options.routine)
    for line in sheet(routine, about_seconds(routine)):
        print(line)
    return 0
