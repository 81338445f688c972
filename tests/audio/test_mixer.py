"""The mixer against a slow and obvious model of itself, and the moments that a listener would notice."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicecoach.audio.clip import Samples
from voicecoach.audio.mixer import FREE_AFTER_SECONDS, KNEE, PEAK, Event, Mixer, Scheduled, Score
from voicecoach.session.cues import (
    CueEnded,
    CueStarted,
    Earcon,
    Hold,
    Place,
    Prompt,
    ScoreEnded,
    Segment,
    Silence,
    Sound,
)
from voicecoach.units import STREAM_RATE, frames

FADE = 240
LONGEST_FADE = 300
NOWHERE = Place()


def level(value: float, count: int) -> Samples:
    return np.full(count, value, np.float32)


def prompt(start: int, samples: Samples, text: str = "words") -> Scheduled:
    return Scheduled(Segment(Prompt(text), start, start + len(samples), NOWHERE, 0), samples)


def hold(start: int, count: int) -> Scheduled:
    return Scheduled(Segment(Hold(count / STREAM_RATE), start, start + count, NOWHERE, 0), None)


def score(*voices: Scheduled, length: int | None = None) -> Score:
    last = max((voice.segment.end for voice in voices), default=0)
    return Score(voices, last if length is None else length)


@dataclass
class Told:
    """Keeps what the mixer tells."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def brief(self) -> list[tuple[str, int]]:
        return [(type(event).__name__, event.at) for event in self.events]


def test_nothing_scheduled_is_silence_and_time_passes() -> None:
    mixer = Mixer()
    assert not mixer.render(480).any()
    assert mixer.position == 480


def test_a_voice_sounds_on_exactly_its_frames() -> None:
    mixer = Mixer()
    mixer.render(100)
    assert mixer.play(score(prompt(7, level(0.5, 20)))) == 100
    out = np.concatenate([mixer.render(5), mixer.render(50)])
    assert np.flatnonzero(out).tolist() == list(range(7, 27))
    assert set(out[7:27].tolist()) == {0.5}


def test_the_chimes_of_a_hold_start_its_length_apart_to_the_sample() -> None:
    length, click = 15 * STREAM_RATE, np.array([0.7], np.float32)
    chimes = [
        Scheduled(Segment(Earcon(sound), at, at + 1, NOWHERE, 0), click)
        for sound, at in ((Sound.START, 0), (Sound.END, length))
    ]
    mixer = Mixer()
    mixer.play(score(chimes[0], hold(0, length), chimes[1]), at=12_345)
    out = np.concatenate([mixer.render(count) for count in (4_321, 999, *([2_880] * 260))])
    assert np.flatnonzero(out).tolist() == [12_345, 12_345 + length]


def test_overlapping_voices_and_overlays_are_summed() -> None:
    mixer = Mixer()
    mixer.play(score(prompt(0, level(0.25, 10)), prompt(5, level(0.125, 10))))
    mixer.overlay(level(0.0625, 10), at=8)
    expected = [0.25] * 5 + [0.375] * 3 + [0.4375] * 2 + [0.1875] * 5 + [0.0625] * 3 + [0.0] * 2
    assert mixer.render(20).tolist() == expected


def test_a_score_replaces_what_was_scheduled_and_fades_what_sounds() -> None:
    mixer = Mixer()
    mixer.play(score(prompt(0, level(0.4, 1_000)), prompt(2_000, level(0.4, 100))))
    mixer.render(500)
    assert mixer.play(score(prompt(400, level(0.2, 10)))) == 500
    out = mixer.render(3_000)
    assert out[0] == pytest.approx(0.4)
    assert np.all(np.diff(out[:FADE]) < 0)
    assert not out[FADE:400].any()
    assert out[400:410].tolist() == level(0.2, 10).tolist()
    assert not out[410:].any()


