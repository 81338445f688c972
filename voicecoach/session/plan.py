"""A routine unrolled into steps: what is said and done, in order, for each exercise, side and repetition.

A step is the smallest thing that is done again after an interruption. The plan knows no positions and no lengths:
``timeline.py`` lays its steps on samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from voicecoach.errors import UsageError
from voicecoach.routine.model import CueStyle, Exercise, Range, Routine, Say, Side
from voicecoach.routine.model import Hold as HoldDose
from voicecoach.routine.model import Move as MoveStep
from voicecoach.routine.model import Wait as WaitStep
from voicecoach.routine.prompt_text import expand
from voicecoach.session import defaults
from voicecoach.session.cues import Cue, Earcon, Hold, Place, Prompt, Silence, Sound
from voicecoach.session.standing import Key, Standing
from voicecoach.session.wording import Wording, wording


class Kind(str, Enum):
    """What a step is for."""

    INTRODUCTION = "introduction"
    QUESTION = "question"
    """Yes or no; the timeline ends after it and the session waits for an answer."""
    CHECK_IN = "check_in"
    """"Any new numbness?" The timeline ends after it and the session waits to hear that all is fine."""
    ANNOUNCEMENT = "announcement"
    """Names the exercise, the side or the repetition."""
    INSTRUCTION = "instruction"
    """How it is done: what "repeat" says again in full."""
    HOLD = "hold"
    WAIT = "wait"
    REST = "rest"
    BALANCE = "balance"
    """Names a side that did less than the other, if there is one by then: what is said is not known before."""
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``cues`` as first heard; ``full`` is the complete wording where that differs."""

    kind: Kind
    cues: tuple[Cue, ...]
    place: Place = field(default_factory=Place)
    full: tuple[Cue, ...] | None = None
    bout: int = -1
    """Counts exercise-and-side stretches from 0; -1 outside any. "next" and "back" move by these."""
    completes: bool = False
    """Whether the repetition counts as done when this step has been played to its end."""
    asks: str = ""
    """Which question it is: ``approval``, ``after_pain`` or ``check_in``, as the keys of the wording begin."""

    @property
    def key(self) -> Key:
        """The exercise and side that its repetition counts for."""
        return self.place.exercise or "", self.place.side

    @property
    def in_full(self) -> tuple[Cue, ...]:
        """The cues with the complete wording."""
        return self.full if self.full is not None else self.cues


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user decides where the routine leaves it open."""

    sides: Side | None = None
    """Only this side; None for both."""
    upper: bool = False
    """Take the upper bound of every range instead of the lower."""
    approved: bool = False
    """The approval question is answered beforehand, for this session; never the one after pain."""
    cues: CueStyle | None = None
    """How much is said on the way; None: as the routine says, or as familiar as the exercise is."""
    check_ins: bool = True
    """Ask about new numbness between exercises, where the routine does."""
    standing: Standing = field(default_factory=Standing)
    """What is known of the days before."""

    def of(self, dose: Range) -> float:
        """The number chosen from a range."""
        return dose.high if self.upper else dose.low


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole session as steps; ``where`` has the answer to "where am I" for each of them."""

    steps: tuple[Step, ...]
    where: tuple[str, ...]
    introduction: range = range(0)
    """The steps that say about, precautions and red flags in full; none where a reminder does."""
    standing: Standing = field(default_factory=Standing)
    allowed: Mapping[Key, int] = field(default_factory=dict)
    """For exercises with a daily maximum: the repetitions that the day still allows as the session begins."""
    refusals: Mapping[Key, str] = field(default_factory=dict)
    """What is said where that is used up."""
    laggards: Mapping[Key, str] = field(default_factory=dict)
    """What is said at the end of a side that did less than the other, for exercises of which both are done."""
    is_refused: bool = False
    """The day's maximum was reached before: nothing is left to do but to say so."""

    def texts(self) -> Iterator[str]:
        """Every text that the steps can say, each once."""
        seen: set[str] = set()
        for text in (*self._step_texts(), *self.where, *self.refusals.values(), *self.laggards.values()):
            if text not in seen:
                seen.add(text)
                yield text

    def _step_texts(self) -> Iterator[str]:
        for step in self.steps:
            for cue in (*step.cues, *step.in_full):
                if isinstance(cue, Prompt):
                    yield cue.text

    def first_of_bout(self, bout: int) -> int:
        """Index of the bout's first step."""
        return next(index for index, step in enumerate(self.steps) if step.bout == bout)

    def bouts(self) -> int:
        """How many bouts there are."""
        return max((step.bout for step in self.steps), default=-1) + 1

    def first_of_repetition(self, index: int) -> int:
        """Index of the first step of the repetition, or introduction, that step ``index`` belongs to."""
        here = self.steps[index]
        while index > 0 and self.steps[index - 1].place == here.place and self.steps[index - 1].bout == here.bout:
            index -= 1
        return index


