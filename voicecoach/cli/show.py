"""``voicecoach show``: what a routine consists of, or every word of its session."""

from __future__ import annotations

import argparse
from dataclasses import replace

from voicecoach.cli.routines import about_seconds, choices_of, find_routine
from voicecoach.cli.settings import COMMAND_LINE
from voicecoach.cli.signals import Signals
from voicecoach.errors import UsageError
from voicecoach.printed_script import printed_script
from voicecoach.routine.sheet import sheet
from voicecoach.voice.synthesizer import DEFAULT_RATE


def run(options: argparse.Namespace, _: Signals) -> int:
    """Print its sheet, or its script."""
    # As a default of the user's they hold for other commands.
    if not options.text and any(options.origins.get(each) == COMMAND_LINE for each in ("side", "dose", "speed")):
        raise UsageError("--side, --dose and --speed choose what --text prints; the sheet names every side and dose.")
    routine, _path = find_routine(options.routine)
    if options.text:
        # The questions are part of what will be said.
        choices = replace(choices_of(options), approved=False, check_ins=True)
        lines = printed_script(routine, choices, options.speed, DEFAULT_RATE)
    else:
        lines = sheet(routine, about_seconds(routine))
    for line in lines:
        print(line)
    return 0
