"""Every device adapter that needs no hardware, against the contract; and what is particular to each."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import soundfile
from device_contract import DeviceContract, Listener

from voicecoach.audio.clip import Samples
from voicecoach.audio.device import AudioDevice, Exchange
from voicecoach.audio.file_device import ROOM_NOISE, FileDevice, FileDevices
from voicecoach.audio.guarded_exchange import GuardedExchange
from voicecoach.audio.miniaudio_device import MiniaudioDevice, list_devices
from voicecoach.audio.null_device import NullDevice
from voicecoach.audio.paced_stream import GIVE_UP_AFTER, Pace, PacedStream
from voicecoach.audio.paired_device import PairedDevice
from voicecoach.audio.simpleaudio_speaker import CROSS_FADE, ChunkJoiner, SimpleaudioSpeaker, refused_installation
from voicecoach.audio.underruns import UnderrunCount
from voicecoach.errors import DeviceError, RecordingError
from voicecoach.units import STREAM_RATE


class PumpedDevice:
    """A fake: blocks go by when the test says so, from a thread that only does that. Objects to misuse."""

    def __init__(self, name: str = "a fake", microphone: bool = True, broken: bool = False) -> None:
        self.name, self.has_microphone = name, microphone
        self.failure: BaseException | None = None
        self.closed = False
        self._broken = broken
        self._guard: GuardedExchange | None = None

    def start(self, exchange: Exchange) -> None:
        if self._guard is not None:
            raise RuntimeError("a device is started once")
        if self._broken:
            raise DeviceError("it is not plugged in")
        self._guard = GuardedExchange(exchange)

    def close(self) -> None:
        self.closed = True
        if self._guard is not None:
            self._guard.close()

    @property
    def started(self) -> bool:
        return self._guard is not None

    def pump(self, captured: Samples | None = None, frames: int = 480) -> Samples:
        assert self._guard is not None, "not started"
        assert not self.closed, "closed"
        count = frames if captured is None else len(captured)
        block = self._guard(count, captured if self.has_microphone else None)
        self.failure = self._guard.failure
        return block


class ScriptedDevice(PumpedDevice):
    """The fake with a thread that pumps as fast as it can: what the contract's tests are tried on."""

    def __init__(self) -> None:
        super().__init__()
        self._thread: threading.Thread | None = None

    def start(self, exchange: Exchange) -> None:
        super().start(exchange)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        super().close()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        assert self._guard is not None
        while not self.closed:
            self._guard(96, np.zeros(96, np.float32))
            self.failure = self._guard.failure
            threading.Event().wait(0.001)


def _recording(folder: Path) -> Path:
    path = folder / "microphone.wav"
    soundfile.write(path, np.full((800, 2), 0.25, np.float32), 16_000)
    return path


MAKERS: dict[str, Callable[[Path], AudioDevice]] = {
    "scripted": lambda _: ScriptedDevice(),
    "null": lambda _: NullDevice(),
    "file": lambda folder: FileDevice(folder / "out.wav", _recording(folder)),
    "file-without-microphone": lambda folder: FileDevice(folder / "out.flac"),
    "miniaudio": lambda _: MiniaudioDevice(buffer_ms=5, backend="null"),
    "miniaudio-speaker": lambda _: MiniaudioDevice(capture=False, buffer_ms=5, backend="null"),
    "miniaudio-microphone": lambda _: MiniaudioDevice(playback=False, buffer_ms=5, backend="null"),
    "paired": lambda _: PairedDevice(NullDevice(), MiniaudioDevice(playback=False, buffer_ms=5, backend="null")),
}


class TestEveryDevice(DeviceContract):
    @pytest.fixture(params=sorted(MAKERS))
    def device(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AudioDevice]:
        device = MAKERS[request.param](tmp_path)
        yield device
        device.close()


@pytest.mark.parametrize(
    ("which", "hears"), [("null", False), ("file", True), ("file-without-microphone", False), ("paired", True)]
)
def test_which_devices_hear(which: str, hears: bool, tmp_path: Path) -> None:
    assert MAKERS[which](tmp_path).has_microphone is hears


# --- pace


