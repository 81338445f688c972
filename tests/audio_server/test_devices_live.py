"""The devices that need a sound server, against the contract, and what reaches the loudspeaker, off a tape."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
import pytest
from device_contract import PATIENCE, DeviceContract, Listener
from virtual_laptop import RATE, VirtualLaptop

from voicecoach.audio.clip import Samples
from voicecoach.audio.device import AudioDevice
from voicecoach.audio.miniaudio_device import MiniaudioDevice, list_devices
from voicecoach.audio.mixer import Mixer, Scheduled, Score
from voicecoach.audio.paired_device import PairedDevice
from voicecoach.audio.simpleaudio_speaker import SimpleaudioSpeaker
from voicecoach.session.cues import Place, Prompt, Segment

pytestmark = pytest.mark.audio_server

MAKERS: dict[str, Callable[[], AudioDevice]] = {
    "duplex": MiniaudioDevice,
    "speaker": lambda: MiniaudioDevice(capture=False),
    "microphone": lambda: MiniaudioDevice(playback=False),
    "paired": lambda: PairedDevice(MiniaudioDevice(capture=False), MiniaudioDevice(playback=False)),
}
if find_spec("simpleaudio") is not None:
    MAKERS["simpleaudio"] = SimpleaudioSpeaker
    MAKERS["simpleaudio-paired"] = lambda: PairedDevice(SimpleaudioSpeaker(), MiniaudioDevice(playback=False))


@pytest.fixture
def at_home(laptop: VirtualLaptop, monkeypatch: pytest.MonkeyPatch) -> VirtualLaptop:
    """The laptop, with this very process living on it."""
    for name, value in laptop.env.items():
        monkeypatch.setenv(name, value)
    return laptop


class TestEveryDeviceOnTheLaptop(DeviceContract):
    @pytest.fixture(params=sorted(MAKERS))
    def device(self, request: pytest.FixtureRequest, at_home: VirtualLaptop) -> Iterator[AudioDevice]:
        device = MAKERS[request.param]()
        yield device
        device.close()


def tone(seconds: float) -> Samples:
    """1 kHz: each period is 48 frames, so that a hole or a jump anywhere shows."""
    return (0.5 * np.sin(2 * np.pi * np.arange(round(seconds * RATE)) / 48)).astype(np.float32)


def score(*voices: tuple[int, Samples]) -> Score:
    scheduled = tuple(
        Scheduled(Segment(Prompt("words"), at, at + len(samples), Place(), 0), samples) for at, samples in voices
    )
    return Score(scheduled, max(voice.segment.end for voice in scheduled))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the device fell still"
        time.sleep(0.005)


def test_loudspeakers_and_microphones_are_listed_and_the_copies_of_loudspeakers_are_not(at_home: VirtualLaptop) -> None:
    listed = list_devices()
    assert any(device.is_default and not device.is_microphone for device in listed)
    # "mic" and "ear"; the server has three more sources, the monitors of its sinks.
    assert [device.is_default for device in listed if device.is_microphone].count(True) == 1
    assert sum(device.is_microphone for device in listed) == 2


def test_the_default_device_hears(at_home: VirtualLaptop) -> None:
    device = MiniaudioDevice()
    device.start(Listener())
    device.close()
    assert device.has_microphone


def test_the_chimes_of_a_hold_are_its_length_apart_on_the_tape(at_home: VirtualLaptop) -> None:
    """The promise is 5 ms at the recorded loudspeaker; measured: 0 frames."""
    mixer, chime = Mixer(), tone(0.15)
    holds = [(index * 2 * RATE, chime) for index in range(4)]
    device = MiniaudioDevice()
    with at_home.record() as recorder:
        device.start(lambda frames, _: mixer.render(frames))
        end = mixer.play(score(*holds), at=RATE // 2) + 6 * RATE + len(chime)
        wait_until(lambda: mixer.position > end + RATE // 2)
        device.close()
    loud = np.flatnonzero(np.abs(recorder.tape.loudspeaker) > 0.01)
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-RATE) > RATE // 2)]
    spacing = np.diff(starts)
    print(f"chimes {spacing.tolist()} frames apart, {2 * RATE} due; underruns {device.underruns}")
    assert len(starts) == 4
    assert np.abs(spacing - 2 * RATE).max() <= RATE * 0.005
    assert device.failure is None


def test_a_long_tone_has_no_hole(at_home: VirtualLaptop) -> None:
    mixer = Mixer()
    device = MiniaudioDevice()
    with at_home.record() as recorder:
        mixer.play(score((RATE // 2, tone(5))))
        device.start(lambda frames, _: mixer.render(frames))
        wait_until(lambda: mixer.position > 6.5 * RATE)
        device.close()
    loud = np.flatnonzero(np.abs(recorder.tape.loudspeaker) > 0.001)
    heard = recorder.tape.loudspeaker[loud[0] : loud[-1] + 1]
    assert abs(len(heard) - 5 * RATE) <= 48
    assert np.abs(heard[48:] - heard[:-48]).max() < 0.001


def test_from_a_sound_in_the_room_to_silence(at_home: VirtualLaptop) -> None:
    """A block that holds a loud sound silences the mixer in the same call: the time on the tape from the one to the
    other is what capture and playback take together, all that the program cannot shorten."""
    mixer, heard = Mixer(), threading.Event()
    device = MiniaudioDevice()

    def exchange(frames: int, captured: Samples | None) -> Samples:
        if captured is not None and float(np.abs(captured).max()) > 0.1:
            mixer.silence()
            heard.set()
        return mixer.render(frames)

    word = tone(0.1)
    delays: list[float] = []
    for _ in range(5):
        heard.clear()
        with at_home.record() as recorder:
            if not delays:
                device.start(exchange)
            mixer.play(score((0, tone(20))))
            wait_until(lambda: recorder.seconds > 0.5)
            at_home.speak(word)
            assert heard.wait(PATIENCE)
            time.sleep(0.3)
        spoken = int(np.flatnonzero(np.abs(recorder.tape.microphone) > 0.1)[0])
        silent = recorder.tape.silent_from(spoken, seconds=0.1)
        delays.append((silent - spoken) / RATE * 1000)
    device.close()
    print("from a sound at the microphone to silence at the loudspeaker, ms:", [round(delay) for delay in delays])
    assert np.median(delays) <= 120


def test_a_server_that_dies_neither_raises_nor_hangs(at_home: VirtualLaptop) -> None:
    listener = Listener()
    device = MiniaudioDevice()
    device.start(listener)
    listener.wait_for(5)
    at_home.silence_server()
    device.close()
    assert device.failure is None
    assert list_devices() == ()
