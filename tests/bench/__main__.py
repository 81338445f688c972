"""The program's figures in one run, each beside those of a plain SpeechRecognition loop (``plain_loop.py``).

usage: python -m tests.bench [--corpus CORPUS] [--full] [--readme [FILE]]

Ends with a Markdown table between two markers; ``--readme`` writes it into README.md, or FILE. What is heard at the
loudspeaker is measured on the virtual laptop (PulseAudio has to be installed), what is understood over the corpus, or
over tests/clips alone without one. Some ten minutes on two free cores; ``--full`` about an hour.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import soundfile

from tests.bench import live, recordings
from tests.bench.figures_table import BEGIN, END, NOT_MEASURED, ROWS, check_markers, faults, table, write_into
from tests.bench.live import REPOSITORY, Live, Samples, loud_as_somebody_near
from tests.bench.processes import idle_share
from training.scenes import read_corpus

HOLD = 15


def words(corpus: Path | None, count: int) -> list[Samples]:
    """ "Stop" by so many people, at the laptop's rate and as loud as somebody near."""
    items = recordings.clips() if corpus is None else read_corpus(corpus)
    said = {item.speaker: item.samples for item in items if item.kind == "command" and item.label == "stop"}
    order = np.random.default_rng(4).permutation(len(said))
    chosen = [list(said.values())[at] for at in order[:count]]
    return [loud_as_somebody_near(live.at_rate(samples, 16_000)) for samples in chosen]


