"""What went wrong is said in the terminal too: in lines, and in the live view's news."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from voicecoach.display import Display
from voicecoach.news import News

WHY = "Everything stood still for 90 s: the computer slept, or the program was stopped."


def test_a_lost_sound_is_told_with_its_reason_and_that_it_is_back() -> None:
    shown = io.StringIO()
    display, news = Display(Console(file=shown, soft_wrap=True)), News()
    for t, event, fields, words in (
        (65.0, "device_lost", {"device": "a headset", "why": f"{WHY}\x1b[2J"}, WHY),
        (66.0, "device_back", {"device": "a headset"}, "Sound is back. Say continue"),
    ):
        display(t, event, fields)
        news = news.after(t, event, fields)
        assert words in shown.getvalue().splitlines()[-1]
        assert news.trouble.startswith(words)
        assert news.trouble_at == t
    assert "\x1b" not in shown.getvalue()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that takes nothing is Linux's")
def test_what_could_not_be_written_is_not_written_again() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        display = Display(Console(file=full))
        display.say("Hello.")
        assert display.failure is not None
        full.flush()
        display.say("Still there?")
        full.flush()
