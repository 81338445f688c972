"""No sentence is in code: whole sessions in a language made letter by letter, in which no English letter is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pseudo_language import LATIN, TAG, phrases, translated, write_language, write_routine
from session.fake_stage import FakeStage

from voicecoach.audio.clip import Clip
from voicecoach.bundled import bundled
from voicecoach.routine.loader import load
from voicecoach.routine.model import CueStyle, Routine
from voicecoach.session import commands as understood
from voicecoach.session.commands import ALWAYS, ANSWERS, Command
from voicecoach.session.cues import Sound
from voicecoach.session.effects import Reason
from voicecoach.session.events import CommandGiven, Event, Faulted, Restored
from voicecoach.session.plan import Choices, make_plan
from voicecoach.session.standing import Hurt, Standing
from voicecoach.session.states import State
from voicecoach.session.wording import Wording
from voicecoach.simulation import Simulation, silent_clips

NAMES = sorted(path.stem for path in bundled("scripts").glob("*.yaml"))
C = Command


@pytest.fixture(autouse=True)
def language() -> None:
    write_language()


def routine(name: str, folder: Path) -> Routine:
    found = load(write_routine(bundled("scripts") / f"{name}.yaml", folder))
    assert found.language == TAG
    return found


def standings(found: Routine) -> list[Standing]:
    """A first day, one after pain, one after a warning sign and a change, and one on which nothing is left."""
    names = [exercise.name for exercise in found.exercises]
    most = {(each.id, side): each.per_day or 0 for each in found.exercises for side in ("right", "left", None)}
    some = {key: min(1, count) * max(1, count - 3) for key, count in most.items()}
    return [
        Standing(),
        Standing(approved=True, introduced=True, hurts=(Hurt("1", names[0]),)),
        Standing(changed=True, hurts=(Hurt("1", names[-1], urgent=True), Hurt("2", None)), done_today=some),
        Standing(approved=True, done_today=most, familiar=frozenset(each.id for each in found.exercises)),
    ]


def stages(found: Routine) -> list[FakeStage]:
    words = Wording(TAG, "112")
    return [
        FakeStage(make_plan(found, Choices(standing=standing, cues=cues), words), words=words)
        for standing in standings(found)
        for cues in (None, CueStyle.CHIMES)
    ]


def spoken(stage: FakeStage) -> list[str]:
    return [text for text in stage.said() if not text.startswith(("[", "hold "))]


def answer_all(stage: FakeStage) -> None:
    """Go to the end, saying yes, or fine, to whatever is asked."""
    for _ in range(400):
        stage.until_silent()
        if stage.reason is not None:
            return
        stage.say(C.FINE if stage.state in (State.CHECK_IN, State.CHECK_IN_WAITING) else C.YES)
        if stage.state in (State.PAUSED,):
            stage.say(C.RESUME)
    raise AssertionError(f"no end in {stage.state}")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_session_can_say_has_an_english_letter(name: str, tmp_path: Path) -> None:
    for stage in stages(routine(name, tmp_path)):
        assert [text for text in stage.texts if LATIN.search(text)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_session_to_its_end_with_every_question_answered(name: str, tmp_path: Path) -> None:
    for stage in stages(routine(name, tmp_path)):
        stage.begin()
        answer_all(stage)
        assert stage.reason in (Reason.COMPLETED, Reason.REFUSED)
        assert spoken(stage)
        assert [text for text in spoken(stage) if LATIN.search(text)] == []


EVENTS: tuple[Event, ...] = (
    *(CommandGiven(command, firm) for command in Command for firm in (True, False)),
    Faulted("ear"),
    Faulted("device"),
    Restored(),
)


@pytest.mark.parametrize("name", ["tour", "arms-and-hands"])
def test_whatever_is_said_or_fails_on_the_way_is_answered_in_the_language(name: str, tmp_path: Path) -> None:
    said: set[str] = set()
    found = routine(name, tmp_path)
    words = Wording(TAG, "112")
    for standing in standings(found)[:3]:
        plan = make_plan(found, Choices(standing=standing), words)
        texts = None
        for event in EVENTS:
            for seconds in (3, 200):
                stage = FakeStage(plan, words=words, texts=texts)
                texts = stage.texts
                stage.begin()
                stage.wait(seconds)
                if seconds > 100:
                    stage.say(C.YES)
                    stage.wait(100)
                stage.tell(event)
                stage.wait(40)
                stage.tell(event)
                stage.wait(40)
                said |= set(spoken(stage))
    assert [text for text in said if LATIN.search(text)] == []
    # It is not by chance that nothing English is found: the answers are there, word for word.
    say = words.say
    assert said & {say("paused"), say("paused_plain")}
    expected = {say("help"), say("cannot_hear"), say("sound_lost"), say("did_it_hurt")}
    assert expected | set(words.talk("pain")) | set(words.talk("emergency")) <= said


def test_the_real_mixer_plays_it_too(tmp_path: Path) -> None:
    words = Wording(TAG)
    plan = make_plan(routine("wrist-stretches", tmp_path), Choices(approved=True), words)
    earcons = {sound: Clip(np.zeros(200, np.float32), 1000) for sound in Sound}
    script = [(30.0, CommandGiven(C.HELP)), (60.0, CommandGiven(C.TIME_LEFT)), (90.0, CommandGiven(C.PAIN))]
    simulation = Simulation(plan, silent_clips(1000), earcons, 1000, script=script, words=words)
    assert simulation.run() is Reason.PAIN
    said = [line.fields["text"] for line in simulation.log if line.event == "prompt"]
    assert words.say("help") in said
    assert words.talk("pain")[-1] in said
    assert [text for text in said if LATIN.search(text)] == []


def test_times_are_words_of_the_language() -> None:
    words = Wording(TAG)
    assert Wording().duration(5400) == "1 hour 30 minutes"
    assert words.duration(5400) == translated("1 hour 30 minutes")
    assert words.duration(61) == translated("1 minute 1 second")
    assert words.duration(7.5) == translated("7.5 seconds")


def test_every_command_is_understood_in_the_language_and_in_no_other() -> None:
    found = understood.phrases(TAG)
    assert {phrase.command for phrase in found} == set(Command)
    assert [phrase.text for phrase in found if LATIN.search(phrase.text)] == []
    assert {phrase.text for phrase in understood.phrases_for({C.STOP}, TAG)} == set(phrases()["stop"])
    assert understood.phrases_for(ALWAYS | ANSWERS, TAG) == found


def test_an_english_letter_would_be_seen(tmp_path: Path) -> None:
    """The test can fail: with the English wording it does."""
    plan = make_plan(routine("tour", tmp_path), Choices(), Wording())
    assert any(LATIN.search(text) for text in FakeStage(plan, words=Wording()).texts)
