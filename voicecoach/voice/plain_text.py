"""Text from strangers, made safe to speak: engines obey markup and commands that a sentence may contain."""

from __future__ import annotations

import re
import unicodedata

_MARKUP = re.compile(r"</?[A-Za-z!?][^<>]*>|\[\[.*?\]\]", re.DOTALL)
"""SSML, which Windows' voices obey, and the ``[[commands]]`` of macOS' voices."""

_BRACKETS = str.maketrans(dict.fromkeys("<>[]{}\\^_`|~", " "))
"""What is left of markup that is not whole; no reader would pronounce it."""


def plain_text(text: str) -> str:
    """``text`` without markup, control characters and pictures, on one line; empty where nothing is left to
    say.

    Control, format, private and unassigned characters (among them NUL, which would end the text in C) go, and
    so do emoji, which espeak-ng reads out by name; signs of Latin-1 such as the degree sign stay.
    """
    spoken = _MARKUP.sub(" ", unicodedata.normalize("NFC", text)).translate(_BRACKETS)
    words = " ".join("".join(map(_spoken, spoken)).split())
    return words if any(character.isalnum() for character in words) else ""


def _spoken(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cf", "Mn"} and not unicodedata.combining(character):
        return ""  # joins letters or chooses a glyph: soft hyphen, zero-width joiner, variation selector
    if category[0] == "C" or (category in {"So", "Sk", "Me"} and ord(character) > 0xFF):
        return " "
    return character
