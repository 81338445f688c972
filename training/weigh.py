"""How much to believe each witness: replays what both heard in the trials, with other weighings, and prints the curve.

usage: python -m training.weigh --corpus CORPUS --data FOLDER --heads FOLD0.npz FOLD1.npz FOLD2.npz [--again]

Each person is heard by heads that were fitted without that person's third. What keyword search heard is kept in FOLDER
(it is the slow half). The own-voice proof is left out: ``tests/bench/hearing.py`` measures the whole chain.
"""

from __future__ import annotations

import argparse
import pickle
from collections import defaultdict
from collections.abc import Collection, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tests.bench.hearing_trials import Trial, coach_speech, other_trials, people, synthetic, word_trials
from training.scenes import read_corpus
from training.spoken import RATE
from voicecoach.ear import pocketsphinx_spotter, witnesses
from voicecoach.ear.embedding_spotter import EmbeddingSpotter, Heads
from voicecoach.ear.kalman_echo import KalmanEchoCanceller
from voicecoach.ear.level import HOP, LevelHistory, NoiseFloor, Normaliser
from voicecoach.ear.spotter import Detection, Spotter
from voicecoach.ear.witnesses import Weighing, Witnesses
from voicecoach.session.commands import ALWAYS, ANSWERS, Phrase, phrases_for

AFTER = np.zeros(RATE, np.float32)
BUDGETS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""False alarms an hour and group."""

Hits = dict[tuple[str, str, str], list[float]]
Falses = dict[tuple[str, str], list[float]]


@dataclass
class Take:
    """One trial as the front end handed it on, and as the witnesses heard it, hop by hop."""

    trial: Trial
    levels: list[float] = field(default_factory=list)
    normal: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float16))
    searched: dict[int, list[Detection]] = field(default_factory=dict)
    believed: dict[int, list[Detection]] = field(default_factory=dict)


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


def earlier(detection: Detection) -> Detection:
    """The same, counted on the microphone's side of the normaliser's delay, as ``voicecoach.ear.hearing`` does."""
    late = Normaliser.LOOK_AHEAD * HOP
    return replace(detection, start=max(0, detection.start - late), end=max(1, detection.end - late))


def listened(spotter: Spotter, sound: np.ndarray) -> dict[int, list[Detection]]:
    """What a spotter detects in a normalised sound, by hop."""
    spotter.reset()
    heard = {}
    for number in range(len(sound) // HOP):
        if found := spotter.feed(sound[number * HOP : (number + 1) * HOP].astype(np.float32)):
            heard[number + 1] = [earlier(one) for one in found]
    return heard


def searched(corpus_folder: Path, more: list[Path], part: int, of: int) -> list[Take]:
    """Front end and keyword search over one of ``of`` parts of the trials."""
    corpus = read_corpus(corpus_folder)
    others = corpus + [item for folder in more for item in read_corpus(folder) if item.kind != "command"]
    searcher, coach = pocketsphinx_spotter.PocketsphinxSpotter(), coach_speech()
    takes = []
    trials = [*word_trials(people(corpus) + synthetic(), corpus, coach), *other_trials(others)]
    for trial in trials[part::of]:
        if trial.condition.startswith("twice"):
            continue
        take = Take(trial)
        floor, normaliser, levels = NoiseFloor(), Normaliser(), LevelHistory()
        canceller = KalmanEchoCanceller() if trial.reference is not None else None
        sound = np.concatenate((trial.microphone, AFTER))
        played = None if trial.reference is None else np.concatenate((trial.reference, AFTER))
        normal = []
        for first in range(0, len(sound) - HOP + 1, HOP):
            hop = sound[first : first + HOP]
            if canceller is not None and played is not None:
                hop = canceller.process(hop, played[first : first + HOP])
            level = levels.measure(hop)
            take.levels.append(level)
            normal.append(normaliser.process(hop, level, floor.feed(level)))
        take.normal = np.concatenate(normal).astype(np.float16)
        searcher.arm(phrases_for(ALWAYS | ANSWERS if trial.asking else ALWAYS))
        take.searched = listened(searcher, take.normal)
        takes.append(take)
    return takes


def believe(takes: list[Take], files: list[Path]) -> None:
    """Fill in what the heads believe, each person's by heads that never met them."""
    spotters = []
    for path in files:
        with np.load(path) as weights:
            spotters.append(EmbeddingSpotter(Heads(weights)))
    for spotter in spotters:
        spotter.arm(phrases_for(ALWAYS | ANSWERS))
    for take in takes:
        take.believed = listened(spotters[max(take.trial.fold, 0) % len(spotters)], take.normal)


