"""The laptop itself: its two sides are apart, and one tape holds both on one clock."""

from __future__ import annotations

import subprocess
import time

import numpy as np
from virtual_laptop import RATE, Samples, VirtualLaptop, locate


def chirp(low: float, high: float, seconds: float = 0.5) -> Samples:
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * (low * t + (high - low) / (2 * seconds) * t**2))).astype(np.float32)


def play_on_loudspeaker(laptop: VirtualLaptop, sound: Samples) -> None:
    subprocess.run(
        ["pacat", "--raw", "--format=float32le", f"--rate={RATE}", "--channels=1", "--latency-msec=40"],
        input=sound.astype("<f4").tobytes(),
        env=laptop.env,
        check=True,
        timeout=30,
    )


def test_loudspeaker_and_microphone_are_apart_and_on_one_tape(laptop: VirtualLaptop) -> None:
    word, music = chirp(300, 900), chirp(2000, 4000)
    with laptop.record() as recorder:
        time.sleep(0.3)
        laptop.speak(word)
        play_on_loudspeaker(laptop, music)
        time.sleep(0.3)
    tape = recorder.tape
    assert tape.where(word, least=0.95) > 0
    assert tape.where(music, heard_by="loudspeaker", least=0.95) > 0
    assert locate(word, tape.loudspeaker)[1] < 0.2
    assert locate(music, tape.microphone)[1] < 0.2
    floor = tape.microphone[: RATE // 20]
    assert -73 < 20 * np.log10(np.sqrt(np.mean(floor**2))) < -67


def test_what_the_room_returns_comes_after_what_it_was_given(laptop_in_a_room: VirtualLaptop) -> None:
    sound = chirp(400, 3000)
    with laptop_in_a_room.record() as recorder:
        play_on_loudspeaker(laptop_in_a_room, sound)
        time.sleep(0.4)
    tape = recorder.tape
    played = tape.where(sound, heard_by="loudspeaker", least=0.95)
    returned = tape.where(sound, heard_by="microphone", least=0.9)
    assert 0.03 < (returned - played) / RATE < 0.3
    gain = np.sqrt(np.mean(tape.microphone[returned : returned + len(sound)] ** 2) / np.mean(sound**2))
    assert 0.3 < gain < 0.5
