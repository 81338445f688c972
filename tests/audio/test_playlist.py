"""The background sound's files: which are played, how loud, and what becomes of those that cannot be."""

from __future__ import annotations

import itertools
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from voicecoach.audio.clip import Samples
from voicecoach.audio.playlist import MUSIC_LOUDNESS, Playlist, find_music
from voicecoach.errors import UsageError
from voicecoach.units import STREAM_RATE

KINDS = {"a.wav": "WAV", "b.flac": "FLAC", "c.mp3": "MP3", "d.ogg": "OGG"}


def tone(seconds: float, hertz: float = 440.0, rate: int = 44_100, level: float = 0.3) -> Samples:
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return (level * wave).astype(np.float32)


def pitch(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax()) * STREAM_RATE / len(samples)


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, what: str) -> None:
        self.lines.append(what)


class TestFinding:
    def test_a_folders_files_in_sorted_order_and_nothing_else_of_it(self, tmp_path: Path) -> None:
        for name in ("2.MP3", "10.flac", "1.wav", "cover.jpg", "notes.txt", "._1.wav", "3.ogg"):
            (tmp_path / name).touch()
        (tmp_path / "more.wav").mkdir()
        assert [each.name for each in find_music(tmp_path)] == ["1.wav", "10.flac", "2.MP3", "3.ogg"]

    def test_a_file_is_itself_whatever_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "tune").touch()
        assert find_music(tmp_path / "tune") == [tmp_path / "tune"]

    def test_a_folder_without_music_names_the_formats(self, tmp_path: Path) -> None:
        (tmp_path / "cover.jpg").touch()
        with pytest.raises(UsageError, match=r"\.wav, \.flac, \.mp3, \.ogg") as caught:
            find_music(tmp_path)
        assert caught.value.exit_code == 2

    def test_what_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="nowhere"):
            find_music(tmp_path / "nowhere")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("level", [0.02, 0.9])
def test_every_format_comes_out_twenty_decibels_under_speech(tmp_path: Path, name: str, level: float) -> None:
    path = tmp_path / name
    stereo = np.stack([tone(4.0, 300, level=level), tone(4.0, 300, level=level)], axis=1)
    soundfile.write(path, stereo, 44_100, format=KINDS[name])
    played = Playlist([path]).read(4 * STREAM_RATE)
    assert pitch(played) == pytest.approx(300, abs=1)
    loudness = pyloudnorm.Meter(STREAM_RATE).integrated_loudness(played.astype(float))
    assert loudness == pytest.approx(MUSIC_LOUDNESS, abs=0.3)


def test_files_follow_one_another_and_begin_again(tmp_path: Path) -> None:
    pitches = (200, 400, 800)
    for hertz, rate in zip(pitches, (16_000, 44_100, 48_000), strict=True):
        soundfile.write(tmp_path / f"{hertz}.wav", tone(1.0, hertz, rate), rate)
    playlist = Playlist(find_music(tmp_path))
    heard = [pitch(playlist.read(STREAM_RATE)[4_800:-4_800]) for _ in range(7)]
    assert heard == pytest.approx([200, 400, 800, 200, 400, 800, 200], abs=2)


def test_a_nearly_silent_recording_is_not_raised_without_end(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hiss.wav", tone(2.0, level=0.0005), 44_100, subtype="FLOAT")
    assert np.abs(Playlist([tmp_path / "hiss.wav"]).read(STREAM_RATE)).max() < 0.006


def test_what_cannot_be_played_is_left_out_and_said_once(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "1.wav", tone(0.5), 44_100)
    (tmp_path / "2.mp3").write_bytes(b"no music" * 100)
    soundfile.write(tmp_path / "3.wav", np.zeros(44_100, np.float32), 44_100)
    (tmp_path / "4.ogg").write_bytes(b"")
    told = Told()
    playlist = Playlist(find_music(tmp_path), told)
    heard = playlist.read(3 * STREAM_RATE)
    assert pitch(heard) == pytest.approx(440, abs=2)
    assert [name in line for line, name in zip(told.lines, ("2.mp3", "3.wav", "4.ogg"), strict=True)] == [True] * 3
    assert all(line.endswith(".") and "\n" not in line for line in told.lines)


@pytest.mark.skipif(sys.platform != "linux", reason="names are text here")
def test_a_file_whose_name_is_no_text_is_left_out_and_told_in_words_that_print(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "2.wav", tone(0.5), 44_100)
    (tmp_path / "2.wav").rename(tmp_path / "1\udcff.wav")
    soundfile.write(tmp_path / "2.wav", tone(0.5), 44_100)
    told = Told()
    assert pitch(Playlist(find_music(tmp_path), told).read(STREAM_RATE)) == pytest.approx(440, abs=2)
    (line,) = told.lines
    assert line.endswith("left out.")
    assert "1\\udcff.wav" in line
    assert line.isprintable()


def test_a_file_that_vanishes_between_two_rounds_is_said(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "1.wav", tone(0.5), 44_100)
    told = Told()
    playlist = Playlist([tmp_path / "1.wav"], told)
    playlist.read(1_000)
    (tmp_path / "1.wav").unlink()
    assert not playlist.read(2 * STREAM_RATE)[STREAM_RATE:].any()
    assert ["1.wav" in told.lines[0], "goes on without" in told.lines[1]] == [True, True]
    assert len(told.lines) == 2


def test_where_nothing_can_be_played_there_is_silence_and_an_end(tmp_path: Path) -> None:
    (tmp_path / "bad.flac").write_bytes(b"fLaC but not really")
    told = Told()
    assert list(Playlist([tmp_path / "bad.flac"], told).pieces()) == []
    assert len(told.lines) == 2
    assert not Playlist([tmp_path / "bad.flac"]).read(1_000).any()


def test_samples_that_are_no_numbers_are_silence(tmp_path: Path) -> None:
    wave = tone(1.0)
    wave[1_000:2_000] = np.nan
    wave[3_000] = np.inf
    soundfile.write(tmp_path / "odd.wav", wave, 44_100, subtype="FLOAT")
    assert np.isfinite(Playlist([tmp_path / "odd.wav"]).read(STREAM_RATE)).all()


def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "long.flac", "w", 44_100, 2) as file:
        for _ in range(300):
            file.write(np.stack([tone(1.0), tone(1.0, 441)], axis=1))
    tracemalloc.start()
    try:
        for _piece in itertools.islice(Playlist([tmp_path / "long.flac"]).pieces(), 500):
            pass
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 30e6  # whole, it would be 53 MB as mono, and 106 MB as read