def test_a_block_is_due_every_ten_milliseconds_from_the_start_however_late_the_last_was() -> None:
    pace = Pace(100.0, 0.01)
    assert pace.wait(100.0) == 0.0
    for _ in range(3):
        pace.done()
    assert pace.wait(100.0) == pytest.approx(0.03)
    assert pace.wait(100.025) == pytest.approx(0.005)
    assert pace.wait(100.5) == 0.0
    for _ in range(50):
        pace.done()
    assert pace.wait(100.5) == pytest.approx(0.03)
    assert pace.slips == 0


def test_more_than_a_second_is_let_go() -> None:
    pace = Pace(0.0, 0.01)
    assert pace.wait(GIVE_UP_AFTER + 9.0) == 0.0
    assert pace.slips == 1
    pace.done()
    assert pace.wait(GIVE_UP_AFTER + 9.0) == pytest.approx(0.01)


def test_an_hour_of_blocks_does_not_drift() -> None:
    pace = Pace(0.0, 0.01)
    for _ in range(360_000):
        pace.done()
    assert pace.wait(3_599.0) == pytest.approx(1.0, abs=1e-9)


def test_a_paced_stream_whose_step_breaks_falls_still_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, finished = [], threading.Event()
    words: list[object] = []
    monkeypatch.setattr(threading, "excepthook", words.append)

    def step(frames: int) -> None:
        calls.append(frames)
        if len(calls) == 3:
            raise ZeroDivisionError("disk broke")

    stream = PacedStream("test", step, finished.set)
    stream.start()
    assert finished.wait(10)
    stream.close()
    assert len(calls) == 3
    assert words == []


def test_a_paced_stream_whose_step_hangs_is_left_behind_and_ends_when_it_can() -> None:
    inside, go_on, finished = threading.Event(), threading.Event(), threading.Event()

    def step(frames: int) -> None:
        inside.set()
        assert go_on.wait(20)

    stream = PacedStream("test", step, finished.set)
    stream.start()
    assert inside.wait(10)
    closed: list[bool] = []
    closing = threading.Thread(target=lambda: closed.append(stream.close(0.05)), daemon=True)
    closing.start()
    closing.join(10)
    assert closed == [False]
    go_on.set()
    assert finished.wait(10)
    assert stream.close()


# --- underruns


def _asked(late: dict[int, float], blocks: int = 1_000) -> int:
    """Underruns of a stream of 20 ms blocks, some of which were asked for late; the rest are then on time again."""
    count, shift = UnderrunCount(0.04), 0.0
    for index in range(blocks):
        shift += late.get(index, 0.0)
        count.block(50.0 + index * 0.02 + shift, 0.02)
    return count.count


def test_a_steady_stream_has_no_underrun() -> None:
    assert _asked({}) == 0


def test_clumps_and_drifting_clocks_are_no_underrun() -> None:
    assert _asked({300: 0.015, 301: -0.015}) == 0
    assert _asked(dict.fromkeys(range(1_000), 0.02 * 1e-4)) == 0


def test_each_long_gap_is_one_underrun() -> None:
    assert _asked({300: 0.05}) == 1
    assert _asked({300: 0.05, 310: 0.2, 900: 0.05}) == 3


def test_nothing_counts_while_a_stream_fills_its_buffers() -> None:
    assert _asked({3: 0.2}) == 0


# --- file device


def test_the_file_holds_what_was_played_to_the_last_frame(tmp_path: Path) -> None:
    out, listener = tmp_path / "out.wav", Listener()
    device = FileDevice(out)
    device.start(listener)
    listener.wait_for(12)
    device.close()
    played = np.concatenate(listener.played)
    samples, rate = soundfile.read(out, dtype="float32")
    assert rate == 48_000
    # A block whose exchange was running while it was closed may be silent: never is one missing.
    assert 0 <= len(samples) - len(played) <= 480
    assert np.abs(samples[: len(played)] - played).max() < 1 / 32_000


def test_the_microphone_is_the_recording_at_48_khz_and_then_faint_noise(tmp_path: Path) -> None:
    listener = Listener()
    device = FileDevice(None, _recording(tmp_path))
    device.start(listener)
    listener.wait_for(20)
    device.close()
    heard = np.concatenate([captured for _, captured in listener.blocks if captured is not None])
    assert np.abs(heard[300:2_000] - 0.25).max() < 0.02
    rest = heard[2_400:]
    assert float(np.sqrt(np.mean(rest**2))) == pytest.approx(ROOM_NOISE, rel=0.1)


