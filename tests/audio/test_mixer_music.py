"""Music in the mixer: under everything, moving nothing, gone at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicecoach.audio.clip import Samples
from voicecoach.audio.ducking import DUCKED
from voicecoach.audio.mixer import FADE_SECONDS, FREE_AFTER_SECONDS, Event, Mixer, Scheduled, Score
from voicecoach.session.cues import Earcon, Place, Prompt, Segment, Sound
from voicecoach.units import STREAM_RATE, frames

FADE = frames(FADE_SECONDS)
NOWHERE = Place()
LEVEL = 0.01


class Hum:
    """A constant, and how much of it was taken. Objects to being asked for nothing."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self, count: int) -> Samples:
        assert count > 0, "nothing was asked for"
        self.taken += count
        return np.full(count, LEVEL, np.float32)


class Counting(Hum):
    """Its n-th sample is n millionths: shows which sample sounded where."""

    def __call__(self, count: int) -> Samples:
        super().__call__(count)
        return (np.arange(self.taken - count, self.taken) * 1e-6).astype(np.float32)


def prompt(start: int, count: int) -> Scheduled:
    return Scheduled(Segment(Prompt("words"), start, start + count, NOWHERE, 0), np.zeros(count, np.float32))


def humming(mixer: Mixer | None = None) -> tuple[Mixer, Hum]:
    mixer, hum = mixer or Mixer(), Hum()
    mixer.add_music(hum)
    mixer.play_music(0.0)
    return mixer, hum


def test_it_is_silent_until_it_is_played_and_takes_nothing() -> None:
    mixer, hum = Mixer(), Hum()
    mixer.add_music(hum)
    assert not mixer.render(4_800).any()
    assert hum.taken == 0


def test_it_rises_smoothly_and_stays() -> None:
    mixer = Mixer()
    mixer.add_music(Hum())
    mixer.play_music(1.0)
    out = mixer.render(2 * STREAM_RATE)
    assert np.all(np.diff(out[:STREAM_RATE]) >= 0)
    assert np.all(out[STREAM_RATE:] == np.float32(LEVEL))


