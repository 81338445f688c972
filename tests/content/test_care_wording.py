"""Everything that the coach can ever say: every fact of the source where it is needed, every dose exact, no promise.

The source is the health article that the routines name. Its facts are numbered here, each with what it says and where a
user hears it; ``said`` is looked for in what those parts say one after the other. A text that is new is under the rules
of ``faults`` by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

import pytest

from voicecoach.bundled import bundled
from voicecoach.routine.checker import spoken_texts
from voicecoach.routine.loader import load
from voicecoach.routine.model import Exercise, Hold, Range, Routine, Wait
from voicecoach.routine.yaml_document import read_package_data

NECK, WRIST, GLIDE, ALL = "neck-range-of-motion", "wrist-stretches", "median-nerve-glide", "arms-and-hands"
MEDICAL = (NECK, WRIST, GLIDE, ALL)
ROUTINES = tuple(sorted(path.stem for path in bundled("scripts").glob("*.yaml")))
WORDING = ("wording",)


def routine(name: str) -> Routine:
    return load(bundled("scripts") / f"{name}.yaml")


def texts_in(data: object) -> Iterator[str]:
    """Every text in plain data, however deep."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts_in(value)


def wording() -> dict[str, object]:
    """The coach's own sentences by key; those of every file beside ``wording.yaml`` too, but for the user's phrases."""
    found: dict[str, object] = {}
    for file in files("voicecoach.session").joinpath("en").iterdir():
        if file.name.endswith(".yaml") and file.name != "phrases.yaml":
            found |= read_package_data("voicecoach.session", f"en/{file.name}")
    return found


def said(where: str, part: str) -> str:
    """What a routine says in a field or in the exercise of that id, or the coach under the keys of a pattern."""
    if where == "wording":
        return " ".join(text for key, value in wording().items() if re.fullmatch(part, key) for text in texts_in(value))
    found = routine(where)
    texts = []
    for path, text in spoken_texts(found):
        owner = found.exercises[int(path[1])].id if path[0] == "exercises" else path[0]
        if part == owner:
            texts.append(text)
    return " ".join(texts)


# The facts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a fact is said, and in which words."""

    where: tuple[str, ...]
    """Names of routines, or WORDING."""
    part: str
    words: str
    """A pattern."""


@dataclass(frozen=True)
class Fact:
    """One fact of the source."""

    what: str
    places: tuple[Place, ...]


