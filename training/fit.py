"""Fits the heads on the streams' embeddings and writes the weights that the program reads.

usage: python -m training.fit --data FOLDER [--without-fold N] [--without-people] [--out WEIGHTS.npz]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.vocabulary import CLASSES
from voicecoach.ear.embedding import STEP, WIDTH, SpeechEmbedding

CONTEXT = 10
"""Embeddings under one decision: 0.72 s before the newest one's own 0.8 s, enough to see what came before a word."""

HEARD = (0.04, 0.40)
"""Seconds after a word's end at which the heads are to say so: soon, but with a look at what follows."""

UNSURE = (-0.30, 0.75)
"""Around that, nothing is asked of them."""

PEOPLE_COUNT = 3.0
"""How much more often than its number says a window of a person's command is shown than a synthesizer's."""


class Heads(nn.Module):
    """Each embedding through one small layer, then all of them through two more."""

    def __init__(self, classes: int, narrow: int = 48, hidden: int = 192) -> None:
        super().__init__()
        self.each = nn.Linear(WIDTH, narrow)
        self.first = nn.Linear(CONTEXT * narrow, hidden)
        self.second = nn.Linear(hidden, 96)
        self.last = nn.Linear(96, classes)
        self.drop_some, self.drop_more = nn.Dropout(0.1), nn.Dropout(0.3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits for (batch, CONTEXT, WIDTH) normalised embeddings."""
        x = torch.relu(self.each(self.drop_some(x))).flatten(1)
        x = torch.relu(self.first(self.drop_some(x)))
        return self.last(torch.relu(self.second(self.drop_more(x))))


@dataclass
class Windows:
    """The windows of many streams, as places in one long array of embeddings with silence before each stream."""

    embeddings: np.ndarray
    place: np.ndarray
    target: np.ndarray
    human: np.ndarray

    @classmethod
    def read(cls, files: list[Path], without_fold: int, without_people: bool) -> Windows:
        """All streams but those of one third's people; ``without_people``: their commands are not learned."""
        silence = SpeechEmbedding(1).whole(np.zeros(32_000, np.float32))[-1].astype(np.float16)
        gap = np.tile(silence, (CONTEXT - 1, 1))
        names = {name: number + 1 for number, name in enumerate(CLASSES)}
        parts, places, targets, humans = [], [], [], []
        at = 0
        for file in files:
            with np.load(file) as data:
                arrays = {name: data[name] for name in data.files}
            first = np.concatenate(([0], np.cumsum(arrays["length"])))
            for number, (count, fold) in enumerate(zip(arrays["length"], arrays["fold"], strict=True)):
                if fold == without_fold:
                    continue
                now = (np.arange(count) + 1) * STEP
                target, human = np.zeros(count, np.int64), np.zeros(count, bool)
                mine = np.nonzero(arrays["stream"] == number)[0]
                for passes in (0, 1):
                    for row in mine:
                        after = (now - int(arrays["end"][row])) / 16_000
                        said = bool(arrays["human"][row])
                        told = passes == 1 and not (said and without_people)
                        wanted = names.get(str(arrays["label"][row]), -1) if told else -1
                        within = UNSURE if passes == 0 else HEARD
                        here = (after >= within[0]) & (after <= within[1])
                        target[here], human[here] = wanted, said
                parts += [gap, arrays["embeddings"][first[number] : first[number + 1]]]
                places.append(at + CONTEXT - 1 + np.arange(count))
                targets.append(target)
                humans.append(human)
                at += CONTEXT - 1 + count
        place, target, human = np.concatenate(places), np.concatenate(targets), np.concatenate(humans)
        asked = target >= 0
        return cls(np.concatenate(parts), place[asked], target[asked], human[asked])


def fit(windows: Windows, epochs: int, seed: int = 0) -> tuple[Heads, np.ndarray, np.ndarray]:
    """The heads (averaged over the last steps), and the mean and spread that the embeddings are normalised by."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    some = windows.embeddings[::7].astype(np.float32)
    mean, spread = some.mean(0), some.std(0) + 1e-3
    x = torch.from_numpy(windows.embeddings)
    normal = (torch.tensor(mean), torch.tensor(1 / spread))
    y, place = torch.tensor(windows.target), torch.tensor(windows.place)
    back = torch.arange(-CONTEXT + 1, 1)
    heads = Heads(len(CLASSES) + 1)
    averaged = torch.optim.swa_utils.AveragedModel(
        heads, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    optimizer = torch.optim.AdamW(heads.parameters(), 2e-3, weight_decay=2e-2)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.01)
    nothing, something = np.nonzero(windows.target == 0)[0], np.nonzero(windows.target > 0)[0]
    counts = np.bincount(windows.target, minlength=len(CLASSES) + 1)
    pull = np.where(windows.human[something], PEOPLE_COUNT, 1.0) / np.sqrt(counts[windows.target[something]])
    pull /= pull.sum()
    hard = np.ones(len(nothing))
    half, batch = 60_000, 512
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * (2 * half // batch))
    for epoch in range(epochs):
        heads.train()
        chosen = np.concatenate((rng.choice(nothing, half, p=hard / hard.sum()), rng.choice(something, half, p=pull)))
        rng.shuffle(chosen)
        total = 0.0
        for first in range(0, len(chosen) - batch + 1, batch):
            index = torch.tensor(chosen[first : first + batch])
            inputs = (x[place[index][:, None] + back].float() - normal[0]) * normal[1]
            inputs = inputs + 0.15 * torch.randn_like(inputs)
            loss = loss_of(heads(inputs), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            averaged.update_parameters(heads)
            total += loss.item()
        if epoch % 3 == 2 and epoch < epochs - 1:  # what is mistaken for a command is shown more often
            averaged.eval()
            mistaken = 1 - run(averaged.module, x, place[nothing], normal)[:, 0]
            hard = 0.08 + mistaken**0.5
            print(
                f"epoch {epoch} loss {total / (2 * half // batch):.3f} mistaken {(mistaken > 0.5).mean():.5f}",
                flush=True,
            )
    return averaged.module.eval(), mean, spread


def run(heads: Heads, x: torch.Tensor, place: torch.Tensor, normal: tuple[torch.Tensor, torch.Tensor]) -> np.ndarray:
    """Probabilities (windows, classes)."""
    back = torch.arange(-CONTEXT + 1, 1)
    parts = []
    heads.eval()
    with torch.no_grad():
        for part in place.split(8192):
            inputs = (x[part[:, None] + back].float() - normal[0]) * normal[1]
            parts.append(torch.softmax(heads(inputs), 1).numpy())
    return np.concatenate(parts)


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without-fold", type=int, default=-2, help="a third of the people not to learn from")
    parser.add_argument("--without-people", action="store_true", help="learn commands from synthesizers alone")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.time()
    files = sorted(options.data.glob("scenes-*.npz"))
    windows = Windows.read(files, options.without_fold, options.without_people)
    print(f"{len(windows.place)} windows, {(windows.target > 0).sum()} of commands, {time.time() - began:.0f} s")
    heads, mean, spread = fit(windows, options.epochs, options.seed)
    arrays = {name.replace(".", "_"): value.numpy() for name, value in heads.state_dict().items()}
    # The normalisation is folded into the first layer, so that the program has one thing less to do.
    arrays["each_bias"] = arrays["each_bias"] - arrays["each_weight"] @ (mean / spread)
    arrays["each_weight"] = arrays["each_weight"] / spread
    stored = {
        name: np.asarray(value, np.float16 if "each" not in name else np.float32) for name, value in arrays.items()
    }
    np.savez_compressed(options.out, classes=np.array(["", *CLASSES]), **stored)
    print(f"{options.out}: {options.out.stat().st_size} bytes, {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
