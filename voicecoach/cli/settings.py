"""Where a flag's value comes from: the command line, the environment, the configuration file, or the program.

What can be set is read off the parser, so a new flag has its key and its variable by itself, and the flag's own type
and choices check every value. A value that is wrong is never passed over in silence.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from voicecoach.cli import toml_document
from voicecoach.cli.arguments import make_parser
from voicecoach.cli.toml_document import Item
from voicecoach.errors import ConfigurationError
from voicecoach.routine.doses import nearest, spoken_list

PREFIX = "VOICECOACH_"
FILE_VARIABLE = "VOICECOACH_CONFIG"
"""Names another configuration file; the null device for none."""

_OTHER_VARIABLES = frozenset({FILE_VARIABLE, "VOICECOACH_DEBUG"})

ONCE = {
    "--approved": "it answers for one session, and an answer to the coach's question is kept anyway",
    "--unattended": "that nobody can end a session is accepted for that session only",
    "--record": "what the microphone hears is kept only where that is asked for each time",
    "--yes": "it confirms one deletion",
    "--from": "it names what is installed once",
    "--names": "it is for programs that read the list",
    "--path": "it asks a question",
    "--forget": "it deletes something",
}
"""Flags that count only where they are typed, and why."""

_NOT_OF = frozenset({"new"})
"""Commands whose flags describe one routine."""

SAFETY = ("no-mic", "no-check-ins")
"""Told at every start where they come from a file or the environment: whoever wrote that may have forgotten."""

BUILT_IN, COMMAND_LINE = "built in", "command line"

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Setting:
    """One flag of one command."""

    command: str
    name: str
    """As the flag without its dashes, which is the key in the file."""
    action: argparse.Action
    default: Any
    """What the program takes where nobody says anything."""

    @property
    def is_switch(self) -> bool:
        """Whether the flag has no value: it is set or it is not."""
        return self.action.nargs == 0

    @property
    def meaning(self) -> tuple[object, ...]:
        """Equal for the flags of two commands that say the same."""
        return self.is_switch, tuple(self.action.choices or ()), self.default, self.action.help

    def read(self, value: object, expand: Callable[[Path], Path]) -> Any:
        """The flag's value from what stood in the file, or from the text of a variable. Raises ValueError: what is
        wrong with it."""
        if self.is_switch:
            if not isinstance(value, bool):
                meant = _WORDS.get(str(value).lower())
                raise ValueError(f"expected true or false, got {_shown(value)}" + _meant(meant and "true"))
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"expected {self._expected()}, got {_shown(value)}")
        text = f"{value:g}" if isinstance(value, float) else str(value)
        kind: Any = self.action.type or str
        try:
            made = kind(text)
        except argparse.ArgumentTypeError as fault:
            raise ValueError(str(fault)) from None
        except (TypeError, ValueError):
            raise ValueError(f"expected {self._expected()}, got {_shown(value)}") from None
        choices = [str(each) for each in self.action.choices or ()]
        if choices and made not in (self.action.choices or ()):
            raise ValueError(f"expected {spoken_list(choices)}, got {_shown(value)}" + _meant(nearest(text, choices)))
        return expand(made) if isinstance(made, Path) else made

    def _expected(self) -> str:
        if self.action.choices:
            return spoken_list([str(each) for each in self.action.choices])
        return "a number" if isinstance(self.default, int | float) else "text in quotes"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A setting's value, and where it comes from: a place in the file, a variable, or the program."""

    value: Any
    origin: str


def settings_of(parser: argparse.ArgumentParser) -> list[Setting]:
    """Every flag of ``parser`` that may have a default of the user's, command by command."""
    found = []
    for command, subparser in subparsers_of(parser).items():
        exclusive = {id(each) for group in subparser._mutually_exclusive_groups for each in group._group_actions}
        for action in subparser._actions:
            is_value = isinstance(action, argparse._StoreTrueAction) or (
                isinstance(action, argparse._StoreAction) and action.nargs is None
            )
            flag = _flag(action)
            if (
                flag is not None
                and is_value
                and not action.required
                and flag not in ONCE
                and command not in _NOT_OF
                and id(action) not in exclusive
            ):
                found.append(Setting(command, flag.removeprefix("--"), action, action.default))
    return found


def subparsers_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, by its name."""
    commands = next(each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return dict(commands.choices)


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration file, which need not exist."""
    named = environment.get(FILE_VARIABLE)
    return Path(named) if named else platformdirs.user_config_path("voicecoach", appauthor=False) / "config.toml"


