"""The sound check as a pure machine: whatever is said, heard or missing, it goes on by itself and comes to an end."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecoach.ear.sounding import Echo, Sounding
from voicecoach.routine.yaml_document import read_package_data
from voicecoach.session.commands import Command
from voicecoach.session.cues import Earcon, Prompt, Sound
from voicecoach.session.effects import Listen
from voicecoach.session.wording import Wording
from voicecoach.sound_check import (
    ANSWER_SECONDS,
    LOOK_SECONDS,
    MOST_MISSES,
    MOST_SOUNDINGS,
    NEEDED,
    REHEARSED,
    Begun,
    CommandHeard,
    Effect,
    Elapsed,
    Event,
    Finish,
    Interrupted,
    Measure,
    Measured,
    Phase,
    Play,
    Played,
    Report,
    Show,
    SoundCheck,
    Verdict,
)
from voicecoach.units import frames

WORDS = Wording(part="sound_check")
ROOM = Sounding(False, 0.0, -70.0, Echo(0.0624, -8.0))
HEADPHONES = Sounding(False, 0.0, -70.0, None)
SILENT = Sounding(True, 0.0, -100.0, None)
COACH = -20.0
"""dBFS of the coach's speech as it is played."""


class Stage:
    """Carries out effects as a device would, in no time; objects to what no check may want."""

    def __init__(self, *soundings: Sounding, has_microphone: bool = True) -> None:
        self.check = SoundCheck(WORDS)
        self.soundings = list(soundings or (ROOM,))
        self.has_microphone = has_microphone
        self.now = 0
        self.said: list[str] = []
        self.shown: list[str] = []
        self.sounds: list[Sound] = []
        self.armed: frozenset[Command] = frozenset()
        self.measured = 0
        self.report: Report | None = None
        self.tell(Begun(has_microphone, "a loudspeaker and a microphone"))

    def tell(self, event: Event) -> None:
        assert self.report is None or isinstance(event, Interrupted)
        self.carry_out(self.check.handle(event, self.now))

    def carry_out(self, effects: Iterable[Effect]) -> None:
        playing: Play | None = None
        measuring = False
        for effect in effects:
            assert self.report is None, "nothing follows the end"
            if isinstance(effect, Play):
                assert playing is None
                playing = effect
            elif isinstance(effect, Measure):
                measuring = True
            elif isinstance(effect, Listen):
                self.armed = effect.commands
            elif isinstance(effect, Show):
                self.shown.append(effect.text)
            elif isinstance(effect, Finish):
                self.report = effect.report
        if playing is not None:
            assert not self.armed, "the ear is armed while the coach speaks"
            texts = [cue.text for cue in playing.cues if isinstance(cue, Prompt)]
            self.said += texts
            self.sounds += [cue.sound for cue in playing.cues if isinstance(cue, Earcon)]
            self.now += frames(2.0)
            self.tell(Played(COACH if texts else None))
        elif measuring:
            self.measured += 1
            self.now += frames(5.0)
            self.tell(Measured(self.soundings.pop(0) if len(self.soundings) > 1 else self.soundings[0]))

    def until_it_listens(self) -> Stage:
        """Let time go by until a command is awaited."""
        while self.check.phase is not Phase.LISTENING and self.report is None:
            self.wait()
        return self

    def wait(self, loudest: float = -70.0) -> Stage:
        """To the next deadline."""
        due = self.check.next_deadline()
        assert due is not None, f"nothing will ever happen again in {self.check.phase}"
        self.now = max(self.now, due)
        self.tell(Elapsed(loudest))
        return self

    def hear(self, command: Command, firm: bool = True, loudness: float = -20.0, after: float = 1.0) -> Stage:
        self.now += frames(after)
        self.tell(CommandHeard(command, command.value, firm, self.now, loudness))
        return self

    def end(self) -> Report:
        assert self.report is not None
        return self.report


def all_heard(stage: Stage, loudness: float = -20.0) -> Report:
    for command in REHEARSED:
        for _ in range(NEEDED):
            stage.until_it_listens().hear(command, loudness=loudness)
    return stage.end()


def test_all_goes_well() -> None:
    stage = Stage()
    report = all_heard(stage)
    assert report.verdict is Verdict.PASSED
    assert report.heard == dict.fromkeys(REHEARSED, 2)
    assert report.coach == pytest.approx(-28.0)
    assert report.user == report.coach + 8.0
    assert report.quieter == pytest.approx(8.0)
    assert "I hear myself 62 ms late, 8 dB quieter than you." in stage.shown
    assert stage.said[-2:] == ["I hear myself 62 milliseconds late, and 8 decibels quieter than you.",
                               "I hear you well. The sound check is over."]  # fmt: skip
    assert stage.sounds == [Sound.HEARD] * 6
    assert stage.measured == 1
    assert stage.armed == frozenset()


