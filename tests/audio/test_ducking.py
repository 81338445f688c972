"""Music gives way to speech: in time, smoothly, and to the bit the same however the stream is cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.audio.clip import Samples
from voicecoach.audio.ducking import ATTACK_SECONDS, DUCKED, HOLD_SECONDS, RELEASE_FACTOR, Ducking

RATE = 1_000
ATTACK, HOLD = round(ATTACK_SECONDS * RATE), round(HOLD_SECONDS * RATE)


def gains(speech: list[tuple[int, int]], length: int, cuts: list[int] | None = None) -> Samples:
    """The whole stream, in blocks; each block is told of what sounds in it or is about to."""
    ducking, parts, first = Ducking(RATE), [], 0
    for limit in [*sorted({cut for cut in cuts or () if 0 < cut < length}), length]:
        near = [(start, end) for start, end in speech if start < limit + ducking.attack and end > first]
        parts.append(ducking.gains(near, first, limit))
        first = limit
    return np.concatenate(parts)


def test_without_speech_nothing_changes() -> None:
    assert set(gains([], 2_000).tolist()) == {1.0}


def test_it_is_down_when_the_first_word_begins_and_until_the_last_has_ended() -> None:
    out = gains([(1_000, 2_000)], 6_000)
    assert out[1_000 - ATTACK - 1] == 1.0
    assert np.all(out[1_000 : 2_000 + HOLD] == np.float32(DUCKED))
    back = 2_000 + HOLD + ATTACK * RELEASE_FACTOR
    assert out[back - 10] < 1.0
    assert np.all(out[back + 1 :] == 1.0)


def test_it_never_jumps() -> None:
    out = gains([(1_000, 1_500), (1_900, 2_000), (2_100, 2_101), (4_500, 5_000)], 9_000)
    assert np.abs(np.diff(out)).max() < 0.01


def test_two_sentences_with_a_breath_between_them_are_one() -> None:
    out = gains([(1_000, 2_000), (2_000 + HOLD - 1, 4_000)], 5_000)
    assert np.all(out[1_000:4_000] == np.float32(DUCKED))


def test_what_speaks_at_once_finds_it_on_its_way() -> None:
    out = gains([(0, 1_000)], 2_000)
    assert out[0] < 1.0
    assert out[ATTACK] == np.float32(DUCKED)


@given(
    speech=st.lists(st.tuples(st.integers(0, 4_000), st.integers(1, 900)), max_size=5),
    cuts=st.lists(st.integers(1, 6_000), max_size=40),
)
def test_it_is_the_same_for_every_way_of_cutting(speech: list[tuple[int, int]], cuts: list[int]) -> None:
    spans = [(start, start + length) for start, length in speech]
    whole = gains(spans, 6_000)
    assert np.array_equal(whole, gains(spans, 6_000, cuts))
    assert DUCKED <= whole.min() <= whole.max() <= 1.0
    for start, end in spans:
        assert np.all(whole[max(start, ATTACK) : min(end, 6_000)] == np.float32(DUCKED))
