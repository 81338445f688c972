"""A language is found and complete, or refused with what is missing."""

from __future__ import annotations

from typing import Any

import pytest
from pseudo_language import TAG, phrases, sentences, write_language

from voicecoach.errors import LanguageError, RoutineError
from voicecoach.routine.languages import ENGLISH, SHIPPED, is_english, language_folder, languages, user_folder
from voicecoach.routine.loader import parse
from voicecoach.session import commands
from voicecoach.session.wording import Wording

ROUTINE = "format: 1\n{}title: A\napproval: not required\nexercises: [{{id: a, name: A, steps: [{{say: B.}}]}}]\n"


def told(act: Any) -> list[str]:
    with pytest.raises(LanguageError) as raised:
        act()
    return [problem.replace(f"{user_folder() / TAG}", "") for problem in raised.value.problems]


def wrong_wording(**changes: Any) -> list[str]:
    made = {key: value for key, value in {**sentences(), **changes}.items() if value is not None}
    write_language(wording=made)
    return told(lambda: Wording(TAG))


def test_english_is_there_and_complete() -> None:
    assert languages() == [ENGLISH]
    assert language_folder("en") == language_folder("en-GB") == language_folder("EN_us") == SHIPPED[ENGLISH]
    assert is_english("en-au")
    assert Wording().say("paused")
    assert {phrase.command for phrase in commands.phrases()} == set(commands.Command)


def test_a_folder_of_the_user_s_is_a_language() -> None:
    folder = write_language()
    assert languages() == [ENGLISH, TAG]
    assert language_folder("xx-YY") == folder
    assert not is_english(TAG)
    assert Wording(TAG).language == TAG


def test_english_cannot_be_replaced() -> None:
    (user_folder() / "en").mkdir(parents=True)
    assert language_folder("en") == SHIPPED[ENGLISH]
    assert languages() == [ENGLISH]


@pytest.mark.parametrize("name", ["yy", "..", "../en", "x", "", "en/../..", "deutsch"])
def test_a_language_that_is_not_there_is_refused(name: str) -> None:
    write_language()
    (problem, where) = told(lambda: Wording(name))
    assert problem.startswith(f'There is no language "{name}"; there is en or xx')
    assert str(user_folder()) in where


def test_missing_sentences_are_named_all_at_once() -> None:
    assert wrong_wording(paused=None, pain=None) == ["/wording.yaml:1:1: not complete, missing: paused, pain"]


def test_a_misspelt_sentence_is_named_with_its_place_and_a_near_miss() -> None:
    missing, unknown = wrong_wording(paused=None, pausd="п")
    assert missing.endswith("missing: paused")
    assert unknown.endswith('"pausd" is not a sentence of the coach; did you mean paused?')


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("daily_left", "ж {done} {most}", "daily_left must say {left}, as English does"),
        ("paused", "ж {name}", "paused cannot say {name}; it can say none"),
        ("pain", "ж", "pain must be a list of texts, as in English"),
        ("paused", ["ж"], "paused must be one text, as in English"),
        ("pain", ["ж", ""], "pain has an empty text"),
        ("pain", ["ж"], "pain must say {number}, as English does"),
        ("paused", {"a": "b"}, "paused must be one text, as in English"),
    ],
)
def test_a_sentence_that_says_less_or_more_than_in_english_is_refused(key: str, value: Any, problem: str) -> None:
    (found,) = wrong_wording(**{key: value})
    assert found.endswith(problem)


def test_a_limb_may_be_left_out() -> None:
    write_language(wording={**sentences(), "other_side": "ж {side}"})
    assert Wording(TAG).say("other_side", side="п", limb="arm") == "Ж п"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"stop": None}, "not complete, missing: stop"),
        ({"stpo": ["ж"]}, '"stpo" is not a command'),
        ({"stop": "ж"}, "stop must be a list of phrases"),
        ({"stop": ["Ж"]}, "a phrase of stop must be words in small letters, with one space between"),
        ({"stop": ["ж  ж"]}, "a phrase of stop must be words in small letters, with one space between"),
        ({"stop": ["ж"], "pain": ["ж"]}, '"ж" cannot mean both'),
    ],
)
def test_phrases_that_cannot_be_understood_are_refused(changes: dict[str, Any], problem: str) -> None:
    made = {key: value for key, value in {**phrases(), **changes}.items() if value is not None}
    write_language(phrases=made)
    assert any(problem in each for each in told(lambda: commands.phrases(TAG)))


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "a: b\na: c\n", "\x00"])
def test_a_file_that_is_no_such_file_is_refused_with_its_place(text: str) -> None:
    (write_language() / "wording.yaml").write_text(text, encoding="utf-8")
    assert told(lambda: Wording(TAG))[0].startswith("/wording.yaml:")


def test_a_missing_file_is_told() -> None:
    (write_language() / "phrases.yaml").unlink()
    (problem,) = told(lambda: commands.phrases(TAG))
    assert problem == "/phrases.yaml:1:1: the file cannot be read: no such file or directory"


def test_a_routine_names_its_language() -> None:
    assert parse(ROUTINE.format(""), "r.yaml").language == "en"
    assert parse(ROUTINE.format("language: pt_BR\n"), "r.yaml").language == "pt-br"
    with pytest.raises(RoutineError, match=r'2:1: language must be a language tag such as en or de, got "German!"'):
        parse(ROUTINE.format("language: German!\n"), "r.yaml")
