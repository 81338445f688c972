"""The real session on the real mixer with the real earcons, in virtual time: what its samples say."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.earcons import load_earcons
from voicecoach.performance import ClipOf
from voicecoach.routine.model import Exercise, Hold, Range, Routine, Say
from voicecoach.session.commands import URGENT, Command
from voicecoach.session.cues import Sound
from voicecoach.session.effects import Reason
from voicecoach.session.events import CommandGiven, Event, Interrupted
from voicecoach.session.plan import Choices, make_plan
from voicecoach.session.states import State
from voicecoach.simulation import Logged, Simulation, silent_clips
from voicecoach.units import STREAM_RATE

C = Command
HELD = 11
ROUTINE = Routine(
    format=1,
    title="Try",
    approval=True,
    exercises=(
        Exercise(
            id="pull",
            name="pull",
            sides="both",
            rest=2,
            lead_in=1,
            repetitions=Range(low=1, high=2),
            steps=(Say(say="Pull."), Hold(hold=Range(low=HELD, high=HELD))),
        ),
    ),
)


@cache
def earcons() -> dict[Sound, Clip]:
    return load_earcons(STREAM_RATE)


def humming_clips(speed: float) -> ClipOf:
    """Speech that is never silent, so that silence can only come from a cut."""

    @cache
    def clip_of(text: str) -> Clip:
        count = round(len(text) * 0.02 * STREAM_RATE / speed)
        return Clip(np.full(count, 0.25, np.float32), STREAM_RATE)

    return clip_of


@dataclass
class Tape:
    """What left the mixer."""

    blocks: list[Samples] = field(default_factory=list)

    def __call__(self, block: Samples) -> None:
        self.blocks.append(block)

    @property
    def samples(self) -> Samples:
        return np.concatenate(self.blocks)


def simulate(*script: tuple[float, Event], block: int = 480, hums: bool = False,
             approved: bool = True) -> tuple[Simulation, Tape]:  # fmt: skip
    tape = Tape()
    clips = humming_clips if hums else silent_clips(STREAM_RATE, 0.02)
    plan = make_plan(ROUTINE, Choices(approved=approved))
    return Simulation(plan, clips, earcons(), STREAM_RATE, script=script, listen=tape, block=block), tape


def places_of(clip: Clip, tape: Samples) -> list[int]:
    """Every frame at which ``clip`` stands in ``tape`` sample for sample."""
    loudest = int(np.argmax(np.abs(clip.samples)))
    candidates = np.flatnonzero(tape == clip.samples[loudest]) - loudest
    return [int(at) for at in candidates if at >= 0 and np.array_equal(tape[at : at + len(clip)], clip.samples)]


def logged(simulation: Simulation, event: str) -> list[Logged]:
    return [line for line in simulation.log if line.event == event]


def given(command: Command, firm: bool = True) -> Event:
    return CommandGiven(command, firm)


@pytest.mark.parametrize("block", [480, 999, 4_800])
def test_start_and_end_chimes_are_exactly_the_hold_apart_in_the_samples(block: int) -> None:
    simulation, tape = simulate(block=block)
    assert simulation.run() is Reason.COMPLETED
    starts, ends = (places_of(earcons()[sound], tape.samples) for sound in (Sound.START, Sound.END))
    assert len(starts) == 2
    assert [end - start for start, end in zip(starts, ends, strict=True)] == [HELD * STREAM_RATE] * 2
    # And the log says where they are.
    assert [round(line.t * STREAM_RATE) for line in logged(simulation, "hold_start")] == starts
    assert [round(line.t * STREAM_RATE) for line in logged(simulation, "hold_end")] == ends


def test_an_interrupted_hold_is_done_again_to_the_sample() -> None:
    simulation, tape = simulate((8.0, given(C.PAUSE)), (11.0, given(C.RESUME)), (18.0, given(C.FASTER)))
    simulation.run()
    starts, ends = (places_of(earcons()[sound], tape.samples) for sound in (Sound.START, Sound.END))
    assert len(starts) == 3
    assert [end - start for start, end in zip(starts[1:], ends, strict=True)] == [HELD * STREAM_RATE] * 2
    assert [line.fields["completed"] for line in logged(simulation, "hold_end")] == [False, True, True]
    assert simulation.session.tally.held["pull", "right"] == HELD * STREAM_RATE


@pytest.mark.parametrize("at", [0.003, 2.0, 3.5, 4.37])
def test_stop_is_silence_within_a_block_and_the_log_knows_the_frame(at: float) -> None:
    simulation, tape = simulate((at, given(C.STOP)), hums=True)
    simulation.run()
    position = -(-round(at * STREAM_RATE) // simulation.block) * simulation.block
    samples = tape.samples.copy()
    # Only the answer to the command sounds from there on: take it out, and nothing is left.
    ended = earcons()[Sound.ENDED]
    answer = samples[position : position + len(ended)]
    rest = answer - ended.samples
    rest[np.abs(rest) < 1e-6] = 0
    assert np.abs(samples[position - simulation.block : position]).max() > 0.2
    last_heard = int(np.flatnonzero(rest)[-1])
    (silenced,) = logged(simulation, "silenced")
    assert silenced.fields == {"cause": "stop"}
    assert round(silenced.t * STREAM_RATE) == position + last_heard + 1
    assert last_heard + 1 <= simulation.block
    assert not samples[position + len(ended) :].any()
    assert simulation.performance.reason is Reason.STOP


def test_silenced_is_the_first_frame_of_silence() -> None:
    simulation, tape = simulate((2.0, Interrupted()), hums=True)
    assert simulation.run() is Reason.INTERRUPT
    tape(simulation.mixer.render(4_800))
    (silenced,) = logged(simulation, "silenced")
    last = int(np.flatnonzero(tape.samples)[-1])
    assert round(silenced.t * STREAM_RATE) == last + 1


def test_pain_says_its_advice_and_the_log_has_everything() -> None:
    simulation, _ = simulate((8.0, given(C.PAIN)))
    assert simulation.run() is Reason.PAIN
    events = [(line.event, line.fields.get("name")) for line in simulation.log if line.t >= 8.0]
    assert events[0] == ("silenced", None)
    assert ("earcon", "pain") in events
    assert [line.fields for line in logged(simulation, "finished")] == [{"reason": "pain"}]
    assert [line.fields["completed"] for line in logged(simulation, "hold_end")] == [False]
    held = logged(simulation, "hold_end")[0].fields["held"]
    assert held == pytest.approx(8.0 - logged(simulation, "hold_start")[0].t, abs=0.011)


def test_every_prompt_and_hold_that_began_ends_once_in_the_log() -> None:
    script = [(3.5, given(C.HELP)), (8.0, given(C.WHERE)), (9.0, given(C.PAUSE)), (9.5, given(C.HELP)),
              (12.0, given(C.RESUME)), (20.0, given(C.WHERE)), (20.1, given(C.STOP))]  # fmt: skip
    simulation, _ = simulate(*script)
    simulation.run()
    for began, ended in (("prompt", "prompt_end"), ("hold_start", "hold_end")):
        assert len(logged(simulation, began)) == len(logged(simulation, ended)) > 0


def test_an_answer_in_a_hold_is_logged_with_its_end() -> None:
    simulation, _ = simulate((7.0, given(C.WHERE)))
    simulation.run()
    answer = next(line for line in logged(simulation, "prompt") if "Repetition" in line.fields["text"])
    length = len(silent_clips(STREAM_RATE, 0.02)(1.0)(answer.fields["text"]))
    ends = [line.t for line in logged(simulation, "prompt_end")]
    assert answer.t + length / STREAM_RATE in [pytest.approx(end) for end in ends]


def test_a_suspicion_of_an_ordinary_command_ducks_for_a_moment() -> None:
    simulation, tape = simulate((1.0, given(C.PAUSE, False)), hums=True)
    simulation.run(2.5)
    levels = [float(np.abs(block).max()) for block in tape.blocks]
    assert max(levels[102:155]) == pytest.approx(0.25 * 0.25, abs=1e-3)
    assert levels[170] == pytest.approx(0.25, abs=1e-3)


def test_louder_and_quieter_reach_the_samples() -> None:
    simulation, tape = simulate((1.0, given(C.QUIETER)), hums=True)
    simulation.run(2.5)
    assert float(np.abs(tape.blocks[-1]).max()) == pytest.approx(0.25 / 1.41, rel=1e-3)


def test_runs_to_a_moment_and_on() -> None:
    simulation, tape = simulate()
    assert simulation.run(5.0) is None
    assert simulation.mixer.position == 5 * STREAM_RATE
    assert URGENT <= simulation.armed < frozenset(Command)
    simulation.say(C.STOP)
    assert simulation.session.state is State.STOPPING
    assert simulation.run() is Reason.STOP
    assert len(tape.samples) == 7 * STREAM_RATE


def test_returns_where_it_waits_for_a_user_who_says_nothing() -> None:
    simulation, _ = simulate((5.0, given(C.PAUSE)))
    assert simulation.run() is None
    assert simulation.session.state is State.PAUSED
    simulation, _ = simulate(approved=False)
    assert simulation.run() is None
    assert simulation.session.state is State.WAITING


def test_the_same_session_twice_is_the_same_to_the_sample() -> None:
    first, second = (simulate((6.0, given(C.REPEAT)), (20.0, given(C.NEXT)), hums=True) for _ in range(2))
    first[0].run()
    second[0].run()
    assert np.array_equal(first[1].samples, second[1].samples)
    assert first[0].log == second[0].log
