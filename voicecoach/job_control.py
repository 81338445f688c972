"""Ctrl-Z and ``fg``: whoever changed the terminal gives it back before the program stops, and takes it when it goes on.

The system's handlers belong to the whole process, so there is one list of those who follow them; where a system has no
job control nobody is ever told anything.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

Follower = tuple[Callable[[], None], Callable[[], None]]

_followers: list[Follower] = []
_before: dict[int, Any] = {}


def follow(give_back: Callable[[], None], take: Callable[[], None]) -> Callable[[], None]:
    """Call ``give_back`` when the program is to be suspended and ``take`` when it continues; returns what ends that.

    Both are called in the main thread, whatever it is doing, and may not raise or wait for a lock that it may hold; who
    followed last gives back first. A shell tells a job that runs already nothing when it takes it to the foreground:
    ask ``is_ours`` again and again.
    From any other thread, where Python allows no signal handlers, nothing is followed. Call the result in the main
    thread; more than once does no harm.
    """
    follower = (give_back, take)
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    if sys.platform != "win32" and not _followers:
        for number, handler in ((signal.SIGTSTP, _suspend), (signal.SIGCONT, _go_on)):
            _before[number] = signal.signal(number, handler)
    _followers.append(follower)

    def leave() -> None:
        if follower in _followers:
            _followers.remove(follower)
            while _before and not _followers:
                number, handler = _before.popitem()
                signal.signal(number, signal.SIG_DFL if handler is None else handler)

    return leave


def is_ours(fd: int) -> bool:
    """Whether the terminal ``fd`` listens to this program at the moment, and not to the shell or another job."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        # Not our controlling terminal: no job control that could take it from us.
        return True


if sys.platform != "win32":

    def _suspend(_number: int, _frame: FrameType | None) -> None:
        for give_back, _ in reversed(_followers):
            give_back()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        # Here the program stands still until somebody continues it; then _go_on is called as well.
        signal.signal(signal.SIGTSTP, _suspend)

    def _go_on(_number: int, _frame: FrameType | None) -> None:
        for _, take in _followers:
            take()
