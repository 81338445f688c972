"""Writes a session into the journal while it is played, and never lets a disk hold the session up."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from voicecoach import __version__
from voicecoach.errors import JournalError
from voicecoach.journal import UnflushedError, append, encode, wall_clock
from voicecoach.routine.fingerprint import approval_fingerprint, introduction_fingerprint
from voicecoach.routine.model import Routine
from voicecoach.session.effects import Noted, Record

_URGENT = frozenset({Noted.PAIN, Noted.EMERGENCY})


@dataclass(frozen=True, slots=True)
class Sitting:
    """What every entry of one session says of it."""

    session: str
    """An id that no other session has."""
    routine: str
    """Its name, as ``play`` takes it."""
    title: str
    approval: str
    """Fingerprint of what an approval covers."""
    introduction: str
    """Fingerprint of what is heard before the first exercise."""
    exercises: Mapping[str, str]
    """Names by id."""
    version: str = __version__

    @classmethod
    def of(cls, name: str, routine: Routine) -> Sitting:
        """A new session of ``routine``."""
        return cls(
            uuid.uuid4().hex[:12],
            name,
            routine.title,
            approval_fingerprint(routine),
            introduction_fingerprint(routine),
            {exercise.id: exercise.name for exercise in routine.exercises},
        )


class Journal:
    """Call it with each Record: it returns once the entry is on the disk, or after ``patience`` seconds.

    A thread of its own writes, in the order of the calls. While it is behind, calls wait no more, but for pain and
    warning signs (``urgent_patience``); where one of these had to be left behind ``late`` is True. What could not be
    written is kept and tried again with the next entry. Raises nothing but RuntimeError after ``close``: ``failure``
    holds what went wrong first. One thread calls.
    """

    def __init__(
        self,
        path: Path,
        sitting: Sitting,
        clock: Callable[[], datetime] = wall_clock,
        *,
        patience: float = 0.25,
        urgent_patience: float = 0.5,
        write: Callable[[Path, bytes], None] = append,
    ) -> None:
        self.failure: JournalError | None = None
        """Ready to be shown; None as long as all went well."""
        self.late = False
        """Whether pain or a warning sign was still to be written when the session went on: the disk is slow."""
        self._path, self._sitting, self._clock, self._write = path, sitting, clock, write
        self._patience, self._urgent_patience = patience, urgent_patience
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._asked = self._tried = 0
        """Entries handed over, and how many of them the thread has done what it can for."""
        self._closed = False
        # A disk that never answers must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def __call__(self, record: Record) -> None:
        """Write it down."""
        if self._closed:
            raise RuntimeError("the journal is closed")
        try:
            line = encode(self._clock(), record.noted.value, self._fields(record))
        except (ValueError, TypeError) as fault:
            self._fail(f"an entry could not be written down ({fault}); this is a fault of the program")
            return
        with self._changed:
            behind = self._tried < self._asked
            self._waiting.append(line)
            self._asked += 1
            mine = self._asked
            self._changed.notify_all()
            if record.noted in _URGENT:
                in_time = self._changed.wait_for(lambda: self._tried >= mine, self._urgent_patience)
                self.late = self.late or not in_time
            elif not behind:
                self._changed.wait_for(lambda: self._tried >= mine, self._patience)

    def close(self, patience: float = 3.0) -> None:
        """Wait up to ``patience`` seconds for what is not written yet; may be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(patience)
        with self._changed:
            left = len(self._waiting)
        if left:
            self._fail(f"the disk does not answer, and the last {left} entries may be missing")

    def _fields(self, record: Record) -> dict[str, Any]:
        sitting, place = self._sitting, record.place
        fields: dict[str, Any] = {"session": sitting.session, "routine": sitting.routine, "title": sitting.title}
        if record.noted is Noted.STARTED:
            fields |= {"version": sitting.version, "approval": sitting.approval, "introduction": sitting.introduction}
        elif record.noted is Noted.APPROVAL:
            fields["fingerprint"] = sitting.approval
        elif record.noted is Noted.INTRODUCED:
            fields["fingerprint"] = sitting.introduction
        name = None if place.exercise is None else sitting.exercises.get(place.exercise)
        where = {"exercise": place.exercise, "name": name, "side": place.side, "rep": place.rep}
        fields |= {key: value for key, value in where.items() if value is not None}
        return {**record.fields, **fields}

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._tried < self._asked or self._closed)
                asked, last_try = self._asked, self._closed
            self._write_what_waits()
            with self._changed:
                self._tried = asked
                self._changed.notify_all()
                if last_try:
                    return

    def _write_what_waits(self) -> None:
        """In order, up to the first that fails: it is the first again next time."""
        while True:
            with self._changed:
                if not self._waiting:
                    return
                line = self._waiting[0]
            try:
                self._write(self._path, line)
            except UnflushedError as fault:
                self._fail(f"the disk did not confirm an entry ({fault.strerror or fault})")
            except Exception as fault:  # whatever it is, the thread must live for the next entry
                reason = fault.strerror if isinstance(fault, OSError) else None
                self._fail(f"it cannot be written ({reason or fault}); pain and doses of this session may be missing")
                return
            with self._changed:
                self._waiting.popleft()

    def _fail(self, what: str) -> None:
        if self.failure is None:
            self.failure = JournalError(f"The journal {self._path} has a problem: {what}.")
