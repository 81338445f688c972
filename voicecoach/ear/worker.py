"""Slow recognition in a thread of its own, so that whoever feeds a spotter is never held up."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from voicecoach.errors import EarError

Job = TypeVar("Job")

Result = TypeVar("Result")


class Worker(Generic[Job, Result]):
    """Does one job after the other; jobs are given and results picked up by one other thread."""

    MOST_WAITING = 8
    """Jobs that may wait."""

    def __init__(self, work: Callable[[Job], Result]) -> None:
        """``work`` runs in the worker's thread; what it raises is its result, as an EarError."""
        self._work = work
        self._jobs: queue.Queue[tuple[int, Job] | None] = queue.Queue()
        self._done: queue.SimpleQueue[tuple[int, Result | EarError]] = queue.SimpleQueue()
        self._stream = 0
        threading.Thread(target=self._run, name="recogniser", daemon=True).start()

    def offer(self, job: Job) -> bool:
        """Have it done; False where too many are waiting already, and it will not be."""
        if self._jobs.qsize() >= self.MOST_WAITING:
            return False
        self._jobs.put((self._stream, job))
        return True

    def results(self) -> list[Result | EarError]:
        """What was finished since the last call, in order, of the jobs that were not forgotten. Never blocks."""
        finished = []
        while not self._done.empty():
            stream, result = self._done.get()
            if stream == self._stream:
                finished.append(result)
        return finished

    def forget(self) -> None:
        """Nobody wants the results of what was offered so far."""
        self._stream += 1

    def close(self) -> None:
        """Take no more jobs; one that is being done ends by itself."""
        self._jobs.put(None)

    def _run(self) -> None:
        while (item := self._jobs.get()) is not None:
            stream, job = item
            if stream != self._stream:
                continue
            try:
                self._done.put((stream, self._work(job)))
            except EarError as error:
                self._done.put((stream, error))
            except BaseException as error:  # whatever an engine throws, the next job is done
                self._done.put((stream, EarError(f"The recogniser failed ({type(error).__name__}: {error}).")))
