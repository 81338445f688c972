"""``voicecoach completion``: a script with which a shell completes commands, flags, routines and files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from voicecoach.cli.arguments import make_parser
from voicecoach.cli.settings import subparsers_of
from voicecoach.cli.signals import Signals

_NAMES = "voicecoach list --names 2>/dev/null"

_ROUTINES: dict[str, Any] = {
    "bash": "_voicecoach_routines",
    "zsh": "_voicecoach_routines",
    "fish": "(_voicecoach_routines)",
    "preamble": {
        "bash": f"""
_voicecoach_routines() {{
  compgen -W "$({_NAMES})" -- "$1"
  compgen -f -X '!*.y*ml' -- "$1"
  compgen -d -S / -- "$1"
}}
""",
        "zsh": f"""
_voicecoach_routines() {{
  local -a names
  names=(${{(f)"$({_NAMES})"}})
  _alternative 'routines:routine:compadd -a names' 'files:routine file:_files -g "*.(yaml|yml)"'
}}
""",
        "fish": f"""
function _voicecoach_routines
  {_NAMES}
  for path in (__fish_complete_path (commandline -ct))
    string match -qr '(/|\\.ya?ml)(\\t.*)?$' -- $path; and echo $path
  end
end
""",
    },
}
"""Asked for when the user presses Tab, so that new routines are there at once."""


def run(options: argparse.Namespace, _: Signals) -> int:
    """Print the script for one shell."""
    print(script(options.shell))
    return 0


def script(shell: str) -> str:
    """The script; it needs nothing of this program but ``voicecoach list --names``."""
    import shtab

    parser = make_parser()
    for subparser in subparsers_of(parser).values():
        for action in subparser._actions:
            completed = _completed(action, shtab.FILE)
            if completed is not None:
                action.complete = completed  # type: ignore[attr-defined]
    made: str = shtab.complete(parser, shell)
    return made


def _completed(action: argparse.Action, file: Any) -> Any:
    """How an argument is completed, where that is not by its choices."""
    if action.metavar == "ROUTINE" or (action.dest == "files" and action.type is None):
        return _ROUTINES
    return file if action.type is Path else None
