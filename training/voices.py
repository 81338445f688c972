"""Speaks the words with espeak-ng, flite and festival, varied in voice, pitch and tempo, into one array file.

usage: python -m training.voices --out FOLDER
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import soundfile
import soxr

from training.spoken import RATE, Spoken
from training.vocabulary import CLASSES, OTHERS, coach_sentences

ESPEAK_LANGUAGES = ("en-us", "en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us-nyc", "en-gb-x-gbclan")
ESPEAK_VARIANTS = (
    *("", "+f1", "+f2", "+f3", "+f4", "+f5", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+m8"),
    *("+klatt2", "+klatt4", "+steph", "+andy", "+belinda", "+linda"),
)
FLITE_VOICES = ("slt", "rms", "awb", "kal16")
COACH_VOICES = ("espeak-ng:en-us", "espeak-ng:en-gb+f3", "flite:slt", "flite:rms")
"""The first speaks on Linux; the others stand for other systems' voices."""


def main() -> None:
    """Speak everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=150, help="utterances of a class with espeak-ng and with flite")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    texts = [(label, text) for label, texts in CLASSES.items() for text in np.resize(texts, options.each)]
    texts += [("other", text) for text in OTHERS for _ in range(4)]
    coached = coach_sentences(Path(__file__).resolve().parent.parent)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)

        def speak(job: tuple[int, str, str, str]) -> list[Spoken]:
            number, kind, label, text = job
            rng, path = np.random.default_rng((3, number)), scratch / f"{number}.wav"
            if kind == "coach":
                return [coach(path, text, voice) for voice in COACH_VOICES]
            return [espeak(rng, path, label, text), flite(rng, path, label, text)]

        jobs = [(number, "word", *item) for number, item in enumerate(texts)]
        jobs += [(len(jobs) + number, "coach", "coach", text) for number, text in enumerate(coached)]
        with ThreadPoolExecutor(2) as pool:
            spoken = [item for items in pool.map(speak, jobs) for item in items]
        held = [
            (label, text) for label, all_texts in CLASSES.items() for text in np.resize(all_texts, options.each // 5)
        ]
        spoken += festival(np.random.default_rng(3), scratch, held)
    spoken = [item for item in spoken if len(item.samples) > RATE // 8 and np.abs(item.samples).max() > 0.01]
    with (options.out / "spoken.pickle").open("wb") as file:
        pickle.dump(spoken, file)
    print(len(spoken), "utterances", sum(len(item.samples) for item in spoken) / RATE / 60, "minutes")


def espeak(rng: np.random.Generator, path: Path, label: str, text: str) -> Spoken:
    """One utterance of espeak-ng."""
    voice = str(rng.choice(ESPEAK_LANGUAGES)) + str(rng.choice(ESPEAK_VARIANTS))
    speed, pitch = int(rng.integers(110, 210)), int(rng.integers(10, 90))
    return Spoken(label, text, "espeak-ng", voice, said(path, rng.uniform(0.85, 1.15), "espeak-ng", "-v", voice,
                  "-s", str(speed), "-p", str(pitch), "-w", str(path), text))  # fmt: skip


def flite(rng: np.random.Generator, path: Path, label: str, text: str) -> Spoken:
    """One utterance of flite."""
    voice = str(rng.choice(FLITE_VOICES))
    stretch = f"duration_stretch={rng.uniform(0.75, 1.4):.2f}"
    return Spoken(label, text, "flite", voice, said(path, rng.uniform(0.82, 1.2), "flite", "-voice", voice,
                  "--setf", stretch, "-t", text, "-o", str(path)))  # fmt: skip


def coach(path: Path, text: str, voice: str) -> Spoken:
    """One sentence as the coach may speak it."""
    engine, name = voice.split(":")
    if engine == "flite":
        samples = said(path, 1.0, "flite", "-voice", name, "-t", text, "-o", str(path))
    else:
        samples = said(path, 1.0, "espeak-ng", "-v", name, "-s", "155", "-w", str(path), text)
    return Spoken("coach", text, engine, voice, samples)


def said(path: Path, speed: float, *command: str) -> np.ndarray:
    """What a synthesizer's ``command`` wrote to ``path``."""
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    samples = load(path, speed)
    path.unlink()
    return samples


def festival(rng: np.random.Generator, scratch: Path, texts: list[tuple[str, str]]) -> list[Spoken]:
    """Utterances of festival's one English voice, all in one run: it starts slowly."""
    lines = []
    for number, (_, text) in enumerate(texts):
        quoted = text.replace('"', "")
        lines.append(f"(Parameter.set 'Duration_Stretch {rng.uniform(0.8, 1.3):.2f})")
        lines.append(f'(utt.save.wave (utt.synth (Utterance Text "{quoted}")) "{scratch}/f{number}.wav" \'riff)')
    script = scratch / "all.scm"
    script.write_text("\n".join(lines), encoding="utf-8")
    subprocess.run(["festival", "-b", str(script)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [
        Spoken(label, text, "festival", "kal_diphone", load(scratch / f"f{number}.wav", rng.uniform(0.85, 1.2)))
        for number, (label, text) in enumerate(texts)
    ]


def load(path: Path, speed: float) -> np.ndarray:
    """Samples at 16 kHz, played ``speed`` times as fast (and so higher)."""
    samples, rate = soundfile.read(path, dtype="float32")
    return soxr.resample(samples, rate * speed, RATE).astype(np.float32) if len(samples) else samples


if __name__ == "__main__":
    main()
