"""A routine unrolled into steps: what is said and done, in order, for each exercise, side and repetition.

A step is the smallest thing that is done again after an interruption. The plan knows no positions and no lengths:
``timeline.py`` lays its steps on samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from voicecoach.errors import UsageError
from voicecoach.routine.model import Exercise, Range, Routine, Say, Side
from voicecoach.routine.model import Hold as HoldDose
from voicecoach.routine.model import Move as MoveStep
from voicecoach.routine.model import Wait as WaitStep
from voicecoach.routine.prompt_text import expand
from voicecoach.session import defaults
from voicecoach.session.cues import Cue, Earcon, Hold, Place, Prompt, Silence, Sound
from voicecoach.session.wording import Wording, wording
from voicecoach.units import spoken_duration


class Kind(str, Enum):
    """What a step is for."""

    INTRODUCTION = "introduction"
    QUESTION = "question"
    """The timeline ends after it and the session waits for an answer."""
    ANNOUNCEMENT = "announcement"
    """Names the exercise, the side or the repetition."""
    INSTRUCTION = "instruction"
    """How it is done: what "repeat" says again in full."""
    HOLD = "hold"
    WAIT = "wait"
    REST = "rest"
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
    """The approval question has been answered already."""

    def of(self, dose: Range) -> float:
        """The number chosen from a range."""
        return dose.high if self.upper else dose.low


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole session as steps; ``where`` has the answer to "where am I" for each of them."""

    steps: tuple[Step, ...]
    where: tuple[str, ...]

    def texts(self) -> Iterator[str]:
        """Every text that the steps can say, each once."""
        seen: set[str] = set()
        for step in self.steps:
            for cue in (*step.cues, *step.in_full):
                if isinstance(cue, Prompt) and cue.text not in seen:
                    seen.add(cue.text)
                    yield cue.text
        for text in self.where:
            if text not in seen:
                seen.add(text)
                yield text

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

    An exercise that has nothing for the chosen side is left out. Raises UsageError where that leaves none.
    """
    return _Planner(routine, choices or Choices(), words or wording()).plan()


class _Planner:
    def __init__(self, routine: Routine, choices: Choices, words: Wording) -> None:
        self.routine, self.choices, self.words = routine, choices, words
        self.steps: list[Step] = []
        self.where: list[str] = []
        self.bout = -1

    def plan(self) -> Plan:
        say = self.words.say
        here = say("where_introduction")
        self._introduce(say("greeting", title=self.routine.title), here)
        if self.routine.approval and not self.choices.approved:
            self._add(Step(Kind.QUESTION, (Prompt(say("approval")),)), here)
        for sentence in (*self.routine.about, *self.routine.precautions, *self.routine.red_flags):
            self._introduce(sentence, here)
        self._introduce(say("teach"), here)
        for exercise in self.routine.exercises:
            self._exercise(exercise)
        if self.bout < 0:
            raise UsageError(f'"{self.routine.title}" has nothing for the {self._side(self.choices.sides)} side alone.')
        for sentence in self.routine.closing:
            self._add(Step(Kind.CLOSING, (Prompt(sentence), _gap())), here)
        self._add(Step(Kind.CLOSING, (Prompt(say("complete")), _gap(), Earcon(Sound.ENDED))), here)
        return Plan(tuple(self.steps), tuple(self.where))

    def _add(self, step: Step, where: str) -> None:
        self.steps.append(step)
        self.where.append(where)

    def _introduce(self, sentence: str, where: str) -> None:
        self._add(Step(Kind.INTRODUCTION, (Prompt(sentence), _gap())), where)

    def _exercise(self, exercise: Exercise) -> None:
        sides = self._sides(exercise)
        if not sides:
            return
        reps = round(self.choices.of(exercise.repetitions))
        rounds: list[tuple[Side | None, int]]
        if exercise.order == "alternating":
            rounds = [(side, rep) for rep in range(1, reps + 1) for side in sides]
        else:
            rounds = [(side, rep) for side in sides for rep in range(1, reps + 1)]
        previous: Side | None = None
        for number, (side, rep) in enumerate(rounds):
            new_bout = number == 0 or (exercise.order == "side_by_side" and side != previous)
            self.bout += new_bout
            at = _Round(exercise, side, rep, reps, self.bout, first=rep == 1, sides=len(sides))
            if number == 0:
                self._announce(at)
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

    def _sides(self, exercise: Exercise) -> list[Side | None]:
        if exercise.sides == "none":
            return [None]
        both = exercise.sides == "both"
        wanted = [exercise.first_side, exercise.first_side.other] if both else [Side(exercise.sides)]
        return [side for side in wanted if self.choices.sides in (None, side)]

    def _announce(self, at: _Round) -> None:
        exercise, say = at.exercise, self.words.say
        texts = [say("announce_optional" if exercise.optional else "announce", name=exercise.name)]
        if exercise.about:
            texts.append(exercise.about)
        if at.reps > 1:
            key = "count_each" if at.sides == 2 else "count"
            texts.append(say(key, reps=at.reps, limb=self._limb(exercise)))
        if at.side is not None:
            key = "first_side" if at.sides == 2 else "only_side"
            texts.append(say(key, side=self._side(at.side), limb=self._limb(exercise)))
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
        brief: tuple[Cue, ...] = (Prompt(self._fill(at, short)), after) if short else ()
        if not short and after.reason == "move":
            brief = (after,)
        self._step(at, Kind.INSTRUCTION, whole if at.first else brief, whole)

    def _hold(self, at: _Round, held: float) -> None:
        lead_in = at.exercise.lead_in if at.exercise.lead_in is not None else defaults.LEAD_IN
        start = (Silence("lead_in", lead_in), Hold(held), Silence("gap", defaults.AFTER_HOLD))
        announced = (Prompt(self.words.say("hold", seconds=f"{held:g}")), *start)
        full = (*announced, Prompt(self.words.say("release")), _gap())
        self._step(at, Kind.HOLD, full if at.first else start, full)

    def _wait(self, at: _Round, step: WaitStep) -> None:
        texts = ([step.say] if step.say else []) + [self.words.say("wait", duration=spoken_duration(step.wait))]
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
    """First time on this side: instructions in full."""
    sides: int


def _gap() -> Silence:
    return Silence("gap", defaults.AFTER_SENTENCE)


