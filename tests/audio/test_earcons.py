"""The earcons: made by their script, equally loud, without clicks, told apart by contour and shape."""

import importlib.util
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicecoach.audio.clip import Clip
from voicecoach.audio.earcons import load_earcons
from voicecoach.audio.loudness import loudness
from voicecoach.errors import RecordingError
from voicecoach.session.cues import Sound
from voicecoach.units import STREAM_RATE

SOUNDS = Path(__file__).parents[2] / "sounds"
EARCONS = load_earcons(STREAM_RATE)
MILLISECOND = STREAM_RATE // 1000

SOFTER = {
    Sound.HALF_WAY: -24,
    Sound.TICK: -22,
    Sound.HEARD: -28,
    Sound.PAUSED: -22,
    Sound.RESUMED: -22,
    Sound.PAIN: -18,
}


def pitch(clip: Clip, start: float, end: float) -> float:
    """Hertz of the strongest partial in a stretch of seconds."""
    part = clip.samples[int(start * clip.rate) : int(end * clip.rate)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), clip.rate))
    return float(spectrum.argmax())


def correlation(a: Clip, b: Clip) -> float:
    """Largest correlation of two clips at any shift: 1 for the same sound."""
    size = len(a) + len(b)
    product = np.fft.rfft(a.samples, size) * np.fft.rfft(b.samples, size).conj()
    power = float(np.dot(a.samples, a.samples) * np.dot(b.samples, b.samples))
    return float(np.abs(np.fft.irfft(product, size)).max()) / power**0.5


def test_the_committed_files_are_what_the_script_makes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_earcons", SOUNDS / "make_earcons.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script  # dataclasses look their module up by name while a class is made
    try:
        spec.loader.exec_module(script)
    finally:
        del sys.modules[spec.name]
    script.write_earcons(tmp_path)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert made == {file.name: file.read_bytes() for file in SOUNDS.glob("*.wav")}
    assert len(made) == len(Sound)


@pytest.mark.parametrize("sound", Sound)
def test_every_sound_is_16_bit_mono_of_a_short_length(sound: Sound) -> None:
    info = soundfile.info(SOUNDS / f"{sound.value}.wav")
    assert (info.samplerate, info.channels, info.subtype) == (48_000, 1, "PCM_16")
    assert 0.15 <= info.duration <= (0.4 if sound is Sound.PAIN else 0.25)


@pytest.mark.parametrize("sound", Sound)
def test_every_sound_is_as_loud_as_its_rank(sound: Sound) -> None:
    assert loudness(EARCONS[sound]) == pytest.approx(SOFTER.get(sound, -20), abs=0.05)
    assert EARCONS[sound].peak < 0.89


@pytest.mark.parametrize("sound", Sound)
def test_no_sound_clicks_at_its_ends(sound: Sound) -> None:
    samples = EARCONS[sound].samples
    assert samples[0] == 0
    assert samples[-1] == 0
    assert np.abs(samples[-MILLISECOND:]).max() < 0.001


@pytest.mark.parametrize("sound", Sound)
def test_the_first_sample_marks_the_moment(sound: Sound) -> None:
    clip = EARCONS[sound]
    assert np.flatnonzero(np.abs(clip.samples) > 0.1 * clip.peak)[0] < MILLISECOND / 2


@pytest.mark.parametrize("sound", [Sound.START, Sound.END])
def test_a_matched_filter_finds_a_chime_in_noise_within_a_millisecond(sound: Sound) -> None:
    clip = EARCONS[sound]
    stream = np.random.default_rng(1).normal(0, 0.1, STREAM_RATE).astype(np.float32)
    stream[20_011 : 20_011 + len(clip)] += clip.samples
    found = int(np.correlate(stream, clip.samples, "valid").argmax())
    assert abs(found - 20_011) < MILLISECOND


def test_no_two_sounds_are_alike() -> None:
    for one, other in combinations(Sound, 2):
        assert correlation(EARCONS[one], EARCONS[other]) < 0.5, (one, other)


def test_contours_tell_the_sounds_apart() -> None:
    def two(sound: Sound) -> tuple[float, float]:
        return pitch(EARCONS[sound], 0, 0.09), pitch(EARCONS[sound], 0.17, 0.25)

    for rising in (Sound.START, Sound.RESUMED):
        assert two(rising)[1] > 1.2 * two(rising)[0]
    for falling in (Sound.END, Sound.PAUSED):
        assert two(falling)[1] < 0.85 * two(falling)[0]
    ended = [pitch(EARCONS[Sound.ENDED], start, start + 0.07) for start in (0, 0.08, 0.16)]
    assert ended[0] > ended[1] > ended[2]
    there, back, again = (pitch(EARCONS[Sound.SWITCH_SIDES], start, start + 0.055) for start in (0, 0.06, 0.12))
    assert back > 1.3 * there
    assert again < back / 1.3
    single = {sound: pitch(EARCONS[sound], 0, 0.15) for sound in (Sound.PAIN, Sound.HALF_WAY, Sound.TICK)}
    assert 2 * single[Sound.PAIN] < single[Sound.HALF_WAY] < single[Sound.TICK] / 2


def test_sounds_are_loaded_at_the_rate_that_is_asked_for() -> None:
    for sound, clip in load_earcons(16_000).items():
        assert clip.rate == 16_000
        assert len(clip) == pytest.approx(len(EARCONS[sound]) / 3, abs=1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"start\.wav"):
        load_earcons(STREAM_RATE, tmp_path)
