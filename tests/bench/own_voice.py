"""Does the coach obey itself? Every sentence of the bundled routines through rooms, and what the ear made of it.

usage: python -m tests.bench.own_voice --corpus CORPUS [--minutes 30] [--seed 0] [--everything]

Each stretch begins with an ear that knows nothing, everything armed, answers too: worse than any session. The settings
are drawn so that every two values of routine, room, delay, level and drift meet soon; half of the stretches begin with
a routine's first sentence. Prints what was heard, with what was being said, and the counts for each value.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

from tests.bench.coach_in_rooms import ROOMS, Setting, Talk, coach, echo, microphone
from voicecoach.ear.engines import make_hearing
from voicecoach.ear.spotter import Heard
from voicecoach.routine.library import list_routines
from voicecoach.session.commands import ANSWERS, Command
from voicecoach.units import STREAM_RATE

DELAYS = (0.02, 0.06, 0.12, 0.2)
LEVELS = (-10.0, 0.0, 6.0, 15.0)
DRIFTS = (0.0, 50.0, 100.0, -50.0, -100.0)
STRETCH = 75 * STREAM_RATE
"""Frames that one ear hears of one setting."""
BLOCK = 960


@dataclass(frozen=True)
class Stretch:
    """One ear's life: from which frame of which routine, in which setting."""

    routine: str
    first: int
    setting: Setting

    @property
    def values(self) -> tuple[str, ...]:
        """What counts are kept by."""
        s = self.setting
        start = "start" if self.first == 0 else "later"
        return (self.routine, s.room, f"{s.delay * 1000:.0f} ms", f"{s.level:+.0f} dB", f"{s.drift:+.0f} ppm", start)


def design(talks: dict[str, Talk], minutes: float, seed: int) -> Iterator[Stretch]:
    """Stretches until ``minutes`` are full; of forty drawn, the one with most pairs of values that have not met."""
    draw = random.Random(seed)
    settings = [Setting(*each) for each in product(ROOMS, DELAYS, LEVELS, DRIFTS)]
    places = {routine: _places(talk, draw) for routine, talk in talks.items()}
    met: Counter[tuple[str, str]] = Counter()
    turns = dict.fromkeys(talks, 0)
    left = minutes * 60 * STREAM_RATE
    while left > 0:
        candidates = []
        for _ in range(40):
            routine = draw.choice(list(talks))
            place = places[routine][turns[routine] % len(places[routine])]
            candidates.append(Stretch(routine, place, draw.choice(settings)))
        best = max(candidates, key=lambda one: sum(1 / (1 + met[pair]) for pair in combinations(one.values, 2)))
        met.update(combinations(best.values, 2))
        turns[best.routine] += 1
        left -= min(STRETCH, len(talks[best.routine].samples) - best.first)
        yield best


def _places(talk: Talk, draw: random.Random) -> list[int]:
    """Where a routine's stretches begin: its very start every other time, and between all of it in some order."""
    later = list(range(STRETCH, len(talk.samples), STRETCH))
    draw.shuffle(later)
    return [place for each in later or [0] for place in (0, each)]


def hear(talk: Talk, stretch: Stretch, corpus: Path) -> list[Heard]:
    """What a new ear hears."""
    played = talk.samples[stretch.first : stretch.first + STRETCH]
    heard = microphone(echo(played, stretch.setting, corpus), seed=stretch.first)
    hearing = make_hearing()
    try:
        hearing.arm(frozenset(Command))
        found = []
        for start in range(0, len(played), BLOCK):
            found += hearing.feed(heard[start : start + BLOCK], played[start : start + BLOCK])
    finally:
        hearing.close()
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30.0, help="of sound")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--everything", action="store_true", help="all stretches of all routines, four settings each")
    options = parser.parse_args()
    talks = {entry.name: coach(entry.name) for entry in list_routines() if entry.origin == "bundled"}
    everything = sum(len(talk.samples) for talk in talks.values()) / STREAM_RATE / 60
    # Every other stretch is a start, so twice the length goes through it all once.
    minutes = 8 * everything if options.everything else options.minutes
    counts: Counter[tuple[str, str]] = Counter()
    seconds = 0.0
    began = time.process_time()
    for stretch in design(talks, minutes, options.seed):
        talk = talks[stretch.routine]
        heard = hear(talk, stretch, options.corpus)
        length = min(STRETCH, len(talk.samples) - stretch.first) / STREAM_RATE
        seconds += length
        for value in (*stretch.values, "all"):
            counts[value, "seconds"] += round(length)
            counts.update((value, _kind(one)) for one in heard)
        for one in heard:
            at = one.decided / STREAM_RATE
            said = talk.at(stretch.first + one.decided - STREAM_RATE // 3)
            print(
                f"  {one.tier:4s} {one.phrase!r} {one.score:.1f} after {at:.1f} s in {' '.join(stretch.values)}: {said}"
            )
    print(f"\n{'':22s}{'minutes':>8s}" + "".join(f"{kind:>18s}" for kind in KINDS))
    for value in dict.fromkeys(value for value, _ in counts):
        row = "".join(f"{counts[value, kind]:18d}" for kind in KINDS)
        print(f"{value:22s}{counts[value, 'seconds'] / 60:8.1f}{row}")
    print(f"{(time.process_time() - began) / seconds:.3f} of a core, rooms included")


KINDS = ("firm", "weak", "firm answer", "weak answer")


def _kind(heard: Heard) -> str:
    return f"{heard.tier} answer" if heard.command in ANSWERS else heard.tier


if __name__ == "__main__":
    main()
