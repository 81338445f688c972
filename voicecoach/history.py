"""What the journal's entries add up to: sessions, doses, streak, what hurt, what was answered. Pure.

The order of the entries is the order of what happened: a clock that was set back changes no outcome. A day is the local
date of the entry itself, so that travelling moves nothing that was done. Entries are anybody's text: every value is
checked, and text is stripped of what could steer a terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

from voicecoach.journal import Entry
from voicecoach.routine.fingerprint import approval_fingerprint, introduction_fingerprint
from voicecoach.routine.model import Routine
from voicecoach.session.effects import Noted
from voicecoach.session.standing import Hurt, Key, Standing
from voicecoach.session.states import State

APPROVAL_WITHDRAWN = "approval_withdrawn"
"""The event that takes approvals back: field ``routine``, or None for all of them."""

_ASKING = (State.CHECK_IN.value, State.CHECK_IN_WAITING.value)
"""What a session does while it asks about new numbness."""

_LONGEST_TEXT = 200
_LONGEST_SECONDS = 86_400.0
_MOST_REPETITIONS = 10_000

FAMILIAR_AFTER = 3
"""Sessions with an exercise, after which its instructions are given in short. Our choice; nobody measured it."""


@dataclass(slots=True)
class Dose:
    """What was completed of one exercise on one side."""

    repetitions: int = 0
    holds: int = 0
    held: float = 0.0
    """Seconds of completed holds."""

    def add(self, other: Dose) -> None:
        """Count ``other`` in."""
        self.repetitions += other.repetitions
        self.holds += other.holds
        self.held += other.held


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a session as the journal names it; None where it does not apply."""

    exercise: str | None = None
    """The exercise's id."""
    name: str | None = None
    side: str | None = None
    rep: int | None = None

    @property
    def shown(self) -> str | None:
        """The exercise's name for people."""
        return self.name or self.exercise


@dataclass(frozen=True, slots=True)
class Incident:
    """Something hurt, was numb, or was a warning sign."""

    kind: Noted
    """PAIN, EMERGENCY or NUMB."""
    at: datetime
    where: Where
    held: float | None
    """Seconds into the hold; None outside one."""
    state: str | None
    """What the session was doing."""
    session: str
    title: str


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What came of asking "any new numbness, tingling or weakness?" once, however often it was repeated."""

    at: datetime
    answer: str
    """``fine``, ``yes`` or ``none``."""
    where: Where
    title: str
    is_reported: bool = False
    """The answer was a report of numbness, which stands among the incidents as well."""


@dataclass(slots=True)
class Approval:
    """A kept "yes" to whether a doctor or therapist has approved."""

    routine: str | None
    title: str
    at: datetime
    fingerprint: str | None
    stands: bool = True
    """False once it was withdrawn, or answered "no"."""


@dataclass(slots=True)
class PastSession:
    """One session, from its first entry to its last."""

    id: str
    routine: str | None
    title: str
    started: datetime
    ended: datetime
    """Its last entry, which is its end where ``reason`` is not None."""
    reason: str | None = None
    """Why it was over, as in Reason; None where it was broken off: no end is in the journal."""
    ran: float | None = None
    """Seconds that it says it ran."""
    doses: dict[Key, Dose] = field(default_factory=dict)
    kinds: set[Noted] = field(default_factory=set)
    """Of the incidents in it."""
    unanswered: int | None = None
    """Which of the history's check-ins waits for its answer: its entry is the session's last."""

    @property
    def seconds(self) -> float:
        """How long it took; up to the last entry where it was broken off, and never negative."""
        if self.ran is not None:
            return self.ran
        return min(max((self.ended - self.started).total_seconds(), 0.0), _LONGEST_SECONDS)

    @property
    def day(self) -> date:
        """The local date on which it started."""
        return self.started.date()


@dataclass(slots=True)
class _Open:
    """A hurt nobody has cleared yet."""

    exercise: str | None
    shown: str | None
    routine: str | None
    urgent: bool


@dataclass(slots=True)
class History:
    """Everything the entries tell, oldest first. Its size is that of the sessions, not of the entries."""

    sessions: list[PastSession] = field(default_factory=list)
    days: dict[date, dict[Key, Dose]] = field(default_factory=dict)
    """Doses by local date, all routines together."""
    names: dict[str, str] = field(default_factory=dict)
    """Exercises' names by id, as they were called last."""
    incidents: list[Incident] = field(default_factory=list)
    check_ins: list[CheckIn] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    introduced: set[str] = field(default_factory=set)
    """Fingerprints of the introductions that were heard in full."""
    open_hurts: dict[str, list[_Open]] = field(default_factory=dict)
    """By session: pain and warning signs that no doctor is said to know of."""

    @property
    def first(self) -> date | None:
        """The earliest day on which anything happened."""
        return min((session.day for session in self.sessions), default=None)

    def name(self, exercise: str) -> str:
        """For people."""
        return self.names.get(exercise, exercise)

    def streak(self, today: date) -> int:
        """Days in a row with something completed, up to today, or up to yesterday while today is still open."""
        day = today if today in self.days else today - timedelta(days=1)
        count = 0
        while day in self.days:
            count += 1
            day -= timedelta(days=1)
        return count


