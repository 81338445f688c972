"""Everything that is to sound, on sample positions -> blocks for the device: the program's only clock.

One :class:`Mixer` owns the position of the stream. The player schedules a :class:`Score` and overlays from
its own thread; the device's thread takes blocks with :meth:`Mixer.render`. A change acts from the first frame
of the next block, whatever the block's length, and what leaves the mixer is the same for every way of cutting
the stream into blocks: gains are functions of the position and the limiter has no memory. The caller keeps
what ``render`` returns as the echo reference.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicecoach.audio.clip import Samples
from voicecoach.audio.ducking import Ducking
from voicecoach.session.cues import CueEnded, CueStarted, Hold, Prompt, ScoreEnded, Segment
from voicecoach.units import STREAM_RATE, frames

FADE_SECONDS = 0.005
"""How long a cut or a duck takes: too short to be heard as a fade, long enough not to click."""
VOLUME_RAMP_SECONDS = 0.02
MINIMUM_VOLUME = 0.05
"""-26 dB: "quieter" never makes the coach inaudible."""
MAXIMUM_VOLUME = 4.0
"""+12 dB; the limiter holds the peaks."""
FREE_AFTER_SECONDS = 3.0
"""Only after so much silence is a hole harmless: what was handed over before it may still be on its way to the
loudspeaker, and most answers to a question have been given."""
PEAK = 0.99
"""No sample leaves the mixer above this."""
KNEE = 0.8
"""Below this level the limiter changes nothing."""

Event = CueStarted | CueEnded | ScoreEnded
ReadMusic = Callable[[int], Samples]
"""The next so many samples of the background sound, at once."""
Notify = Callable[[Event], None]

_NEVER = 1 << 62


@dataclass(frozen=True, slots=True, eq=False)
class Scheduled:
    """A segment and how it sounds: float32 mono ``samples`` at the mixer's rate; None for holds and silences.

    The samples sound in full even where they are longer than the segment.
    """

    segment: Segment
    samples: Samples | None

    def __post_init__(self) -> None:
        if not 0 <= self.segment.start <= self.segment.end:
            raise ValueError(f"a segment runs from 0 on, not from {self.segment.start} to {self.segment.end}")
        if self.samples is not None:
            _check(self.samples)


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What to play from one decision to the next: ``voices`` with their sounds, and its length in frames.

    Positions count from the score's own first frame; segments may overlap (they are summed). ``length``
    reaches at least to the last segment's end.
    """

    voices: tuple[Scheduled, ...]
    length: int

    def __post_init__(self) -> None:
        last = max((voice.segment.end for voice in self.voices), default=0)
        if self.length < last:
            raise ValueError(f"a score of {self.length} frames has a segment that ends at {last}")


