"""Chosen devices and what is known of them are there next time; a damaged file is as good as none."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicecoach.audio.miniaudio_device import DeviceInfo, choose_name
from voicecoach.errors import DeviceError
from voicecoach.known_devices import (
    MOST_PAIRS,
    Checked,
    Choice,
    chosen_devices,
    default_path,
    is_first_play,
    keep_check,
    keep_choice,
    last_check,
)
from voicecoach.opening import name_pair

CHECKED = Checked("2026-05-31", "passed", 0.0624, -8.1, -70.0, -28.0, -20.0, 0.0)
LAPTOP = DeviceInfo("Laptop", False, True), DeviceInfo("Laptop", True, True)
USB = DeviceInfo("USB headset", True, False)


def test_nothing_is_known_at_first() -> None:
    assert chosen_devices() == Choice()
    assert last_check("a pair") is None


def test_a_choice_and_a_check_are_there_next_time() -> None:
    keep_choice(Choice("Laptop", "Ünïcode mic"))
    keep_check("a pair", CHECKED)
    keep_choice(Choice(None, "Ünïcode mic"))
    keep_check("another", Checked("2026-06-01", "ended", None, None, None, None, None, None))
    assert chosen_devices() == Choice(None, "Ünïcode mic")
    assert last_check("a pair") == CHECKED
    assert last_check("another") == Checked("2026-06-01", "ended", None, None, None, None, None, None)
    assert [path.name for path in default_path().parent.iterdir()] == [default_path().name]


def test_only_the_newest_pairs_are_kept() -> None:
    for number in range(MOST_PAIRS + 1):
        keep_check(f"pair {number}", CHECKED)
    keep_check("pair 1", CHECKED)
    keep_check("one more", CHECKED)
    assert last_check("pair 0") is None
    assert last_check("pair 2") is None
    assert last_check("pair 1") == last_check("one more") == CHECKED


def test_the_first_play_is_the_first_once() -> None:
    assert is_first_play()
    assert not is_first_play()


def test_who_has_checked_needs_no_hint() -> None:
    keep_check("a pair", CHECKED)
    assert not is_first_play()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "7", '{"speaker": 7, "microphone": [], "pairs": []}', '{"pairs": {"p": 1}}', '{"pairs": {"p": {}}}',
     "[" * 100_000, "\udc00"],
)  # fmt: skip
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "devices.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    assert chosen_devices(path) == Choice()
    assert last_check("p", path) is None
    keep_check("p", CHECKED, path)
    assert last_check("p", path) == CHECKED


def test_a_damaged_number_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "devices.json"
    path.write_text('{"pairs": {"p": {"date": "d", "verdict": "v", "delay": "x", "gain": NaN, "noise": true}}}')
    assert last_check("p", path) == Checked("d", "v", None, None, None, None, None, None)


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep_choice(Choice("a"), tmp_path / "file" / "devices.json")
    assert is_first_play(tmp_path / "file" / "devices.json")


def test_what_was_chosen_and_is_not_there_gives_way_with_a_word() -> None:
    assert Choice("Laptop", "USB headset").among([*LAPTOP, USB]) == (Choice("Laptop", "USB headset"), None)
    present, missing = Choice("Laptop", "USB headset").among(LAPTOP)
    assert present == Choice("Laptop", None)
    assert missing == "The microphone USB headset is not connected, so I use what the system offers."
    _, missing = Choice("Desk", "USB headset").among(LAPTOP)
    assert missing is not None
    assert missing.startswith("The loudspeaker Desk and the microphone USB headset are not connected")
    # A microphone of that name is no loudspeaker.
    assert Choice("USB headset").among([*LAPTOP, USB])[0] == Choice()


def test_a_chosen_pair_has_another_name_than_the_default_one() -> None:
    found = [*LAPTOP, USB]
    assert name_pair(found, Choice()) == name_pair(found) == name_pair(found, Choice("Laptop", "Laptop"))
    assert name_pair(found, Choice(None, "USB headset")) != name_pair(found)


def test_a_part_of_a_name_is_enough_where_it_is_the_only_one() -> None:
    found = [*LAPTOP, USB]
    assert choose_name(found, True, "usb") == "USB headset"
    assert choose_name(found, True, "Laptop") == "Laptop"
    with pytest.raises(DeviceError, match=r"There is no loudspeaker called usb\. There are: Laptop"):
        choose_name(found, False, "usb")
    with pytest.raises(DeviceError, match="More than one microphone"):
        choose_name([*found, DeviceInfo("USB desk", True, False)], True, "usb")
