"""What was really completed, by exercise and side; what the day's maximum still admits; which side did less.

A ``Forecast`` looks ahead while a timeline is laid out: what is laid out will have been done when it has been played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from voicecoach.session.plan import Kind, Plan, Step
from voicecoach.session.standing import Key


class Tally:
    """Counts one session."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.repetitions: Counter[Key] = Counter()
        """Completed repetitions."""
        self.held: Counter[Key] = Counter()
        """Completed holds, in frames."""

    def forecast(self, under_way: Step | None) -> Forecast:
        """The counts to begin a layout with; ``under_way`` is a step that plays on meanwhile and will be completed."""
        forecast = Forecast(self.plan, Counter(self.repetitions))
        if under_way is not None and under_way.completes:
            forecast.completed(under_way)
        return forecast


class Forecast:
    """The counts as they will be; steps are shown to it in the order in which they are laid out."""

    def __init__(self, plan: Plan, repetitions: Counter[Key]) -> None:
        self._plan, self._repetitions = plan, repetitions
        self._admitted: tuple[Key, int | None] | None = None
        """The repetition that was admitted last: its steps go together."""

    def admits(self, step: Step) -> bool:
        """Whether the day's maximum leaves room for the repetition that ``step`` belongs to."""
        allowed = self._plan.allowed.get(step.key)
        belongs_to_none = step.place.rep is None or step.kind is Kind.REST or not step.cues
        if allowed is None or belongs_to_none or self._admitted == (step.key, step.place.rep):
            return True
        if self._repetitions[step.key] >= allowed:
            return False
        self._admitted = (step.key, step.place.rep)
        return True

    def completed(self, step: Step) -> None:
        """The repetition of ``step`` will be complete when it has been played."""
        self._repetitions[step.key] += 1

    def behind(self) -> Iterator[str]:
        """What to say of each side that did less than the other, today's earlier sittings included."""
        for (exercise, side), text in self._plan.laggards.items():
            other = "left" if side == "right" else "right"
            if self._today((exercise, side)) < self._today((exercise, other)):
                yield text

    def _today(self, key: Key) -> int:
        return self._plan.standing.done_today.get(key, 0) + self._repetitions[key]
