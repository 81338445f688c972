"""Clips: what each method returns, that none changes its clip, and reading sound files."""

import contextlib
import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicecoach.audio.clip import Clip, read_clip, read_pieces
from voicecoach.audio.loudness import PEAK_CEILING, SPEECH_LOUDNESS, levelled, loudness
from voicecoach.errors import RecordingError
from voicecoach.units import STREAM_RATE


def tone(seconds: float = 1.0, hertz: float = 1000.0, amplitude: float = 0.5, rate: int = STREAM_RATE) -> Clip:
    time = np.arange(round(seconds * rate)) / rate
    return Clip((amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.float32), rate)


@pytest.mark.parametrize("samples", [np.zeros((2, 2), np.float32), np.zeros(3), np.zeros(3, np.int16)])
def test_only_mono_float32_is_a_clip(samples: np.ndarray) -> None:
    with pytest.raises(TypeError, match="mono float32"):
        Clip(samples, 48_000)


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_is_positive(rate: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Clip(np.zeros(1, np.float32), rate)


def test_no_method_changes_its_clip() -> None:
    clip = tone()
    before = clip.samples.copy()
    for method in (
        lambda: clip.gain(2),
        lambda: clip.faded(100),
        lambda: clip.trimmed(0.1),
        lambda: clip.resampled(16_000),
        lambda: levelled(clip),
    ):
        method()
        np.testing.assert_array_equal(clip.samples, before)


def test_gain_peak_and_length() -> None:
    clip = tone(0.5).gain(0.5)
    assert clip.peak == pytest.approx(0.25, abs=1e-4)
    assert clip.seconds == 0.5
    assert len(clip) == 24_000
    assert Clip(np.zeros(0, np.float32), 8000).peak == 0


def test_silence_lasts_as_long_as_it_says() -> None:
    assert Clip.silence(0.25, 8000).seconds == 0.25
    assert Clip.silence(0.25, 8000).peak == 0


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
def test_resampling_keeps_length_and_level(rate: int) -> None:
    clip = tone(rate=rate).resampled(STREAM_RATE)
    assert len(clip) == pytest.approx(STREAM_RATE, abs=1)
    assert np.abs(clip.samples[4800:-4800]).max() == pytest.approx(0.5, abs=0.01)


def test_an_empty_clip_survives_everything() -> None:
    empty = Clip(np.zeros(0, np.float32), 22_050)
    assert len(empty.resampled(STREAM_RATE).faded(10).trimmed(0.1, 5).gain(2)) == 0
    assert len(levelled(empty.resampled(STREAM_RATE))) == 0


def test_fading_reaches_zero_at_both_ends_and_leaves_the_middle() -> None:
    clip = Clip(np.ones(100, np.float32), 100).faded(10)
    assert clip.samples[0] == 0
    assert clip.samples[-1] == 0
    assert (clip.samples[10:90] == 1).all()


def test_trimming_keeps_what_is_loud_and_a_margin() -> None:
    samples = np.zeros(100, np.float32)
    samples[40:60] = 0.5
    clip = Clip(samples, 100)
    assert len(clip.trimmed(0.1)) == 20
    assert len(clip.trimmed(0.1, 5)) == 30
    assert len(clip.trimmed(0.1, 1000)) == 100
    assert len(clip.trimmed(0.6)) == 0


def test_loudness_of_the_reference_tone_is_that_of_the_standard() -> None:
    # ITU-R BS.1770-4: a full-scale 997 Hz sine in one front channel reads -3.01 LUFS
    assert loudness(tone(2.0, 997.0, 1.0)) == pytest.approx(-3.01, abs=0.05)


def test_pauses_do_not_make_speech_quieter() -> None:
    pause = np.zeros(2 * STREAM_RATE, np.float32)
    talk = tone(2.0)
    with_pause = Clip(np.concatenate([talk.samples, pause, talk.samples]), STREAM_RATE)
    assert loudness(with_pause) == pytest.approx(loudness(talk), abs=0.7)


def test_low_notes_count_for_less() -> None:
    assert loudness(tone(hertz=60)) < loudness(tone(hertz=1000)) - 1 < loudness(tone(hertz=3000)) - 3


@pytest.mark.parametrize("rate", [16_000, 22_050, 96_000])
def test_loudness_does_not_depend_on_the_rate(rate: int) -> None:
    for hertz in (100.0, 1000.0, 4000.0):
        assert loudness(tone(hertz=hertz, rate=rate)) == pytest.approx(loudness(tone(hertz=hertz)), abs=0.02)


def test_loudness_of_silence() -> None:
    assert loudness(Clip.silence(1, STREAM_RATE)) == float("-inf")
    assert levelled(Clip.silence(1, STREAM_RATE)).peak == 0


@pytest.mark.parametrize("amplitude", [0.001, 0.1, 1.0])
def test_levelling_reaches_the_target(amplitude: float) -> None:
    assert loudness(levelled(tone(amplitude=amplitude))) == pytest.approx(SPEECH_LOUDNESS, abs=0.01)


def test_levelling_never_passes_the_ceiling() -> None:
    spike = np.zeros(STREAM_RATE, np.float32)
    spike[100] = 0.1
    assert levelled(Clip(spike, STREAM_RATE)).peak <= PEAK_CEILING + 1e-6


def test_stereo_is_averaged_and_the_content_decides_the_format(tmp_path: Path) -> None:
    path = tmp_path / "really-aiff.wav"
    soundfile.write(path, np.array([[0.5, 0.0], [0.25, 0.25]]), 22_050, format="AIFF")
    clip = read_clip(path)
    assert clip.rate == 22_050
    np.testing.assert_allclose(clip.samples, [0.25, 0.25], atol=1e-4)


@pytest.mark.parametrize("content", [b"", b"not a sound", None])
def test_a_bad_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"broken\.wav"):
        read_clip(path)


