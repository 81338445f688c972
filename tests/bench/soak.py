"""A long session: does anything drift, grow or fall behind?

usage: python -m tests.bench.soak [--minutes 60] [--real 10]

Without ``--real``: an hour in virtual time, with the real session, mixer, event file and journal. Where every chime
lies is looked up in the sound itself; every few minutes the user pauses, goes on, has something said again or asks for
another tempo. With ``--real N``: the real program on the virtual laptop for N minutes, and busy processes on all cores
from 40 to 70 % of that time. Each prints figures for itself.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from tests.bench.live import REPOSITORY, RealProgram, VirtualLaptop, errors_at_the_loudspeaker, named
from tests.bench.long_session import EVERY, HOLD, ROUND, Soaked, write_routine
from tests.bench.processes import idle_share, processor_seconds, resident_mb, saturated
from voicecoach.audio.earcons import load_earcons
from voicecoach.event_log import EventFile
from voicecoach.journal_writer import Journal, Sitting
from voicecoach.opening import open_speech
from voicecoach.routine.loader import load
from voicecoach.session.events import CommandGiven, Event
from voicecoach.session.plan import Choices, make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.units import STREAM_RATE
from voicecoach.voice.synthesizer import DEFAULT_RATE

LOADED = (0.4, 0.7)
"""Which part of the real run is loaded."""


def simulated(minutes: float, folder: Path) -> bool:
    """The virtual hour; whether nothing was wrong."""
    routine = load(write_routine(folder / "long.yaml", max(1, round(minutes / 9))))
    plan = make_plan(routine, Choices(approved=True, check_ins=False))
    texts = tuple(Session(plan, Lengths(lambda text: 1, lambda sound: 1)).texts())
    speech = open_speech(None, DEFAULT_RATE, texts)
    script: list[tuple[float, Event]] = [
        (60 + round_at * EVERY + after, CommandGiven(command))
        for round_at in range(int(minutes * 60 / EVERY))
        for after, command in ROUND
    ]
    events = EventFile(folder / "events.jsonl")
    journal = Journal(folder / "journal.jsonl", Sitting.of("long", routine))
    simulation = Soaked(plan, speech.clips_at, load_earcons(STREAM_RATE), STREAM_RATE, script=script)
    simulation.journal = journal
    simulation.performance.log.listeners.append(events)
    tracemalloc.start()
    began, cpu, rows, waiting = time.monotonic(), time.process_time(), [], 0
    at = 0.0
    while simulation.performance.reason is None and at < 3 * minutes * 60:
        at += 300.0
        simulation.run(until=at)
        waiting = max(waiting, len(journal._waiting))
        traced, _ = tracemalloc.get_traced_memory()
        rows.append((simulation.frames / STREAM_RATE, traced / 1e6, resident_mb(os.getpid(), children=False)))
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    journal.close()
    events.close()
    speech.close()
    length = simulation.frames / STREAM_RATE
    drift = simulation.mixer.position - simulation.frames
    print(f"{length / 60:.1f} minutes in virtual time, {time.monotonic() - began:.0f} s of wall time, "
          f"{time.process_time() - cpu:.0f} s of processor (with tracemalloc); it ended: "
          f"{simulation.performance.reason and simulation.performance.reason.value}")  # fmt: skip
    print("  minute  traced MB  resident MB")
    for seconds, traced, resident in rows:
        print(f"  {seconds / 60:6.1f}  {traced:9.2f}  {resident:11.1f}")
    print(f"traced peak {peak:.1f} MB; most events waiting {simulation.deepest}, journal entries waiting {waiting}")
    counts = simulation.counts
    print(f"{counts['whole holds']} whole holds, {counts['chimes found']} chimes looked up in the sound, "
          f"{sum(counts.values())} events; mixer's position minus frames delivered: {drift}; "
          f"wrong: {simulation.wrong or 'nothing'}")  # fmt: skip
    # The first rows hold what is loaded once: a second tempo's speech, the libraries.
    grown = rows[-1][1] - rows[min(2, len(rows) - 1)][1]
    print(f"memory from minute {rows[min(2, len(rows) - 1)][0] / 60:.0f} to the end: {grown:+.2f} MB traced")
    return not simulation.wrong and drift == 0


@dataclass
class Sample:
    """One second of the real program."""

    at: float
    processor: float
    resident: float


def real(minutes: float, folder: Path) -> bool:
    """The real program on the virtual laptop; whether all holds were exact in the stream and nothing was lost."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    routine = write_routine(folder / "long.yaml", max(1, round(minutes / 9 + 1)))
    lag_file = folder / "lag.txt"
    samples: list[Sample] = []
    print(f"idle before: {idle_share(3.0):.0%} of all cores; load {os.getloadavg()[0]:.1f}")
    (folder / "laptop").mkdir()
    with VirtualLaptop(folder / "laptop") as laptop, laptop.record() as recorder:
        watched = ("-m", "tests.bench.watched_play", str(lag_file))
        program = RealProgram(laptop, folder / "program", str(routine), "--no-check-ins", interpreter=watched)
        with program:
            program.wait_for("hold_start", timeout=120)
            began = time.monotonic()
            loaded = tuple(began + part * minutes * 60 for part in LOADED)
            wall = [datetime.fromisoformat(program.events[0]["wall"])]
            others = [idle_share(5.0)]

            def watch(until: float) -> None:
                while time.monotonic() < until and not named(program.events, "finished"):
                    pid = program.pid
                    samples.append(Sample(time.monotonic(), processor_seconds(pid), resident_mb(pid)))
                    time.sleep(1.0)
                wall.append(datetime.now().astimezone())

            watch(loaded[0])
            others.append(idle_share(5.0))
            with saturated():
                watch(loaded[1])
            others.append(idle_share(5.0))
            watch(began + minutes * 60)
            events = program.events
    lags = np.array([[float(value) for value in line.split()] for line in lag_file.read_text().splitlines()[:-1]])
    holds, chimes = errors_at_the_loudspeaker(recorder, events)
    phases = ("before", "both cores busy", "after")
    first = datetime.fromisoformat(events[0]["wall"])
    moments = [datetime.fromisoformat(event["wall"]) for event in events]
    stream_at = {phase: (wall[n] - first).total_seconds() for n, phase in enumerate(phases)}
    fine = True
    for n, phase in enumerate(phases):
        mine = [event for event, when in zip(events, moments, strict=True) if wall[n] <= when < wall[n + 1]]
        times = [sample for sample in samples if (began, *loaded)[n] <= sample.at < (*loaded, np.inf)[n]]
        behind = lags[(lags[:, 0] >= (began, *loaded)[n]) & (lags[:, 0] < (*loaded, np.inf)[n])][:, 1]
        ended = [event for event in named(mine, "hold_end") if event["completed"]]
        exact = sum(event["held"] == HOLD for event in ended)
        fine = fine and exact == len(ended)
        counts = [event["count"] for event in named(events, "underrun") if event in mine]
        before = [event["count"] for event, when in zip(events, moments, strict=True)
                  if event["event"] == "underrun" and when < wall[n]]  # fmt: skip
        until = stream_at[phases[n + 1]] if n < 2 else np.inf
        at_speaker = [1000 * error for at, error in holds if stream_at[phase] <= at < until]
        of_chimes = [1000 * error for at, error in chimes if stream_at[phase] <= at < until]
        print(f"\n{phase}: {times[-1].at - times[0].at:.0f} s")
        print(f"  holds exact in the stream: {exact} of {len(ended)}")
        print(f"  holds at the loudspeaker: {_spread(at_speaker)}")
        print(f"  chimes within a hold: {_spread(of_chimes)}")
        print(f"  underruns counted: {(counts[-1] if counts else 0) - (before[-1] if before and counts else 0)}")
        print(f"  ear behind, ms: p50 {1000 * np.median(behind):.0f}, p95 {1000 * np.percentile(behind, 95):.0f}, "
              f"p99.9 {1000 * np.percentile(behind, 99.9):.0f}, most {1000 * behind.max():.0f}")  # fmt: skip
        print(f"  buffer, ms: {[event['ms'] for event in mine if event['event'] == 'buffer'] or 'as it was'}")
        used = (times[-1].processor - times[0].processor) / (times[-1].at - times[0].at)
        print(f"  processor: {used:.2f} of a core; resident MB: {times[0].resident:.0f} to {times[-1].resident:.0f}, "
              f"most {max(sample.resident for sample in times):.0f}")  # fmt: skip
    other = Counter(event["event"] for event in events)
    print(
        f"\nidle share of all cores at the start, before the load and after it: {', '.join(f'{o:.0%}' for o in others)}"
    )
    print(f"trouble: {[event['what'] for event in named(events, 'trouble')] or 'none'}; heard by mistake "
          f"{other['heard']}; device lost {other['device_lost']}")  # fmt: skip
    return fine and not other["device_lost"]


def _spread(values: list[float]) -> str:
    if not values:
        return "none located"
    off = np.abs(values)
    return (f"{len(values)} located, off by p50 {np.median(off):.3f} ms, p95 {np.percentile(off, 95):.3f} ms, "
            f"most {off.max():.3f} ms; {sum(off < 1)} within 1 ms, {sum(off >= 20)} off by 20 ms or more")  # fmt: skip


def main() -> None:
    """Print the figures; exit code 1 where a hold was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="of virtual time")
    parser.add_argument("--real", type=float, metavar="MINUTES", help="the real program instead, in real time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        fine = real(options.real, Path(folder)) if options.real else simulated(options.minutes, Path(folder))
    raise SystemExit(not fine)


if __name__ == "__main__":
    main()