@dataclass
class Settings:
    """What the file and the environment say of a parser's flags."""

    known: list[Setting]
    path: Path
    problems: list[str] = field(default_factory=list)
    """One line for each value that is wrong; file first."""
    notes: list[str] = field(default_factory=list)
    """Variables that look like ours and are none: perhaps another program's. Shown by ``config``; by other commands
    where they are nearly one of ours."""
    _given: dict[tuple[str, str], Resolved] = field(default_factory=dict)
    _placed: list[tuple[int, int, str]] = field(default_factory=list)

    @staticmethod
    def read(parser: argparse.ArgumentParser, environment: Mapping[str, str] = os.environ) -> Settings:
        """Look at both; raises nothing for what is wrong in them, see ``problems``."""
        settings = Settings(settings_of(parser), config_path(environment))
        named = environment.get(FILE_VARIABLE)
        if named and named != os.devnull and not settings.path.exists():
            settings.problems.append(f"{FILE_VARIABLE}: there is no file {settings.path}")
        try:
            items = [] if named == os.devnull else toml_document.read(settings.path)
        except ConfigurationError as fault:
            settings.problems += fault.problems
            items = []
        once = {
            (command, flag.removeprefix("--"))
            for command, subparser in subparsers_of(parser).items()
            for flag in map(_flag, subparser._actions)
            if flag in ONCE
        }
        commands = list(subparsers_of(parser))
        settings._check_table_names(items, commands)
        # What is said for one command goes before what is said for all of them, and so is taken first.
        for item in sorted(items, key=lambda item: -len(item.path)):
            settings._take_item(item, commands, once)
        settings.problems += [problem for *_, problem in sorted(settings._placed)]
        for variable in sorted(name for name in environment if name.startswith(PREFIX)):
            if environment[variable] and variable not in _OTHER_VARIABLES:
                settings._take_variable(variable, environment, commands, once)
        return settings

    def of(self, command: str) -> list[Setting]:
        """The settings of one command."""
        return [setting for setting in self.known if setting.command == command]

    def resolve(self, setting: Setting) -> Resolved:
        """The value that counts where the command line has none."""
        return self._given.get((setting.command, setting.name)) or Resolved(setting.default, BUILT_IN)

    # The file -------------------------------------------------------------------------------------------------

    def _take_item(self, item: Item, commands: list[str], once: set[tuple[str, str]]) -> None:
        *tables, name = item.path
        if item.is_heading or len(tables) > 1 or isinstance(item.value, dict):
            self._check_table(item, commands)
            return
        if tables and tables[0] not in commands:
            return  # told of the table
        command = tables[0] if tables else None
        meant = self._meant_by(command, name)
        if isinstance(meant, str):
            problem = _once(name, once, command) or meant
            self._tell(item, problem)
            return
        base = self.path.parent
        try:
            value = meant[0].read(item.value, lambda path: base / path.expanduser())
        except ValueError as fault:
            self._tell(item, f"{name}: {fault}")
            return
        for setting in meant:
            self._given.setdefault((setting.command, setting.name), Resolved(value, f"{self.path}:{item.line}"))

    def _check_table(self, item: Item, commands: list[str]) -> None:
        name = item.path[0]
        if name not in commands:
            return  # told of the table
        if len(item.path) > 1 or item.value is not None:
            self._tell(item, f"a table is [command] and then `flag = value` lines, got {'.'.join(item.path)}")
        elif not self.of(name):
            self._tell(item, f"{name} has no flags that can be set here")

    def _check_table_names(self, items: list[Item], commands: list[str]) -> None:
        """Tell of each table that is no command, once."""
        having = [command for command in commands if self.of(command)]
        told: set[str] = set()
        for item in items:
            name = item.path[0]
            is_table = item.is_heading or len(item.path) > 1 or isinstance(item.value, dict)
            if is_table and name not in commands and name not in told:
                told.add(name)
                tables = spoken_list([f"[{each}]" for each in having])
                near = nearest(name, having)
                self._tell(item, f"[{name}] is not a command; expected {tables}" + _meant(near and f"[{near}]"))

    def _meant_by(self, command: str | None, name: str) -> list[Setting] | str:
        """The settings that a key of a command, or of none, stands for; or what is wrong with it."""
        named = [each for each in self.known if each.name == name]
        if command is not None:
            own = [each for each in named if each.command == command]
            if own:
                return own
            others = f"; it is one of {spoken_list([each.command for each in named])}" if named else ""
            known = [each.name for each in self.of(command)]
            if not known:
                return f'"{name}" cannot be set: {command} has no flags that can be{others}'
            expected = f"expected {spoken_list(known)}{_meant(nearest(name, known))}" if not named else ""
            return f'"{name}" is not a flag of {command}' + (others or f"; {expected}")
        if not named:
            known = list(dict.fromkeys(each.name for each in self.known))
            return f'"{name}" is not a flag of any command' + _meant(nearest(name, known))
        if len({each.meaning for each in named}) > 1:
            tables = " and ".join(f"[{each.command}]" for each in named)
            return f'"{name}" does not mean the same in every command; put it below {tables}'
        return named

    # The environment ------------------------------------------------------------------------------------------

    def _take_variable(self, variable: str, environment: Mapping[str, str], commands: list[str],
                       once: set[tuple[str, str]]) -> None:  # fmt: skip
        key = variable.removeprefix(PREFIX).lower().replace("_", "-")
        command = next((each for each in commands if key.startswith(each + "-")), None)
        name = key if command is None else key.removeprefix(command + "-")
        forbidden = _once(name, once, command)
        if forbidden:
            self.problems.append(f"{variable}: {forbidden}")
            return
        meant = self._meant_by(command, name)
        if isinstance(meant, str):
            if any(each.name == name for each in self.known):
                self.problems.append(f"{variable}: {meant}")
                return
            near = nearest(name, list(dict.fromkeys(each.name for each in self.known)))
            self.notes.append(f"{variable} is no variable of voicecoach's" + _meant(near and _variable(near)))
            return
        text: object = environment[variable]
        if meant[0].is_switch:
            text = _WORDS.get(str(text).lower(), text)
        try:
            value = meant[0].read(text, Path.expanduser)
        except ValueError as fault:
            self.problems.append(f"{variable}: {fault}")
            return
        for setting in meant:
            before = self._given.get((setting.command, setting.name))
            if command is not None or before is None or not before.origin.startswith(PREFIX):
                self._given[setting.command, setting.name] = Resolved(value, variable)

    def _tell(self, item: Item, problem: str) -> None:
        self._placed.append((item.line, item.column, f"{self.path}:{item.line}:{item.column}: {problem}"))


