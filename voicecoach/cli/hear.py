"""``voicecoach hear``: the ear, run over recordings."""

from __future__ import annotations

import argparse
import json
from typing import Any

from voicecoach.cli.complaints import complain
from voicecoach.cli.signals import Signals
from voicecoach.ear.hear import hear_file
from voicecoach.errors import RecordingError
from voicecoach.units import STREAM_RATE


def run(options: argparse.Namespace, _: Signals) -> int:
    """Print what is heard in each file; 2 where one cannot be read."""
    failed = 0
    for path in options.files:
        try:
            for heard in hear_file(path, options.engine, options.playing, options.asking):
                found = {
                    "file": str(path),
                    "t": round(heard.decided / STREAM_RATE, 3),
                    "command": heard.command.value,
                    "phrase": heard.phrase,
                    "score": round(heard.score, 2),
                    "tier": heard.tier,
                }
                print(json.dumps(found) if options.json else _heard_line(found), flush=True)
        except RecordingError as error:
            complain(f"voicecoach: {error}")
            failed = error.exit_code
    return failed


def _heard_line(found: dict[str, Any]) -> str:
    return f'{found["file"]}  {found["t"]:8.3f} s  {found["command"]:10s} "{found["phrase"]}"  {found["tier"]}'
