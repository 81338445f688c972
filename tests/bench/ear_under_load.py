"""Does the ear keep up beside other programs? Busy loops on every core, the coach talking, in real time.

usage: python -m tests.bench.ear_under_load --corpus CORPUS [--loops 4 8 12] [--seconds 20]

``--loops`` for each core, at the same priority as the ear. Each load is tried with an ear that may listen with less and
with one that may not. "Behind" is how much of the sound that came in was not heard yet, every 0.1 s.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from tests.bench.coach_in_rooms import Setting, coach, echo, microphone
from tests.bench.processes import saturated
from voicecoach.audio.clip import Samples
from voicecoach.ear.ear import Ear
from voicecoach.ear.engines import make_hearing
from voicecoach.ear.hearing import Hearing
from voicecoach.units import STREAM_RATE

BLOCK = 960


class AlwaysFull(Hearing):
    """A chain that does without nothing."""

    def lighten(self, light: bool) -> bool:
        """Nothing changes."""
        return False


def listen(heard: Samples, played: Samples, *, may_lighten: bool) -> tuple[list[float], list[str]]:
    """How far it was behind, and what it told."""
    told: list[str] = []

    def make() -> Hearing:
        hearing = make_hearing()
        if not may_lighten:
            hearing.__class__ = AlwaysFull
        return hearing

    ear = Ear(lambda _: None, told.append, make)
    ear.start()
    behind, began, position = [], time.monotonic(), 0
    try:
        while position + BLOCK <= len(heard):
            due = min(int((time.monotonic() - began) * STREAM_RATE), len(heard))
            while position + BLOCK <= due:
                ear.submit(heard[position : position + BLOCK], played[position : position + BLOCK], position)
                position += BLOCK
                if position % (5 * BLOCK) == 0:
                    behind.append((position - ear.heartbeat.position) / STREAM_RATE)
            time.sleep(0.01)
    finally:
        ear.close()
    return behind, told


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--loops", type=int, nargs="+", default=[4, 8, 12])
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    played = coach("neck-range-of-motion").samples[: options.seconds * STREAM_RATE]
    heard = microphone(echo(played, Setting("live", 0.06, 6.0, 0.0), options.corpus), seed=0)
    cores = os.cpu_count() or 1
    for loops in options.loops:
        for may_lighten in (False, True):
            with saturated(loops * cores):
                behind, told = listen(heard, played, may_lighten=may_lighten)
            lost = [line for line in told if "not heard" in line]
            print(
                f"{loops} loops a core, {'may listen with less' if may_lighten else 'always all':20s}: behind "
                f"{np.median(behind):.2f} s (median), {np.percentile(behind, 95):.2f} (p95), {max(behind):.2f} (most); "
                f"sound lost {len(lost)} times; told {[line for line in told if line not in lost]}",
                flush=True,
            )


if __name__ == "__main__":
    main()
