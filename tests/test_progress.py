"""The bar for what takes long: only on a terminal, and only once it has taken long."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from voicecoach.cli.progress import PATIENCE, progress


class Clock:
    """Moves when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def written(steps: int, seconds: float, is_terminal: bool) -> str:
    """What is written while ``steps`` steps of ``seconds`` each are done."""
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=80, _environ={"TERM": "xterm"})
    clock = Clock()
    with progress("rendering speech", clock, console) as tell:
        for done in range(1, steps + 1):
            clock.now += seconds
            tell(done, steps)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_what_takes_long_is_shown_and_vanishes() -> None:
    text = written(10, 1.0, True)
    assert "rendering speech" in text
    assert text.endswith("\x1b[2K")


@pytest.mark.parametrize(
    ("steps", "seconds", "is_terminal"), [(10, PATIENCE / 20, True), (1, 5.0, True), (10, 1, False)]
)
def test_what_is_quick_or_not_on_a_terminal_shows_nothing(steps: int, seconds: float, is_terminal: bool) -> None:
    assert written(steps, seconds, is_terminal) == ""


def test_it_ends_with_an_exception_too() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, _environ={"TERM": "xterm"})
    clock = Clock()

    def fail() -> None:
        with progress("rendering speech", clock, console) as tell:
            clock.now += 1.0
            tell(1, 3)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert "\x1b[?25h" in console.file.getvalue()  # type: ignore[attr-defined]
