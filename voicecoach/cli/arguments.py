"""Every command with its flags, their help and examples; what a flag's text has to look like."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from voicecoach import __version__
from voicecoach.cli.complaints import complain
from voicecoach.cli.signals import Signals
from voicecoach.voice.synthesizer import DEFAULT_RATE, VOICE_ENGINES

_EPILOG = """examples:
  voicecoach setup                     check speaker and microphone, by voice
  voicecoach play tour                 learn the commands, hands at rest
  voicecoach play wrist-stretches      a session; say "it hurts" at any moment
  voicecoach show wrist-stretches      what it consists of
  voicecoach render tour -o tour.wav   the same as a sound file
  voicecoach journal                   what you did, and what hurt
  voicecoach hear take.wav --json      which commands the ear hears in it
"""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Fits a screen: a usage of one line, and room beside the longest flags."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)
        self._action_max_length = 14  # argparse forgets how far the names of commands are indented

    def add_usage(self, usage: str | None, actions: Iterable[argparse.Action], groups: Iterable[Any],
                  prefix: str | None = None) -> None:  # fmt: skip
        """What is needed by name, and the rest as [options]."""
        listed = list(actions)
        parts = []
        for action in listed:
            given = self._format_args(action, action.metavar or action.dest)  # type: ignore[arg-type]
            if not action.option_strings:
                parts.append(given)
            elif action.required:
                values = "{" + ",".join(action.choices) + "}" if action.choices else given
                parts.append(f"{action.option_strings[0]} {values}")
        options = ["[options]"] if any(not each.required and each.option_strings for each in listed[1:]) else []
        super().add_usage(" ".join(["%(prog)s", *parts, *options]), listed, groups, prefix)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        complain(*self.format_usage().splitlines(), f"{self.prog}: {message}")
        self.exit(2)


def make_parser() -> argparse.ArgumentParser:
    """The parser; what it returns has ``run(options, signals) -> exit code``."""
    parser = _Parser("voicecoach", description="A voice-guided, hands-free session player.", epilog=_EPILOG,
                     formatter_class=_Help)  # fmt: skip
    parser.add_argument("--version", action="version", version=f"voicecoach {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    def command(name: str, purpose: str, example: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=purpose, description=purpose, epilog=f"example:\n  {example}",
                                    formatter_class=_Help)  # fmt: skip
        added.set_defaults(run=_run_of(name), command=name)
        return added

    play = command("play", "play a session", "voicecoach play wrist-stretches --side right")
    play.add_argument("routine", metavar="ROUTINE", help="a bundled name, a name in your folder, or a path")
    play.add_argument("--events", type=Path, metavar="FILE", help="append what happens, one JSON object a line")
    play.add_argument("--approved", action="store_true", help="a doctor or therapist has approved: do not ask")
    play.add_argument("--cues", choices=("full", "brief", "chimes"), dest="style",
                      help="how much is said; default: less once familiar")  # fmt: skip
    play.add_argument("--no-check-ins", action="store_true", help="do not ask about new numbness between exercises")
    play.add_argument("--emergency-number", type=_emergency_number, metavar="NUMBER",
                      help="named where the coach says to call for help")  # fmt: skip
    play.add_argument("--no-mic", action="store_true", help="do not listen: only the keys steer")
    play.add_argument("--unattended", action="store_true", help="play even where nobody could end it")
    play.add_argument("--plain", action="store_true", help="a line for each event, also in a terminal")
    _add_audio(play)
    play.add_argument("--record", type=Path, metavar="FILE", help="keep microphone and playback in FILE")
    _add_engine(play)
    _add_music(play)
    _add_session(play)
    _add_voice(play)

    render = command("render", "write a session to a sound file", "voicecoach render tour -o tour.mp3 --chapters")
    render.add_argument("routine", metavar="ROUTINE")
    render.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help=".wav, .flac or .mp3")
    render.add_argument("--cues", type=Path, metavar="FILE.json", help="write what sounds when, as JSON")
    render.add_argument("--chapters", action="store_true",
                        help="mark exercises and sides in the .mp3 or .flac, with title and cover")  # fmt: skip
    render.add_argument("--chapter-list", type=Path, metavar="FILE.vtt", help="write the chapters as WebVTT")
    render.add_argument("--subtitles", type=Path, metavar="FILE", help="write what is said: .srt or .vtt")
    _add_music(render)
    _add_session(render)
    _add_voice(render)

    hear = command("hear", "run the ear over recordings", "voicecoach hear take.wav --json --asking")
    hear.add_argument("files", nargs="+", type=Path, metavar="FILE",
                      help="WAV or FLAC of any rate, or what play --record kept")  # fmt: skip
    hear.add_argument("--json", action="store_true", help="one JSON object for each command heard")
    hear.add_argument("--playing", type=Path, metavar="REFERENCE.wav", help="what the loudspeaker emitted meanwhile")
    hear.add_argument("--asking", action="store_true", help="as while a question is open: yes and no count too")
    _add_engine(hear)

    journal = command("journal", "show what you did, and what hurt", "voicecoach journal --for-doctor")
    what = journal.add_mutually_exclusive_group()
    what.add_argument("--for-doctor", type=Path, nargs="?", const=Path(), metavar="FOLDER",
                      help="write one page for the doctor, journal-for-doctor.html and .md, to FOLDER (or here)")
    what.add_argument("--csv", action="store_true", help="one row an event, for spreadsheets")
    what.add_argument("--path", action="store_true", help="say where it is")
    what.add_argument("--forget-approval", nargs="?", const="", metavar="ROUTINE",
                      help="take back that a doctor or therapist has approved: ROUTINE, or all of them")  # fmt: skip
    what.add_argument("--delete", action="store_true", help="delete it, after you typed yes")
    journal.add_argument("--yes", action="store_true", help="with --delete: do not ask")

    setup = command("setup", "check loudspeaker, microphone and how you are heard; or fetch an engine's model",
                    "voicecoach setup --microphone USB")  # fmt: skip
    setup.add_argument("--speaker", metavar="NAME",
                       help="a loudspeaker's name, or part of it; default: what the system offers")  # fmt: skip
    setup.add_argument("--microphone", metavar="NAME", help="a microphone's name, in the same way")
    setup.add_argument("--engine", choices=("vosk",),
                       help="no check: download the English model of vosk, 40 MB, into your cache folder")  # fmt: skip
    setup.add_argument("--from", dest="archive", type=Path, metavar="FILE.zip",
                       help="with --engine: install the model from a file that you carried here")  # fmt: skip
    _add_voice(setup)

    listing = command("list", "list the routines", "voicecoach list")
    listing.add_argument("--names", action="store_true", help="the names alone, one a line")
    show = command("show", "show what a routine consists of", "voicecoach show median-nerve-glide --text")
    show.add_argument("routine", metavar="ROUTINE")
    show.add_argument("--text", action="store_true", help="print the whole script: what is said and done, and when")
    _add_session(show)
    new = command("new", "write a routine of your own", "voicecoach new my-wrists")
    new.add_argument("name", metavar="NAME", help="what it is played by: small letters, digits, hyphens")
    new.add_argument("--title", metavar="TEXT", help="the coach's greeting; what no flag says is asked in a terminal")
    new.add_argument("--source", metavar="TEXT", help="where the exercises come from")
    new.add_argument("--exercise", action="append", metavar="NAME", help="an exercise; give it again for another")
    new.add_argument("--sides", choices=("both", "right", "left", "none"), help="of every exercise")
    new.add_argument("--limb", metavar="TEXT", help="what the side belongs to: arm gives right arm")
    new.add_argument("--repetitions", metavar="N", help="such as 5, or 2 to 4")
    new.add_argument("--say", action="append", metavar="TEXT", help="a sentence of the coach; again for the next one")
    new.add_argument("--hold", metavar="TIME", help='such as "15 s": what the exercise ends with')
    check = command("check", "check routine files", "voicecoach check my-routine.yaml --watch")
    check.add_argument("files", nargs="+", metavar="FILE", help="a routine's path or name")
    check.add_argument("--watch", action="store_true", help="check again whenever a file changes; Ctrl-C ends it")
    check.add_argument("--ear", action="store_true", help="also play the prompts to the ear, this once: minutes")
    _add_voice(check)
    command("schema", "print the routine format as JSON Schema", "voicecoach schema > routine.schema.json")
    voices = command("voices", "list the voices, or let them speak", "voicecoach voices --try en-gb")
    voices.add_argument("--try", dest="tried", nargs="?", const="", metavar="NAME",
                        help="speak with that voice, or with each English one, on the loudspeaker")  # fmt: skip
    _add_audio(voices)
    _add_voice(voices)
    config = command("config", "show every flag's default, and where it comes from", "voicecoach config")
    config.add_argument("--path", action="store_true", help="say where the file is that you may write")
    completion = command("completion", "let your shell complete commands, flags and routines",
                         'eval "$(voicecoach completion bash)"        in ~/.bashrc\n'
                         '  eval "$(voicecoach completion zsh)"         in ~/.zshrc\n'
                         "  voicecoach completion fish | source         in config.fish")  # fmt: skip
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    diagnose = command("diagnose", "print what a bug report should tell", "voicecoach diagnose > report.txt")
    diagnose.add_argument("--forget", action="store_true", help="forget the recent problems")
    return parser


def _run_of(command: str) -> Callable[[argparse.Namespace, Signals], int]:
    """``run`` of the command's own file, which is loaded only when it is called."""

    def run(options: argparse.Namespace, signals: Signals) -> int:
        with signals.held():
            module = import_module(f"voicecoach.cli.{command}")
        code: int = module.run(options, signals)
        return code

    return run


