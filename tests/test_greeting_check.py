"""What a session notices of its microphone while the greeting sounds; above all, what it does not take for a fault."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from simulated_room import Room

from voicecoach.audio.clip import Samples, read_clip
from voicecoach.greeting_check import CLIPPING, HEARS_NOTHING, Expected, GreetingCheck, judge
from voicecoach.units import STREAM_RATE, frames

CLIPS = sorted((Path(__file__).resolve().parent / "clips").glob("*.flac"))
KNOWN = Expected(echo=True, noise=-65.0)
BLOCK = 480


def greeting() -> Samples:
    """Nine seconds of words after half a second of silence, as loud as the coach."""
    words = np.concatenate([read_clip(path).resampled(STREAM_RATE).samples for path in CLIPS])
    words = np.tile(words, 3)[: frames(9.0)]
    words *= np.float32(0.3 / np.abs(words).max())
    return np.concatenate([np.zeros(frames(0.5), np.float32), words, np.zeros(frames(0.7), np.float32)])


GREETING = greeting()


def noise(level: float) -> Samples:
    heard = np.random.default_rng(0).standard_normal(len(GREETING)) * 10 ** (level / 20)
    return heard.astype(np.float32)


@pytest.mark.parametrize("room", [Room(0.06), Room(0.2, gain=-30.0, noise=-60.0, decay=0.4), Room(0.06, noise=-92.0)])
def test_a_room_is_no_fault(room: Room) -> None:
    assert judge(room.hear(GREETING), GREETING, KNOWN) == []


@pytest.mark.parametrize("level", [-50.0, -65.0, -75.0, -82.0])
def test_headphones_are_no_fault(level: float) -> None:
    """No echo where there was one, in a room that may be quieter than at the sound check."""
    assert judge(noise(level), GREETING, KNOWN) == []


def test_a_muted_microphone_that_was_heard_before_is_one() -> None:
    assert judge(noise(-96.0), GREETING, KNOWN) == [HEARS_NOTHING]
    assert judge(noise(-96.0), GREETING, Expected(echo=True)) == [HEARS_NOTHING]


def test_it_is_none_where_nothing_is_known_or_it_was_as_quiet_before() -> None:
    assert judge(noise(-96.0), GREETING, Expected(echo=False)) == []
    assert judge(noise(-96.0), GREETING, Expected(echo=True, noise=-92.0)) == []


def test_a_very_quiet_microphone_that_hears_the_coach_is_none() -> None:
    assert judge(Room(0.06, gain=-75.0, noise=-110.0).hear(GREETING), GREETING, KNOWN) == []


def test_zeros_are_the_players_to_notice() -> None:
    assert judge(np.zeros_like(GREETING), GREETING, KNOWN) == []
    assert judge(np.zeros(0, np.float32), np.zeros(0, np.float32), KNOWN) == []


def test_a_greeting_without_a_sound_tells_nothing() -> None:
    assert judge(noise(-96.0), np.zeros_like(GREETING), KNOWN) == []


def test_clipping_is_told_and_a_knock_is_not() -> None:
    assert judge(Room(0.06, gain=20.0).hear(GREETING), GREETING, Expected(echo=False)) == [CLIPPING]
    knock = noise(-60.0)
    knock[9_600:10_000] = 1.0
    assert judge(knock, GREETING, KNOWN) == []


def feed(check: GreetingCheck, captured: Samples) -> None:
    for first in range(0, len(GREETING), BLOCK):
        check.submit(captured[first : first + BLOCK], GREETING[first : first + BLOCK])


def test_it_tells_once_and_takes_nothing_after_that() -> None:
    told: list[str] = []
    done = threading.Event()
    check = GreetingCheck(KNOWN)
    check.start(lambda trouble: (told.append(trouble), done.set()))
    feed(check, noise(-96.0))
    assert done.wait(10)
    feed(check, noise(-96.0))
    check.close()
    check.close()
    assert told == [HEARS_NOTHING]


def test_a_check_that_breaks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[str]:
        raise ZeroDivisionError("judge broke")

    monkeypatch.setattr("voicecoach.greeting_check.judge", broken)
    told: list[str] = []
    done = threading.Event()
    check = GreetingCheck(KNOWN)
    check.start(lambda trouble: (told.append(trouble), done.set()))
    feed(check, noise(-96.0))
    assert done.wait(10)
    check.close()
    assert len(told) == 1
    assert "judge broke" in told[0]


def test_it_ends_at_once_where_the_session_does() -> None:
    told: list[str] = []
    check = GreetingCheck(KNOWN)
    check.start(told.append)
    check.submit(noise(-96.0)[:BLOCK], GREETING[:BLOCK])
    check.close()
    assert told == []


def test_one_that_was_never_started_can_be_closed() -> None:
    GreetingCheck(KNOWN).close()