class Mixer:
    """Sums scores and overlays into one stream at ``rate``; every method may be called from any thread.

    ``notify`` is called from ``render``, outside the lock: it must be quick, and may call the mixer. Events
    come ordered by ``at``, at one position ends before starts, and no later than the block that reaches
    ``at``. Each cue that started ends exactly once, and a cue that was replaced before its first frame never
    notifies. Should ``notify`` raise, the sound goes on and the exception is kept in ``failure``.
    """

    def __init__(self, rate: int = STREAM_RATE, notify: Notify | None = None) -> None:
        self.rate = rate
        self.failure: BaseException | None = None
        """What ``notify`` or a block raised first, if anything did."""
        self._notify = notify
        self._fade = frames(FADE_SECONDS, rate)
        self._lock = threading.Lock()
        self._position = 0
        self._waiting: list[_Voice] = []
        """Voices of the score that have not begun, ordered by start."""
        self._begun: list[_Voice] = []
        self._overlays: list[_Voice] = []
        self._scores: list[tuple[int, int]] = []
        """Start and end of each score whose end has not been told."""
        self._busy_until = 0
        """First frame after the last that sounded or belonged to a hold."""
        self._volume = _Ramp(1.0)
        self._duck = _Ramp(1.0)
        self._music: ReadMusic | None = None
        self._music_level = _Ramp(0.0, 0.0)
        self._music_is_over = False
        self._ducking = Ducking(rate)

    @property
    def position(self) -> int:
        """The next frame that ``render`` will emit, counted from the first frame of the stream."""
        return self._position

    @property
    def volume(self) -> float:
        """Master gain (amplitude), reached 20 ms after it was set; kept between 0.05 and 4, 1 at first."""
        return self._volume.target

    @volume.setter
    def volume(self, value: float) -> None:
        if not math.isfinite(value):
            raise ValueError(f"a volume is a number, not {value}")
        with self._lock:
            target = min(max(value, MINIMUM_VOLUME), MAXIMUM_VOLUME)
            self._volume = self._volume.to(target, self._position, frames(VOLUME_RAMP_SECONDS, self.rate))

    def is_free(self, seconds: float) -> bool:
        """Whether a hole in the stream would harm nothing, now or during the next ``seconds``.

        Nothing sounds or did in the last FREE_AFTER_SECONDS, nothing will, and no hold, whose length is counted in
        frames, runs or begins. What ``play`` and the like change later nobody knows.
        """
        with self._lock:
            if self._position - self._busy_until < frames(FREE_AFTER_SECONDS, self.rate):
                return False
            limit = self._position + frames(seconds, self.rate)
            known = (*self._waiting, *self._begun, *self._overlays)
            return all(voice.start >= limit or voice.busy_until <= self._position for voice in known)

    def play(self, score: Score, at: int | None = None) -> int:
        """Play ``score`` in place of everything scheduled from frame ``at`` on; returns its first frame.

        ``at`` is the next block's first frame unless given, and where it has gone by. What began before and
        still sounds is cut there with a 5 ms fade. Overlays go on.
        """
        voices = sorted(score.voices, key=lambda voice: (voice.segment.start, voice.segment.end))
        with self._lock:
            start = self._from(at)
            self._cut(start, self._fade)
            self._waiting += [_Voice.of(voice, start) for voice in voices]
            self._scores.append((start, start + score.length))
            return start

    def overlay(self, samples: Samples, at: int | None = None) -> int:
        """Let ``samples`` sound beside the score from frame ``at``, the next block unless given; returns it.

        It survives ``play`` and ends with ``silence``. Nothing is notified.
        """
        _check(samples)
        with self._lock:
            start = self._from(at)
            self._overlays.append(_Voice(None, samples, start, start + len(samples)))
            return start

    def silence(self, fade: int | None = None) -> int:
        """Cut everything from the next block on, over ``fade`` frames (default: 5 ms); drop what was to come.

        Returns the first position from which nothing that was playing can be heard. A sound that was cut
        before and is still fading ends as it was going to.
        """
        length = self._fade if fade is None else max(0, fade)
        with self._lock:
            self._cut(self._position, length)
            self._overlays = [overlay for overlay in self._overlays if overlay.start < self._position]
            for overlay in self._overlays:
                overlay.cut_at(self._position, length)
            audible = [voice.silent_from for voice in (*self._begun, *self._overlays)]
            if self._music is not None:
                self._hush_music(length)
                audible.append(self._music_level.end)
            return max((self._position, *audible))

    def duck(self, gain: float, seconds_ramp: float = FADE_SECONDS) -> None:
        """Lower the score and the overlays to ``gain`` (amplitude, 0 to 1) from the next block on."""
        if not 0.0 <= gain <= 1.0:
            raise ValueError(f"ducking takes a gain from 0 to 1, not {gain}")
        with self._lock:
            self._duck = self._duck.to(gain, self._position, frames(seconds_ramp, self.rate))

    def unduck(self, seconds_ramp: float = FADE_SECONDS) -> None:
        """Back to full level."""
        self.duck(1.0, seconds_ramp)

    def add_music(self, read: ReadMusic) -> None:
        """Have a background sound: silent until ``play_music``, and below what the coach says by itself.

        ``read`` is called from ``render`` for exactly the frames in which the music sounds, so it goes on where it was
        interrupted; it moves nothing else. It has to return at once; should it raise, the music is over and the
        exception is kept in ``failure``. ``silence`` pauses it.
        """
        with self._lock:
            self._music = read

    def play_music(self, seconds_ramp: float) -> None:
        """Let the music rise to its level from the next block on; does nothing where it is there or on its way."""
        with self._lock:
            if not self._music_level.target and not self._music_is_over:
                self._music_level = self._music_level.to(1.0, self._position, frames(seconds_ramp, self.rate))

    def pause_music(self, seconds_ramp: float = FADE_SECONDS) -> None:
        """Let the music fall silent from the next block on; what is on its way there is hastened, never held up."""
        with self._lock:
            self._hush_music(frames(seconds_ramp, self.rate))

    def end_music(self) -> None:
        """Let the music fall silent within 5 ms from the next block on, for good."""
        with self._lock:
            self._hush_music(self._fade)
            self._music_is_over = True

    def _hush_music(self, length: int) -> None:
        """Over ``length`` frames, or sooner where it is on its way. The lock is held."""
        if self._music_level.target or self._music_level.end > self._position + length:
            self._music_level = self._music_level.to(0.0, self._position, length)

    def render(self, frames: int) -> Samples:
        """The next ``frames`` frames of the stream, for the device's thread; never raises."""
        with self._lock:
            try:
                block, events = self._advance(frames)
            except Exception as fault:
                # The stream and its clock go on, silently; the player reads ``failure``.
                self.failure = self.failure or fault
                self._position += frames
                return np.zeros(frames, np.float32)
        for event in events:
            self._tell(event)
        return block

    def _tell(self, event: Event) -> None:
        if self._notify is None:
            return
        try:
            self._notify(event)
        except Exception as fault:
            self.failure = self.failure or fault

    def _from(self, at: int | None) -> int:
        return self._position if at is None else max(at, self._position)

    def _cut(self, at: int, fade: int) -> None:
        """End the score at ``at``: what begins there or later never was; the rest fades. The lock is held."""
        del self._waiting[bisect_left(self._waiting, at, key=_start) :]
        for voice in (*self._waiting, *self._begun):
            voice.cut_at(at, fade)
        self._scores = [(start, end) for start, end in self._scores if start < at and end <= at]

    def _advance(self, count: int) -> tuple[Samples, list[Event]]:
        first, limit = self._position, self._position + count
        begun = 0
        while begun < len(self._waiting) and self._waiting[begun].begins_before(limit):
            begun += 1
        self._begun += self._waiting[:begun]
        del self._waiting[:begun]

        block = np.zeros(count, np.float32)
        for voice in (*self._begun, *self._overlays):
            voice.add_to(block, first)
        if self._music is not None:
            self._add_music(block, first)
        if count:
            self._shape(block, first)

        busy = [min(voice.busy_until, limit) for voice in (*self._begun, *self._overlays) if voice.start < limit]
        if self._music is not None and (self._music_level.target or self._music_level.end > first):
            busy.append(limit)
        self._busy_until = max((self._busy_until, *busy))
        events = [event for voice in self._begun for event in voice.events_until(limit)]
        events += [(end, _SCORE_ENDED, ScoreEnded(end)) for _, end in self._scores if end <= limit]
        events.sort(key=lambda ranked: ranked[:2])
        self._scores = [(start, end) for start, end in self._scores if end > limit]
        self._begun = [voice for voice in self._begun if not voice.is_over(limit)]
        self._overlays = [voice for voice in self._overlays if voice.silent_from > limit]
        self._position = limit
        return block, [event for _, _, event in events]

    def _add_music(self, block: Samples, first: int) -> None:
        limit = first + len(block)
        under = self._ducking.gains(self._speech(limit), first, limit)
        stop = limit if self._music_level.target else min(self._music_level.end, limit)
        if stop <= first or self._music is None:
            return
        try:
            music = np.array(self._music(stop - first), np.float32)
            if music.shape != (stop - first,):
                raise ValueError(f"{stop - first} samples of music were due, not {music.shape}")
        except Exception as fault:
            self._music, self.failure = None, self.failure or fault
            return
        self._music_level.apply(music, first)
        block[: stop - first] += music * under[: stop - first]

    def _speech(self, limit: int) -> list[tuple[int, int]]:
        """Start and end of what is spoken up to ``limit``, and of what is about to be."""
        soon = self._waiting[: bisect_left(self._waiting, limit + self._ducking.attack, key=_start)]
        sounding = (*self._begun, *self._overlays, *soon)
        return [(voice.start, voice.silent_from) for voice in sounding if voice.is_spoken]

    def _shape(self, block: Samples, first: int) -> None:
        for ramp in (self._volume, self._duck):
            ramp.apply(block, first)
        level = np.abs(block)
        loudest = float(level.max())
        if not math.isfinite(loudest):
            np.nan_to_num(block, copy=False, nan=0.0, posinf=PEAK, neginf=-PEAK)
            level = np.abs(block)
        if not loudest <= KNEE:
            _limit(block, level)


