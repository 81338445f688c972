"""Ctrl-C in the first moments, while the program is still being loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

INTERRUPTED = """
import runpy, signal, sys

class Meanwhile:
    def find_spec(self, name, path=None, target=None):
        if name == interrupted:
            try:
                signal.raise_signal(signal.SIGINT)
            except BaseException:
                if not swallowed:
                    raise

interrupted, swallowed = sys.argv[1], len(sys.argv) > 2
sys.argv = ["voicecoach", "list"]
sys.meta_path.insert(0, Meanwhile())
runpy.run_module("voicecoach", run_name="__main__", alter_sys=True)
"""


def python(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "loaded", ["voicecoach.cli", "voicecoach.cli.signals", "voicecoach.cli.settings", "platformdirs", "pydantic"]
)
def test_ctrl_c_ends_it_silently_whatever_is_being_loaded(loaded: str) -> None:
    assert python("-c", INTERRUPTED, loaded) == (130, "", "")


@pytest.mark.parametrize("loaded", ["voicecoach.cli.settings", "platformdirs", "pydantic"])
def test_a_library_that_swallows_what_is_raised_while_it_is_loaded_swallows_no_ctrl_c(loaded: str) -> None:
    assert python("-c", INTERRUPTED, loaded, "swallowed") == (130, "", "")


def test_nothing_that_takes_time_is_loaded_before_signals_are_caught() -> None:
    slow = {"argparse", "dataclasses", "numpy", "platformdirs", "pydantic", "rich", "socket", "yaml"}
    loaded = python("-c", "import sys, voicecoach.cli; print(*sys.modules)")[1].split()
    assert "voicecoach.cli.signals" in loaded
    assert slow.isdisjoint(loaded)


def test_the_command_line_is_read_without_numpy() -> None:
    loaded = python("-c", "import sys, voicecoach.cli.settings; print(*sys.modules)")[1].split()
    assert "voicecoach.cli.arguments" in loaded
    assert "numpy" not in loaded
