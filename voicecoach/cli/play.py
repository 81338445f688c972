"""``voicecoach play``: a session, live."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from voicecoach.audio.earcons import load_earcons
from voicecoach.audio.music import Music
from voicecoach.audio.null_device import NullDevice
from voicecoach.audio.playlist import find_music
from voicecoach.audio.recorder import Recorder
from voicecoach.bundled import bundled
from voicecoach.cli.complaints import complain
from voicecoach.cli.progress import progress
from voicecoach.cli.routines import choices_of, find_routine
from voicecoach.cli.settings import told_at_start
from voicecoach.cli.signals import Signals
from voicecoach.ear.ear import Ear, make_ear
from voicecoach.ear.engines import deaf_witness
from voicecoach.ear.room_memory import RoomMemory
from voicecoach.ear.spotter import Heard
from voicecoach.errors import JournalError, RefusedError
from voicecoach.event_log import EventFile, EventLog
from voicecoach.greeting_check import Expected, GreetingCheck
from voicecoach.history import add_up
from voicecoach.history import standing as standing_of
from voicecoach.journal import Broken, default_path, read, wall_clock
from voicecoach.journal_writer import Journal, Sitting
from voicecoach.keyboard import Keyboard
from voicecoach.known_devices import is_first_play, last_check
from voicecoach.live_view import LiveView, open_display
from voicecoach.opening import Consent, find_devices, open_rehearsal, open_speech, refuse_unsafe
from voicecoach.outline import Outline
from voicecoach.performance import lengths
from voicecoach.player import Player, Stage
from voicecoach.problems import Problems
from voicecoach.remembered import remember_volume, volume
from voicecoach.routine.model import CueStyle, Routine
from voicecoach.session.effects import Reason, Record
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.standing import Standing
from voicecoach.session.timeline import Lengths
from voicecoach.session.wording import Wording
from voicecoach.units import STREAM_RATE

EXIT_CODES = {
    Reason.COMPLETED: 0,
    Reason.STOP: 0,
    Reason.PAIN: 10,
    Reason.EMERGENCY: 11,
    Reason.REFUSED: 12,
    Reason.INTERRUPT: 130,
    Reason.ERROR: 1,
}
"""What ``play`` returns; Reason.INTERRUPT by a signal returns 128 and the signal's number."""

LATE = "The disk is slow: what you reported is not in the journal yet."


