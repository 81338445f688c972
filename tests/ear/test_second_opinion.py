"""The second opinion: scripted first spotters and writers, so that only who decides what is tested."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from voicecoach.ear.decision import Decision, Rule
from voicecoach.ear.level import HOP, LevelHistory
from voicecoach.ear.second_opinion import SecondOpinion
from voicecoach.ear.spotter import Detection
from voicecoach.ear.witnesses import Witnesses
from voicecoach.errors import EarError
from voicecoach.session.commands import Command, Phrase, phrases
from voicecoach.units import EAR_RATE

BY_TEXT = {phrase.text: phrase for phrase in phrases()}
HURTS, STOP, PAUSE, OUCH = BY_TEXT["it hurts"], BY_TEXT["stop"], BY_TEXT["pause"], BY_TEXT["ouch"]
FIRM, WEAK = 3.0, 1.0


def rules(text: str) -> Rule:
    return Rule(FIRM, WEAK, alone=False, doubtful=text == "ouch")


def at(phrase: Phrase, score: float, seconds: float) -> Detection:
    end = int(seconds * EAR_RATE)
    return Detection(phrase, score, end - EAR_RATE // 2, end)


@dataclass
class Scripted:
    """A first spotter that detects what it was told to, in the hop that a detection ends in."""

    detections: list[Detection]
    now: int = 0
    calls: list[str] = field(default_factory=list)

    def arm(self, armed: object) -> None:
        self.calls.append("arm")

    def feed(self, block: np.ndarray) -> list[Detection]:
        first, self.now = self.now, self.now + len(block)
        return [detection for detection in self.detections if first < detection.end <= self.now]

    def reset(self) -> None:
        self.now = 0
        self.calls.append("reset")

    def close(self) -> None:
        self.calls.append("close")


@dataclass
class Writer:
    """Writes down what it was told to; keeps what it was given."""

    text: str = ""
    given: list[np.ndarray] = field(default_factory=list)

    def __call__(self, samples: np.ndarray) -> str:
        assert samples.dtype == np.float32
        assert samples.ndim == 1
        self.given.append(samples)
        return self.text


def listen(spotter: SecondOpinion, seconds: float = 4.0, block: int = HOP) -> list[Detection]:
    ramp = (np.arange(int(seconds * EAR_RATE)) / EAR_RATE).astype(np.float32)
    return [found for start in range(0, len(ramp), block) for found in spotter.feed(ramp[start : start + block])]


def opinion(writer: Writer, *detections: Detection) -> SecondOpinion:
    spotter = SecondOpinion(Scripted(list(detections)), rules, writer)
    spotter.arm(phrases())
    return spotter


def test_on_a_machine_that_does_not_keep_up_nobody_is_asked_and_the_first_is_lightened() -> None:
    writer, suspected = Writer("it hurts"), at(HURTS, WEAK, 1.0)
    spotter = opinion(writer, suspected)
    spotter.lighten(True)
    assert listen(spotter) == [suspected]
    assert writer.given == []
    spotter.reset()
    spotter.lighten(False)
    assert len(listen(spotter)) == 2
    first = Witnesses(Scripted([]), Scripted([]), rules)
    both = SecondOpinion(first, rules, writer)
    both.lighten(True)
    assert first.is_light
    both.lighten(False)
    assert not first.is_light


def test_what_is_firm_is_passed_on_at_once_and_nobody_is_asked() -> None:
    writer, sure = Writer("nothing of the kind"), at(HURTS, FIRM, 1.0)
    spotter = opinion(writer, sure)
    assert listen(spotter, 1.0) == [sure]
    assert listen(spotter, 3.0) == []
    assert writer.given == []


def test_a_suspicion_is_passed_on_at_once_and_made_firm_later() -> None:
    spotter = opinion(Writer(" It hurts!"), at(HURTS, WEAK, 1.0))
    assert listen(spotter, 1.0) == [at(HURTS, WEAK, 1.0)]
    assert listen(spotter, 1.0) == [at(HURTS, FIRM, 1.0)]


@pytest.mark.parametrize("text", ["", "Thank you.", "it works", "stop", "she said that it hurts her a lot"])
def test_another_opinion_changes_nothing(text: str) -> None:
    assert listen(opinion(Writer(text), at(HURTS, WEAK, 1.0))) == [at(HURTS, WEAK, 1.0)]


def test_another_phrase_for_the_same_command_will_do() -> None:
    assert listen(opinion(Writer("That hurts."), at(OUCH, FIRM, 1.0)))[-1] == at(BY_TEXT["that hurts"], FIRM, 1.0)


def test_a_doubtful_word_stays_doubtful() -> None:
    levels = LevelHistory()
    decision, spotter = Decision(rules, levels), opinion(Writer("ouch"), at(OUCH, FIRM, 1.0))
    heard = []
    for _ in range(400):
        levels.measure(np.zeros(HOP, dtype=np.float32))
        heard += decision.feed(spotter.feed(np.zeros(HOP, dtype=np.float32)))
    assert [(one.phrase, one.tier) for one in heard] == [("ouch", "weak")]


def test_the_decision_suspects_first_and_is_sure_later() -> None:
    levels = LevelHistory()
    decision, spotter = Decision(rules, levels), opinion(Writer("it hurts"), at(HURTS, WEAK, 1.0))
    heard = []
    for _ in range(400):
        levels.measure(np.zeros(HOP, dtype=np.float32))
        heard += decision.feed(spotter.feed(np.zeros(HOP, dtype=np.float32)))
    assert [(one.command, one.tier) for one in heard] == [(Command.PAIN, "weak"), (Command.PAIN, "firm")]


def test_the_very_sound_is_handed_over_with_what_surrounds_it() -> None:
    writer = Writer()
    listen(opinion(writer, at(STOP, WEAK, 12.0)), 14.0)
    (given,) = writer.given
    assert given[0] == pytest.approx(12.0 - 0.5 - 0.4, abs=1e-3)
    assert given[-1] == pytest.approx(12.0 + 0.4, abs=1e-3)
    assert np.all(np.diff(given) > 0)


@pytest.mark.parametrize("fault", [EarError("no model"), ZeroDivisionError("engine broke")])
def test_an_engine_that_fails_in_its_thread_is_told_of_once_and_the_first_spotter_hears_on(fault: Exception) -> None:
    calls: list[int] = []
    troubles: list[str] = []

    def write(samples: np.ndarray) -> str:
        calls.append(len(samples))
        raise fault

    found = [at(STOP, WEAK, float(second)) for second in (1, 4, 7)]
    spotter = SecondOpinion(Scripted(found), rules, write, background=True, on_trouble=troubles.append)
    spotter.arm(phrases())
    heard = []
    deadline = time.monotonic() + 10
    for second in range(9):
        heard += listen(spotter, 1.0)
        while len(calls) < sum(second + 1 >= other + 1 for other in (1, 4, 7)) and time.monotonic() < deadline:
            time.sleep(0.005)
    while not troubles and time.monotonic() < deadline:
        heard += listen(spotter, 0.1)
    assert heard == found
    assert len(calls) == 3
    assert len(troubles) == 1
    assert str(fault) in troubles[0]
    spotter.close()


def test_one_sound_is_asked_about_once_however_often_it_is_told() -> None:
    writer = Writer()
    growing = [at(STOP, WEAK + step, 1.0 + step) for step in (0.1, 0.2, 0.3)]
    listen(opinion(writer, *growing, at(STOP, WEAK, 3.0)))
    assert len(writer.given) == 2


def test_nobody_is_asked_any_more_about_what_became_firm() -> None:
    writer = Writer()
    listen(opinion(writer, at(STOP, WEAK, 1.0), at(STOP, FIRM, 1.1)))
    assert writer.given == []


def test_the_size_of_blocks_changes_nothing() -> None:
    def heard(block: int) -> list[Detection]:
        return listen(opinion(Writer("pause"), at(PAUSE, WEAK, 1.0), at(STOP, FIRM, 2.0)), block=block)

    assert len(heard(HOP)) == 3
    assert heard(HOP) == heard(777) == heard(EAR_RATE)


def test_only_what_is_armed_is_believed() -> None:
    spotter = opinion(Writer("it hurts"), at(HURTS, WEAK, 1.0))
    spotter.arm([STOP])
    assert listen(spotter) == [at(HURTS, WEAK, 1.0)]


def test_a_failure_that_is_waited_for_is_told() -> None:
    def fail(_samples: np.ndarray) -> str:
        raise EarError("out of memory")

    spotter = SecondOpinion(Scripted([at(STOP, WEAK, 1.0)]), rules, fail)
    spotter.arm(phrases())
    with pytest.raises(EarError, match="out of memory"):
        listen(spotter)


class Slow:
    """A writer that waits until it may answer."""

    def __init__(self, text: str) -> None:
        self.may, self.busy, self.text = threading.Event(), threading.Event(), text

    def __call__(self, samples: np.ndarray) -> str:
        self.busy.set()
        assert self.may.wait(10)
        if not self.text:
            raise EarError("out of memory")
        return self.text


def live(writer: Slow, *detections: Detection) -> SecondOpinion:
    spotter = SecondOpinion(Scripted(list(detections)), rules, writer, background=True)
    spotter.arm(phrases())
    return spotter


def wait_for(spotter: SecondOpinion) -> list[Detection]:
    until = time.monotonic() + 10
    found: list[Detection] = []
    while not found and time.monotonic() < until:
        time.sleep(0.002)
        found = spotter.feed(np.zeros(0, dtype=np.float32)) + spotter.feed(np.zeros(HOP, dtype=np.float32))
    return found


def test_live_pain_is_told_while_an_opinion_on_something_else_is_being_formed() -> None:
    writer = Slow("stop")
    spotter = live(writer, at(STOP, WEAK, 1.0), at(HURTS, FIRM, 2.0))
    assert listen(spotter, 2.0) == [at(STOP, WEAK, 1.0), at(HURTS, FIRM, 2.0)]
    assert writer.busy.wait(10)
    writer.may.set()
    assert wait_for(spotter) == [at(STOP, FIRM, 1.0)]
    spotter.close()


def test_live_a_failure_leaves_the_first_spotter_hearing() -> None:
    writer = Slow("")
    spotter = live(writer, at(STOP, WEAK, 1.0), at(HURTS, FIRM, 3.0))
    writer.may.set()
    assert listen(spotter, 4.0) == [at(STOP, WEAK, 1.0), at(HURTS, FIRM, 3.0)]
    spotter.close()


def test_live_an_opinion_that_comes_too_late_is_dropped_and_a_new_stream_hears_none_of_the_old() -> None:
    for late in (listen, lambda spotter, _seconds: spotter.reset()):
        writer = Slow("stop")
        spotter = live(writer, at(STOP, WEAK, 1.0))
        listen(spotter, 2.0)
        assert writer.busy.wait(10)
        late(spotter, 5.0)
        writer.may.set()
        time.sleep(0.05)
        spotter.first.detections.clear()
        assert listen(spotter, 0.5) == []
        spotter.close()


def test_live_an_answer_to_the_last_question_is_none_to_the_next() -> None:
    writer, yes = Slow("yes"), BY_TEXT["yes"]
    spotter = live(writer, at(yes, WEAK, 1.0), at(HURTS, WEAK, 1.1))
    assert len(listen(spotter, 2.0)) == 2
    spotter.arm([HURTS])
    spotter.arm([HURTS, yes])
    writer.may.set()
    time.sleep(0.05)
    assert listen(spotter, 0.5) == []
    spotter.close()


def test_live_pain_is_made_firm_though_a_question_was_asked_meanwhile() -> None:
    writer = Slow("it hurts")
    spotter = live(writer, at(HURTS, WEAK, 1.0))
    spotter.arm([HURTS])
    listen(spotter, 2.0)
    spotter.arm([HURTS, BY_TEXT["yes"]])
    writer.may.set()
    assert wait_for(spotter) == [at(HURTS, FIRM, 1.0)]
    spotter.close()


def test_the_first_spotter_is_armed_reset_and_closed_with_it() -> None:
    spotter = opinion(Writer())
    spotter.reset()
    spotter.close()
    assert spotter.first.calls == ["arm", "reset", "close"]