def test_a_score_for_later_lets_what_comes_before_it_play() -> None:
    mixer = Mixer()
    mixer.play(score(prompt(0, level(0.4, 100)), prompt(100, level(0.3, 100)), prompt(300, level(0.3, 100))))
    mixer.play(score(prompt(0, level(0.1, 50))), at=200)
    out = mixer.render(1_000)
    assert out.tolist() == [*level(0.4, 100), *level(0.3, 100), *level(0.1, 50), *[0.0] * 750]


def test_a_cut_within_a_block_leaves_what_comes_before_it_alone() -> None:
    mixer = Mixer()
    mixer.play(score(prompt(0, level(0.4, 1_000))))
    mixer.play(score(hold(0, 100)), at=300)
    out = mixer.render(1_000)
    assert out[:300].tolist() == level(0.4, 300).tolist()
    assert np.all(np.diff(out[300 : 300 + FADE]) < 0)
    assert not out[300 + FADE :].any()


def test_a_position_that_has_gone_by_means_the_next_block() -> None:
    mixer = Mixer()
    mixer.render(480)
    assert mixer.play(score(prompt(0, level(0.4, 10))), at=3) == 480
    assert mixer.overlay(level(0.1, 10), at=0) == 480


def test_an_overlay_survives_a_new_score_and_ends_with_silence() -> None:
    mixer = Mixer()
    mixer.overlay(level(0.3, 5_000))
    mixer.render(100)
    mixer.play(score(prompt(0, level(0.1, 100))))
    assert mixer.render(200)[150] == pytest.approx(0.3)
    assert mixer.silence() == 300 + FADE
    assert not mixer.render(5_000)[FADE:].any()


def test_silence_of_a_silent_stream_is_at_once() -> None:
    mixer = Mixer()
    assert mixer.silence() == 0
    mixer.play(score(prompt(1_000, level(0.5, 100))))
    mixer.overlay(level(0.5, 100), at=900)
    mixer.render(480)
    assert mixer.silence() == 480
    assert not mixer.render(2_000).any()


def test_silence_does_not_click() -> None:
    tone = (0.5 * np.sin(np.arange(4_800) * 2 * np.pi * 440 / STREAM_RATE)).astype(np.float32)
    mixer = Mixer()
    mixer.play(score(prompt(0, tone)))
    before = mixer.render(1_000)
    mixer.silence()
    out = np.concatenate([before, mixer.render(1_000)])
    assert np.abs(np.diff(out)).max() <= np.abs(np.diff(tone)).max() + 0.5 / FADE


def test_silence_cuts_a_sound_that_has_been_cut_for_later() -> None:
    mixer = Mixer()
    mixer.play(score(prompt(0, level(0.5, 9_000))))
    mixer.play(score(prompt(0, level(0.5, 9_000))), at=5_000)
    mixer.render(1_000)
    assert mixer.silence() == 1_000 + FADE
    assert not mixer.render(9_000)[FADE:].any()


def test_a_duck_ramps_in_five_milliseconds_and_back() -> None:
    mixer = Mixer()
    mixer.overlay(level(0.5, 5_000))
    mixer.duck(0.2)
    down = mixer.render(500)
    mixer.unduck()
    up = mixer.render(500)
    assert down[0] == 0.5
    assert down[FADE:].tolist() == pytest.approx([0.1] * (500 - FADE))
    assert up[0] == pytest.approx(0.1)
    assert set(up[FADE:].tolist()) == {0.5}
    assert np.abs(np.diff(np.concatenate([down, up]))).max() < 0.4 / FADE * 1.01


def test_a_duck_lowers_what_starts_while_it_lasts() -> None:
    mixer = Mixer()
    mixer.duck(0.0)
    mixer.render(480)
    mixer.play(score(prompt(0, level(0.5, 480))))
    assert not mixer.render(480).any()


