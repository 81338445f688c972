"""What the ear takes the coach's own sound for: real recordings over the simulated echoes, and a scripted ear."""

from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import Clip, read_clip
from voicecoach.audio.loudness import levelled
from voicecoach.ear.engines import make_hearing
from voicecoach.ear.level import level_of
from voicecoach.ear.self_trigger import ECHOES, SelfTrigger, described, is_obeyed, self_triggers
from voicecoach.ear.spotter import Heard
from voicecoach.session.commands import Command
from voicecoach.units import STREAM_RATE, frames

CLIPS = Path(__file__).parent.parent / "clips"
NOISE = Clip(np.random.default_rng(5).standard_normal(STREAM_RATE).astype(np.float32) * 0.1, STREAM_RATE)


class ScriptedHearing:
    """Keeps what it is given, stream by stream; hears what it is told at each stream's third block."""

    def __init__(self, *heard):
        self.heard = heard
        self.streams = []
        self.armed = frozenset()

    def arm(self, commands):
        self.armed = frozenset(commands)

    def reset(self):
        self.streams.append([])

    def feed(self, microphone, reference=None):
        assert self.armed, "fed before it was armed"
        assert self.streams, "fed before it was reset"
        assert reference is None, "the proof is not to help"
        assert microphone.dtype == np.float32
        self.streams[-1].append(microphone)
        return list(self.heard) if len(self.streams[-1]) == 3 else []


def heard(command, tier="firm"):
    return Heard(command, command.value, 1.0, tier, 0)


def prompt(name):
    return levelled(read_clip(CLIPS / f"{name}.flac").resampled(STREAM_RATE))


@pytest.fixture(scope="module")
def hearing():
    chain = make_hearing()
    yield chain
    chain.close()


@pytest.mark.parametrize(
    ("name", "command"),
    [("stop-9dc1889e", Command.STOP), ("it-hurts-flite", Command.PAIN), ("pause-flite", Command.PAUSE)],
)
def test_a_prompt_that_says_a_command_is_found_out(hearing, name, command):
    found = self_triggers(hearing, prompt(name))
    assert {trigger.echo for trigger in found if trigger.command is command} == {echo.level for echo in ECHOES}
    assert is_obeyed(found)


def test_a_harmless_prompt_is_not(hearing):
    assert not is_obeyed(self_triggers(hearing, prompt("up-42beb5eb")))


def test_what_is_found_does_not_depend_on_what_was_heard_before(hearing):
    alone = self_triggers(hearing, prompt("stop-9dc1889e"))
    self_triggers(hearing, prompt("it-hurts-flite"))
    assert self_triggers(hearing, prompt("stop-9dc1889e")) == alone


def test_a_prompt_with_nothing_to_say_is_nothing(hearing):
    assert self_triggers(hearing, Clip.silence(0.0, STREAM_RATE)) == ()


def test_every_echo_is_a_stream_of_its_own_as_loud_as_it_says_with_a_second_after_it():
    hearing = ScriptedHearing()
    blocks = []
    self_triggers(hearing, levelled(NOISE), lambda: blocks.append(len(hearing.streams[-1])))
    streams = [np.concatenate(stream) for stream in hearing.streams]
    assert [len(stream) for stream in streams] == [len(NOISE) + frames(1.0)] * len(ECHOES)
    spoken = [level_of(stream[: len(NOISE)]) + 3.3 for stream in streams]  # white noise sounds louder than speech does
    assert spoken == pytest.approx([-27.0 + echo.level for echo in ECHOES], abs=1.0)
    assert all(level_of(stream[-frames(0.4) :]) == pytest.approx(-65.0, abs=1.0) for stream in streams)
    assert len(blocks) == sum(len(stream) for stream in hearing.streams)
    assert hearing.armed == frozenset(Command)


def test_the_same_thing_at_the_same_level_is_told_once():
    hearing = ScriptedHearing(heard(Command.STOP), heard(Command.STOP), heard(Command.NEXT, "weak"))
    assert self_triggers(hearing, NOISE) == tuple(
        trigger
        for echo in ECHOES
        for trigger in (SelfTrigger(Command.STOP, "firm", echo.level), SelfTrigger(Command.NEXT, "weak", echo.level))
    )


def test_a_clip_at_another_rate_is_refused():
    with pytest.raises(ValueError, match="48000 frames a second, not at 16000"):
        self_triggers(ScriptedHearing(), Clip(NOISE.samples, 16_000))


@pytest.mark.parametrize(
    ("command", "tier", "obeyed"),
    [
        (Command.STOP, "firm", True),
        (Command.STOP, "weak", True),
        (Command.PAIN, "weak", True),
        (Command.NEXT, "firm", True),
        (Command.NEXT, "weak", False),
        (Command.YES, "firm", False),
        (Command.NO, "firm", False),
    ],
)
def test_what_a_session_would_act_on_is_obeyed(command, tier, obeyed):
    assert is_obeyed([SelfTrigger(command, tier, 0.0)]) is obeyed


def test_it_is_told_in_words_that_follow_on_the_prompt():
    loud, level, soft = (echo.level for echo in ECHOES)
    stop = [SelfTrigger(Command.STOP, "firm", echo) for echo in (loud, level, soft)]
    assert described(stop) == 'sounds like the command "stop" to the ear'
    assert described([*stop[:1], SelfTrigger(Command.YES, "firm", soft)]) == (
        'sounds like the command "stop" to the ear when the loudspeaker is louder than a person'
    )
    assert described([SelfTrigger(Command.NEXT, "firm", level), stop[2]]) == (
        'sounds like the commands "next", "stop" to the ear when the loudspeaker is as loud as a person or softer than '
        "a person"
    )
