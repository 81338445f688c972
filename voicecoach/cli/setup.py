"""``voicecoach setup``: the sound check; with ``--engine`` it fetches what a speech engine needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from voicecoach.audio.earcons import load_earcons
from voicecoach.cli.progress import progress
from voicecoach.cli.signals import Signals
from voicecoach.display import Display
from voicecoach.ear.ear import make_ear
from voicecoach.ear.engines import DEFAULT_ENGINE, deaf_witness
from voicecoach.ear.room_memory import RoomMemory
from voicecoach.ear.vosk_model import SMALL_ENGLISH, fetch, install, installed
from voicecoach.errors import DeviceError, UsageError
from voicecoach.inbox import Inbox
from voicecoach.journal import wall_clock
from voicecoach.keyboard import Keyboard
from voicecoach.known_devices import Checked, Choice, chosen_devices, keep_check, keep_choice
from voicecoach.opening import find_devices, open_speech
from voicecoach.remembered import volume
from voicecoach.session.commands import Command
from voicecoach.session.wording import Wording
from voicecoach.sound_check import Report, SoundCheck, Verdict
from voicecoach.sound_check_player import SoundCheckPlayer
from voicecoach.units import STREAM_RATE

if TYPE_CHECKING:
    from voicecoach.audio.miniaudio_device import DeviceInfo

DEFAULT = "default"
"""As a device's name: what the system offers."""

CHOOSING = 8.0
"""Seconds without a key after which the check begins: whoever cannot see or type need not do anything."""

_ENDS = frozenset({Command.STOP, Command.PAIN})


def run(options: argparse.Namespace, signals: Signals) -> int:
    """The sound check, 0 where it passed or was ended; or the model: fetch or install it, and say where it is."""
    if options.engine is not None:
        return _fetch_model(options)
    if options.archive is not None:
        raise UsageError("--from belongs to --engine vosk")
    return _check_sound(options, signals)


def _check_sound(options: argparse.Namespace, signals: Signals) -> int:
    from voicecoach.audio.miniaudio_device import list_devices

    display = Display()
    found = list_devices()
    if all(each.is_microphone for each in found):
        raise DeviceError("There is no loudspeaker. Connect one, or start the sound server, then try again.")
    choice = _choose(options, found, display)
    if choice is None:
        return 0
    keep_choice(choice)
    devices = find_devices(None, listen=True, wanted=choice)
    words = Wording(part="sound_check")
    speech = open_speech(options.voice, options.rate, words.fixed("sound_"), options.voice_engine)
    try:
        display.say("One moment.", "dim")
        with progress("rendering speech") as tell:
            speech.clips_at(1.0, tell)  # so that nothing but the sound has to be done while it sounds
        if speech.failure is not None:
            display.say(f"{speech.failure} What cannot be spoken is shown.", "yellow")
        if (warning := deaf_witness(DEFAULT_ENGINE)) is not None:
            display.say(warning, "yellow")
        memory = None if devices.pair is None else RoomMemory(devices.pair)
        player = SoundCheckPlayer(
            SoundCheck(words),
            devices.open(),
            lambda on_heard, on_trouble: make_ear(on_heard, on_trouble, DEFAULT_ENGINE, memory),
            speech.clip,
            load_earcons(STREAM_RATE),
            display.say,
            underran=words.say("shown_underran"),
            volume=volume(),
        )

        def leave() -> None:
            player.end()
            player.end()  # a signal does not wait for the goodbye

        signals.interrupt = leave
        keyboard = Keyboard(lambda key, command: player.end() if command in _ENDS else None)
        keyboard.start()
        try:
            report = player.run()
        finally:
            keyboard.close()
    finally:
        signals.interrupt = None
        speech.close()
    if devices.pair is not None and report.sounding is not None and not report.sounding.silent:
        keep_check(devices.pair, _result(report))
    if signals.received is not None:
        return 128 + signals.received
    return 0 if report.verdict in (Verdict.PASSED, Verdict.ENDED) else 1


