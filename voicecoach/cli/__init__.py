"""The command line: one file for each command; ``arguments.py`` has their flags.

Only ``main`` is an exit, and only this package and the display print.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence

from voicecoach.cli.complaints import complain
from voicecoach.cli.settings import parse, sources_of
from voicecoach.cli.signals import Signalled, Signals
from voicecoach.errors import VoicecoachError, WrittenError
from voicecoach.problems import Problems


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. The one door for failure: no traceback reaches a user."""
    signals = Signals()
    _print_what_can_be_printed()
    options: argparse.Namespace | None = None
    try:
        signals.catch()
        options = parse(arguments)
        complain(*(f"voicecoach: {note}" for note in options.notes))
        run: Callable[[argparse.Namespace, Signals], int] = options.run
        return run(options, signals)
    except Signalled as signalled:
        return 128 + signalled.number
    except BrokenPipeError:
        # Python flushes stdout once more at exit; there is nobody left to read it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except WrittenError as error:
        complain(*error.problems)
        return error.exit_code
    except VoicecoachError as error:
        if error.exit_code == 1:
            Problems().note_error(error)
        complain(f"voicecoach: {error}", *sources_of(options, str(error)))
        return error.exit_code
    except Exception as error:
        return _unexpected(error)
    finally:
        signals.restore()


def _print_what_can_be_printed() -> None:
    """A title in Czech must not end the program where the output is a file: on Windows that is in code page 1252."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _unexpected(error: Exception) -> int:
    Problems().note_error(error)
    if os.environ.get("VOICECOACH_DEBUG"):
        raise error
    complain(
        f"voicecoach: this is a fault of the program, not yours: {type(error).__name__}: {error}",
        "Please report it, with what voicecoach diagnose prints. VOICECOACH_DEBUG=1 shows where.",
    )
    return 1
