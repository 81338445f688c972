"""Speaks the words with espeak-ng, flite and festival, varied in voice, pitch and tempo, into one array file.

usage: python -m training.voices --out FOLDER
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import tempfile
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


def main() -> None:
    """Speak everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=150, help="utterances of a class with espeak-ng and with flite")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    spoken: list[Spoken] = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for label, texts in CLASSES.items():
            for number in range(options.each):
                text = str(texts[number % len(texts)])
                spoken.append(espeak(rng, scratch, label, text))
                spoken.append(flite(rng, scratch, label, text))
        for text in OTHERS:
            for _ in range(4):
                spoken.append(espeak(rng, scratch, "other", text))
                spoken.append(flite(rng, scratch, "other", text))
        for text in coach_sentences(Path(__file__).resolve().parent.parent):
            spoken.append(espeak(rng, scratch, "coach", text, plain=True))
        texts = [
            (label, text) for label, all_texts in CLASSES.items() for text in np.resize(all_texts, options.each // 2)
        ]
        texts += [("other", text) for text in OTHERS]
        spoken += festival(rng, scratch, texts)
    spoken = [item for item in spoken if len(item.samples) > RATE // 8 and np.abs(item.samples).max() > 0.01]
    with (options.out / "spoken.pickle").open("wb") as file:
        pickle.dump(spoken, file)
    print(len(spoken), "utterances", sum(len(item.samples) for item in spoken) / RATE / 60, "minutes")


def espeak(rng: np.random.Generator, scratch: Path, label: str, text: str, plain: bool = False) -> Spoken:
    """One utterance of espeak-ng; ``plain`` as the coach speaks."""
    voice = "en-us" if plain else str(rng.choice(ESPEAK_LANGUAGES)) + str(rng.choice(ESPEAK_VARIANTS))
    speed, pitch = (155, 50) if plain else (int(rng.integers(110, 200)), int(rng.integers(15, 85)))
    path = scratch / "one.wav"
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", str(path), text]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return Spoken(label, text, "espeak-ng", voice, load(path, 1.0 if plain else rng.uniform(0.9, 1.12)))


def flite(rng: np.random.Generator, scratch: Path, label: str, text: str) -> Spoken:
    """One utterance of flite."""
    voice, path = str(rng.choice(FLITE_VOICES)), scratch / "one.wav"
    stretch = f"duration_stretch={rng.uniform(0.8, 1.35):.2f}"
    subprocess.run(["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(path)], check=True)
    return Spoken(label, text, "flite", voice, load(path, rng.uniform(0.85, 1.18)))


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
