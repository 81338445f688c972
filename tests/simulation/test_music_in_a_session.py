"""Music in a whole session: where it sounds, what ends it, and that it moves nothing."""

from __future__ import annotations

import numpy as np
import pytest
from test_simulation import ROUTINE, Tape, earcons

from voicecoach.audio.clip import Samples
from voicecoach.audio.mixer import ReadMusic
from voicecoach.performance import MUSIC_FALL, MUSIC_RISE, WITH_MUSIC, WITHOUT_MUSIC_FOR_GOOD
from voicecoach.session.commands import Command
from voicecoach.session.cues import CueEnded, Hold, Prompt
from voicecoach.session.effects import Reason
from voicecoach.session.events import CommandGiven, Event, Failed, Faulted, Interrupted, Restored
from voicecoach.session.plan import Choices, make_plan
from voicecoach.session.states import State
from voicecoach.simulation import Simulation, silent_clips
from voicecoach.units import STREAM_RATE

LEVEL = 0.01
LONG = 200.0


def hum(count: int) -> Samples:
    return np.full(count, LEVEL, np.float32)


def simulate(*script: tuple[float, Event], music: ReadMusic | None = hum, approved: bool = True,
             ) -> tuple[Simulation, Tape]:  # fmt: skip
    """A session whose speech is silent, so that between the chimes whatever sounds is music."""
    tape = Tape()
    silent = {sound: clip.gain(0.0) for sound, clip in earcons().items()}
    plan = make_plan(ROUTINE, Choices(approved=approved))
    clips = silent_clips(STREAM_RATE, 0.02)
    return Simulation(plan, clips, silent, STREAM_RATE, script=script, listen=tape, music=music), tape


def holds(simulation: Simulation) -> list[CueEnded]:
    return [ended for ended in simulation.ended if isinstance(ended.segment.cue, Hold)]


def entered(simulation: Simulation, state: State) -> int:
    """The frame at which the session came into that state."""
    at = next(line.t for line in simulation.log if line.event == "state" and line.fields["to"] == state)
    return round(at * STREAM_RATE)


def first_hold(simulation: Simulation) -> int:
    simulation.run(until=LONG)
    return round(next(line.t for line in simulation.log if line.event == "hold_start") * STREAM_RATE)


FIRST_HOLD = first_hold(simulate()[0]) / STREAM_RATE
DURING = FIRST_HOLD + 6


def test_every_state_is_decided_on() -> None:
    silent = {State.READY, State.ASKING, State.WAITING, State.CHECK_IN, State.CHECK_IN_WAITING, State.CHECKING,
              State.PAUSED, State.CLOSING}  # fmt: skip
    assert silent | WITH_MUSIC | WITHOUT_MUSIC_FOR_GOOD == set(State)


def test_it_moves_no_cue() -> None:
    with_music, without = simulate()[0], simulate(music=None)[0]
    assert with_music.run() == without.run() == Reason.COMPLETED
    assert with_music.ended == without.ended
    assert with_music.mixer.position == without.mixer.position


def test_it_sounds_through_a_session_down_while_the_coach_speaks_and_up_in_a_hold() -> None:
    simulation, tape = simulate()
    simulation.run()
    out = tape.samples
    for ended in holds(simulation):
        middle = ended.at - (ended.segment.end - ended.segment.start) // 4
        assert out[middle] == np.float32(LEVEL)
    settled = round(MUSIC_RISE * STREAM_RATE)
    spoken = [ended for ended in simulation.ended if isinstance(ended.segment.cue, Prompt)]
    closing = entered(simulation, State.CLOSING)
    checked = 0
    for ended in spoken:
        start = ended.at - (ended.segment.end - ended.segment.start)
        if settled < start and ended.at < closing:
            assert np.all(out[start : ended.at] <= LEVEL * 0.26)
            checked += 1
    assert checked >= 3


