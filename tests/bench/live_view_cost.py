"""What the live view costs: processor time of its own thread and of the whole, for a minute of a session.

    python -m tests.bench.live_view_cost [--seconds 60] [--columns 100] [--rows 30]

A session plays in virtual time from its first hold on; ten glances a second are drawn on a real pseudo terminal that
somebody reads, each with another level of the microphone, so that every frame differs. The processor time of that
is divided by the session's time, as if it had played in real time.
"""

from __future__ import annotations

import argparse
import fcntl
import math
import os
import pty
import struct
import termios
import threading
import time

import numpy as np
from rich.console import Console

from voicecoach.audio.clip import Clip
from voicecoach.bundled import bundled
from voicecoach.display import Display
from voicecoach.glance import Listening
from voicecoach.live_view import Canvas
from voicecoach.news import News
from voicecoach.outline import Outline
from voicecoach.routine.loader import load
from voicecoach.screen import Shown, compose
from voicecoach.session.cues import Sound
from voicecoach.session.plan import Choices, make_plan
from voicecoach.simulation import Simulation, silent_clips
from voicecoach.voice_meter import VoiceMeter

RATE = 1_000
GLANCES_A_SECOND = 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--rows", type=int, default=30)
    options = parser.parse_args()
    share, frames, written = measure(options.seconds, options.columns, options.rows)
    size = f"{options.columns} x {options.rows}, {GLANCES_A_SECOND} frames a second"
    print(f"{size}: {100 * share:.2f} % of one processor, {written / frames:.0f} bytes a frame")


def measure(seconds: float, columns: int, rows: int) -> tuple[float, int, int]:
    """Processor seconds for each second of the session, how many frames were drawn, and bytes written."""
    user, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    read = [0]
    threading.Thread(target=_swallow, args=(user, read), daemon=True).start()
    console = Console(file=os.fdopen(terminal, "w"), force_terminal=True, color_system="256", highlight=False)
    canvas = Canvas(Display(console).console)
    routine = load(bundled("scripts") / "wrist-stretches.yaml")
    plan = make_plan(routine, Choices(approved=True))
    outline = Outline.of(routine, plan)
    earcons = {sound: Clip(np.zeros(RATE // 5, np.float32), RATE) for sound in Sound}
    simulation = Simulation(plan, silent_clips(RATE), earcons, RATE, block=RATE // 100)
    while not any(entry.event == "hold_start" for entry in simulation.log):
        simulation.run(until=simulation.mixer.position / RATE + 1)
    meter, news, told = VoiceMeter(), News(), 0
    spent, count = 0.0, round(seconds * GLANCES_A_SECOND)
    for frame in range(count):
        simulation.run(until=simulation.mixer.position / RATE + 1 / GLANCES_A_SECOND)
        for entry in simulation.log[told:]:
            news = news.after(entry.t, entry.event, entry.fields)
        told = len(simulation.log)
        began = time.thread_time()
        glance = simulation.performance.glance(Listening.EAR, -45.0 + 15.0 * math.sin(frame))
        reading = meter.read(glance.level or 0.0, glance.at / RATE)
        shown = Shown(outline, glance, news, reading, 10**9)
        canvas.draw(compose(shown, *canvas.size()))
        spent += time.thread_time() - began
        time.sleep(0.001)
    canvas.close()
    return spent / seconds, count, read[0]


def _swallow(fd: int, read: list[int]) -> None:
    while True:
        try:
            read[0] += len(os.read(fd, 65536))
        except OSError:
            return


if __name__ == "__main__":
    main()