def add_up(entries: Iterable[Entry]) -> History:
    """Read ``entries``, in the order of the file, into a History."""
    history = History()
    sessions: dict[str, PastSession] = {}
    for entry in entries:
        fields = CheckedFields(entry.fields)
        if entry.event == APPROVAL_WITHDRAWN:
            _withdraw(history, fields.text("routine"))
            continue
        try:
            noted = Noted(entry.event)
        except ValueError:
            continue
        session = _session(history, sessions, entry.at, fields)
        _note(noted, history, session, entry.at, fields)
    return history


class CheckedFields:
    """An entry's fields, each as it should be or None."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    def text(self, name: str) -> str | None:
        """Clean and not empty."""
        value = self._raw.get(name)
        return clean(value) or None if isinstance(value, str) else None

    def seconds(self, name: str) -> float | None:
        """Of a day at most."""
        return self._number(name, _LONGEST_SECONDS)

    def _number(self, name: str, most: float) -> float | None:
        value = self._raw.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if 0 <= value <= most and isfinite(value) else None

    def texts(self, name: str) -> list[str]:
        """A list's texts."""
        value = self._raw.get(name)
        return [clean(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def where(self) -> Where:
        """The place."""
        rep = self._number("rep", _MOST_REPETITIONS)
        side = self.text("side")
        return Where(
            self.text("exercise"),
            self.text("name"),
            side if side in ("right", "left") else None,
            int(rep) if rep else None,
        )


def clean(text: str) -> str:
    """``text`` on one line, without control characters and other things that do not print."""
    text = text[:_LONGEST_TEXT]
    if not text.isprintable():
        text = "".join(" " if each.isspace() else each for each in text if each.isspace() or _prints(each))
    return " ".join(text.split())


def _prints(character: str) -> bool:
    # A joiner does not print by itself, but words of several languages are written with it.
    return character.isprintable() or character in "\u200c\u200d"


def _session(history: History, sessions: dict[str, PastSession], at: datetime, fields: CheckedFields) -> PastSession:
    session_id = fields.text("session") or ""
    found = sessions.get(session_id)
    if found is None:
        routine = fields.text("routine")
        title = fields.text("title") or routine or "?"
        found = PastSession(session_id, routine, title, at, at)
        sessions[session_id] = found
        history.sessions.append(found)
    found.ended = at
    return found


def _note(noted: Noted, history: History, session: PastSession, at: datetime, fields: CheckedFields) -> None:
    where = fields.where()
    unanswered, session.unanswered = session.unanswered, None
    match noted:
        case Noted.HOLD:
            seconds = fields.seconds("seconds") or 0.0
            _count(history, session, at, where, Dose(holds=1, held=seconds))
        case Noted.REPETITION:
            _count(history, session, at, where, Dose(repetitions=1))
        case Noted.PAIN | Noted.EMERGENCY | Noted.NUMB:
            held, state = fields.seconds("held"), fields.text("state")
            history.incidents.append(Incident(noted, at, where, held, state, session.id, session.title))
            session.kinds.add(noted)
            if noted is Noted.NUMB:
                if state in _ASKING:
                    _ask(history, session, CheckIn(at, "yes", where, session.title, is_reported=True), unanswered)
            else:
                hurt = _Open(where.exercise, where.shown, session.routine, noted is Noted.EMERGENCY)
                history.open_hurts.setdefault(session.id, []).append(hurt)
        case Noted.CHECK_IN:
            _ask(history, session, CheckIn(at, fields.text("answer") or "none", where, session.title), unanswered)
        case Noted.APPROVAL:
            _answer(history, session, at, fields.text("answer"), fields.text("fingerprint"))
        case Noted.DOCTOR_SEEN if fields.text("answer") == "yes":
            for about in fields.texts("about"):
                history.open_hurts.pop(about, None)
        case Noted.INTRODUCED:
            history.introduced.add(fields.text("fingerprint") or "")
        case Noted.FINISHED:
            session.reason, session.ran = fields.text("reason") or "?", fields.seconds("seconds")


def _ask(history: History, session: PastSession, asked: CheckIn, unanswered: int | None) -> None:
    """Count a check-in, or let it take the place of the one ``unanswered`` where it is the same, asked again."""
    if unanswered is None or history.check_ins[unanswered].where.exercise != asked.where.exercise:
        unanswered = len(history.check_ins)
        history.check_ins.append(asked)
    else:
        history.check_ins[unanswered] = asked
    if asked.answer not in ("fine", "yes"):
        session.unanswered = unanswered


def _count(history: History, session: PastSession, at: datetime, where: Where, dose: Dose) -> None:
    if where.exercise is None:
        return
    if where.name is not None:
        history.names[where.exercise] = where.name
    key = (where.exercise, where.side)
    session.doses.setdefault(key, Dose()).add(dose)
    history.days.setdefault(at.date(), {}).setdefault(key, Dose()).add(dose)


def _answer(history: History, session: PastSession, at: datetime, answer: str | None, content: str | None) -> None:
    if answer == "yes":
        history.approvals.append(Approval(session.routine, session.title, at, content))
        return
    for approval in history.approvals:
        if approval.routine == session.routine or approval.fingerprint == content:
            approval.stands = False


def _withdraw(history: History, routine: str | None) -> None:
    """Whatever was approved under that name, under other names too."""
    content = {approval.fingerprint for approval in history.approvals if routine in (None, approval.routine)}
    for approval in history.approvals:
        if approval.fingerprint in content:
            approval.stands = False


def standing(history: History, name: str, routine: Routine, today: date) -> Standing:
    """Where the user stands with ``routine``, which ``play`` knows as ``name``, on the local date ``today``."""
    content = approval_fingerprint(routine)
    approved = any(approval.stands and approval.fingerprint == content for approval in history.approvals)
    answered = [approval.fingerprint for approval in history.approvals if approval.routine == clean(name)]
    done = history.days.get(today, {})
    return Standing(
        approved=approved,
        changed=not approved and bool(answered) and answered[-1] != content,
        introduced=introduction_fingerprint(routine) in history.introduced,
        hurts=_hurts(history, clean(name), routine),
        familiar=frozenset(name for name, count in _practised(history).items() if count >= FAMILIAR_AFTER),
        done_today={key: dose.repetitions for key, dose in done.items() if dose.repetitions},
    )


def _practised(history: History) -> Counter[str]:
    """In how many sessions each exercise was done at least once."""
    return Counter(
        exercise
        for session in history.sessions
        for exercise in {exercise for (exercise, _), dose in session.doses.items() if dose.repetitions}
    )


def _hurts(history: History, name: str, routine: Routine) -> tuple[Hurt, ...]:
    exercises = {exercise.id for exercise in routine.exercises}
    found = []
    for session, hurts in history.open_hurts.items():
        own = [
            hurt
            for hurt in hurts
            if hurt.routine == name or hurt.exercise in exercises or (hurt.urgent and routine.approval)
        ]
        if own:
            worst = next((hurt for hurt in own if hurt.urgent), own[0])
            found.append(Hurt(session, worst.shown, worst.urgent))
    return tuple(found)