def test_the_volume_ramps_and_keeps_its_limits() -> None:
    mixer = Mixer()
    assert mixer.volume == 1.0
    mixer.overlay(level(0.1, 5_000))
    mixer.volume = 2.0
    out = mixer.render(2_000)
    assert out[0] == pytest.approx(0.1)
    assert np.all(np.diff(out[:960]) > 0)
    assert out[960:].tolist() == pytest.approx([0.2] * 1_040)
    mixer.volume = 100.0
    assert mixer.volume == 4.0
    mixer.volume = 0.0
    assert mixer.volume == 0.05
    with pytest.raises(ValueError, match="volume"):
        mixer.volume = float("nan")


def test_a_change_of_gain_in_mid_ramp_goes_on_from_where_it_is() -> None:
    mixer = Mixer()
    mixer.overlay(level(0.5, 5_000))
    mixer.duck(0.0)
    first = mixer.render(FADE // 2)
    mixer.unduck()
    second = mixer.render(FADE)
    assert second[0] == pytest.approx(0.25)
    assert np.abs(np.diff(np.concatenate([first, second]))).max() < 0.5 / FADE * 1.01


def test_the_limiter_leaves_speech_alone_and_never_reaches_full_scale() -> None:
    mixer = Mixer()
    steps = np.linspace(-6, 6, 4_801, dtype=np.float32)
    mixer.overlay(steps)
    out = mixer.render(len(steps))
    quiet = np.abs(steps) <= KNEE
    assert out[quiet].tolist() == steps[quiet].tolist()
    assert np.all(np.diff(out) > 0)
    assert np.abs(out).max() <= PEAK


def test_what_is_no_number_does_not_reach_the_device() -> None:
    mixer = Mixer()
    mixer.overlay(np.array([np.nan, np.inf, -np.inf, 0.5], np.float32))
    out = mixer.render(4)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= PEAK
    assert out[3] == 0.5


def test_samples_of_another_kind_are_refused_where_they_are_scheduled() -> None:
    segment = Segment(Prompt("words"), 0, 3, NOWHERE, 0)
    with pytest.raises(TypeError, match="float32"):
        Scheduled(segment, np.zeros(3))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="mono"):
        Mixer().overlay(np.zeros((3, 2), np.float32))
    with pytest.raises(ValueError, match="ends at 3"):
        Score((Scheduled(segment, None),), 2)
    with pytest.raises(ValueError, match="from 0 on"):
        Scheduled(Segment(Silence("rest", 1), -1, 3, NOWHERE, 0), None)


def test_the_story_of_a_score_is_told_in_order() -> None:
    told = Told()
    mixer = Mixer(notify=told)
    voices = prompt(0, level(0.1, 100)), hold(100, 200), prompt(150, level(0.1, 10))
    mixer.play(score(*voices, length=350), at=50)
    mixer.render(1_000)
    assert told.brief() == [
        ("CueStarted", 50),
        ("CueEnded", 150),
        ("CueStarted", 150),
        ("CueStarted", 200),
        ("CueEnded", 210),
        ("CueEnded", 350),
        ("ScoreEnded", 400),
    ]
    assert all(event.completed for event in told.events if isinstance(event, CueEnded))


def test_an_end_is_told_by_the_block_that_reaches_it() -> None:
    told = Told()
    mixer = Mixer(notify=told)
    mixer.play(score(prompt(0, level(0.1, 480))))
    mixer.render(480)
    assert told.brief() == [("CueStarted", 0), ("CueEnded", 480), ("ScoreEnded", 480)]


def test_a_cut_is_told_where_it_began_and_ends_no_score() -> None:
    told = Told()
    mixer = Mixer(notify=told)
    mixer.play(score(prompt(0, level(0.1, 1_000)), hold(0, 2_000), prompt(3_000, level(0.1, 10))))
    mixer.render(480)
    mixer.silence()
    mixer.render(9_000)
    assert told.brief() == [("CueStarted", 0), ("CueStarted", 0), ("CueEnded", 480), ("CueEnded", 480)]
    assert not any(event.completed for event in told.events if isinstance(event, CueEnded))


