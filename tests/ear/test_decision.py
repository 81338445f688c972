"""Scenarios: what a spotter reports at which hop, over which levels, and what has to come of it."""

from dataclasses import replace

import numpy as np
import pytest

from voicecoach.ear.decision import Decision, Rule
from voicecoach.ear.level import HOP, LevelHistory
from voicecoach.ear.resampler import FACTOR
from voicecoach.ear.spotter import Detection
from voicecoach.session.commands import phrases

PHRASES = {phrase.text: phrase for phrase in phrases()}
FREE = Rule(firm=-10, weak=-20, alone=False)
ALONE = Rule(firm=-10, weak=-20)
DOUBTFUL = Rule(firm=-10, weak=-10, doubtful=True)
QUIET, LOUD = -70.0, -25.0


def said(text, score, first, last):
    return Detection(PHRASES[text], score, first * HOP, last * HOP)


def decide(detections, loud=(), rules=None, hops=1500, decision=None, levels=None):
    """``detections``: (hop at which it is reported, Detection); ``loud``: (first, last) hops of sound."""
    levels = levels or LevelHistory()
    decision = decision or Decision((rules or {}).get if rules else lambda _text: ALONE, levels)
    heard = []
    for number in range(hops):
        level = LOUD if any(first <= number < last for first, last in loud) else QUIET
        levels.measure(np.full(HOP, 10 ** (level / 20), dtype=np.float32))
        heard += decision.feed([detection for at, detection in detections if at == number])
    return heard


def commands(heard):
    return [(one.command.value, one.tier) for one in heard]


def test_a_word_alone_is_firm_within_a_quarter_of_a_second():
    (stop,) = decide([(143, said("stop", -3, 100, 140))], loud=[(100, 140)])
    assert (stop.command.value, stop.tier, stop.phrase, stop.score) == ("stop", "firm", "stop", -3)
    assert 140 * HOP * FACTOR < stop.decided <= 165 * HOP * FACTOR


def test_a_lower_score_is_weak_and_a_lower_one_nothing():
    assert commands(decide([(143, said("stop", -15, 100, 140))], loud=[(100, 140)])) == [("stop", "weak")]
    assert decide([(143, said("stop", -21, 100, 140))], loud=[(100, 140)]) == []


@pytest.mark.parametrize("loud", [(60, 140), (100, 200)], ids=["before", "after"])
def test_a_short_word_amid_talk_is_at_most_weak(loud):
    assert decide([(143, said("stop", -3, 100, 140))], loud=[loud]) == []
    assert commands(decide([(143, said("stop", 3, 100, 140))], loud=[loud])) == [("stop", "weak")]


def test_what_one_witness_alone_heard_has_to_stand_out_whatever_its_rule_says():
    rules = {"it hurts": FREE}
    heard = replace(said("it hurts", -3, 100, 160), alone=True)
    assert decide([(163, heard)], loud=[(0, 900)], rules=rules) == []
    assert commands(decide([(163, heard)], loud=[(100, 160)], rules=rules)) == [("pain", "firm")]


def test_the_other_witness_may_confirm_it_later():
    rules = {"it hurts": FREE}
    first = replace(said("it hurts", -3, 100, 160), alone=True)
    heard = [(163, first), (168, said("it hurts", -3, 100, 162))]
    assert commands(decide(heard, loud=[(0, 900)], rules=rules)) == [("pain", "firm")]


def test_a_long_phrase_needs_no_silence_around_it():
    rules = {"stop the session": FREE}
    (stop,) = decide([(203, said("stop the session", -3, 100, 200))], loud=[(0, 900)], rules=rules)
    assert stop.tier == "firm"
    assert stop.decided <= 212 * HOP * FACTOR


def test_a_growing_detection_is_one_command_with_its_best_score():
    growing = [(143 + n, said("stop", -19 + 4 * n, 100, 140 + n)) for n in range(4)]
    (stop,) = decide(growing, loud=[(100, 144)])
    assert (stop.score, stop.tier) == (-7, "firm")


def test_twice_weak_within_four_seconds_is_firm():
    twice = [(143, said("stop", -15, 100, 140)), (343, said("stop", -15, 300, 340))]
    assert commands(decide(twice, loud=[(100, 140), (300, 340)])) == [("stop", "weak"), ("stop", "firm")]