FACTS: dict[int, Fact] = {
    1: Fact(
        "numbness in hand and wrist can be related to carpal tunnel syndrome",
        (Place(MEDICAL, "about", r"Numbness in the hand and wrist can be related to carpal tunnel syndrome"),),
    ),
    2: Fact(
        "stretches may relieve, by blood flow and by pressure taken off joints and nerves",
        (Place(MEDICAL, "about", r"may relieve tingling and numbness.*may restore blood flow.*off joints and nerves"),),
    ),
    3: Fact(
        "there are many causes, one of them just staying in one position",
        (
            Place(MEDICAL, "about", r"many other causes, such as nerve damage, diabetes, or multiple sclerosis"),
            Place(MEDICAL, "about", r"too long in one position can also cause it"),
        ),
    ),
    4: Fact(
        "numbness can be a sign of something serious; exercise makes some conditions worse",
        (Place(MEDICAL, "precautions", r"sign of something serious.*Exercise makes some conditions worse"),),
    ),
    5: Fact(
        "ask the doctor before any of these; only do what the doctor approves",
        (
            Place(MEDICAL, "precautions", r"Ask your doctor before you do any.*Only do the moves that your doctor"),
            Place(MEDICAL, "reminder", r"Only do the moves that your doctor approves"),
            Place(WORDING, "approval", r"doctor or therapist has approved them.*yes or no"),
            Place(WORDING, "approval_again", r"doctor approved"),
            Place(WORDING, "(approval_)?refused", r"ask your doctor which of these exercises are right for you"),
        ),
    ),
    6: Fact(
        "numbness makes injury likelier, as pain may not be felt: move slowly",
        (
            Place(MEDICAL, "precautions", r"injury likelier, because you may not feel.*move slowly"),
            Place(MEDICAL, "reminder", r"[Mm]ove slowly, because you may not feel"),
        ),
    ),
    7: Fact(
        "neck turns, range of motion, when the neck is the source: left, then right",
        (Place((NECK, ALL), "neck-turns", r"range of motion.*when the neck is the source.*to the left.*to the right"),),
    ),
    8: Fact(
        "neck side tilts: face forward, ear toward the shoulder, each side",
        (Place((NECK, ALL), "neck-tilts", r"face forward.*\{side\} ear toward your \{side\} shoulder"),),
    ),
    9: Fact(
        "wrist extension: elbow straight, palm as if to halt traffic, the other hand pulls the fingers back",
        (
            Place(
                (WRIST, ALL),
                "wrist-extension",
                r"Straighten your \{side\} elbow.*palm to face forward, as if to halt traffic"
                r".*\{other_side\} hand, gently pull the fingers toward your body",
            ),
        ),
    ),
    10: Fact(
        "wrist flexion: arm out, fingers down, palm toward the body, the other hand pulls the hand",
        (
            Place(
                (WRIST, ALL),
                "wrist-flexion",
                r"out with your \{side\} arm.*fingers down, with the palm toward your body"
                r".*\{other_side\} hand, gently pull the \{side\} hand toward your body",
            ),
        ),
    ),
    11: Fact(
        "median nerve glide: why, its six positions, and its dose a day, all sittings together",
        (
            Place(
                (GLIDE, ALL),
                "median-nerve-glide",
                r"may ease conditions such as carpal tunnel syndrome.*from the spine down the arm"
                r".*compressed at the elbow or at the wrist.*10 to 15 repetitions a day.*all sittings together",
            ),
            Place(
                (GLIDE, ALL),
                "median-nerve-glide",
                r"fist.*Open the hand.*thumb close.*fingers straight.*bend the wrist backward"
                r".*thumb outward, away from the hand.*palm up"
                r".*\{other_side\} hand, take hold of the thumb, and gently stretch it",
            ),
        ),
    ),
    12: Fact(
        "heat before the glide and ice after it, by the American Academy of Orthopaedic Surgeons",
        (
            Place((GLIDE, ALL), "heat", r"Academy of Orthopaedic Surgeons recommends heat before.*heat on the joint"),
            Place((GLIDE, ALL), "ice", r"Academy of Orthopaedic Surgeons recommends ice after.*ice on the joint"),
        ),
    ),
    13: Fact(
        "stretches and range of motion can serve shoulders and elbows too",
        (Place((ALL,), "about", r"Stretches and range of motion exercise can also serve the shoulders and elbows"),),
    ),
    14: Fact(
        "pain ends the session; a doctor is contacted before these exercises are done again",
        (
            Place(MEDICAL, "precautions", r"the session ends.*contact your doctor before you do these exercises again"),
            Place(MEDICAL, "reminder", r"If you get sore, tell me at once"),
            Place(WORDING, "pain", r"session is over.*contact your doctor before doing these exercises again"),
        ),
    ),
    15: Fact(
        "other treatment may be needed: blood sugar with diabetes, side effects of a medicine",
        (
            Place(
                MEDICAL,
                "closing",
                r"may need other treatment.*diabetes, talk with your doctor about your blood sugar"
                r".*side effect of a prescribed medicine.*ask your doctor about alternatives",
            ),
        ),
    ),
    16: Fact(
        "loss of control, weakness, slurred speech, confusion: contact a doctor and call the emergency number now",
        (
            Place(
                MEDICAL,
                "red_flags",
                r"Contact a doctor immediately.*control of your arm or hand.*weakness, slurred speech, or confusion"
                r".*can be an emergency.*call your local emergency number now",
            ),
            Place(
                MEDICAL,
                "reminder",
                r"Loss of control of your arm or hand can be an emergency.*weakness, slurred speech, or confusion"
                r".*call your local emergency number now.*contact a doctor immediately",
            ),
            Place(
                WORDING,
                "pain",
                r"control of your arm or hand can be an emergency.*[Ss]o can weakness, slurred speech, or confusion"
                r".*call your local emergency number now.*contact a doctor immediately",
            ),
            Place(WORDING, "emergency", r"emergency.*[Cc]all your local emergency number now.*doctor immediately"),
        ),
    ),
}

SAID = [(number, place, where) for number, fact in FACTS.items() for place in fact.places for where in place.where]


