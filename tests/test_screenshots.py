"""The pictures of the terminal are there, can be made anew, and fetch nothing from anywhere."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from screenshots import PICTURES, Picture, svg

EXPECTED = {
    "hold": ["Listening", " left", "Gently pull the fingers."],
    "instruction": ["Heard “say it again”: repeat", "loud enough"],
    "pause": ["Say continue, or press space", "Heard “pause please”: pause"],
    "safety-talk": ["Please contact your doctor before doing these exercises again."],
    "narrow": ["Wrist extension stretch", "Next: left arm"],
}


def words(picture: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", picture)).replace("\xa0", " ")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_shows_what_it_is_for(picture: Picture, repository: Path) -> None:
    made = svg(picture)
    kept = (repository / "docs" / f"screen-{picture.name}.svg").read_text(encoding="utf-8")
    for drawn in (made, kept):
        for expected in EXPECTED[picture.name]:
            assert expected in words(drawn)
        assert "@import" not in drawn
        assert "url(http" not in drawn.replace('url("', "url(")
