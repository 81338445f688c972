"""Names, paths and texts never reach a shell: read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDERS = ("voicecoach", "training", "sounds")
SOURCES = sorted(path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py"))

SHELLS = frozenset(
    {
        "os.system",
        "os.popen",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "pty.spawn",
        "asyncio.create_subprocess_shell",
        "commands.getoutput",
    }
)
STARTERS = frozenset(
    {"subprocess.Popen", "subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output"}
)
RUNNERS = frozenset(
    {
        "eval",
        "exec",
        "compile",
        "__import__",
        "pickle.load",
        "pickle.loads",
        "yaml.load",
        "yaml.unsafe_load",
        "yaml.full_load",
        "marshal.loads",
        "shelve.open",
    }
)
UNPACKED = "np.load"


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def faults(source: str) -> Iterator[str]:
    """What in ``source`` runs a shell, or text as code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in ("os", "subprocess", "pickle"):
            forbidden = {name.rpartition(".")[2] for name in SHELLS | STARTERS | RUNNERS}
            taken = [each.name for each in node.names if each.name in forbidden]
            yield from (f"{node.lineno}: from {node.module} import {name}" for name in taken)
        if not isinstance(node, ast.Call):
            continue
        called = dotted(node.func)
        if called in SHELLS | RUNNERS or called.startswith(("os.exec", "os.spawn", "os.startfile")):
            yield f"{node.lineno}: {called}"
        options = {option.arg: option.value for option in node.keywords}
        if "shell" in options:
            yield f"{node.lineno}: shell="
        if called in STARTERS and not (node.args and isinstance(node.args[0], ast.List | ast.Name)):
            yield f"{node.lineno}: {called} of something other than a list"
        if called in STARTERS and node.args and isinstance(node.args[0], ast.Name) and options.get("executable"):
            yield f"{node.lineno}: {called} of another executable"
        if called == UNPACKED and ast.unparse(options.get("allow_pickle", ast.Constant(False))) != "False":
            yield f"{node.lineno}: {called} of pickled objects"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_shell_and_no_text_as_code(path: Path) -> None:
    found = list(faults(path.read_text(encoding="utf-8")))
    if "training" in path.parts:  # reads what it wrote itself, on the machine of whoever trains
        found = [each for each in found if not each.endswith("pickle.load")]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "os.system(name)",
        "os.popen('ls')",
        "subprocess.run('ls', check=True)",
        "subprocess.run(f'play {name}')",
        "subprocess.Popen('a' + name)",
        "subprocess.run(command, shell=True)",
        "from subprocess import Popen",
        "from os import system",
        "eval(text)",
        "yaml.load(text, yaml.Loader)",
        "np.load(path, allow_pickle=True)",
        "os.execvp(name, [])",
    ],
)
def test_each_way_to_a_shell_or_to_code_is_found(source: str) -> None:
    assert list(faults(source))
