"""Every way to get a routine wrong that we could think of, with the exact line that its writer sees."""

import pytest

from voicecoach.errors import RoutineError
from voicecoach.routine.loader import parse

HEAD = "format: 1\ntitle: Wrists\napproval: required\n"
EXERCISE = "exercises:\n  - id: a\n    name: A\n"
GOOD = EXERCISE + "    steps:\n    - say: Bend.\n"


def with_step(step: str) -> str:
    """A routine whose one step begins on line 8, column 7."""
    return f"{HEAD}{EXERCISE}    steps:\n    - {step}\n"


def with_fields(fields: str) -> str:
    """A routine whose exercise has more fields, from line 7, column 5, on."""
    return f"{HEAD}{EXERCISE}    {fields}\n    steps:\n    - say: Bend.\n"


BROKEN: dict[str, tuple[str, list[str]]] = {
    "goes with an exercise that is not there": (
        with_fields("goes_with: b"),
        ['7:5: goes_with must be the id of another exercise in the file, got "b"'],
    ),
    "goes with itself": (
        with_fields("goes_with: a"),
        ['7:5: goes_with must be the id of another exercise in the file, got "a"'],
    ),
    "hold that is no duration": (
        with_step("hold: 15x"),
        ['8:7: hold must be 1 to 600 seconds, got "15x"'],
    ),
    "unit forgotten": (
        with_step("hold: 15"),
        ['8:7: hold must be 1 to 600 seconds, got "15"; did you mean `15 s`?'],
    ),
    "negative hold": (
        with_step("hold: -5 s"),
        ['8:7: hold must be 1 to 600 seconds, got "-5 s"'],
    ),
    "huge hold": (
        with_step("hold: 99999999999 s"),
        ['8:7: hold must be 1 to 600 seconds, got "99999999999 s"'],
    ),
    "too many digits": (
        with_step("hold: " + "9" * 50 + " s"),
        ['8:7: hold must be 1 to 600 seconds, got "99999999999999999999999999999999999999999999999999 s"'],
    ),
    "range reversed": (
        with_step("hold: 7 to 3 s"),
        ['8:7: hold must have its smaller number first, got "7 to 3 s"; did you mean `3 to 7 s`?'],
    ),
    "range reversed across units": (
        with_step("hold: 3 min to 1 s"),
        ['8:7: hold must have its smaller number first, got "3 min to 1 s"; did you mean `1 s to 3 min`?'],
    ),
    "range without unit": (
        with_step("hold: 3 to 7"),
        ['8:7: hold must be 1 to 600 seconds, got "3 to 7"; did you mean `3 to 7 s`?'],
    ),
    "range of three": (
        with_step("hold: 1 to 2 to 3 s"),
        ['8:7: hold must be 1 to 600 seconds, got "1 to 2 to 3 s"'],
    ),
    "clock time, a number in YAML 1.1": (
        with_step("hold: 1:30"),
        ['8:7: hold must be 1 to 600 seconds, got "1:30"; did you mean `1 min 30 s`?'],
    ),
    "comma for a point": (
        with_step("hold: 1,5 s"),
        ['8:7: hold must be 1 to 600 seconds, got "1,5 s"; did you mean `1.5 s`?'],
    ),
    "not a number": (
        with_step("hold: .nan"),
        ['8:7: hold must be 1 to 600 seconds, got ".nan"'],
    ),
    "infinity": (
        with_step("hold: .inf"),
        ['8:7: hold must be 1 to 600 seconds, got ".inf"'],
    ),
    "exponent": (
        with_step("hold: 1e3 s"),
        ['8:7: hold must be 1 to 600 seconds, got "1e3 s"'],
    ),
    "hold of a list": (
        with_step("hold: [15 s]"),
        ["8:7: hold must be 1 to 600 seconds, got a list"],
    ),
    "hold of fields": (
        with_step("hold: {low: 3, high: 7}"),
        ['8:7: hold must be 1 to 600 seconds, got fields such as "low"'],
    ),
    "hold of nothing": (
        with_step("hold:"),
        ["8:7: hold must have a value, got nothing; fill it in or take the line out"],
    ),
    "hold of no time": (
        with_step("hold: 0 s"),
        ['8:7: hold must be 1 to 600 seconds, got "0 s"'],
    ),
    "hold too long": (
        with_step("hold: 11 min"),
        ['8:7: hold must be 1 to 600 seconds, got "11 min"'],
    ),
    "wait too long": (
        with_step("wait: 2 hours"),
        ['8:7: wait must be 1 second to 1 hour, got "2 hours"'],
    ),
    "wait without unit": (
        with_step("wait: 15"),
        ['8:7: wait must be 1 second to 1 hour, got "15"; did you mean `15 min`?'],
    ),
    "wait word for a time": (
        with_step("wait: a while"),
        ['8:7: wait must be 1 second to 1 hour, got "a while"'],
    ),
    "move without a time": (
        with_step("move: Turn."),
        ["8:7: for is missing from a move step: expected a time such as 4 s"],
    ),
    "move with a bad time": (
        with_step("move: Turn.\n      for: fast"),
        ['9:7: for must be 0.5 to 600 seconds, got "fast"'],
    ),
    "move with the wrong name for its time": (
        with_step("move: Turn.\n      time: 3 s"),
        ['9:7: "time" is not a field of a move step; expected move, short or for; did you mean `for`?'],
    ),
    "unknown step with a near miss": (
        with_step("hodl: 15 s"),
        ['8:7: a step must be say, move, hold or wait, got "hodl"; did you mean `hold`?'],
    ),
    "unknown step": (
        with_step("frobnicate: 15 s"),
        ['8:7: a step must be say, move, hold or wait, got "frobnicate"'],
    ),
    "step that does two things": (
        with_step("say: Bend.\n      hold: 3 s"),
        ["9:7: a step must do one thing, got say and hold; make a step of each"],
    ),
    "step that is text": (
        with_step("Bend"),
        ['8:7: a step must be say, move, hold or wait, got "Bend"; did you mean `say: Bend`?'],
    ),
    "step that is a list": (
        with_step("[a]"),
        ["8:7: a step must be say, move, hold or wait, got a list"],
    ),
    "step that is nothing": (
        with_step(""),
        ["8:6: a step must be say, move, hold or wait, got nothing"],
    ),
    "unknown field of a step": (
        with_step("hold: 3 s\n      shrt: x"),
        ['9:7: "shrt" is not a field of a hold step; expected hold'],
    ),
    "unknown placeholder": (
        with_step("say: Raise {sid}"),
        [
            (
                '8:7: say must use none but {side}, {other_side}, {rep}, {reps}, {seconds}, got "{sid}"; did '
                "you mean `{side}`?"
            )
        ],
    ),
    "placeholder that reaches into the program": (
        with_step('say: "{side.__class__}"'),
        [('8:7: say must use none but {side}, {other_side}, {rep}, {reps}, {seconds}, got "{side.__class__}"')],
    ),
    "placeholder with a format": (
        with_step('say: "{side:>99999999}"'),
        [('8:7: say must use none but {side}, {other_side}, {rep}, {reps}, {seconds}, got "{side:>99999999}"')],
    ),
    "stray brace": (
        with_step('say: "Bend } it"'),
        ['8:7: say must use none but {side}, {other_side}, {rep}, {reps}, {seconds}, got "}"'],
    ),
    "side without sides": (
        with_step('say: "{side} hand"'),
        [
            (
                '8:7: say must not use {side} in an exercise with sides: none, got "{side} hand"; did you '
                "mean `sides: both`?"
            )
        ],
    ),
    "seconds without a hold": (
        with_step("say: For {seconds} seconds"),
        ['8:7: say must not use {seconds} in an exercise without a hold, got "For {seconds} seconds"'],
    ),
    "prompt in braces without quotes": (
        with_step("say: {side} hand"),
        ["8:12: text that begins with { must be in quotes"],
    ),
    "prompt that is only a placeholder, unquoted": (
        with_step("say: {side}"),
        ['8:7: say must be text, got fields such as "side"'],
    ),
    "empty prompt": (
        with_step("say: ''"),
        ['8:7: say must be text of 1 to 600 characters, got ""'],
    ),
    "prompt too long": (
        with_step("say: " + "long " * 130),
        [
            (
                '8:7: say must be text of 1 to 600 characters, got "long long long long long long long long '
                'long long long long…"'
            )
        ],
    ),
    "colon in a prompt": (
        with_step("say: Then: bend"),
        ['8:16: a ":" may not stand here; put the text in quotes, or give the line above its own ":"'],
    ),
    "sides misspelt": (
        with_fields("sides: boht"),
        ['7:5: sides must be both, right, left or none, got "boht"; did you mean `both`?'],
    ),
    "no, a boolean in YAML 1.1": (
        with_fields("sides: no"),
        ['7:5: sides must be both, right, left or none, got "no"; did you mean `none`?'],
    ),
    "first side in capitals": (
        with_fields("sides: both\n    first_side: Left"),
        ['8:5: first_side must be right or left, got "Left"; did you mean `left`?'],
    ),
    "first side without sides": (
        with_fields("first_side: left"),
        ["7:5: first_side must go with sides, which is none here; did you mean `sides: both`?"],
    ),
    "limb without sides": (
        with_fields("limb: arm"),
        ["7:5: limb must go with sides, which is none here; did you mean `sides: both`?"],
    ),
    "order misspelt": (
        with_fields("order: alternate"),
        ['7:5: order must be side_by_side or alternating, got "alternate"; did you mean `alternating`?'],
    ),
    "repetitions reversed": (
        with_fields("repetitions: 4 to 2"),
        ['7:5: repetitions must have its smaller number first, got "4 to 2"; did you mean `2 to 4`?'],
    ),
    "repetitions not whole": (
        with_fields("repetitions: 2.5"),
        ['7:5: repetitions must be a whole number from 1 to 100, or two such as 2 to 4, got "2.5"'],
    ),
    "negative repetitions": (
        with_fields("repetitions: -3"),
        ['7:5: repetitions must be a whole number from 1 to 100, or two such as 2 to 4, got "-3"'],
    ),
    "too many repetitions": (
        with_fields("repetitions: 1000000000000"),
        [('7:5: repetitions must be a whole number from 1 to 100, or two such as 2 to 4, got "1000000000000"')],
    ),
    "other name for repetitions": (
        with_fields("reps: 3"),
        [
            (
                '7:5: "reps" is not a field of an exercise; expected id, name, about, sides, first_side, '
                "order, limb, repetitions, per_day, goes_with, optional, teaches_commands, lead_in, rest or steps; did "
                "you mean `repetitions`?"
            )
        ],
    ),
    "fewer a day than in a sitting": (
        with_fields("repetitions: 10\n    per_day: 5"),
        ['8:5: per_day must be at least the repetitions of one sitting, 10, got "5"'],
    ),
    "per day of a list": (
        with_fields("per_day: [3]"),
        ["7:5: per_day must be a whole number from 1 to 1000, got a list"],
    ),
    "optional maybe": (
        with_fields("optional: maybe"),
        ['7:5: optional must be yes or no, got "maybe"'],
    ),
    "lead-in and rest both wrong": (
        with_fields("lead_in: soon\n    rest: 20 min"),
        ['7:5: lead_in must be 0 to 600 seconds, got "soon"', '8:5: rest must be 0 to 600 seconds, got "20 min"'],
    ),
    "placeholder where none is filled in": (
        with_fields('about: "The {side} arm"'),
        ['7:5: about must be text without { or }; only say, move, short and wait fill in, got "{side}"'],
    ),
    "field given twice": (
        with_fields("rest: 3 s\n    rest: 4 s"),
        ['8:5: "rest" is given twice here; the first is on line 7'],
    ),
    "field of nothing": (
        with_fields("about:"),
        ["7:5: about must have a value, got nothing; fill it in or take the line out"],
    ),
    "unknown version": (
        "format: 2\ntitle: Wrists\napproval: required\n" + GOOD,
        ['1:1: format must be 1, the only version that this program knows, got "2"'],
    ),
    "title misspelt": (
        "format: 1\ntitel: Wrists\napproval: required\n" + GOOD,
        [
            (
                '2:1: "titel" is not a field of a routine; expected format, title, language, about, source, approval, '
                "precautions, red_flags, reminder, check_ins, cues, exercises or closing; did you mean `title`?"
            )
        ],
    ),
    "approval misspelt": (
        "format: 1\ntitle: Wrists\napproval: require\n" + GOOD,
        ['3:1: approval must be required or not required, got "require"; did you mean `required`?'],
    ),
    "approval yes": (
        "format: 1\ntitle: Wrists\napproval: yes\n" + GOOD,
        ['3:1: approval must be required or not required, got "yes"; did you mean `required`?'],
    ),
    "approval missing": (
        "format: 1\ntitle: Wrists\n" + GOOD,
        [("1:1: approval is missing from a routine: expected `approval: required` or `approval: not required`")],
    ),
    "about of fields": (
        HEAD + "about: {a: b}\n" + GOOD,
        ['4:1: about must be a list of texts, got fields such as "a"'],
    ),
    "no exercises": (
        HEAD,
        ["1:1: exercises is missing from a routine: expected a list of exercises"],
    ),
    "empty list of exercises": (
        HEAD + "exercises: []\n",
        ["4:1: exercises must have at least one item, got an empty list"],
    ),
    "exercises not a list": (
        HEAD + "exercises: 5\n",
        ['4:1: exercises must be a list, each item on a line that begins with -, got "5"'],
    ),
    "exercise not fields": (
        HEAD + "exercises:\n  - 5\n",
        ['5:5: an exercise is fields such as `name: Neck turns`, got "5"'],
    ),
    "exercise without steps": (
        HEAD + EXERCISE,
        ["5:5: steps is missing from an exercise: expected a list of say, move, hold and wait"],
    ),
    "empty steps": (
        HEAD + EXERCISE + "    steps: []\n",
        ["7:5: steps must have at least one item, got an empty list"],
    ),
    "id and name wrong": (
        HEAD + "exercises:\n  - id: Wrist stretch\n    name: [A]\n    steps:\n      - say: Bend.\n",
        [
            (
                '5:5: id must be 1 to 40 small letters, digits and hyphens, got "Wrist stretch"; did you mean '
                "`wrist-stretch`?"
            ),
            "6:5: name must be text, got a list",
        ],
    ),
    "same id twice": (
        with_step("say: Bend.") + "  - id: a\n    name: B\n    steps:\n    - say: Bend.\n",
        ['9:5: id must be unique in the file, got "a", which line 5 has too'],
    ),
    "everything at once": (
        (
            "format: 3\n"
            "titel: Wrists\n"
            "exercises:\n"
            "  - id: a\n"
            "    name: A\n"
            "    sides: bot\n"
            "    steps:\n"
            "    - hold: 15x\n"
            "    - hodl: 15 s\n"
            "    - say: To the {sid}.\n"
        ),
        [
            ("1:1: approval is missing from a routine: expected `approval: required` or `approval: not required`"),
            '1:1: format must be 1, the only version that this program knows, got "3"',
            (
                '2:1: "titel" is not a field of a routine; expected format, title, language, about, source, approval, '
                "precautions, red_flags, reminder, check_ins, cues, exercises or closing; did you mean `title`?"
            ),
            '6:5: sides must be both, right, left or none, got "bot"; did you mean `both`?',
            '8:7: hold must be 1 to 600 seconds, got "15x"',
            '9:7: a step must be say, move, hold or wait, got "hodl"; did you mean `hold`?',
            (
                '10:7: say must use none but {side}, {other_side}, {rep}, {reps}, {seconds}, got "{sid}"; did '
                "you mean `{side}`?"
            ),
        ],
    ),
    "text": (
        "hello",
        ['1:1: a routine is a list of fields such as `title: Wrists`, got "hello"'],
    ),
    "list": (
        "- a",
        ["1:1: a routine is a list of fields such as `title: Wrists`, got a list"],
    ),
    "empty": (
        "",
        ["1:1: the file is empty; a routine begins with `format: 1`"],
    ),
    "comments only": (
        "# nothing yet\n\n",
        ["1:1: the file is empty; a routine begins with `format: 1`"],
    ),
    "tab": (
        HEAD + "exercises:\n\t- id: a\n\t  name: b\n",
        ["5:1: a tab indents this line; YAML wants spaces", "6:1: a tab indents this line; YAML wants spaces"],
    ),
    "control character": (
        "title: \x07bell\n",
        ["1:8: the character U+0007 is not text; take it out"],
    ),
    "escaped control character": (
        'title: "a\\0b"\n',
        [
            "1:1: an escape stands for U+0000, which is not text",
            "1:1: format is missing from a routine: expected `format: 1`",
            ("1:1: approval is missing from a routine: expected `approval: required` or `approval: not required`"),
            "1:1: exercises is missing from a routine: expected a list of exercises",
        ],
    ),
    "escaped surrogate": (
        'title: "\\ud800"\n',
        [
            "1:1: an escape stands for U+D800, which is not text",
            "1:1: format is missing from a routine: expected `format: 1`",
            ("1:1: approval is missing from a routine: expected `approval: required` or `approval: not required`"),
            "1:1: exercises is missing from a routine: expected a list of exercises",
        ],
    ),
    "escape that is no character": (
        'title: "\\UFFFFFFFF"\n',
        ["1:1: this is not valid YAML from here on"],
    ),
    "unknown escape": (
        'title: "\\q"\n',
        ['1:10: in double quotes "\\" begins an escape; use single quotes'],
    ),
    "alias": (
        "title: &t Wrists\nabout: *t\n",
        ['1:8: "&t": anchors are not allowed; write the text out'],
    ),
    "alias of nothing": (
        "title: *t\n",
        ['1:8: "*t": aliases are not allowed; write the text out'],
    ),
    "recursive alias": (
        "exercises: &e [*e]\n",
        ['1:12: "&e": anchors are not allowed; write the text out'],
    ),
    "tag that builds an object": (
        "title: !!python/object/apply:os.system [ls]\n",
        [
            (
                '1:8: "tag:yaml.org,2002:python/object/apply:os.system": tags are not allowed; put text that '
                "begins with ! in quotes"
            )
        ],
    ),
    "tag": (
        "title: !important\n",
        ['1:8: "!important": tags are not allowed; put text that begins with ! in quotes'],
    ),
    "two documents": (
        "format: 1\n---\nformat: 1\n",
        ["2:1: a second document begins here; a file holds one routine"],
    ),
    "nested too deep": (
        "[" * 100,
        ["1:13: this is nested too deep: more than 12 levels"],
    ),
    "mapping for a name": (
        "{a: b}: c\n",
        ["1:1: a field name must be text; put text that begins with { or [ in quotes"],
    ),
    "indentation": (
        "format: 1\n title: Wrists\n",
        ['2:7: a ":" may not stand here; put the text in quotes, or give the line above its own ":"'],
    ),
    "indentation to the left": (
        "exercises:\n    - id: a\n  - id: b\n",
        ["3:3: this line does not line up with the lines above; check its indentation"],
    ),
    "quote never closed": (
        "title: 'Wrists\napproval: required\n",
        ["1:8: the quote that opens here is never closed"],
    ),
    "bracket never closed": (
        "about: [a, b\napproval: required\n",
        ['1:8: "[": what opens here is never closed; put text that begins with [ in quotes'],
    ),
    "at sign": (
        "title: @home\n",
        ["1:8: text may not begin with this character; put the text in quotes"],
    ),
    "text after a quote": (
        'title: "Wrists" and hands\n',
        ["1:17: nothing may follow here; put the whole text in quotes"],
    ),
    "list on the line of its name": (
        "about: - a\n",
        ['1:8: a "-" begins a list; put the list on lines of its own'],
    ),
    "colon forgotten": (
        "format: 1\ntitle\napproval: required\n",
        ['2:1: a ":" is missing after this field name'],
    ),
    "merge key": (
        HEAD + "<<: {a: b}\n" + GOOD,
        [
            (
                '4:1: "<<" is not a field of a routine; expected format, title, language, about, source, approval, '
                "precautions, red_flags, reminder, check_ins, cues, exercises or closing"
            )
        ],
    ),
    "number as a name": (
        HEAD + "12: x\n" + GOOD,
        [
            (
                '4:1: "12" is not a field of a routine; expected format, title, language, about, source, approval, '
                "precautions, red_flags, reminder, check_ins, cues, exercises or closing"
            )
        ],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_routine_gives_exactly_these_lines(case: str) -> None:
    text, expected = BROKEN[case]
    with pytest.raises(RoutineError) as caught:
        parse(text, "w.yaml")
    assert caught.value.problems == [f"w.yaml:{line}" for line in expected]
    assert caught.value.exit_code == 2


def test_there_are_many_and_the_unbroken_one_is_good() -> None:
    assert len(BROKEN) >= 40
    assert parse(with_step("say: Bend."), "w.yaml").title == "Wrists"
    assert parse(with_fields("rest: 3 s"), "w.yaml").exercises[0].rest == 3.0
