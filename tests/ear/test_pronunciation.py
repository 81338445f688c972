"""Text as phones: by a small dictionary here, by the recogniser's own where it is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.ear.pronunciation import Pronunciation

DICTIONARY = {
    "bend": "B EH N D",
    "the": "DH AH",
    "the(2)": "DH IY",
    "hurt": "HH ER T",
    "box": "B AA K S",
    "stop": "S T AA P",
    "make": "M EY K",
    "carry": "K EH R IY",
    "finger": "F IH NG G ER",
    "tip": "T IH P",
    "color": "K AH L ER",
    "orthopedic": "AO R TH AH P IY D IH K",
    "right": "R AY T",
    "left": "L EH F T",
    "fifteen": "F IH F T IY N",
    "sixty": "S IH K S T IY",
    "two": "T UW",
    "a": "AH",
}


def ways(word: str) -> list[str]:
    return [" ".join(way) for way in Pronunciation(DICTIONARY.get).of_word(word)]


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("Bend", ["B EH N D"]),
        ("the", ["DH AH", "DH IY"]),
        ("hurts", ["HH ER T S"]),
        ("fingers", ["F IH NG G ER Z"]),
        ("boxes", ["B AA K S IH Z"]),
        ("finger's", ["F IH NG G ER Z"]),
        ("bending", ["B EH N D IH NG"]),
        ("making", ["M EY K IH NG"]),
        ("stopped", ["S T AA P T"]),
        ("carried", ["K EH R IY D"]),
        ("nonstop", ["N AA N S T AA P"]),
        ("fingertip", ["F IH NG G ER T IH P"]),
        ("fingertips", ["F IH NG G ER T IH P S"]),
        ("colour", ["K AH L ER"]),
        ("orthopaedic", ["AO R TH AH P IY D IH K"]),
        ("flux", []),
        ("tipflux", []),
        ("s", []),
        ("ing", []),
    ],
)
def test_what_the_dictionary_lacks_is_made_of_what_it_has_or_is_unknown(word: str, phones: list[str]) -> None:
    assert ways(word) == phones


def test_a_text_is_its_words_where_they_stand_with_numbers_read_out_and_braces_filled_in() -> None:
    text = "Bend the {side}, 15 or 62\u2014flux 100 {rep}."
    found = list(Pronunciation(DICTIONARY.get).of_text(text))
    assert [(text[word.start : word.end], [" ".join(way) for way in word.ways]) for word in found] == [
        ("Bend", ["B EH N D"]),
        ("the", ["DH AH", "DH IY"]),
        ("{side}", ["R AY T", "L EH F T"]),
        ("15", ["F IH F T IY N"]),
        ("or", []),
        ("62", ["S IH K S T IY T UW"]),
        ("flux", []),
        ("100", []),
        ("{rep}", []),
    ]


def test_a_curly_apostrophe_is_an_apostrophe() -> None:
    (word,) = Pronunciation({"can't": "K AE N T"}.get).of_text("can\u2019t")
    assert word.ways == (("K", "AE", "N", "T"),)


@given(st.text(max_size=60))
def test_any_text_has_its_words_in_order(text: str) -> None:
    found = list(Pronunciation(DICTIONARY.get).of_text(text))
    places = [place for word in found for place in (word.start, word.end)]
    assert places == sorted(places)
    assert all(text[word.start : word.end].strip() for word in found)
