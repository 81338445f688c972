"""Are people heard under the coach's louder voice? Words of people, the coach talking, and how those missed were lost.

usage: python -m tests.bench.double_talk --corpus CORPUS [--words 100] [--over 6] [--seed 0]

Each word is said once, at a random moment from 10 s of the coach's voice on, everything armed. The coach is ``--over``
dB louder than the word (both as RMS while they sound). "Lost": no detection near the word that was sure enough, or what
the own-voice proof made of the best one.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np

from tests.bench.coach_in_rooms import ROOMS, USER, Setting, coach, echo, microphone
from voicecoach.audio.clip import Samples, read_clip
from voicecoach.ear.engines import make_hearing
from voicecoach.ear.level import HOP
from voicecoach.ear.own_voice import OwnVoiceGate
from voicecoach.ear.spotter import Detection
from voicecoach.session.commands import Command
from voicecoach.units import EAR_RATE, STREAM_RATE

WORDS = ("stop", "yes", "no")
BEFORE, AFTER = 10, 2
"""Seconds of the coach's voice before a word can come, and after it."""
BLOCK = 960


def spoken(path: Path) -> Samples:
    """A clip's word alone, at STREAM_RATE and the user's level: what is within 28 dB of its loudest 10 ms."""
    samples = read_clip(path).resampled(STREAM_RATE).samples
    step = STREAM_RATE // 100
    power = (samples[: len(samples) // step * step].reshape(-1, step).astype(np.float64) ** 2).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10**-2.8)
    word = samples[max(0, loud[0] - 1) * step : (loud[-1] + 2) * step]
    return (word / np.sqrt(np.mean(word**2)) * 10 ** (USER / 20)).astype(np.float32)


class Watched:
    """The gate's proof, with what it said of each detection."""

    def __init__(self, gate: OwnVoiceGate) -> None:
        self.said: list[tuple[Detection, str]] = []
        ask = gate._origin

        def origin(detection: Detection, fresh: bool = False) -> object:
            answer = ask(detection, fresh)
            self.said.append((detection, answer.value))
            return answer

        gate._origin = origin  # type: ignore[method-assign, assignment]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--words", type=int, default=100)
    parser.add_argument("--over", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    rows = list(csv.DictReader((options.corpus / "MANIFEST.csv").open(encoding="utf-8")))
    clips = {word: [row for row in rows if row["kind"] == "command" and row["label"] == word] for word in WORDS}
    talk = coach("wrist-stretches")
    settings = [Setting(*each) for each in product(ROOMS, (0.02, 0.06, 0.12, 0.2), (options.over,), (0.0, 50.0))]
    draw.shuffle(settings)
    counts: Counter[tuple[str, str]] = Counter()
    for number in range(options.words):
        label = WORDS[number % len(WORDS)]
        word = spoken(options.corpus / draw.choice(clips[label])["path"])
        setting = settings[number % len(settings)]
        length = (BEFORE + AFTER) * STREAM_RATE + len(word) + draw.randrange(STREAM_RATE)
        first = draw.randrange(len(talk.samples) - length)
        played = talk.samples[first : first + length]
        at = length - AFTER * STREAM_RATE - len(word)
        sound = echo(played, setting, options.corpus)
        sound[at : at + len(word)] += word
        outcome = _hear(microphone(sound, number), played, Command(label), at, at + len(word))
        for row in (label, setting.room, f"{setting.delay * 1000:.0f} ms", f"{setting.drift:.0f} ppm", "all"):
            counts[row, outcome] += 1
    outcomes = ("firm", "weak", "not detected", "own", "unknown", "undecided")
    print(f"{'':12s}" + "".join(f"{outcome:>14s}" for outcome in outcomes))
    for row in dict.fromkeys(row for row, _ in counts):
        print(f"{row:12s}" + "".join(f"{counts[row, outcome]:14d}" for outcome in outcomes))


def _hear(heard: Samples, played: Samples, command: Command, first: int, last: int) -> str:
    """``firm`` or ``weak``, else how it was lost. ``undecided``: proven to be a person's, and not sure enough."""
    hearing = make_hearing()
    watched = Watched(hearing._gate)
    try:
        hearing.arm(frozenset(Command))
        found = []
        for start in range(0, len(played), BLOCK):
            found += hearing.feed(heard[start : start + BLOCK], played[start : start + BLOCK])
    finally:
        hearing.close()
    tiers = [one.tier for one in found if one.command is command and one.decided > first]
    if tiers:
        return min(tiers)
    scale = STREAM_RATE // EAR_RATE
    near = [
        (one.score, answer)
        for one, answer in watched.said
        if one.phrase.command is command and one.end * scale > first and one.start * scale < last + 30 * HOP * scale
    ]
    if not near:
        return "not detected"
    answer = max(near)[1]
    return "undecided" if answer == "near" else answer


if __name__ == "__main__":
    main()