def scores(takes: list[Take], table: Mapping[str, Weighing]) -> tuple[Hits, Falses, dict[str, float]]:
    """Each said word's best sum of evidence, every sum that nobody's word explains, and hours of each kind of sound."""
    search, heads = Replay(), Replay()
    loose = {text: replace(one, firm=99.0, weak=-9.0) for text, one in table.items()}
    pair = Witnesses(search, heads, pocketsphinx_spotter.rule_for, loose)
    group_of = {text: texts[0] for texts in witnesses.groups() for text in texts}
    hits: Hits = defaultdict(list)
    falses: Falses = defaultdict(list)
    hours: dict[str, float] = defaultdict(float)
    silence = np.zeros(HOP, np.float32)
    for take in takes:
        pair.arm(phrases_for(ALWAYS | ANSWERS))
        pair.reset()
        search.heard, heads.heard = take.searched, take.believed
        found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for _ in take.levels:
            for one in pair.feed(silence):
                found[one.phrase.text].append((one.end, one.score))
        trial = take.trial
        for said in trial.said:
            group = group_of[said.text]
            best = [score for end, score in found[group] if said.first < end < said.last + RATE]
            who = "synthetic" if said.who == "festival" else "people"
            hits[who, group, trial.condition].append(max(best, default=-9.0))
        if not trial.said:
            hours[trial.condition] += len(trial.microphone) / RATE / 3600
            for group, told in found.items():
                last = -RATE
                for end, score in told:  # what grows within a second is one mistake
                    if end - last < RATE:
                        falses[trial.condition, group][-1] = max(score, falses[trial.condition, group][-1])
                    else:
                        falses[trial.condition, group].append(score)
                        last = end
    return hits, falses, hours


def curve(hits: Hits, falses: Falses, hours: Mapping[str, float], group: str) -> list[str]:
    """Hits over false alarms an hour of talk, single other words included, for one group."""
    talk = sorted(falses["talk", group] + falses["other word", group], reverse=True)
    spent = hours["talk"] + hours["other word"]
    lines = []
    for an_hour in BUDGETS:
        allowed = int(an_hour * spent)
        least = talk[allowed] + 1e-3 if allowed < len(talk) else -8.9
        cells = []
        for (who, name, condition), best in sorted(hits.items()):
            if name == group:
                heard = sum(score >= least for score in best)
                cells.append(f"{who[:3]} {condition} {heard}/{len(best)} {heard / len(best):.2f}")
        noisy = sum(score >= least for score in falses["noise", group])
        lines.append(f"{group:14s} {an_hour:4.1f}/h at {least:6.2f} (noise {noisy}): " + "; ".join(cells))
    return lines


def main() -> None:
    """Record, or take what was recorded, and print the curves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--more", type=Path, action="append", default=[], help="further corpora: only talk and noise")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--heads", type=Path, nargs="*", default=[], help="none: only record")
    parser.add_argument("--again", action="store_true", help="search again: front end or search have changed")
    options = parser.parse_args()
    kept = options.data / "searched.pickle"
    if options.again or not kept.exists():  # the slow part
        with ProcessPoolExecutor(2) as pool:
            parts = pool.map(searched, [options.corpus] * 2, [options.more] * 2, range(2), [2] * 2)
            takes = [take for part in parts for take in part]
        with kept.open("wb") as file:
            pickle.dump(takes, file)
    with kept.open("rb") as file:
        takes = pickle.load(file)
    if not options.heads:
        return
    believe(takes, options.heads)
    hits, falses, hours = scores(takes, witnesses.weighings())
    print({kind: round(value, 2) for kind, value in hours.items()}, "hours")
    for texts in witnesses.groups():
        print(*curve(hits, falses, hours, texts[0]), sep="\n")


if __name__ == "__main__":
    main()
