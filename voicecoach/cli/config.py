"""``voicecoach config``: every flag's default, and where it comes from; itself a configuration file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from voicecoach.cli.arguments import make_parser
from voicecoach.cli.complaints import complain
from voicecoach.cli.settings import BUILT_IN, Resolved, Setting, Settings, config_path
from voicecoach.cli.signals import Signals
from voicecoach.errors import ConfigurationError


def run(options: argparse.Namespace, _: Signals) -> int:
    """Print them, or where the file is; 2 where something in it, or in the environment, is wrong."""
    if options.path:
        print(config_path())
        return 0
    settings = Settings.read(make_parser())
    for line in listing(settings):
        print(line)
    complain(*(f"voicecoach: {note}" for note in settings.notes))
    if settings.problems:
        raise ConfigurationError(settings.problems)
    return 0


def listing(settings: Settings) -> Iterator[str]:
    """The lines of a file that would say the same: what is built in stands in it as a comment."""
    there = "" if settings.path.exists() else " (not there yet)"
    yield f"# {settings.path}{there}"
    yield "# A flag goes before its variable (VOICECOACH_SPEED=0.8), a variable before this file."
    yield "# --approved, --unattended and --record count only where they are typed."
    yield ""
    shared: set[str] = set()
    for setting in settings.known:
        alike = [each for each in settings.known if each.name == setting.name]
        if setting.name in shared or len(alike) < 2:
            continue
        if len({(each.meaning, str(settings.resolve(each))) for each in alike}) == 1:
            shared.add(setting.name)
            yield _line(setting, settings.resolve(setting), f"  {_commands(alike)}")
    for command in dict.fromkeys(setting.command for setting in settings.known):
        own = [setting for setting in settings.of(command) if setting.name not in shared]
        if own:
            yield ""
            yield f"[{command}]"
            yield from (_line(setting, settings.resolve(setting)) for setting in own)


def _line(setting: Setting, resolved: Resolved, note: str = "") -> str:
    if resolved.origin == BUILT_IN:
        text = f"#{setting.name} = {'' if resolved.value is None else _toml(resolved.value)}"
    else:
        text = f"{setting.name} = {_toml(resolved.value)}"
    return f"{text:32s}  # {resolved.origin}{note}"


def _commands(alike: list[Setting]) -> str:
    return f"({', '.join(setting.command for setting in alike)})"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}"
    text = str(value) if isinstance(value, Path | str) else repr(value)
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
