"""The voice: every text once, from one thread, equally loud, from the cache where it is there."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import Clip
from voicecoach.audio.loudness import PEAK_CEILING, SPEECH_LOUDNESS, loudness
from voicecoach.errors import VoiceError
from voicecoach.units import STREAM_RATE
from voicecoach.voice.clip_cache import ClipCache
from voicecoach.voice.pyttsx3_synthesizer import Pyttsx3Synthesizer
from voicecoach.voice.silent_synthesizer import SilentSynthesizer
from voicecoach.voice.voice import Voice


class Hum:
    """Hums 0.5 s a word, notes what it was asked, objects to a second thread and to ``bad``."""

    def __init__(self, key: str = "hum", level: float = 0.3) -> None:
        self.key = key
        self.said: list[str] = []
        self.rests = 0
        self._level = level
        self._owner: int | None = None

    def speak(self, text: str) -> Clip:
        self._owner = self._owner or threading.get_ident()
        assert self._owner == threading.get_ident(), "a synthesizer has one owner"
        if text == "bad":
            raise VoiceError("it cannot be said")
        self.said.append(text)
        count = 8000 * len(text.split())
        return Clip((self._level * np.sin(np.arange(count) * 0.3)).astype(np.float32), 16_000)

    def close(self) -> None:
        assert self._owner in (None, threading.get_ident()), "a synthesizer has one owner"
        self.rests += 1


@pytest.fixture
def cache(tmp_path: Path) -> ClipCache:
    return ClipCache(tmp_path / "speech")


@pytest.fixture
def hum() -> Hum:
    return Hum()


@pytest.fixture
def voice(hum: Hum) -> Iterator[Voice]:
    with Voice(hum) as made:
        yield made


def test_at_rest_the_synthesizer_is_let_go_and_what_is_new_is_spoken_all_the_same(voice: Voice, hum: Hum) -> None:
    voice.prepare(["one"])
    voice.rest()
    assert hum.rests == 1
    assert len(voice.clip("two words"))


def test_each_text_is_rendered_once(voice: Voice, hum: Hum) -> None:
    progress: list[tuple[int, int]] = []
    voice.prepare(["one", "two words", "one"], lambda done, total: progress.append((done, total)))
    assert progress == [(1, 2), (2, 2)]
    assert voice.clip("one") is voice.clip("one")
    voice.prepare(["two words", "one"])
    assert hum.said == ["one", "two words"]


def test_what_was_not_prepared_is_rendered_on_demand(voice: Voice, hum: Hum) -> None:
    assert voice.clip("late").seconds == pytest.approx(0.5, abs=0.001)
    assert hum.said == ["late"]


def test_clips_are_at_the_streams_rate_and_equally_loud() -> None:
    for level in (0.01, 0.3, 1.0):
        with Voice(Hum(level=level)) as voice:
            clip = voice.clip("one two three")
        assert clip.rate == STREAM_RATE
        assert clip.seconds == pytest.approx(1.5, abs=0.001)
        assert loudness(clip) == pytest.approx(SPEECH_LOUDNESS, abs=0.05)


def test_another_rate_can_be_had(hum: Hum) -> None:
    with Voice(hum, rate=16_000) as voice:
        assert voice.clip("one").rate == 16_000


def test_nothing_to_say_is_an_empty_clip(voice: Voice) -> None:
    assert len(voice.clip("")) == 0
    assert voice.clip("").rate == STREAM_RATE


def test_a_second_session_takes_it_from_the_cache(cache: ClipCache, hum: Hum) -> None:
    with Voice(hum, cache) as first:
        clip = first.clip("again")
    other = Hum()
    with Voice(other, cache) as second:
        np.testing.assert_allclose(second.clip("again").samples, clip.samples, atol=0.002)
    assert other.said == []


def test_another_voice_does_not(cache: ClipCache, hum: Hum) -> None:
    other = Hum("another key")
    with Voice(hum, cache) as first, Voice(other, cache) as second:
        first.clip("again")
        second.clip("again")
    assert other.said == ["again"]


def test_what_cannot_be_said_is_an_error_and_the_rest_goes_on(voice: Voice) -> None:
    with pytest.raises(VoiceError, match="cannot be said"):
        voice.prepare(["good", "bad", "never"])
    assert len(voice.clip("good"))
    with pytest.raises(VoiceError):
        voice.clip("bad")
    assert len(voice.clip("never"))


def test_any_thread_may_ask_and_one_renders(voice: Voice, hum: Hum) -> None:
    texts = [f"text {number}" for number in range(10)]
    clips: list[list[Clip]] = []
    threads = [threading.Thread(target=lambda: clips.append([voice.clip(text) for text in texts])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(hum.said) == sorted(texts)
    assert len(clips) == 4
    for others in clips[1:]:
        assert all(one is other for one, other in zip(clips[0], others, strict=True))


def test_what_is_known_outlives_closing(hum: Hum) -> None:
    voice = Voice(hum)
    clip = voice.clip("known")
    voice.close()
    voice.close()
    assert voice.clip("known") is clip


def test_without_a_voice_prompts_last_as_long_as_reading_them() -> None:
    with Voice(SilentSynthesizer(150)) as voice:
        clip = voice.clip("five words to be read")
        assert clip.peak == 0
        assert clip.seconds == pytest.approx(2.0)
        assert voice.clip("one").seconds == 1.0
        assert len(voice.clip("")) == 0


def test_a_real_voice_is_loud_enough_and_under_the_ceiling(cache: ClipCache) -> None:
    synthesizer = Pyttsx3Synthesizer()
    with Voice(synthesizer, cache) as voice:
        voice.prepare(texts := ["Let go.", "Hold your right arm out in front of you.", "Now the left side."])
        for text in texts:
            assert voice.clip(text).peak <= PEAK_CEILING + 1e-6
            assert loudness(voice.clip(text)) == pytest.approx(SPEECH_LOUDNESS, abs=1.5)
    synthesizer.close()


def test_what_was_just_rendered_and_what_comes_from_the_cache_are_the_same_sound(cache: ClipCache) -> None:
    with Voice(Hum(level=0.1234567), cache) as first, Voice(Hum(level=0.1234567), cache) as second:
        assert np.array_equal(first.clip("two words").samples, second.clip("two words").samples)
