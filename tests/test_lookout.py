"""Glances at a real session in virtual time: what they say is what the session and the mixer say."""

from __future__ import annotations

import numpy as np
import pytest

from voicecoach.audio.clip import Clip
from voicecoach.glance import Glance, Listening
from voicecoach.routine.model import Exercise, Hold, Range, Routine, Say
from voicecoach.session import cues
from voicecoach.session.commands import Command
from voicecoach.session.cues import Sound
from voicecoach.session.effects import Reason
from voicecoach.session.plan import make_plan
from voicecoach.session.states import State
from voicecoach.simulation import Simulation, silent_clips

RATE = 1_000
EARCONS = {sound: Clip(np.zeros(RATE // 5, np.float32), RATE) for sound in Sound}


def exercise(name: str) -> Exercise:
    return Exercise(
        id=name,
        name=name,
        repetitions=Range(low=2, high=2),
        steps=(Say(say="Pull."), Hold(hold=Range(low=15, high=15))),
    )


@pytest.fixture
def simulation() -> Simulation:
    routine = Routine(format=1, title="Try", exercises=(exercise("pull"), exercise("turn")))
    return Simulation(make_plan(routine), silent_clips(RATE), EARCONS, RATE, block=10)


def look(simulation: Simulation) -> Glance:
    return simulation.performance.glance(Listening.EAR, -40.0)


def run_until(simulation: Simulation, state: State) -> float:
    while simulation.session.state is not state:
        simulation.run(until=simulation.mixer.position / RATE + 0.1)
    return simulation.mixer.position / RATE


def test_a_hold_counts_down_on_the_stream(simulation: Simulation) -> None:
    began = run_until(simulation, State.HOLDING)
    started = next(entry.t for entry in simulation.log if entry.event == "hold_start")
    simulation.run(until=began + 5)
    glance = look(simulation)
    assert glance.cue == cues.Hold(15.0)
    assert glance.countdown == pytest.approx(started + 15 - simulation.mixer.position / RATE, abs=1e-9)
    assert glance.share == pytest.approx(1 - glance.countdown / 15, abs=1e-9)
    assert glance.place.exercise == "pull"
    simulation.run(until=started + 15.1)
    assert not isinstance(look(simulation).cue, cues.Hold)


def test_the_time_left_is_the_sessions_own_all_the_way(simulation: Simulation) -> None:
    while simulation.run(until=simulation.mixer.position / RATE + 0.5) is None:
        position = simulation.mixer.position
        assert abs(look(simulation).left - simulation.session.remaining(position)) <= 20
    assert simulation.performance.reason is Reason.COMPLETED


def test_a_pause_stops_every_clock(simulation: Simulation) -> None:
    run_until(simulation, State.HOLDING)
    simulation.say(Command.PAUSE)
    simulation.run(until=simulation.mixer.position / RATE + 5)
    before = look(simulation)
    simulation.run(until=simulation.mixer.position / RATE + 60)
    after = look(simulation)
    assert before.state is after.state is State.PAUSED
    assert after.left == before.left
    assert after.cue is None


def test_what_is_left_out_is_known(simulation: Simulation) -> None:
    run_until(simulation, State.HOLDING)
    assert look(simulation).left_out == frozenset()
    simulation.say(Command.NUMB)
    assert look(simulation).left_out == {"pull"}


def test_skipping_shortens_what_is_left_at_once(simulation: Simulation) -> None:
    run_until(simulation, State.HOLDING)
    before = look(simulation).left
    simulation.say(Command.NEXT)
    assert look(simulation).left < before - 15 * RATE
