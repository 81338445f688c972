"""The command line: flags, wiring, exit codes. Only this file exits, and only it and ``display.py`` print."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from voicecoach import __version__
from voicecoach.display import Display
from voicecoach.errors import RefusedError, RoutineError, UsageError, VoicecoachError
from voicecoach.session.effects import Reason
from voicecoach.units import STREAM_RATE
from voicecoach.voice.pyttsx3_synthesizer import DEFAULT_RATE

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

_WORTH_ANNOUNCING = 10.0
"""Seconds of waiting that are announced."""

_EPILOG = """examples:
  voicecoach play tour                      learn the commands, hands at rest
  voicecoach play wrist-stretches           a session; say "pause", "stop" or "it hurts" at any moment
  voicecoach show wrist-stretches           what it consists of
  voicecoach render tour -o tour.wav        the same as a sound file
  voicecoach hear recording.wav --json      which commands the ear hears in a recording
"""


class _Signalled(BaseException):
    """A signal arrived while no session was running."""

    def __init__(self, number: int) -> None:
        self.number = number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. The one door for failure: no traceback reaches a user."""
    signals = _Signals()
    try:
        signals.catch()
        options = _parser().parse_args(arguments)
        run: Callable[[argparse.Namespace, _Signals], int] = options.run
        return run(options, signals)
    except _Signalled as signalled:
        return 128 + signalled.number
    except BrokenPipeError:
        # Python flushes stdout once more at exit; there is nobody left to read it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except RoutineError as error:
        _complain(*error.problems)
        return error.exit_code
    except VoicecoachError as error:
        _complain(f"voicecoach: {error}")
        return error.exit_code
    except Exception as error:
        return _unexpected(error)
    finally:
        signals.restore()


def _unexpected(error: Exception) -> int:
    if os.environ.get("VOICECOACH_DEBUG"):
        raise error
    _complain(
        f"voicecoach: this is a fault of the program, not yours: {type(error).__name__}: {error}",
        "Set VOICECOACH_DEBUG=1 to see where, and please report it.",
    )
    return 1


def _complain(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)


