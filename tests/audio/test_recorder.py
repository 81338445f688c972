"""``--record``: both sides of the stream, complete whatever its end."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicecoach.audio import recorder as module
from voicecoach.audio.recorded_session import is_recorded_session
from voicecoach.audio.recorder import Recorder
from voicecoach.errors import RecordingError
from voicecoach.units import STREAM_RATE


def test_microphone_left_and_playback_right_sample_for_sample(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "take.flac")
    captured, played = np.full(480, 0.25, np.float32), np.full(480, -0.5, np.float32)
    recorder.submit(captured, played)
    captured[:] = 0.9  # the device reuses its buffers
    recorder.submit(None, played)
    recorder.close()
    recorder.close()
    samples, rate = soundfile.read(tmp_path / "take.flac", dtype="float32")
    assert rate == STREAM_RATE
    assert np.allclose(samples[:480, 0], 0.25, atol=1e-4)
    assert np.all(samples[480:, 0] == 0.0)
    assert np.allclose(samples[:, 1], -0.5, atol=1e-4)


@pytest.mark.parametrize("name", ["take.wav", "take.flac"])
def test_its_own_recordings_are_known_and_no_others(name: str, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / name)
    recorder.submit(None, np.zeros(480, np.float32))
    recorder.close()
    assert is_recorded_session(tmp_path / name)
    soundfile.write(tmp_path / f"other-{name}", np.zeros((480, 2)), STREAM_RATE)
    assert not is_recorded_session(tmp_path / f"other-{name}")
    assert not is_recorded_session(tmp_path / "missing.wav")
    (tmp_path / "text.raw").write_text("no sound")
    assert not is_recorded_session(tmp_path / "text.raw")


def test_a_disk_or_a_library_that_fails_is_kept_and_nothing_piles_up(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "take.wav")
    block = np.full(480, 0.25, np.float32)

    def write(samples: object) -> None:
        raise ZeroDivisionError("library broke")

    recorder._file.write = write
    recorder.submit(block, block)
    deadline = time.monotonic() + 10
    while recorder.failure is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert isinstance(recorder.failure, ZeroDivisionError)
    for _ in range(100):
        recorder.submit(block, block)
    assert recorder._blocks.qsize() == 0
    recorder.close()


class HungDisk:
    """A recorder's file whose disk answers again only when the test says so."""

    def __init__(self, recorder: Recorder) -> None:
        self.asked, self.answers = threading.Event(), threading.Event()
        self._write = recorder._file.write
        recorder._file.write = self

    def __call__(self, samples: object) -> None:
        self.asked.set()
        assert self.answers.wait(20)
        self._write(samples)


def test_a_disk_that_hangs_keeps_nobody_from_the_end_and_its_silence_is_told(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "take.wav")
    disk, block = HungDisk(recorder), np.full(STREAM_RATE // 10, 0.25, np.float32)
    for _ in range(20):
        recorder.submit(block, block)
    assert disk.asked.wait(10)
    ending = threading.Thread(target=recorder.close, args=(0.05,), daemon=True)
    ending.start()
    ending.join(10)
    assert not ending.is_alive()
    assert "2.0 s are missing" in str(recorder.failure)
    disk.answers.set()
    recorder._thread.join(10)
    assert len(soundfile.read(tmp_path / "take.wav")[0]) == 2 * STREAM_RATE, "it answered after all"


def test_what_waits_for_a_disk_that_hangs_is_bounded_and_told_and_is_written_without_a_gap(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "take.wav")
    disk, block = HungDisk(recorder), np.full(STREAM_RATE // 10, 0.25, np.float32)
    for number in range(101):
        assert recorder.failure is None, number
        recorder.submit(block, block)
    assert "10 s of sound wait" in str(recorder.failure)
    first, waiting = recorder.failure, recorder._blocks.qsize()
    recorder.submit(block, block)
    assert recorder._blocks.qsize() == waiting <= 100
    disk.answers.set()
    recorder.close()
    assert recorder.failure is first
    assert len(soundfile.read(tmp_path / "take.wav")[0]) == module._MOST_WAITING


def test_a_file_that_cannot_be_completed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path / "take.wav")

    def fail(self: soundfile.SoundFile) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(soundfile.SoundFile, "close", fail)
        recorder.close()
    assert "Input/output error" in str(recorder.failure)


@pytest.mark.parametrize("name", ["take.mp4", "nowhere/take.wav", "take\udcff.wav"])
def test_a_file_that_cannot_be_recorded_to_is_said_at_once(tmp_path: Path, name: str) -> None:
    if "\udcff" in name and sys.platform != "linux":
        pytest.skip("names are text here")
    with pytest.raises(RecordingError, match="take") as refused:
        Recorder(tmp_path / name)
    assert str(refused.value).isprintable()
