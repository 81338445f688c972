"""What an ear that cannot keep up still hears: the whole chain over recordings, without keyword search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import read_clip
from voicecoach.ear.engines import SEARCH, make_hearing
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.spotter import Heard
from voicecoach.session.commands import ALWAYS, URGENT, phrases
from voicecoach.units import STREAM_RATE, frames

pytest.importorskip("pyopen_wakeword", reason="there is no wheel of pyopen-wakeword for this system")

CLIPS = Path(__file__).parents[1] / "clips"
COMMANDS = {phrase.text.replace(" ", "-").replace("'", ""): phrase.command for phrase in phrases()}
URGENT_CLIPS = [
    path.name for path in sorted(CLIPS.glob("*.flac")) if COMMANDS.get(path.stem.rpartition("-")[0]) in URGENT
]
BLOCK = frames(0.02)


@pytest.fixture(scope="module")
def light() -> Iterator[Hearing]:
    hearing = make_hearing()
    assert hearing.lighten(True)
    yield hearing
    hearing.close()


def hear(hearing: Hearing, name: str) -> list[Heard]:
    hearing.reset()
    hearing.arm(ALWAYS)
    noise = np.random.default_rng(0).normal(0, 3e-4, 4 * STREAM_RATE).astype(np.float32)
    sound = read_clip(CLIPS / name).resampled(STREAM_RATE).samples
    noise[STREAM_RATE : STREAM_RATE + len(sound)] += sound[: 3 * STREAM_RATE]
    return [one for first in range(0, len(noise), BLOCK) for one in hearing.feed(noise[first : first + BLOCK])]


@pytest.mark.parametrize("name", URGENT_CLIPS)
def test_stop_and_pain_are_at_least_asked_about(light: Hearing, name: str) -> None:
    wanted = COMMANDS[name.rpartition("-")[0].replace(".flac", "")]
    assert wanted in {one.command for one in hear(light, name)}


@pytest.mark.parametrize("name", ["up-42beb5eb.flac", "down-692a88e6.flac"])
def test_other_words_are_still_not_obeyed(light: Hearing, name: str) -> None:
    assert [one for one in hear(light, name) if one.tier == "firm"] == []


def test_once_it_keeps_up_it_hears_as_before(light: Hearing) -> None:
    """ "Where am I" has no head: search alone hears it."""
    name = "where-am-i-flite.flac"
    assert hear(light, name) == []
    light.lighten(False)
    try:
        assert [one.command.value for one in hear(light, name)] == ["where"]
    finally:
        light.lighten(True)


def test_keyword_search_alone_has_nothing_to_do_without() -> None:
    hearing = make_hearing(SEARCH)
    assert not hearing.lighten(True)
    hearing.close()
