"""``voicecoach check``: faults of a routine file, and advice."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime

from rich.console import Console
from rich.progress import Progress

from voicecoach.cli.complaints import complain
from voicecoach.cli.routines import about_seconds
from voicecoach.cli.signals import Signals
from voicecoach.cli.watch import changes
from voicecoach.ear.engines import DEFAULT_ENGINE
from voicecoach.ear.rehearsal import Rehearsal
from voicecoach.ear.self_trigger import described, is_obeyed
from voicecoach.ear.sound_alikes import WHILE_A_ROUTINE_SPEAKS, SoundAlikes, open_sound_alikes
from voicecoach.errors import EarError, UsageError, VoiceError, WrittenError
from voicecoach.opening import open_rehearsal, open_speech
from voicecoach.routine.checker import advise, spoken_texts
from voicecoach.routine.languages import is_english
from voicecoach.routine.library import find
from voicecoach.routine.loader import read
from voicecoach.routine.model import Routine
from voicecoach.routine.prompt_origin import heard_in_prompts
from voicecoach.session.commands import phrases_for
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.session.wording import wording
from voicecoach.units import spoken_duration

_WORTH_ANNOUNCING = 10.0
"""Seconds of waiting that are announced."""


def run(options: argparse.Namespace, signals: Signals) -> int:
    """Check every file; 2 where one cannot be played. With ``--watch`` again at every change, until Ctrl-C."""
    if options.watch:
        return _watch(options, signals)
    try:
        english: SoundAlikes | None = open_sound_alikes()
    except EarError as error:
        english = None
        complain(f"voicecoach: Commands are looked for by their spelling alone, not by their sound. {error}")
    told: set[str] = set()
    failed = 0
    for name in options.files:
        try:
            written = read(find(name))
            language = written.routine.language
            said = [phrase.text for phrase in phrases_for(WHILE_A_ROUTINE_SPEAKS, language)]
            total = spoken_duration(round(about_seconds(written.routine)))
        except WrittenError as error:
            complain(*error.problems)
            failed = error.exit_code
            continue
        except UsageError as error:
            complain(f"voicecoach: {error}")
            failed = error.exit_code
            continue
        # Of the recogniser's dictionaries only the English one has phones that are compared.
        sounds_like = english if is_english(language) else None
        advice = advise(written, said, sounds_like)
        if options.ear:
            located, own = heard_in_prompts(written, _taken_for(written.routine, options))
            advice += located
            for text in own:
                if text not in told:
                    print(f"the coach's own words: advice: {text}")
            told.update(own)
        for item in advice:
            print(f"{item.place}: advice: {item.text}")
        spoken = " ".join(text for _, text in spoken_texts(written.routine))
        if sounds_like is not None and (lacking := ", ".join(dict.fromkeys(sounds_like.unknown(spoken)))):
            print(f"{name}: not compared with the commands, as the recogniser's dictionary lacks them: {lacking}")
        pieces = f", {len(advice)} piece{'s' * (len(advice) > 1)} of advice" if advice else ""
        print(f"{name}: good, about {total}{pieces}")
    return failed


def _watch(options: argparse.Namespace, signals: Signals) -> int:
    """Check whatever changes, under a line that says when; what was printed before stays. Only a signal ends it."""
    for names in changes(options.files):
        print(f"--- {datetime.now():%H:%M:%S}  {', '.join(names)}", flush=True)
        run(argparse.Namespace(**{**vars(options), "files": names, "watch": False}), signals)
        sys.stdout.flush()
    return 0


def _taken_for(routine: Routine, options: argparse.Namespace) -> dict[str, str]:
    """What the ear takes prompts for that it would obey; none, and a complaint, where there is no voice or no ear."""
    words = wording(routine.language)
    texts = tuple(Session(make_plan(routine, words=words), Lengths(lambda text: 1, lambda sound: 1), words).texts())
    speech = open_speech(options.voice, options.rate, texts, options.voice_engine, routine.language)
    console = Console(stderr=True)
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
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
