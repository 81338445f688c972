"""The shape of the program, read from its imports: arrows run one way, and a library has one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "voicecoach"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "units", "bundled", ""),
    ("routine",),
    ("session",),
    ("voice", "audio", "ear"),
    ("player", "performance", "inbox", "event_log", "display", "simulation", "render", "keyboard",
     "chapters", "subtitles", "sound_tags", "cover", "printed_script", "remembered", "state_file",
     "glance", "lookout", "news", "outline", "recap", "big_letters", "voice_meter", "screen", "live_view",
     "job_control", "boottime", "stream_watch", "reopening",
     "journal", "journal_writer", "problems", "history", "history_wording", "journal_report", "doctor_page",
     "sound_check", "sound_check_player", "known_devices", "greeting_check"),
    ("opening",),
    ("cli",),
    ("__main__",),
)
"""From the bottom to the top: a file may import from its own layer and from those below. "" is the package itself."""

PORTS = frozenset(
    {"audio.clip", "audio.loudness", "audio.device", "audio.recorded_session", "ear.spotter", "voice.synthesizer"}
)
"""What voice, audio and ear may take from one another: the currency of sound and the ports, never an adapter."""

DOORS = {
    "yaml": {"routine.yaml_document"},
    "pydantic": {"routine.*"},
    "rich": {"display", "screen", "live_view", "cli.*"},
    "platformdirs": {"*"},
    "numpy": {"*"},
    "soundfile": {"*"},
}
"""Who may import a library: these files. Every other library is imported in one file only, and only when used."""

EVERYWHERE = frozenset({"numpy", "soundfile", "platformdirs"})
"""May be imported at module level anywhere."""


class Import(NamedTuple):
    """One import statement's target."""

    module: str
    line: int
    at_load: bool
    """Runs when the file is imported, not first when a function is called."""


def files() -> dict[str, Path]:
    """Every module of the package, by its name inside it: ``audio.mixer``, ``cli``, "" for the package itself."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(tree: ast.Module) -> Iterator[Import]:
    """Every import in a file; those for the type checker alone are arrows too, but nothing is loaded by them."""

    def walk(node: ast.AST, at_load: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for name in child.names:
                    yield Import(name.name, child.lineno, at_load)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"a relative import in line {child.lineno}"
                for name in child.names:
                    yield Import(f"{child.module}.{name.name}", child.lineno, at_load)
            else:
                later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                never = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
                yield from walk(child, at_load and not later and not never)

    return walk(tree, True)


def layer(module: str) -> int:
    """The height of a module's layer. ValueError for a module that is in none."""
    top = module.split(".", maxsplit=1)[0]
    for height, names in enumerate(LAYERS):
        if top in names:
            return height
    raise ValueError(f"{module} is in no layer of tests/test_imports.py")


def own_target(module: str, known: frozenset[str]) -> str | None:
    """The module of ours that an import names, if it names one: ``voicecoach.units.frames`` is ``units``."""
    if module.split(".", maxsplit=1)[0] != PACKAGE.name:
        return None
    name = module.partition(".")[2]
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def arrows_that_run_back(source: str, module: str, known: frozenset[str]) -> list[str]:
    """What in ``module`` imports something above it, or beside it where that is another adapter."""
    faults = []
    for imported in imports(ast.parse(source)):
        target = own_target(imported.module, known)
        if target is None:
            continue
        mine, other = module.split(".", maxsplit=1)[0], target.split(".")[0]
        if layer(target) > layer(module):
            faults.append(f"{module}:{imported.line} imports {target}, which lies above it")
        elif layer(target) == layer(module) and mine != other and layer(module) == 3 and target not in PORTS:
            faults.append(f"{module}:{imported.line} imports {target} of a neighbour, which is no port")
    return faults


def libraries(source: str) -> Iterator[tuple[str, Import]]:
    """Every import of something that is neither ours nor Python's own."""
    for imported in imports(ast.parse(source)):
        top = imported.module.split(".")[0]
        if top != PACKAGE.name and top not in sys.stdlib_module_names:
            yield top, imported


def may_import(module: str, library: str) -> bool:
    """Whether ``module`` is one of the library's doors."""
    doors = DOORS[library]
    return "*" in doors or module in doors or f"{module.split('.', maxsplit=1)[0]}.*" in doors


KNOWN = frozenset(files())


@pytest.mark.parametrize("module", sorted(KNOWN))
def test_no_arrow_runs_back(module: str) -> None:
    assert arrows_that_run_back(files()[module].read_text(encoding="utf-8"), module, KNOWN) == []


def test_a_library_is_imported_in_one_file_and_only_when_used() -> None:
    importers: dict[str, set[str]] = {}
    faults = []
    for module, path in files().items():
        for library, imported in libraries(path.read_text(encoding="utf-8")):
            importers.setdefault(library, set()).add(module)
            if library in DOORS and not may_import(module, library):
                faults.append(f"{module}:{imported.line} imports {library}, whose doors are {DOORS[library]}")
            if imported.at_load and library not in EVERYWHERE and library not in ("pydantic", "rich"):
                faults.append(f"{module}:{imported.line} imports {library} when it is loaded")
    for library, modules in importers.items():
        if library not in DOORS and len(modules) > 1:
            faults.append(f"{library} is imported in {sorted(modules)}")
    assert faults == []
    assert {"pyttsx3", "miniaudio", "pocketsphinx", "simpleaudio", "speech_recognition", "yaml"} <= set(importers)
    assert {"vosk", "whisper"} <= set(importers)


def test_only_the_command_line_and_the_display_print() -> None:
    printing = {
        module
        for module, path in files().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {module for module in printing if not module.startswith("cli.")} <= {"cli", "display"}


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("session.plan", "from voicecoach.audio.mixer import Mixer", "above"),
        ("routine.model", "def f():\n    import voicecoach.session.states", "above"),
        ("audio.mixer", "from voicecoach import player", "above"),
        ("ear.echo", "from voicecoach.audio.mixer import Mixer", "no port"),
        ("errors", "from voicecoach.routine import model", "above"),
        ("session.plan", "if TYPE_CHECKING:\n    from voicecoach.player import Player", "above"),
    ],
)
def test_a_backward_arrow_is_seen(module: str, source: str, fault: str) -> None:
    assert [fault in line for line in arrows_that_run_back(source, module, KNOWN)] == [True]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ear.echo", "from voicecoach.audio.clip import Samples\nimport numpy"),
        ("cli", "from voicecoach.player import Player"),
        ("session.plan", "from voicecoach.routine.model import Routine"),
    ],
)
def test_a_forward_arrow_is_fine(module: str, source: str) -> None:
    assert arrows_that_run_back(source, module, KNOWN) == []


def test_loading_the_program_loads_no_engine_and_no_device() -> None:
    names = ["pyttsx3", "miniaudio", "pocketsphinx", "simpleaudio", "speech_recognition", "soxr", "yaml", "vosk"]
    script = f"import sys, voicecoach.cli; print(*[name for name in {names} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.split() == []
