"""Letters and digits several rows high, so that a terminal can be read from across the room.

Drawn for this program on a grid five pixels high; one pixel is half a character cell, or a whole one where a terminal
has nothing but ASCII.
"""

from __future__ import annotations

from typing import Final

HEIGHT: Final = 5
"""Pixels of a letter at scale 1."""

_FONT: Final = {
    "A": ".#. #.# ### #.# #.#",
    "B": "##. #.# ##. #.# ##.",
    "C": ".## #.. #.. #.. .##",
    "D": "##. #.# #.# #.# ##.",
    "E": "### #.. ##. #.. ###",
    "F": "### #.. ##. #.. #..",
    "G": ".### #... #.## #..# .###",
    "H": "#.# #.# ### #.# #.#",
    "I": "# # # # #",
    "J": "..# ..# ..# #.# .#.",
    "K": "#.# #.# ##. #.# #.#",
    "L": "#.. #.. #.. #.. ###",
    "M": "#...# ##.## #.#.# #...# #...#",
    "N": "#..# ##.# #.## #..# #..#",
    "O": ".##. #..# #..# #..# .##.",
    "P": "##. #.# ##. #.. #..",
    "Q": ".##. #..# #..# #.#. .#.#",
    "R": "##. #.# ##. #.# #.#",
    "S": ".## #.. .#. ..# ##.",
    "T": "### .#. .#. .#. .#.",
    "U": "#.# #.# #.# #.# ###",
    "V": "#.# #.# #.# #.# .#.",
    "W": "#...# #...# #.#.# ##.## #...#",
    "X": "#.# #.# .#. #.# #.#",
    "Y": "#.# #.# .#. .#. .#.",
    "Z": "### ..# .#. #.. ###",
    "0": "### #.# #.# #.# ###",
    "1": ".#. ##. .#. .#. ###",
    "2": "### ..# ### #.. ###",
    "3": "### ..# ### ..# ###",
    "4": "#.# #.# ### ..# ..#",
    "5": "### #.. ### ..# ###",
    "6": "### #.. ### #.# ###",
    "7": "### ..# ..# ..# ..#",
    "8": "### #.# ### #.# ###",
    "9": "### #.# ### ..# ###",
    ":": ". # . # .",
    ".": ". . . . #",
    ",": ".. .. .. .# #.",
    "-": "... ... ### ... ...",
    "/": "..# ..# .#. #.. #..",
    "?": "##. ..# .#. ... .#.",
    "!": "# # # . #",
    "'": "# # . . .",
    "(": ".# #. #. #. .#",
    ")": "#. .# .# .# #.",
    '"': "#.# #.# ... ... ...",
    ";": ".. .# .. .# #.",
    "+": "... .#. ### .#. ...",
    "%": "#.# ..# .#. #.. #.#",
    "&": ".#.. #.#. .#.. #.#. .#.#",
    " ": ".. .. .. .. ..",
}
_ALIKE: Final = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014", "''\"\"--")
"""Typographic quotes and dashes are drawn as the plain ones."""
_HALVES: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def _capital(text: str) -> str:
    return text.upper().translate(_ALIKE)


def can_draw(text: str) -> bool:
    """Whether every character has a shape; lower case is drawn as upper case."""
    return all(character in _FONT for character in _capital(text))


def rows_of(scale: int, *, ascii_only: bool = False) -> int:
    """Rows of a terminal that ``scale`` takes."""
    return HEIGHT * scale if ascii_only else (HEIGHT * scale + 1) // 2


def columns_of(text: str, scale: int) -> int:
    """Columns of a terminal that ``text`` takes."""
    return scale * (sum(len(_FONT[character].split()[0]) + 1 for character in _capital(text)) - 1) if text else 0


def draw(text: str, scale: int, *, ascii_only: bool = False) -> list[str]:
    """``text`` as rows of equal length. KeyError for a character without a shape (see ``can_draw``)."""
    shapes = [_FONT[character].split() for character in _capital(text)]
    pixels = [".".join(shape[row] for shape in shapes) for row in range(HEIGHT)]
    tall = ["".join(pixel * scale for pixel in row) for row in pixels for _ in range(scale)]
    if ascii_only:
        return [row.replace(".", " ") for row in tall]
    if len(tall) % 2:
        tall.append("." * len(tall[0]))
    return [
        "".join(_HALVES[upper == "#", lower == "#"] for upper, lower in zip(above, below, strict=True))
        for above, below in zip(tall[::2], tall[1::2], strict=True)
    ]
