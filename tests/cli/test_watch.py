"""``voicecoach check --watch``: what changed is checked again, once, when it holds still; Ctrl-C ends it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from voicecoach.cli.watch import changes
from voicecoach.routine.library import user_folder

GOOD = """format: 1
title: Small
approval: not required
source: nobody
exercises:
  - id: a
    name: Turning
    steps:
      - say: Turn.
"""


class Sleep:
    """The clock of a watch: each sleep does the next thing to the files; a sleep too many ends the test."""

    def __init__(self, *deeds: Callable[[], object]) -> None:
        self.slept = 0
        self._deeds: Iterator[Callable[[], object]] = iter(deeds)

    def __call__(self, seconds: float) -> None:
        self.slept += 1
        for deed in self._deeds:
            deed()
            return
        raise TimeoutError


def nothing() -> None:
    pass


def watched(names: list[str], *deeds: Callable[[], object]) -> list[list[str]]:
    told = []
    try:
        for changed in changes(names, Sleep(*deeds)):
            told.append(changed)
    except TimeoutError:
        return told
    raise AssertionError("watching has no end")


def test_all_are_told_at_once_and_then_what_changed(tmp_path: Path) -> None:
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    a.write_text("1")
    b.write_text("1")
    names = [str(a), str(b)]
    assert watched(names, nothing, nothing, lambda: b.write_text("22"), nothing, nothing) == [names, [str(b)]]


def test_a_file_that_is_still_being_written_is_not_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("1")
    deeds = [lambda text=text: path.write_text(text) for text in ("12", "123", "1234")]
    assert watched([str(path)], *deeds, nothing, nothing) == [[str(path)]] * 2


def test_a_file_that_goes_and_comes_is_told_both_times(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("1")
    told = watched([str(path)], path.unlink, nothing, nothing, lambda: path.write_text("1"), nothing, nothing)
    assert told == [[str(path)]] * 3


def test_a_new_file_in_the_place_of_the_old_one_is_seen(tmp_path: Path) -> None:
    path, other = tmp_path / "a.yaml", tmp_path / "other"
    path.write_text("1")
    other.write_text("2")
    state = path.stat()
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert watched([str(path)], lambda: other.replace(path), nothing) == [[str(path)]] * 2


def test_a_name_whose_file_comes_later_is_found(tmp_path: Path) -> None:
    def write() -> None:
        user_folder().mkdir(parents=True)
        (user_folder() / "later.yaml").write_text(GOOD)

    assert watched(["later"], nothing, write, nothing, nothing) == [["later"]] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_the_command_checks_again_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(GOOD)
    with subprocess.Popen([sys.executable, "-m", "voicecoach", "check", "--watch", "w.yaml"], cwd=tmp_path,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as process:  # fmt: skip
        lines: Queue[str] = Queue()

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                lines.put(line)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            assert re.fullmatch(r"--- \d\d:\d\d:\d\d  w.yaml\n", lines.get(timeout=30))
            assert lines.get(timeout=30).startswith("w.yaml: good")
            path.write_text(GOOD.replace("say: Turn", "say: Turn {sde}"))
            assert lines.get(timeout=30).startswith("--- ")
            assert "w.yaml:9:9: say must use none but" in lines.get(timeout=30)
            path.unlink()
            assert lines.get(timeout=30).startswith("--- ")
            assert 'There is no file "w.yaml"' in lines.get(timeout=30)
            path.write_text(GOOD)
            assert lines.get(timeout=30).startswith("--- ")
            assert lines.get(timeout=30).startswith("w.yaml: good")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 130
        finally:
            process.kill()
        reader.join(timeout=30)
        assert lines.empty()
