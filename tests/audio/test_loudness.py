"""How loud what sounds is, measured by an independent library: -20 LUFS, and no true peak above -1 dB."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyloudnorm
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.earcons import load_earcons
from voicecoach.audio.loudness import PEAK_CEILING, SPEECH_LOUDNESS, LoudnessMeter, levelled, loudness
from voicecoach.routine.library import find
from voicecoach.routine.loader import load
from voicecoach.session.cues import Sound
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.units import STREAM_RATE
from voicecoach.voice.pyttsx3_synthesizer import Pyttsx3Synthesizer
from voicecoach.voice.voice import Voice

METER = pyloudnorm.Meter(STREAM_RATE)
BLOCK, STEP = STREAM_RATE * 2 // 5, STREAM_RATE // 10
SOFTER = {Sound.HALF_WAY, Sound.TICK, Sound.HEARD, Sound.PAUSED, Sound.RESUMED}
LOUDER = {Sound.PAIN}


def measured(samples: Samples) -> float:
    """LUFS by pyloudnorm. It rounds the number of blocks, where the standard leaves an incomplete one out."""
    padded = np.pad(samples.astype(float), (0, max(0, BLOCK - len(samples))))
    return float(METER.integrated_loudness(padded[: BLOCK + (len(padded) - BLOCK) // STEP * STEP]))


def measured_peak(samples: Samples) -> float:
    """dBTP: the largest sample after oversampling by four."""
    dense = soxr.resample(np.pad(samples, STREAM_RATE // 100), STREAM_RATE, 4 * STREAM_RATE, quality="VHQ")
    return float(20 * np.log10(np.abs(dense).max()))


def talk(seconds: float, crest: float, seed: int = 1) -> Clip:
    """Noise in syllables, with spikes ``crest`` times as high."""
    random = np.random.default_rng(seed)
    count = round(seconds * STREAM_RATE)
    samples = random.normal(0, 0.05, count) * (1 + np.sin(np.arange(count) / 1500))
    samples[:: STREAM_RATE // 90] *= crest
    return Clip(samples.astype(np.float32), STREAM_RATE)


@pytest.fixture(scope="module")
def prompts() -> Iterator[list[Clip]]:
    plan = make_plan(load(find("arms-and-hands")))
    texts = sorted(Session(plan, Lengths(lambda text: 1, lambda sound: 1)).texts())[::6]
    voice = Voice(Pyttsx3Synthesizer())
    yield [clip for clip in map(voice.clip, texts) if len(clip)]
    voice.close()


def test_every_prompt_comes_out_at_the_loudness_of_speech(prompts: list[Clip]) -> None:
    assert len(prompts) > 15
    for clip in prompts:
        assert measured(clip.samples) == pytest.approx(SPEECH_LOUDNESS, abs=0.5)


def test_no_prompt_and_no_earcon_peaks_above_minus_one_decibel(prompts: list[Clip]) -> None:
    for clip in (*prompts, *load_earcons(STREAM_RATE).values()):
        assert measured_peak(clip.samples) < -1.0


def test_an_ordinary_earcon_is_as_loud_as_speech_and_the_others_keep_their_rank() -> None:
    for sound, clip in load_earcons(STREAM_RATE).items():
        apart = measured(clip.samples) - SPEECH_LOUDNESS
        assert -8.5 < apart < -1.5 if sound in SOFTER else abs(apart - (2 if sound in LOUDER else 0)) < 0.5


@pytest.mark.parametrize("crest", [1.0, 6.0, 12.0])
def test_high_peaks_are_limited_and_the_loudness_is_kept(crest: float) -> None:
    clip = levelled(talk(3.0, crest))
    assert measured(clip.samples) == pytest.approx(SPEECH_LOUDNESS, abs=0.5)
    assert measured_peak(clip.samples) < -1.0


def test_what_is_nothing_but_peaks_stays_quieter_and_under_the_ceiling() -> None:
    spikes = np.zeros(2 * STREAM_RATE, np.float32)
    spikes[:: STREAM_RATE // 4] = 0.001
    clip = levelled(Clip(spikes, STREAM_RATE))
    assert measured_peak(clip.samples) < -1.0
    assert measured(clip.samples) < SPEECH_LOUDNESS - 3


def test_limiting_moves_no_sample_where_nothing_peaks() -> None:
    samples = talk(3.0, 1.0).samples.copy()
    samples[STREAM_RATE] = 0.99
    clip = levelled(Clip(samples, STREAM_RATE))
    far = slice(STREAM_RATE + STREAM_RATE // 50, None)
    ratio = clip.samples[far] / samples[far]
    assert np.allclose(ratio, ratio[0], rtol=1e-4)


def test_a_peak_between_two_samples_is_limited() -> None:
    # a quarter of the rate, sampled at 45 degrees: the wave is the square root of two times the samples
    between = np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4).astype(np.float32) * 0.5
    faded = Clip(between, STREAM_RATE).faded(480)
    assert faded.peak == pytest.approx(0.5 * 2**-0.5, abs=0.001)
    # As loud as it is its samples would stay under the ceiling, and the wave between them would not.
    loud = levelled(faded, loudness(faded) + 20 * np.log10(PEAK_CEILING / faded.peak) - 0.1)
    assert loud.peak == pytest.approx(PEAK_CEILING * 2**-0.5, abs=0.01)


@settings(max_examples=25)
@given(
    seconds=st.floats(0.05, 20.0),
    rate=st.sampled_from([16_000, 22_050, 44_100, 48_000]),
    cuts=st.lists(st.integers(1, 200_000), max_size=5),
    hush=st.booleans(),
)
def test_a_meter_that_is_given_pieces_says_the_same(seconds: float, rate: int, cuts: list[int], hush: bool) -> None:
    random = np.random.default_rng(2)
    samples = random.normal(0, 0.1, round(seconds * rate)).astype(np.float32)
    if hush:
        samples[len(samples) // 3 :] *= 0.001
    meter, at = LoudnessMeter(rate), 0
    for cut in cuts:
        meter.add(samples[at : at + cut])
        at += cut
    meter.add(samples[at:])
    assert meter.loudness() == pytest.approx(loudness(Clip(samples, rate)), abs=0.05)


def test_a_meter_that_was_given_nothing_or_silence_says_so() -> None:
    meter = LoudnessMeter(STREAM_RATE)
    assert meter.loudness() == float("-inf")
    silent = LoudnessMeter(STREAM_RATE)
    silent.add(np.zeros(10 * STREAM_RATE, np.float32))
    assert silent.loudness() == float("-inf")


def test_the_ceiling_is_under_minus_one_decibel() -> None:
    assert 20 * np.log10(PEAK_CEILING) < -1.0
