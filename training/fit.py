"""Fits the heads on the scenes' embeddings and writes the weights that the program reads.

usage: python -m training.fit --data FOLDER [--without-fold N] [--without-engine NAME] [--out WEIGHTS.npz]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.scenes import fold_of
from training.vocabulary import CLASSES
from voicecoach.ear.embedding import STEP, WIDTH, SpeechEmbedding

CONTEXT = 8
"""Embeddings under one decision: 0.56 s before the newest one's own 0.8 s, enough to see what came before a word."""

HEARD = (0.08, 0.36)
"""Seconds after a word's end at which the heads are to say so: soon, but with a look at what follows."""

UNSURE = (-0.30, 0.75)
"""Around that, nothing is asked of them."""

SYNTHETIC = frozenset({"espeak-ng", "flite", "festival", "coach"})


class Heads(nn.Module):
    """Each embedding through one small layer, then all of them through two more."""

    def __init__(self, classes: int, narrow: int = 48, hidden: int = 128) -> None:
        super().__init__()
        self.each = nn.Linear(WIDTH, narrow)
        self.first = nn.Linear(CONTEXT * narrow, hidden)
        self.second = nn.Linear(hidden, 64)
        self.last = nn.Linear(64, classes)
        self.drop_some, self.drop_more = nn.Dropout(0.1), nn.Dropout(0.3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits for (batch, CONTEXT, WIDTH) normalised embeddings."""
        x = torch.relu(self.each(self.drop_some(x))).flatten(1)
        x = torch.relu(self.first(self.drop_some(x)))
        return self.last(torch.relu(self.second(self.drop_more(x))))


class Windows:
    """The windows of a set of scenes, as places in one long array of embeddings with silence between scenes."""

    def __init__(self, data: np.lib.npyio.NpzFile, keep: np.ndarray, silence: np.ndarray) -> None:
        """``keep`` says which scenes."""
        lengths, ends, labels, who = data["length"], data["end"], data["label"], data["who"]
        embeddings, first = data["embeddings"], np.concatenate(([0], np.cumsum(lengths)))
        names = list(CLASSES)
        gap = np.tile(silence, (CONTEXT - 1, 1))
        parts, places, targets, weights = [], [], [], []
        at = 0
        for scene in np.nonzero(keep)[0]:
            count = int(lengths[scene])
            parts += [gap, embeddings[first[scene] : first[scene + 1]]]
            where = at + CONTEXT - 1 + np.arange(count)
            target = np.zeros(count, np.int64)
            if ends[scene] >= 0:
                after = ((np.arange(count) + 1) * STEP - int(ends[scene])) / 16_000
                target[(after >= UNSURE[0]) & (after <= UNSURE[1])] = -1
                target[(after >= HEARD[0]) & (after <= HEARD[1])] = names.index(str(labels[scene])) + 1
            places.append(where)
            targets.append(target)
            weights.append(np.full(count, 1.0 if who[scene] in SYNTHETIC else 2.0, np.float32))
            at += CONTEXT - 1 + count
        self.embeddings = np.concatenate(parts)
        place, target = np.concatenate(places), np.concatenate(targets)
        asked = target >= 0
        self.place, self.target, self.weight = place[asked], target[asked], np.concatenate(weights)[asked]


def fit(windows: Windows, epochs: int, seed: int = 0) -> tuple[Heads, np.ndarray, np.ndarray]:
    """The heads (averaged over the last steps), and the mean and spread that the embeddings are normalised by."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    mean, spread = windows.embeddings.mean(0), windows.embeddings.std(0) + 1e-3
    x = torch.tensor((windows.embeddings - mean) / spread)
    y, place = torch.tensor(windows.target), torch.tensor(windows.place)
    back = torch.arange(-CONTEXT + 1, 1)
    heads = Heads(len(CLASSES) + 1)
    averaged = torch.optim.swa_utils.AveragedModel(
        heads, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    optimizer = torch.optim.AdamW(heads.parameters(), 2e-3, weight_decay=2e-2)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.02)
    nothing, something = np.nonzero(windows.target == 0)[0], np.nonzero(windows.target > 0)[0]
    counts = np.bincount(windows.target, minlength=len(CLASSES) + 1)
    pull = windows.weight[something] / np.sqrt(counts[windows.target[something]])
    pull /= pull.sum()
    hard = np.ones(len(nothing))
    half, batch = 40_000, 512
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * (2 * half // batch))
    for epoch in range(epochs):
        heads.train()
        chosen = np.concatenate((rng.choice(nothing, half, p=hard / hard.sum()), rng.choice(something, half, p=pull)))
        rng.shuffle(chosen)
        total = 0.0
        for first in range(0, len(chosen) - batch + 1, batch):
            index = torch.tensor(chosen[first : first + batch])
            inputs = x[place[index][:, None] + back]
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
            mistaken = 1 - run(averaged.module, x, place[nothing])[:, 0]
            hard = 0.1 + mistaken**0.5
            print(
                f"epoch {epoch} loss {total / (2 * half // batch):.3f} mistaken {(mistaken > 0.5).mean():.5f}",
                flush=True,
            )
    return averaged.module.eval(), mean, spread


def run(heads: Heads, x: torch.Tensor, place: torch.Tensor) -> np.ndarray:
    """Probabilities (windows, classes)."""
    back = torch.arange(-CONTEXT + 1, 1)
    parts = []
    heads.eval()
    with torch.no_grad():
        for part in place.split(8192):
            parts.append(torch.softmax(heads(x[part[:, None] + back]), 1).numpy())
    return np.concatenate(parts)


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without-fold", type=int, default=-1, help="a third of the people not to learn from")
    parser.add_argument("--without-engine", default="festival", help="a synthesizer not to learn from")
    parser.add_argument("--epochs", type=int, default=24)
    options = parser.parse_args()
    began = time.time()
    data = np.load(options.data / "train.npz")
    who = data["who"]
    folds = np.array([-1 if name in SYNTHETIC else fold_of(str(name)) for name in who])
    keep = (who != options.without_engine) & ((folds != options.without_fold) | (folds < 0))
    silence = SpeechEmbedding(1).whole(np.zeros(32_000, np.float32))[-1]
    heads, mean, spread = fit(Windows(data, keep, silence), options.epochs)
    arrays = {name.replace(".", "_"): value.numpy() for name, value in heads.state_dict().items()}
    # The normalisation is folded into the first layer, so that the program has one thing less to do.
    arrays["each_bias"] = arrays["each_bias"] - arrays["each_weight"] @ (mean / spread)
    arrays["each_weight"] = arrays["each_weight"] / spread
    stored = {
        name: np.asarray(value, np.float16 if "each" not in name else np.float32) for name, value in arrays.items()
    }
    np.savez_compressed(options.out, classes=np.array(["", *CLASSES]), **stored)
    print(f"{options.out}: {options.out.stat().st_size} bytes, {keep.sum()} scenes, {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