def test_it_ends_before_the_session_does() -> None:
    simulation, tape = simulate()
    assert simulation.run() is Reason.COMPLETED
    assert np.abs(np.diff(tape.samples)).max() < LEVEL / 100
    simulation.mixer.render(480)
    assert not simulation.mixer.render(STREAM_RATE).any()


@pytest.mark.parametrize("command", [Command.PAIN, Command.EMERGENCY, Command.STOP])
def test_after_pain_an_emergency_or_a_stop_it_is_silent_at_once_and_for_good(command: Command) -> None:
    simulation, tape = simulate((DURING, CommandGiven(command)))
    simulation.run(until=LONG)
    silenced = round(next(line.t for line in simulation.log if line.event == "silenced") * STREAM_RATE)
    assert silenced <= round((DURING + 0.02) * STREAM_RATE)
    assert tape.samples[silenced - STREAM_RATE // 10] > 0
    assert not tape.samples[silenced:].any()
    assert simulation.performance.reason in (Reason.PAIN, Reason.EMERGENCY, Reason.STOP)
    simulation.mixer.play_music(0.0)
    assert not simulation.mixer.render(STREAM_RATE).any()


@pytest.mark.parametrize("end", [Interrupted(), Failed()])
def test_so_it_is_where_the_session_is_interrupted_or_fails(end: Event) -> None:
    simulation, tape = simulate((DURING, end))
    simulation.run(until=LONG)
    assert not tape.samples[round((DURING + 0.03) * STREAM_RATE) :].any()


def test_it_is_silent_in_a_pause_and_goes_on_where_it_was() -> None:
    taken = 0

    def counting(count: int) -> Samples:
        nonlocal taken
        taken += count
        return hum(count)

    simulation, tape = simulate((DURING, CommandGiven(Command.PAUSE)), (DURING + 20, CommandGiven(Command.RESUME)),
                                music=counting)  # fmt: skip
    simulation.run(until=DURING + 19)
    assert simulation.session.state is State.PAUSED
    in_pause = taken
    assert not tape.samples[round((DURING + 0.03) * STREAM_RATE) :].any()
    simulation.run(until=DURING + 30)
    assert tape.samples[-STREAM_RATE * 2 :].any()
    assert taken > in_pause


@pytest.mark.parametrize("cause", ["ear", "device"])
def test_it_is_silent_while_something_is_broken(cause: str) -> None:
    simulation, tape = simulate((DURING, Faulted(cause)), (DURING + 8, Restored()))
    simulation.run(until=DURING + 7)
    assert not tape.samples[round((DURING + 0.03) * STREAM_RATE) :].any()


def test_no_question_has_music_under_its_silence() -> None:
    simulation, tape = simulate(approved=False)
    simulation.run(until=60.0)
    assert simulation.session.state is State.WAITING
    asked = entered(simulation, State.ASKING) + round(MUSIC_FALL * STREAM_RATE) + 480
    assert not tape.samples[asked:].any()


def test_a_suspicion_of_pain_silences_it_until_the_answer_is_no() -> None:
    suspected = CommandGiven(Command.PAIN, firm=False)
    simulation, tape = simulate((DURING, suspected), (DURING + 4, CommandGiven(Command.NO)))
    simulation.run(until=DURING + 3.9)
    assert simulation.session.state is State.CHECKING
    assert not tape.samples[round((DURING + 0.03) * STREAM_RATE) :].any()
    simulation.run(until=DURING + 15)
    assert tape.samples[-1] > 0


def test_it_never_jumps() -> None:
    commands = (Command.REPEAT, Command.NEXT, Command.PAUSE, Command.RESUME, Command.BACK, Command.LOUDER)
    script = [(5.0 + 7 * n, CommandGiven(command)) for n, command in enumerate(commands)]
    simulation, tape = simulate(*script)
    simulation.run(until=70.0)
    assert np.abs(np.diff(tape.samples)).max() < LEVEL / 100
