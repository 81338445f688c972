"""What the screen shows, as text: a pure function of what is known, at every size and with any name."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from voicecoach.big_letters import draw
from voicecoach.glance import Glance, Listening
from voicecoach.news import News
from voicecoach.outline import Outline
from voicecoach.routine.model import Exercise, Hold, Range, Routine, Say
from voicecoach.screen import KEYS_SHOWN, Shown, clock, compose, plain, render, wrap
from voicecoach.session import cues
from voicecoach.session.cues import Place
from voicecoach.session.plan import make_plan
from voicecoach.session.states import State
from voicecoach.session.wording import wording
from voicecoach.units import STREAM_RATE as RATE
from voicecoach.voice_meter import Reading

ADVICE = {reason: wording().talk(reason) for reason in ("pain", "emergency")}
SIZES = [(40, 20), (80, 24), (120, 40)]


def routine(name: str = "Wrist extension", title: str = "Wrist stretches") -> Routine:
    exercise = Exercise(
        id="ext", name=name, sides="both", limb="arm", repetitions=Range(low=3, high=3),
        steps=(Say(say="Pull."), Hold(hold=Range(low=15, high=15))),
    )  # fmt: skip
    return Routine(
        format=1, title=title, exercises=(exercise, exercise.model_copy(update={"id": "flex", "name": "Wrist flexion"}))
    )


def outline(**names: str) -> Outline:
    plan = make_plan(routine(**names))
    return Outline.of(routine(**names), plan)


def step_at(shape: Outline, place: Place) -> int:
    return next(index for index, (_, found) in enumerate(shape.places) if found == place)


def shown(state: State = State.HOLDING, *, names: dict[str, str] | None = None, news: News | None = None,
          meter: Reading | None = None, **fields: Any) -> Shown:  # fmt: skip
    """Five seconds into a hold of 15, second repetition of three on the right, unless told otherwise."""
    shape = outline(**(names or {}))
    place = Place("ext", "right", 2)
    glance = Glance(
        at=105 * RATE, state=state, place=place, step=step_at(shape, place), left=125 * RATE,
        cue=cues.Hold(15.0), begun=100 * RATE, until=115 * RATE, level=-50.0,
    )  # fmt: skip
    return Shown(shape, replace(glance, **fields), news or News(), meter, 250 * RATE, ADVICE)


def text_of(what: Shown, width: int = 80, height: int = 24, **options: Any) -> str:
    console = Console(file=io.StringIO(), record=True, width=width, height=height, highlight=False)
    console.print(render(what, width, height, **options))
    return console.export_text()


def has_large(text: str, word: str, scale: int, ascii_only: bool = False) -> bool:
    """Whether ``word`` is drawn anywhere at this scale: its rows one below the other, in the same column."""
    lines, drawn = text.splitlines(), draw(word, scale, ascii_only=ascii_only)
    for top, line in enumerate(lines):
        for found in re.finditer(re.escape(drawn[0].rstrip()), line):
            below = lines[top : top + len(drawn)]
            wide = len(drawn[0])
            cut = [row.ljust(200)[found.start() : found.start() + wide] for row in below]
            if cut == drawn:
                return True
    return False


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_hold_shows_its_exercise_side_repetition_countdown_and_what_follows(width: int, height: int) -> None:
    text = text_of(shown(), width, height)
    scale = {40: 2, 80: 3, 120: 6}[width]
    assert has_large(text, "10", scale)
    assert "2:05 left" in text
    assert "Next: left arm" in text
    assert "h hurts" in text or "h it hurts" in text
    if width == 40:
        assert "Wrist extension" in text
        assert has_large(text, "right 2/3", 1)
    else:
        assert has_large(text, "Wrist extension", 1)
        assert has_large(text, "right arm   2 of 3", 1) is (height >= 26)
        assert ("right arm   2 of 3" in text) is (height < 26)


def test_the_next_exercise_is_named_with_its_side() -> None:
    place = Place("ext", "left", 2)
    assert "Next: Wrist flexion, right arm" in text_of(shown(place=place, step=step_at(outline(), place)))
    last = Place("flex", "left", 2)
    assert "Next: the end" in text_of(shown(place=last, step=step_at(outline(), last)))


@pytest.mark.parametrize(("seconds", "digits"), [(0.01, "1"), (1.0, "1"), (9.5, "10"), (10.0, "10"), (14.99, "15")])
def test_a_countdown_shows_the_second_that_is_running(seconds: float, digits: str) -> None:
    assert has_large(text_of(shown(at=round((115 - seconds) * RATE))), digits, 3)


def test_a_long_wait_is_counted_in_minutes() -> None:
    wait = shown(State.RESTING, cue=cues.Silence("wait", 900.0), begun=0, until=(105 + 725) * RATE)
    text = text_of(wait)
    assert has_large(text, "12:05", 2) or has_large(text, "12:05", 3)
    assert has_large(text, "WAIT", 1) or has_large(text, "WAIT", 2)
    assert clock(725) == "12:05"


@pytest.mark.parametrize(
    ("reason", "word"), [("lead_in", "Ready"), ("rest", "Rest"), ("move", "Move"), ("wait", "Wait")]
)
def test_every_silence_that_matters_is_named(reason: str, word: str) -> None:
    text = text_of(shown(State.RESTING, cue=cues.Silence(reason, 15.0)))
    assert any(has_large(text, word, scale) for scale in (1, 2, 3))


def test_a_gap_between_two_sentences_is_not_counted_down() -> None:
    text = text_of(shown(State.INSTRUCTING, cue=cues.Silence("gap", 0.5), news=News("Straighten your elbow.", True)))
    assert has_large(text, "Straighten your", 1)
    assert not has_large(text, "10", 3)


@pytest.mark.parametrize(
    ("state", "word", "hint"),
    [
        (State.PAUSED, "Paused", "space"),
        (State.ASKING, "Yes or no?", "y or n"),
        (State.WAITING, "Yes or no?", "y or n"),
        (State.CHECK_IN, "All fine?", "Say fine"),
        (State.CHECK_IN_WAITING, "All fine?", "say fine"),
        (State.CHECKING, "Did it hurt?", "y: it hurt"),
        (State.STOPPING, "Stopped", ""),
    ],
)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_state_that_waits_says_what_for(state: State, word: str, hint: str, width: int, height: int) -> None:
    text = text_of(shown(state), width, height)
    assert any(has_large(text, word, scale) for scale in (1, 2, 3)) or word.upper() in text
    assert hint in " ".join(text.split())


@pytest.mark.parametrize("key", ["approval", "after_pain", "check_in", "did_it_hurt"])
@pytest.mark.parametrize(("width", "height"), [*SIZES, (40, 16)])
def test_a_question_is_there_to_be_read_while_its_answer_is_awaited(key: str, width: int, height: int) -> None:
    state = {"check_in": State.CHECK_IN, "did_it_hurt": State.CHECKING}.get(key, State.ASKING)
    question = wording().say(key)
    text = " ".join(text_of(shown(state, news=News(question)), width, height).split())
    assert question in text


@pytest.mark.parametrize("reason", ["pain", "emergency"])
@pytest.mark.parametrize(("width", "height"), [*SIZES, (40, 15), (80, 10)])
def test_the_safety_talk_shows_all_of_the_advice(reason: str, width: int, height: int) -> None:
    news = News(ADVICE[reason][0], True, is_emergency=reason == "emergency")
    text = " ".join(text_of(shown(State.SAFETY_TALK, news=news), width, height).split())
    for sentence in ADVICE[reason]:
        assert sentence in text


def test_what_is_said_and_heard_is_there() -> None:
    news = News().after(100.0, "prompt", {"text": "Hold for 15 seconds, from chime to chime."})
    news = news.after(104.0, "heard", {"phrase": "how long", "command": "time_left", "tier": "firm"})
    text = text_of(shown(news=news))
    assert "Hold for 15 seconds, from chime to chime." in text
    assert "Heard “how long”: time left" in text
    assert "Heard" not in text_of(shown(news=replace(news, heard_at=10.0)))


def test_a_key_is_not_said_to_be_heard_and_doubt_is() -> None:
    key = News().after(104.0, "heard", {"phrase": "[space]", "command": "pause", "tier": "firm"})
    assert "Key space: pause" in text_of(shown(news=key))
    doubt = News().after(104.0, "heard", {"phrase": "stop", "command": "stop", "tier": "weak"})
    assert "Heard “stop” (not sure)" in text_of(shown(news=doubt))


def test_help_shows_every_key_at_every_size_and_goes_with_the_next_command() -> None:
    help_asked = News().after(104.0, "heard", {"phrase": "[?]", "command": "help", "tier": "firm"})
    for width, height in SIZES:
        text = " ".join(text_of(shown(news=help_asked), width, height).split())
        for key, what in KEYS_SHOWN:
            assert re.search(rf"{re.escape(key)}:? {re.escape(what)}", text), (width, key)
    paused = help_asked.after(105.0, "heard", {"phrase": "[space]", "command": "pause", "tier": "firm"})
    assert "say it again" not in text_of(shown(State.PAUSED, news=paused))


def test_the_meter_says_when_a_voice_would_be_heard() -> None:
    assert "loud enough" in text_of(shown(meter=Reading(0.7, 0.5)))
    quiet = text_of(shown(meter=Reading(0.3, 0.5)))
    assert "loud enough" not in quiet
    assert "Listening" in quiet
    assert "┃" in quiet


@pytest.mark.parametrize(
    ("listening", "words"),
    [(Listening.DEAF, "I cannot hear you: use the keys"), (Listening.KEYS, "No microphone: use the keys")],
)
def test_a_coach_that_does_not_listen_says_so(listening: Listening, words: str) -> None:
    text = text_of(shown(listening=listening))
    assert words in text
    assert "Listening" not in text


def test_trouble_is_shown_for_a_while() -> None:
    news = News().after(100.0, "trouble", {"what": "the microphone is gone"})
    assert "the microphone is gone" in text_of(shown(news=news))
    assert "the microphone is gone" not in text_of(shown(news=replace(news, trouble_at=50.0)))


def test_an_exercise_that_is_left_out_is_not_announced() -> None:
    shape = outline()
    after_left = shape.following(step_at(shape, Place("ext", "left", 1)))
    assert after_left is not None
    assert after_left.exercise == "flex"
    following = shape.following(step_at(shape, Place("ext", "right", 2)), {"ext"})
    assert following is not None
    assert following.exercise == "flex"
    assert shape.following(len(shape.places) - 1) is None


@pytest.mark.parametrize("width", [40, 80, 120])
def test_without_colour_and_in_ascii_nothing_is_lost(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, no_color=True, force_terminal=True, color_system="standard")
    console.print(render(shown(meter=Reading(0.7, 0.5)), width, 24, ascii_only=True))
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert not re.search(r"\x1b\[[0-9;]*(?:3[0-7]|4[0-7]|9[0-7])[0-9;]*m", written)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", written)
    assert bare.isascii()
    assert "Wrist extension" in bare
    assert any(has_large(bare, "10", scale, ascii_only=True) for scale in (1, 2, 3))


AWKWARD = [
    "A very long name of an exercise that no terminal of a sensible size has room for in one line of large letters",
    "手首の伸展ストレッチ" * 5,
    "שלום עולם תרגיל ארוך מאוד",
    "\x1b[2J\x1b[1;1Hgone\x07\r\n\x9b31m",
    "a\u202eb\u2066c\u200fd",
    "👩‍👩‍👧‍👦 family 🧘",
    "e\u0301" * 60,
    "x" * 300,
]


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_no_name_leaves_its_line_or_moves_the_cursor(name: str, width: int, height: int) -> None:
    what = shown()
    exercises = {key: exercise.model_copy(update={"name": name}) for key, exercise in what.outline.exercises.items()}
    odd = replace(
        what, outline=replace(what.outline, exercises=exercises, title=name), news=News(name, True, name, 104.0)
    )
    for state in State:
        lines = compose(replace(odd, glance=replace(odd.glance, state=state)), width, height)
        assert len(lines) == height
        for line in lines:
            assert cell_len(line.plain) <= width - 1
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", line.plain)


@given(
    st.integers(1, 200), st.integers(0, 70), st.sampled_from(State), st.integers(0, 4000), st.sampled_from(Listening),
    st.booleans(), st.text(max_size=80),
)  # fmt: skip
def test_every_size_and_state_is_exactly_as_high_as_the_terminal(
    width: int, height: int, state: State, left: int, listening: Listening, ascii_only: bool, said: str
) -> None:
    what = shown(state, left=left * RATE, until=(100 + left) * RATE, listening=listening, news=News(said, True))
    lines = compose(what, width, height, ascii_only=ascii_only)
    assert len(lines) == height
    assert all(cell_len(line.plain) <= max(0, width - 1) for line in lines)


@given(st.text(max_size=200), st.integers(8, 100))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(plain(text).split())
    assert all(cell_len(line) <= width for line in lines)