def test_two_ways_to_say_it_are_two_mistakes_unless_it_hurts():
    rules = {"stop": ALONE, "i'm done": ALONE, "it hurts": ALONE, "that hurts": ALONE}
    ends = [(143, said("stop", -15, 100, 140)), (343, said("i'm done", -15, 300, 340))]
    hurts = [(143, said("it hurts", -15, 100, 140)), (343, said("that hurts", -15, 300, 340))]
    assert commands(decide(ends, loud=[(100, 140), (300, 340)], rules=rules)) == [("stop", "weak"), ("stop", "weak")]
    assert commands(decide(hurts, loud=[(100, 140), (300, 340)], rules=rules)) == [("pain", "weak"), ("pain", "firm")]


def test_twice_weak_with_too_long_between_stays_weak():
    twice = [(143, said("stop", -15, 100, 140)), (643, said("stop", -15, 600, 640))]
    assert commands(decide(twice, loud=[(100, 140), (600, 640)])) == [("stop", "weak"), ("stop", "weak")]


def test_one_sound_heard_twice_is_not_said_twice():
    same = [(143, said("it hurts", -15, 100, 140)), (170, said("that hurts", -16, 110, 141))]
    assert commands(decide(same, loud=[(100, 140)])) == [("pain", "weak")]


def test_doubtful_words_are_weak_unless_repeated():
    rules = {"ouch": DOUBTFUL}
    once = [(143, said("ouch", 20, 100, 140))]
    assert commands(decide(once, loud=[(100, 140)], rules=rules)) == [("pain", "weak")]
    twice = [*once, (343, said("ouch", 20, 300, 340))]
    assert commands(decide(twice, loud=[(100, 140), (300, 340)], rules=rules)) == [("pain", "weak"), ("pain", "firm")]


def test_the_same_command_is_not_heard_again_at_once():
    again = [(143, said("pause", 0, 100, 140)), (190, said("pause", 0, 150, 187))]
    assert commands(decide(again, loud=[(100, 140)])) == [("pause", "firm")]


def test_the_same_command_is_heard_again_later():
    again = [(143, said("pause", 0, 100, 140)), (443, said("pause", 0, 400, 440))]
    assert commands(decide(again, loud=[(100, 140), (400, 440)])) == [("pause", "firm")] * 2


def test_stop_it_hurts_is_pain():
    both = [(203, said("stop it hurts", -5, 100, 200)), (203, said("stop", 5, 100, 190))]
    rules = {"stop it hurts": FREE, "stop": ALONE}
    assert commands(decide(both, loud=[(100, 200)], rules=rules)) == [("pain", "firm")]


def test_pain_over_stop_at_the_same_instant():
    both = [(143, said("stop", 5, 100, 140)), (143, said("it hurts", -8, 98, 140))]
    assert commands(decide(both, loud=[(98, 140)])) == [("pain", "firm")]


def test_suspected_pain_does_not_hide_a_firm_stop():
    both = [(143, said("stop", 5, 100, 140)), (143, said("it hurts", -18, 98, 140))]
    assert commands(decide(both, loud=[(98, 140)])) == [("stop", "firm")]


def test_nothing_more_is_suspected_in_a_sound_that_was_obeyed():
    late = [(143, said("stop", 5, 100, 140)), (165, said("it hurts", -18, 98, 145))]
    assert commands(decide(late, loud=[(98, 145)])) == [("stop", "firm")]


def test_pain_that_follows_a_stop_is_heard():
    after = [(143, said("stop", 5, 100, 140)), (243, said("it hurts", -18, 200, 240))]
    assert commands(decide(after, loud=[(100, 140), (200, 240)])) == [("stop", "firm"), ("pain", "weak")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_phrases_over_one_sound_the_longer_one_was_meant(order):
    both = [(143, said("go back", -9, 90, 140)), (143, said("back", 5, 110, 140))]
    (heard,) = decide([both[order[0]], both[order[1]]], loud=[(90, 140)])
    assert heard.phrase == "go back"


def test_of_two_that_share_no_words_the_surer_one_was_meant():
    both = [(143, said("speak up", -9, 90, 140)), (143, said("speed up", 5, 91, 140))]
    (heard,) = decide(both, loud=[(90, 140)])
    assert heard.phrase == "speed up"


def test_reset_forgets_what_was_pending_and_said():
    levels = LevelHistory()
    decision = Decision(lambda _text: ALONE, levels)
    weak = [(143, said("stop", -15, 100, 140))]
    assert commands(decide(weak, [(100, 140)], hops=300, decision=decision, levels=levels)) == [("stop", "weak")]
    levels.reset()
    decision.reset()
    assert commands(decide(weak, [(100, 140)], hops=300, decision=decision, levels=levels)) == [("stop", "weak")]