def parse(arguments: Sequence[str] | None, environment: Mapping[str, str] = os.environ) -> argparse.Namespace:
    """The options of a command line, with what it does not say from the environment, the file, or the program.

    ``options.origins`` says of each flag's dest where it comes from. Raises ConfigurationError where the file or the
    environment is wrong and the command has settings; commands without any are not held up by that.
    """
    parser = make_parser()
    settings = Settings.read(parser, environment)
    for setting in settings.known:
        setting.action.default = argparse.SUPPRESS
        if setting.is_switch:
            subparsers_of(parser)[setting.command].add_argument(
                _opposite(setting.name), dest=setting.action.dest, action="store_false", default=argparse.SUPPRESS,
                help=argparse.SUPPRESS,
            )  # fmt: skip
    options = parser.parse_args(arguments)
    own = settings.of(options.command)
    if own and settings.problems:
        raise ConfigurationError(settings.problems)
    options.origins = {}
    options.notes = [note for note in settings.notes if own and note.endswith("?")]
    for setting in own:
        dest = setting.action.dest
        if hasattr(options, dest):
            options.origins[dest] = COMMAND_LINE
        else:
            resolved = settings.resolve(setting)
            setattr(options, dest, resolved.value)
            options.origins[dest] = resolved.origin
    return options


def told_at_start(options: argparse.Namespace) -> list[str]:
    """What was not typed for this session, and makes it less safe."""
    told = []
    for name in SAFETY:
        dest = name.replace("-", "_")
        origin = getattr(options, "origins", {}).get(dest, BUILT_IN)
        if getattr(options, dest, False) and origin not in (BUILT_IN, COMMAND_LINE):
            told.append(f"--{name} holds for this session too, as {origin} says; {_opposite(name)} lifts it.")
    return told


def sources_of(options: argparse.Namespace | None, message: str) -> list[str]:
    """Where the values come from that an error message quotes, if nobody typed them."""
    origins = getattr(options, "origins", {})
    return [
        f"voicecoach: {dest.replace('_', '-')} comes from {origin}"
        for dest, origin in origins.items()
        if origin not in (BUILT_IN, COMMAND_LINE) and f'"{getattr(options, dest)}"' in message
    ]


def _variable(name: str) -> str:
    return PREFIX + name.upper().replace("-", "_")


def _opposite(name: str) -> str:
    """The hidden flag that takes a switch back: ``--mic``, ``--no-json``."""
    return "--" + (name.removeprefix("no-") if name.startswith("no-") else f"no-{name}")


def _flag(action: argparse.Action) -> str | None:
    return next((each for each in action.option_strings if each.startswith("--")), None)


def _once(name: str, once: Iterable[tuple[str, str]], command: str | None) -> str | None:
    if any(flag == name and command in (None, of) for of, flag in once):
        return f"--{name} counts only where it is typed: {ONCE[f'--{name}']}"
    return None


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value[:60]}"'
    if isinstance(value, int | float):
        return f"{value}"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else "a date or time"


def _meant(what: str | bool | None) -> str:
    return f"; did you mean {what}?" if what else ""
