"""The command line: one file for each command; ``arguments.py`` has their flags.

Only ``main`` is an exit, and only this package and the display print. What takes time to load is imported in ``main``,
once it catches signals: Ctrl-C may come at any moment.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

from voicecoach.cli.complaints import complain, let_go
from voicecoach.cli.signals import Signalled, Signals
from voicecoach.errors import UsageError, VoicecoachError, WrittenError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. The one door for failure: no traceback reaches a user."""
    signals = Signals()
    options: argparse.Namespace | None = None
    try:
        signals.catch()
        with signals.held():
            from voicecoach.cli.settings import parse

        _open_what_is_closed()
        _be_lenient()
        _need_a_home()
        options = parse(arguments)
        complain(*(f"voicecoach: {note}" for note in options.notes))
        run: Callable[[argparse.Namespace, Signals], int] = options.run
        code = run(options, signals)
        sys.stdout.flush()
        return code
    except Signalled as signalled:
        if sys.stdout.isatty():
            # It may take nothing more, and the last flush would wait for it for ever.
            let_go(sys.stdout)
        return 128 + signalled.number
    except BrokenPipeError:
        let_go(sys.stdout)
        return 0
    except WrittenError as error:
        complain(*error.problems)
        return error.exit_code
    except VoicecoachError as error:
        from voicecoach.cli.settings import sources_of

        if error.exit_code == 1:
            _note(error)
        complain(f"voicecoach: {error}", *sources_of(options, str(error)))
        return error.exit_code
    except OSError as error:
        if error.errno not in _NO_ROOM:
            return _unexpected(error)
        let_go(sys.stdout)
        where = f" to {error.filename}" if error.filename else ""
        complain(f"voicecoach: what belongs{where or ' on standard output'} could not be written: {error.strerror}.")
        return 1
    except Exception as error:
        return _unexpected(error)
    finally:
        signals.restore()


_NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)})


def _open_what_is_closed() -> None:
    """Whoever closed a standard stream gets an empty one: otherwise the next file that is
    opened would take its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _need_a_home() -> None:
    """Raises UsageError where nobody knows where the user's files are: no HOME, and no such user."""
    import platformdirs

    try:
        known = platformdirs.user_data_path("voicecoach").is_absolute()
    except RuntimeError:
        known = False
    if not known:
        raise UsageError("Where your files are is not known: please set HOME to your home folder.")


def _be_lenient() -> None:
    """A name or title may hold letters that the output's encoding lacks, or bytes that are no text."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _note(error: Exception) -> None:
    from voicecoach.problems import Problems

    Problems().note_error(error)


def _unexpected(error: Exception) -> int:
    _note(error)
    if os.environ.get("VOICECOACH_DEBUG"):
        raise error
    complain(
        f"voicecoach: this is a fault of the program, not yours: {type(error).__name__}: {error}",
        "Please report it, with what voicecoach diagnose prints. VOICECOACH_DEBUG=1 shows where.",
    )
    return 1
