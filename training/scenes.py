"""Lays words into rooms, noise, levels and the coach's voice, and runs the ear's own front end over them.

usage: python -m training.scenes --corpus CORPUS --data FOLDER

Reads FOLDER/spoken.pickle and the corpus, writes FOLDER/scenes.npz: embeddings of every scene, with who spoke what.
"""

from __future__ import annotations

import argparse
import csv
import pickle
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from training.spoken import RATE, Spoken
from training.vocabulary import CLASSES
from voicecoach.ear.embedding import STEP, SpeechEmbedding
from voicecoach.ear.level import HOP, NoiseFloor, Normaliser, level_of

FOLDS = 3
CLEAR_LICENCES = ("CC BY 4.0 (Google", "LibriSpeech is CC BY 4.0", "CC BY 3.0", "Apache-2.0 (", "file of the Google")
"""Beginnings of the licences that allow passing on what was learned from a recording."""


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
class Scene:
    """What the ear gets to hear. ``end`` is the word's last sample, -1 where no word is to be heard."""

    label: str
    who: str
    condition: str
    samples: np.ndarray
    end: int


def read_corpus(corpus: Path) -> list[Recording]:
    """Every recording; a noise is its own speaker."""
    found = []
    for row in csv.DictReader((corpus / "MANIFEST.csv").open(encoding="utf-8")):
        if row["kind"] == "rir":
            continue
        samples, _ = soundfile.read(corpus / row["path"], dtype="float32")
        who = row["path"] if row["kind"] == "noise" else row["speaker"]
        clear = row["licence"].startswith(CLEAR_LICENCES)
        found.append(Recording(row["kind"], row["label"], who, row["path"], clear, samples))
    return found


def trim(samples: np.ndarray) -> np.ndarray:
    """The word alone: what is within 28 dB of its loudest 10 ms and over the clip's own noise."""
    hops = samples[: len(samples) // HOP * HOP].reshape(-1, HOP)
    power = 10 * np.log10((hops**2).mean(1) + 1e-10)
    loud = np.nonzero(power > max(power.max() - 28, np.percentile(power, 10) + 8 if power.max() > -20 else -99))[0]
    loud = loud if len(loud) else np.nonzero(power > power.max() - 20)[0]
    return samples[max(0, loud[0] - 2) * HOP : (loud[-1] + 2) * HOP]


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


def colour(rng: np.random.Generator, samples: np.ndarray) -> np.ndarray:
    """Another microphone: a smooth random frequency response within about 6 dB."""
    spectrum = np.fft.rfft(samples)
    knots = rng.normal(0, 3, 9)
    gain = np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, 9) ** 2, knots)
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(samples)).astype(np.float32)


def rms(samples: np.ndarray) -> float:
    """Root mean square, never zero."""
    return float(np.sqrt((samples.astype(np.float64) ** 2).mean()) + 1e-9)


def stretch_of(rng: np.random.Generator, samples: np.ndarray, count: int) -> np.ndarray:
    """``count`` samples from a random place, repeated where there are too few."""
    if len(samples) <= count:
        return np.resize(np.roll(samples, int(rng.integers(len(samples)))), count)
    first = int(rng.integers(len(samples) - count))
    return samples[first : first + count]


