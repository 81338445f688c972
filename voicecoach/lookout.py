"""Follows a session from beside it, so that a glance at it can be had at any moment and costs next to nothing."""

from __future__ import annotations

from voicecoach.glance import Glance, Listening
from voicecoach.session.cues import CueEnded, CueStarted, Hold, Silence
from voicecoach.session.effects import Noted, Record
from voicecoach.session.events import Event
from voicecoach.session.session import Session
from voicecoach.session.states import PLAYING, State


class Lookout:
    """Called in the thread that owns the session, with every event after it was handled."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._passing: CueStarted | None = None
        """The hold or silence that is under way."""
        self._left_out: frozenset[str] = frozenset()
        self._end: tuple[State, int] | None = None
        """The state for which the end of the session was worked out, and where on the stream it will be; where the
        session does not go on by itself, how far away it is. None once anything may have moved it."""

    def follow(self, event: Event | None) -> None:
        """``event`` was handled; None: a deadline was."""
        if isinstance(event, CueStarted):
            if isinstance(event.segment.cue, Hold | Silence):
                self._passing = event
        elif isinstance(event, CueEnded):
            if self._passing is not None and event.segment is self._passing.segment:
                self._passing = None
        else:
            self._end = None

    def note(self, record: Record) -> None:
        """This goes into the journal."""
        is_new = record.noted is Noted.NUMB or (record.noted is Noted.CHECK_IN and record.fields.get("answer") == "yes")
        if is_new and record.place.exercise is not None:
            self._left_out |= {record.place.exercise}

    def glance(self, position: int, listening: Listening, level: float | None) -> Glance:
        """What there is to see with the stream at ``position``."""
        session, passing = self._session, self._passing
        cue = passing.segment.cue if passing is not None else None
        return Glance(
            at=position,
            state=session.state,
            place=session.place,
            step=session.progress()[0],
            left=self._left(position),
            cue=cue if isinstance(cue, Hold | Silence) else None,
            begun=passing.at if passing is not None else 0,
            until=passing.at + passing.segment.end - passing.segment.start if passing is not None else 0,
            left_out=self._left_out,
            listening=listening,
            level=level,
            rate=session.lengths.rate,
        )

    def _left(self, position: int) -> int:
        """Frames to the end. Working it out anew lays out the rest of the plan: some milliseconds, so it is kept."""
        state = self._session.state
        goes_on = state in (*PLAYING, State.CLOSING)
        if self._end is None or self._end[0] is not state:
            left = self._session.remaining(position)
            self._end = state, left + position if goes_on else left
        return max(0, self._end[1] - position) if goes_on else self._end[1]
