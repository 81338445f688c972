"""What the journal adds up to, and what a session is told of the days before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_journal import SUMMER, TODAY, Play, Written, three_months, write

from voicecoach.history import APPROVAL_WITHDRAWN, Dose, History, add_up, clean, standing
from voicecoach.journal import Entry, read
from voicecoach.routine.library import find
from voicecoach.routine.loader import load
from voicecoach.session.effects import Noted
from voicecoach.session.standing import Hurt, Standing

WRIST, GLIDE, NECK, TOUR, ALL = (
    load(find(name))
    for name in ("wrist-stretches", "median-nerve-glide", "neck-range-of-motion", "tour", "arms-and-hands")
)
MORNING = datetime(2026, 5, 4, 8, 0, tzinfo=SUMMER)
DAY = MORNING.date()
EXTENSION_RIGHT = ("wrist-extension", "right")


def entries(*parts: Play | Iterable[Written]) -> list[Entry]:
    written = [entry for part in parts for entry in (part.written if isinstance(part, Play) else part)]
    return [Entry(line, at, event, fields) for line, (at, event, fields) in enumerate(written, 1)]


def history(*parts: Play | Iterable[Written]) -> History:
    return add_up(entries(*parts))


def wrist(session: str = "s1", at: datetime = MORNING) -> Play:
    return Play("wrist-stretches", session, at).start()


def withdrawn(routine: str | None = None, at: datetime = MORNING) -> list[Written]:
    return [(at, APPROVAL_WITHDRAWN, {"routine": routine})]


def asked(past: History, today: date = DAY) -> Standing:
    return standing(past, "wrist-stretches", WRIST, today)


# Sessions and doses --------------------------------------------------------------------------------------------------


def test_nothing_is_nothing() -> None:
    past = history()
    assert (past.sessions, past.first, past.streak(DAY)) == ([], None, 0)
    assert asked(past) == Standing()


def test_a_session_from_start_to_end() -> None:
    past = history(wrist().exercises(check_in="fine").finish())
    (session,) = past.sessions
    assert (session.title, session.routine, session.reason) == ("Wrist stretches", "wrist-stretches", "completed")
    assert session.started == MORNING
    assert session.seconds == (session.ended - MORNING).total_seconds() == 20 * 26 + 6 + 3
    assert session.doses == {
        (exercise, side): Dose(repetitions=5, holds=5, held=75.0)
        for exercise in ("wrist-extension", "wrist-flexion")
        for side in ("right", "left")
    }
    assert past.days == {DAY: session.doses}
    assert past.name("wrist-flexion") == "Wrist flexion stretch"
    assert [answer.answer for answer in past.check_ins] == ["fine"]


FLEXION, EXTENSION = ({"exercise": name, "name": name} for name in ("wrist-flexion", "wrist-extension"))
NONE, FINE, YES, NUMB = (
    ("check_in", {"answer": "none"}), ("check_in", {"answer": "fine"}), ("check_in", {"answer": "yes"}),
    ("numb", {"state": "check_in_waiting", "held": None}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "answers"),
    [
        ([(NONE, FLEXION), (FINE, FLEXION)], ["fine"]),
        ([(NONE, FLEXION), (NONE, FLEXION), (YES, FLEXION)], ["yes"]),
        ([(NONE, FLEXION), (NONE, FLEXION)], ["none"]),
        ([(NONE, FLEXION), (FINE, FLEXION), (FINE, FLEXION)], ["fine", "fine"]),
        ([(NONE, FLEXION), (FINE, EXTENSION)], ["none", "fine"]),
        ([(NONE, FLEXION), (("repetition", {}), FLEXION), (FINE, FLEXION)], ["none", "fine"]),
        ([(NUMB, FLEXION)], ["yes"]),
        ([(("numb", {"state": "check_in"}), FLEXION), (FINE, FLEXION)], ["yes", "fine"]),
        ([(NONE, FLEXION), (NUMB, FLEXION)], ["yes"]),
        ([(NONE, FLEXION), (NUMB, EXTENSION)], ["none", "yes"]),
        ([(("numb", {"state": "holding"}), FLEXION)], []),
        ([(("numb", {}), FLEXION)], []),
    ],
)
def test_a_check_in_is_counted_once_however_often_it_was_asked_before_its_answer(
    entries: list[tuple[tuple[str, dict[str, Any]], dict[str, Any]]], answers: list[str]
) -> None:
    play = wrist()
    for (event, fields), where in entries:
        play.note(event, **where, **fields)
    past = history(play)
    assert [each.answer for each in past.check_ins] == answers
    assert len(past.incidents) == sum(event == "numb" for (event, _), _ in entries)


def test_an_answer_belongs_to_its_own_session() -> None:
    one = wrist("a").note("check_in", **FLEXION, answer="none")
    two = wrist("b").note("check_in", **FLEXION, answer="fine")
    late = Play("wrist-stretches", "a", MORNING).note("check_in", **FLEXION, answer="yes")
    assert [each.answer for each in history(one, two).check_ins] == ["none", "fine"]
    assert [each.answer for each in history(one, two, late).check_ins] == ["yes", "fine"]


def test_a_session_without_an_end_was_broken_off_at_its_last_entry() -> None:
    (session,) = history(wrist().exercises(("wrist-extension", "right", 3))).sessions
    assert (session.reason, session.seconds) == (None, 2 * 26)
    assert session.doses[EXTENSION_RIGHT] == Dose(2, 2, 30.0)


def test_a_clock_that_was_set_back_takes_no_time_and_no_order_away() -> None:
    play = wrist().exercises(("wrist-extension", "right", 2))
    play.at -= timedelta(days=400)
    play.note("pain", 1, held=3.0, **play.place("wrist-extension", "right", 2))
    past = history(play, Play("tour", "s2", MORNING + timedelta(days=1)).start())
    assert past.sessions[0].seconds == 0
    assert [session.id for session in past.sessions] == ["s1", "s2"]
    assert asked(past).hurts == (Hurt("s1", "Wrist extension stretch"),)


def test_two_sessions_at_once_stay_two() -> None:
    one, two = wrist("a").exercises().finish(), wrist("b").exercises().finish("stop")
    mixed = [entry for pair in zip(one.written, two.written, strict=True) for entry in pair]
    assert [(session.id, session.reason) for session in history(mixed).sessions] == [("a", "completed"), ("b", "stop")]


def test_a_day_is_the_local_one_of_its_entry() -> None:
    tokyo = timezone(timedelta(hours=9))
    late = wrist("a", datetime(2026, 5, 4, 23, 50, tzinfo=SUMMER)).exercises(("wrist-extension", "right", 2))
    early = wrist("b", datetime(2026, 5, 5, 6, 50, 30, tzinfo=tokyo)).exercises(("wrist-extension", "right", 2))
    assert set(history(late, early).days) == {date(2026, 5, 4), date(2026, 5, 5)}


def test_a_session_over_midnight_counts_on_both_days() -> None:
    play = wrist(at=datetime(2026, 5, 4, 23, 59, 0, tzinfo=SUMMER)).exercises(("wrist-extension", "left", 1))
    counts = {day: doses[EXTENSION_RIGHT].repetitions for day, doses in history(play).days.items()}
    assert counts == {date(2026, 5, 4): 2, date(2026, 5, 5): 3}


@pytest.mark.parametrize(
    ("back", "streak"),
    [((0,), 1), ((1,), 1), ((2,), 0), ((0, 1, 2), 3), ((1, 2, 3), 3), ((0, 2, 3), 1), ((0, 0, 1), 2), ((-1, 1), 1)],
)
def test_a_streak_runs_up_to_today_or_yesterday(back: tuple[int, ...], streak: int) -> None:
    plays = [wrist(f"s{n}", MORNING - timedelta(days=days)).exercises().finish() for n, days in enumerate(back)]
    assert history(*plays).streak(DAY) == streak


def test_starting_alone_makes_no_streak() -> None:
    assert history(wrist().finish("stop")).streak(DAY) == 0


def test_incidents_tell_where_and_when() -> None:
    play = wrist()
    play.note("pain", 9, state="holding", held=6.4, **play.place("wrist-flexion", "left", 3))
    play.note("emergency", 2, state="safety_talk", held=None).note("numb", 1, exercise="wrist-flexion")
    pain, warning, numb = history(play).incidents
    assert (pain.kind, pain.where.shown, pain.where.side, pain.where.rep, pain.held, pain.state) == (
        Noted.PAIN, "Wrist flexion stretch", "left", 3, 6.4, "holding")  # fmt: skip
    assert (warning.kind, warning.where.shown, warning.held, warning.at) == (
        Noted.EMERGENCY, None, None, MORNING + timedelta(seconds=11))  # fmt: skip
    assert (numb.kind, numb.where.shown) == (Noted.NUMB, "wrist-flexion")


# Approval ------------------------------------------------------------------------------------------------------------


def changed_wrist() -> Play:
    other = WRIST.model_copy(update={"exercises": WRIST.exercises[:1]})
    return Play("wrist-stretches", "old", MORNING, other)


@pytest.mark.parametrize(
    ("parts", "approved", "changed"),
    [
        ([wrist().approve()], True, False),
        ([wrist().approve("no")], False, False),
        ([wrist()], False, False),
        ([wrist().approve(), wrist("s2").approve("no")], False, False),
        ([wrist().approve("no"), wrist("s2").approve()], True, False),
        ([changed_wrist().approve()], False, True),
        ([changed_wrist().approve("no")], False, False),
        ([changed_wrist().approve(), wrist().approve()], True, False),
        ([wrist().approve(), changed_wrist().approve()], True, False),
        ([wrist().approve(), changed_wrist().approve("no")], False, False),
        ([wrist().approve(), withdrawn()], False, False),
        ([wrist().approve(), withdrawn("wrist-stretches")], False, False),
        ([wrist().approve(), withdrawn("tour")], True, False),
        ([withdrawn(), wrist().approve()], True, False),
        ([wrist().approve(), withdrawn(), wrist("s2").approve()], True, False),
        ([Play("copy", "c", MORNING, WRIST).approve()], True, False),
        ([Play("copy", "c", MORNING, WRIST).approve(), withdrawn("copy")], False, False),
        ([wrist().approve(), Play("copy", "c", MORNING, WRIST).approve(), withdrawn("copy")], False, False),
        ([Play("tour", "t", MORNING).approve()], False, False),
        ([[(MORNING, "approval", {"routine": "wrist-stretches", "answer": "yes"})]], False, True),
    ],
)
def test_an_approval_holds_for_what_was_approved_until_it_is_taken_back(
    parts: list[Play | list[Written]], approved: bool, changed: bool
) -> None:
    found = asked(history(*parts))
    assert (found.approved, found.changed) == (approved, changed)


def test_approvals_can_be_shown() -> None:
    past = history(wrist().approve(), Play("tour", "t", MORNING).approve(), withdrawn("tour"))
    assert [(each.routine, each.title, each.at.date(), each.stands) for each in past.approvals] == [
        ("wrist-stretches", "Wrist stretches", DAY, True), ("tour", past.approvals[1].title, DAY, False)]  # fmt: skip


def test_an_introduction_counts_for_its_own_words_only() -> None:
    heard = wrist()
    heard.note("introduced", fingerprint=heard.sitting.introduction)
    past = history(heard)
    assert asked(past).introduced
    assert not standing(past, "wrist-stretches", WRIST.model_copy(update={"about": ("Other words.",)}), DAY).introduced


# What hurt -----------------------------------------------------------------------------------------------------------


def hurting(
    kind: str, session: str = "s1", name: str = "wrist-stretches", exercise: str | None = "wrist-flexion"
) -> Play:
    play = Play(name, session, MORNING).start()
    where = {} if exercise is None else play.place(exercise, "left", 1)
    return play.note(kind, 5, state="holding", held=1.0, **where).finish(kind)


def seen(answer: str, *about: str, session: str = "later") -> list[Written]:
    return [(MORNING, "doctor_seen", {"session": session, "routine": "wrist-stretches", "answer": answer,
                                      "about": list(about)})]  # fmt: skip


PAIN, WARNING = Hurt("s1", "Wrist flexion stretch"), Hurt("s1", "Wrist flexion stretch", urgent=True)


@pytest.mark.parametrize(
    ("parts", "hurts"),
    [
        ([hurting("pain")], (PAIN,)),
        ([hurting("emergency")], (WARNING,)),
        ([hurting("numb")], ()),
        ([hurting("pain"), hurting("emergency")], (WARNING,)),
        ([hurting("pain"), seen("yes", "s1")], ()),
        ([hurting("pain"), seen("no", "s1")], (PAIN,)),
        ([hurting("pain"), seen("yes", "other")], (PAIN,)),
        ([seen("yes", "s1"), hurting("pain")], (PAIN,)),
        ([hurting("pain"), hurting("pain", "s2"), seen("yes", "s1")], (replace(PAIN, session="s2"),)),
        ([hurting("pain"), hurting("pain", "s2"), seen("yes", "s1", "s2")], ()),
        ([hurting("pain", exercise=None)], (Hurt("s1", None),)),
        ([hurting("pain", name="arms-and-hands")], (PAIN,)),
        ([hurting("pain", name="arms-and-hands", exercise="neck-turns")], ()),
        ([hurting("emergency", name="arms-and-hands", exercise="neck-turns")], (Hurt("s1", "Neck turns", True),)),
        ([hurting("emergency", name="tour", exercise=None)], (Hurt("s1", None, urgent=True),)),
    ],
)
def test_what_hurt_is_asked_about_until_a_doctor_knows(
    parts: list[Play | list[Written]], hurts: tuple[Hurt, ...]
) -> None:
    assert asked(history(*parts)).hurts == hurts


def test_pain_belongs_to_its_routine_and_its_exercise_and_a_warning_sign_to_all_that_need_approval() -> None:
    pain, warning = history(hurting("pain")), history(hurting("emergency"))
    told = {
        name: (bool(standing(pain, name, routine, DAY).hurts), bool(standing(warning, name, routine, DAY).hurts))
        for name, routine in (("wrist-stretches", WRIST), ("arms-and-hands", ALL), ("median-nerve-glide", GLIDE),
                              ("neck-range-of-motion", NECK), ("tour", TOUR))
    }  # fmt: skip
    assert told == {
        "wrist-stretches": (True, True), "arms-and-hands": (True, True), "median-nerve-glide": (False, True),
        "neck-range-of-motion": (False, True), "tour": (False, False)}  # fmt: skip


def test_done_today_adds_up_all_sittings_and_routines() -> None:
    yesterday = wrist("y", MORNING - timedelta(days=1)).exercises()
    here = wrist("a").exercises(("wrist-extension", "left", 3))
    there = Play("arms-and-hands", "b", MORNING).exercises(("wrist-extension", "right", 3))
    done = asked(history(yesterday, here, there)).done_today
    assert (done[EXTENSION_RIGHT], done["wrist-extension", "left"]) == (7, 2)
    assert ("wrist-flexion", "left") not in done
    assert all(side is None for exercise, side in done if exercise == "neck-turns")


# Whatever stands in the file -----------------------------------------------------------------------------------------

_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("wrist-flexion"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
_NAMES = ["session", "routine", "title", "exercise", "name", "side", "rep", "seconds", "held", "state", "answer",
          "about", "fingerprint", "reason"]  # fmt: skip
_EVENTS = st.sampled_from([*(noted.value for noted in Noted), APPROVAL_WITHDRAWN, "grip"])
_TIMES = st.datetimes(timezones=st.timezones() | st.just(timezone.utc))


@given(st.lists(st.tuples(_TIMES, _EVENTS, st.dictionaries(st.sampled_from(_NAMES), _ANYTHING)), max_size=8))
def test_no_entry_stops_the_sum(written: list[tuple[datetime, str, dict[str, Any]]]) -> None:
    past = history(written)
    past.streak(DAY)
    assert all(session.seconds >= 0 for session in past.sessions)
    for name, routine in (("wrist-stretches", WRIST), ("tour", TOUR)):
        standing(past, name, routine, DAY)


def test_text_of_strangers_cannot_steer_a_terminal() -> None:
    assert clean("Wrist\x1b[2J\u202estretch\n\tnow\u00a0\ud800!\u200d") == "Wrist[2Jstretch now !\u200d"
    assert len(clean("x" * 10_000)) == 200


def test_three_months_come_back_from_the_file(tmp_path: Path) -> None:
    written = three_months()
    past = add_up(read(write(tmp_path / "journal.jsonl", written)))
    assert past.sessions == history(written).sessions
    assert len(past.sessions) == len({fields["session"] for _, _, fields in written}) > 60
    assert [incident.kind for incident in past.incidents] == [Noted.PAIN, Noted.NUMB, Noted.EMERGENCY]
    now = standing(past, "wrist-stretches", WRIST, TODAY.date())
    assert (now.approved, now.introduced, [hurt.urgent for hurt in now.hurts]) == (True, True, [True])
