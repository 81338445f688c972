"""Where a prompt was written: the field it is the text of, the name it holds, or nowhere in the file."""

import pytest

from voicecoach.routine.loader import read_from
from voicecoach.routine.prompt_origin import heard_in_prompts, written_at

WRITTEN = read_from(
    """format: 1
title: Stop and go
approval: not required
about: Read this.
exercises:
  - id: a
    name: hold
    limb: arm
    sides: both
    steps:
      - say: Bend your {side} wrist (gently).
        short: "{side} wrist."
      - wait: 15 s
        say: Now wait.
  - id: b
    name: Hold on
    steps:
      - say: Turn.
""",
    "w.yaml",
)


@pytest.mark.parametrize(
    ("prompt", "path"),
    [
        ("Read this.", ("about", 0)),
        ("Bend your left wrist (gently).", ("exercises", 0, "steps", 0, "say")),
        ("Right wrist.", ("exercises", 0, "steps", 0, "short")),
        ("Now wait.", ("exercises", 0, "steps", 1, "say")),
        ("Turn.", ("exercises", 1, "steps", 0, "say")),
        ("Stop and go.", ("title",)),
        ("The exercise is: hold.", ("exercises", 0, "name")),
        ("Hold, right arm. 2 of 5.", ("exercises", 0, "name")),
        ("Hold on. Repetition 2 of 5.", ("exercises", 1, "name")),
        ("Hold for 15 seconds, from chime to chime.", None),
        ("Gently let go.", None),
        ("Bend your left wrist gently.", None),
    ],
)
def test_a_prompt_is_found_where_it_was_written(prompt, path):
    assert written_at(WRITTEN.routine, prompt) == path


def test_a_place_is_named_once_in_file_order_and_the_coach_s_own_words_apart():
    located, own = heard_in_prompts(
        WRITTEN,
        {
            "Gently let go.": "sounds like this",
            "Hold, right arm. 2 of 5.": "sounds like that",
            "Hold, left arm. 2 of 5.": "sounds like something else",
            "Read this.": "sounds like a book",
        },
    )
    assert [str(item) for item in located] == [
        'w.yaml:4:1: "Read this." sounds like a book; a second of quiet follows it',
        'w.yaml:7:5: "Hold, right arm. 2 of 5." sounds like that; a second of quiet follows it',
    ]
    assert own == ['"Gently let go." sounds like this; a second of quiet follows it']