@pytest.mark.parametrize(
    ("number", "place", "where"), SAID, ids=[f"{number}-{where}-{place.part}" for number, place, where in SAID]
)
def test_a_fact_is_said_where_its_user_hears_it(number: int, place: Place, where: str) -> None:
    words = said(where, place.part)
    assert re.search(place.words, words), f"fact {number}, {FACTS[number].what}, is not in: {words}"


def test_every_fact_is_in_the_table() -> None:
    assert sorted(FACTS) == list(range(1, 17))


@pytest.mark.parametrize("number", [4, 5, 6, 14, 16])
def test_what_keeps_a_user_safe_is_in_every_routine_that_needs_approval(number: int) -> None:
    told = {where for place in FACTS[number].places for where in place.where}
    assert told >= {name for name in ROUTINES if routine(name).approval}


@pytest.mark.parametrize("number", [5, 6, 14, 16])
def test_what_nobody_may_forget_is_in_the_reminder_too(number: int) -> None:
    """A user who has heard the precautions in full hears only the reminder."""
    assert [place.where for place in FACTS[number].places if place.part == "reminder"] == [MEDICAL]


# The doses ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dose:
    """What the source prescribes for an exercise; seconds."""

    fact: int
    routines: tuple[str, ...]
    sides: str
    repetitions: tuple[int, int]
    hold: tuple[int, int] | None = None
    per_day: int | None = None
    wait: int | None = None


DOSES = {
    "neck-turns": Dose(7, (NECK, ALL), "none", (2, 4)),
    "neck-tilts": Dose(8, (NECK, ALL), "both", (2, 4)),
    "wrist-extension": Dose(9, (WRIST, ALL), "both", (5, 5), hold=(15, 15)),
    "wrist-flexion": Dose(10, (WRIST, ALL), "both", (5, 5), hold=(15, 15)),
    "heat": Dose(12, (GLIDE, ALL), "none", (1, 1), wait=15 * 60),
    "median-nerve-glide": Dose(11, (GLIDE, ALL), "both", (10, 15), hold=(3, 7), per_day=15),
    "ice": Dose(12, (GLIDE, ALL), "none", (1, 1), wait=20 * 60),
}


def span(dose: Range) -> tuple[float, float]:
    return dose.low, dose.high


@pytest.mark.parametrize(("name", "identifier"), [(name, key) for key, dose in DOSES.items() for name in dose.routines])
def test_a_dose_is_the_source_s_in_every_routine_that_has_it(name: str, identifier: str) -> None:
    (item,) = [item for item in routine(name).exercises if item.id == identifier]
    dose = DOSES[identifier]
    assert (item.sides, span(item.repetitions), item.per_day) == (dose.sides, dose.repetitions, dose.per_day)
    assert [span(step.hold) for step in item.steps if isinstance(step, Hold)] == ([dose.hold] if dose.hold else [])
    assert [step.wait for step in item.steps if isinstance(step, Wait)] == ([dose.wait] if dose.wait else [])


@pytest.mark.parametrize("name", MEDICAL)
def test_no_exercise_is_in_a_medical_routine_that_the_source_does_not_have(name: str) -> None:
    known = [key for key, dose in DOSES.items() if name in dose.routines]
    assert [item.id for item in routine(name).exercises] == known


COUNTS = r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred"
NUMBER = re.compile(rf"\d+(?:\.\d+)?|\b(?:{COUNTS})\b", re.IGNORECASE)
UNIT = r"\d|\{|seconds?\b|minutes?\b|times\b|repetitions?\b|as long\b|as often\b"
VAGUE = re.compile(
    r"\b(half|halve|double|twice|several|a few|a couple|dozens?|about|around|roughly|almost|nearly|at least)\b"
    rf"(?= (?:\w+ )?(?:{UNIT}))",
    re.IGNORECASE,
)


def numbers(text: str) -> set[str]:
    """Every number that is said, in figures or words; "one" is left out, as it is more often no number."""
    return {found.lower() for found in NUMBER.findall(text)}


def prescribed(item: Exercise) -> set[str]:
    """The numbers that may be said of an exercise: those of its dose, waits in minutes."""
    allowed = {item.repetitions.low, item.repetitions.high, item.per_day}
    for step in item.steps:
        if isinstance(step, Hold):
            allowed |= set(span(step.hold))
        if isinstance(step, Wait):
            allowed.add(step.wait / 60)
    return {f"{number:g}" for number in allowed if number is not None}


