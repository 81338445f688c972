"""Makes the pictures of the terminal in ``docs/``.

    python -m tests.screenshots [--folder docs]

Real routines play in virtual time, with commands given at certain moments, and the screen is exported as an SVG.
Nothing is drawn by hand; only the microphone's level, which virtual time has not, is made up.
"""

from __future__ import annotations

import argparse
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme

from voicecoach.audio.clip import Clip
from voicecoach.bundled import bundled
from voicecoach.ear.spotter import Heard
from voicecoach.glance import Listening
from voicecoach.news import News
from voicecoach.outline import Outline
from voicecoach.routine.loader import load
from voicecoach.screen import Shown, render
from voicecoach.session.commands import Command
from voicecoach.session.cues import Sound
from voicecoach.session.events import CommandGiven
from voicecoach.session.plan import Choices, make_plan
from voicecoach.session.wording import wording
from voicecoach.simulation import Logged, Simulation, silent_clips
from voicecoach.voice_meter import VoiceMeter

RATE = 1_000
ROOM, VOICE = -58.0, -28.0
"""dBFS of a quiet room and of somebody who speaks in it."""


@dataclass(frozen=True)
class Picture:
    """The screen so many seconds after the ``count``-th ``event`` whose text has ``words``, ``said`` shortly before."""

    name: str
    event: str
    count: int
    after: float
    words: str = ""
    said: tuple[Command, str, float] | None = None
    """Command, phrase, and how many seconds before the picture."""
    columns: int = 80
    rows: int = 24
    theme: TerminalTheme = field(default=SVG_EXPORT_THEME)


PICTURES = (
    Picture("hold", "hold_start", 3, 5.4, columns=100, rows=30),
    Picture("instruction", "prompt", 1, 4.0, "gently pull", (Command.REPEAT, "say it again", 0.8), 100, 30),
    Picture("pause", "hold_start", 3, 4.0, "", (Command.PAUSE, "pause please", 2.5), theme=DEFAULT_TERMINAL_THEME),
    Picture("safety-talk", "hold_start", 3, 6.0, "", (Command.PAIN, "it hurts", 3.0)),
    Picture("narrow", "hold_start", 2, 8.2, columns=40, rows=20),
)


def main() -> None:
    """Write them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("docs"))
    folder: Path = parser.parse_args().folder
    for picture in PICTURES:
        path = folder / f"screen-{picture.name}.svg"
        path.write_text(svg(picture), encoding="utf-8")
        print(path)


def svg(picture: Picture) -> str:
    """The picture as a file's text."""
    console = Console(file=io.StringIO(), record=True, width=picture.columns, height=picture.rows,
                      force_terminal=True, color_system="truecolor", highlight=False, legacy_windows=False)  # fmt: skip
    console.print(render(shown(picture), picture.columns, picture.rows))
    # Without the fonts that would be fetched from elsewhere: the reader's own will do.
    form = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = form.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")
    # As high as the lines are, so that blocks above each other touch.
    form = form.replace("font-size: {char_height}px", "font-size: 21px")
    drawn = console.export_svg(
        title="voicecoach play wrist-stretches", theme=picture.theme, code_format=form,
        unique_id=f"screen-{picture.name}",
    )  # fmt: skip
    # A thin outline closes the gaps that a browser leaves between blocks above each other.
    drawn = re.sub(r"fill: (#\w+)", r"fill: \1;stroke: \1;stroke-width: 0", drawn)
    return re.sub(r"<text (?=[^>]*>(?:[█▀▄]|&#160;)+</text>)", '<text style="stroke-width: 1" ', drawn)


def is_wanted(picture: Picture, entry: Logged) -> bool:
    """Whether the picture's moment is counted from this."""
    return entry.event == picture.event and picture.words in entry.fields.get("text", "")


def shown(picture: Picture) -> Shown:
    """Play up to the picture's moment."""
    routine = load(bundled("scripts") / "wrist-stretches.yaml")
    plan = make_plan(routine, Choices(approved=True))
    earcons = {sound: Clip(np.zeros(RATE // 5, np.float32), RATE) for sound in Sound}
    simulation = Simulation(plan, silent_clips(RATE), earcons, RATE, block=RATE // 100)
    total = simulation.performance.glance(Listening.EAR).left
    while len(found := [entry.t for entry in simulation.log if is_wanted(picture, entry)]) < picture.count:
        simulation.run(until=simulation.mixer.position / RATE + 0.1)
    began = found[-1]
    end = began + picture.after
    meter = VoiceMeter()
    reading = meter.read(ROOM, max(0.0, end - 5))
    if picture.said is not None:
        command, phrase, before = picture.said
        simulation.run(until=end - before)
        heard = Heard(command, phrase, 1.0, "firm", simulation.mixer.position)
        simulation.performance.take(CommandGiven(command), heard)
    simulation.run(until=end)
    news = News()
    for entry in simulation.log:
        news = news.after(entry.t, entry.event, entry.fields)
    level = VOICE if picture.said is not None and picture.said[2] < 1 else ROOM + 4
    reading = meter.read(level, end)
    advice = {talk: wording().talk(talk) for talk in ("pain", "emergency")}
    glance = simulation.performance.glance(Listening.EAR, level)
    return Shown(Outline.of(routine, plan), glance, news, reading, total, advice)


if __name__ == "__main__":
    main()