def test_a_sound_that_is_fading_is_not_cut_again() -> None:
    told = Told()
    mixer = Mixer(notify=told)
    mixer.play(score(prompt(0, level(0.5, 9_000))))
    mixer.render(480)
    mixer.play(score(hold(0, 100)))
    first = mixer.render(100)
    assert mixer.silence() == 480 + FADE
    assert np.all(np.diff(np.concatenate([first, mixer.render(100)])) < 0)
    assert ("CueEnded", 480) in told.brief()


def test_a_cue_that_ends_where_the_next_score_begins_was_completed() -> None:
    told = Told()
    mixer = Mixer(notify=told)
    mixer.play(score(prompt(0, level(0.1, 200)), hold(300, 50)))
    mixer.play(score(hold(0, 50)), at=200)
    mixer.render(900)
    assert told.brief() == [
        ("CueStarted", 0),
        ("CueEnded", 200),
        ("CueStarted", 200),
        ("CueEnded", 250),
        ("ScoreEnded", 250),
    ]
    assert all(event.completed for event in told.events if isinstance(event, CueEnded))


def test_a_score_that_never_began_never_ends() -> None:
    told = Told()
    mixer = Mixer(notify=told)
    mixer.play(score())
    mixer.play(score(length=100))
    mixer.render(480)
    assert told.brief() == [("ScoreEnded", 100)]


