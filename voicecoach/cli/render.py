"""``voicecoach render``: a session as a sound file."""

from __future__ import annotations

import argparse
import sys

from rich.progress import Progress

from voicecoach.audio.earcons import load_earcons
from voicecoach.cli.complaints import complain
from voicecoach.cli.routines import choices_of, find_routine
from voicecoach.cli.signals import Signals
from voicecoach.opening import open_speech
from voicecoach.render import render_session, write_cue_sheet
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.session.wording import wording
from voicecoach.units import STREAM_RATE, spoken_duration


def run(options: argparse.Namespace, _: Signals) -> int:
    """Write the session, and its cue sheet where one is wanted."""
    routine, _path = find_routine(options.routine)
    words = wording(routine.language)
    plan = make_plan(routine, choices_of(options), words)
    texts = tuple(Session(plan, Lengths(lambda text: 1, lambda sound: 1), words).texts())
    speech = open_speech(options.voice, options.rate, texts, routine.language)
    try:
        with Progress(transient=True, disable=not sys.stderr.isatty()) as bar:
            speaking = bar.add_task("rendering speech", total=None)
            speech.clips_at(options.speed, lambda done, of: bar.update(speaking, completed=done, total=of))
            writing = bar.add_task("writing", total=None)
            entries = render_session(plan, speech.clips_at, load_earcons(STREAM_RATE), STREAM_RATE, options.output,
                                     options.speed, lambda done: bar.update(writing, completed=done))  # fmt: skip
    finally:
        speech.close()
    if speech.failure is not None:
        complain(f"voicecoach: {speech.failure} What could not be spoken is silent.")
    if options.cues:
        write_cue_sheet(entries, options.cues)

    print(f"{options.output}: {spoken_duration(max(entry['end'] for entry in entries))}")
    return 0
