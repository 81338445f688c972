"""``voicecoach check``: faults of a routine file, and advice."""

from __future__ import annotations

import argparse
import sys

from rich.progress import Progress

from voicecoach.cli.complaints import complain
from voicecoach.cli.routines import about_seconds
from voicecoach.cli.signals import Signals
from voicecoach.ear.engines import DEFAULT_ENGINE
from voicecoach.ear.rehearsal import Rehearsal
from voicecoach.ear.self_trigger import described, is_obeyed
from voicecoach.errors import EarError, UsageError, VoiceError, WrittenError
from voicecoach.opening import open_rehearsal, open_speech
from voicecoach.routine.checker import advise
from voicecoach.routine.library import find
from voicecoach.routine.loader import read
from voicecoach.routine.model import Routine
from voicecoach.routine.prompt_origin import heard_in_prompts
from voicecoach.session.commands import phrases
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.session.wording import wording
from voicecoach.units import spoken_duration

_WORTH_ANNOUNCING = 10.0
"""Seconds of waiting that are announced."""


def run(options: argparse.Namespace, _: Signals) -> int:
    """Check every file; 2 where one cannot be played."""
    told: set[str] = set()
    failed = 0
    for name in options.files:
        try:
            written = read(find(name))
            said = [phrase.text for phrase in phrases(written.routine.language)]
            total = spoken_duration(round(about_seconds(written.routine)))
        except WrittenError as error:
            complain(*error.problems)
            failed = error.exit_code
            continue
        except UsageError as error:
            complain(f"voicecoach: {error}")
            failed = error.exit_code
            continue
        advice = advise(written, said)
        if options.ear:
            located, own = heard_in_prompts(written, _taken_for(written.routine, options))
            advice += located
            for text in own:
                if text not in told:
                    print(f"the coach's own words: advice: {text}")
            told.update(own)
        for item in advice:
            print(f"{item.place}: advice: {item.text}")
        print(f"{name}: good, about {total}" + (f", {len(advice)} pieces of advice" if advice else ""))
    return failed


def _taken_for(routine: Routine, options: argparse.Namespace) -> dict[str, str]:
    """What the ear takes prompts for that it would obey; none, and a complaint, where there is no voice or no ear."""
    words = wording(routine.language)
    texts = tuple(Session(make_plan(routine, words=words), Lengths(lambda text: 1, lambda sound: 1), words).texts())
    speech = open_speech(options.voice, options.rate, texts, routine.language)
    try:
        with Progress(transient=True, disable=not sys.stderr.isatty()) as bar:
            speaking = bar.add_task("rendering speech", total=None)
            clip_of = speech.clips_at(1.0, lambda done, of: bar.update(speaking, completed=done, total=of))
            if speech.failure is not None:
                raise speech.failure
            rehearsal = open_rehearsal(DEFAULT_ENGINE, texts, clip_of, routine.language)
            _announce_rehearsal(rehearsal)
            listening = bar.add_task("playing prompts to the ear", total=len(rehearsal.unheard))
            for _done in rehearsal.listen():
                bar.advance(listening)
        return {text: described(rehearsal.heard[text]) for text in texts if is_obeyed(rehearsal.heard[text])}
    except (VoiceError, EarError) as error:
        complain(f"voicecoach: The prompts were not played to the ear. {error}")
        return {}
    finally:
        speech.close()


def _announce_rehearsal(rehearsal: Rehearsal) -> None:
    """Say how long it takes, where anybody would wonder."""
    about = rehearsal.seconds
    if about >= _WORTH_ANNOUNCING:
        complain(
            f"voicecoach: {len(rehearsal.unheard)} prompts are played to the ear, this once: about "
            f"{spoken_duration(round(about))}"
        )
