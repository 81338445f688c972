"""A cover picture with a session's title, for phones that show one beside what they play."""

from __future__ import annotations

import io
import textwrap

SIZE = 800
"""Pixels, both ways: sharp on a phone, some ten kilobytes."""

_GROUND, _TEXT, _FAINT = (22, 50, 79), (255, 255, 255), (150, 180, 205)
_MARGIN = 60


def draw_cover(title: str) -> bytes | None:
    """A PNG file's bytes; None without Pillow, or where its own font lacks a letter of ``title``."""
    try:
        from PIL import Image, ImageDraw, ImageFont, features
    except ImportError:
        return None
    if not features.check("freetype2"):
        return None
    plain = ImageFont.load_default(40)
    blank = bytes(plain.getmask("\uffff"))
    if any(bytes(plain.getmask(letter)) == blank for letter in set(title)):
        return None
    picture = Image.new("RGB", (SIZE, SIZE), _GROUND)
    draw = ImageDraw.Draw(picture)
    for points in range(120, 20, -4):
        font = ImageFont.load_default(points)
        lines = textwrap.fill(title, max(8, round((SIZE - 2 * _MARGIN) / (points * 0.52))))
        left, top, right, bottom = draw.multiline_textbbox((0, 0), lines, font=font, spacing=points // 4)
        if right - left <= SIZE - 2 * _MARGIN and bottom - top <= SIZE - 4 * _MARGIN:
            break
    draw.multiline_text((_MARGIN, (SIZE - bottom - top) / 2), lines, _TEXT, font=font, spacing=points // 4)
    draw.text((_MARGIN, SIZE - _MARGIN - 36), "voicecoach", _FAINT, font=ImageFont.load_default(36))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
