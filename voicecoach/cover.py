"""A cover picture with a session's title, for phones that show one beside what they play."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

SIZE = 800
"""Pixels, both ways: sharp on a phone, some ten kilobytes."""

_GROUND, _TEXT, _FAINT = (22, 50, 79), (255, 255, 255), (150, 180, 205)
_MARGIN = 60
_LARGEST, _SMALLEST = 120, 16

_FONTS = ("", "DejaVuSans.ttf", "arial.ttf", "Arial.ttf", "NotoSans-Regular.ttf")
"""Pillow's own, which has English letters only, then what Linux, Windows and macOS have."""


def draw_cover(title: str) -> bytes | None:
    """A PNG file's bytes; None without Pillow, or where no font has all letters of ``title``."""
    try:
        from PIL import Image, ImageDraw, features
    except ImportError:
        return None
    name = next((name for name in _FONTS if features.check("freetype2") and _has_letters(name, title)), None)
    if name is None:
        return None
    picture = Image.new("RGB", (SIZE, SIZE), _GROUND)
    draw = ImageDraw.Draw(picture)
    for points in range(_LARGEST, _SMALLEST - 1, -4):
        font = _font(name, points)
        letters = (SIZE - 2 * _MARGIN) / max(1.0, font.getlength(title)) * len(title)
        lines = textwrap.fill(title, max(6, int(letters)))
        left, top, right, bottom = draw.multiline_textbbox((0, 0), lines, font=font, spacing=points // 4)
        if right - left <= SIZE - 2 * _MARGIN and bottom - top <= SIZE - 4 * _MARGIN:
            break
    draw.multiline_text((_MARGIN, (SIZE - bottom - top) / 2), lines, _TEXT, font=font, spacing=points // 4)
    draw.text((_MARGIN, SIZE - _MARGIN - 36), "voicecoach", _FAINT, font=_font("", 36))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _font(name: str, points: int) -> FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.truetype(name, points) if name else ImageFont.load_default(points)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _has_letters(name: str, title: str) -> bool:
    try:
        font = _font(name, 40)
    except OSError:
        return False
    missing = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(letter)) != missing for letter in set(title) if not letter.isspace())
