"""Does background sound hurt hearing, and what does it cost? Words of people over music in a hold, and over silence.

usage: python -m tests.bench.music --corpus CORPUS [--music FILE] [--words 60] [--minutes 3] [--over 6]

The coach speaks for six seconds, ``--over`` dB louder at the microphone than the user; then, in what would be a hold,
one word is said: over nothing, over the music at the level that the program plays it at, and over the music 10 dB
louder. Each is the same word in the same room. "False": commands heard in ``--minutes`` of the music with nobody
speaking. Without ``--music`` a made one is played: chords, a melody, a beat.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
import time
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import soundfile

from tests.bench.coach_in_rooms import Setting, coach, echo, microphone
from tests.bench.double_talk import BLOCK, WORDS, spoken
from voicecoach.audio.clip import Samples
from voicecoach.audio.mixer import Mixer
from voicecoach.audio.playlist import Playlist
from voicecoach.ear.engines import make_hearing
from voicecoach.session.commands import Command
from voicecoach.units import STREAM_RATE

SPOKEN, BEFORE, AFTER = 6, 2, 2
"""Seconds of the coach's voice, of the hold before the word, and after it."""
UNDER = {"no music": 0.0, "music": 1.0, "music +10 dB": 10**0.5}


def made_music(seconds: float) -> Samples:
    """Four chords over and over, a melody in eighths, and a beat of noise."""
    random_numbers = np.random.default_rng(7)
    out = np.zeros(round(seconds * STREAM_RATE))
    beat = STREAM_RATE // 2
    chords = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (130.8, 196.0, 329.6), (196.0, 246.9, 293.7))

    def note(at: int, hertz: float, length: int, level: float) -> None:
        t = np.arange(min(length, len(out) - at)) / STREAM_RATE
        partials = sum(np.sin(2 * np.pi * hertz * n * t) / n**1.5 for n in range(1, 8))
        out[at : at + len(t)] += level * partials * np.minimum(1, t / 0.01) * np.exp(-2 * t)

    for number, at in enumerate(range(0, len(out), beat)):
        chord = chords[number // 4 % 4]
        for hertz in chord:
            note(at, hertz, 4 * beat, 0.1)
        for eighth in (0, beat // 2):
            if at + eighth < len(out):
                note(at + eighth, 2 * float(random_numbers.choice(chord)), beat, 0.2)
        hit = random_numbers.standard_normal(min(2_000, len(out) - at))
        out[at : at + len(hit)] += 0.05 * hit * np.exp(-np.arange(len(hit)) / 300)
    return out.astype(np.float32)


def heard(sound: Samples, played: Samples) -> list[tuple[Command, str, int]]:
    """What the ear hears, everything armed."""
    hearing = make_hearing()
    try:
        hearing.arm(frozenset(Command))
        found = []
        for start in range(0, len(played), BLOCK):
            found += hearing.feed(sound[start : start + BLOCK], played[start : start + BLOCK])
    finally:
        hearing.close()
    return [(each.command, each.tier, each.decided) for each in found]


def cost(with_music: bool) -> float:
    """Microseconds for a block of 10 ms."""
    mixer = Mixer()
    if with_music:
        samples = np.zeros(480, np.float32)
        mixer.add_music(lambda count: samples[:count])
        mixer.play_music(1.0)
    begin = time.perf_counter()
    for _ in range(5_000):
        mixer.render(480)
    return (time.perf_counter() - begin) / 5_000 * 1e6


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--words", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--over", type=float, default=6.0)
    options = parser.parse_args()
    draw = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        file = options.music
        if file is None:
            file = Path(folder) / "made.flac"
            soundfile.write(file, made_music(60.0), STREAM_RATE)
        playlist = Playlist([file], print)
        music = playlist.read(max(60, round(options.minutes * 60)) * STREAM_RATE)
    print(f"a block of 10 ms: {cost(False):.0f} us without music, {cost(True):.0f} us with")
    rows = list(csv.DictReader((options.corpus / "MANIFEST.csv").open(encoding="utf-8")))
    clips = {word: [row for row in rows if row["kind"] == "command" and row["label"] == word] for word in WORDS}
    talk = coach("wrist-stretches").samples
    settings = [Setting(*each) for each in product(("dry", "live"), (0.02, 0.06, 0.12), (options.over,), (0.0, 50.0))]
    counts: Counter[tuple[str, str]] = Counter()
    for number in range(options.words):
        label = WORDS[number % len(WORDS)]
        word = spoken(options.corpus / draw.choice(clips[label])["path"])
        setting = settings[number % len(settings)]
        first = draw.randrange(len(talk) - SPOKEN * STREAM_RATE)
        part = draw.randrange(len(music) - 30 * STREAM_RATE)
        at = (SPOKEN + BEFORE) * STREAM_RATE
        played = np.zeros(at + len(word) + AFTER * STREAM_RATE, np.float32)
        for under, gain in UNDER.items():
            played[: SPOKEN * STREAM_RATE] = talk[first : first + SPOKEN * STREAM_RATE]
            hold = slice(SPOKEN * STREAM_RATE, len(played))
            played[hold] = gain * music[part : part + len(played) - SPOKEN * STREAM_RATE]
            sound = echo(played, setting, options.corpus)
            sound[at : at + len(word)] += word
            tiers = [tier for command, tier, decided in heard(microphone(sound, number), played)
                     if command is Command(label) and decided > at]  # fmt: skip
            counts[under, min(tiers, default="missed")] += 1
    print(f"{'':14s}{'firm':>8s}{'weak':>8s}{'missed':>8s}   of {options.words} words of people")
    for under in UNDER:
        print(f"{under:14s}" + "".join(f"{counts[under, tier]:8d}" for tier in ("firm", "weak", "missed")))
    length = round(options.minutes * 60) * STREAM_RATE
    played = np.concatenate([talk[: SPOKEN * STREAM_RATE], music[:length]])
    alone = [each for each in heard(microphone(echo(played, settings[3], options.corpus), 1), played)
             if each[2] > SPOKEN * STREAM_RATE]  # fmt: skip
    print(f"false in {options.minutes:g} minutes of music: {[(command.value, tier) for command, tier, _ in alone]}")


if __name__ == "__main__":
    main()
