"""Everything the coach says that is not in a routine; the sentences themselves are data (``en/wording.yaml``, and
``en/sound_check.yaml`` for the sound check)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from voicecoach.routine.languages import ENGLISH, SHIPPED, LanguageFile, language_folder
from voicecoach.routine.prompt_text import braces
from voicecoach.routine.yaml_document import Data
from voicecoach.units import duration_parts

Sentences = Mapping[str, "str | tuple[str, ...]"]
"""By key: a sentence, or a talk of several."""


class Wording:
    """The coach's sentences in one language; ``emergency_number`` is named where they say to call for help.

    ``part`` names the file they are in.
    """

    def __init__(self, language: str = ENGLISH, emergency_number: str | None = None, part: str = "wording") -> None:
        """Raises LanguageError for a language that there is not, or that is not complete."""
        self.language = language
        # Digit by digit, or a voice would make one large number of it.
        self._number = f": {' '.join(emergency_number)}" if emergency_number else ""
        self._data = _sentences(language_folder(language) / f"{part}.yaml")

    def say(self, key: str, **fields: object) -> str:
        """The sentence ``key`` with ``{field}`` filled in. KeyError for one that does not exist."""
        text = self._filled(key, fields)
        return text[:1].upper() + text[1:]

    def fixed(self, prefix: str) -> tuple[str, ...]:
        """Every sentence whose key begins so and in which nothing is filled in, to be rendered beforehand."""
        found = (text for key, text in self._data.items() if key.startswith(prefix) and isinstance(text, str))
        return tuple(text for text in found if "{" not in text)

    def talk(self, key: str) -> tuple[str, ...]:
        """The sentences of a talk, in order."""
        sentences = self._data[key]
        if isinstance(sentences, str):
            raise KeyError(f"{key} is one sentence")
        return tuple(sentence.replace("{number}", self._number) for sentence in sentences)

    def duration(self, seconds: float) -> str:
        """A time in full, to stand within a sentence: "1 minute 30 seconds"."""
        parts = duration_parts(seconds)
        return " ".join(self._filled(name if one else f"{name}s", {"count": count}) for count, name, one in parts)

    def _filled(self, key: str, fields: Mapping[str, object]) -> str:
        text = self._data[key]
        if not isinstance(text, str):
            raise KeyError(f"{key} is a talk of several sentences")
        for name, value in fields.items():
            text = text.replace("{" + name + "}", str(value))
        return text


def wording(language: str = ENGLISH) -> Wording:
    """The wording of ``language``; its file is read once."""
    return Wording(language)


@cache
def _sentences(path: Path) -> Sentences:
    """What the file says, checked against English: the same keys, of the same kind, with the same fields to fill in."""
    file = LanguageFile.read(path)
    english_path = SHIPPED[ENGLISH] / path.name
    if path != english_path:
        english = _sentences(english_path)
        file.check_names(list(english), "a sentence of the coach")
        for key, value in english.items():
            if file.fields.get(key) is not None:
                _compare(file, key, file.fields[key], value)
    file.done()
    return {key: value if isinstance(value, str) else _lines(value) for key, value in file.fields.items()}


def _compare(file: LanguageFile, key: str, told: Data, english: str | tuple[str, ...]) -> None:
    if isinstance(told, dict) or (isinstance(english, str) and not isinstance(told, str)):
        file.tell((key,), f"{key} must be one text, as in English")
        return
    if not isinstance(english, str) and not isinstance(told, list):
        file.tell((key,), f"{key} must be a list of texts, as in English")
        return
    lines = _lines(told)
    if not lines or not all(line.strip() for line in lines):
        file.tell((key,), f"{key} has an empty text")
        return
    wanted = {each for line in _lines(english) for each in braces(line)}
    found = {each for line in lines for each in braces(line)}
    # A language may need no word for the limb where it names the side; nothing else can be left unsaid.
    missing, unknown = sorted(wanted - found - {"{limb}"}), sorted(found - wanted)
    if missing:
        file.tell((key,), f"{key} must say {', '.join(missing)}, as English does")
    if unknown:
        file.tell((key,), f"{key} cannot say {', '.join(unknown)}; it can say {', '.join(sorted(wanted)) or 'none'}")


def _lines(value: Data | tuple[str, ...]) -> tuple[str, ...]:
    """The texts of a talk; "" for what is none."""
    if isinstance(value, str):
        return (value,)
    return tuple(line if isinstance(line, str) else "" for line in value or ())