def make_plan(routine: Routine, choices: Choices | None = None, words: Wording | None = None) -> Plan:
    """Unroll ``routine``; the order within it is the file's, sides in the order the exercise asks for.

    The coach's own sentences are in the routine's language, unless ``words`` are given.

    An exercise that has nothing for the chosen side is left out. Raises UsageError where that leaves none.
    """
    return _Planner(routine, choices or Choices(), words or wording(routine.language)).plan()


class _Planner:
    def __init__(self, routine: Routine, choices: Choices, words: Wording) -> None:
        self.routine, self.choices, self.words = routine, choices, words
        self.standing = choices.standing
        self.steps: list[Step] = []
        self.where: list[str] = []
        self.introduction = range(0)
        self.bout = -1
        self.has_practised = False

    def plan(self) -> Plan:
        say = self.words.say
        here = say("where_introduction")
        possible = [exercise for exercise in self.routine.exercises if self._sides(exercise)]
        if not possible:
            raise UsageError(f'"{self.routine.title}" has nothing for the {self._side(self.choices.sides)} side alone.')
        wanted = self._without_companions(possible)
        self._introduce(say("greeting", title=self.routine.title), here)
        refused = not any(self._is_left(exercise) for exercise in wanted if not exercise.optional)
        if refused and any(exercise.per_day for exercise in wanted):
            self._refuse_all(wanted, here)
        else:
            self._introduction(here)
            for exercise in wanted:
                self._exercise(exercise)
            self._add(Step(Kind.BALANCE, ()), here)
            for sentence in self.routine.closing:
                self._close(sentence, here)
            self._add(Step(Kind.CLOSING, (Prompt(say("complete")), _gap(), Earcon(Sound.ENDED))), here)
            refused = False
        limited = [(exercise, side) for exercise in wanted if exercise.per_day for side in self._sides(exercise)]
        return Plan(
            tuple(self.steps),
            tuple(self.where),
            self.introduction,
            self.standing,
            allowed={_key(exercise, side): self._allowed(exercise, side) for exercise, side in limited},
            refusals={_key(exercise, side): self._done_text(exercise, side) for exercise, side in limited},
            laggards=dict(self._laggards(wanted)),
            is_refused=refused,
        )

    def _add(self, step: Step, where: str) -> None:
        self.steps.append(step)
        self.where.append(where)

    def _introduce(self, sentence: str, where: str) -> None:
        self._add(Step(Kind.INTRODUCTION, (Prompt(sentence), _gap())), where)

    def _introduction(self, here: str) -> None:
        say, routine = self.words.say, self.routine
        if self.standing.hurts:
            self._ask("after_pain", (*self._hurt_texts(), say("after_pain")), here)
        if routine.approval and not (self.choices.approved or self.standing.approved):
            changed = (say("approval_changed"),) if self.standing.changed else ()
            self._ask("approval", (*changed, say("approval")), here)
        in_short = self.standing.introduced and routine.reminder
        first = len(self.steps)
        for sentence in routine.reminder if in_short else (*routine.about, *routine.precautions, *routine.red_flags):
            self._introduce(sentence, here)
        if not in_short:
            self.introduction = range(first, len(self.steps))
        self._introduce(say("teach"), here)

    def _ask(self, question: str, texts: tuple[str, ...], here: str) -> None:
        cues = tuple(cue for text in texts for cue in (Prompt(text), _gap()))
        self._add(Step(Kind.QUESTION, cues[:-1], asks=question), here)

    def _hurt_texts(self) -> Iterator[str]:
        hurts, say = self.standing.hurts, self.words.say
        for urgent, key in ((False, "last_time_hurt"), (True, "last_time_warning")):
            if any(hurt.urgent is urgent for hurt in hurts):
                yield say(key)
        for name in dict.fromkeys(hurt.exercise for hurt in hurts if hurt.exercise):
            yield say("last_time_exercise", name=name)

    # The day's maximum ----------------------------------------------------------------------------------------

    def _allowed(self, exercise: Exercise, side: Side | None) -> int:
        """Repetitions that the day still allows; 0 or less for none. Only for exercises with a maximum."""
        return (exercise.per_day or 0) - self.standing.done_today.get(_key(exercise, side), 0)

    def _reps(self, exercise: Exercise, side: Side | None) -> int:
        chosen = round(self.choices.of(exercise.repetitions))
        return min(chosen, max(0, self._allowed(exercise, side))) if exercise.per_day else chosen

    def _is_left(self, exercise: Exercise) -> bool:
        return any(self._reps(exercise, side) for side in self._sides(exercise))

    def _without_companions(self, exercises: list[Exercise]) -> list[Exercise]:
        """Without those that go with an exercise of which nothing is done today."""
        left = {exercise.id for exercise in exercises if self._is_left(exercise)}
        return [exercise for exercise in exercises if exercise.goes_with is None or exercise.goes_with in left]

    def _refuse_all(self, exercises: list[Exercise], here: str) -> None:
        for exercise in exercises:
            if exercise.per_day:
                self._close(self.words.say("announce", name=exercise.name), here)
                for text in self._limit_texts(exercise):
                    self._close(text, here)
        self._add(Step(Kind.CLOSING, (Prompt(self.words.say("enough_today")), _gap(), Earcon(Sound.ENDED))), here)

    def _close(self, sentence: str, here: str) -> None:
        self._add(Step(Kind.CLOSING, (Prompt(sentence), _gap())), here)

    def _done_text(self, exercise: Exercise, side: Side | None) -> str:
        key = "daily_done" if side is None else "daily_done_side"
        return self.words.say(key, most=exercise.per_day, side=self._side(side), limb=self._limb(exercise))

    def _limit_texts(self, exercise: Exercise) -> Iterator[str]:
        """What is left today of each side that cannot do all that was asked for."""
        if len(self._sides(exercise)) == 2 and not self._is_left(exercise):
            yield self.words.say("daily_done_each", most=exercise.per_day, limb=self._limb(exercise))
            return
        for side in self._sides(exercise):
            left = self._reps(exercise, side)
            if not exercise.per_day or left == round(self.choices.of(exercise.repetitions)):
                continue
            if left == 0:
                yield self._done_text(exercise, side)
                continue
            key = "daily_left" if side is None else "daily_left_side"
            done = self.standing.done_today.get(_key(exercise, side), 0)
            yield self.words.say(key, done=done, most=exercise.per_day, left=left, side=self._side(side),
                                 limb=self._limb(exercise))  # fmt: skip

    def _laggards(self, exercises: list[Exercise]) -> Iterator[tuple[Key, str]]:
        for exercise in exercises:
            for side in self._sides(exercise) if exercise.sides == "both" and self.choices.sides is None else ():
                yield _key(exercise, side), self.words.say(
                    "did_less", side=self._side(side), other=self._side(side.other if side else None),
                    limb=self._limb(exercise), name=exercise.name,
                )  # fmt: skip

    # Exercises ------------------------------------------------------------------------------------------------

    def _exercise(self, exercise: Exercise) -> None:
        reps = {side: self._reps(exercise, side) for side in self._sides(exercise)}
        sides = [side for side, left in reps.items() if left]
        if not sides:
            self.bout += 1
            for text in (self.words.say("announce", name=exercise.name), *self._limit_texts(exercise)):
                step = Step(Kind.ANNOUNCEMENT, (Prompt(text), _gap()), Place(exercise.id), bout=self.bout)
                self._add(step, exercise.name)
            return
        if self.has_practised and self.routine.check_ins and self.choices.check_ins:
            self._check_in()
        self.has_practised = True
        rounds: list[tuple[Side | None, int]]
        if exercise.order == "alternating":
            rounds = [(side, rep) for rep in range(1, max(reps.values()) + 1) for side in sides if rep <= reps[side]]
        else:
            rounds = [(side, rep) for side in sides for rep in range(1, reps[side] + 1)]
        previous: Side | None = None
        for number, (side, rep) in enumerate(rounds):
            new_bout = number == 0 or (exercise.order == "side_by_side" and side != previous)
            self.bout += new_bout
            at = _Round(exercise, side, rep, reps[side], self.bout, rep == 1, self._style(exercise))
            if number == 0:
                self._announce(at, {side: reps[side] for side in sides})
            elif new_bout:
                self._switch(at, self.words.say("other_side", side=self._side(side), limb=self._limb(exercise)))
            elif side != previous:
                self._switch(at, self.words.say("alternating_side", side=self._side(side), limb=self._limb(exercise)))
            else:
                self._rest(at, rounds[number - 1][1])
                self._cue_repetition(at)
            self._repetition(at)
            previous = side
        rest = Step(Kind.REST, (Silence("gap", defaults.BETWEEN_EXERCISES),), self.steps[-1].place, bout=self.bout)
        self._add(rest, self.where[-1])

    def _style(self, exercise: Exercise) -> CueStyle:
        familiar = CueStyle.BRIEF if exercise.id in self.standing.familiar else CueStyle.FULL
        return self.choices.cues or self.routine.cues or familiar

    def _check_in(self) -> None:
        """It belongs to the exercise that was done before it: what is new may come from that one."""
        before = self.steps[-1]
        cues, place = (Prompt(self.words.say("check_in")),), Place(before.place.exercise)
        self._add(Step(Kind.CHECK_IN, cues, place, bout=before.bout, asks="check_in"), self.where[-1])

    def _sides(self, exercise: Exercise) -> list[Side | None]:
        if exercise.sides == "none":
            return [None]
        both = exercise.sides == "both"
        wanted = [exercise.first_side, exercise.first_side.other] if both else [Side(exercise.sides)]
        return [side for side in wanted if self.choices.sides in (None, side)]

    def _announce(self, at: _Round, reps: Mapping[Side | None, int]) -> None:
        exercise, say, limb = at.exercise, self.words.say, self._limb(at.exercise)
        texts = [say("announce_optional" if exercise.optional else "announce", name=exercise.name)]
        if exercise.about and at.style is CueStyle.FULL:
            texts.append(exercise.about)
        texts += self._limit_texts(exercise)
        if len(set(reps.values())) > 1:
            texts += [say("count_side", reps=left, side=self._side(side), limb=limb) for side, left in reps.items()]
        elif at.reps > 1:
            texts.append(say("count_each" if len(reps) == 2 else "count", reps=at.reps, limb=limb))
        if at.side is not None:
            texts.append(say("first_side" if len(reps) == 2 else "only_side", side=self._side(at.side), limb=limb))
        for text in texts:
            self._step(at, Kind.ANNOUNCEMENT, (Prompt(text), _gap()))

    def _switch(self, at: _Round, text: str) -> None:
        cues = (Earcon(Sound.SWITCH_SIDES), _gap(), Prompt(text), Silence("gap", defaults.CHANGE_OVER))
        self._step(at, Kind.ANNOUNCEMENT, cues)

    def _rest(self, at: _Round, previous_rep: int) -> None:
        rest = at.exercise.rest if at.exercise.rest is not None else defaults.REST
        place = Place(at.exercise.id, at.side.value if at.side else None, previous_rep)
        self._add(Step(Kind.REST, (Silence("rest", rest),), place, bout=at.bout), self.where[-1])

    def _cue_repetition(self, at: _Round) -> None:
        if at.style is CueStyle.CHIMES and any(isinstance(step, HoldDose) for step in at.exercise.steps):
            return
        key = "repetition_no_side" if at.side is None else "repetition"
        text = self.words.say(key, name=at.exercise.name, side=self._side(at.side), limb=self._limb(at.exercise),
                              rep=at.rep, reps=at.reps)  # fmt: skip
        self._step(at, Kind.ANNOUNCEMENT, (Prompt(text), _gap()))

    def _repetition(self, at: _Round) -> None:
        begin = len(self.steps)
        for step in at.exercise.steps:
            if isinstance(step, Say):
                self._spoken(at, step.say, step.short if step.short is not None else "", _gap())
            elif isinstance(step, MoveStep):
                short = step.short if step.short is not None else step.move
                self._spoken(at, step.move, short, Silence("move", step.time))
            elif isinstance(step, HoldDose):
                self._hold(at, self.choices.of(step.hold))
            else:
                self._wait(at, step)
        done = range(len(self.steps) - 1, begin - 1, -1)
        last = next((i for i in done if self.steps[i].kind is not Kind.ANNOUNCEMENT and self.steps[i].cues), None)
        if last is None:
            # Short wordings may leave nothing of a repetition; something has to be said for it to be one.
            last = len(self.steps) - 1
            self.steps[last] = replace(self.steps[last], cues=self.steps[last].in_full)
        self.steps[last] = replace(self.steps[last], completes=True)

    def _spoken(self, at: _Round, full: str, short: str, after: Silence) -> None:
        whole = (Prompt(self._fill(at, full)), after)
        brief: tuple[Cue, ...] = (after,) if after.reason == "move" else ()
        if short and at.style is not CueStyle.CHIMES:
            brief = (Prompt(self._fill(at, short)), after)
        self._step(at, Kind.INSTRUCTION, whole if at.in_full else brief, whole)

    def _hold(self, at: _Round, held: float) -> None:
        lead_in = at.exercise.lead_in if at.exercise.lead_in is not None else defaults.LEAD_IN
        start = (Silence("lead_in", lead_in), Hold(held), Silence("gap", defaults.AFTER_HOLD))
        announced = (Prompt(self.words.say("hold", duration=self.words.duration(held))), *start)
        full = (*announced, Prompt(self.words.say("release")), _gap())
        as_first = {CueStyle.FULL: full, CueStyle.BRIEF: announced, CueStyle.CHIMES: start}[at.style]
        self._step(at, Kind.HOLD, as_first if at.first else start, full)

    def _wait(self, at: _Round, step: WaitStep) -> None:
        texts = ([step.say] if step.say else []) + [self.words.say("wait", duration=self.words.duration(step.wait))]
        for text in texts:
            prompt = Prompt(self._fill(at, text))
            self._step(at, Kind.INSTRUCTION, (prompt, _gap()))
        over = (Earcon(Sound.END), _gap(), Prompt(self.words.say("wait_over")), _gap())
        self._step(at, Kind.WAIT, (Silence("wait", step.wait), *over))

    def _step(self, at: _Round, kind: Kind, cues: tuple[Cue, ...], full: tuple[Cue, ...] | None = None) -> None:
        place = Place(at.exercise.id, at.side.value if at.side else None, at.rep)
        self._add(Step(kind, cues, place, full, at.bout), self._where(at))

    def _where(self, at: _Round) -> str:
        key = "where" if at.side is None else "where_side"
        return self.words.say(key, name=at.exercise.name, side=self._side(at.side), limb=self._limb(at.exercise),
                              rep=at.rep, reps=at.reps)  # fmt: skip

    def _fill(self, at: _Round, text: str) -> str:
        held = next((self.choices.of(s.hold) for s in at.exercise.steps if isinstance(s, HoldDose)), None)
        side, other = self._side(at.side), self._side(at.side.other if at.side else None)
        return expand(text, side=side, other_side=other, rep=at.rep, reps=at.reps,
                      seconds=f"{held:g}" if held is not None else "")  # fmt: skip

    def _side(self, side: Side | None) -> str:
        return self.words.say(side.value).lower() if side else ""

    def _limb(self, exercise: Exercise) -> str:
        return exercise.limb or self.words.say("side").lower()


@dataclass(frozen=True, slots=True)
class _Round:
    exercise: Exercise
    side: Side | None
    rep: int
    reps: int
    bout: int
    first: bool
    """First time on this side."""
    style: CueStyle

    @property
    def in_full(self) -> bool:
        """Whether instructions are given in full wording."""
        return self.first and self.style is CueStyle.FULL


def _key(exercise: Exercise, side: Side | None) -> Key:
    return exercise.id, side.value if side else None


def _gap() -> Silence:
    return Silence("gap", defaults.AFTER_SENTENCE)