def test_after_one_that_was_lost_the_next_overwrites_nothing_and_hears_on_where_that_one_was(tmp_path: Path) -> None:
    out, microphone = tmp_path / "out.wav", tmp_path / "microphone.wav"
    rng = np.random.default_rng(3)
    sound = rng.integers(-30_000, 30_000, 1_000 * 480, dtype=np.int16)
    soundfile.write(microphone, sound, STREAM_RATE)
    (tmp_path / "out-2.wav").write_text("somebody's")
    devices, heard, kept = FileDevices(out, microphone), [], b""
    for _ in range(3):
        listener, device = Listener(), devices.open()
        device.start(listener)
        listener.wait_for(12)
        device.close()
        heard += [captured for _, captured in listener.blocks if captured is not None]
        kept = kept or out.read_bytes()
    # A block that was captured while a device was closed may be missing, as with any that is lost.
    blocks = sound.reshape(-1, 480)
    found = [int(np.flatnonzero(np.all(blocks == np.round(block * 32_768), axis=1))[0]) for block in heard]
    assert found == sorted(set(found))
    assert found[-1] - len(found) in (-1, 0, 1)
    assert out.read_bytes() == kept
    assert (tmp_path / "out-2.wav").read_text() == "somebody's"
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out-2.wav", "out-3.wav", "out-4.wav", "out.wav"]
    assert device.name.endswith("out-4.wav")
    assert min(soundfile.info(tmp_path / name).frames for name in ("out.wav", "out-3.wav", "out-4.wav")) >= 12 * 480


def test_after_one_that_was_lost_a_disk_that_takes_nothing_is_not_littered(tmp_path: Path) -> None:
    devices = FileDevices(tmp_path / "out.wav", None)
    devices.open()
    device, listener = devices.open(), Listener()

    def write(samples: Samples) -> None:
        raise OSError(28, "No space left on device")

    start = device._step

    def step(frames: int) -> None:
        assert device._file is not None
        device._file.write = write
        start(frames)

    device._step = step  # type: ignore[method-assign]
    device.start(listener)
    listener.wait_for(1)
    device.close()
    assert isinstance(device.failure, DeviceError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.mp3", "nowhere/out.wav", "out\udcff.wav"])
def test_a_file_that_cannot_be_written_is_said_before_the_stream_starts(tmp_path: Path, name: str) -> None:
    if "\udcff" in name and sys.platform != "linux":
        pytest.skip("names are text here")
    with pytest.raises(RecordingError, match="out") as refused:
        FileDevice(tmp_path / name).start(Listener())
    assert str(refused.value).isprintable()


def test_a_recording_that_cannot_be_read_is_said_before_the_stream_starts(tmp_path: Path) -> None:
    text = tmp_path / "notes.wav"
    text.write_text("no sound")
    for path in (text, tmp_path / "missing.wav"):
        with pytest.raises(RecordingError, match=path.name):
            FileDevice(None, path).start(Listener())


def test_a_disk_that_hangs_is_left_behind_and_its_file_said_not_to_be_complete(tmp_path: Path) -> None:
    inside, answers = threading.Event(), threading.Event()

    def write(samples: Samples) -> None:
        inside.set()
        assert answers.wait(20)

    device = FileDevice(tmp_path / "out.wav")
    device.start(Listener())
    assert device._file is not None
    device._file.write = write
    assert inside.wait(10)
    closing = threading.Thread(target=device.close, args=(0.05,), daemon=True)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()
    assert "out.wav is not complete" in str(device.failure)
    answers.set()


# --- miniaudio


def test_devices_of_the_null_backend_are_listed() -> None:
    listed = list_devices("null")
    assert [device.is_microphone for device in listed] == [False, True]
    assert all(device.name and device.is_default for device in listed)


def test_a_device_is_found_by_part_of_its_name() -> None:
    device = MiniaudioDevice(playback_name="playback", capture_name="null capture device", backend="null")
    device.start(Listener())
    device.close()
    assert device.name == "NULL Playback Device and NULL Capture Device"


def test_a_name_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(DeviceError, match=r"no loudspeaker called tuba.*NULL Playback"):
        MiniaudioDevice(playback_name="tuba", backend="null").start(Listener())
    with pytest.raises(DeviceError, match=r"no microphone called tuba.*NULL Capture"):
        MiniaudioDevice(capture_name="tuba", backend="null").start(Listener())


def test_the_default_takes_the_place_of_a_name_that_is_not_there_where_it_may() -> None:
    device = MiniaudioDevice(playback_name="tuba", capture_name="tuba", backend="null", strict=False)
    device.start(Listener())
    device.close()
    assert device.name == "NULL Playback Device and NULL Capture Device"
    assert device.has_microphone


def test_a_backend_that_does_not_exist_is_a_device_error() -> None:
    with pytest.raises(DeviceError, match="gramophone"):
        MiniaudioDevice(backend="gramophone").start(Listener())


def test_a_device_that_does_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="plays, captures"):
        MiniaudioDevice(capture=False, playback=False)


