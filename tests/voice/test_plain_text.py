"""What is left of a text for an engine to say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.voice.plain_text import plain_text


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hold it there.", "Hold it there."),
        ('He said "now", didn\u2019t he?', 'He said "now", didn\u2019t he?'),
        ("Hold <break time='3s'/> it.", "Hold it."),
        ('<speak version="1.1"><prosody rate="x-slow">Hold</prosody></speak>', "Hold"),
        ("<!-- no --><?xml version='1.0'?>yes", "yes"),
        ("Hold [[rate 400]] it.", "Hold it."),
        ("less than < and > more", "less than and more"),
        ("a & b", "a & b"),
        ("over\nthree\r\n\tlines", "over three lines"),
        ("nul\0 bell\a escape\x1b[31m", "nul bell escape 31m"),
        ("sm\u200bile \U0001f600 \U0001f469\u200d\U0001f9bd\ufe0f!", "smile !"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u202eevil\u202c", "evil"),
        ("45\u00b0 at 20 \u00b5m", "45\u00b0 at 20 \u00b5m"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("alone \ud800 surrogate", "alone surrogate"),
    ],
)
def test_only_words_are_left(text: str, spoken: str) -> None:
    assert plain_text(text) == spoken


@pytest.mark.parametrize("text", ["", " \n", "...", "\U0001f600", "<break/>", "\0", "[[x]]", "\u200d", "-- !? --"])
def test_nothing_to_say_is_empty(text: str) -> None:
    assert plain_text(text) == ""


@given(st.text(alphabet=st.characters()))
def test_whatever_comes_one_clean_line_is_left_and_cleaning_it_again_changes_nothing(text: str) -> None:
    spoken = plain_text(text)
    assert spoken.isprintable()
    assert not set(spoken) & set("<>[]\n\0")
    assert plain_text(spoken) == spoken