# Sound files from anywhere ------------------------------------------------------------------------------------------


def wav(rate: int = 16_000, channels: int = 1, data: bytes = bytes(800), claimed: int | None = None, kind: int = 1,
        bits: int = 16) -> bytes:  # fmt: skip
    size = len(data) if claimed is None else claimed
    frame = channels * bits // 8
    head = struct.pack("<HHIIHH", kind, channels, rate, min(rate * frame, 2**32 - 1), frame, bits)
    return b"RIFF" + struct.pack("<I", min(size + 36, 2**32 - 1)) + b"WAVEfmt " + struct.pack("<I", 16) + head + (
        b"data" + struct.pack("<I", size) + data
    )  # fmt: skip


def flac_that_claims(samples: int) -> bytes:
    made = io.BytesIO()
    soundfile.write(made, np.zeros(4096), 48_000, format="FLAC")
    content = bytearray(made.getvalue())
    content[21] = (content[21] & 0xF0) | samples >> 32
    content[22:26] = struct.pack(">I", samples & 0xFFFFFFFF)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (wav(rate=1), "1 samples a second"),
        (wav(rate=2_000_000_000), "samples a second"),
        (wav(kind=3, bits=32, data=struct.pack("<2f", 0.5, float("nan"))), "no numbers"),
        (wav(kind=3, bits=32, data=struct.pack("<2f", 0.5, float("inf"))), "no numbers"),
    ],
    ids=["too slow", "too fast", "not a number", "infinite"],
)
def test_a_sound_that_makes_no_sense_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "strange.wav"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=reason):
        read_clip(path)
    with pytest.raises(RecordingError, match=reason):
        list(read_pieces(path, STREAM_RATE))


@pytest.mark.parametrize("content", [wav(claimed=0xFFFFFFF0), flac_that_claims(2**36 - 1), wav(channels=64)])
def test_what_a_header_claims_takes_no_memory(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "claims.wav"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with contextlib.suppress(RecordingError):
            assert len(read_clip(path)) < 10_000
        with contextlib.suppress(RecordingError):
            assert sum(map(len, read_pieces(path, STREAM_RATE))) < 10_000
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_an_hour_of_silence_in_a_small_file_is_no_clip_but_can_be_heard_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "hour.flac"
    with soundfile.SoundFile(path, "w", 8_000, 1, format="FLAC") as file:
        for _ in range(3600):
            file.write(np.zeros(8_000))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(RecordingError, match="longer than 10 minutes"):
        read_clip(path)
    tracemalloc.start()
    try:
        assert sum(map(len, read_pieces(path, 8_000))) == 3600 * 8_000
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_pieces_are_the_whole_resampled(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(amplitude=0.5).samples, 44_100)
    pieces = np.concatenate(list(read_pieces(path, 16_000)))
    whole = read_clip(path).resampled(16_000).samples
    assert abs(len(pieces) - len(whole)) <= 1
    shorter = min(len(pieces), len(whole))
    np.testing.assert_allclose(pieces[:shorter], whole[:shorter], atol=1e-4)


def test_what_is_beyond_full_scale_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "wild.wav"
    path.write_bytes(wav(kind=3, bits=32, data=struct.pack("<3f", 3e38, -3e38, 0.5)))
    np.testing.assert_allclose(read_clip(path).samples, [1.0, -1.0, 0.5])
