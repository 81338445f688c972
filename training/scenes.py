"""Lays words into rooms, noise, levels and the coach's voice, and runs the ear's own front end over them.

usage: python -m training.scenes --corpus CORPUS [--corpus ANOTHER] --spoken SPOKEN.pickle --data FOLDER [--name NAME]

Writes FOLDER/scenes-NAME-N.npz: the embeddings of every stream, and which command ends where in it. A corpus is a
folder with a MANIFEST.csv; whatever must not be learned from (unclear licences) is skipped.
"""

from __future__ import annotations

import argparse
import csv
import pickle
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr

from training.spoken import RATE, Spoken
from training.vocabulary import CLASSES
from voicecoach.ear.embedding import SpeechEmbedding
from voicecoach.ear.kalman_echo import KalmanEchoCanceller
from voicecoach.ear.level import HOP, NoiseFloor, Normaliser, level_of

FOLDS = 3
CLEAR_LICENCES = (
    *("CC BY 4.0", "CC0", "public domain", "LibriSpeech is CC BY 4.0", "CC BY 3.0"),
    *("Apache-2.0 (", "file of the Google"),
)
"""Beginnings of the licences that allow passing on what was learned from a recording."""

SECONDS = 40.0
"""Length of a stream, about: the ear's level and noise floor have settled, and been unsettled, as in a kitchen."""

LEARNED_FROM = frozenset({"espeak-ng", "flite"})
"""Synthesizers. Whatever else may be installed is kept for measuring."""

COACHED, NOISY = 0.27, 0.80
"""Of the streams, those under the coach's voice; and from there to here, those in a kitchen. The rest is quiet."""

COMMAND_TAKES, OTHER_TAKES, OTHER_CLIPS, TALK_TAKES = 20, 6, 200, 1
"""How often a person's command is laid into a stream; another word, unless there are more than so many clips of it, of
which then so many once; and a stretch of talk."""


def fold_of(speaker: str) -> int:
    """Which third of the people (or noises) a speaker belongs to: a hash, so that it never changes."""
    return zlib.crc32(speaker.encode()) % FOLDS


@dataclass
class Recording:
    """One file of the corpus."""

    kind: str
    label: str
    speaker: str
    path: str
    clear: bool
    samples: np.ndarray


@dataclass
class Stream:
    """What the ear gets to hear: ``fold`` is the third whose people (and noises) are in it, -1 for nobody's."""

    fold: int
    microphone: np.ndarray
    reference: np.ndarray | None = None
    ends: list[tuple[str, int, bool]] = field(default_factory=list)
    """Commands: class, last sample, whether a person said it."""


def read_corpus(corpus: Path) -> list[Recording]:
    """Every recording but rooms; a noise is its own speaker."""
    found = []
    for row in csv.DictReader((corpus / "MANIFEST.csv").open(encoding="utf-8")):
        if row["kind"] == "rir":
            continue
        samples, _ = soundfile.read(corpus / row["path"], dtype="float32")
        who = row["path"] if row["kind"] == "noise" else row["speaker"]
        single = row["kind"] == "command" or (row["kind"] == "speech" and "gsc" in row["path"])
        kind = "command" if single else row["kind"]
        clear = row["licence"].startswith(CLEAR_LICENCES)
        found.append(Recording(kind, row["label"], who, row["path"], clear, samples))
    return found


