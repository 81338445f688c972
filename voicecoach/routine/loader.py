"""A routine's YAML text to a Routine, or to every fault it has, each with file, line and column.

Three passes over the same data add up to one list: reading (yaml_document), shape (which fields there are and
what is a list; here, because a near miss is best guessed from what was written) and values (pydantic, by the
model). A fault is told once: what an earlier pass has said, the later ones leave out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from voicecoach.errors import RoutineError
from voicecoach.routine import doses
from voicecoach.routine.doses import MismatchError, nearest, spoken_list
from voicecoach.routine.model import MOST_STEPS, STEP_KINDS, Exercise, Routine, step_kind, steps_in
from voicecoach.routine.prompt_text import braces
from voicecoach.routine.yaml_document import (
    Data,
    Document,
    Fault,
    NodePath,
    Spot,
    YamlError,
    compose,
    read_text,
    shown,
)

MOST_PROBLEMS = 50
"""Problems listed for one file; more than anybody mends in one go."""

_NEEDS = {
    "format": "`format: 1`",
    "title": "the routine's name",
    "approval": "`approval: required` or `approval: not required`",
    "exercises": "a list of exercises",
    "id": "a short name such as wrist-extension",
    "name": "what the coach calls it",
    "steps": "a list of say, move, hold and wait",
    "for": "a time such as 4 s",
}
"""What belongs in a field that is missing."""

_OTHER_WORDS = {
    "time": "for",
    "duration": "for",
    "reps": "repetitions",
    "times": "repetitions",
    "side": "sides",
    "text": "say",
    "pause": "wait",
    "warnings": "precautions",
    "version": "format",
    "name": "title",
    "title": "name",
}
"""Field names that people try, and ours; too far apart in letters to be found as a near miss."""

_SHAPE_ERRORS = frozenset({"too_short", "union_tag_not_found", "union_tag_invalid"})
"""pydantic reports these as a consequence of faults that the shape pass or an item has told already."""


@dataclass(frozen=True)
class Written:
    """A routine together with where it was written."""

    routine: Routine
    name: str
    """The file as messages call it."""
    document: Document

    def place(self, path: NodePath) -> str:
        """``file:line:column`` of a field, such as ``("exercises", 0, "name")``."""
        return self.place_of(self.document.spot(path))

    def place_of(self, spot: Spot) -> str:
        """``file:line:column`` of a spot in the file."""
        return _place(self.name, spot)


def load(path: Path) -> Routine:
    """The routine in a file. Raises RoutineError with all its problems; the file may be anything at all."""
    return read(path).routine


def read(path: Path) -> Written:
    """As ``load``, keeping where everything stood."""
    try:
        text = read_text(path)
    except OSError as wrong:
        reason = (wrong.strerror or "unknown reason").lower()
        raise RoutineError([f"{path}:1:1: the file cannot be read: {reason}"]) from None
    except YamlError as wrong:
        raise _routine_error(str(path), wrong.faults) from None
    return read_from(text, str(path))


def parse(text: str, name: str) -> Routine:
    """The routine in ``text``; ``name`` stands for the file in messages. Raises RoutineError."""
    return read_from(text, name).routine


def read_from(text: str, name: str) -> Written:
    """As ``parse``, keeping where everything stood."""
    try:
        document = compose(text)
    except YamlError as wrong:
        raise _routine_error(name, wrong.faults) from None
    reading = _Reading(document)
    routine = reading.routine()
    if routine is None:
        raise _routine_error(name, reading.faults)
    return Written(routine, name, document)


def _place(name: str, spot: Spot) -> str:
    return f"{name}:{spot.line}:{spot.column}"


def _routine_error(name: str, faults: list[Fault]) -> RoutineError:
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: fault.spot)
    problems = [f"{_place(name, fault.spot)}: {fault.text}" for fault in ordered[:MOST_PROBLEMS]]
    if len(ordered) > MOST_PROBLEMS:
        spot = ordered[MOST_PROBLEMS].spot
        problems.append(f"{_place(name, spot)}: and {len(ordered) - MOST_PROBLEMS} more problems from here on")
    return RoutineError(problems)


@dataclass
class _Reading:
    """One file's way through the passes."""

    document: Document
    faults: list[Fault] = field(default_factory=list)
    told: set[NodePath] = field(default_factory=set)
    """Paths whose fault is in the list; nothing more is said about them or what is inside."""

    def routine(self) -> Routine | None:
        """The routine, or None with the faults listed."""
        self.faults += self.document.faults
        shaped = self._routine_shape(self.document.data)
        self._cross_check(shaped)
        try:
            routine = Routine.model_validate(shaped)
        except ValidationError as wrong:
            for error in wrong.errors(include_url=False, include_input=False):
                self._translate(error)
            return None
        self._check_length(routine)
        return None if self.faults else routine

    # Shape: which fields, which of them lists. Gives what is left when the faulty parts are taken out.

    def _routine_shape(self, data: Data) -> dict[str, Any]:
        if not isinstance(data, dict):
            self._tell((), f"a routine is a list of fields such as `title: Wrists`, got {_got(data)}")
            self.told.add(())
            return {}
        shaped = self._fields(data, (), Routine, "a routine", {"approval"})
        if "exercises" in shaped:
            shaped["exercises"] = self._list(shaped["exercises"], ("exercises",), self._exercise_shape)
        return shaped

    def _exercise_shape(self, data: Data, path: NodePath) -> Any:
        if not isinstance(data, dict):
            return self._wrong(path, "an exercise is fields such as `name: Neck turns`", data)
        shaped = self._fields(data, path, Exercise, "an exercise")
        if "steps" in shaped:
            shaped["steps"] = self._list(shaped["steps"], (*path, "steps"), self._step_shape)
        return shaped

    def _step_shape(self, data: Data, path: NodePath) -> Any:
        kinds = ("say", "move", "hold", "wait")
        if isinstance(data, str):
            message = f'a step must be say, move, hold or wait, got "{shown(data)}"'
            self._tell(path, f"{message}; did you mean `say: {shown(data, 30)}`?")
            return None
        if not isinstance(data, dict):
            return self._wrong(path, "a step must be say, move, hold or wait", data)
        kind = step_kind(data)
        if kind is None:
            first = next(iter(data), "")
            meant = next((found for key in data if (found := nearest(key, kinds))), None)
            at = (*path, next((key for key in data if nearest(key, kinds)), first)) if data else path
            self._tell(at, f'a step must be say, move, hold or wait, got "{shown(str(at[-1]))}"{_meant(meant)}')
            self.told.add(path)
            return None
        others = [other for other in kinds if other in data and other != kind]
        if others and not (kind == "wait" and others == ["say"]):
            both = " and ".join([kind, *others])
            self._tell((*path, others[0]), f"a step must do one thing, got {both}; make a step of each")
            self.told.add(path)
            return None
        return self._fields(data, path, STEP_KINDS[kind], f"a {kind} step")

    def _list(self, data: Data, path: NodePath, shape: Any) -> Any:
        if not isinstance(data, list):
            self._wrong(path, f"{path[-1]} must be a list, each item on a line that begins with -", data)
            return ()
        if not data:
            self._wrong(path, f"{path[-1]} must have at least one item", data)
        return [shape(item, (*path, index)) for index, item in enumerate(data)]

    def _fields(
        self, data: dict[str, Data], path: NodePath, model: type[BaseModel], what: str, needed: set[str] | None = None
    ) -> dict[str, Any]:
        known = {(info.alias or name): info.is_required() for name, info in model.model_fields.items()}
        needed = {name for name, required in known.items() if required} | (needed or set())
        missing = [name for name in known if name in needed and name not in data]
        shaped: dict[str, Any] = {}
        for name, value in data.items():
            here = (*path, name)
            if name not in known:
                absent = [other for other in known if other not in data]
                other_word = _OTHER_WORDS.get(name.lower())
                meant = other_word if other_word in absent else nearest(name, absent)
                if meant in missing:
                    missing.remove(meant)
                    self.told.add((*path, meant))
                fields = spoken_list(list(known))
                self._tell(here, f'"{shown(name)}" is not a field of {what}; expected {fields}{_meant(meant)}')
            elif value is None:
                self._tell(here, f"{name} must have a value, got nothing; fill it in or take the line out")
            else:
                shaped[name] = value
        for name in missing:
            self._tell((*path, name), f"{name} is missing from {what}: expected {_NEEDS.get(name, 'it')}")
        return shaped

    # What only fields together show. Works on what was written, so that a fault elsewhere hides nothing.

    def _cross_check(self, shaped: dict[str, Any]) -> None:
        ids: dict[str, NodePath] = {}
        exercises = shaped.get("exercises", ())
        for index, exercise in enumerate(exercises):
            path = ("exercises", index)
            if not isinstance(exercise, dict):
                continue
            name = exercise.get("id")
            if isinstance(name, str):
                if name in ids:
                    line = self.document.spot(ids[name]).line
                    message = f'id must be unique in the file, got "{shown(name)}", which line {line} has too'
                    self._tell((*path, "id"), message)
                ids.setdefault(name, (*path, "id"))
            self._check_sides(exercise, path)
            self._check_dose(exercise, path)
        self._check_companions(exercises, list(ids))

    def _check_companions(self, exercises: Any, ids: list[str]) -> None:
        for index, exercise in enumerate(exercises):
            other = exercise.get("goes_with") if isinstance(exercise, dict) else None
            if isinstance(other, str) and (other not in ids or other == exercise.get("id")):
                known = [name for name in ids if name != exercise.get("id")]
                message = f'goes_with must be the id of another exercise in the file, got "{shown(other)}"'
                self._tell(("exercises", index, "goes_with"), message + _meant(nearest(other, known)))

    def _check_sides(self, exercise: dict[str, Any], path: NodePath) -> None:
        steps = [step for step in exercise.get("steps", ()) if isinstance(step, dict)]
        sides = exercise.get("sides", "none")
        holds = any("hold" in step for step in steps)
        if sides == "none":
            for name in ("first_side", "limb"):
                if name in exercise:
                    self._tell((*path, name), f"{name} must go with sides, which is none here{_meant('sides: both')}")
        for number, step in enumerate(exercise.get("steps", ())):
            texts = step.items() if isinstance(step, dict) else ()
            for name, text in texts:
                found = braces(text) if isinstance(text, str) else []
                where = (*path, "steps", number, name)
                wrong = next((brace for brace in found if brace in ("{side}", "{other_side}")), None)
                if wrong and sides == "none":
                    message = f'{name} must not use {wrong} in an exercise with sides: none, got "{shown(text)}"'
                    self._tell(where, f"{message}{_meant('sides: both')}")
                elif "{seconds}" in found and not holds:
                    message = f'{name} must not use {{seconds}} in an exercise without a hold, got "{shown(text)}"'
                    self._tell(where, message)

    def _check_dose(self, exercise: dict[str, Any], path: NodePath) -> None:
        try:
            least = doses.read_count_range(str(exercise.get("repetitions", "1")), 100)[0]
            most = doses.read_count(str(exercise["per_day"]), 1000)
        except (KeyError, MismatchError):
            return
        if most < least:
            message = f'per_day must be at least the repetitions of one sitting, {least}, got "{most}"'
            self._tell((*path, "per_day"), message)

    def _check_length(self, routine: Routine) -> None:
        counts = [steps_in(exercise) for exercise in routine.exercises]
        if sum(counts) > MOST_STEPS:
            message = f"a session must have at most {MOST_STEPS:,} steps, all repetitions counted, got {sum(counts):,}"
            self._tell(("exercises", counts.index(max(counts)), "repetitions"), f"{message}; most of them are here")

    # Values: pydantic's errors in our words.

    def _translate(self, error: Any) -> None:
        path = _without_tags(tuple(error["loc"]))
        if error["type"] in _SHAPE_ERRORS:
            return
        if any(path[:length] in self.told for length in range(len(path) + 1)):
            return
        name = next((str(part) for part in reversed(path) if isinstance(part, str)), "routine")
        value = _value_at(self.document.data, path)
        cause = error.get("ctx", {}).get("error")
        if isinstance(cause, MismatchError):
            got = f'"{shown(cause.found)}"' if cause.found else _got(value)
            self._tell(path, f"{name} must {cause.demand}, got {got}{_meant(cause.suggestion)}")
            return
        if error["type"] == "too_long":
            demand = f"have at most {error['ctx']['max_length']} items"
        elif error["type"] == "tuple_type":
            demand = "be a list of texts"
        else:
            demand = "be text"
        self._tell(path, f"{name} must {demand}, got {_got(value)}")

    def _tell(self, path: NodePath, text: str) -> None:
        self.faults.append(Fault(self.document.spot(path), text))
        self.told.add(path)

    def _wrong(self, path: NodePath, expected: str, data: Data) -> None:
        self._tell(path, f"{expected}, got {_got(data)}")


def _without_tags(loc: tuple[str | int, ...]) -> NodePath:
    """pydantic puts the kind of a step after its number: ``steps, 2, hold, hold``."""
    if len(loc) > 4 and loc[2] == "steps":
        return (*loc[:4], *loc[5:])
    return loc


def _value_at(data: Data, path: NodePath) -> Data:
    for part in path:
        if isinstance(data, dict) and isinstance(part, str):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
    return data


def _got(value: Data) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f'"{shown(value)}"'
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    first = next(iter(value), "")
    return f'fields such as "{shown(first, 30)}"' if value else "empty braces"


def _meant(suggestion: str | None) -> str:
    return f"; did you mean `{suggestion}`?" if suggestion else ""
