"""Sounds on which hearing is measured: people's words in rooms, noise and the coach's voice; talk without a command.

Built from a corpus folder (``MANIFEST.csv``) with fixed seeds; everything at 16 kHz, as the corpus is.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from training.scenes import Recording, convolve, fold_of, rms, room, stretch_of, word_in
from training.spoken import RATE
from training.vocabulary import coach_sentences
from training.voices import festival
from voicecoach.session.commands import Command, phrases
from voicecoach.voice.pyttsx3_synthesizer import Pyttsx3Synthesizer

PEOPLE_SAY = ("stop", "yes", "no")
"""Commands of which there are recordings of people."""

SYNTHETIC_SAYS = (
    *("pause", "resume", "repeat", "say it again", "say that again", "carry on", "continue", "wait", "hang on"),
    *("it hurts", "that hurts", "it's hurting", "i'm in pain", "stop it hurts"),
    *("i feel weak", "i feel dizzy", "chest pain", "i'm confused", "i can't move my hand", "my face feels numb"),
)
"""Commands that only a synthesizer could be had for: one that training never hears."""

CONDITIONS = ("clean", "room", "noise", "coach", "twice", "twice in noise")

SNR = 10.0
"""dB of the word over the kitchen, RMS over the word."""

ECHO = 6.0
"""dB of the coach's voice over the word, before the canceller."""

KITCHEN = ("dishes", "kitchen_ambience", "running_tap", "running_water", "fire_crackling_like_frying", "exercise_bike",
           "clock_tick", "misc_unlabelled", "rain")  # fmt: skip
"""Noises that go on; a cry or a bark that ends before the word does is none."""


@dataclass(frozen=True, slots=True)
class Said:
    """One word in a trial: what, by whom, and the samples between which it was."""

    text: str
    command: Command
    who: str
    first: int
    last: int


@dataclass
class Trial:
    """One stretch of sound. ``fold`` is the third of the people it belongs to; -1 for synthesizers alone."""

    condition: str
    fold: int
    microphone: np.ndarray
    reference: np.ndarray | None = None
    said: list[Said] = field(default_factory=list)
    asking: bool = False


@dataclass(frozen=True, slots=True)
class Clip:
    """A word to be laid into trials; where a person recorded it twice, ``again`` is the other one."""

    text: str
    who: str
    samples: np.ndarray
    again: np.ndarray


