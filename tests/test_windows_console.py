"""Keys from the Windows console, by a scripted ``msvcrt``: what its documentation says of ``kbhit`` and ``getwch``.

A key without a character is two calls of ``getwch``: NUL or U+00E0, then its code. Whether ``kbhit`` tells of the
second is not said, so it must not matter. Nobody has tried this on Windows.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from voicecoach.keyboard import KEYS, Console, split_keys
from voicecoach.session.commands import Command

UP, LEFT, F1, A_GRAVE = ("\xe0", "H"), ("\xe0", "K"), ("\0", ";"), ("\xe0",)


class ScriptedConsole:
    """Presses ``keys``, one of them every half second; time passes only by sleeping and by waiting for a key."""

    def __init__(self, *keys: Sequence[str], tells_of_second: bool = False) -> None:
        self.now = 0.0
        self.interrupts = 0
        self._due = [(0.5 * number, key) for number, key in enumerate(keys, start=1)]
        self._half: list[str] = []
        self._tells = tells_of_second

    def console(self) -> Console:
        return Console(self.kbhit, self.getwch, interrupt=self.interrupt, now=lambda: self.now, sleep=self.sleep)

    def kbhit(self) -> bool:
        return bool(self._half and self._tells) or bool(self._due and self._due[0][0] <= self.now)

    def getwch(self) -> str:
        if self._half:
            return self._half.pop()
        assert self._due, "it would wait for ever"
        due, (first, *rest) = self._due.pop(0)
        self.now = max(self.now, due)
        self._half = rest
        return first

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def interrupt(self) -> None:
        self.interrupts += 1

    def typed(self, seconds: float = 10.0) -> list[str]:
        console, pending, found = self.console(), "", list[str]()
        while self.now < seconds and (self._due or self._half):
            text = console.read(None)
            assert text is not None
            keys, pending = split_keys(pending + text, complete=not text)
            found += keys
        return found + split_keys(pending, complete=True)[0]


@pytest.mark.parametrize("tells", [False, True])
def test_arrows_and_function_keys_are_nothing_and_above_all_not_their_second_half(tells: bool) -> None:
    # the arrow up ends in "H", and "h" means that it hurts
    assert KEYS["h"] is Command.PAIN
    assert ScriptedConsole(UP, LEFT, F1, UP, "r", UP, tells_of_second=tells).typed() == ["r"]


def test_a_stop_after_the_french_letter_is_a_stop() -> None:
    assert ScriptedConsole(A_GRAVE, "s").typed() == ["s"]


def test_an_arrow_after_the_french_letter_is_still_nothing() -> None:
    assert ScriptedConsole(A_GRAVE, UP, A_GRAVE, A_GRAVE, UP, "n").typed() == ["n"]


def test_keys_are_named_as_anywhere() -> None:
    assert ScriptedConsole(" ", "S", "\x1b", "+", "é").typed() == ["space", "s", "esc", "+", "é"]


def test_control_c_interrupts_and_is_no_key() -> None:
    scripted = ScriptedConsole("\x03", "r")
    assert scripted.typed() == ["r"]
    assert scripted.interrupts == 1


def test_a_look_without_a_key_ends_when_it_should() -> None:
    scripted = ScriptedConsole()
    assert scripted.console().read(0.05) == ""
    assert scripted.now == pytest.approx(0.06, abs=0.02)
