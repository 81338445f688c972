"""Makes the earcons: struck bars, added up partial by partial. Run it to write the WAV files beside it.

    python sounds/make_earcons.py

The same bytes come out on every machine: nothing is random, gains are rounded to four places, and a difference
in the last bit of a sine is 1e-11 of a 16-bit step.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicecoach.audio.clip import Clip
from voicecoach.audio.loudness import loudness
from voicecoach.session.cues import Sound
from voicecoach.units import STREAM_RATE, frames

PARTIALS = ((1.0, 1.0, 1.0), (2.756, 0.35, 0.5), (5.404, 0.12, 0.25))
"""Frequency, amplitude and decay time, each as a part of the note's: the first modes of a bar that is free at
both ends (Fletcher and Rossing, The Physics of Musical Instruments, 2.15: 1, 2.756, 5.404), higher ones dying
faster. Inharmonic, so that no earcon resembles a vowel."""

TOP_HERTZ = 8_000.0
"""Partials above are left out: the ear resamples to 16 kHz, and many listeners do not hear them."""

ATTACK_SECONDS = 0.0005
"""Long enough not to click, short enough to mark a moment to the millisecond."""

RELEASE_SECONDS = 0.02
"""The last of every file fades to an exact zero."""


@dataclass(frozen=True)
class Note:
    """One strike: when (s from the file's beginning), how high, and how long until it has died to 1/e."""

    start: float
    hertz: float
    decay: float
    partials: tuple[tuple[float, float, float], ...] = PARTIALS


@dataclass(frozen=True)
class Recipe:
    """An earcon: its strikes, its length in seconds, and its loudness in LUFS over 400 ms."""

    notes: tuple[Note, ...]
    length: float
    loudness: float = -20.0


SOFT = (*PARTIALS[:1], (2.756, 0.08, 0.4))
"""Hardly more than the fundamental: a padded mallet."""

DULL = ((1.0, 1.0, 1.0), (2.0, 0.6, 0.8), (2.756, 0.3, 0.5))
"""With an octave, for low notes: small loudspeakers give little below 300 Hz; the ear completes the rest."""

BEATING = (*DULL, (1.06, 0.9, 1.0))
"""With a neighbour a semitone up: rough, so that it sounds wrong."""

RECIPES: dict[Sound, Recipe] = {
    Sound.START: Recipe((Note(0, 587.33, 0.06), Note(0.1, 880.0, 0.07)), 0.25),
    Sound.END: Recipe((Note(0, 987.77, 0.06), Note(0.1, 659.26, 0.07)), 0.25),
    Sound.HALF_WAY: Recipe((Note(0, 698.46, 0.06, SOFT),), 0.2, -24.0),
    Sound.TICK: Recipe((Note(0, 1567.98, 0.03),), 0.15, -22.0),
    Sound.SWITCH_SIDES: Recipe(
        tuple(Note(index * 0.06, hertz, 0.04) for index, hertz in enumerate((739.99, 1108.73) * 2)), 0.25
    ),
    Sound.HEARD: Recipe((Note(0, 1244.51, 0.02, SOFT),), 0.15, -28.0),
    Sound.PAUSED: Recipe((Note(0, 554.37, 0.06, SOFT), Note(0.1, 440.0, 0.07, SOFT)), 0.25, -22.0),
    Sound.RESUMED: Recipe((Note(0, 415.3, 0.06, SOFT), Note(0.1, 523.25, 0.07, SOFT)), 0.25, -22.0),
    Sound.ENDED: Recipe((Note(0, 830.61, 0.05), Note(0.075, 622.25, 0.05), Note(0.15, 415.3, 0.06)), 0.25),
    Sound.PAIN: Recipe((Note(0, 233.08, 0.15, DULL),), 0.4, -18.0),
    Sound.TROUBLE: Recipe((Note(0, 349.23, 0.05, BEATING), Note(0.125, 349.23, 0.06, BEATING)), 0.25),
}


def earcon(recipe: Recipe) -> npt.NDArray[np.float64]:
    """The recipe's sound, mono, at STREAM_RATE, full scale -1 to 1."""
    samples = np.zeros(frames(recipe.length))
    for note in recipe.notes:
        first = frames(note.start)
        samples[first:] += _strike(note, len(samples) - first)
    release = frames(RELEASE_SECONDS)
    samples[-release:] *= 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, release))
    now = loudness(Clip(samples.astype(np.float32), STREAM_RATE))
    return samples * round(10 ** ((recipe.loudness - now) / 20), 4)  # rounded: see the module's docstring


def _strike(note: Note, count: int) -> npt.NDArray[np.float64]:
    time = np.arange(count) / STREAM_RATE
    total = np.zeros(count)
    for ratio, amplitude, decay in note.partials:
        if note.hertz * ratio < TOP_HERTZ:
            total += amplitude * np.exp(-time / (note.decay * decay)) * np.sin(2 * np.pi * note.hertz * ratio * time)
    return total * np.minimum(time / ATTACK_SECONDS, 1.0)


def write_earcons(folder: Path) -> None:
    """Write ``<sound>.wav`` for every sound: 48 kHz, mono, 16 bits."""
    for sound, recipe in RECIPES.items():
        steps = np.rint(earcon(recipe) * 32_767).astype("<i2")
        with wave.open(str(folder / f"{sound.value}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(STREAM_RATE)
            file.writeframes(steps.tobytes())


if __name__ == "__main__":
    write_earcons(Path(__file__).parent)