def coach_speech() -> np.ndarray:
    """Some minutes of what the coach says, in the voice that it has here."""
    voice = Pyttsx3Synthesizer()
    try:
        sentences = coach_sentences(Path(__file__).resolve().parents[2])[:80]
        clips = [voice.speak(text).resampled(RATE).samples for text in sentences]
    finally:
        voice.close()
    pause = np.zeros(RATE // 4, np.float32)
    return np.concatenate([part for clip in clips for part in (clip, pause)])


def people(corpus: list[Recording]) -> list[Clip]:
    """One clip a person and word."""
    found: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    for item in corpus:
        if item.kind == "command" and item.label in PEOPLE_SAY:
            found[item.label, item.speaker].append(item.samples)
    return [Clip(text, who, takes[0], takes[-1]) for (text, who), takes in found.items()]


def synthetic(each: int = 3) -> list[Clip]:
    """Words by the synthesizer that was kept out of training (festival); none where it is not installed."""
    if shutil.which("festival") is None:
        return []
    texts = [(text, text) for text in SYNTHETIC_SAYS for _ in range(each)]
    with tempfile.TemporaryDirectory() as folder:
        spoken = festival(np.random.default_rng(11), Path(folder), texts)
    return [Clip(item.label, "festival", item.samples, item.samples) for item in spoken]


def word_trials(clips: list[Clip], corpus: list[Recording], coach: np.ndarray, seed: int = 5) -> Iterator[Trial]:
    """Every clip in every condition."""
    commands = {phrase.text: phrase.command for phrase in phrases()}
    kitchen = [item for item in corpus if item.kind == "noise" and item.label in KITCHEN]
    for number, clip in enumerate(clips):
        rng = np.random.default_rng((seed, number))
        fold = -1 if clip.who == "festival" else fold_of(clip.who)
        mine = [item for item in kitchen if fold < 0 or fold_of(item.speaker) == fold] or kitchen
        command = commands[clip.text]
        for condition in CONDITIONS[:3] + CONDITIONS[4:]:
            noise = mine[rng.integers(len(mine))].samples if "noise" in condition else None
            response = room(rng, 0.3, 4.0) if condition == "room" else None
            takes = [clip.samples, clip.again] if "twice" in condition else [clip.samples]
            sound, places = _lay(rng, takes, noise, response)
            said = [Said(clip.text, command, clip.who, first, last) for first, last in places]
            yield Trial(condition, fold, sound, None, said, command in (Command.YES, Command.NO))
    for fold in (-1, 0, 1, 2):
        mine_all = [clip for clip in clips if (clip.who == "festival") == (fold < 0)]
        mine_all = [clip for clip in mine_all if fold < 0 or fold_of(clip.who) == fold]
        for asking in (False, True):
            some = [clip for clip in mine_all if (commands[clip.text] in (Command.YES, Command.NO)) == asking]
            order = np.random.default_rng((seed, fold + 1)).permutation(len(some))
            for first in range(0, len(some), 5):
                rng = np.random.default_rng((seed, fold + 1, first))
                yield _under_the_coach(rng, [some[at] for at in order[first : first + 5]], coach, fold, asking)


def _lay(
    rng: np.random.Generator, takes: list[np.ndarray], noise: np.ndarray | None, response: np.ndarray | None
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The takes 1.5 s apart between a second of near silence, at one random level; dB as RMS over the word."""
    loud = 10 ** (rng.uniform(-32, -18) / 20)
    parts, places, at = [np.zeros(RATE, np.float32)], [], RATE
    for number, take in enumerate(takes):
        first, last = word_in(take)
        word = take * (loud / rms(take[first:last]))
        places.append((at + first, at + last))
        gap = np.zeros(int(1.5 * RATE) if number < len(takes) - 1 else RATE, np.float32)
        parts += [word.astype(np.float32), gap]
        at += len(take) + len(gap)
    sound = np.concatenate(parts)
    if response is not None:
        sound = convolve(sound, response)[: len(sound)]
    if noise is not None:
        stretch = stretch_of(rng, noise, len(sound))
        sound = sound + stretch * (loud * 10 ** (-SNR / 20) / rms(stretch))
    sound = sound + rng.normal(0, 1e-4, len(sound))
    return np.clip(sound, -1, 1).astype(np.float32), places


def _under_the_coach(
    rng: np.random.Generator, clips: list[Clip], coach: np.ndarray, fold: int, asking: bool
) -> Trial:
    """The coach talks for ten seconds and goes on; each clip comes in at a random moment, in one room."""
    commands = {phrase.text: phrase.command for phrase in phrases()}
    starts = [int((10 + 5 * number + rng.uniform(0, 2)) * RATE) for number in range(len(clips))]
    length = starts[-1] + 4 * RATE
    sent = stretch_of(rng, coach, length) * 0.5
    late = int(rng.choice([0.02, 0.06, 0.12, 0.2]) * RATE)
    response = room(rng, rng.uniform(0.15, 0.4), 2.0)
    echo = np.concatenate((np.zeros(late, np.float32), convolve(sent, response)))[:length]
    loud = 10 ** (-27 / 20)
    echo *= loud * 10 ** (ECHO / 20) / rms(echo)
    sound, said = echo + rng.normal(0, 10 ** (-70 / 20), length), []
    near = room(rng, 0.2, 8.0)
    for clip, start in zip(clips, starts, strict=True):
        first, last = word_in(clip.samples)
        word = convolve(clip.samples, near)[: len(clip.samples)]
        word = word * (loud / rms(word[first:last]))
        sound[start : start + len(word)] += word[: length - start]
        said.append(Said(clip.text, commands[clip.text], clip.who, start + first, start + last))
    return Trial("coach", fold, np.clip(sound, -1, 1).astype(np.float32), sent.astype(np.float32), said, asking)


def other_trials(corpus: list[Recording]) -> Iterator[Trial]:
    """Where nothing may be heard: single other words, as they were recorded between silences; talk; noise."""
    for number, item in enumerate(corpus):
        rng = np.random.default_rng((13, number))
        if item.kind == "command" and item.label not in PEOPLE_SAY:
            quiet = [rng.normal(0, 1e-4, RATE).astype(np.float32) for _ in range(2)]
            yield Trial("other word", fold_of(item.speaker), np.concatenate((quiet[0], item.samples, quiet[1])))
        elif item.kind in ("speech", "noise"):
            yield Trial("talk" if item.kind == "speech" else "noise", fold_of(item.speaker), item.samples)