@pytest.mark.parametrize("fault", [DeviceError("no second one"), OSError("the driver is confused")])
def test_where_no_second_stream_opens_the_first_stays_as_it_is_for_good(fault: Exception) -> None:
    class Single(MiniaudioDevice):
        def _open(self, buffer_ms: int, number: int = 0) -> NoReturn:
            raise fault

    device = Single(buffer_ms=20)
    device._renewing = True
    device._renew(40)
    assert not device._renewing
    assert device._size.after(1_000.0, 100) == 20
    assert (device.buffer_ms, device.successors) == (20, 0)


# --- a pair


def _pair() -> tuple[PairedDevice, PumpedDevice, PumpedDevice, list[Samples]]:
    speaker, microphone, heard = PumpedDevice("speaker", microphone=False), PumpedDevice("microphone"), []

    def exchange(frames: int, captured: Samples | None) -> Samples:
        assert captured is not None
        heard.append(captured)
        return np.full(frames, 0.5, np.float32)

    device = PairedDevice(speaker, microphone)
    device.start(exchange)
    return device, speaker, microphone, heard


def _count(first: int, frames: int) -> Samples:
    return np.arange(first, first + frames, dtype=np.float32)


def test_a_pair_passes_on_in_order_what_was_captured() -> None:
    device, speaker, microphone, heard = _pair()
    microphone.pump(_count(1, 700))
    microphone.pump(_count(701, 500))
    assert speaker.pump().tolist() == [0.5] * 480
    speaker.pump()
    assert device.slips == 0
    speaker.pump()
    assert device.slips == 1, "silence was put in"
    assert np.concatenate(heard).tolist() == [*range(1, 1_201), *[0] * 240]
    assert device.name == "speaker and microphone"


def test_a_pair_drops_the_oldest_rather_than_fall_behind() -> None:
    device, speaker, microphone, heard = _pair()
    microphone.pump(_count(0, 48_000))
    speaker.pump()
    assert device.slips == 1
    assert heard[0][0] == 48_000 - 4_800 - 480
    assert speaker.failure is None


def test_what_a_late_speaker_left_waiting_is_dropped_in_a_free_moment() -> None:
    device, speaker, microphone, heard = _pair()
    free = False
    device.is_free = lambda _: free
    microphone.pump(_count(0, 3_000))
    for tenth in range(700):
        microphone.pump(_count(3_000 + 480 * tenth, 480))
        speaker.pump()
    assert heard[-1][-1] == 700 * 480 - 1, "nobody said that it may"
    free = True
    speaker.pump()
    microphone.pump(_count(3_000 + 480 * 700, 480))
    speaker.pump()
    behind = 3_000 + 480 * 701 - 1 - heard[-1][-1]
    assert behind == 480, "10 ms are left"
    assert device.slips == 1
    assert (heard[-1] > 0).all(), "and it is not dry"