def render_speed(folder: Path) -> tuple[float, float, float]:
    """Seconds of a session, and of wall time to render it: with an empty cache, and again."""
    took = []
    for name in ("cold", "warm"):
        env = dict(os.environ) | {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
        env["PYTHONPATH"] = str(REPOSITORY)
        target = folder / f"{name}.wav"
        began = time.monotonic()
        command = [sys.executable, "-m", "voicecoach", "render", "wrist-stretches", "-o", str(target)]
        subprocess.run(command, env=env, cwd=folder, check=True, capture_output=True)
        took.append(time.monotonic() - began)
    return soundfile.info(folder / "cold.wav").duration, *took


def late(figures: Live, where: str, what: str) -> str:
    """p50 and p95 of a barge-in, and how often there was one."""
    values, tries = figures.silent[where], figures.tries[where]
    if not values:
        return f"never, in {tries} tries"
    ms = [1000 * value for value in values]
    return f"{what}p50 {np.median(ms):.0f} ms, p95 {np.percentile(ms, 95):.0f} ms; {len(values)} of {tries} times"


def off(values: list[float]) -> str:
    """By how much, ms."""
    if not values:
        return "none found"
    ms = 1000 * np.abs(values)
    return f"p50 {np.median(ms):.2f} ms, most {ms.max():.2f} ms ({len(ms)})"


def of_start(values: list[float]) -> str:
    """The median of some starts."""
    return f"{np.median(values):.1f} s" + (f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else "")


def live_cells(ours: Live, plain: Live) -> dict[str, tuple[str, str]]:
    """The rows that the virtual laptop gives."""
    understood = "understood, its sentence goes on: "
    return {
        ROWS[0]: (late(ours, "headphones", ""), late(plain, "headphones", understood)),
        ROWS[1]: (late(ours, "in a room", ""), late(plain, "in a room", understood)),
        ROWS[2]: (off(ours.hold_errors), f"from word to word {off(plain.hold_errors)}"),
        ROWS[3]: (off(ours.chime_errors), "has none"),
        ROWS[4]: (of_start(ours.cold), of_start(plain.warm)),
        ROWS[5]: (of_start(ours.warm), of_start(plain.warm)),
        ROWS[6]: (f"{ours.processor:.1%} of a core", f"{plain.processor:.1%} of a core"),
        ROWS[8]: (f"{ours.memory:.0f} MB", f"{plain.memory:.0f} MB"),
    }


def heard_cells(ours: recordings.Heard, plain: recordings.Heard) -> dict[str, tuple[str, str]]:
    """The rows that recordings give."""
    talking = [f"{heard.talking:.1%} of a core" if heard.hours else NOT_MEASURED for heard in (ours, plain)]
    cells = {ROWS[7]: (talking[0], talking[1]), ROWS[10]: (ours.false_alarms, plain.false_alarms)}
    for row, condition in zip(ROWS[11:], recordings.CONDITIONS, strict=True):
        cells[row] = (ours.cell(condition), plain.cell(condition))
    return cells


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--full", action="store_true", help="every second word, all talk, more trials: an hour")
    parser.add_argument(
        "--readme",
        type=Path,
        nargs="?",
        const=REPOSITORY / "README.md",
        metavar="FILE",
        help="write the table between the markers of README.md, or of FILE",
    )
    options = parser.parse_args()
    if options.readme is not None:
        check_markers(options.readme)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    began = time.monotonic()
    idle = [idle_share(3.0)]
    cells = dict.fromkeys(ROWS, (NOT_MEASURED, NOT_MEASURED))
    notes = [
        "Times are read off a recording of the loudspeaker on a virtual laptop. \"Stop\" is said "
        f"{live.AFTER_THE_FIRST_SOUND} s after the coach's first sound, when the ear cannot know the room yet."
    ]

    def step(what: str, work: Callable[[], dict[str, tuple[str, str]]]) -> None:
        since = time.monotonic()
        found = work()
        cells.update(found)
        idle.append(idle_share(3.0))
        print(f"\n== {what}, {time.monotonic() - since:.0f} s")
        for row, (ours, plain) in found.items():
            print(f"{row}\n    voicecoach: {ours}\n    plain loop: {plain}", flush=True)

    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)

        def rendering() -> dict[str, tuple[str, str]]:
            length, cold, warm = render_speed(folder)
            ours = f"{length / cold:.0f} times as fast as it plays, {length / warm:.0f} once the speech is kept"
            return {ROWS[9]: (ours, "plays only, in real time")}

        def on_the_laptop() -> dict[str, tuple[str, str]]:
            said = words(options.corpus, 30 if options.full else 6)
            holds = 20 if options.full else 3
            plain = live.plain_figures(folder, said, holds, HOLD)
            ours = live.our_figures(folder, said, holds, HOLD)
            notes.append(
                f"{len(said)} people said stop. Underruns counted in voicecoach meanwhile: {ours.underruns}; heard by "
                f"mistake: {ours.heard_by_mistake}, by the plain loop {plain.heard_by_mistake}."
            )
            return live_cells(ours, plain)

        def over_recordings() -> dict[str, tuple[str, str]]:
            every, talk = (2, 1e9) if options.full else (15, 200.0)
            return heard_cells(*recordings.compare(options.corpus, every, talk))

        step("rendering", rendering)
        missing = live.missing_commands()
        if missing:
            notes.append(f"There is no virtual laptop here (no {', '.join(missing)}).")
        else:
            step("the virtual laptop", on_the_laptop)
        step("recordings", over_recordings)
    notes.append(
        "The packaged heads learned from these people, so their hits are too good; the table under Limits has those of "
        "heads that never met them."
        if options.corpus
        else "Without a corpus only tests/clips was heard: no talk, no kitchen."
    )
    notes.append(
        f"The cores were {min(idle):.0%} to {max(idle):.0%} idle between the measurements; the plain loop speaks "
        "through aplay, as pyttsx3 does."
    )
    command = "python -m tests.bench" + (" --corpus CORPUS" if options.corpus else "")
    command += (" --full" if options.full else "") + " --readme"
    day, cores = datetime.now(timezone.utc).date(), os.cpu_count() or 1
    text = table(cells, command=command, day=day, cores=cores, notes=notes)
    print(f"\n{time.monotonic() - began:.0f} s\n\n{BEGIN}\n{text}{END}")
    if options.readme is not None:
        if wrong := faults(text):
            raise SystemExit(f"The table is not as it should be, so {options.readme} stays as it is: {wrong}")
        write_into(options.readme, text)


if __name__ == "__main__":
    main()