def _result(report: Report) -> Checked:
    sounding = report.sounding
    echo = sounding.echo if sounding else None

    def kept(value: float | None, digits: int = 1) -> float | None:
        return None if value is None else round(value, digits)

    return Checked(
        wall_clock().date().isoformat(),
        report.verdict.value,
        delay=kept(echo.delay, 4) if echo else None,
        gain=kept(echo.gain) if echo else None,
        noise=kept(sounding.noise) if sounding else None,
        coach=kept(report.coach),
        user=kept(report.user),
        clipped=kept(sounding.clipped, 4) if sounding else None,
    )


# Choosing -------------------------------------------------------------------------------------------------------------


def _choose(options: argparse.Namespace, found: Sequence[DeviceInfo], display: Display) -> Choice | None:
    """What the flags name, else what a key chooses, else what was chosen before; None where Esc was pressed."""
    before, _ = chosen_devices().among(found)
    speaker = _named(found, False, options.speaker, before.speaker)
    choice = Choice(speaker, _named(found, True, options.microphone, before.microphone))
    numbered = sorted(found, key=lambda each: each.is_microphone)
    _show(numbered, choice, display)
    kinds = [each.is_microphone for each in numbered]
    if options.speaker or options.microphone or max(kinds.count(True), kinds.count(False)) < 2:
        return choice
    return _ask(numbered, choice, display)


def _named(found: Sequence[DeviceInfo], is_microphone: bool, name: str | None, before: str | None) -> str | None:
    from voicecoach.audio.miniaudio_device import choose_name

    if name is None:
        return before
    return None if name == DEFAULT else choose_name(found, is_microphone, name)


def _show(numbered: Sequence[DeviceInfo], choice: Choice, display: Display) -> None:
    heading = None
    for number, each in enumerate(numbered, start=1):
        if each.is_microphone != heading:
            heading = each.is_microphone
            display.say("Microphones:" if heading else "Loudspeakers:", "bold")
        mark = "*" if _is_chosen(each, choice) else " "
        display.say(f"{mark} {number}  {each.name}{' (default)' if each.is_default else ''}")
    if heading is not True:
        display.say("Microphones: none", "bold")


def _is_chosen(device: DeviceInfo, choice: Choice) -> bool:
    name = choice.microphone if device.is_microphone else choice.speaker
    return device.is_default if name is None else device.name == name


def _ask(numbered: Sequence[DeviceInfo], choice: Choice, display: Display) -> Choice | None:
    """Let single keys choose, until nobody pressed one for a while."""
    keys = {str(number): each for number, each in enumerate(numbered[:9], start=1)}
    pressed: Inbox[str] = Inbox()
    keyboard = Keyboard(lambda key, _: pressed.put(key), also=(*keys, "\n", "\r"))
    if not keyboard.start():
        return choice
    display.say(f"Press a number to choose another, Enter to begin. I begin by myself in {CHOOSING:.0f} seconds.")
    try:
        while (key := pressed.get(CHOOSING)) is not None:
            if key in ("esc", "s"):
                return None
            if key in ("\n", "\r", "space"):
                break
            if key in keys:
                device = keys[key]
                name = None if device.is_default else device.name
                choice = replace(choice, **{"microphone" if device.is_microphone else "speaker": name})
                _show(numbered, choice, display)
    finally:
        keyboard.close()
    return choice


# The model ------------------------------------------------------------------------------------------------------------


def _fetch_model(options: argparse.Namespace) -> int:
    if options.archive is not None:
        path = install(options.archive)
    elif (found := installed()) is not None:
        print(f"{SMALL_ENGLISH.name} is installed already: {found}")
        return 0
    else:
        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
        console = Console(stderr=True)
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(SMALL_ENGLISH.name, total=SMALL_ENGLISH.size)
            path = fetch(lambda done, of: bar.update(task, completed=done, total=of))
    print(f"{SMALL_ENGLISH.name} is installed: {path}")
    print("Use it: voicecoach play tour --engine vosk")
    return 0
