"""The music's thread and its ring: the reader never waits, and gets what the files hold, in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicecoach.audio.music import CAPACITY_SECONDS, Music
from voicecoach.audio.playlist import Playlist
from voicecoach.units import STREAM_RATE, frames


def nothing_wrong(what: str) -> None:
    pytest.fail(what)


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Twelve seconds, no two of them alike."""
    count = 12 * STREAM_RATE
    wave = 0.2 * np.sin(2 * np.pi * np.cumsum(np.linspace(100, 2_000, count)) / STREAM_RATE)
    soundfile.write(tmp_path / "sweep.wav", wave.astype(np.float32), STREAM_RATE)
    return tmp_path / "sweep.wav"


@pytest.fixture
def music(sweep: Path) -> Iterator[Music]:
    made = Music([sweep])
    yield made
    made.close()


def test_before_it_was_started_it_is_silent(music: Music) -> None:
    assert not music.read(480).any()


def test_what_is_read_is_the_playlist_to_the_sample(music: Music, sweep: Path) -> None:
    music.start(nothing_wrong)
    parts = []
    for count in (480, 1, 4_000, 48_000, 30_000) * 10:
        until(lambda count=count: music.ready >= max(count, STREAM_RATE))  # type: ignore[misc]
        parts.append(music.read(count))
    heard = np.concatenate(parts)
    expected = Playlist([sweep]).read(len(heard))
    fade = frames(0.01)
    assert np.array_equal(heard[fade:], expected[fade:])
    assert heard[0] == 0


def test_it_is_decoded_no_further_ahead_than_it_says(music: Music) -> None:
    music.start(nothing_wrong)
    until(lambda: music.ready == frames(CAPACITY_SECONDS))
    time.sleep(0.25)
    assert music.ready == frames(CAPACITY_SECONDS)


def test_a_reader_that_is_too_fast_gets_silence_without_a_click_and_then_the_rest(music: Music) -> None:
    music.start(nothing_wrong)
    until(lambda: music.ready == frames(CAPACITY_SECONDS))
    music.close()
    out = music.read(frames(CAPACITY_SECONDS) + 4_800)
    assert not out[frames(CAPACITY_SECONDS) :].any()
    assert np.abs(np.diff(out)).max() < 0.01
    assert abs(out[frames(CAPACITY_SECONDS) - 1]) < 1e-4
    assert not music.read(480).any()


def test_closing_ends_the_thread_at_once_and_may_be_done_twice(music: Music) -> None:
    music.start(nothing_wrong)
    until(lambda: music.ready > 0)
    began = time.monotonic()
    music.close()
    music.close()
    assert time.monotonic() - began < 1.0
    assert not any(thread.name == "music" for thread in threading.enumerate())


def test_closing_does_not_wait_for_a_long_file_to_be_measured(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "long.wav", "w", 48_000, 1) as file:
        for _ in range(600):
            file.write(np.full(STREAM_RATE, 0.1, np.float32))
    music = Music([tmp_path / "long.wav"])
    music.start(nothing_wrong)
    began = time.monotonic()
    music.close()
    assert time.monotonic() - began < 1.0


def test_a_file_that_cannot_be_played_is_told_of(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "bad.mp3").write_bytes(b"x" * 1_000)
    music = Music([tmp_path / "bad.mp3"])
    music.start(told.append)
    until(lambda: len(told) == 2)
    assert "bad.mp3" in told[0]
    assert not music.read(480).any()
    music.close()


def test_a_fault_of_the_decoder_is_told_and_what_was_decoded_is_played(
    music: Music, sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pieces(self: Playlist) -> Iterator[object]:
        yield np.full(STREAM_RATE, 0.5, np.float32)
        raise ZeroDivisionError("decoder broke")

    monkeypatch.setattr(Playlist, "pieces", pieces)
    troubles: list[str] = []
    music.start(troubles.append)
    until(lambda: bool(troubles))
    assert "decoder broke" in troubles[0]
    assert music.read(STREAM_RATE)[STREAM_RATE // 2] == 0.5
    assert not music.read(480).any()


def test_a_read_is_quick(music: Music) -> None:
    music.start(nothing_wrong)
    until(lambda: music.ready == frames(CAPACITY_SECONDS))
    slowest = []
    for _ in range(200):
        began = time.perf_counter()
        music.read(480)
        slowest.append(time.perf_counter() - began)
    assert float(np.median(slowest)) < 0.001
