"""What the ear costs, part by part, while the coach talks and nobody else does: the dearest it ever is.

usage: python -m tests.bench.ear_cost --corpus CORPUS [--seconds 60]

The sum is measured alone; the shares come from a second run under Python's profiler, which makes small parts dearer.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from pathlib import Path

from tests.bench.coach_in_rooms import Setting, coach, echo, microphone
from voicecoach.audio.clip import Samples
from voicecoach.ear.engines import make_hearing
from voicecoach.session.commands import ALWAYS
from voicecoach.units import STREAM_RATE

PARTS = (
    ("resampler", "resampler.py", "process"),
    ("alignment", "alignment.py", "process"),
    ("canceller", "kalman_echo.py", "process"),
    ("own-voice gate, memory", "own_voice.py", "feed"),
    ("own-voice gate, proof", "own_voice.py", "origin"),
    ("normaliser", "level.py", "process"),
    ("keyword search", "pocketsphinx_spotter.py", "feed"),
    ("neural heads", "embedding_spotter.py", "feed"),
    ("decision", "decision.py", "feed"),
)
BLOCK = 960


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    played = coach("neck-range-of-motion").samples[: options.seconds * STREAM_RATE]
    heard = microphone(echo(played, Setting("live", 0.06, 6.0, 0.0), options.corpus), seed=0)
    began = time.process_time()
    _hear(heard, played)
    whole = (time.process_time() - began) / options.seconds
    profiler = cProfile.Profile()
    profiler.runcall(_hear, heard, played)
    times = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    total = next(row[3] for (path, _, name), row in times.items() if path.endswith("ear_cost.py") and name == "_hear")
    for part, file, name in PARTS:
        spent = max(
            (row[3] for (path, _, called), row in times.items() if path.endswith(file) and called == name), default=0.0
        )
        print(f"{part:24s}{spent / total:7.1%}")
    print(f"{'the ear':24s}{whole:7.1%} of a core")


def _hear(heard: Samples, played: Samples) -> None:
    hearing = make_hearing()
    hearing.arm(ALWAYS)
    for start in range(0, len(played), BLOCK):
        hearing.feed(heard[start : start + BLOCK], played[start : start + BLOCK])
    hearing.close()


if __name__ == "__main__":
    main()