@pytest.mark.parametrize(("loudness", "told"), [(-40.0, "12 decibels louder than you"), (-27.4, "as loud as you")])
def test_the_coach_is_compared_with_the_user(loudness: float, told: str) -> None:
    stage = Stage()
    all_heard(stage, loudness)
    assert told in " ".join(stage.said)
    assert ("headphones, would let me hear you better" in " ".join(stage.said)) is (loudness == -40.0)


def test_pain_is_called_a_try_before_it_is_rehearsed() -> None:
    stage = Stage()
    all_heard(stage)
    (request,) = [text for text in stage.said if text.startswith("The next words are for pain")]
    assert "a try, so nothing ends" in request
    assert stage.end().verdict is Verdict.PASSED


def test_only_what_is_rehearsed_and_stop_are_listened_for() -> None:
    stage = Stage()
    armed = []
    for command in REHEARSED:
        for _ in range(NEEDED):
            armed.append(stage.until_it_listens().armed)
            stage.hear(command)
    assert armed == [{Command.PAUSE, Command.STOP}] * 2 + [{Command.STOP}] * 2 + [{Command.PAIN, Command.STOP}] * 2


def test_the_coachs_own_voice_is_waited_for_as_long_as_it_is_late() -> None:
    late = Stage(Sounding(False, 0.0, -70.0, Echo(0.4, -8.0)))
    assert late.check.phase is Phase.SETTLING
    due = late.check.next_deadline()
    assert due is not None
    assert due - late.now == frames(0.55)


def test_what_is_decided_as_soon_as_the_ear_is_armed_was_not_said_to_it() -> None:
    stage = Stage().until_it_listens()
    stage.hear(Command.PAUSE, after=0.1)
    assert stage.check.phase is Phase.LISTENING
    stage.hear(Command.PAUSE)
    assert stage.check.phase is Phase.SETTLING


def test_stop_ends_it_unless_it_is_rehearsed() -> None:
    stage = Stage().until_it_listens().hear(Command.STOP)
    assert stage.end().verdict is Verdict.ENDED
    stage = Stage()
    for command in (Command.PAUSE, Command.PAUSE, Command.STOP, Command.STOP):
        stage.until_it_listens().hear(command)
    assert stage.report is None
    stage.until_it_listens().hear(Command.STOP)
    assert stage.end().verdict is Verdict.ENDED


def test_a_key_ends_it_at_any_moment() -> None:
    stage = Stage().until_it_listens()
    stage.tell(Interrupted())
    assert stage.end().verdict is Verdict.ENDED
    assert stage.said[-1] == "All right. The sound check is over."
    assert stage.end().sounding == ROOM


def test_a_second_key_does_not_wait_for_the_goodbye() -> None:
    check = SoundCheck(WORDS)
    check.handle(Begun(True, "a laptop"), 0)
    assert isinstance(check.handle(Interrupted(), 10)[-1], Play)
    (end,) = check.handle(Interrupted(), 20)
    assert isinstance(end, Finish)
    assert check.handle(Interrupted(), 30) == []


def test_without_a_microphone_it_says_so_and_ends() -> None:
    stage = Stage(has_microphone=False)
    assert stage.end() == Report(Verdict.FAILED, heard=dict.fromkeys(REHEARSED, 0))
    assert "There is no microphone" in stage.said[0]
    assert stage.measured == 0


def test_a_silent_microphone_is_looked_at_then_listened_to_again() -> None:
    stage = Stage(SILENT, ROOM)
    assert stage.sounds == [Sound.TROUBLE]
    assert "muted" in stage.said[-1]
    before = stage.now
    stage.wait()
    assert stage.now >= before + frames(LOOK_SECONDS)
    assert stage.measured == 2
    assert all_heard(stage).verdict is Verdict.PASSED


def test_a_microphone_that_stays_silent_ends_it() -> None:
    stage = Stage(SILENT)
    while stage.report is None:
        stage.wait()
    assert stage.end().verdict is Verdict.FAILED
    assert stage.measured == MOST_SOUNDINGS


def test_with_headphones_there_is_no_echo_and_no_fault() -> None:
    stage = Stage(HEADPHONES)
    report = all_heard(stage)
    assert report.verdict is Verdict.PASSED
    assert report.quieter is None
    assert "With headphones that is right" in " ".join(stage.said)


def test_clipping_and_a_loud_room_are_told() -> None:
    said = " ".join(Stage(Sounding(False, 0.05, -35.0, Echo(0.06, 3.0))).said)
    assert "I am too loud for the microphone" in said
    assert "The room is rather loud" in said


