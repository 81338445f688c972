"""``voicecoach setup`` on the virtual laptop: what it measures, and that it hears what is said into the microphone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from test_session_live import clip
from virtual_laptop import RATE, VirtualLaptop

from voicecoach.ear.sounding import Echo, find_echo, make_chirp

pytestmark = pytest.mark.audio_server

WORDS = {"pause": ("pause-flite",), "stop": ("stop-9dc1889e", "stop-1fe4c891"),
         "it hurts": ("it-hurts-festival", "it-hurts-flite", "it-hurts-espeak")}  # fmt: skip
"""What is said at the request that ends with these words, one clip a try."""


class Setup:
    """``python -m voicecoach setup`` as a child process without a terminal, read line by line."""

    def __init__(self, laptop: VirtualLaptop, home: Path, *arguments: str) -> None:
        home.mkdir(exist_ok=True)
        env = {name: value for name, value in laptop.env.items() if not name.startswith(("XDG_DATA", "XDG_CONF"))}
        env |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_STATE_HOME": str(home / "state")}
        self.state = home / "state" / "voicecoach" / "devices.json"
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "voicecoach", "setup", *arguments], env=env | {"PYTHONUNBUFFERED": "1"}, cwd=home,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def __iter__(self) -> Iterator[str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(f"{time.monotonic():.2f} {line.rstrip()}")
            yield line.rstrip()

    def wait(self) -> int:
        return self._process.wait(20)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(10)


def rehearse(laptop: VirtualLaptop, setup: Setup) -> None:
    """Say what is asked for, 0.4 s after the coach listens: to the end of the program."""
    wanted = ""
    tries = dict.fromkeys(WORDS, 0)
    for line in setup:
        wanted = next((words for words in WORDS if line.endswith(f": {words}.")), wanted)
        if line == "I am listening.":
            time.sleep(0.4)
            laptop.speak(clip(WORDS[wanted][tries[wanted] % len(WORDS[wanted])]))
            tries[wanted] += 1


def echo_on_the_tape(loudspeaker: np.ndarray, microphone: np.ndarray) -> Echo:
    """What the tape says of the sweeps: the room alone, without the program's buffers."""
    chirp = make_chirp()
    size = 1 << (len(loudspeaker) + len(chirp)).bit_length()
    match = np.fft.irfft(np.fft.rfft(loudspeaker, size) * np.conj(np.fft.rfft(chirp, size)), size)[: len(loudspeaker)]
    starts = []
    for _ in range(3):
        starts.append(int(np.argmax(match)))
        match[max(0, starts[-1] - RATE) : starts[-1] + RATE] = 0
    echo = find_echo(microphone, loudspeaker, [(start, start + len(chirp)) for start in sorted(starts)])
    assert echo is not None
    return echo


def test_a_sound_check_by_voice_in_a_room(laptop_in_a_room: VirtualLaptop, tmp_path: Path) -> None:
    setup = Setup(laptop_in_a_room, tmp_path / "home")
    with laptop_in_a_room.record() as recorder:
        try:
            rehearse(laptop_in_a_room, setup)
            code = setup.wait()
        finally:
            setup.close()
    story = "\n".join(setup.lines)
    print(f"\n{story}\nexit {code}")
    (kept,) = json.loads(setup.state.read_text(encoding="utf-8"))["pairs"].values()
    truth = echo_on_the_tape(recorder.tape.loudspeaker, recorder.tape.microphone)
    print(f"FIGURE the check {kept}; the tape {truth}")
    assert code == 0, story