def run(options: argparse.Namespace, signals: Signals) -> int:
    """Play one to its end; returns the exit code of its reason."""
    display = open_display(in_lines=options.plain)
    routine, path = find_routine(options.routine)
    music = Music(find_music(options.music)) if options.music else None
    standing, unknown = _standing(path, routine)
    has_keys = Keyboard(lambda key, command: None).available
    events = EventFile(options.events) if options.events else None
    problems = Problems()
    log = EventLog([*([events] if events else []), display, problems])
    try:
        devices = find_devices(options.audio, listen=not options.no_mic)
        consent = Consent(options.no_mic, options.approved, options.unattended)
        warnings = [
            *unknown,
            *told_at_start(options),
            devices.warning,
            refuse_unsafe(routine, _is_tour(path), devices, has_keys, consent, standing),
        ]
    except RefusedError:
        log.write(0.0, "finished", reason=Reason.REFUSED.value)
        raise
    words = Wording(routine.language, options.emergency_number)
    check_ins = not options.no_check_ins
    if check_ins and routine.check_ins and not (devices.has_microphone or has_keys):
        check_ins = False
        warnings.append("Nobody could answer, so I do not ask about new numbness between exercises.")
    choices = replace(
        choices_of(options),
        approved=options.approved,
        cues=CueStyle(options.style) if options.style else None,
        check_ins=check_ins,
        standing=standing,
    )
    plan = make_plan(routine, choices, words)
    unmeasured = Lengths(lambda text: 1, lambda sound: 1)
    texts = tuple(Session(plan, unmeasured, words, options.speed).texts())
    journal = Journal(default_path(), Sitting.of(path.stem.lower(), routine))
    speech = open_speech(options.voice, options.rate, texts, options.voice_engine, routine.language)
    try:
        with progress("rendering speech") as tell:
            clip_of = speech.clips_at(options.speed, tell)
        if speech.failure is not None:
            problems.note(str(speech.failure))
            warnings.append(f"{speech.failure} What cannot be spoken is shown; the chimes sound.")
        if devices.has_microphone:
            warnings.append(deaf_witness(options.engine, routine.language))
        for warning in filter(None, warnings):
            display.say(warning, "yellow")
        if is_first_play() and devices.has_microphone:
            display.say("To check loudspeaker and microphone, and how well I hear you: voicecoach setup", "dim")
        earcons = load_earcons(STREAM_RATE)
        listens = devices.has_microphone
        rehearsal = open_rehearsal(options.engine, texts, clip_of, routine.language) if listens else None
        stage = Stage(
            devices.open,
            speech.clips_at,
            earcons,
            _ear_factory(options.engine, devices.pair, routine.language) if listens else None,
            NullDevice,
            Recorder(options.record) if options.record else None,
            rehearsal,
            _recording(journal),
            music,
            not (devices.has_microphone or has_keys),
            _greeting_check(devices.pair) if devices.has_microphone and devices.pair is not None else None,
        )
        commands = rehearsal.obeyed if rehearsal else frozenset()
        session = Session(plan, lengths(clip_of, earcons, STREAM_RATE, commands), words, options.speed, volume())
        live = display if isinstance(display, LiveView) else None
        player = Player(session, stage, log, clip_of, show=live.look if live else None)
        signals.interrupt = player.interrupt
        keyboard = Keyboard(player.press, asking=lambda: player.is_asking, on_trouble=player.tell_trouble)
        try:
            keyboard.start()
            if live is not None:
                advice = {talk: words.talk(talk) for talk in ("pain", "emergency")}
                live.open(Outline.of(routine, plan), advice, player.tell_trouble)
            reason = player.run()
        finally:
            # From here on a signal ends the program at once, even where the terminal takes nothing more.
            signals.interrupt = None
            keyboard.close()
            if live is not None:
                live.close()
            remember_volume(session.volume)
            for what in player.untold:
                problems.note(what)
                complain(f"voicecoach: {what}")
    finally:
        signals.interrupt = None
        speech.close()
        journal.close()
        if journal.failure is not None:
            problems.note(str(journal.failure))
            complain(f"voicecoach: {journal.failure}")
        if events is not None:
            events.close()
            if events.failure is not None:
                complain(f"voicecoach: events could not be written any more: {events.failure.strerror}")
    if reason is Reason.INTERRUPT and signals.received is not None:
        return 128 + signals.received
    return EXIT_CODES[reason]


def _standing(path: Path, routine: Routine) -> tuple[Standing, list[str]]:
    """What the journal knows of earlier days, and what the user should know where it does not."""
    journal, broken = default_path(), list[Broken]()
    try:
        history = add_up(read(journal, broken.append))
    except JournalError as fault:
        return Standing(), [f"{fault} So I know nothing of earlier sessions, not even whether something hurt."]
    warnings = [f"{journal}:{line.line}: not readable, left out" for line in broken]
    return standing_of(history, path.stem.lower(), routine, wall_clock().date()), warnings


def _recording(journal: Journal) -> Callable[[Record], str | None]:
    """Writes into the journal; returns its failure once, and once that pain is late.

    Where pain is late the advice follows: the coach says nothing of the journal, only the terminal does.
    """
    told = told_late = False

    def record(what: Record) -> str | None:
        nonlocal told, told_late
        journal(what)
        is_news, told = journal.failure is not None and not told, journal.failure is not None
        is_late, told_late = journal.late and not told_late, journal.late
        return str(journal.failure) if is_news else LATE if is_late else None

    return record


def _ear_factory(
    engine: str, pair: str | None, language: str
) -> Callable[[Callable[[Heard], None], Callable[[str], None]], Ear]:
    memory = None if pair is None else RoomMemory(pair)
    return lambda on_heard, on_trouble: make_ear(on_heard, on_trouble, engine, memory, language)


def _greeting_check(pair: str) -> GreetingCheck:
    checked = last_check(pair)
    heard = (checked is not None and checked.gain is not None) or RoomMemory(pair).load() is not None
    return GreetingCheck(Expected(heard, checked.noise if checked is not None else None))


def _is_tour(path: Path) -> bool:
    return path == bundled("scripts") / "tour.yaml"
