"""Measures both witnesses on people and synthesizers that the heads never met: hits, false commands, latency.

usage: python -m training.measure --corpus CORPUS --data FOLDER --heads FOLD0.npz [FOLD1.npz FOLD2.npz]

Each person is heard by heads that were fitted without that person's third; give one file to measure on one third only.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from training.fit import SYNTHETIC
from training.scenes import Scene, fold_of, read_corpus, test_scenes
from training.vocabulary import CLASSES
from voicecoach.ear import pocketsphinx_spotter, witnesses
from voicecoach.ear.decision import Decision, Rule
from voicecoach.ear.embedding_spotter import EmbeddingSpotter, Heads
from voicecoach.ear.level import HOP, LevelHistory, NoiseFloor, Normaliser, level_of
from voicecoach.ear.spotter import Detection, Heard
from voicecoach.ear.witnesses import Witnesses
from voicecoach.session.commands import ALWAYS, ANSWERS, Command, Phrase, phrases_for

COMMAND = {
    "stop": Command.STOP,
    "yes": Command.YES,
    "no": Command.NO,
    "pause": Command.PAUSE,
    "repeat": Command.REPEAT,
    "again": Command.REPEAT,
    "resume": Command.RESUME,
    "carry on": Command.RESUME,
    "continue": Command.RESUME,
    "hurts": Command.PAIN,
    "in pain": Command.PAIN,
}
AFTER = 8_000
"""Samples of silence after each scene."""


@dataclass
class Take:
    """One scene as the two witnesses heard it, hop by hop."""

    label: str
    who: str
    condition: str
    end: int
    levels: list[float] = field(default_factory=list)
    searched: dict[int, list[Detection]] = field(default_factory=dict)
    believed: dict[int, list[Detection]] = field(default_factory=dict)

    @property
    def fold(self) -> int:
        """The person's third; -1 for a synthesizer."""
        return -1 if self.who in SYNTHETIC else fold_of(self.who)


class Replay:
    """A spotter that has heard it all before."""

    def __init__(self) -> None:
        self.heard: dict[int, list[Detection]] = {}
        self.armed: frozenset[Phrase] = frozenset()
        self.hops = 0

    def arm(self, phrases: Collection[Phrase]) -> None:
        """Tell only these."""
        self.armed = frozenset(phrases)

    def feed(self, block: np.ndarray) -> list[Detection]:
        """The next hop's detections."""
        del block
        self.hops += 1
        return [found for found in self.heard.get(self.hops, []) if found.phrase in self.armed]

    def reset(self) -> None:
        """Begin again."""
        self.hops = 0

    def close(self) -> None:
        """Nothing to release."""


def chosen(scenes: Iterator[Scene], each: int) -> Iterator[Scene]:
    """Each person once a word and condition; ``each`` synthetic voices of an engine; all of talk and noise."""
    seen: Counter[tuple[str, ...]] = Counter()
    for scene in scenes:
        key = (scene.label, scene.condition, scene.who)
        seen[key] += 1
        most = each if scene.who in SYNTHETIC else 1
        if scene.label not in CLASSES or seen[key] <= most:
            yield scene


