import numpy as np
import pytest

from voicecoach.ear.endpointing import Endpointer
from voicecoach.ear.level import HOP


def sound(*stretches):
    """(level dBFS, hops) each, as one array."""
    noise = np.random.default_rng(3)
    parts = [noise.normal(0, 10 ** (level / 20), hops * HOP) for level, hops in stretches]
    return np.concatenate(parts).astype(np.float32)


def cut(endpointer, samples):
    found = (endpointer.feed(hop) for hop in np.split(samples, len(samples) // HOP))
    return [utterance for utterance in found if utterance is not None]


def test_cuts_a_word_out_of_silence_with_its_surroundings():
    samples = sound((-75, 100), (-25, 50), (-75, 100))
    (utterance,) = cut(Endpointer(), samples)
    assert utterance.start < 100 * HOP
    assert 150 * HOP < utterance.end < 200 * HOP
    np.testing.assert_array_equal(utterance.samples, samples[utterance.start : utterance.end])


def test_a_short_closure_does_not_split_a_word():
    assert len(cut(Endpointer(), sound((-75, 100), (-25, 20), (-75, 20), (-25, 20), (-75, 100)))) == 1


def test_two_words_are_two_utterances():
    first, second = cut(Endpointer(), sound((-75, 100), (-25, 40), (-75, 100), (-25, 40), (-75, 100)))
    assert first.end <= second.start


def test_a_click_is_none():
    assert cut(Endpointer(), sound((-75, 100), (-20, 2), (-75, 100))) == []


def test_talk_without_a_pause_is_cut_all_the_same():
    utterances = cut(Endpointer(), sound((-75, 100), (-25, 2 * Endpointer.MOST_HOPS)))
    assert utterances
    assert all(len(utterance.samples) == Endpointer.MOST_HOPS * HOP for utterance in utterances)


def test_reset_counts_from_zero_again():
    endpointer = Endpointer()
    samples = sound((-75, 100), (-25, 50), (-75, 100))
    (before,) = cut(endpointer, samples)
    endpointer.reset()
    (after,) = cut(endpointer, samples)
    assert (before.start, before.end) == (after.start, after.end)


def test_refuses_what_is_no_hop():
    with pytest.raises(ValueError, match="160 samples"):
        Endpointer().feed(np.zeros(100, dtype=np.float32))
