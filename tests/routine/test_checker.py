import re

import pytest

from voicecoach.routine.checker import SoundAlike, advise, spoken_texts
from voicecoach.routine.loader import parse, read_from

HEAD = (
    "format: 1\ntitle: Wrists\nsource: Somebody\napproval: required\nprecautions: Move slowly.\nred_flags: Weakness.\n"
)
PHRASES = ["stop", "pause", "go on", "go back", "back", "it hurts", "that hurts", "i'm done", "yes"]


def advice(exercise: str, head: str = HEAD, sounds_like=None) -> list[str]:
    text = f"{head}exercises:\n  - id: a\n    name: Stretch\n{exercise}"
    return [str(item) for item in advise(read_from(text, "w.yaml"), PHRASES, sounds_like)]


def trap(place: str, word: str) -> str:
    return f'w.yaml:{place}: "{word}" is a command, and the loudspeaker would say it to the microphone; reword it'


def test_a_good_routine_gets_no_advice() -> None:
    assert advice("    steps:\n      - say: Bend the wrist.\n      - hold: 15 s\n") == []


def test_a_command_word_is_named_with_its_line() -> None:
    steps = (
        "    steps:\n      - say: If it hurts, stop.\n"
        "      - move: Go\u2002back.\n        short: I\u2019m done!\n        for: 3 s\n"
    )
    assert advice(steps) == [
        trap("11:17", "it hurts"),
        trap("11:27", "stop"),
        trap("12:15", "go back"),
        trap("13:16", "i'm done"),
    ]


def test_commands_are_found_in_every_spoken_text_and_only_there() -> None:
    head = HEAD.replace("Wrists", "Stop").replace("Move slowly", "Pause").replace("Somebody", "Stop and pause")
    assert advice("    about: Go on.\n    steps:\n      - say: Bend.\n", head) == [
        trap("2:8", "stop"),
        trap("5:14", "pause"),
        trap("10:12", "go on"),
    ]


def test_a_command_inside_a_longer_word_is_none() -> None:
    steps = "    steps:\n      - say: The backward bend is nonstop, yesterday's pauses.\n"
    assert advice(steps) == []


def test_an_exercise_that_teaches_the_commands_may_say_them() -> None:
    assert advice("    teaches_commands: yes\n    steps:\n      - say: Say stop.\n") == []


def test_a_sentence_that_is_too_long_is_named() -> None:
    words = "one " * 31
    found = advice(f"    steps:\n      - say: Short. {words}\n")
    assert len(found) == 1
    assert found[0].startswith("w.yaml:11:9:")
    assert "31 words; one idea a sentence" in found[0]


def test_what_is_missing_is_named() -> None:
    head = "format: 1\ntitle: Wrists\napproval: required\n"
    assert advice("    steps:\n      - say: Bend.\n", head) == [
        "w.yaml:1:1: there is no source; say where the content comes from",
        "w.yaml:3:1: approval is required, but no precautions are spoken before the first exercise",
        "w.yaml:3:1: approval is required, but red_flags has no signs to contact a doctor about",
    ]


def test_holds_with_precautions_but_no_approval_are_questioned() -> None:
    head = HEAD.replace("required", "not required")
    found = advice("    steps:\n      - hold: 15 s\n", head)
    assert found == ["w.yaml:4:1: there are holds and precautions; should a doctor's approval be required?"]


def test_a_side_left_out_or_never_named_is_questioned() -> None:
    assert advice("    sides: right\n    limb: arm\n    steps:\n      - say: Bend.\n") == [
        "w.yaml:10:5: only the right side is done; write sides: both for the two"
    ]
    assert advice("    sides: both\n    steps:\n      - say: Bend.\n") == [
        "w.yaml:10:5: the steps never name the {side}; say which one, with {side} or limb"
    ]


def test_no_phrases_no_traps() -> None:
    written = read_from(f"{HEAD}exercises:\n  - id: a\n    name: A\n    steps:\n      - say: stop\n", "w.yaml")
    assert advise(written, []) == []


def paws(text: str) -> list[SoundAlike]:
    """Takes every "paws" for "pause", and "the gap" for itself."""
    return [
        SoundAlike(found.start(), found.end(), "pause" if found[0].lower() == "paws" else "the gap")
        for found in re.finditer(r"\bpaws\b|\bthe  *gap\b", text, re.IGNORECASE)
    ]


def alike(place: str, words: str = "paws") -> str:
    return (
        f'w.yaml:{place}: "{words}" sounds like the command "pause", and the loudspeaker would say it to the '
        "microphone; reword it"
    )


def test_words_that_sound_like_a_command_are_named_with_the_command() -> None:
    found = advice("    steps:\n      - say: Bend the Paws.\n      - say: Mind the gap; stop.\n", sounds_like=paws)
    assert found == [alike("11:23"), trap("12:19", "the gap")]


def test_the_same_words_are_told_once_in_a_text() -> None:
    assert advice("    steps:\n      - say: Paws, and paws.\n", sounds_like=paws) == [alike("11:14")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('"Bend paws."', "11:20"),
        ("'It''s for paws.'", "11:25"),
        ("Bend  the    paws.", "11:27"),
        ("Bend the\n          paws.", "12:11"),
        (">-\n          Bend the\n          two paws.", "13:15"),
        ("|  # bend paws\n          Bend paws.", "12:16"),
        ('"Be\\u006ed paws."', "11:9"),
    ],
)
def test_a_word_is_placed_where_it_stands_however_the_text_is_quoted(text: str, place: str) -> None:
    assert advice(f"    steps:\n      - say: {text}\n", sounds_like=paws) == [alike(place)]


def test_every_text_of_a_routine_is_looked_at() -> None:
    """One word of its own in each text; the names of fields that hold no speech are the rest."""
    routine = parse(
        "format: 1\ntitle: t0\napproval: required\nsource: none\nabout: t1\nprecautions: [t2, t3]\nred_flags: t4\n"
        "reminder: t5\nclosing: t6\nexercises:\n  - id: a\n    name: t7\n    about: t8\n    sides: both\n    limb: t9\n"
        "    steps:\n      - say: t10\n        short: t11\n      - move: t12\n        short: t13\n        for: 3 s\n"
        "      - hold: 15 s\n      - wait: 2 min\n        say: t14\n",
        "w.yaml",
    )
    assert sorted(text for _, text in spoken_texts(routine)) == sorted(f"t{number}" for number in range(15))
