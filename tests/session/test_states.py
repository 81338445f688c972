"""The law itself: what the table must say, whatever else it says."""

from __future__ import annotations

import pytest

from voicecoach.session.commands import URGENT, Command
from voicecoach.session.states import LISTENED_FOR, PLAYING, TRANSITIONS, Action, State, Trigger

TIMED = {Trigger.NO_ANSWER, Trigger.STILL_NO_ANSWER, Trigger.GRACE_OVER}


@pytest.mark.parametrize("command", sorted(URGENT))
@pytest.mark.parametrize("state", list(State))
def test_pain_emergency_and_stop_are_legal_in_every_state(state: State, command: Command) -> None:
    assert (state, command) in TRANSITIONS


def test_after_pain_nothing_starts_again() -> None:
    after = {move.target for (state, _), move in TRANSITIONS.items() if state is State.SAFETY_TALK}
    assert after == {State.SAFETY_TALK, State.FINISHED}
    assert TRANSITIONS[State.SAFETY_TALK, Command.PAIN].action is Action.NOTHING
    allowed = {trigger for state, trigger in TRANSITIONS if state is State.SAFETY_TALK and isinstance(trigger, Command)}
    assert allowed == {*URGENT, Command.LOUDER, Command.QUIETER}


def test_after_the_end_nothing_happens() -> None:
    moves = [move for (state, _), move in TRANSITIONS.items() if state is State.FINISHED]
    assert all(move.target is State.FINISHED and move.action is Action.NOTHING for move in moves)


def test_after_stop_only_pain_and_the_end() -> None:
    targets = {move.target for (state, _), move in TRANSITIONS.items() if state is State.STOPPING}
    assert targets == {State.STOPPING, State.SAFETY_TALK, State.FINISHED}


def test_pain_leads_to_the_advice_from_everywhere() -> None:
    for state in set(State) - {State.SAFETY_TALK, State.FINISHED}:
        for command in (Command.PAIN, Command.EMERGENCY):
            assert TRANSITIONS[state, command].target is State.SAFETY_TALK


def test_silence_is_never_a_yes() -> None:
    for (state, trigger), move in TRANSITIONS.items():
        if trigger in TIMED:
            assert move.target in (state, State.WAITING, State.CHECK_IN_WAITING, State.PAUSED, State.FINISHED)
    assert TRANSITIONS[State.STOPPING, Trigger.GRACE_OVER].target is State.FINISHED


def test_every_action_is_some_rows() -> None:
    assert {move.action for move in TRANSITIONS.values()} == set(Action)
    assert {trigger for _, trigger in TRANSITIONS} == {*Command, *Trigger}
    assert {state for state, _ in TRANSITIONS} == set(State)


def test_every_way_of_saying_pain_and_stop_is_listened_for_in_every_state() -> None:
    assert all(armed >= URGENT for armed in LISTENED_FOR.values())


def test_what_means_nothing_in_a_state_cannot_be_mistaken_for_anything_there() -> None:
    playing = LISTENED_FOR[State.HOLDING]
    assert not playing & {Command.YES, Command.NO, Command.RESUME, Command.FINE}
    assert playing >= {Command.PAUSE, Command.REPEAT, Command.NEXT, Command.BACK, Command.HELP}
    assert all(LISTENED_FOR[state] == playing for state in PLAYING), "no change in the middle of an exercise"
    assert LISTENED_FOR[State.PAUSED] >= {Command.RESUME, Command.REPEAT}
    assert Command.PAUSE not in LISTENED_FOR[State.PAUSED]
    assert LISTENED_FOR[State.CHECKING] >= {Command.YES, Command.NO, Command.RESUME, Command.FINE}
