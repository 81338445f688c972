"""Durations as people write and hear them."""

from __future__ import annotations

import pytest

from voicecoach.units import STREAM_RATE, frames, parse_duration, seconds, spoken_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15 s", 15),
        ("15s", 15),
        ("1 min 30 s", 90),
        ("2 minutes", 120),
        ("1 minute", 60),
        ("0.5 s", 0.5),
        ("1 h", 3600),
        ("1 hour 2 min 3 sec", 3723),
        ("  20 Seconds ", 20),
        ("1m", 60),
    ],
)
def test_reads_durations(text: str, expected: float) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", " ", "15", "s", "-5 s", "five s", "15 x", "15 s 3", "1:30", "15 s!", "nan s"])
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (15, "15 seconds"),
        (2.5, "2.5 seconds"),
        (60, "1 minute"),
        (90, "1 minute 30 seconds"),
        (900, "15 minutes"),
        (3600, "1 hour"),
        (7321, "2 hours 2 minutes 1 second"),
        (59.6, "59.6 seconds"),
        (60.4, "1 minute"),
    ],
)
def test_says_durations(value: float, expected: str) -> None:
    assert spoken_duration(value) == expected


def test_seconds_are_frames_of_the_stream() -> None:
    assert frames(15) == 15 * STREAM_RATE
    assert frames(1 / 3, 100) == 33
    assert seconds(24_000) == 0.5