class _Signals:
    """SIGINT, SIGTERM and SIGHUP end a session cleanly, and anything else at once."""

    _NAMES = ("SIGINT", "SIGTERM", "SIGHUP")

    def __init__(self) -> None:
        self.interrupt: Callable[[], None] | None = None
        """What ends the running session; None where there is none."""
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def catch(self) -> None:
        """Install the handlers; does nothing outside the main thread, where Python allows none."""
        for name in self._NAMES:
            number = getattr(signal, name, None)
            if number is None:
                continue
            try:
                self._before[number] = signal.signal(number, self._handle)
            except ValueError:
                return

    def restore(self) -> None:
        """Put back what was there."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self.interrupt is None or self.received is not None:
            raise _Signalled(number)
        self.received = number
        self.interrupt()


# The parser -------------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser("voicecoach", description="A voice-guided, hands-free session player.", epilog=_EPILOG,
                     formatter_class=raw)  # fmt: skip
    parser.add_argument("--version", action="version", version=f"voicecoach {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    def command(name: str, run: Callable[..., int], purpose: str, example: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=purpose, description=purpose, epilog=f"example:\n  {example}",
                                    formatter_class=raw)  # fmt: skip
        added.set_defaults(run=run)
        return added

    play = command("play", _play, "play a session", "voicecoach play wrist-stretches --side right")
    play.add_argument("routine", metavar="ROUTINE", help="a bundled name, a name in your folder, or a path")
    play.add_argument("--events", type=Path, metavar="FILE", help="append what happens, one JSON object a line")
    play.add_argument("--approved", action="store_true", help="a doctor or therapist has approved: do not ask")
    play.add_argument("--no-mic", action="store_true", help="do not listen: only the keys steer")
    play.add_argument("--unattended", action="store_true", help="play even where nobody could end it")
    play.add_argument("--audio", default=None, metavar="DEVICE",
                      help="miniaudio (default), simpleaudio, null, or file:OUT.wav[,MICROPHONE.wav]")  # fmt: skip
    play.add_argument("--record", type=Path, metavar="FILE", help="keep microphone and playback in FILE")
    _add_engine(play)
    _add_session(play)
    _add_voice(play)

    render = command("render", _render, "write a session to a sound file", "voicecoach render tour -o tour.mp3")
    render.add_argument("routine", metavar="ROUTINE")
    render.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help=".wav, .flac or .mp3")
    render.add_argument("--cues", type=Path, metavar="FILE.json", help="write what sounds when")
    _add_session(render)
    _add_voice(render)

    hear = command("hear", _hear, "run the ear over recordings", "voicecoach hear take.wav --json --asking")
    hear.add_argument("files", nargs="+", type=Path, metavar="FILE", help="WAV or FLAC, any rate, mono or stereo")
    hear.add_argument("--json", action="store_true", help="one JSON object for each command heard")
    hear.add_argument("--playing", type=Path, metavar="REFERENCE.wav", help="what the loudspeaker emitted meanwhile")
    hear.add_argument("--asking", action="store_true", help="as while a question is open: yes and no count too")
    _add_engine(hear)

    setup = command("setup", _setup, "fetch what a speech engine needs", "voicecoach setup --engine vosk")
    setup.add_argument("--engine", choices=("vosk",), required=True,
                       help="vosk: download its English model, 40 MB, into your cache folder")  # fmt: skip
    setup.add_argument("--from", dest="archive", type=Path, metavar="FILE.zip",
                       help="install the model from a file that you carried here, without a network")  # fmt: skip

    command("list", _list, "list the routines", "voicecoach list")
    show = command("show", _show, "show what a routine consists of", "voicecoach show median-nerve-glide")
    show.add_argument("routine", metavar="ROUTINE")
    check = command("check", _check, "check routine files", "voicecoach check my-routine.yaml")
    check.add_argument("files", nargs="+", metavar="FILE", help="a routine's path or name")
    check.add_argument("--ear", action="store_true", help="also play the prompts to the ear, this once: minutes")
    _add_voice(check)
    command("schema", _schema, "print the routine format as JSON Schema", "voicecoach schema > routine.schema.json")
    command("voices", _voices, "list the voices", "voicecoach voices")
    return parser


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--side", choices=("right", "left", "both"), default="both", help="which side to do")
    parser.add_argument("--speed", type=_number(0.5, 2.0), default=1.0, metavar="X",
                        help="speech and rests, 0.5 to 2 times as fast; holds stay as prescribed")  # fmt: skip
    parser.add_argument("--dose", choices=("low", "high"), default="low", help="which end of a range, as in 2 to 4")


def _add_voice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--voice", metavar="NAME", help="see voicecoach voices")
    parser.add_argument("--rate", type=_number(95, 400), default=DEFAULT_RATE, metavar="WPM",
                        help="words a minute (155)")  # fmt: skip


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", default="both", choices=("both", "pocketsphinx", "sphinx", "vosk", "whisper"),
                        help="what listens (both: keyword search and neural heads)")  # fmt: skip


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f'expected a number from {least:g} to {most:g}, got "{text}"') from None
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"expected {least:g} to {most:g}, got {text}")
        return value

    return read


# play -------------------------------------------------------------------------------------------------------------


def _play(options: argparse.Namespace, signals: _Signals) -> int:
    from voicecoach.audio.earcons import load_earcons
    from voicecoach.audio.null_device import NullDevice
    from voicecoach.audio.recorder import Recorder
    from voicecoach.ear.engines import deaf_witness
    from voicecoach.event_log import EventFile, EventLog
    from voicecoach.keyboard import Keyboard
    from voicecoach.opening import Consent, find_devices, open_rehearsal, open_speech, refuse_unsafe
    from voicecoach.performance import lengths
    from voicecoach.player import Player, Stage
    from voicecoach.session.plan import make_plan
    from voicecoach.session.session import Session
    from voicecoach.session.timeline import Lengths

    display = Display()
    routine, is_tour = _find(options.routine)
    has_keys = Keyboard(lambda key, command: None).available
    events = EventFile(options.events) if options.events else None
    log = EventLog([*([events] if events else []), display])
    try:
        devices = find_devices(options.audio, listen=not options.no_mic)
        consent = Consent(options.no_mic, options.approved, options.unattended)
        warnings = [
            devices.warning,
            refuse_unsafe(routine, is_tour, devices, has_keys, consent),
        ]
    except RefusedError:
        log.write(0.0, "finished", reason=Reason.REFUSED.value)
        raise
    plan = make_plan(routine, _choices(options))
    unmeasured = Lengths(lambda text: 1, lambda sound: 1)
    texts = tuple(Session(plan, unmeasured, speed=options.speed).texts())
    speech = open_speech(options.voice, options.rate, texts)
    try:
        clip_of = speech.clips_at(options.speed)
        if speech.failure is not None:
            warnings.append(f"{speech.failure} What cannot be spoken is shown; the chimes sound.")
        if devices.has_microphone:
            warnings.append(deaf_witness(options.engine))
        for warning in filter(None, warnings):
            display.say(warning, "yellow")
        earcons = load_earcons(STREAM_RATE)
        rehearsal = open_rehearsal(options.engine, texts, clip_of) if devices.has_microphone else None
        stage = Stage(
            devices.open,
            speech.clips_at,
            earcons,
            _ear_factory(options.engine, devices.pair) if devices.has_microphone else None,
            NullDevice,
            Recorder(options.record) if options.record else None,
            rehearsal,
        )
        commands = rehearsal.obeyed if rehearsal else frozenset()
        session = Session(plan, lengths(clip_of, earcons, STREAM_RATE, commands), speed=options.speed)
        player = Player(session, stage, log, clip_of)
        signals.interrupt = player.interrupt
        keyboard = Keyboard(player.press, asking=lambda: player.is_asking)
        keyboard.start()
        try:
            reason = player.run()
        finally:
            keyboard.close()
    finally:
        signals.interrupt = None
        speech.close()
        if events is not None:
            events.close()
            if events.failure is not None:
                _complain(f"voicecoach: events could not be written any more: {events.failure.strerror}")
    if reason is Reason.INTERRUPT and signals.received is not None:
        return 128 + signals.received
    return EXIT_CODES[reason]


def _ear_factory(engine: str, pair: str | None) -> Callable[..., Any]:
    from voicecoach.ear.ear import make_ear
    from voicecoach.ear.room_memory import RoomMemory

    memory = None if pair is None else RoomMemory(pair)
    return lambda on_heard, on_trouble: make_ear(on_heard, on_trouble, engine, memory)


def _choices(options: argparse.Namespace, approved: bool | None = None) -> Any:
    from voicecoach.routine.model import Side
    from voicecoach.session.plan import Choices

    side = None if options.side == "both" else Side(options.side)
    return Choices(side, options.dose == "high", options.approved if approved is None else approved)


# The other commands -----------------------------------------------------------------------------------------------


def _render(options: argparse.Namespace, _: _Signals) -> int:
    from rich.progress import Progress

    from voicecoach.audio.earcons import load_earcons
    from voicecoach.opening import open_speech
    from voicecoach.render import render_session, write_cue_sheet
    from voicecoach.session.plan import make_plan
    from voicecoach.session.session import Session
    from voicecoach.session.timeline import Lengths

    routine, _is_tour = _find(options.routine)
    plan = make_plan(routine, _choices(options, approved=True))
    texts = tuple(Session(plan, Lengths(lambda text: 1, lambda sound: 1)).texts())
    speech = open_speech(options.voice, options.rate, texts)
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
        _complain(f"voicecoach: {speech.failure} What could not be spoken is silent.")
    if options.cues:
        write_cue_sheet(entries, options.cues)
    from voicecoach.units import spoken_duration

    print(f"{options.output}: {spoken_duration(max(entry['end'] for entry in entries))}")
    return 0


def _hear(options: argparse.Namespace, _: _Signals) -> int:
    from voicecoach.ear.hear import hear_file
    from voicecoach.errors import RecordingError

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
            _complain(f"voicecoach: {error}")
            failed = error.exit_code
    return failed


def _heard_line(found: dict[str, Any]) -> str:
    return f'{found["file"]}  {found["t"]:8.3f} s  {found["command"]:10s} "{found["phrase"]}"  {found["tier"]}'


def _setup(options: argparse.Namespace, _: _Signals) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from voicecoach.ear.vosk_model import SMALL_ENGLISH, fetch, install, installed

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


def _find(name: str) -> tuple[Any, bool]:
    """The routine of that name or path, and whether it is the bundled tour."""
    from voicecoach.bundled import bundled
    from voicecoach.routine.library import find
    from voicecoach.routine.loader import load

    path = find(name)
    return load(path), path == bundled("scripts") / "tour.yaml"


def _list(_: argparse.Namespace, __: _Signals) -> int:
    from voicecoach.routine.library import list_routines, user_folder
    from voicecoach.routine.loader import load

    for entry in list_routines():
        try:
            about = load(entry.path).title
        except RoutineError as error:
            about = f"has {len(error.problems)} mistakes: voicecoach check {entry.name}"
        print(f"{entry.name:24s} {about}" + (" (yours)" if entry.origin == "yours" else ""))
    print(f"Your own routines go into {user_folder()}")
    return 0


def _show(options: argparse.Namespace, _: _Signals) -> int:
    from voicecoach.routine.sheet import sheet

    routine, _is_tour = _find(options.routine)
    for line in sheet(routine, _about_seconds(routine)):
        print(line)
    return 0


def _about_seconds(routine: Any) -> float:
    """How long its session takes at the default pace, before any voice has spoken it."""
    from voicecoach.session.plan import Choices, make_plan
    from voicecoach.session.session import Session
    from voicecoach.session.timeline import Lengths

    def spoken(text: str) -> int:
        return round(len(text.split()) * 60 / DEFAULT_RATE * STREAM_RATE)

    session = Session(make_plan(routine, Choices(approved=True)), Lengths(spoken, lambda sound: STREAM_RATE // 4))
    return session.remaining(0) / STREAM_RATE


def _check(options: argparse.Namespace, _: _Signals) -> int:
    from voicecoach.ear.sound_alikes import WHILE_A_ROUTINE_SPEAKS, open_sound_alikes
    from voicecoach.errors import EarError
    from voicecoach.routine.checker import advise, spoken_texts
    from voicecoach.routine.library import find
    from voicecoach.routine.loader import read
    from voicecoach.routine.prompt_origin import heard_in_prompts
    from voicecoach.session.commands import phrases_for
    from voicecoach.units import spoken_duration

    said = [phrase.text for phrase in phrases_for(WHILE_A_ROUTINE_SPEAKS)]
    try:
        sounds_like = open_sound_alikes()
    except EarError as error:
        sounds_like = None
        _complain(f"voicecoach: Commands are looked for by their spelling alone, not by their sound. {error}")
    told: set[str] = set()
    failed = 0
    for name in options.files:
        try:
            written = read(find(name))
        except RoutineError as error:
            _complain(*error.problems)
            failed = error.exit_code
            continue
        except UsageError as error:
            _complain(f"voicecoach: {error}")
            failed = error.exit_code
            continue
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
        total = spoken_duration(round(_about_seconds(written.routine)))
        print(f"{name}: good, about {total}" + (f", {len(advice)} pieces of advice" if advice else ""))
    return failed


def _taken_for(routine: Any, options: argparse.Namespace) -> dict[str, str]:
    """What the ear takes prompts for that it would obey; none, and a complaint, where there is no voice or no ear."""
    from rich.progress import Progress

    from voicecoach.ear.engines import DEFAULT_ENGINE
    from voicecoach.ear.self_trigger import described, is_obeyed
    from voicecoach.errors import EarError, VoiceError
    from voicecoach.opening import open_rehearsal, open_speech
    from voicecoach.session.plan import make_plan
    from voicecoach.session.session import Session
    from voicecoach.session.timeline import Lengths

    texts = tuple(Session(make_plan(routine), Lengths(lambda text: 1, lambda sound: 1)).texts())
    speech = open_speech(options.voice, options.rate, texts)
    try:
        with Progress(transient=True, disable=not sys.stderr.isatty()) as bar:
            speaking = bar.add_task("rendering speech", total=None)
            clip_of = speech.clips_at(1.0, lambda done, of: bar.update(speaking, completed=done, total=of))
            if speech.failure is not None:
                raise speech.failure
            rehearsal = open_rehearsal(DEFAULT_ENGINE, texts, clip_of)
            _announce_rehearsal(rehearsal)
            listening = bar.add_task("playing prompts to the ear", total=len(rehearsal.unheard))
            for _done in rehearsal.listen():
                bar.advance(listening)
        return {text: described(rehearsal.heard[text]) for text in texts if is_obeyed(rehearsal.heard[text])}
    except (VoiceError, EarError) as error:
        _complain(f"voicecoach: The prompts were not played to the ear. {error}")
        return {}
    finally:
        speech.close()


def _announce_rehearsal(rehearsal: Any) -> None:
    """Say how long it takes, where anybody would wonder."""
    from voicecoach.units import spoken_duration

    about = rehearsal.seconds
    if about >= _WORTH_ANNOUNCING:
        _complain(
            f"voicecoach: {len(rehearsal.unheard)} prompts are played to the ear, this once: about "
            f"{spoken_duration(round(about))}"
        )


def _schema(_: argparse.Namespace, __: _Signals) -> int:
    from voicecoach.routine.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0


def _voices(_: argparse.Namespace, __: _Signals) -> int:
    from voicecoach.voice.pyttsx3_synthesizer import list_voices

    for voice in list_voices():
        print(f"{', '.join(voice.languages) or '?':12s} {voice.name:40s} {voice.id}")
    return 0
