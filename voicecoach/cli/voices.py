"""``voicecoach voices``: the voices that this machine has."""

from __future__ import annotations

import argparse

from voicecoach.cli.signals import Signals
from voicecoach.voice.pyttsx3_synthesizer import list_voices


def run(_: argparse.Namespace, __: Signals) -> int:
    """Print them, one a line."""
    for voice in list_voices():
        print(f"{', '.join(voice.languages) or '?':12s} {voice.name:40s} {voice.id}")
    return 0
