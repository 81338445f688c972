"""``voicecoach setup``: fetches what a speech engine needs."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from voicecoach.cli.signals import Signals
from voicecoach.ear.vosk_model import SMALL_ENGLISH, fetch, install, installed


def run(options: argparse.Namespace, _: Signals) -> int:
    """Fetch or install the model; says where it is."""
    if options.archive is not None:
        path = install(options.archive)
    elif (found := installed()) is not None:
        print(f"{SMALL_ENGLISH.name} is installed already: {found}")
        return 0
    else:
        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
        console = Console(stderr=True)
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(SMALL_ENGLISH.name, total=SMALL_ENGLISH.size)
            path = fetch(lambda done, of: bar.update(task, completed=done, total=of))
    print(f"{SMALL_ENGLISH.name} is installed: {path}")
    print("Use it: voicecoach play tour --engine vosk")
    return 0
