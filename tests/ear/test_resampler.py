import numpy as np
import pytest

from voicecoach.ear.resampler import DELAY, FACTOR, Decimator
from voicecoach.units import STREAM_RATE


def tone(hertz, seconds=0.2):
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * STREAM_RATE)) / STREAM_RATE).astype(np.float32)


def rms(samples):
    return float(np.sqrt(np.mean(samples[200:] ** 2)))


@pytest.mark.parametrize("hertz", [100, 1000, 4000, 6800])
def test_keeps_what_the_recogniser_looks_at(hertz):
    assert rms(Decimator().process(tone(hertz))) == pytest.approx(2**-0.5, rel=0.02)


@pytest.mark.parametrize("hertz", [9200, 12000, 16000, 23000])
def test_lets_nothing_fold_back(hertz):
    assert 20 * np.log10(rms(Decimator().process(tone(hertz)))) < -70


def test_is_late_by_its_delay_and_no_more():
    click = np.zeros(3000, dtype=np.float32)
    click[1200] = 1.0
    assert np.argmax(Decimator().process(click)) == (1200 + DELAY) // FACTOR


def test_output_does_not_depend_on_the_blocks():
    sound = np.random.default_rng(1).normal(0, 0.1, 9600).astype(np.float32)
    whole = Decimator().process(sound)
    for cuts in ([1, 2, 3, 500, 501, 9000], [480 * n for n in range(1, 20)]):
        parts = Decimator()
        pieces = [parts.process(block) for block in np.split(sound, cuts)]
        np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)
    assert len(whole) == len(sound) // FACTOR


def test_reset_begins_a_new_stream():
    used = Decimator()
    used.process(tone(300))
    used.reset()
    np.testing.assert_array_equal(used.process(tone(1000)), Decimator().process(tone(1000)))
