"""The real program watched from inside and from outside: which sockets it opens and which files it writes.

From inside an audit hook in each of its Python processes (``network_guard/``) notes what asks for a network. From
outside strace follows every thread and child process, whatever language it is written in.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_GUARD = Path(__file__).parent / "network_guard"
_NETWORK = "socket,connect,bind,listen,accept,accept4,sendto,sendmsg,sendmmsg"
_FILES = "open,openat,openat2,creat,memfd_create"
_OPENED = re.compile(r'^\d+ +(?:open|openat|creat)\((?:AT_FDCWD, )?"((?:[^"\\]|\\.)*)", ([A-Z_|]+)')
_HOMES = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
_HARMLESS = ("AF_UNIX", "AF_LOCAL", "AF_UNSPEC")


@functools.cache
def strace_works() -> bool:
    """Whether strace is here and may follow a process."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-f", "-e", "trace=openat", "true"], capture_output=True, timeout=30, check=False)
    return done.returncode == 0


@dataclass(frozen=True, slots=True)
class Watched:
    """What one run of a program did."""

    code: int
    output: str
    guarded: list[dict[str, Any]]
    """What the hook inside noted; an event "guarded" for each Python process."""
    calls: list[str]
    """What strace saw, a line a system call."""

    @property
    def network_from_inside(self) -> list[dict[str, Any]]:
        """Everything that asked for a network by way of Python."""
        return [note for note in self.guarded if note["event"] != "guarded"]

    @property
    def network_from_outside(self) -> list[str]:
        """Every system call that made, or used, a socket which is not of the family UNIX."""
        made = [line for line in self.calls if re.search(r"^\d+ +socket\(", line)]
        used = [line for line in self.calls if re.search(r"sa_family=AF_", line)]
        return [line for line in (*made, *used) if not any(family in line for family in _HARMLESS)]

    @property
    def written(self) -> set[Path]:
        """Every path that was opened for writing, or made; also those that are gone by now."""
        found = set()
        for line in self.calls:
            opened = _OPENED.search(line)
            writes = opened is not None and re.search("O_WRONLY|O_RDWR|O_CREAT", opened[2])
            if opened is not None and writes and " = -1 " not in line:
                found.add(Path(opened[1].encode("latin-1").decode("unicode_escape")))
            if "memfd_create(" in line:
                found.add(Path("memfd"))
        return found


def watch(command: list[str], folder: Path, *, world: Mapping[str, str] | None = None, timeout: float = 240) -> Watched:
    """Run ``command`` in ``folder``, where its home, caches and temporary files are too, until it ends by itself.

    ``world`` is its environment besides that; by default this process's, without any sound server.
    """
    guard_log, trace = folder.parent / "guard.jsonl", folder.parent / "strace.txt"
    here = {name: value for name, value in os.environ.items() if not name.startswith("PULSE_")}
    env = {name: value for name, value in (world or here).items() if name not in _HOMES}
    paths = [str(_GUARD), *filter(None, [env.get("PYTHONPATH")])]
    env |= {
        "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "PYTHONPATH": os.pathsep.join(paths),
        "NETWORK_GUARD_LOG": str(guard_log), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    for name in ("home", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    outside = ["strace", "-f", "-qq", "-s", "4096", "-o", str(trace), "-e", f"trace={_NETWORK},{_FILES}"]
    done = subprocess.run(
        [*(outside if strace_works() else []), *command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    notes = [json.loads(line) for line in guard_log.read_text(encoding="utf-8").splitlines()]
    calls = trace.read_text(encoding="utf-8", errors="replace").splitlines() if trace.exists() else []
    return Watched(done.returncode, done.stdout, notes, calls)


def program(*arguments: str) -> list[str]:
    """The command line of ``voicecoach`` with ``arguments``."""
    return [sys.executable, "-m", "voicecoach", *arguments]
