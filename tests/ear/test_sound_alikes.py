"""What sounds like a command in a text: by the recogniser's own dictionary, and by a small one against an oracle."""

import re
import time
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.bundled import bundled
from voicecoach.ear.phonetic_distance import omission, substitution
from voicecoach.ear.pronunciation import Pronunciation
from voicecoach.ear.sound_alikes import (
    ANSWERING,
    WHILE_A_ROUTINE_SPEAKS,
    Match,
    SoundAlikes,
    best,
    open_sound_alikes,
)
from voicecoach.routine.checker import spoken_texts
from voicecoach.routine.loader import load
from voicecoach.session.commands import URGENT, Command, Phrase, phrases


@cache
def sound_alikes() -> SoundAlikes:
    return open_sound_alikes()


def found(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.command) for one in sound_alikes()(text)]


@pytest.mark.parametrize(
    ("text", "words", "command"),
    [
        ("Then stop.", "stop", "stop"),
        ("Mind the cat's paws.", "paws", "pause"),
        ("Tell me when her hurts end.", "her hurts", "it hurts"),
        ("Put your weight on it.", "weight", "wait"),
        ("Look through the pane.", "pane", "pain"),
        ("Mister Payne says so.", "Payne", "pain"),
        ("Play Bach.", "Bach", "back"),
        ("Your bag lies there.", "bag", "back"),
        ("With the necks straight.", "necks", "next"),
        ("The carrion crow.", "carrion", "carry on"),
        ("It stopped there.", "stopped", "stop"),
        ("A tie left there.", "tie left", "time left"),
        ("The time {side} of you.", "time {side}", "time left"),
        ("Do you know?", "know", "no"),
        ("How does it feel: fine?", "fine", "fine"),
    ],
)
def test_words_that_sound_like_a_command_are_found(text: str, words: str, command: str) -> None:
    assert found(text) == [(words, command)]


@pytest.mark.parametrize(
    "text",
    [
        "Move as you can't you know.",
        "You know that there is no other.",
        "That is fine, and yes, it is done well.",
        "Lift the other side.",
        "Pull the fingers toward your body, and rest them.",
        "Bend it. Hurry home.",
        "Keep it. Her turn.",
        "Turn the hand backward.",
        "Close your hand tightly.",
        "",
    ],
)
def test_what_does_not_is_left_alone(text: str) -> None:
    """Answers mean nothing where nothing is asked, and nothing is heard across the end of a sentence."""
    assert found(text) == []


@pytest.mark.parametrize("phrase", phrases(), ids=lambda phrase: phrase.text)
def test_every_phrase_sounds_like_itself(phrase: Phrase) -> None:
    asked = phrase.command in ANSWERING
    text = f"Say {phrase.text}{'?' if asked else '.'}"
    assert (phrase.text, phrase.text) in found(text)
    if asked:
        assert not [one for one in found(f"Say {phrase.text}.") if one[1] == phrase.text]


def test_what_is_armed_when() -> None:
    assert {Command.YES, Command.NO, Command.FINE} <= ANSWERING
    assert {*URGENT, Command.PAUSE, Command.RESUME, Command.REPEAT, Command.NEXT} <= WHILE_A_ROUTINE_SPEAKS
    assert frozenset(Command) == ANSWERING | WHILE_A_ROUTINE_SPEAKS


def test_a_word_that_nobody_can_pronounce_is_named_and_hides_nothing_else() -> None:
    assert sound_alikes().unknown("The flumbix, and the palm.") == ["flumbix"]
    assert found("The flumbix paws.") == [("paws", "pause")]


def test_placeholders_and_numbers_are_no_words_that_a_dictionary_could_have() -> None:
    assert sound_alikes().unknown("Flumbix for {seconds}, {rep} of 120, {side}: \u0661\u0662\u0663.") == ["Flumbix"]


def test_ordinary_prose_is_not_flooded(repository: Path) -> None:
    """The licence, a text that nobody wrote for this: some words in a thousand."""
    text = (repository / "LICENSE").read_text(encoding="utf-8")
    words = len(re.findall(r"[A-Za-z']+", text))
    hits = sum(len(sound_alikes()(paragraph)) for paragraph in text.split("\n\n"))
    assert words > 1000
    assert hits * 1000 / words < 8


def test_a_whole_routine_takes_less_than_two_seconds() -> None:
    texts = [text for _, text in spoken_texts(load(bundled("scripts") / "arms-and-hands.yaml"))]
    fresh = open_sound_alikes()
    began = time.process_time()
    for text in texts:
        fresh(text)
    assert time.process_time() - began < 2.0


PHONES = ("S", "T", "AA", "P", "IH", "ER", "N")
WORDS = {"x": "S T", "y": "AA P", "z": "IH", "z(2)": "ER T", "w": "N", "v": "T AA P N"}
PATTERNS = st.lists(st.sampled_from(PHONES), min_size=1, max_size=4).map(tuple)


def distance(stretch: tuple[str, ...], pattern: tuple[str, ...]) -> float:
    """The weighted edit distance, as its definition says."""
    if not stretch or not pattern:
        return sum(map(omission, stretch + pattern))
    return min(
        distance(stretch[1:], pattern[1:]) + substitution(stretch[0], pattern[0]),
        distance(stretch[1:], pattern) + omission(stretch[0]),
        distance(stretch, pattern[1:]) + omission(pattern[0]),
    )


def cheapest(words: list[tuple[tuple[str, ...], ...]], pattern: tuple[str, ...]) -> float:
    """Over every choice of pronunciations, first word, and phones left over in the first and the last word, not all."""
    least = float("inf")
    for first in range(len(words)):
        for ways in product(*words[first:]):
            phones, last = sum(ways, ()), len(ways[-1])
            for begin, end in product(range(len(ways[0])), range(len(phones) - last + 1, len(phones) + 1)):
                if begin <= end:
                    over = 0.5 * sum(map(omission, phones[:begin] + phones[end:]))
                    least = min(least, over + distance(phones[begin:end], pattern))
    return least / len(pattern)


@given(st.lists(st.sampled_from(["x", "y", "z", "w", "v"]), min_size=1, max_size=3), PATTERNS)
def test_the_cheapest_stretch_is_found(words: list[str], pattern: tuple[str, ...]) -> None:
    phrase = Phrase("a phrase", Command.STOP)
    clause = list(Pronunciation(WORDS.get).of_text(" ".join(words)))
    matches = SoundAlikes(WORDS.get, [(phrase, pattern)]).matches(clause, most=9.0)
    (at_the_end,) = [match for match in matches if match.last == len(clause) - 1]
    assert at_the_end.cost == pytest.approx(cheapest([word.ways for word in clause], pattern))


def match(first: int, last: int, cost: float, phones: int = 4) -> Match:
    return Match(first, last, Phrase("stop", Command.STOP), cost, phones)


def test_of_two_that_overlap_the_more_alike_is_kept_and_then_the_longer() -> None:
    assert best([match(0, 1, 0.1), match(1, 1, 0.0), match(2, 2, 0.1)]) == [match(1, 1, 0.0), match(2, 2, 0.1)]
    assert best([match(0, 0, 0.0, 4), match(0, 2, 0.0, 9)]) == [match(0, 2, 0.0, 9)]
    assert best([]) == []