def wrong_numbers(found: Routine) -> list[str]:
    """What a routine says that is neither the dose of the exercise that says it nor exact."""
    wrong = []
    for path, text in spoken_texts(found):
        allowed = prescribed(found.exercises[int(path[1])]) if path[0] == "exercises" else set()
        wrong += sorted(numbers(text) - allowed) + [hit[0].lower() for hit in VAGUE.finditer(text)]
    return wrong


@pytest.mark.parametrize("name", ROUTINES)
def test_no_number_is_said_but_those_of_the_dose(name: str) -> None:
    assert wrong_numbers(routine(name)) == []


@pytest.mark.parametrize("key", sorted(wording()))
def test_the_coach_s_own_sentences_have_no_number_of_their_own(key: str) -> None:
    """They fill doses in. Only time that is left is told in round numbers."""
    for text in texts_in(wording()[key]):
        assert numbers(text) == set(), text
        assert key.startswith("time_left") or not VAGUE.search(text), text


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Hold for 20 seconds.", ["20"]),
        ("Hold for twenty seconds.", ["twenty"]),
        ("Do it 15 times.", []),
        ("Do it about 15 times.", ["about"]),
        ("Do it a few times.", ["a few"]),
        ("Do it half as long, 7.5 seconds.", ["7.5", "half"]),
        ("Do it at least {reps} times.", ["at least"]),
    ],
)
def test_a_number_that_is_not_the_dose_is_seen(text: str, wrong: list[str]) -> None:
    item = routine(WRIST).exercises[0]
    changed = item.model_copy(update={"steps": (*item.steps[1:], item.steps[0].model_copy(update={"say": text}))})
    assert wrong_numbers(routine(WRIST).model_copy(update={"exercises": (changed,)})) == wrong


# The tone -------------------------------------------------------------------------------------------------------------

LONGEST = 24
"""Words in a sentence that is listened to with closed eyes."""

FORBIDDEN: dict[str, tuple[str, ...]] = {
    "promises": (
        r"always|cure[sd]?|curing|heal(s|ed|ing)?|guarante\w+|miracle\w*|proven|never fails?",
        r"will (\w+ ){0,2}(help|ease|relieve|improve|restore|fix|work|go away|(feel|get|be) better)",
    ),
    "pushes through": (
        r"push(es|ed|ing)? (through|past|on|harder|further)|(work|breathe) through|no pain,? no gain",
        r"harder|deeper|stronger|further than|all the way|as (far|hard|long|much|many|deep) as (you|possible)",
        r"give up|keep going|forc(e|es|ed|ing)|ignore|bear|endure|tolerate|toughen|no excuses?|try again",
    ),
    "doses medicine": (
        r"(stop|quit|skip|leave out|leave off|without|reduce|increase|double|halve|change|start)\b[^.?]*"
        r"\b(taking|medicines?|medications?|pills?|tablets?|drugs?|insulin)",
        r"take (\w+ ){0,2}(painkillers?|aspirin|ibuprofen|pills?|tablets?)",
    ),
    "doubts the user": (r"are you (really |quite )?(sure|certain)", r"really want", r"just your imagination"),
    "plays down": (
        r"(don't|do not) worry|nothing (serious|to worry about)|harmless|perfectly (safe|normal)",
        r"(is|are) (quite |completely |totally )?safe",
    ),
    "diagnoses": (r"you (\w+ )?(have|suffer from) (carpal|nerve damage|multiple|a stroke|an injury)",),
}
"""Whole words, in any case."""

SIGNS = {"shouts": r"!|\b[A-Z]{3,}\b", "is no speech": r"[;()\u2013\u2014/&*_#{}]|\betc\b|\be\.g\.|\bi\.e\."}

BENEFITS = re.compile(
    r"\b(stretch(es)?|exercises?|they|this|it|glide|move|heat|ice) ((can|could|might|also) )*"
    r"(helps?|take (\w+ )?pressure)\b|\b(eases?|relieves?|restores?|reduces?|improves?|helps?) (\w+ )?(\w+ )?"
    r"(numbness|tingling|pressure|blood|you|joints?|nerves?)\b|\b(relieves?|restores?)\b",
    re.IGNORECASE,
)
REASONS = re.compile(r"\b(?:if|because|unless|although|while|whereas|since|so that)\b", re.IGNORECASE)


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?:])\s+", text) if part]


