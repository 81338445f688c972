"""Clips on a device, one after the other: whole, and with an end where the device is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicecoach.audio.clip import Clip
from voicecoach.audio.device import Exchange
from voicecoach.audio.file_device import FileDevice
from voicecoach.audio.playback import Playback
from voicecoach.errors import DeviceError
from voicecoach.units import STREAM_RATE


class DeadDevice:
    """Opens, and never asks for a block."""

    name = "a dead device"
    has_microphone = False

    def __init__(self, failure: BaseException | None = None) -> None:
        self.failure = failure
        self.closed = False

    def start(self, exchange: Exchange) -> None:
        assert not self.closed

    def close(self) -> None:
        self.closed = True


def test_each_clip_sounds_whole_before_the_call_returns(tmp_path: Path) -> None:
    with Playback(FileDevice(tmp_path / "out.wav")) as playing:
        for rate, level in ((STREAM_RATE, 0.5), (16_000, 0.25)):
            playing.play(Clip(np.full(rate // 5, level, np.float32), rate))
    out, _rate = soundfile.read(tmp_path / "out.wav")
    assert np.isclose(out, 0.5, atol=0.01).sum() == pytest.approx(STREAM_RATE // 5, abs=2)
    assert np.isclose(out, 0.25, atol=0.01).sum() == pytest.approx(STREAM_RATE // 5, abs=200)
    assert not out[-STREAM_RATE // 5 :].any()


@pytest.mark.parametrize("failure", [None, RuntimeError("gone")])
def test_a_device_that_is_lost_is_named_and_released(
    failure: BaseException | None,
) -> None:
    device = DeadDevice(failure)
    with pytest.raises(DeviceError, match=r"a dead device was lost\. Connect it"), Playback(device, 0.1) as playing:
        playing.play(Clip.silence(1.0, STREAM_RATE))
    assert device.closed
