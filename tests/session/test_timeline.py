"""Every cue on its sample: doses exact, sentences whole, marks where they belong."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.session.cues import Cue, Earcon, Hold, Place, Prompt, Segment, Sound, Timeline
from voicecoach.session.cues import Silence as Quiet
from voicecoach.session.timeline import Entry, Lengths, hold_marks, lay_out, silence_frames

RATE = 48_000
EARCON = 9_600
LENGTHS = Lengths(lambda text: 1_000 * len(text) + 1, lambda _: EARCON, RATE)
NOWHERE = Place()
HELD = (Quiet("lead_in", 4), Hold(15), Quiet("gap", 1), Prompt("let go"))


def laid(*cues: Cue, speed: float = 1.0, lengths: Lengths = LENGTHS) -> Timeline:
    return lay_out([Entry(cues, NOWHERE, 0)], lengths, speed)


def at(timeline: Timeline, sound: Sound) -> list[int]:
    return [s.start for s in timeline.segments if s.cue == Earcon(sound)]


@given(st.integers(1, 600), st.sampled_from([16_000, 22_050, 44_100, 48_000]), st.floats(0.5, 2.0))
def test_a_hold_is_exactly_its_seconds_at_any_speed(seconds: int, rate: int, speed: float) -> None:
    lengths = Lengths(LENGTHS.prompt, LENGTHS.earcon, rate)
    timeline = laid(Prompt("now"), Quiet("lead_in", 4), Hold(seconds), Quiet("gap", 1), speed=speed, lengths=lengths)
    assert at(timeline, Sound.END)[0] - at(timeline, Sound.START)[0] == seconds * rate


def test_the_marks_of_a_hold() -> None:
    assert hold_marks(Hold(15), 1_000) == [
        (Sound.START, 0),
        (Sound.HALF_WAY, 7_500),
        (Sound.TICK, 12_000),
        (Sound.TICK, 13_000),
        (Sound.TICK, 14_000),
        (Sound.END, 15_000),
    ]


@pytest.mark.parametrize(
    ("seconds", "ticks", "half_way"),
    [(1, 0, False), (2, 1, False), (3, 2, False), (3.2, 2, False), (3.5, 3, False), (9.9, 3, False), (10, 3, True)],
)
def test_short_holds_have_no_mark_that_would_meet_another(seconds: float, ticks: int, half_way: bool) -> None:
    sounds = [sound for sound, _ in hold_marks(Hold(seconds), RATE)]
    assert sounds.count(Sound.TICK) == ticks
    assert (Sound.HALF_WAY in sounds) == half_way


@given(st.floats(1, 600))
def test_marks_of_one_hold_never_overlap(seconds: float) -> None:
    offsets = [offset for _, offset in hold_marks(Hold(seconds), RATE)]
    assert all(second - first >= EARCON for first, second in itertools.pairwise(offsets))


@given(st.lists(st.sampled_from(["a", "abc", "a longer sentence"]), min_size=1, max_size=5), st.floats(0.5, 2.0))
def test_no_sentence_is_cut_or_covered(texts: list[str], speed: float) -> None:
    cues = [cue for text in texts for cue in (Prompt(text), Quiet("gap", 0.5), *HELD, Earcon(Sound.SWITCH_SIDES))]
    timeline = laid(*cues, speed=speed)
    sounding = [s for s in timeline.segments if isinstance(s.cue, Prompt | Earcon)]
    assert all(first.end <= second.start for first, second in itertools.pairwise(sounding))
    for segment in sounding:
        if isinstance(segment.cue, Prompt):
            assert segment.end - segment.start == LENGTHS.prompt(segment.cue.text)
    assert timeline.length == max(s.end for s in timeline.segments)


def test_speed_scales_rests_never_holds_or_waits() -> None:
    for speed in (0.5, 1.0, 2.0):
        assert silence_frames(Quiet("rest", 5), RATE, speed) == round(5 * RATE / speed)
        assert silence_frames(Quiet("wait", 900), RATE, speed) == 900 * RATE


def test_sentences_stay_apart_however_fast() -> None:
    assert silence_frames(Quiet("gap", 0.5), RATE, 2.0) == round(0.3 * RATE)
    assert silence_frames(Quiet("gap", 0.1), RATE, 2.0) == round(0.1 * RATE)
    assert silence_frames(Quiet("gap", 0), RATE, 2.0) == 0


def test_a_timeline_literally() -> None:
    lengths = Lengths(lambda _: 7, lambda _: 2, 10)
    timeline = lay_out(
        [Entry((Prompt("hold"), Quiet("lead_in", 1), Hold(2), Quiet("gap", 1)), Place("pull", "right", 1), 4)], lengths
    )
    here = Place("pull", "right", 1)
    assert timeline == Timeline(
        (
            Segment(Prompt("hold"), 0, 7, here, 4),
            Segment(Quiet("lead_in", 1), 7, 17, here, 4),
            Segment(Hold(2), 17, 37, here, 4),
            Segment(Earcon(Sound.START), 17, 19, here, 4),
            Segment(Earcon(Sound.TICK), 27, 29, here, 4),
            Segment(Earcon(Sound.END), 37, 39, here, 4),
            Segment(Quiet("gap", 1), 37, 47, here, 4),
        ),
        47,
        10,
    )


def test_the_last_earcon_belongs_to_the_length() -> None:
    assert laid(Hold(2)).length == 2 * RATE + EARCON
    assert laid().length == 0


COMMANDS = Lengths(LENGTHS.prompt, LENGTHS.earcon, RATE, is_command=lambda text: "stop" in text)


def gap_after(text: str, timeline: Timeline) -> int:
    spoken = next(index for index, s in enumerate(timeline.segments) if s.cue == Prompt(text))
    quiet = timeline.segments[spoken + 1]
    assert isinstance(quiet.cue, Quiet)
    return quiet.end - quiet.start


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_a_second_of_quiet_follows_what_the_ear_would_take_for_a_command(speed: float) -> None:
    cues = (Prompt("stop"), Quiet("gap", 0.5), Prompt("go"), Quiet("gap", 0.5))
    timeline = laid(*cues, speed=speed, lengths=COMMANDS)
    assert gap_after("stop", timeline) == RATE
    assert gap_after("go", timeline) == silence_frames(Quiet("gap", 0.5), RATE, speed)


def test_quiet_that_is_long_enough_stays_as_it_is_and_a_dose_always_does() -> None:
    assert gap_after("stop", laid(Prompt("stop"), Quiet("rest", 5), lengths=COMMANDS)) == 5 * RATE
    assert gap_after("stop", laid(Prompt("stop"), Quiet("wait", 0.4), lengths=COMMANDS)) == round(0.4 * RATE)


@given(st.floats(1, 60), st.floats(0.5, 2.0), st.floats(0, 5))
def test_it_never_changes_a_hold_by_a_sample(seconds: float, speed: float, lead_in: float) -> None:
    cues = (Prompt("stop"), Quiet("lead_in", lead_in), Hold(seconds), Quiet("gap", 1), Prompt("stop"))
    plain, quiet = laid(*cues, speed=speed), laid(*cues, speed=speed, lengths=COMMANDS)

    def marks(timeline: Timeline) -> list[int]:
        hold = next(s for s in timeline.segments if isinstance(s.cue, Hold))
        return [s.start - hold.start for s in timeline.segments if isinstance(s.cue, Earcon)] + [hold.end - hold.start]

    assert marks(quiet) == marks(plain)
