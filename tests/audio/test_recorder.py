"""``--record``: both sides of the stream, complete whatever its end."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicecoach.audio.recorder import Recorder, is_recording
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
    assert is_recording(tmp_path / name)
    soundfile.write(tmp_path / f"other-{name}", np.zeros((480, 2)), STREAM_RATE)
    assert not is_recording(tmp_path / f"other-{name}")
    assert not is_recording(tmp_path / "missing.wav")
    (tmp_path / "text.raw").write_text("no sound")
    assert not is_recording(tmp_path / "text.raw")


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


@pytest.mark.parametrize("name", ["take.mp4", "nowhere/take.wav"])
def test_a_file_that_cannot_be_recorded_to_is_said_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordingError, match="take"):
        Recorder(tmp_path / name)