def test_playing_it_twice_does_not_start_the_ramp_again() -> None:
    mixer = Mixer()
    mixer.add_music(Hum())
    mixer.play_music(1.0)
    mixer.render(STREAM_RATE // 2)
    mixer.play_music(1.0)
    assert mixer.render(STREAM_RATE)[-1] == np.float32(LEVEL)


def test_silence_cuts_it_within_five_milliseconds_and_tells_so() -> None:
    mixer, hum = humming()
    mixer.render(1_000)
    assert mixer.silence() == 1_000 + FADE
    out = mixer.render(10_000)
    assert np.all(np.diff(out[:FADE]) < 0)
    assert not out[FADE:].any()
    assert hum.taken == 1_000 + FADE


def test_silence_hastens_a_slow_end() -> None:
    mixer, _hum = humming()
    mixer.render(1_000)
    mixer.pause_music(10.0)
    mixer.render(1_000)
    assert mixer.silence() == 2_000 + FADE
    assert not mixer.render(5_000)[FADE:].any()


def test_a_slow_pause_does_not_hold_up_a_quick_one() -> None:
    mixer, _hum = humming()
    mixer.render(1_000)
    mixer.pause_music()
    mixer.pause_music(10.0)
    assert not mixer.render(5_000)[FADE:].any()


def test_after_a_pause_it_goes_on_where_it_was() -> None:
    mixer, count = Mixer(), Counting()
    mixer.add_music(count)
    mixer.play_music(0.0)
    mixer.render(1_000)
    mixer.silence()
    mixer.render(50_000)
    mixer.play_music(0.0)
    assert mixer.render(10)[0] == pytest.approx((1_000 + FADE) * 1e-6)


def test_an_end_is_for_good() -> None:
    mixer, hum = humming()
    mixer.render(1_000)
    mixer.end_music()
    mixer.render(FADE)
    mixer.play_music(0.0)
    assert not mixer.render(10_000).any()
    assert hum.taken == 1_000 + FADE


def test_it_is_down_before_the_first_word_of_a_prompt() -> None:
    mixer, _hum = humming()
    mixer.play(Score((prompt(STREAM_RATE, STREAM_RATE),), 3 * STREAM_RATE))
    out = np.concatenate([mixer.render(480) for _ in range(600)])
    assert out[STREAM_RATE // 2] == np.float32(LEVEL)
    assert np.allclose(out[STREAM_RATE : 2 * STREAM_RATE], LEVEL * DUCKED)
    assert out[-1] == np.float32(LEVEL)


def test_an_answer_over_the_score_lowers_it_and_a_chime_of_the_score_does_not() -> None:
    mixer, _hum = humming()
    chime = Scheduled(Segment(Earcon(Sound.TICK), 0, 4_800, NOWHERE, 0), np.zeros(4_800, np.float32))
    mixer.play(Score((chime,), 4_800))
    assert np.all(mixer.render(48_000) == np.float32(LEVEL))
    mixer.overlay(np.zeros(STREAM_RATE, np.float32))
    assert mixer.render(STREAM_RATE)[-1] == np.float32(LEVEL * DUCKED)


def test_volume_and_suspicion_act_on_it_too() -> None:
    mixer, _hum = humming()
    mixer.volume = 2.0
    assert mixer.render(STREAM_RATE)[-1] == np.float32(2 * LEVEL)
    mixer.duck(0.25)
    assert mixer.render(STREAM_RATE)[-1] == np.float32(2 * LEVEL * 0.25)


@pytest.mark.parametrize("answer", [ValueError("no"), np.zeros(3, np.float32), np.zeros((480, 2), np.float32)])
def test_music_that_fails_ends_and_everything_else_goes_on(answer: object) -> None:
    def read(count: int) -> Samples:
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, np.ndarray)
        return answer

    mixer = Mixer()
    mixer.add_music(read)
    mixer.play_music(0.0)
    mixer.overlay(np.full(960, 0.5, np.float32))
    out = np.concatenate([mixer.render(480), mixer.render(480)])
    assert set(out.tolist()) == {0.5}
    assert mixer.position == 960
    assert isinstance(mixer.failure, ValueError)


Step = tuple[str, int]
ACTS = ["silence", "play", "pause", "overlay"]


@settings(max_examples=40)
@given(
    prompts=st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 5_000)), max_size=4),
    steps=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 9_000)), max_size=5),
    blocks=st.lists(st.integers(1, 3_000), min_size=1, max_size=6),
)
def test_it_moves_nothing_and_is_the_same_for_every_way_of_cutting(
    prompts: list[tuple[int, int]], steps: list[Step], blocks: list[int]
) -> None:
    def performed(block_sizes: list[int], music: bool) -> tuple[Samples, list[Event]]:
        events: list[Event] = []
        mixer = Mixer(notify=events.append)
        if music:
            mixer.add_music(Counting())
            mixer.play_music(0.1)
        voices = tuple(prompt(start, count) for start, count in prompts)
        mixer.play(Score(voices, 40_000))
        out = []
        for act, wait in [*steps, ("silence", 9_000)]:
            left, turn = wait, 0
            while left:
                size = min(left, block_sizes[turn % len(block_sizes)])
                out.append(mixer.render(size))
                left, turn = left - size, turn + 1
            if act == "silence":
                mixer.silence()
            elif act == "play":
                mixer.play_music(0.05)
            elif act == "pause":
                mixer.pause_music(0.05)
            else:
                mixer.overlay(np.zeros(1_000, np.float32))
        return np.concatenate(out), events

    whole, told = performed([1 << 20], music=True)
    pieces, told_again = performed(blocks, music=True)
    assert np.array_equal(whole, pieces)
    assert told == told_again
    without, told_without = performed([1 << 20], music=False)
    assert not without.any()
    assert told == told_without


def test_no_moment_is_free_while_it_plays() -> None:
    mixer, _ = humming()
    for _ in range(100):
        mixer.render(STREAM_RATE // 10)
    assert not mixer.is_free(0.0)
    mixer.pause_music(0.0)
    mixer.render(STREAM_RATE)
    assert not mixer.is_free(0.0)
    mixer.render(frames(FREE_AFTER_SECONDS))
    assert mixer.is_free(0.0)