def _add_audio(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--audio", default=None, metavar="DEVICE",
                        help="miniaudio (default), simpleaudio, null, or file:OUT.wav[,MICROPHONE.wav]")  # fmt: skip


def _add_music(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--music", type=Path, metavar="FILE-or-FOLDER",
                        help="background sound, 20 dB under speech: wav, flac, mp3, ogg")  # fmt: skip


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--side", choices=("right", "left", "both"), default="both", help="which side to do")
    parser.add_argument("--speed", type=_number(0.5, 2.0), default=1.0, metavar="X",
                        help="0.5 to 2: speech and rests, never a hold")  # fmt: skip
    parser.add_argument("--dose", choices=("low", "high"), default="low", help="which end of a range, as in 2 to 4")


def _add_voice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--voice", metavar="NAME", help="see voicecoach voices; or a voice of Piper's: FILE.onnx")
    parser.add_argument("--voice-engine", choices=VOICE_ENGINES, metavar="ENGINE",
                        help="pyttsx3 (the system's voices) or piper (neural); by --voice")  # fmt: skip
    parser.add_argument("--rate", type=_number(95, 400), default=DEFAULT_RATE, metavar="WPM",
                        help="words a minute (155)")  # fmt: skip


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", default="both", choices=("both", "pocketsphinx", "sphinx", "vosk", "whisper"),
                        metavar="NAME", help="both (default), pocketsphinx, sphinx, vosk, whisper")  # fmt: skip


def _emergency_number(text: str) -> str:
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and 2 <= len(digits) <= 15):
        raise argparse.ArgumentTypeError(f'expected 2 to 15 digits, such as 112, got "{text}"')
    return digits


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