def _limit(block: Samples, level: Samples) -> None:
    """Bend what lies above the knee so that it approaches the peak; slope continuous, peak never passed.

    Only sums, products and quotients of single samples: bit for bit the same however the stream is cut up.
    """
    over = np.maximum(level - np.float32(KNEE), 0)
    room = np.float32(PEAK - KNEE)
    bent = np.where(level > KNEE, np.float32(KNEE) + room * (over / (over + room)), level)
    np.copysign(np.minimum(bent, np.float32(PEAK)), block, out=block)


def _check(samples: Samples) -> None:
    if samples.ndim != 1 or samples.dtype != np.float32:
        raise TypeError(f"the mixer takes mono float32, got {samples.dtype} of shape {samples.shape}")


# What is told first at one position. A cue without length starts and ends between the ends and the starts of
# the others, so that the order does not depend on where blocks begin.
_ENDED, _INSTANT, _SCORE_ENDED, _STARTED = range(4)

_Ranked = tuple[int, int, Event]


@dataclass(slots=True)
class _Voice:
    """One sound on the stream: absolute frames. ``segment`` is None for an overlay."""

    segment: Segment | None
    samples: Samples | None
    start: int
    end: int
    cut: int = _NEVER
    fade: int = 0
    started: bool = False
    ended: bool = False

    @classmethod
    def of(cls, scheduled: Scheduled, origin: int) -> _Voice:
        segment = scheduled.segment
        return cls(segment, scheduled.samples, origin + segment.start, origin + segment.end)

    @property
    def is_spoken(self) -> bool:
        """Whether music has to give way to it: a prompt, or anything laid over the score."""
        return self.samples is not None and (self.segment is None or isinstance(self.segment.cue, Prompt))

    @property
    def silent_from(self) -> int:
        """First frame from which it cannot be heard."""
        if self.samples is None:
            return self.start
        return min(self.start + len(self.samples), self.cut + self.fade)

    @property
    def busy_until(self) -> int:
        """First frame from which it neither sounds nor is a hold; its start where it never does or is."""
        holds = self.segment is not None and isinstance(self.segment.cue, Hold)
        return max(self.silent_from, min(self.end, self.cut) if holds else self.start)

    def begins_before(self, limit: int) -> bool:
        return self.start < limit or self.start == self.end == limit

    def is_over(self, limit: int) -> bool:
        return self.ended and self.silent_from <= limit

    def cut_at(self, at: int, fade: int) -> None:
        if at < self.cut:
            self.cut, self.fade = at, fade

    def add_to(self, block: Samples, first: int) -> None:
        """Add what sounds of it to ``block``, whose first frame is ``first``."""
        if self.samples is None:
            return
        begin, stop = max(self.start, first), min(self.silent_from, first + len(block))
        if begin >= stop:
            return
        heard = self.samples[begin - self.start : stop - self.start]
        if stop > self.cut:
            left = self.cut + self.fade - np.arange(begin, stop)
            heard = heard * (np.minimum(left, self.fade).astype(np.float32) / np.float32(self.fade))
        block[begin - first : stop - first] += heard

    def events_until(self, limit: int) -> list[_Ranked]:
        """What is to be told once frame ``limit`` is the next; told once."""
        if self.segment is None:
            return []
        told: list[_Ranked] = []
        instant = self.start == self.end
        if not self.started:
            self.started = True
            told.append((self.start, _INSTANT if instant else _STARTED, CueStarted(self.segment, self.start)))
        end = min(self.end, self.cut)
        if not self.ended and end <= limit:
            self.ended = True
            rank = _INSTANT if instant else _ENDED
            told.append((end, rank, CueEnded(self.segment, end, self.end <= self.cut)))
        return told


def _start(voice: _Voice) -> int:
    return voice.start


@dataclass(frozen=True, slots=True)
class _Ramp:
    """A gain that moves in a straight line from ``origin`` at ``start`` to ``target``."""

    target: float
    origin: float = 1.0
    start: int = 0
    length: int = 0

    @property
    def end(self) -> int:
        """The first frame at which the target is reached."""
        return self.start + self.length

    def to(self, target: float, at: int, length: int) -> _Ramp:
        return _Ramp(target, self._at(at), at, max(0, length))

    def _at(self, position: int) -> float:
        done = position - self.start
        if done >= self.length:
            return self.target
        return self.origin + (self.target - self.origin) * done / self.length

    def apply(self, block: npt.NDArray[np.float32], first: int) -> None:
        done = first - self.start
        if done >= self.length:
            if self.target != 1.0:
                block *= np.float32(self.target)
            return
        left = 1.0 - np.minimum(np.arange(done, done + len(block)), self.length) / self.length
        # From the target backwards, so that the ramp's end is the target to the last bit.
        block *= (self.target + (self.origin - self.target) * left).astype(np.float32)
