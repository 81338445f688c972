"""A sound check on a device that is a simulated room: what it measures there, and what it does when parts fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voicecoach.audio.clip import Clip, Samples, read_clip
from voicecoach.audio.device import Exchange
from voicecoach.audio.earcons import load_earcons
from voicecoach.ear.engines import make_hearing
from voicecoach.ear.spotter import Heard
from voicecoach.errors import DeviceError
from voicecoach.session.commands import Command
from voicecoach.session.wording import Wording
from voicecoach.sound_check import MOST_SOUNDINGS, REHEARSED, Report, SoundCheck, Verdict
from voicecoach.sound_check_player import SoundCheckPlayer, Tape
from voicecoach.units import STREAM_RATE, frames

EARCONS = load_earcons(STREAM_RATE)
CLIPS = Path(__file__).resolve().parent / "clips"
BLOCK = 480


def brief(text: str) -> Clip:
    """A stand-in for speech: a fifth of a second of noise at -20 dBFS, which the ear takes for nothing."""
    noise = np.random.default_rng(len(text)).standard_normal(frames(0.2)) * 0.1
    return Clip(noise.astype(np.float32), STREAM_RATE)


class RoomDevice:
    """Ten times as fast as sound: hears what it plays ``delay`` frames later, and what is said to it."""

    name = "a room"

    def __init__(self, delay: int = 2_976, gain: float = 0.4, noise: float = 3e-4, hears: bool = True) -> None:
        self.has_microphone = hears
        self.failure: BaseException | None = None
        self.dies_at: int | None = None
        self.closed = False
        self._gain, self._noise = gain, noise
        self._late = np.zeros(delay, np.float32)
        self._said = np.zeros(0, np.float32)
        self._rng = np.random.default_rng(0)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, exchange: Exchange) -> None:
        def run() -> None:
            position = 0
            while not self._closing.wait(0.001):
                if self.dies_at is not None and position >= self.dies_at:
                    continue
                block = exchange(BLOCK, self._captured() if self.has_microphone else None)
                assert block.shape == (BLOCK,)
                self._late = np.concatenate([self._late, block * np.float32(self._gain)])
                position += BLOCK

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def say(self, samples: Samples) -> None:
        """In the device's thread."""
        self._said = samples

    def close(self) -> None:
        self.closed = True
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _captured(self) -> Samples:
        echo, self._late = self._late[:BLOCK], self._late[BLOCK:]
        said, self._said = self._said[:BLOCK], self._said[BLOCK:]
        heard = echo + self._rng.standard_normal(BLOCK) * self._noise
        heard[: len(said)] += said
        return heard.astype(np.float32)


class ScriptedEar:
    """Hears each command half a second after it was armed with it, ``at`` -20 dBFS; objects to misuse."""

    def __init__(self, device: RoomDevice, on_heard: Callable[[Heard], None], wanted: Collection[Command]) -> None:
        self._device, self._on_heard, self._wanted = device, on_heard, wanted
        self.running = False
        self._due: tuple[int, Command] | None = None
        self._fresh = frozenset[Command]()
        self._order = list(REHEARSED)

    def start(self) -> None:
        assert not self.running
        self.running = True

    def close(self) -> None:
        self.running = False

    def arm(self, commands: frozenset[Command]) -> None:
        assert self.running
        self._fresh = commands

    def submit(self, microphone: Samples, reference: Samples | None, position: int) -> None:
        assert self.running
        assert reference is not None
        assert len(reference) == len(microphone)
        fresh, self._fresh = self._fresh, frozenset()
        command = next((each for each in (Command.PAUSE, Command.PAIN, Command.STOP) if each in fresh), None)
        if command in self._wanted:
            said = np.random.default_rng(1).standard_normal(frames(0.4)) * 0.1
            self._device.say(said.astype(np.float32))
            self._due = position + frames(0.6), command
        if self._due is not None and position >= self._due[0]:
            self._on_heard(Heard(self._due[1], self._due[1].value, 1.0, "firm", self._due[0]))
            self._due = None


def player(
    device: RoomDevice, tell: Callable[[str], None], wanted: Collection[Command] = REHEARSED, **options: Any
) -> SoundCheckPlayer:
    make: Any = lambda on_heard, _: ScriptedEar(device, on_heard, wanted)  # noqa: E731
    check = SoundCheck(Wording(part="sound_check"))
    return SoundCheckPlayer(check, device, make, brief, EARCONS, tell, **options)


def run(device: RoomDevice, wanted: Collection[Command] = REHEARSED, **options: Any) -> tuple[Report, list[str]]:
    told: list[str] = []
    report = player(device, told.append, wanted, **options).run()
    assert device.closed
    return report, told


def test_a_check_in_a_room() -> None:
    report, told = run(RoomDevice(delay=2_976, gain=0.4))
    assert report.verdict is Verdict.PASSED
    assert report.sounding is not None
    assert report.sounding.echo is not None
    assert report.sounding.echo.delay == pytest.approx(0.062, abs=0.001)
    assert report.sounding.echo.gain == pytest.approx(-7.96, abs=0.5)
    assert report.sounding.noise == pytest.approx(-70.5, abs=0.5)
    assert report.coach == pytest.approx(-28.0, abs=1.0)
    assert report.user == pytest.approx(-20.0, abs=1.0)
    assert "I hear myself 62 ms late, 8 dB quieter than you." in told


