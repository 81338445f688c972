"""Large letters: their size is what is announced, and what has no shape is known beforehand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.big_letters import can_draw, columns_of, draw, rows_of

DRAWABLE = st.text(st.sampled_from("ABCXYZabcxyz0123456789:.,-/?!'() "), min_size=1, max_size=20)


@given(DRAWABLE, st.integers(1, 6), st.booleans())
def test_a_drawing_has_the_size_that_was_announced(text: str, scale: int, ascii_only: bool) -> None:
    drawn = draw(text, scale, ascii_only=ascii_only)
    assert len(drawn) == rows_of(scale, ascii_only=ascii_only)
    assert {len(row) for row in drawn} == {columns_of(text, scale)}


def test_a_seven_looks_like_one() -> None:
    assert draw("7", 1) == ["▀▀█", "  █", "  ▀"]
    assert draw("7", 1, ascii_only=True) == ["###", "  #", "  #", "  #", "  #"]


def test_ten_digits_and_all_letters_differ() -> None:
    shapes = {character: tuple(draw(character, 1)) for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    assert len(set(shapes.values())) == len(shapes)


@pytest.mark.parametrize("text", ["é", "日本", "שלום", "a\x1b[2J", "a\nb"])
def test_what_has_no_shape_is_said_so(text: str) -> None:
    assert not can_draw(text)
    with pytest.raises(KeyError):
        draw(text, 1)


def test_typographic_quotes_are_drawn_as_plain_ones() -> None:
    assert draw("\u201cGo\u201d, don\u2019t", 1) == draw('"go", don\'t', 1)