@pytest.mark.parametrize("block", [160, 480, 960])
def test_a_cue_without_length_has_its_place_in_the_story_wherever_blocks_begin(block: int) -> None:
    told = Told()
    mixer = Mixer(notify=told)
    mixer.play(score(hold(0, 480), hold(480, 0)))
    for _ in range(960 // block):
        mixer.render(block)
    assert told.brief() == [
        ("CueStarted", 0),
        ("CueEnded", 480),
        ("CueStarted", 480),
        ("CueEnded", 480),
        ("ScoreEnded", 480),
    ]


def test_the_listener_may_play_from_within_a_notification() -> None:
    mixer: Mixer

    def chain(event: Event) -> None:
        if isinstance(event, ScoreEnded):
            mixer.play(score(prompt(0, level(0.25, 100))), at=event.at)

    mixer = Mixer(notify=chain)
    mixer.play(score(prompt(0, level(0.5, 480))))
    mixer.render(480)
    assert set(mixer.render(100).tolist()) == {0.25}


def test_a_listener_that_fails_does_not_stop_the_sound() -> None:
    def fail(event: Event) -> None:
        raise RuntimeError(type(event).__name__)

    mixer = Mixer(notify=fail)
    mixer.play(score(prompt(0, level(0.5, 100))))
    assert mixer.render(50).tolist() == [0.5] * 50
    assert mixer.render(50).tolist() == [0.5] * 50
    assert str(mixer.failure) == "CueStarted"


def test_threads_that_schedule_while_blocks_are_rendered_lose_no_event() -> None:
    told = Told()
    mixer = Mixer(notify=told)
    stop = threading.Event()

    def schedule() -> None:
        while not stop.is_set():
            mixer.play(score(prompt(0, level(0.1, 700)), prompt(700, level(0.1, 700))))
            mixer.overlay(level(0.1, 10))
            mixer.silence()
            mixer.play(score(hold(0, 300)))

    threads = [threading.Thread(target=schedule) for _ in range(2)]
    for thread in threads:
        thread.start()
    blocks = [mixer.render(480) for _ in range(200)]
    stop.set()
    for thread in threads:
        thread.join()
    mixer.render(480)  # starts what was scheduled last, however the threads were switched
    mixer.silence()
    mixer.render(9_000)
    assert {len(block) for block in blocks} == {480}
    started = [id(event.segment) for event in told.events if isinstance(event, CueStarted)]
    ended = [id(event.segment) for event in told.events if isinstance(event, CueEnded)]
    assert started
    assert sorted(started) == sorted(ended)
    assert mixer.failure is None


def test_blocks_of_one_frame_are_blocks() -> None:
    tone = np.linspace(-1.5, 1.5, 400, dtype=np.float32)
    blocks = []
    for chunk in (1, 600):
        mixer = Mixer()
        mixer.volume = 1.5
        mixer.play(score(prompt(10, tone)))
        blocks.append(np.concatenate([mixer.render(chunk) for _ in range(600 // chunk)]))
    assert np.array_equal(blocks[0], blocks[1])


# --- any sequence of calls, at any block size


@dataclass(frozen=True)
class Play:
    voices: tuple[tuple[int, int, bool], ...]
    extra: int
    offset: int | None


@dataclass(frozen=True)
class Overlay:
    count: int
    offset: int | None


@dataclass(frozen=True)
class Cut:
    fade: int


@dataclass(frozen=True)
class Gain:
    duck: float
    volume: float


Action = Play | Overlay | Cut | Gain

_offsets = st.none() | st.integers(-50, 1_500)
_voices = st.tuples(st.integers(0, 1_200), st.integers(0, 900), st.booleans())
_actions = st.one_of(
    st.builds(Play, st.lists(_voices, max_size=4).map(tuple), st.integers(0, 100), _offsets),
    st.builds(Overlay, st.integers(0, 900), _offsets),
    st.builds(Cut, st.just(FADE) | st.integers(0, LONGEST_FADE)),
    st.builds(Gain, st.floats(0, 1), st.floats(0, 5)),
)
_stories = st.lists(st.tuples(_actions, st.integers(0, 1_500)), min_size=1, max_size=8)


def act(mixer: Mixer, action: Action, serial: int) -> None:
    """Do it; every voice gets its own ``step`` and its own sound."""
    at = None
    noise = np.random.default_rng(serial)
    if isinstance(action, Play | Overlay) and action.offset is not None:
        at = mixer.position + action.offset
    match action:
        case Play(voices, extra, _):
            scheduled = [
                Scheduled(
                    Segment(Prompt("words"), start, start + count, NOWHERE, 100 * serial + index),
                    noise.uniform(-0.4, 0.4, count).astype(np.float32) if sounds else None,
                )
                for index, (start, count, sounds) in enumerate(voices)
            ]
            mixer.play(score(*scheduled, length=max([s + c for s, c, _ in voices], default=0) + extra), at)
        case Overlay(count, _):
            mixer.overlay(noise.uniform(-0.4, 0.4, count).astype(np.float32), at)
        case Cut(fade):
            mixer.silence(fade)
        case Gain(duck, volume):
            mixer.duck(duck)
            mixer.volume = volume


def perform(story: list[tuple[Action, int]], chunk: int) -> tuple[Samples, list[Event], Mixer]:
    """Do each action and let the frames after it pass in blocks of ``chunk``."""
    told = Told()
    mixer = Mixer(notify=told)
    blocks = []
    for serial, (action, gap) in enumerate([*story, (Cut(FADE), 9_600)]):
        act(mixer, action, serial)
        blocks += [mixer.render(min(chunk, gap - done)) for done in range(0, gap, chunk)]
    assert mixer.failure is None
    return np.concatenate([np.zeros(0, np.float32), *blocks]), told.events, mixer


@settings(max_examples=150, deadline=None)
@given(_stories, st.integers(40, 700))
def test_the_size_of_blocks_changes_neither_sound_nor_story(story: list[tuple[Action, int]], chunk: int) -> None:
    whole, told_whole, _ = perform(story, 48_000)
    cut, told_cut, _ = perform(story, chunk)
    assert np.array_equal(whole, cut)
    assert told_whole == told_cut


@settings(max_examples=200, deadline=None)
@given(_stories, st.integers(100, 2_000))
def test_every_cue_that_started_ends_once_in_order(story: list[tuple[Action, int]], chunk: int) -> None:
    out, events, mixer = perform(story, chunk)
    assert np.abs(out).max() <= PEAK
    assert not out[-9_600 + LONGEST_FADE :].any()
    positions = [event.at for event in events]
    assert positions == sorted(positions)
    starts = {event.segment.step: event.at for event in events if isinstance(event, CueStarted)}
    ends = [event for event in events if isinstance(event, CueEnded)]
    assert len(starts) == sum(isinstance(event, CueStarted) for event in events)
    assert sorted(starts) == sorted(event.segment.step for event in ends)
    for event in ends:
        length = event.segment.end - event.segment.start
        held = event.at - starts[event.segment.step]
        assert held == length if event.completed else held < length
    assert mixer.position == len(out)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2_000), st.integers(1, 48_000), st.integers(0, 480))
def test_silence_comes_within_the_next_block(before: int, block: int, fade: int) -> None:
    mixer = Mixer()
    mixer.play(score(prompt(0, level(0.5, 60_000)), prompt(60_000, level(0.5, 9_000))))
    mixer.overlay(level(0.25, 60_000))
    mixer.render(before)
    quiet_from = mixer.silence(fade)
    assert before <= quiet_from <= before + fade
    out = np.concatenate([mixer.render(block), mixer.render(20_000)])
    assert not out[quiet_from - before :].any()


# --- free moments


def free_from(mixer: Mixer, ahead: float, seconds: float) -> list[bool]:
    """Whether it is free, asked ten times a second."""
    answers = []
    for _ in range(round(seconds * 10)):
        answers.append(mixer.is_free(ahead))
        mixer.render(STREAM_RATE // 10)
    return answers


def moments(answers: list[bool]) -> list[tuple[float, float]]:
    """From when to when they were yes, in seconds."""
    edges = np.flatnonzero(np.diff([False, *answers, False]))
    return [(first / 10, last / 10) for first, last in edges.reshape(-1, 2).tolist()]


def test_it_is_free_only_a_while_after_a_sound_and_before_the_next() -> None:
    mixer, second = Mixer(), STREAM_RATE
    rest = Scheduled(Segment(Silence("rest", 10.0), second, 11 * second, NOWHERE, 0), None)
    mixer.play(score(prompt(0, level(0.1, second)), rest, prompt(11 * second, level(0.1, second))))
    assert moments(free_from(mixer, 1.0, 14.9)) == [(1.0 + FREE_AFTER_SECONDS, 10.1)]


def test_it_is_not_free_in_a_hold_however_silent_nor_before_one() -> None:
    mixer, second = Mixer(), STREAM_RATE
    mixer.play(score(hold(10 * second, 30 * second), length=50 * second))
    assert moments(free_from(mixer, 1.0, 50.0)) == [(3.0, 9.1), (40.0 + FREE_AFTER_SECONDS, 50.0)]


def test_a_hold_that_was_cut_is_over() -> None:
    mixer = Mixer()
    mixer.play(score(hold(0, 30 * STREAM_RATE)))
    mixer.render(STREAM_RATE)
    mixer.silence()
    assert moments(free_from(mixer, 0.0, 6.0)) == [(FREE_AFTER_SECONDS, 6.0)]


def test_what_is_laid_over_and_what_is_in_one_long_block_counts_too() -> None:
    mixer = Mixer()
    mixer.render(frames(FREE_AFTER_SECONDS))
    assert mixer.is_free(1.0)
    mixer.overlay(level(0.1, 480), at=mixer.position + STREAM_RATE // 2)
    assert mixer.is_free(0.4)
    assert not mixer.is_free(1.0)
    mixer.render(STREAM_RATE)
    assert not mixer.is_free(0.0)
    mixer.render(frames(FREE_AFTER_SECONDS))
    assert mixer.is_free(0.0)
