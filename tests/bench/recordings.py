"""Hits and false alarms over recordings, by voicecoach's ear and by the plain loop, on exactly the same sound."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from tests.bench.figures_table import NOT_MEASURED
from tests.bench.hearing import FACTOR, an_hour, chains, hear, share
from tests.bench.hearing_trials import PEOPLE_SAY, Trial, coach_speech, other_trials, people, word_trials
from tests.bench.plain_loop import PHRASE_LIMIT, RATE, Recorded, Understanding
from training.scenes import Recording, read_corpus
from voicecoach.ear import engines
from voicecoach.session.commands import Command

CLIPS = Path(__file__).resolve().parents[1] / "clips"
CONDITIONS = ("clean", "noise", "coach")
WITHIN = 4.0
"""Seconds after a word in which it may be understood: so long that a slow recogniser misses nothing for it."""
FLOOR_DBFS = -70.0
"""Level of every microphone's own noise."""

Found = tuple[Command, float]
"""What was acted on, and at which second."""
Listener = Callable[[Trial], list[Found]]


@dataclass
class Heard:
    """What came of one listener."""

    hits: dict[tuple[str, str], list[bool]] = field(default_factory=lambda: defaultdict(list))
    false: int = 0
    hours: float = 0.0
    talking: float = 0.0
    """Processor seconds for a second of other people's talk."""

    def cell(self, condition: str) -> str:
        """Hits for each word, and all with their bounds."""
        words = [(text, hits) for (text, where), hits in self.hits.items() if where == condition]
        if not words:
            return NOT_MEASURED
        each = ", ".join(f'"{text}" {sum(hits)}/{len(hits)}' for text, hits in sorted(words))
        every = [hit for _, hits in words for hit in hits]
        return f"{' '.join(share(sum(every), len(every)).replace('/ ', '/').split())}: {each}"

    @property
    def false_alarms(self) -> str:
        """An hour, with bounds."""
        return an_hour(self.false, self.hours) if self.hours else NOT_MEASURED


def clips() -> list[Recording]:
    """The recordings of people in tests/clips: file names are WORD-SPEAKER."""
    found = []
    for path in sorted(CLIPS.glob("*.flac")):
        word, _, who = path.stem.rpartition("-")
        if word in (*PEOPLE_SAY, "up", "down"):
            samples, _ = soundfile.read(path, dtype="float32")
            found.append(Recording("command", word, who, path.name, True, samples))
    return found


def words_of(corpus: list[Recording], every: int, coach: np.ndarray) -> list[Trial]:
    """Every Nth person and word, in CONDITIONS; without a kitchen in the corpus, as they were recorded."""
    said = people(corpus)[::every]
    # Where there is no noise to lay them into, they are laid into their own silence, and that trial is left out.
    has_noise = any(item.kind == "noise" for item in corpus)
    silence = [] if has_noise else [Recording("noise", "rain", "nobody", "", True, np.full(RATE, 1e-4, np.float32))]
    wanted = CONDITIONS if has_noise else ("clean", "coach")
    return [trial for trial in word_trials(said, corpus + silence, coach) if trial.condition in wanted]


def talk_of(corpus: list[Recording], seconds: float) -> Iterator[Trial]:
    """Other people's talk, spread evenly over the corpus, until so many seconds of it."""
    trials = [trial for trial in other_trials(corpus) if trial.condition == "talk"]
    order = np.random.default_rng(3).permutation(len(trials))
    for at in order:
        if seconds <= 0:
            return
        seconds -= len(trials[at].microphone) / RATE
        yield trials[at]


def our_ear() -> Listener:
    """voicecoach's, as it is packaged; only what it is sure of counts."""
    (chain,) = chains(engines.DEFAULT_ENGINE, [])

    def listen(trial: Trial) -> list[Found]:
        found = hear(chain, trial)
        return [(one.command, one.decided / FACTOR / RATE) for one in found if one.tier == "firm"]

    return listen


def plain_loop(trial: Trial) -> list[Found]:
    """``listen`` and ``recognize_sphinx``, adjusted once to the second of noise before the recording begins."""
    rng = np.random.default_rng(len(trial.microphone))
    before = trial.microphone[:RATE] if trial.said else np.zeros(RATE)
    sound = np.concatenate((before, trial.microphone, np.zeros(2 * RATE)))
    source = Recorded(sound + rng.normal(0, 10 ** (FLOOR_DBFS / 20), len(sound)))
    understanding = Understanding(asking=trial.asking)
    recognizer = understanding.recognizer
    recognizer.adjust_for_ambient_noise(source, duration=1)
    found = []
    while not source.over:
        audio = recognizer.listen(source, phrase_time_limit=PHRASE_LIMIT)
        # At the recording's end it returns what it has; without a phrase in it that is half a second.
        if len(audio.frame_data) > 2 * RATE * (recognizer.non_speaking_duration + 0.1):
            command = understanding.command(audio)
            if command is not None:
                found.append((command, source.read / RATE - 1.0))
    return found


def measure(listen: Listener, words: list[Trial], talk: list[Trial]) -> Heard:
    """Let one listener hear it all."""
    heard = Heard()
    for trial in words:
        found = listen(trial)
        for number, said in enumerate(trial.said):
            first, last = said.first / RATE, said.last / RATE + WITHIN
            if number + 1 < len(trial.said):
                last = min(last, trial.said[number + 1].last / RATE)
            hit = any(command == said.command and first < at <= last for command, at in found)
            heard.hits[said.text, trial.condition].append(hit)
    began = time.process_time()
    seconds = 0.0
    for trial in talk:
        heard.false += len(listen(trial))
        seconds += len(trial.microphone) / RATE
    heard.hours = seconds / 3600
    heard.talking = (time.process_time() - began) / seconds if seconds else 0.0
    return heard


def compare(corpus: Path | None, every: int, talk_seconds: float) -> tuple[Heard, Heard]:
    """What voicecoach's ear heard, and what the plain loop did; without ``corpus`` of tests/clips alone."""
    recordings = clips() if corpus is None else read_corpus(corpus)
    words = words_of(recordings, every if corpus else 1, coach_speech())
    talk = list(talk_of(recordings, talk_seconds))
    return measure(our_ear(), words, talk), measure(plain_loop, words, talk)