def word_in(samples: np.ndarray) -> tuple[int, int]:
    """Where a word is in its clip: what is within 28 dB of the loudest 10 ms and over the clip's own noise."""
    hops = samples[: len(samples) // HOP * HOP].reshape(-1, HOP)
    power = 10 * np.log10((hops**2).mean(1) + 1e-10)
    loud = np.nonzero(power > max(power.max() - 28, np.percentile(power, 10) + 8 if power.max() > -20 else -99))[0]
    loud = loud if len(loud) else np.nonzero(power > power.max() - 20)[0]
    return max(0, int(loud[0]) - 2) * HOP, (int(loud[-1]) + 2) * HOP


def room(rng: np.random.Generator, decay: float, direct: float) -> np.ndarray:
    """An impulse response: the direct sound ``direct`` dB over a tail that falls by 60 dB in ``decay`` seconds."""
    count = int(decay * RATE)
    tail = rng.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
    tail[: int(0.002 * RATE)] = 0
    tail *= 10 ** (-direct / 20) / np.sqrt((tail**2).sum())
    tail[0] = 1
    return tail.astype(np.float32)


def convolve(samples: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Linear convolution through the Fourier transform."""
    count = len(samples) + len(response) - 1
    size = 1 << (count - 1).bit_length()
    product = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
    return np.fft.irfft(product, size)[:count].astype(np.float32)


def colour(rng: np.random.Generator, samples: np.ndarray, spread: float = 3.0) -> np.ndarray:
    """Another microphone or place: a smooth random frequency response with so many dB of standard deviation."""
    spectrum = np.fft.rfft(samples)
    knots = rng.normal(0, spread, 9)
    gain = np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, 9) ** 2, knots)
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(samples)).astype(np.float32)


def hum(rng: np.random.Generator, count: int) -> np.ndarray:
    """A tap, a fan, a hob: noise whose spectrum falls by 0 to 9 dB an octave, and which swells and clatters."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    tilt = rng.uniform(0, 1.5)
    spectrum *= (np.arange(len(spectrum)) + len(spectrum) / 100.0) ** -tilt
    times = np.arange(0, count + RATE, RATE // int(rng.integers(1, 12)))
    swell = 10 ** (np.interp(np.arange(count), times, rng.normal(0, rng.uniform(0, 5), len(times))) / 20)
    return (np.fft.irfft(spectrum, count) * swell).astype(np.float32)


def rms(samples: np.ndarray) -> float:
    """Root mean square, never zero."""
    return float(np.sqrt((samples.astype(np.float64) ** 2).mean()) + 1e-9)


def stretch_of(rng: np.random.Generator, samples: np.ndarray, count: int) -> np.ndarray:
    """``count`` samples from a random place, repeated where there are too few."""
    if len(samples) <= count:
        return np.resize(np.roll(samples, int(rng.integers(len(samples)))), count)
    first = int(rng.integers(len(samples) - count))
    return samples[first : first + count]


def front_end(stream: Stream) -> np.ndarray:
    """What ``voicecoach.ear.hearing`` hands its spotter: without the coach, the level normalised (so a little late)."""
    floor, normaliser = NoiseFloor(), Normaliser()
    canceller = None if stream.reference is None else KalmanEchoCanceller()
    out = []
    for first in range(0, len(stream.microphone) - HOP + 1, HOP):
        hop = stream.microphone[first : first + HOP]
        if canceller is not None and stream.reference is not None:
            hop = canceller.process(hop, stream.reference[first : first + HOP])
        level = level_of(hop)
        out.append(normaliser.process(hop, level, floor.feed(level)))
    return np.concatenate(out)


class Stage:
    """Makes random streams, each from one third's people and noises, or from synthesizers alone."""

    def __init__(self, rng: np.random.Generator, noises: list[Recording], coach: list[np.ndarray]) -> None:
        self.rng, self.noises, self.coach = rng, noises, coach

    def stream(self, items: list[tuple[str, bool, np.ndarray]], fold: int) -> Stream:
        """``items`` (class or "", whether a person's, samples) said one after another in one place."""
        rng = self.rng
        base = rng.uniform(-38, -14)
        response = room(rng, rng.uniform(0.12, 0.6), rng.uniform(-2, 12)) if rng.random() < 0.5 else None
        draw = rng.random()
        coached = draw < COACHED
        at = int((rng.uniform(3.0, 8.0) if coached else rng.uniform(0.2, 1.5)) * RATE)
        parts: list[tuple[int, np.ndarray]] = []
        ends: list[tuple[str, int, bool]] = []
        for label, human, samples in items:
            first, last = word_in(samples)
            begin, speed = 0, 1.0
            if human and (label or len(samples) < 2 * RATE):
                speed = rng.uniform(0.9, 1.12)
                begin = first if rng.random() < 0.5 else 0
            clip = soxr.resample(samples[begin : last if begin else None], RATE * speed, RATE).astype(np.float32)
            first, last = int((first - begin) / speed), int((last - begin) / speed)
            loud = 10 ** ((base + rng.uniform(-5, 5)) / 20)
            said = colour(rng, clip)
            said = said * (loud / rms(said[first:last]))
            parts.append((at, said))
            if label:
                ends.append((label, at + last, human))
            at += last + int(min(rng.exponential(0.6) + 0.35, 2.5) * RATE)
        length = (at + RATE) // HOP * HOP
        near = np.zeros(length, np.float32)
        for where, said in parts:
            near[where : where + len(said)] += said[: length - where]
        if response is not None:
            direct = rms(near)
            near = convolve(near, response)[:length]
            near *= direct / rms(near)
        loud = 10 ** (base / 20)
        near += rng.normal(0, 10 ** (rng.uniform(-85, -60) / 20), length).astype(np.float32)
        reference = None
        if coached:
            reference, echo = self._coach(length)
            near += echo * (loud * 10 ** (rng.uniform(-14, 12) / 20))
            if rng.random() < 0.3:
                near += self._noise(fold, length) * loud * 10 ** (-rng.uniform(8, 25) / 20)
        elif draw < NOISY:
            near += self._noise(fold, length) * loud * 10 ** (-rng.uniform(2, 25) / 20)
        return Stream(fold, np.clip(near, -1, 1), reference, ends)

    def _noise(self, fold: int, length: int) -> np.ndarray:
        """A kitchen at RMS 1: one noise or two, coloured anew each time, since there are few; or a made-up one."""
        rng = self.rng
        mine = [item for item in self.noises if fold < 0 or fold_of(item.speaker) == fold]
        noise = np.zeros(length, np.float32)
        for _ in range(int(rng.integers(1, 3))):
            if rng.random() < 0.25:
                one = hum(rng, length)
            else:
                one = stretch_of(rng, mine[rng.integers(len(mine))].samples, length)
            one = colour(rng, one, 6.0)
            noise += one * (10 ** (rng.uniform(-9, 0) / 20) / rms(one))
        return noise / rms(noise)

    def _coach(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """What the coach says meanwhile, and how it comes back at RMS 1 while it speaks."""
        rng = self.rng
        said = np.zeros(length, np.float32)
        voice = self.coach[rng.integers(len(self.coach))]
        at = 0
        while at < length:
            piece = stretch_of(rng, voice, int(rng.uniform(2, 9) * RATE))[: length - at]
            said[at : at + len(piece)] = piece
            at += len(piece) + int(rng.uniform(0.1, 1.2) * RATE)
        said *= rng.uniform(0.1, 0.5) / max(np.abs(said).max(), 1e-3)
        response = room(rng, rng.uniform(0.12, 0.5), rng.uniform(-4, 10))
        spoken = np.tanh(said * 3) / 3 if rng.random() < 0.4 else said
        echo = convolve(spoken, colour(rng, response))
        late = int(rng.uniform(0.02, 0.2) * RATE)
        echo = np.concatenate((np.zeros(late, np.float32), echo))[:length]
        return said, echo / rms(echo)


def training_streams(rng: np.random.Generator, corpus: list[Recording], spoken: list[Spoken],
                     share: int, shares: int) -> Iterator[Stream]:  # fmt: skip
    """Everything that may be learned from; whoever trains leaves out a third of the people. One of ``shares``."""
    noises = [item for item in corpus if item.kind == "noise" and item.clear and len(item.samples) > 4 * RATE]
    voices: dict[str, list[np.ndarray]] = {}
    for item in spoken:
        if item.label == "coach":
            voices.setdefault(item.voice, []).append(item.samples)
    stage = Stage(rng, noises, [np.concatenate(said) for said in voices.values()])
    pools: dict[int, list[tuple[str, bool, np.ndarray]]] = {fold: [] for fold in range(FOLDS)}
    clips = Counter(item.label for item in corpus if item.kind == "command")
    for item in corpus:
        if not item.clear or item.kind == "noise":
            continue
        mine = pools[fold_of(item.speaker)]
        if item.kind == "command" and item.label in CLASSES:
            mine += [(item.label, True, item.samples)] * COMMAND_TAKES
        elif item.kind == "command":
            few = clips[item.label] <= OTHER_CLIPS
            takes = OTHER_TAKES if few else int(rng.random() < OTHER_CLIPS / clips[item.label])
            mine += [("", True, item.samples)] * takes
        else:
            for first in range(0, len(item.samples), 8 * RATE):
                if len(item.samples) - first > RATE // 2:
                    mine += [("", True, item.samples[first : first + 8 * RATE])] * TALK_TAKES
    for item in spoken:
        if item.engine in LEARNED_FROM:
            label = item.label if item.label in CLASSES else ""
            pools[int(rng.integers(FOLDS))].append((label, False, item.samples))
    for fold, pool in pools.items():
        order = rng.permutation(len(pool))[share::shares]
        items: list[tuple[str, bool, np.ndarray]] = []
        for number in order:
            items.append(pool[number])
            if sum(len(said) / RATE + 0.9 for _, _, said in items) > SECONDS:
                yield stage.stream(items, fold)
                items = []
        for noise in noises[share::shares]:
            if fold_of(noise.speaker) == fold:
                for _ in range(3):
                    yield Stream(fold, colour(rng, noise.samples) * np.float32(rng.uniform(0.1, 1.5)))


def make(options: argparse.Namespace, share: int, shares: int) -> str:
    """One share of the streams, into one file."""
    corpus = [item for folder in options.corpus for item in read_corpus(folder)]
    spoken: list[Spoken] = []
    for path in options.spoken:
        with path.open("rb") as file:
            spoken += pickle.load(file)
    embedding, began = SpeechEmbedding(1), time.time()
    folds, parts, ends = [], [], []
    for number, stream in enumerate(training_streams(np.random.default_rng(7 + share), corpus, spoken, share, shares)):
        parts.append(embedding.whole(front_end(stream)).astype(np.float16))
        folds.append(stream.fold)
        ends += [(number, label, end, human) for label, end, human in stream.ends]
        if number % 100 == 0:
            print(share, number, round(time.time() - began), "s", flush=True)
    np.savez(
        options.data / f"scenes-{options.name}-{share}.npz",
        embeddings=np.concatenate(parts),
        length=np.array([len(part) for part in parts]),
        fold=np.array(folds),
        stream=np.array([row[0] for row in ends]),
        label=np.array([row[1] for row in ends]),
        end=np.array([row[2] for row in ends]),
        human=np.array([row[3] for row in ends]),
    )
    hours = sum(map(len, parts)) * 0.08 / 3600
    return f"share {share}: {len(parts)} streams, {hours:.2f} h, {len(ends)} commands, {time.time() - began:.0f} s"


def main() -> None:
    """Make the streams and their embeddings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, action="append")
    parser.add_argument("--spoken", type=Path, required=True, action="append", help="from training.voices")
    parser.add_argument("--name", default="all")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    shares = options.processes
    with ProcessPoolExecutor(shares) as pool:
        for line in pool.map(make, [options] * shares, range(shares), [shares] * shares):
            print(line)


if __name__ == "__main__":
    main()
