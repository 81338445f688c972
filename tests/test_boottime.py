from __future__ import annotations

import sys
import time

import pytest

from voicecoach.boottime import boottime


def test_it_runs_as_fast_as_time_does_and_never_back() -> None:
    begun, there = time.monotonic(), boottime()
    looks = [boottime() for _ in range(1_000)]
    time.sleep(0.05)
    assert looks == sorted(looks)
    assert boottime() - there == pytest.approx(time.monotonic() - begun, abs=0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/uptime is Linux's")
def test_on_linux_it_is_the_uptime_which_counts_a_suspend() -> None:
    from pathlib import Path

    uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    if abs(uptime - time.clock_gettime(time.CLOCK_BOOTTIME)) > 60:
        pytest.skip("this machine has an uptime of its own (a container)")
    assert boottime() == pytest.approx(uptime, abs=1.0)
