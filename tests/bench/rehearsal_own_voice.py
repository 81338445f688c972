"""Prints how often the sound check took the coach's own requests for the user's answer.

``python -m tests.bench.rehearsal_own_voice``: some minutes. Real speech, the real ear, simulated rooms; whoever is
there says "up" or "down" at every request, so that each request and each advice is heard, and every command heard is
false.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.simulated_room import Room
from voicecoach.audio.clip import Samples, read_clip
from voicecoach.audio.earcons import load_earcons
from voicecoach.audio.mixer import Mixer, Scheduled, Score
from voicecoach.ear.engines import make_hearing
from voicecoach.ear.sounding import Echo, Sounding
from voicecoach.opening import open_speech
from voicecoach.session.cues import Place, Prompt, ScoreEnded, Segment
from voicecoach.session.effects import Listen
from voicecoach.session.wording import Wording
from voicecoach.sound_check import (
    Begun,
    CommandHeard,
    Effect,
    Elapsed,
    Event,
    Finish,
    Measure,
    Measured,
    Play,
    Played,
    SoundCheck,
)
from voicecoach.units import STREAM_RATE, frames
from voicecoach.voice.synthesizer import DEFAULT_RATE

CLIPS = Path(__file__).resolve().parent.parent / "clips"
BLOCK, GAP = 480, frames(0.25)


class Trial:
    """One check in virtual time: no tones (what they would find is given), every block to the ear."""

    def __init__(self, room: Room, clip_of: object, engine: str) -> None:
        self.inbox: list[ScoreEnded] = []
        self.mixer = Mixer(notify=lambda event: self.inbox.append(event) if isinstance(event, ScoreEnded) else None)
        self.check = SoundCheck(Wording(part="sound_check"))
        self.hearing = make_hearing(engine)
        self.clip_of, self.room = clip_of, room
        self.false: list[str] = []
        self.requests = 0
        self.over = False
        self._say_at: int | None = None
        self._said: Samples = np.zeros(0, np.float32)
        names = sorted(CLIPS.glob("up-*.flac")) + sorted(CLIPS.glob("down-*.flac"))
        self._words = [read_clip(path).resampled(STREAM_RATE).samples for path in names]
        self._words = [word * np.float32(0.2 / np.abs(word).max()) for word in self._words]
        self._echo = np.zeros(frames(room.delay), np.float32)
        self._rng = np.random.default_rng(0)

    def run(self) -> None:
        self._tell(Begun(True, "a laptop"))
        while not self.over:
            self._block()
            while self.inbox:
                self.inbox.pop()
                self._tell(Played(-20.0))
            due = self.check.next_deadline()
            if due is not None and due <= self.mixer.position:
                self._tell(Elapsed(-20.0))
        self.hearing.close()

    def _block(self) -> None:
        position = self.mixer.position
        block = self.mixer.render(BLOCK)
        self._echo = np.concatenate([self._echo, block * np.float32(10 ** (self.room.gain / 20))])
        heard, self._echo = self._echo[:BLOCK], self._echo[BLOCK:]
        if self._say_at is not None and position >= self._say_at:
            self._said, self._say_at = self._words[self.requests % len(self._words)], None
        said, self._said = self._said[:BLOCK], self._said[BLOCK:]
        captured = heard + self._rng.standard_normal(BLOCK) * 10 ** (self.room.noise / 20)
        captured[: len(said)] += said
        for each in self.hearing.feed(np.clip(captured, -1, 1).astype(np.float32), block):
            self.false.append(f"{each.phrase} ({each.tier})")
            self._tell(CommandHeard(each.command, each.phrase, each.tier == "firm", each.decided, -20.0))

    def _tell(self, event: Event) -> None:
        for effect in self.check.handle(event, self.mixer.position):
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Play):
            voices, at = [], 0
            for cue in effect.cues:
                clip = self.clip_of(cue.text) if isinstance(cue, Prompt) else EARCONS[cue.sound]  # type: ignore[operator]
                voices.append(Scheduled(Segment(cue, at, at + len(clip), Place(), 0), clip.samples))
                at += len(clip) + GAP
            self.mixer.play(Score(tuple(voices), at))
        elif isinstance(effect, Measure):
            self._tell(Measured(Sounding(False, 0.0, self.room.noise, Echo(self.room.delay, self.room.gain))))
        elif isinstance(effect, Listen):
            self.hearing.arm(effect.commands)
            if effect.commands:
                self.requests += 1
                self._say_at = self.mixer.position + frames(1.5)
        elif isinstance(effect, Finish):
            self.over = True


EARCONS = load_earcons(STREAM_RATE)


def main() -> None:
    """Print a line a room."""
    speech = open_speech(None, DEFAULT_RATE, ())
    requests = 0
    found: list[str] = []
    for delay in (0.06, 0.2):
        for gain in (-20.0, -8.0, 6.0):
            trial = Trial(Room(delay, gain), speech.clip, "both")
            trial.run()
            requests += trial.requests
            found += trial.false
            heard = trial.false or "nothing"
            print(f"{1000 * delay:.0f} ms, {gain:+.0f} dB: {trial.requests} requests, heard: {heard}")
    print(f"{requests} requests, {len(found)} commands heard that nobody said")
    speech.close()


if __name__ == "__main__":
    main()
