"""What a process and its children cost, read from /proc; and load on the machine, by processes that are ended again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def family(pid: int) -> list[int]:
    """The process and all that descend from it and still run."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            fields = _stat(int(folder.name))
            if fields:
                parents[int(folder.name)] = int(fields[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def processor_seconds(pid: int) -> float:
    """Used by the process and its children, those that have ended included, since it began."""
    ticks = 0
    for number, each in enumerate(family(pid)):
        fields = _stat(each)
        if fields:
            # Of the first the children that it has waited for count too; the others are its living children.
            ticks += sum(int(value) for value in fields[11 : 13 if number else 15])
    return ticks / _TICKS


def resident_mb(pid: int, *, children: bool = True) -> float:
    """Memory in RAM, MB; shared pages count for each process."""
    pages = 0
    for each in family(pid) if children else [pid]:
        try:
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def idle_share(seconds: float = 1.0) -> float:
    """Which part of all cores was idle during the next second: how much else runs here."""
    before, now = _all_cores(), [0, 0]
    time.sleep(seconds)
    now = _all_cores()
    return (now[0] - before[0]) / max(1, now[1] - before[1])


@contextmanager
def saturated(processes: int | None = None) -> Iterator[None]:
    """As many busy processes as there are cores, for the length of the block."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(processes or os.cpu_count() or 2)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def _all_cores() -> list[int]:
    values = [int(value) for value in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return [values[3] + values[4], sum(values)]


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name; state first."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