@pytest.mark.parametrize(
    ("sounding", "loudest", "advice"),
    [
        (ROOM, -69.0, "come closer, or speak a little louder"),
        (ROOM, -30.0, "I heard your voice, and not the words"),
        (ROOM, -40.0, "use headphones"),
        (Sounding(False, 0.0, -40.0, None), -20.0, "The room is loud"),
    ],
)
def test_who_is_missed_gets_advice(sounding: Sounding, loudest: float, advice: str) -> None:
    stage = Stage(sounding).until_it_listens().wait(loudest)
    assert advice in stage.said[-2]
    assert stage.said[-1] == "Please say: pause."


def test_advice_changes_where_the_first_did_not_help() -> None:
    stage = Stage().until_it_listens().wait().until_it_listens().wait()
    assert "wrong microphone" in stage.said[-2]


def test_a_word_that_was_half_heard_gets_advice_of_its_own() -> None:
    stage = Stage().until_it_listens().hear(Command.PAUSE, firm=False)
    assert stage.check.phase is Phase.LISTENING
    stage.wait(-20.0)
    assert "not certain" in stage.said[-2]


def test_a_try_waits_long_enough() -> None:
    stage = Stage().until_it_listens()
    due = stage.check.next_deadline()
    assert due is not None
    assert due - stage.now == frames(ANSWER_SECONDS)


def test_who_says_nothing_hears_the_end_soon() -> None:
    stage = Stage()
    while stage.report is None:
        stage.until_it_listens().wait()
    assert stage.end().verdict is Verdict.FAILED
    assert stage.said[-1] == "I cannot hear you like this. The sound check is over."
    assert sum(text == "Please say: pause." for text in stage.said) == MOST_MISSES


def test_who_is_never_understood_hears_the_end() -> None:
    stage = Stage()
    while stage.report is None:
        stage.until_it_listens()
        if stage.report is None:
            stage.wait(-20.0)
    assert stage.end().verdict is Verdict.DOUBTFUL
    assert sum("Then we leave this one" in text for text in stage.said) == len(REHEARSED)
    assert sum(text.startswith("Please say: ") for text in stage.said) == 1 + (MOST_MISSES - 1) * len(REHEARSED)
    assert [text for text in stage.shown if text.startswith("The key")] == [
        "The key for it: space.", "The key for it: s.", "The key for it: h."
    ]  # fmt: skip


SOUNDINGS = st.sampled_from([ROOM, HEADPHONES, SILENT, Sounding(False, 0.2, -30.0, Echo(0.3, 10.0))])
MOVES = st.one_of(
    st.tuples(st.just("wait"), st.floats(-90, 0)),
    st.tuples(st.just("firm"), st.sampled_from(list(Command))),
    st.tuples(st.just("weak"), st.sampled_from(list(Command))),
    st.just(("key", None)),
)


@given(soundings=st.lists(SOUNDINGS, min_size=1, max_size=4), moves=st.lists(MOVES, max_size=40))
def test_whatever_happens_it_comes_to_an_end(soundings: list[Sounding], moves: list[tuple[str, object]]) -> None:
    """The stage objects where the ear is armed while the coach speaks, and where anything follows the end."""
    stage = Stage(*soundings)
    for kind, what in moves:
        if stage.report is not None:
            break
        if kind == "wait":
            assert isinstance(what, float)
            stage.wait(what)
        elif kind == "key":
            stage.tell(Interrupted())
        else:
            assert isinstance(what, Command)
            stage.hear(what, firm=kind == "firm")
    left = 100
    while stage.report is None:
        stage.wait()
        left -= 1
        assert left, "it goes on for ever"
    report = stage.end()
    if report.verdict is Verdict.PASSED:
        assert all(count >= NEEDED for count in report.heard.values())


def test_every_sentence_can_be_said_and_none_is_left_over() -> None:
    """Every key of the file is named in the modules, but for the parts that are put together."""
    modules = ("sound_check.py", "cli/setup.py")
    source = "".join(files("voicecoach").joinpath(name).read_text(encoding="utf-8") for name in modules)
    put_together = {f"sound_{kind}_{command.value}" for kind in ("try", "again", "ask") for command in REHEARSED}
    put_together |= {f"sound_{verdict.value}" for verdict in Verdict}
    put_together |= {f"{where}_{how}" for where in ("sound", "shown") for how in ("quieter", "louder", "as_loud")}
    data = read_package_data("voicecoach.session", "en/sound_check.yaml")
    for key in set(data) - put_together:
        name = key.removeprefix("sound_")
        assert f'"{name}"' in source, key
    assert put_together <= set(data)


def test_the_sentences_that_can_be_rendered_beforehand_are_known() -> None:
    fixed = WORDS.fixed("sound_")
    assert "Please say: pause." in fixed
    assert not any("{" in text for text in fixed)
    assert not any(text.startswith("I use") for text in fixed)
