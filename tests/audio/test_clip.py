"""Clips: what each method returns, that none changes its clip, and reading sound files."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicecoach.audio.clip import Clip, read_clip
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
