import sys
from dataclasses import dataclass, field

import numpy as np
import pytest

from voicecoach.ear import pocketsphinx_spotter, witnesses
from voicecoach.ear.decision import Decision, Rule
from voicecoach.ear.engines import deaf_witness, make_spotter
from voicecoach.ear.level import HOP, LevelHistory
from voicecoach.ear.pocketsphinx_spotter import PocketsphinxSpotter
from voicecoach.ear.spotter import Detection
from voicecoach.ear.witnesses import Weighing, Witnesses, groups, weighings
from voicecoach.session.commands import phrases
from voicecoach.units import EAR_RATE

BY_TEXT = {phrase.text: phrase for phrase in phrases()}
STOP, YES, HEADLESS = BY_TEXT["stop"], BY_TEXT["yes"], BY_TEXT["one more time"]
SAY_IT, SAY_THAT = BY_TEXT["say it again"], BY_TEXT["say that again"]
SEARCH = Rule(firm=-8.0, weak=-14.0)


@dataclass
class Scripted:
    """A spotter that detects what it was told to, in the hop that a detection ends in."""

    detections: list[Detection]
    armed: frozenset = frozenset()
    hops: int = 0
    calls: list[str] = field(default_factory=list)

    def arm(self, phrases):
        self.armed = frozenset(phrases)

    def feed(self, block):
        first, self.hops = self.hops, self.hops + len(block) // HOP
        return [d for d in self.detections if first <= d.end // HOP < self.hops and d.phrase in self.armed]

    def reset(self):
        self.hops = 0
        self.calls.append("reset")

    def close(self):
        self.calls.append("close")


def at(phrase, score, seconds):
    end = int(seconds * EAR_RATE)
    return Detection(phrase, score, end - EAR_RATE // 3, end)


def both(search=(), heads=()):
    pair = Witnesses(Scripted(list(search)), Scripted(list(heads)), lambda _text: SEARCH)
    pair.arm(phrases())
    return pair


def listen(pair, seconds=4.0, block=HOP):
    silence = np.zeros(block, dtype=np.float32)
    return [found for _ in range(int(seconds * EAR_RATE) // block) for found in pair.feed(silence)]


def firm(detections, phrase=STOP):
    rule = witnesses.rules(lambda _text: SEARCH)(phrase.text)
    return any(found.phrase == phrase and found.score >= rule.firm for found in detections)


def test_evidence_adds_up():
    weighing = Weighing(firm=3.0, weak=0.5, silent_head=-4.0, worth=2.0, most=2.0)
    assert weighing.of(1.0, None, SEARCH) == 1.0
    assert weighing.of(1.0, SEARCH.weak, SEARCH) == 1.0
    assert weighing.of(1.0, SEARCH.firm, SEARCH) == 3.0
    assert weighing.of(None, SEARCH.firm, SEARCH) == -2.0


def test_one_witness_alone_counts_for_no_more_than_so_much():
    weighing = Weighing(firm=3.0, weak=0.5, silent_head=-4.0, worth=2.0, most=2.0)
    assert weighing.of(None, 1e9, SEARCH) == 0.0
    assert weighing.of(-99.0, None, SEARCH) == -4.0
    assert weighing.of(0.0, -99.0, SEARCH) == 0.0


def test_two_witnesses_who_each_half_believe_it_are_believed():
    half = weighings()["stop"].firm - 0.5 * weighings()["stop"].worth
    assert not firm(listen(both(heads=[at(STOP, half, 2.0)])))
    assert not firm(listen(both(search=[at(STOP, SEARCH.firm, 2.0)])))
    assert firm(listen(both(search=[at(STOP, SEARCH.firm, 2.0)], heads=[at(STOP, half, 2.2)])))


def test_it_does_not_matter_who_speaks_first():
    half = weighings()["stop"].firm - 0.5 * weighings()["stop"].worth
    late = listen(both(search=[at(STOP, SEARCH.firm, 2.3)], heads=[at(STOP, half, 2.0)]))
    assert firm(late)


def test_what_was_heard_at_another_time_is_no_support():
    half = weighings()["stop"].firm - 0.5 * weighings()["stop"].worth
    assert not firm(listen(both(search=[at(STOP, SEARCH.firm, 2.0)], heads=[at(STOP, half, 2.7)])))


def test_a_head_that_is_sure_needs_nobody():
    sure = weighings()["stop"].firm + 0.1
    assert firm(listen(both(heads=[at(STOP, sure, 2.0)])))


def test_what_has_no_head_is_passed_on_as_it_was():
    heard = at(HEADLESS, 3.25, 1.0)
    assert listen(both(search=[heard])) == [heard]


def test_phrases_of_one_head_support_one_another_and_are_told_as_one():
    half = weighings()["say it again"].firm - 0.5 * weighings()["say it again"].worth
    found = listen(both(search=[at(SAY_THAT, SEARCH.firm, 2.0)], heads=[at(SAY_IT, half, 2.1)]))
    assert firm(found, SAY_IT)
    assert {detection.phrase for detection in found} == {SAY_IT}


HURTS = BY_TEXT["it hurts"]


def test_where_the_heads_may_not_know_people_search_may_speak_for_itself_if_it_stands_out():
    (alone,) = listen(both(search=[at(HURTS, 99.0, 2.0)]))
    assert alone.alone
    assert alone.score >= weighings()["it hurts"].weak
    (stop,) = listen(both(search=[at(STOP, 99.0, 2.0)], heads=[at(STOP, weighings()["stop"].firm, 2.1)]))
    assert not stop.alone


def test_what_the_heads_confirm_is_told_again_and_need_not_stand_out():
    found = listen(both(search=[at(HURTS, 99.0, 2.0)], heads=[at(HURTS, 9.0, 2.2)]))
    assert [one.alone for one in found] == [True, False]


def test_what_is_firm_is_told_once():
    sure = [at(STOP, weighings()["stop"].firm + growth, 2.0 + growth / 10) for growth in (1, 2, 3)]
    assert len(listen(both(heads=sure))) == 1


def test_the_same_word_again_is_told_again():
    sure = [at(STOP, weighings()["stop"].firm + 1, when) for when in (1.0, 3.0)]
    assert len(listen(both(heads=sure))) == 2


def test_the_size_of_blocks_changes_nothing():
    script = {"search": [at(STOP, SEARCH.firm, 2.0)], "heads": [at(STOP, 2.0, 2.2), at(YES, 9.0, 3.0)]}
    assert listen(both(**script), block=HOP) == listen(both(**script), block=16 * HOP)


def test_a_reset_forgets_what_one_of_them_heard():
    half = weighings()["stop"].firm - 0.5 * weighings()["stop"].worth
    pair = both(search=[at(STOP, SEARCH.firm, 0.5)], heads=[at(STOP, half, 0.2)])
    listen(pair, 0.4)
    pair.reset()
    pair._heads.detections.clear()
    assert not firm(listen(pair, 1.0))


def test_only_what_is_armed_is_told():
    pair = both(heads=[at(STOP, 9.0, 1.0)])
    pair.arm([YES])
    assert listen(pair) == []


def light(search=(), heads=()):
    pair = both(search, heads)
    pair.lighten(True)
    return pair


def test_without_search_a_head_that_is_sure_is_believed_as_ever_and_nothing_is_spent_on_search():
    sure = weighings()["stop"].firm
    pair = light(search=[at(HEADLESS, 99.0, 1.0)], heads=[at(STOP, sure, 2.0), at(BY_TEXT["pause"], 0.9, 3.0)])
    (found,) = listen(pair)
    assert (found.phrase, found.score) == (STOP, sure)
    assert pair._search.hops == 0
    pair.reset()
    assert listen(pair) == [found], "a new stream is heard as the last one was"


@pytest.mark.parametrize("text", ["stop", "it hurts", "i'm in pain", "i feel dizzy", "chest pain"])
def test_without_search_what_is_urgent_is_asked_about_wherever_search_would_have_made_it_so(text):
    weighing = weighings()[text]
    least = weighing.weak - weighing.worth
    (found,) = listen(light(heads=[at(BY_TEXT[text], least, 2.0)]))
    assert weighing.weak <= found.score < weighing.firm
    assert listen(light(heads=[at(BY_TEXT[text], least - 0.01, 2.0)])) == []
    assert listen(both(heads=[at(BY_TEXT[text], least, 2.0)])) == []


def test_without_search_nothing_else_is_asked_about_sooner():
    assert listen(light(heads=[at(BY_TEXT["pause"], weighings()["pause"].weak - 0.1, 2.0)])) == []


def test_search_comes_back_on_the_same_count_of_samples():
    pair = light(search=[at(HEADLESS, 3.25, 2.0)])
    listen(pair, 3.0)
    pair.lighten(False)
    assert listen(pair, 3.0) == [at(HEADLESS, 3.25, 5.0)]
    assert pair._search.calls == ["reset", "reset"]
    pair.reset()
    assert listen(pair, 3.0) == [at(HEADLESS, 3.25, 2.0)], "the new stream counts from its own start"


def test_both_are_closed():
    pair = both()
    pair.close()
    assert pair._search.calls[-1] == pair._heads.calls[-1] == "close"


@pytest.mark.parametrize("text", [text for texts in groups() for text in texts])
def test_every_phrase_in_the_table_exists_and_can_be_believed(text):
    weighing, rule = weighings()[text], pocketsphinx_spotter.rule_for(text)
    assert text in BY_TEXT
    assert weighing.firm > weighing.weak
    together = weighing.of(weighing.weak, rule.firm + 0.1, rule)
    assert together >= weighing.firm - 2.0


def test_a_decision_is_made_of_it():
    levels = LevelHistory()
    decision = Decision(witnesses.rules(pocketsphinx_spotter.rule_for), levels)
    heard = []
    pair = both(heads=[at(STOP, 9.0, 2.0)])
    for _ in range(300):
        silence = np.zeros(HOP, dtype=np.float32)
        levels.measure(silence)
        heard += decision.feed(pair.feed(silence))
    assert [(command.phrase, command.tier) for command in heard] == [("stop", "firm")]


def test_without_its_package_the_search_serves_alone_and_the_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert deaf_witness("pocketsphinx") is None
    monkeypatch.setitem(sys.modules, "pyopen_wakeword", None)
    assert isinstance(make_spotter("both"), PocketsphinxSpotter)
    told = deaf_witness("both")
    assert told is not None
    assert "pyopen-wakeword" in told
