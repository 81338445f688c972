"""The cover: a picture with the title on it, all of it inside, or none."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image, ImageFont

from voicecoach.cover import SIZE, draw_cover


def pixels(title: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    drawn = draw_cover(title)
    assert drawn is not None
    return np.asarray(Image.open(io.BytesIO(drawn)))


@pytest.mark.parametrize("title", ["Wrists", "Wrist stretches, left side", "W" * 80, "a b " * 20, "W i " * 20])
def test_the_title_is_on_it_and_inside(title: str) -> None:
    picture = pixels(title)
    assert picture.shape == (SIZE, SIZE, 3)
    assert (picture[200:600] == 255).any()
    edge = np.concatenate(
        [picture[:, -40:].reshape(-1, 3), picture[:40].reshape(-1, 3), picture[:, :40].reshape(-1, 3)]
    )
    assert (edge == picture[0, 0]).all()


def test_another_title_is_another_picture() -> None:
    assert (pixels("One") != pixels("Two")).any()


def test_letters_that_the_font_lacks_give_no_picture_of_boxes() -> None:
    assert draw_cover("Wrists \U000f0000") is None


def test_an_accented_title_gets_a_picture_where_a_font_of_the_system_has_its_letters() -> None:
    found = draw_cover("Überdehnung")
    try:
        ImageFont.truetype("DejaVuSans.ttf", 40)
    except OSError:
        pytest.skip("DejaVu Sans is not installed")
    assert found is not None


def test_without_pillow_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert draw_cover("Wrists") is None
