import pytest

from voicecoach.routine.prompt_text import PLACEHOLDERS, braces, expand


def fill(text: str) -> str:
    return expand(text, side="right", other_side="left", rep=2, reps=5, seconds="15")


def test_all_five_placeholders_are_filled_in() -> None:
    text = "Raise {side}, then {other_side}; {rep} of {reps}, {seconds} seconds."
    assert fill(text) == "Raise right, then left; 2 of 5, 15 seconds."
    assert all("{" + name + "}" in text for name in PLACEHOLDERS)


def test_a_sentence_that_begins_with_a_placeholder_begins_with_a_capital() -> None:
    assert fill("{side} arm.") == "Right arm."
    assert fill("arm {side}.") == "arm right."


@pytest.mark.parametrize("text", ["a {side.__class__}", "a {0}", "a {side!r}", "a {side:>9999}", "a {sid}"])
def test_nothing_else_is_ever_evaluated(text: str) -> None:
    assert fill(text) == text


def test_a_value_that_looks_like_a_placeholder_is_not_expanded_again() -> None:
    assert expand("{side}", side="{rep}", other_side="", rep=1, reps=1, seconds="") == "{rep}"


def test_braces_finds_placeholders_and_strays() -> None:
    assert braces("a {side} b {sid} c {side.a} d { e") == ["{side}", "{sid}", "{side.a}", "{ e"]
    assert braces("done}") == ["}"]
    assert braces("plain") == []
