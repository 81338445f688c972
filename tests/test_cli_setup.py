"""Which loudspeaker and microphone ``voicecoach setup`` takes: by flag, as before, or the system's."""

from __future__ import annotations

import argparse
import io

import pytest
from rich.console import Console

from voicecoach.audio.miniaudio_device import DeviceInfo
from voicecoach.cli.setup import _choose
from voicecoach.display import Display
from voicecoach.errors import DeviceError
from voicecoach.known_devices import Choice, keep_choice

DEVICES = (
    DeviceInfo("USB headset", True, False),
    DeviceInfo("Laptop microphone", True, True),
    DeviceInfo("Laptop loudspeaker", False, True),
    DeviceInfo("Kitchen radio", False, False),
)


def choose(speaker: str | None = None, microphone: str | None = None) -> tuple[Choice | None, list[str]]:
    """There is no terminal, so nobody is asked."""
    shown = io.StringIO()
    options = argparse.Namespace(speaker=speaker, microphone=microphone)
    choice = _choose(options, DEVICES, Display(Console(file=shown, width=80)))
    return choice, [line.rstrip() for line in shown.getvalue().splitlines()]


def test_the_default_ones_unless_something_else_is_chosen() -> None:
    choice, shown = choose()
    assert choice == Choice()
    assert shown == [
        "Loudspeakers:",
        "* 1  Laptop loudspeaker (default)",
        "  2  Kitchen radio",
        "Microphones:",
        "  3  USB headset",
        "* 4  Laptop microphone (default)",
    ]


def test_a_part_of_a_name_chooses() -> None:
    choice, shown = choose("radio", "usb")
    assert choice == Choice("Kitchen radio", "USB headset")
    assert [line for line in shown if line.startswith("*")] == ["* 2  Kitchen radio", "* 3  USB headset"]


def test_what_was_chosen_before_stays_until_the_default_is_asked_for() -> None:
    keep_choice(Choice("Kitchen radio", "USB headset"))
    assert choose()[0] == Choice("Kitchen radio", "USB headset")
    assert choose(microphone="default")[0] == Choice("Kitchen radio", None)


def test_what_was_chosen_before_and_is_gone_is_not_missed() -> None:
    keep_choice(Choice("Desk", None))
    assert choose()[0] == Choice()


def test_a_name_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(DeviceError, match=r"no microphone called tuba.*USB headset, Laptop microphone"):
        choose(microphone="tuba")