def take(scenes: Iterator[Scene], heads: list[Heads], search: bool) -> Iterator[Take]:
    """Run both witnesses over every scene; ``search`` is the slow one."""
    armed = phrases_for(ALWAYS | ANSWERS)
    searcher = pocketsphinx_spotter.PocketsphinxSpotter() if search else Replay()
    spotters = [EmbeddingSpotter(one) for one in heads]
    for one in (searcher, *spotters):
        one.arm(armed)
    for scene in scenes:
        result = Take(scene.label, scene.who, scene.condition, scene.end)
        fold = result.fold
        if fold >= len(spotters):
            continue
        head = spotters[max(fold, 0)]
        head.reset()
        searcher.reset()
        floor, normaliser = NoiseFloor(), Normaliser()
        sound = np.concatenate((scene.samples, np.zeros(AFTER, np.float32)))
        for number in range(len(sound) // HOP):
            hop = sound[number * HOP : (number + 1) * HOP]
            level = level_of(hop)
            result.levels.append(level)
            hop = normaliser.process(hop, level, floor.feed(level))
            if found := searcher.feed(hop):
                result.searched[number + 1] = [earlier(one) for one in found]
            if found := head.feed(hop):
                result.believed[number + 1] = [earlier(one) for one in found]
        yield result


def earlier(detection: Detection) -> Detection:
    """The same, counted on the microphone's side of the normaliser's delay, as ``voicecoach.ear.hearing`` does."""
    late = Normaliser.LOOK_AHEAD * HOP
    return replace(detection, start=max(0, detection.start - late), end=max(1, detection.end - late))


def heads_alone(firm: float, weak: float) -> Callable[[str], Rule]:
    """A rule for the heads without the other witness."""
    return lambda _text: Rule(firm, weak, alone=False)


class Chain:
    """Spotter and decision over a take; what was decided, with the sample that the decision needed."""

    def __init__(self, mode: str, firm: float = 4.0) -> None:
        self.search, self.heads = Replay(), Replay()
        searching = pocketsphinx_spotter.rule_for
        self.both = Witnesses(self.search, self.heads, searching)
        self.spotter = {"search": self.search, "heads": self.heads, "both": self.both}[mode]
        self.rules = {
            "search": searching,
            "heads": heads_alone(firm, firm - 2.5),
            "both": witnesses.rules(searching),
        }[mode]

    def hear(self, one: Take, asking: bool) -> list[Heard]:
        """Everything decided."""
        self.spotter.arm(phrases_for(ALWAYS | ANSWERS if asking else ALWAYS))
        self.spotter.reset()
        self.search.heard, self.heads.heard = one.searched, one.believed
        levels = LevelHistory()
        decision, heard = Decision(self.rules, levels), []
        silence = np.zeros(HOP, np.float32)
        for level in one.levels:
            levels._levels.append(level)
            levels.hops += 1
            heard += decision.feed(self.spotter.feed(silence))
        return heard


def report(takes: list[Take], modes: dict[str, Chain]) -> None:
    """The table."""
    for name, chain in modes.items():
        print(f"== {name}")
        hits: dict[tuple[str, str, str], list[tuple[bool, bool, bool]]] = defaultdict(list)
        late: list[float] = []
        false: dict[str, Counter[str]] = defaultdict(Counter)
        hours: Counter[str] = Counter()
        for one in takes:
            asking = one.label in ("yes", "no")
            heard = chain.hear(one, asking)
            firm = [found for found in heard if found.tier == "firm"]
            if one.label in COMMAND:
                wanted = COMMAND[one.label]
                right = any(found.command == wanted for found in firm)
                wrong = any(found.command != wanted for found in firm)
                group = one.who if one.who in SYNTHETIC else "people"
                weak = any(found.command == wanted for found in heard)
                hits[one.label, group, one.condition].append((right, wrong, weak))
                if right and one.condition == "clean" and group == "people":
                    decided = next(found.decided for found in firm if found.command == wanted) / 3
                    late.append((decided - one.end) / 16)
            else:
                hours[one.label] += len(one.levels) * HOP / 16_000 / 3600
                false[one.label].update(found.command.value for found in firm)
                false[one.label + " (weak)"].update(found.command.value for found in heard if found.tier == "weak")
        for (label, group, condition), rows in sorted(hits.items()):
            right, wrong, weak = (sum(row[number] for row in rows) for number in range(3))
            print(f"  {label:9s} {group:9s} {condition:6s} {right:4d}/{len(rows):4d} = {right / len(rows):.3f}"
                  f"  wrong {wrong}  weak or firm {weak / len(rows):.3f}")  # fmt: skip
        for label in hours:
            counts, weak = false[label], sum(false[label + " (weak)"].values())
            ends = counts["stop"] + counts["pain"] + counts["emergency"]
            print(f"  false in {label}: {counts.total()} firm ({ends} ends) in {hours[label]:.2f} h = "
                  f"{counts.total() / hours[label]:.1f}/h; weak {weak}; {dict(counts)}")  # fmt: skip
        if late:
            print("  ms from the word's end to the firm decision: "
                  + " ".join(f"p{q} {np.percentile(late, q):.0f}" for q in (5, 50, 95)))  # fmt: skip


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--heads", type=Path, nargs="+", required=True)
    parser.add_argument("--each", type=int, default=8, help="synthetic voices of an engine for a word and condition")
    options = parser.parse_args()
    with (options.data / "spoken.pickle").open("rb") as file:
        spoken = pickle.load(file)
    heads = []
    for path in options.heads:
        with np.load(path) as weights:
            heads.append(Heads(weights))
    scenes = chosen(test_scenes(np.random.default_rng(0), read_corpus(options.corpus), spoken), options.each)
    began, cpu = time.time(), time.process_time()
    takes = list(take(scenes, heads, search=True))
    print(f"{len(takes)} takes, {time.time() - began:.0f} s, {time.process_time() - cpu:.0f} s of CPU")
    report(takes, {"search alone": Chain("search"), "heads alone": Chain("heads"), "both": Chain("both")})


if __name__ == "__main__":
    main()
