"""What is remembered of a room is what was learned; what is damaged, foreign or cannot be written does no harm."""

import tracemalloc

import numpy as np
import pytest

from voicecoach.ear.alignment import Alignment
from voicecoach.ear.decision import Rule
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.kalman_echo import KalmanEchoCanceller
from voicecoach.ear.level import HOP
from voicecoach.ear.room_memory import Room, RoomMemory
from voicecoach.units import EAR_RATE, STREAM_RATE

PAIR = "miniaudio 20 ms: Laptop and Laptop"


class Deaf:
    """A spotter that hears nothing."""

    def arm(self, phrases):
        pass

    def feed(self, block):
        return []

    def reset(self):
        pass

    def close(self):
        pass


def talk(seconds, seed, rate=EAR_RATE):
    source = np.random.default_rng(seed)
    count = int(seconds * rate)
    syllables = np.repeat(source.uniform(0, 1, count // 1600 + 1) ** 2, 1600)[:count]
    noise = np.convolve(source.standard_normal(count), 0.97 ** np.arange(200), "same")
    return (noise * syllables * 0.02).astype(np.float32)


def echo(sound, delay, seed=9, rate=EAR_RATE):
    source = np.random.default_rng(seed)
    length = int(0.2 * rate)
    response = source.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    response[0] = 8.0
    response /= np.sqrt(np.sum(response**2))
    late = np.concatenate((np.zeros(int(delay * rate)), sound))
    size = len(late) + length
    heard = np.fft.irfft(np.fft.rfft(late, size) * np.fft.rfft(response, size), size)[: len(sound)]
    return (heard + source.standard_normal(len(sound)) * 3e-4).astype(np.float32)


def cancel(room, microphone, reference):
    """The canceller of a new session, kept in step as in the hearing chain, and what it left."""
    alignment, canceller = Alignment(room), KalmanEchoCanceller(room)
    out = []
    for start in range(0, len(microphone) - HOP + 1, HOP):
        hop = microphone[start : start + HOP]
        played = alignment.process(hop, reference[start : start + HOP])
        if alignment.slip is not None:
            canceller.recall(alignment.slip)
        out.append(canceller.process(hop, played))
    return canceller, np.concatenate(out)


def taken_off(microphone, near, first, last):
    where = slice(int(first * EAR_RATE), int(last * EAR_RATE))
    return 10 * np.log10(np.sum(microphone[where] ** 2) / np.sum(near[where] ** 2))


@pytest.fixture(scope="module")
def learned():
    coach = talk(25, seed=1)
    canceller, _ = cancel(None, echo(coach, 0.08), coach)
    path = canceller.learned()
    assert path is not None
    return Room(path, 0.0)


@pytest.mark.parametrize("delay", [0.08, 0.03, 0.17])
def test_the_next_session_begins_with_what_was_learned_whatever_its_delay(learned, delay):
    coach = talk(5, seed=2)
    microphone = echo(coach, delay)
    _, anew = cancel(None, microphone, coach)
    _, knowing = cancel(learned, microphone, coach)
    assert taken_off(microphone, knowing, 1.2, 1.8) > taken_off(microphone, anew, 1.2, 1.8) + 5
    assert taken_off(microphone, knowing, 0.2, 1.0) > taken_off(microphone, anew, 0.2, 1.0) - 1


def test_the_room_of_another_does_no_harm(learned):
    coach = talk(6, seed=2)
    microphone = echo(coach, 0.12, seed=33)
    _, anew = cancel(None, microphone, coach)
    _, mistaken = cancel(learned, microphone, coach)
    assert taken_off(microphone, mistaken, 0.5, 6) > taken_off(microphone, anew, 0.5, 6) - 1


def test_a_room_that_was_hardly_heard_is_not_worth_keeping():
    coach = talk(5, seed=1)
    canceller, _ = cancel(None, echo(coach, 0.08), coach)
    assert canceller.learned() is None


def test_with_headphones_there_is_nothing_to_keep():
    coach = talk(20, seed=1)
    canceller, _ = cancel(None, talk(20, seed=5), coach)
    assert canceller.learned() is None


def test_what_is_saved_is_loaded_for_the_same_devices_only(tmp_path):
    room = Room(np.linspace(-1, 1, 6080, dtype=np.float32), 42e-6)
    RoomMemory(PAIR, tmp_path).save(room)
    loaded = RoomMemory(PAIR, tmp_path).load()
    assert loaded is not None
    assert np.array_equal(loaded.path, room.path)
    assert loaded.drift == pytest.approx(42e-6)
    assert RoomMemory("another pair", tmp_path).load() is None
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 and no more"])
def test_a_damaged_file_is_ignored_and_replaced(tmp_path, content):
    memory = RoomMemory(PAIR, tmp_path)
    memory.save(Room(np.ones(10, np.float32), 0.0))
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert memory.load() is None
    memory.save(Room(np.ones(10, np.float32), 0.0))
    assert memory.load() is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"format": 1},
        {"format": 2, "path": np.ones(10), "drift": 0.0},
        {"format": 1, "path": np.full(10, np.nan), "drift": 0.0},
        {"format": 1, "path": np.ones((2, 2)), "drift": 0.0},
        {"format": 1, "path": np.ones(EAR_RATE + 1), "drift": 0.0},
        {"format": 1, "path": np.ones(10), "drift": float("nan")},
        {"format": 1, "path": np.array(["a"]), "drift": 0.0},
        {"format": 1, "path": np.array([{}], dtype=object), "drift": 0.0},
    ],
)
def test_a_file_that_makes_no_sense_is_ignored(tmp_path, fields):
    memory = RoomMemory(PAIR, tmp_path)
    memory.save(Room(np.ones(10, np.float32), 0.0))
    (file,) = tmp_path.iterdir()
    with file.open("wb") as out:
        np.savez(out, **fields)
    assert memory.load() is None


def test_where_nothing_can_be_written_nothing_happens(tmp_path):
    (tmp_path / "rooms").write_text("a file where the folder should be")
    memory = RoomMemory(PAIR, tmp_path / "rooms")
    memory.save(Room(np.ones(10, np.float32), 0.0))
    assert memory.load() is None


def test_the_chain_remembers_its_room_when_it_is_closed(tmp_path):
    memory = RoomMemory(PAIR, tmp_path)
    hearing = Hearing(Deaf(), lambda _text: Rule(firm=0, weak=-1), memory=memory)
    coach = talk(20, seed=1, rate=STREAM_RATE)
    hearing.feed(echo(coach, 0.08, rate=STREAM_RATE), coach)
    assert memory.load() is None
    hearing.close()
    assert memory.load() is not None


def test_a_file_that_would_fill_the_memory_is_not_unpacked(tmp_path):
    memory = RoomMemory(PAIR, tmp_path)
    memory.save(Room(np.ones(10, np.float32), 0.0))
    (file,) = tmp_path.iterdir()
    np.savez_compressed(file, format=1, path=np.zeros(300_000_000, np.uint8), drift=0.0)
    tracemalloc.start()
    try:
        assert memory.load() is None
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