def test_a_device_that_was_not_served_in_time_is_told() -> None:
    device: Any = RoomDevice(gain=0.0, noise=0.0)
    device.underruns = 1
    _, told = run(device, underran="There was a hole.")
    assert told.count("There was a hole.") == MOST_SOUNDINGS


def test_the_volume_that_was_chosen_is_the_one_it_is_checked_at() -> None:
    report, _ = run(RoomDevice(), volume=0.25)
    assert report.sounding is not None
    assert report.sounding.echo is not None
    assert report.sounding.echo.gain == pytest.approx(-7.96, abs=0.5)
    assert report.coach == pytest.approx(-40.0, abs=1.0)


def test_headphones() -> None:
    report, told = run(RoomDevice(gain=0.0))
    assert report.verdict is Verdict.PASSED
    assert report.sounding is not None
    assert report.sounding.echo is None
    assert any("With headphones that is right" in text for text in told)


def test_a_user_who_is_not_heard() -> None:
    report, told = run(RoomDevice(), wanted=(Command.PAUSE,))
    assert report.verdict is Verdict.DOUBTFUL
    assert report.heard == {Command.PAUSE: 2, Command.STOP: 0, Command.PAIN: 0}
    assert any("nothing but the room" in text for text in told)
    assert sum("Then we leave this one" in text for text in told) == 2


def test_nobody_at_all() -> None:
    report, _ = run(RoomDevice(), wanted=())
    assert report.verdict is Verdict.FAILED
    assert report.sounding is not None
    assert report.sounding.echo is not None


def test_no_microphone() -> None:
    report, told = run(RoomDevice(hears=False))
    assert report.verdict is Verdict.FAILED
    assert "There is no microphone" in told[0]


def test_a_microphone_that_gives_zeros() -> None:
    report, _ = run(RoomDevice(gain=0.0, noise=0.0))
    assert report.verdict is Verdict.FAILED
    assert report.sounding is not None
    assert report.sounding.silent


def test_a_device_that_stops_is_an_error_and_not_for_ever() -> None:
    device = RoomDevice()
    device.dies_at = frames(1.0)
    with pytest.raises(DeviceError, match="has stopped"):
        run(device, stalled=0.3)
    assert device.closed


def test_a_key_ends_it_from_another_thread() -> None:
    told: list[str] = []
    device = RoomDevice()
    checking = player(device, told.append, wanted=())
    threading.Timer(0.3, checking.end).start()
    assert checking.run().verdict is Verdict.ENDED
    assert told[-1] == "All right. The sound check is over."


class RealEar:
    """The hearing chain in the device's thread, so that it may run faster than sound and nothing is dropped."""

    def __init__(self, device: RoomDevice, on_heard: Callable[[Heard], None]) -> None:
        self._device, self._on_heard = device, on_heard
        self._hearing = make_hearing("pocketsphinx")
        self._fresh: frozenset[Command] | None = None
        self._say_at: int | None = None
        self._words: list[Samples] = []

    def start(self) -> None:
        names = ("pause-flite", "stop-9dc1889e", "it-hurts-flite")
        clips = [read_clip(CLIPS / f"{name}.flac").resampled(STREAM_RATE).samples for name in names for _ in range(2)]
        self._words = [clip * np.float32(0.2 / np.abs(clip).max()) for clip in clips]

    def close(self) -> None:
        self._hearing.close()

    def arm(self, commands: frozenset[Command]) -> None:
        self._fresh = commands

    def submit(self, microphone: Samples, reference: Samples | None, position: int) -> None:
        fresh, self._fresh = self._fresh, None
        if fresh is not None:
            self._hearing.arm(fresh)
            self._say_at = position + frames(0.4) if fresh else None
        if self._say_at is not None and position >= self._say_at and self._words:
            self._device.say(self._words.pop(0))
            self._say_at = None
        for heard in self._hearing.feed(microphone, reference):
            self._on_heard(heard)


def test_the_real_ear_hears_what_is_said_in_the_room() -> None:
    device = RoomDevice()
    told: list[str] = []
    make: Any = lambda on_heard, _: RealEar(device, on_heard)  # noqa: E731
    check = SoundCheck(Wording(part="sound_check"))
    report = SoundCheckPlayer(check, device, make, brief, EARCONS, told.append).run()
    assert report.verdict is Verdict.PASSED, told
    assert report.user is not None
    assert -40.0 < report.user < -14.0


def test_a_tape_keeps_what_is_asked_for_and_forgets_the_rest() -> None:
    tape = Tape()
    ones = np.ones(1_000, np.float32)
    for number in range(1_200):
        tape.add(number * 1_000, ones * number, -ones * number)
    captured, played = tape.between(1_199_500, 1_200_500)
    assert tape.end == 1_200_000
    assert set(captured.tolist()) == {1_199.0, 0.0}
    assert np.array_equal(played, -captured)
    assert not np.any(tape.between(0, 1_000)[0])
    assert len(tape.between(10, 5)[0]) == 0
