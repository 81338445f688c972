"""Prints how well the live chain hears: hits, false commands, latency and cost, with 95 % bounds.

usage: python -m tests.bench.hearing --corpus CORPUS [--engine NAME] [--heads FOLD0.npz FOLD1.npz FOLD2.npz] [--light]

Runs exactly ``voicecoach.ear.hearing`` at the device's rate, reference included. The packaged heads learned from the
development corpus: on it, give the three that were each fitted without one third of the people (training/README.md).
Every person is then heard by heads that never met them.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import soxr

from tests.bench.hearing_trials import (
    CONDITIONS,
    PEOPLE_SAY,
    Trial,
    coach_speech,
    other_trials,
    people,
    synthetic,
    word_trials,
)
from training.scenes import read_corpus
from training.spoken import RATE
from voicecoach.ear import engines
from voicecoach.ear.embedding_spotter import EmbeddingSpotter, Heads
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.pocketsphinx_spotter import PocketsphinxSpotter, rule_for
from voicecoach.ear.spotter import Heard
from voicecoach.ear.witnesses import Witnesses, rules
from voicecoach.session.commands import ALWAYS, ANSWERS, Command
from voicecoach.units import STREAM_RATE

BLOCK = STREAM_RATE // 50
FACTOR = STREAM_RATE // RATE
ENDS = (Command.STOP, Command.PAIN, Command.EMERGENCY)
TRY = 1.2
"""Seconds after a word's end up to which what is heard counts for it."""


def chains(engine: str, heads: list[Path]) -> list[Hearing]:
    """One chain, or one for each third of the people."""
    if not heads:
        return [engines.make_hearing(engine)]
    made = []
    for path in heads:
        with np.load(path) as weights:
            spotter = Witnesses(PocketsphinxSpotter(), EmbeddingSpotter(Heads(weights)), rule_for)
        made.append(Hearing(spotter, rules(rule_for)))
    return made


def hear(hearing: Hearing, trial: Trial) -> list[Heard]:
    """Everything decided in it and in the second of silence after it."""
    hearing.reset()
    hearing.arm(ALWAYS | ANSWERS if trial.asking else ALWAYS)
    tail = np.zeros(RATE, np.float32)
    sounds = [trial.microphone] if trial.reference is None else [trial.microphone, trial.reference]
    wide = [soxr.resample(np.concatenate((sound, tail)), RATE, STREAM_RATE).astype(np.float32) for sound in sounds]
    heard: list[Heard] = []
    for first in range(0, len(wide[0]) - BLOCK + 1, BLOCK):
        part = slice(first, first + BLOCK)
        heard += hearing.feed(wide[0][part], wide[1][part] if len(wide) > 1 else None)
    return heard


def share(hits: int, of: int) -> str:
    """A rate with its 95 % bounds (E. B. Wilson, 1927)."""
    rate, z = hits / of, 1.96
    middle = (rate + z * z / 2 / of) / (1 + z * z / of)
    half = z * math.sqrt(rate * (1 - rate) / of + z * z / 4 / of / of) / (1 + z * z / of)
    return f"{hits:3d}/{of:3d} = {rate:.3f} ({middle - half:.2f} to {middle + half:.2f})"


def an_hour(count: int, hours: float) -> str:
    """Events an hour with the exact Poisson bounds of 95 %."""
    if not hours:
        return f"{count} in no time"

    def tail(mean: float, most: int) -> float:
        return sum(math.exp(-mean + n * math.log(mean) - math.lgamma(n + 1)) for n in range(most + 1))

    def solve(most: int, wanted: float) -> float:
        low, high = 1e-9, 10.0 * (count + 10)
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if tail(middle, most) > wanted else (low, middle)
        return low

    least = solve(count - 1, 0.975) if count else 0.0
    most = solve(count, 0.025)
    return f"{count} in {hours:.2f} h = {count / hours:.1f}/h ({least / hours:.1f} to {most / hours:.1f})"