def test_a_pair_tells_its_streams_when_they_may_make_a_hole() -> None:
    microphone = MiniaudioDevice(playback=False, backend="null")
    device = PairedDevice(PumpedDevice("speaker", microphone=False), microphone)
    device.is_free = lambda seconds: seconds < 1.0
    assert microphone.is_free(0.5)
    assert not microphone.is_free(1.5)


def test_a_pair_whose_microphone_falls_still_has_failed_but_plays_on() -> None:
    device, speaker, microphone, _ = _pair()
    microphone.pump(_count(0, 480))
    speaker.pump(frames=96_000)
    assert device.failure is None
    assert set(speaker.pump().tolist()) == {0.5}
    assert "microphone no longer captures" in str(device.failure)


def test_a_pair_opens_both_or_neither() -> None:
    microphone = PumpedDevice("microphone")
    with pytest.raises(DeviceError, match="plugged"):
        PairedDevice(PumpedDevice(broken=True), microphone).start(Listener())
    assert microphone.closed
    speaker = PumpedDevice("speaker")
    with pytest.raises(DeviceError, match="captures nothing"):
        PairedDevice(speaker, PumpedDevice("deaf thing", microphone=False)).start(Listener())
    assert not speaker.started


# --- simpleaudio


def test_chunks_that_overlap_add_up_to_the_blocks() -> None:
    rng = np.random.default_rng(1)
    blocks = [rng.uniform(-1, 1, 480).astype(np.float32) for _ in range(30)]
    joiner = ChunkJoiner(10)
    chunks = [chunk for block in blocks if (chunk := joiner.add(block)) is not None]
    assert len(chunks) == 3
    out = np.zeros(30 * 480 + CROSS_FADE, np.float32)
    for index, chunk in enumerate(chunks):
        out[index * 4_800 : index * 4_800 + len(chunk)] += chunk
    played = np.concatenate([np.zeros(CROSS_FADE, np.float32), *blocks])
    assert np.abs(out - played)[:-CROSS_FADE].max() < 1e-6


@pytest.mark.parametrize(
    ("python", "installed", "refusal"),
    [
        ((3, 11), {"simpleaudio": "1.0.4"}, None),
        ((3, 13), {"simpleaudio-patched": "1.0.5"}, None),
        ((3, 12), {"simpleaudio": "1.0.4"}, "kills the program on Python 3.12"),
        ((3, 13), {"simpleaudio": "1.0.4", "simpleaudio-patched": "1.0.5"}, "uninstall -y simpleaudio simpleaudio-p"),
        ((3, 11), {}, 'pip install "voicecoach[simpleaudio]"'),
        ((3, 13), {}, 'pip install "voicecoach[simpleaudio]"'),
    ],
)
def test_simpleaudio_is_refused_before_it_can_kill_the_process(
    python: tuple[int, int], installed: dict[str, str], refusal: str | None
) -> None:
    said = refused_installation(python, installed.get)
    assert said is None if refusal is None else refusal in (said or "")


class Simpleaudio:
    """Stands in for the package: hangs where the test says so, and objects to sound after its end."""

    def __init__(self) -> None:
        self.hangs, self.answers, self.ended = False, threading.Event(), threading.Event()

    def play_buffer(self, samples: object, channels: int, width: int, rate: int) -> None:
        assert not self.ended.is_set()

    def stop_all(self) -> None:
        if self.hangs:
            assert self.answers.wait(20)
        self.ended.set()


@pytest.mark.parametrize("hangs", [False, True])
def test_simpleaudio_stops_what_sounds_and_a_hang_of_it_keeps_nobody_from_the_end(
    hangs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Simpleaudio()
    library.hangs = hangs
    monkeypatch.setitem(sys.modules, "simpleaudio", library)
    installed = tmp_path / "simpleaudio_patched-1.0.5.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: simpleaudio-patched\nVersion: 1.0.5\n")
    monkeypatch.syspath_prepend(tmp_path)
    speaker, listener = SimpleaudioSpeaker(), Listener()
    speaker.start(listener)
    listener.wait_for(12)
    closed = threading.Event()

    def close() -> None:
        speaker.close(0.05 if hangs else 10.0)
        closed.set()

    threading.Thread(target=close, daemon=True).start()
    assert closed.wait(10)
    assert library.ended.is_set() is not hangs
    library.answers.set()