def residual(rng: np.random.Generator, speech: np.ndarray) -> np.ndarray:
    """The coach as an echo canceller leaves it: frequency by frequency, more or less of it is gone."""
    size, step = 512, 256
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    padded = np.concatenate((speech, np.zeros(size, np.float32)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::step] * window
    spectra = np.fft.rfft(frames)
    gain = rng.normal(0, 6, spectra.shape) + rng.normal(0, 5, spectra.shape[1])
    frames = np.fft.irfft(spectra * 10 ** (gain / 20), size)
    out = np.zeros(len(padded) + size, np.float32)
    for number, frame in enumerate(frames):
        out[number * step : number * step + size] += frame
    return out[: len(speech)]


def lay(
    rng: np.random.Generator,
    word: np.ndarray,
    *,
    background: np.ndarray | None = None,
    snr: float = 99.0,
    level: float = -27.0,
    reverberation: np.ndarray | None = None,
    before: float = 1.5,
    after: float = 0.8,
    hiss: float = -70.0,
) -> tuple[np.ndarray, int]:
    """The word, trimmed, ``before`` seconds into a scene; dB as RMS over the word. Also its end."""
    count = len(word)
    loud = 10 ** (level / 20)
    if reverberation is not None:
        word = convolve(word, reverberation)
    word = word / rms(word[:count]) * loud
    first = int(before * RATE)
    scene = np.zeros(first + count + int(after * RATE), np.float32)
    word = word[: len(scene) - first]
    scene[first : first + len(word)] = word
    if background is not None:
        noise = stretch_of(rng, background, len(scene))
        scene += noise / rms(noise) * loud * 10 ** (-snr / 20)
    scene += rng.normal(0, 10 ** (hiss / 20), len(scene)).astype(np.float32)
    return np.clip(scene, -1, 1), first + count


def front_end(samples: np.ndarray) -> np.ndarray:
    """What ``voicecoach.ear.hearing`` hands its spotter: the level normalised hop by hop (and so a little late)."""
    floor, normaliser = NoiseFloor(), Normaliser()
    out = []
    for first in range(0, len(samples) - HOP + 1, HOP):
        hop = samples[first : first + HOP]
        level = level_of(hop)
        out.append(normaliser.process(hop, level, floor.feed(level)))
    return np.concatenate(out) if out else samples


class Stage:
    """Makes random scenes from one third's noises, or from all but one third's."""

    def __init__(self, rng: np.random.Generator, noises: list[Recording], coach: list[Spoken]) -> None:
        self.rng, self.noises, self.coach = rng, noises, np.concatenate([item.samples for item in coach])

    def training_scene(self, word: np.ndarray, fold: int) -> tuple[np.ndarray, int]:
        """A word in some room at some level, in quiet, in kitchen noise or under the coach's voice.

        The noises are those of the speaker's own third, so that nothing of a third is in another's scenes.
        """
        rng = self.rng
        background, snr = None, 99.0
        draw = rng.random()
        if draw < 0.40:
            mine = [item for item in self.noises if fold < 0 or fold_of(item.speaker) == fold]
            background, snr = mine[rng.integers(len(mine))].samples, rng.uniform(2, 25)
        elif draw < 0.46:
            background, snr = rng.standard_normal(RATE * 5).astype(np.float32), rng.uniform(5, 25)
        elif draw < 0.75:
            background, snr = stretch_of(rng, self.coach, RATE * 5), rng.uniform(0, 20)
            if rng.random() < 0.6:
                background = residual(rng, background)
        reverberation = room(rng, rng.uniform(0.12, 0.6), rng.uniform(-2, 12)) if rng.random() < 0.5 else None
        return lay(
            rng,
            colour(rng, word),
            background=background,
            snr=snr,
            level=rng.uniform(-38, -14),
            reverberation=reverberation,
            before=rng.uniform(0.3, 1.3),
            after=0.64,
            hiss=rng.uniform(-80, -55),
        )


def training_scenes(rng: np.random.Generator, corpus: list[Recording], spoken: list[Spoken]) -> Iterator[Scene]:
    """Everything that may be learned from; whoever trains leaves out a third of the people, and an engine."""
    noises = [item for item in corpus if item.kind == "noise" and item.clear and len(item.samples) > 4 * RATE]
    coach = [item for item in spoken if item.label == "coach"]
    stage = Stage(rng, noises, coach)
    for item in spoken:
        if item.label == "coach":
            for cancelled in (False, True):
                text = residual(rng, item.samples) if cancelled else item.samples
                yield Scene("garbage", "coach", "train", stage.training_scene(text, -1)[0], -1)
            continue
        if item.engine == "festival":
            continue
        samples, end = stage.training_scene(trim(item.samples), int(rng.integers(FOLDS)))
        known = item.label in CLASSES
        yield Scene(item.label if known else "garbage", item.engine, "train", samples, end if known else -1)
    for item in corpus:
        if not item.clear:
            continue
        fold = fold_of(item.speaker)
        if item.kind == "command" or "gsc" in item.path:
            known = item.label in CLASSES
            for _ in range(8 if known else 3):
                samples, end = stage.training_scene(trim(item.samples), fold)
                yield Scene(item.label if known else "garbage", item.speaker, "train", samples, end if known else -1)
        elif item.kind == "speech":
            for _ in range(2):
                samples, _end = stage.training_scene(item.samples, fold)
                yield Scene("garbage", item.speaker, "train", samples, -1)
        else:
            for _ in range(3):
                yield Scene("garbage", item.speaker, "train", colour(rng, item.samples) * rng.uniform(0.1, 1.5), -1)


def test_scenes(rng: np.random.Generator, corpus: list[Recording], spoken: list[Spoken]) -> Iterator[Scene]:
    """Clean, 10 dB kitchen noise, light reverberation, under the coach; and talk and noise as they are."""
    noises = [item for item in corpus if item.kind == "noise" and len(item.samples) > 4 * RATE]
    coach = np.concatenate([item.samples for item in spoken if item.label == "coach"])
    held: list[Spoken] = []
    for label in CLASSES:
        for engine in ("festival", "flite"):
            held += [item for item in spoken if (item.label, item.engine) == (label, engine)][:30]
    words = [(item.label, item.speaker, item.samples) for item in corpus if item.kind == "command"]
    words += [(item.label, item.speaker, item.samples) for item in corpus if "gsc_other" in item.path]
    words += [(item.label, item.engine, item.samples) for item in held]
    for label, who, samples in words:
        word, fold = trim(samples), fold_of(who)
        name = label if label in CLASSES else "other word"
        mine = [item for item in noises if fold_of(item.speaker) == fold]
        for condition in ("clean", "noise", "room", "coach"):
            options: dict[str, object] = {}
            if condition == "noise":
                options = {"background": mine[rng.integers(len(mine))].samples, "snr": 10.0}
            elif condition == "room":
                options = {"reverberation": room(rng, 0.3, 4.0)}
            elif condition == "coach":
                options = {"background": residual(rng, stretch_of(rng, coach, 5 * RATE)), "snr": 10.0}
            if name == "other word" and condition != "clean":
                continue
            scene, end = lay(rng, word, level=rng.uniform(-30, -18), **options)  # type: ignore[arg-type]
            yield Scene(name, who, condition, scene, end)
    for item in corpus:
        if item.kind == "noise" or (item.kind == "speech" and "gsc_other" not in item.path):
            kind = "talk" if item.kind == "speech" else "noise"
            yield Scene(kind, item.speaker, item.path, item.samples, -1)
    for item in spoken:
        if item.label == "coach":
            quiet = rng.normal(0, 3e-4, RATE // 2).astype(np.float32)
            yield Scene("own voice", "coach", item.text, np.concatenate((quiet, item.samples * 0.3, quiet)), -1)


def main() -> None:
    """Make the scenes and their embeddings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=("test", "train"))
    options = parser.parse_args()
    corpus = read_corpus(options.corpus)
    with (options.data / "spoken.pickle").open("rb") as file:
        spoken = pickle.load(file)
    embedding, began = SpeechEmbedding(1), time.time()
    makers = {"test": test_scenes, "train": training_scenes}
    for seed, (name, make) in enumerate(makers.items()):
        if options.only not in (None, name):
            continue
        rows: list[tuple[str, str, str, int, int]] = []
        parts: list[np.ndarray] = []
        for scene in make(np.random.default_rng(seed), corpus, spoken):
            parts.append(embedding.whole(front_end(scene.samples)))
            rows.append((scene.label, scene.who, scene.condition, len(parts[-1]), scene.end))
            if len(rows) % 1000 == 0:
                print(name, len(rows), round(time.time() - began), "s", flush=True)
        np.savez(
            options.data / f"{name}.npz",
            embeddings=np.concatenate(parts),
            label=np.array([row[0] for row in rows]),
            who=np.array([row[1] for row in rows]),
            condition=np.array([row[2] for row in rows]),
            length=np.array([row[3] for row in rows]),
            end=np.array([row[4] for row in rows]),
        )
        hours = sum(map(len, parts)) * STEP / RATE / 3600
        print(f"{name}: {len(rows)} scenes, {hours:.2f} h, {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