class Tally:
    """What came of the trials."""

    def __init__(self) -> None:
        self.firm: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
        self.asked: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
        self.wrong: Counter[tuple[str, str]] = Counter()
        self.reacted: list[float] = []
        self.decided: list[float] = []
        self.hours: Counter[str] = Counter()
        self.false: dict[str, Counter[str]] = defaultdict(Counter)
        self.weak: dict[str, Counter[str]] = defaultdict(Counter)
        self.others = [0, 0]
        self.wall = 0.0

    def words(self, trial: Trial, heard: list[Heard]) -> None:
        """A trial in which commands are said."""
        groups = [trial.said] if trial.condition.startswith("twice") else [[said] for said in trial.said]
        for group in groups:
            said = group[0]
            who = "synthetic" if said.who == "festival" else "people"
            within = [
                one for one in heard if said.first < one.decided // FACTOR <= group[-1].last + TRY * RATE
            ]
            right = [one for one in within if one.command == said.command]
            key = (who, said.text, trial.condition)
            self.firm[key].append(any(one.tier == "firm" for one in right))
            self.asked[key].append(bool(right))
            self.wrong[who, trial.condition] += any(
                one.tier == "firm" and one.command != said.command for one in within
            )
            if trial.condition == "clean":
                late = [(one.decided / FACTOR - said.last) / RATE * 1000 for one in right]
                self.reacted += late[:1]
                self.decided += [ms for ms, one in zip(late, right, strict=True) if one.tier == "firm"][:1]

    def others_heard(self, trial: Trial, heard: list[Heard]) -> None:
        """A trial in which none is said."""
        firm = [one for one in heard if one.tier == "firm"]
        if trial.condition == "other word":
            self.others[0] += bool(firm)
            self.others[1] += 1
        self.hours[trial.condition] += len(trial.microphone) / RATE / 3600
        self.false[trial.condition].update(one.command.value for one in firm)
        self.weak[trial.condition].update(one.command.value for one in heard if one.tier == "weak")

    def show(self) -> None:
        """The table."""
        for tier, table in (("firm", self.firm), ("firm or asked about", self.asked)):
            print(f"\n== heard, {tier}")
            for who in ("people", "synthetic"):
                texts = list(dict.fromkeys(text for one, text, _ in table if one == who))
                for text in texts:
                    cells = [table.get((who, text, condition), []) for condition in CONDITIONS]
                    if who == "people":
                        for condition, cell in zip(CONDITIONS, cells, strict=True):
                            print(f"{who:9s} {text:5s} {condition:15s} {share(sum(cell), len(cell))}")
                    else:
                        print(f"{who:9s} {text:20s} " + "  ".join(f"{sum(cell)}/{len(cell)}" for cell in cells))
                for condition in CONDITIONS:
                    cell = [hit for (one, _, where), hits in table.items() if one == who and where == condition
                            for hit in hits]  # fmt: skip
                    if cell:
                        print(f"{who:9s} all   {condition:15s} {share(sum(cell), len(cell))}"
                              f", something wrong in {self.wrong[who, condition]}")  # fmt: skip
        pain = [hit for (who, text, where), hits in self.asked.items() for hit in hits
                if where == "clean" and ("hurt" in text or "pain" in text)]  # fmt: skip
        noisy = [hit for (who, text, where), hits in self.asked.items() for hit in hits
                 if where == "noise" and ("hurt" in text or "pain" in text)]  # fmt: skip
        if pain:
            print(f"pain at least asked about (synthetic): clean {share(sum(pain), len(pain))}, "
                  f"noise {share(sum(noisy), len(noisy))}")  # fmt: skip
        print("\n== false")
        for kind, hours in self.hours.items():
            counts = self.false[kind]
            ends = sum(counts[end.value] for end in ENDS)
            print(f"{kind:10s} commands {an_hour(counts.total(), hours)}; session ends {an_hour(ends, hours)}; "
                  f"weak {self.weak[kind].total()}; {dict(counts)}")  # fmt: skip
        if self.others[1]:
            print(f"other single words taken for a command: {share(*self.others)}")
        print("\n== from the word's end, ms on the audio clock (people and synthetic, clean)")
        for name, late in (("first reaction", self.reacted), ("firm decision", self.decided)):
            if late:
                print(f"{name:15s} " + ", ".join(f"p{q} {np.percentile(late, q):.0f}" for q in (5, 50, 95)))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--more", type=Path, action="append", default=[], help="further corpora: only talk and noise")
    parser.add_argument("--engine", default=engines.DEFAULT_ENGINE)
    parser.add_argument("--heads", type=Path, nargs="*", default=[])
    parser.add_argument("--every", type=int, default=1, help="only every Nth word and recording: quicker")
    parser.add_argument("--light", action="store_true", help="as it listens where it cannot keep up")
    parser.add_argument("--only", nargs="*", choices=("people", "synthetic", "other"), default=None)
    options = parser.parse_args()
    only = options.only or ["people", "synthetic", "other"]
    began = time.perf_counter()
    hearing = chains(options.engine, options.heads)
    for one in hearing:
        one.lighten(options.light)
    started = (time.perf_counter() - began) / len(hearing)
    corpus = read_corpus(options.corpus)
    coach = coach_speech()
    every = options.every
    words = (people(corpus)[::every] if "people" in only else []) + (synthetic() if "synthetic" in only else [])
    tally, seconds, cpu = Tally(), 0.0, time.process_time()
    for trial in word_trials(words, corpus, coach):
        tally.words(trial, hear(hearing[max(trial.fold, 0) % len(hearing)], trial))
        seconds += len(trial.microphone) / RATE
    if "other" in only:
        others = corpus + [item for more in options.more for item in read_corpus(more) if item.kind != "command"]
        for trial in list(other_trials(others))[::every]:
            tally.others_heard(trial, hear(hearing[max(trial.fold, 0) % len(hearing)], trial))
            seconds += len(trial.microphone) / RATE
    heads = [path.name for path in options.heads] or "packaged"
    print(f"every {every}; engine {options.engine}{', lightened' if options.light else ''}, heads {heads}, corpus "
          f"{options.corpus}; words: {PEOPLE_SAY}, conditions: {CONDITIONS}")  # fmt: skip
    tally.show()
    used = (time.process_time() - cpu) / seconds
    print(f"\n== cost\nthe whole ear, resampling of the trials included: {used:.3f} of one core; start {started:.2f} s")
    for one in hearing:
        one.close()


if __name__ == "__main__":
    main()
