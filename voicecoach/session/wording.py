"""Everything the coach says that is not in a routine; the sentences themselves are data (``en/wording.yaml``, and
``en/sound_check.yaml`` for the sound check)."""

from __future__ import annotations

from functools import cache

from voicecoach.routine.yaml_document import read_package_data


class Wording:
    """The coach's sentences in one language; ``emergency_number`` is named where they say to call for help.

    ``part`` names the file they are in.
    """

    def __init__(self, language: str = "en", emergency_number: str | None = None, part: str = "wording") -> None:
        # Digit by digit, or a voice would make one large number of it.
        self._number = f": {' '.join(emergency_number)}" if emergency_number else ""
        self._data: dict[str, str | list[str]] = read_package_data("voicecoach.session", f"{language}/{part}.yaml")

    def say(self, key: str, **fields: object) -> str:
        """The sentence ``key`` with ``{field}`` filled in. KeyError for one that does not exist."""
        text = self._data[key]
        if not isinstance(text, str):
            raise KeyError(f"{key} is a talk of several sentences")
        for name, value in fields.items():
            text = text.replace("{" + name + "}", str(value))
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


@cache
def wording(language: str = "en") -> Wording:
    """The wording of ``language``, read once."""
    return Wording(language)
