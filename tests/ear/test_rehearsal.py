"""What is known is not heard again; the thread hands over what it finds, and is gone when the session is."""

import threading
import time

import numpy as np
import pytest

from voicecoach.audio.clip import Clip
from voicecoach.ear.decision import Rule
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.rehearsal import Rehearsal
from voicecoach.ear.self_trigger import ECHOES
from voicecoach.ear.self_trigger_cache import SelfTriggerCache
from voicecoach.ear.spotter import Detection
from voicecoach.errors import EarError
from voicecoach.session.commands import phrases
from voicecoach.units import STREAM_RATE

STOP = next(phrase for phrase in phrases() if phrase.text == "stop")
PATIENCE = 20.0


class HighIsStop:
    """Takes any high tone for "stop", and objects to misuse; breaks on demand."""

    def __init__(self, breaks=False):
        self.breaks = breaks
        self.position = 0
        self.fed = 0
        self.closed = False

    def arm(self, phrases):
        assert STOP in phrases

    def feed(self, block):
        assert not self.closed, "fed after close"
        if self.breaks:
            raise RuntimeError("engine broke")
        self.position += len(block)
        self.fed += 1
        crossings = np.count_nonzero(np.diff(np.signbit(block)))
        if np.max(np.abs(block), initial=0.0) > 0.02 and crossings > len(block) / 4:
            return [Detection(STOP, 1.0, self.position - len(block), self.position)]
        return []

    def reset(self):
        self.position = 0

    def close(self):
        assert not self.closed, "closed twice"
        self.closed = True


class Chain:
    """Makes the chain around that spotter, once; objects to being asked where everything is known."""

    def __init__(self, allowed=True, breaks=False):
        self.allowed = allowed
        self.spotter = HighIsStop(breaks)

    def __call__(self):
        assert self.allowed, "everything was known"
        self.allowed = False
        return Hearing(self.spotter, lambda text: Rule(firm=0.0, weak=-1.0, alone=False))


def tone(hertz, seconds=0.3):
    time_ = np.arange(round(seconds * STREAM_RATE)) / STREAM_RATE
    return Clip((0.1 * np.sin(2 * np.pi * hertz * time_)).astype(np.float32), STREAM_RATE)


CLIPS = {"low": tone(400.0), "high": tone(5000.0)}


def cache(folder, ear="ear"):
    return SelfTriggerCache(folder, ear)


def learn(folder):
    list(Rehearsal(CLIPS, cache(folder), Chain()).listen())


def test_each_text_is_played_to_the_ear_and_told_as_it_is_done(tmp_path):
    chain = Chain()
    rehearsal = Rehearsal(CLIPS, cache(tmp_path), chain)
    assert rehearsal.obeyed == frozenset()
    assert rehearsal.seconds == pytest.approx(0.1 * len(ECHOES) * 0.6)
    assert list(rehearsal.listen()) == ["low", "high"]
    assert rehearsal.heard["low"] == ()
    assert {trigger.command for trigger in rehearsal.heard["high"]} == {STOP.command}
    assert chain.spotter.closed


def test_what_is_known_is_not_heard_again(tmp_path):
    learn(tmp_path)
    again = Rehearsal(CLIPS, cache(tmp_path), Chain(allowed=False))
    assert again.obeyed == {"high"}
    assert again.unheard == {}
    assert again.seconds == 0
    assert list(again.listen()) == []
    again.start(lambda found: pytest.fail("no news"))
    again.close()


def test_what_is_damaged_is_heard_again_and_only_that(tmp_path):
    learn(tmp_path)
    damaged = min(tmp_path.iterdir())
    damaged.write_bytes(b"?")
    again = Rehearsal(CLIPS, cache(tmp_path), Chain())
    assert len(again.unheard) == 1
    list(again.listen())
    assert Rehearsal(CLIPS, cache(tmp_path), Chain(allowed=False)).obeyed == {"high"}


def test_a_changed_ear_hears_everything_anew(tmp_path):
    learn(tmp_path)
    assert Rehearsal(CLIPS, cache(tmp_path, "with other weights"), Chain()).unheard == CLIPS


def test_the_thread_hands_over_what_it_finds_and_keeps_it(tmp_path):
    news, told = [], threading.Event()
    chain = Chain()
    rehearsal = Rehearsal(CLIPS, cache(tmp_path), chain)
    rehearsal.start(lambda found: (news.append(found), told.set()))
    assert told.wait(PATIENCE)
    rehearsal.close()
    rehearsal.close()
    assert news == [{"high"}]
    assert chain.spotter.closed
    assert Rehearsal(CLIPS, cache(tmp_path), Chain(allowed=False)).obeyed == {"high"}


def test_the_thread_stops_on_close_in_the_middle_of_a_prompt(tmp_path):
    news = []
    chain = Chain()
    rehearsal = Rehearsal({"long": tone(5000.0, seconds=120.0)}, cache(tmp_path), chain)
    rehearsal.start(news.append)
    until = time.monotonic() + PATIENCE
    while chain.spotter.fed < 10 and time.monotonic() < until:
        time.sleep(0.01)
    before = time.monotonic()
    rehearsal.close()
    assert time.monotonic() - before < 2.0
    assert chain.spotter.closed
    assert news == []
    assert list(tmp_path.iterdir()) == []
    assert "rehearsal" not in {thread.name for thread in threading.enumerate()}


def test_an_ear_that_cannot_be_had_or_breaks_finds_nothing_and_holds_up_nobody(tmp_path):
    def missing():
        raise EarError("there is no engine")

    troubles = []
    rehearsal = Rehearsal(CLIPS, cache(tmp_path), missing)
    rehearsal.start(lambda found: pytest.fail("no news"), troubles.append)
    rehearsal.close()
    assert len(troubles) == 1
    assert "no engine" in troubles[0]
    with pytest.raises(EarError, match="no engine"):
        list(rehearsal.listen())
    chain = Chain(breaks=True)
    broken = Rehearsal(CLIPS, cache(tmp_path), chain)
    broken.start(lambda found: pytest.fail("no news"), troubles.append)
    broken.close()
    assert chain.spotter.closed
    assert len(troubles) == 2
    assert "engine broke" in troubles[1]


def test_it_is_started_once(tmp_path):
    rehearsal = Rehearsal(CLIPS, cache(tmp_path), Chain())
    rehearsal.start(lambda found: None)
    with pytest.raises(RuntimeError, match="started before"):
        rehearsal.start(lambda found: None)
    rehearsal.close()
