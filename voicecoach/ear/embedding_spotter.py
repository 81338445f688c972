"""The second witness: small neural heads, trained for our phrases, on a pretrained speech embedding.

They err otherwise than keyword search does: each looks at the last 1.3 s as a whole, so it knows what came before a
word and whether quiet follows. The weights (``embedding_heads.npz``) were trained by ``training/``; the card beside
them says on what, and how well unseen speakers are heard.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from importlib import resources

import numpy as np

from voicecoach.audio.clip import Samples
from voicecoach.ear.embedding import STEP, SpeechEmbedding
from voicecoach.ear.level import HOP, level_of
from voicecoach.ear.spotter import Detection
from voicecoach.session.commands import Phrase
from voicecoach.units import EAR_RATE

WORTH_TELLING = -3.0
"""Log-odds below which a head's belief is not reported."""

_TEXTS: Mapping[str, tuple[str, ...]] = {
    "stop": ("stop",),
    "yes": ("yes",),
    "no": ("no",),
    "pause": ("pause",),
    "wait": ("wait",),
    "hang on": ("hang on",),
    "repeat": ("repeat",),
    "again": ("say it again", "say that again"),
    "resume": ("resume",),
    "carry on": ("carry on",),
    "continue": ("continue",),
    "ready": ("i'm ready",),
    "hurts": ("it hurts", "that hurts", "it's hurting", "stop it hurts"),
    "in pain": ("i'm in pain",),
    "pain": ("pain",),
    "done": ("i'm done",),
    "weak": ("i feel weak",),
    "dizzy": ("i feel dizzy",),
    "chest pain": ("chest pain",),
    "confused": ("i'm confused",),
    "dropped": ("i dropped it",),
    "cannot move": ("i can't move my hand", "i can't move my arm"),
    "face numb": ("my face feels numb", "my face is numb"),
    "slurred": ("my speech is slurred",),
    "numb": ("it's numb",),
    "tingling": ("more tingling",),
    "next": ("next",),
    "skip": ("skip", "skip this"),
    "back": ("go back",),
    "help": ("help",),
    "slower": ("slower",),
    "faster": ("faster",),
    "louder": ("louder",),
    "quieter": ("quieter",),
    "how long": ("how long",),
}
"""What each head hears. One that hears two phrases tells the first of them that is armed."""

_LATE = int(0.16 * EAR_RATE)
"""Samples after a phrase's end at which the heads are surest, typically ..."""

_LASTING = {
    **dict.fromkeys(("hang on", "carry on", "continue", "ready", "hurts", "done", "numb", "back", "how long"), 0.65),
    **dict.fromkeys(("again", "in pain", "weak", "dizzy", "chest pain", "confused", "dropped", "tingling"), 0.9),
    **dict.fromkeys(("cannot move", "face numb", "slurred"), 1.2),
}
"""... and seconds that the phrase lasts, 0.45 if not given: they know what was said, not exactly when."""

_LIGHT_STRIDE = 3
"""Steps that are looked at together, up to 0.16 s late, where the machine does not keep up: the embeddings of three
cost 0.4 times as much together as one by one."""

_STANDS_OUT = 6.0
"""dB over the quietest of the last seconds that make 10 ms worth a look; voices under noise reach 8 and more."""

_LOOK = int(0.64 * EAR_RATE) // STEP
"""Steps after such 10 ms in which a phrase could still be told."""

_QUIETEST_RISES = 0.02
"""dB a hop: a lasting noise is no longer looked at after some seconds."""