def faults(text: str) -> list[str]:
    """What is wrong with a text that is spoken to somebody who may be hurt; nothing for a good one."""
    spoken = re.sub(r"\{\w+\}", "this", text)
    found = [name for name, words in FORBIDDEN.items() if re.search(rf"\b({'|'.join(words)})\b", spoken, re.IGNORECASE)]
    found += [name for name, pattern in SIGNS.items() if re.search(pattern, spoken)]
    for sentence in sentences(spoken):
        if len(sentence.split()) > LONGEST:
            found.append("is too long")
        if len(REASONS.findall(sentence)) > 1:
            found.append("has two ideas")
        if BENEFITS.search(sentence) and not re.search(r"\bmay\b", sentence):
            found.append("is sure of a benefit")
    return found


EVERYTHING = [
    *((f"{name}: {'/'.join(map(str, path))}", text) for name in ROUTINES for path, text in spoken_texts(routine(name))),
    *((f"wording: {key}", text) for key, value in wording().items() for text in texts_in(value)),
]


@pytest.mark.parametrize("text", list(dict.fromkeys(text for _, text in EVERYTHING)))
def test_nothing_is_promised_and_nobody_is_pushed(text: str) -> None:
    assert faults(text) == [], [place for place, other in EVERYTHING if other == text]


def test_everything_is_looked_at() -> None:
    """Names of routines and keys of the wording, however many there will be."""
    places = {place.split(":")[0] for place, _ in EVERYTHING}
    assert places == {*ROUTINES, "wording"}
    assert {place.split(": ")[1] for place, _ in EVERYTHING if place.startswith("wording")} == set(wording())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("This always helps.", "promises"),
        ("The glide cures numbness.", "promises"),
        ("Your nerve will heal.", "promises"),
        ("It heals the wrist.", "promises"),
        ("These stretches will help you.", "promises"),
        ("It will soon feel better.", "promises"),
        ("Relief is guaranteed.", "promises"),
        ("Push through it.", "pushes through"),
        ("No pain, no gain.", "pushes through"),
        ("Hold as long as you can.", "pushes through"),
        ("Pull a little harder.", "pushes through"),
        ("Bend as far as you can.", "pushes through"),
        ("Bend it as far as possible.", "pushes through"),
        ("Don't give up.", "pushes through"),
        ("Force the fingers back.", "pushes through"),
        ("Keep going.", "pushes through"),
        ("Stop taking it.", "doses medicine"),
        ("Leave out your tablets today.", "doses medicine"),
        ("Take two painkillers before it.", "doses medicine"),
        ("Are you sure?", "doubts the user"),
        ("Are you really sure?", "doubts the user"),
        ("Don't worry.", "plays down"),
        ("These moves are safe.", "plays down"),
        ("You probably have carpal tunnel syndrome.", "diagnoses"),
        ("Well done!", "shouts"),
        ("Let go NOW.", "shouts"),
        ("Bend it; then rest.", "is no speech"),
        ("Bend it (gently).", "is no speech"),
        ("Stretches ease numbness.", "is sure of a benefit"),
        ("It relieves tingling.", "is sure of a benefit"),
        ("Stretches can help numbness.", "is sure of a benefit"),
        ("They restore blood flow.", "is sure of a benefit"),
        ("They take pressure off the nerve.", "is sure of a benefit"),
        ("Rest. " + "one " * 25, "is too long"),
        ("If it is cold, rest, because it may be stiff if you do not.", "has two ideas"),
    ],
)
def test_a_bad_text_is_seen(text: str, fault: str) -> None:
    assert fault in faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "Stretches may ease numbness and tingling.",
        "Ask your doctor about alternatives.",
        "If you take one, ask your doctor about alternatives.",
        "I will tell you when the time is over.",
        "Then we will leave it for today.",
        "Gently pull the hand toward your body.",
        "To leave it out, say: skip.",
        "Did something hurt? Say yes, or continue.",
    ],
)
def test_a_good_text_has_no_fault(text: str) -> None:
    assert faults(text) == []
