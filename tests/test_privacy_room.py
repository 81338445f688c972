"""What is remembered of a room is how it echoes, an average over a session; what was said is not in it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import soxr
from sound_in_files import PERIOD, RATE, holds_the_noise, known_noise

from voicecoach.audio.clip import Samples
from voicecoach.ear.decision import Rule
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.room_memory import Room, RoomMemory
from voicecoach.ear.spotter import Detection
from voicecoach.session.commands import Phrase
from voicecoach.units import EAR_RATE


class Deaf:
    """Hears nothing."""

    def arm(self, phrases: Collection[Phrase]) -> None: ...

    def feed(self, block: Samples) -> list[Detection]:
        return []

    def reset(self) -> None: ...

    def close(self) -> None: ...


def test_a_remembered_room_holds_no_sound_from_the_microphone(tmp_path: Path) -> None:
    source = np.random.default_rng(3)
    count = 25 * RATE
    syllables = np.repeat(source.uniform(0, 1, 25 * 10) ** 2, RATE // 10)
    coach = (np.convolve(source.standard_normal(count), 0.97 ** np.arange(200), "same") * syllables * 0.02).astype("f4")
    room = np.zeros(RATE // 4)
    room[RATE // 12] = 0.8
    room[RATE // 12 :] += source.standard_normal(RATE // 6) * 10 ** (-3 * np.arange(RATE // 6) / (RATE // 6)) * 0.02
    size = 1 << (count + len(room)).bit_length()
    echo = np.fft.irfft(np.fft.rfft(coach, size) * np.fft.rfft(room, size), size)[:count]
    spoken = known_noise(25, 0.003)
    spoken[: 15 * RATE] = source.standard_normal(15 * RATE) * 3e-4
    memory = RoomMemory("a pair", tmp_path)
    hearing = Hearing(Deaf(), lambda _text: Rule(firm=0, weak=-1), memory=memory)
    hearing.feed((echo + spoken).astype(np.float32), coach)
    hearing.close()
    (file,) = tmp_path.iterdir()
    kept = memory.load()
    assert kept is not None
    assert not holds_the_noise(file.read_bytes())
    # The search is not blind: had a piece of what was said been kept in its place, it would have been found.
    memory.save(Room(soxr.resample(spoken[-round(1.5 * PERIOD * RATE) :], RATE, EAR_RATE), 0.0))
    assert holds_the_noise(file.read_bytes())
