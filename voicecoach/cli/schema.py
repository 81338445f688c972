"""``voicecoach schema``: the routine format, for editors."""

from __future__ import annotations

import argparse
import json

from voicecoach.cli.signals import Signals
from voicecoach.routine.schema import json_schema


def run(_: argparse.Namespace, __: Signals) -> int:
    """Print it as JSON Schema."""
    print(json.dumps(json_schema(), indent=2))
    return 0