class Heads:
    """The network: each embedding through a small layer, then all of them through two more and a softmax."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.classes = tuple(str(name) for name in weights["classes"])
        self._layers = [
            (weights[f"{name}_weight"].astype(np.float32).T, weights[f"{name}_bias"].astype(np.float32))
            for name in ("each", "first", "second", "last")
        ]
        narrow = self._layers[0][0].shape[1]
        self.context = self._layers[1][0].shape[0] // narrow
        """How many embeddings the network looks at."""

    @classmethod
    def packaged(cls) -> Heads:
        """Those that come with the program."""
        data = resources.files("voicecoach.ear").joinpath("embedding_heads.npz").read_bytes()
        with np.load(io.BytesIO(data)) as weights:
            return cls(weights)

    def log_odds(self, embeddings: Samples) -> Samples:
        """Natural log-odds of each class for ``context`` embeddings, oldest first."""
        x = embeddings
        for number, (weight, bias) in enumerate(self._layers):
            x = x @ weight + bias
            if number < len(self._layers) - 1:
                x = np.maximum(x, 0.0)
            x = x.reshape(-1) if number == 0 else x
        top = float(x.max())
        each = np.exp(x - top)
        return np.asarray(np.log(each + 1e-12) - np.log(each.sum() - each + 1e-12), dtype=np.float32)


class EmbeddingSpotter:
    """A spotter for the phrases that have a head; others it is not asked to hear are left to the other witness.

    Not thread-safe. Starts in 0.05 s. Scores are natural log-odds, averaged over two steps of 80 ms.
    """

    def __init__(self, heads: Heads | None = None) -> None:
        """``heads``: the packaged ones if None. Raises EarError where the embedding's package cannot be used."""
        self._heads = Heads.packaged() if heads is None else heads
        self._embedding = SpeechEmbedding(self._heads.context + _LIGHT_STRIDE - 1)
        self._stride = 1
        self._armed: dict[int, Phrase] = {}
        self._pending: Samples = np.zeros(0, dtype=np.float32)
        self._before: Samples | None = None
        self.reset()

    def arm(self, phrases: Collection[Phrase]) -> None:
        """From the next block on, listen for those of ``phrases`` that have a head."""
        by_text = {phrase.text: phrase for phrase in phrases}
        self._armed = {}
        for number, name in enumerate(self._heads.classes):
            known = [by_text[text] for text in _TEXTS.get(name, ()) if text in by_text]
            if known:
                self._armed[number] = known[0]

    def feed(self, block: Samples) -> list[Detection]:
        """Take the next block, at the Normaliser's level; what the heads believe, anew every 80 ms."""
        joined = np.concatenate((self._pending, block))
        steps = len(joined) // STEP
        self._pending = joined[steps * STEP :]
        found: list[Detection] = []
        for number in range(steps):
            found += self._step(joined[number * STEP : (number + 1) * STEP])
        return found

    def lighten(self, light: bool) -> None:
        """From the next block on, tell the same up to 0.16 s later for less of the processor; or at once again."""
        self._stride = _LIGHT_STRIDE if light else 1

    def reset(self) -> None:
        """Forget the sound so far: the next block begins a new stream at sample 0."""
        self._embedding.reset()
        self._unseen = 0
        self._pending = np.zeros(0, dtype=np.float32)
        self._before = None
        self._steps = 0
        self._loud = -_LOOK
        self._quietest = -60.0

    def close(self) -> None:
        """Release the models."""
        self._embedding.close()

    def _step(self, step: Samples) -> list[Detection]:
        self._embedding.feed(step)
        self._steps += 1
        if self._stands_out(step):
            self._loud = self._steps
        if not self._armed or self._steps - self._loud > _LOOK:
            self._before, self._unseen = None, 0
            return []
        self._unseen += 1
        if self._unseen < self._stride:
            return []
        unseen, self._unseen = self._unseen, 0
        latest = self._embedding.latest(self._heads.context + unseen - 1)
        found: list[Detection] = []
        for number in range(unseen):
            end = (self._steps - unseen + 1 + number) * STEP - _LATE
            found += self._believe(latest[number : number + self._heads.context], max(end, 1))
        return found

    def _believe(self, embeddings: Samples, end: int) -> list[Detection]:
        now = self._heads.log_odds(embeddings)
        belief, self._before = (now if self._before is None else (now + self._before) / 2), now
        found = []
        for number, phrase in self._armed.items():
            if belief[number] >= WORTH_TELLING:
                start = end - int(_LASTING.get(self._heads.classes[number], 0.45) * EAR_RATE)
                found.append(Detection(phrase, float(belief[number]), max(start, 0), end))
        return found

    def _stands_out(self, step: Samples) -> bool:
        louder = False
        for first in range(0, STEP, HOP):
            level = level_of(step[first : first + HOP])
            if level < self._quietest:
                self._quietest += 0.2 * (level - self._quietest)
            else:
                self._quietest += min(_QUIETEST_RISES, level - self._quietest)
            louder = louder or level > self._quietest + _STANDS_OUT
        return louder
