"""What the terminal shows of a running session: a pure function of what is known, no thread and no clock.

Everything is meant to be read from two metres: exercise, side, repetition and countdown are as large as the terminal
allows. Colour only repeats what the words say. The names in a routine are anybody's text, so what could move the cursor
or turn the direction of writing is left out, and nothing ever leaves its line.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Group
from rich.text import Text

from voicecoach.big_letters import can_draw, columns_of, draw, rows_of
from voicecoach.glance import Glance, Listening
from voicecoach.news import News
from voicecoach.outline import Outline
from voicecoach.session.cues import Hold, Silence
from voicecoach.session.states import State
from voicecoach.voice_meter import Reading

HELP_SHOWN = 20.0
"""Seconds for which the keys are shown after "help" or "?"."""
TROUBLE_SHOWN = 20.0
HEARD_SHOWN = 30.0
"""Seconds after which what was heard is of no interest any more."""
_LARGEST = 6
"""Scale of the largest digits."""
_LEAST = 8
"""Columns below which nothing can be laid out."""

_WORDS: Final = {
    State.READY: "Ready",
    State.ASKING: "Yes or no?",
    State.WAITING: "Yes or no?",
    State.CHECK_IN: "All fine?",
    State.CHECK_IN_WAITING: "All fine?",
    State.CHECKING: "Did it hurt?",
    State.PAUSED: "Paused",
    State.SAFETY_TALK: "Let go",
    State.STOPPING: "Stopped",
    State.FINISHED: "Finished",
}
"""Shown large where nothing is counted down."""

_HINTS: Final = {
    State.ASKING: "Say yes or no, or press y or n",
    State.WAITING: "Waiting for your answer: say yes or no, or press y or n",
    State.CHECK_IN: "Say fine, or tell what is new; n: nothing new, y: something is new",
    State.CHECK_IN_WAITING: "Waiting: say fine, or tell what is new; n: nothing new, y: something is new",
    State.CHECKING: "Say yes, or continue; y: it hurt, n or space: it did not",
    State.PAUSED: "Say continue, or press space",
}

_CUES: Final = {"lead_in": "Ready", "rest": "Rest", "wait": "Wait", "move": "Move"}
"""What a silence is for; shorter gaps have no countdown."""

_COLOURS: Final = {
    "Hold": "green",
    "Ready": "magenta",
    "Rest": "blue",
    "Wait": "blue",
    "Move": "green",
    "Let go": "red",
    "Did it hurt?": "red",
}
"""Of the sixteen that every terminal has, those that can be read on black and on white."""

KEYS_SHOWN: Final = (
    ("space", "pause, go on"),
    ("h", "it hurts"),
    ("s Esc", "stop"),
    ("r", "say it again"),
    ("n", "next"),
    ("b", "back"),
    ("+ -", "louder, quieter"),
    ("y n", "yes, no"),
    ("?", "these keys"),
)
_KEY_LINES: Final = (
    "space pause   h it hurts   s stop   r again   n next   b back   + - volume   ? help",
    "space pause  h hurts  s stop  r again  n next  b back  ? help",
    "space pause  h hurts  s stop  ? help",
    "h hurts  s stop  ? help",
)
_TALK_LINE: Final = "s stop   + - volume"
_ANSWER_LINES: Final = ("y yes   n no   s stop   h it hurts   ? help", "y yes  n no  s stop  h hurts  ? help")


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that a frame is made of."""

    outline: Outline
    glance: Glance
    news: News = field(default_factory=News)
    meter: Reading | None = None
    """None where there is no microphone."""
    total: int = 0
    """The most frames that were ever left of the session, for its progress bar."""
    advice: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The whole safety talks, by reason: ``pain`` and ``emergency``."""
    notices: tuple[str, ...] = ()
    """What was to be known before it began."""


def render(shown: Shown, width: int, height: int, *, ascii_only: bool = False) -> Group:
    """The whole screen, exactly ``height`` lines of at most ``width`` - 1 columns."""
    return Group(*compose(shown, width, height, ascii_only=ascii_only))


def compose(shown: Shown, width: int, height: int, *, ascii_only: bool = False) -> list[Text]:
    """The same as single lines, so that only those that changed need be drawn.

    The last column stays empty: a terminal may wrap after it, and cannot erase behind it.
    """
    if width < _LEAST or height < 1:
        return [Text() for _ in range(max(0, height))]
    page = _Page(shown, width, height, ascii_only)
    return page.lines()


def plain(text: str) -> str:
    """``text`` on one line, without what controls a terminal or turns the direction of what follows."""
    kept = (" " if character.isspace() else character for character in text)
    return "".join(character for character in kept if unicodedata.category(character) not in ("Cc", "Cf", "Cs"))


def wrap(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells; a word longer than that is broken."""
    lines, line = list[str](), ""
    for word in plain(text).split():
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while cell_len(word) > width:
            head = _cut(word, width)
            lines.append(head)
            word = word[len(head) :]  # noqa: PLW2901
        line = word
    return [*lines, line] if line else lines


def _cut(text: str, width: int) -> str:
    """The longest beginning of ``text`` that ``width`` cells have room for; at least one character."""
    end = len(text)
    while end > 1 and cell_len(text[:end]) > width:
        end -= 1
    return text[:end]


def _wrap_large(text: str, width: int) -> list[str] | None:
    """``text`` in lines that have room when they are drawn at scale 1; None where a word alone has none."""
    lines = list[str]()
    for word in text.split():
        if columns_of(word, 1) > width:
            return None
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and columns_of(joined, 1) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def clock(seconds: float) -> str:
    """``12:05``; a countdown shows 1 in its last second."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}:{rest:02d}"


class _Page:
    """One frame: three blocks, of which top and bottom keep their height as long as the terminal keeps its size."""

    def __init__(self, shown: Shown, width: int, height: int, ascii_only: bool) -> None:
        self.shown, self.glance, self.news, self.outline = shown, shown.glance, shown.news, shown.outline
        self.width, self.height, self.ascii = width, height, ascii_only
        self.margin = 1 if width < 60 else 2
        self.room = width - 2 * self.margin

    def lines(self) -> list[Text]:
        """Exactly ``height`` of them."""
        if self.glance.state is State.SAFETY_TALK:
            # Nothing of the routine matters any more: all of the advice, for as long as it takes to read.
            bottom = [*self._heard(), *self._keys()]
            middle = self._advice(self.height - len(bottom))
            return self._fitted([*middle, *bottom])
        top, bottom = self._top(), self._bottom()
        free = self.height - len(top) - len(bottom)
        if free < 3:
            top, bottom = top[:1] + top[2:], bottom[:2]
            free = self.height - len(top) - len(bottom)
        return self._fitted([*top, *self._middle(max(0, free)), *bottom])

    def _fitted(self, lines: list[Text]) -> list[Text]:
        lines = [*lines, *(Text() for _ in range(self.height - len(lines)))][: self.height]
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
            line.truncate(self.width - 1, overflow="ellipsis")
        return lines

    def _line(self, *parts: str | tuple[str, str]) -> Text:
        return Text.assemble(" " * self.margin, *parts)

    # Top: what is done ----------------------------------------------------------------------------------------

    def _top(self) -> list[Text]:
        here = self.glance.place
        name = plain(self.outline.name(here) or self.outline.title)
        lines = [self._header(), self._progress()]
        gaps, large, both = self.height >= 18, self.height >= 20, self.height >= 26
        title = self._large(name, 1 if large else 0)
        # One empty line above the name, or where that is small, below it: large letters stand apart from what is above.
        if gaps and (both or len(title) > 1 or not large):
            lines.append(Text())
        lines += title
        if both or (large and len(title) == 1):
            lines.append(Text())
        lines += self._where(large and (both or len(title) == 1), both)
        if gaps:
            lines.append(Text())
        return lines

    def _where(self, large: bool, both: bool) -> list[Text]:
        """Side and repetition: large where the name is not, or where there is room for both."""
        side, repetition = plain(self.outline.side(self.glance.place)), self.outline.repetition(self.glance.place)
        count = f"{repetition[0]} of {repetition[1]}" if repetition else ""
        whole = "   ".join(part for part in (side, count) if part)
        if not large or self.ascii:
            return [self._line((whole, "bold"))]
        brief = " ".join([*side.split()[:1], *([f"{repetition[0]}/{repetition[1]}"] if repetition else [])])
        fitting = (text for text in (whole, brief) if can_draw(text) and columns_of(text, 1) <= self.room)
        lines = self._large(next(fitting, whole), 1)
        # As high as the largest that it can become, or the middle would jump from step to step.
        return [
            *lines,
            *(Text() for _ in range((rows_of(1) if both or self.glance.place.exercise else 1) - len(lines))),
        ]

    def _header(self) -> Text:
        left = "" if self.glance.state is State.FINISHED else f"{clock(self.glance.seconds_left)} left"
        title = plain(self.outline.title) if self.glance.place.exercise else ""
        title = set_cell_size(title, max(0, self.room - len(left) - 1))
        return self._line((title, "dim"), " ", (left, "bold"))

    def _progress(self) -> Text:
        total = max(self.shown.total, self.glance.left, 1)
        return self._bar(1 - self.glance.left / total, self.room, "", thin=True)

    def _large(self, text: str, scale: int) -> list[Text]:
        """Bold, and at this scale (0: no letters of ours) if there is room for it."""
        if scale > 0 and not self.ascii and can_draw(text) and 0 < columns_of(text, scale) <= self.room:
            return [self._line((row, "bold")) for row in draw(text, scale)]
        return [self._line((text, "bold"))]

    # Middle: the countdown, a question, or what is being said -------------------------------------------------

    def _middle(self, free: int) -> list[Text]:
        lines = self._what_counts(free)
        if len(lines) > free:
            return lines[:free]
        above = (free - len(lines)) // 2
        return [*(Text() for _ in range(above)), *lines, *(Text() for _ in range(free - len(lines) - above))]

    def _what_counts(self, free: int) -> list[Text]:
        if self._is_helping:
            return self._help(free)
        counted = self._counted()
        if counted is not None:
            return self._countdown(counted, free)
        if self.glance.state in _WORDS:
            return self._word(free)
        return self._speech(free)

    def _speech(self, free: int) -> list[Text]:
        """What is being said: in large letters where they leave room for all of it."""
        style = "bold" if self.news.is_speaking else "dim"
        text = plain(self.news.said)
        large = _wrap_large(text, self.room) if can_draw(text) and not self.ascii else None
        if large is not None and len(large) * (rows_of(1) + 1) - 1 <= free:
            rows = [row for line in large for row in (*draw(line, 1), "")][:-1]
            return [self._line((row, style)) for row in rows]
        return [self._line((line, style)) for line in self._said()][:free]

    @property
    def _is_helping(self) -> bool:
        now = self.glance.at / self.glance.rate
        return self.news.helped_at >= 0 and now - self.news.helped_at < HELP_SHOWN

    def _counted(self) -> str | None:
        """What is counted down, in a word; None for nothing, or too short to be worth a look."""
        cue, state = self.glance.cue, self.glance.state
        if state in _WORDS and state is not State.READY:
            return None
        if isinstance(cue, Hold):
            return "Hold"
        return _CUES.get(cue.reason) if isinstance(cue, Silence) else None

    def _countdown(self, what: str, free: int) -> list[Text]:
        left = self.glance.countdown or 0.0
        digits = f"{math.ceil(left)}" if left <= 60 else clock(left)
        colour = _COLOURS[what]
        bar = self._bar(self.glance.share, self.room, colour)
        for scale in range(min(_LARGEST, free), 0, -1):
            rows = rows_of(scale, ascii_only=self.ascii)
            if rows + 1 > free:
                continue
            # Two digits have room even while there is one, or they would change their size in the last ten seconds.
            wide = columns_of(digits if len(digits) > 2 else "00", scale)
            gap = 3 if self.width < 60 else 6
            beside = next(
                (s for s in range(min(scale, 3), 0, -1) if wide + gap + columns_of(what, s) <= self.room), None
            )
            if beside is not None:
                lines = self._side_by_side(digits, wide, gap, scale, what, beside, colour)
            elif wide <= self.room and rows + 1 < free:
                lines = [self._line((f" {what.upper()} ", f"bold reverse {colour}"))]
                lines += [self._line((row, f"bold {colour}")) for row in self._drawn(digits, scale)]
            else:
                continue
            room_below = free - len(lines)
            if room_below < 2 and not self.ascii:
                return [*lines, self._bar(self.glance.share, self.room, colour, low=True)]
            return [*lines, *[Text()][: room_below - 1], *[bar] * min(2, max(1, room_below - 1))]
        return [self._line((f"{what} {digits}", f"bold {colour}")), bar][: max(1, free)]

    def _side_by_side(
        self, digits: str, wide: int, gap: int, scale: int, what: str, beside: int, colour: str
    ) -> list[Text]:
        left, right = self._drawn(digits, scale), self._drawn(what, beside)
        above = (len(left) - len(right)) // 2
        lines = []
        for index, row in enumerate(left):
            at = index - above
            word = right[at] if 0 <= at < len(right) else ""
            # The last digit stays where it is while the others go.
            lines.append(self._line((row.rjust(wide - gap) + " " * gap, f"bold {colour}"), (word, colour)))
        return lines

    def _drawn(self, text: str, scale: int) -> list[str]:
        return draw(text, scale, ascii_only=self.ascii)

    def _word(self, free: int) -> list[Text]:
        """The state in large letters, how to answer, and what was asked: as large as leaves room for all three."""
        word = _WORDS[self.glance.state]
        colour = _COLOURS.get(word, "")
        hint = [self._line((line, "bold")) for line in wrap(_HINTS.get(self.glance.state, ""), self.room)]
        said = [self._line(line) for line in self._said()] if self.glance.state is not State.PAUSED else []
        for scale in (3, 2, 1):
            large = [self._line((row, f"bold {colour}")) for row in self._drawn(word, scale)]
            parts = [part for part in (large, said, hint) if part]
            count = sum(len(part) for part in parts)
            if columns_of(word, scale) > self.room or count > free:
                continue
            gap = [Text()] if count + len(parts) - 1 <= free else []
            return [line for part in parts for line in (*part, *gap)][: -1 if gap else None]
        small = [self._line((f" {word.upper()} ", f"bold reverse {colour}"))]
        return [*small, *said, *hint] if len(said) + len(hint) < free else [*said, *hint]

    def _advice(self, free: int) -> list[Text]:
        sentences = self.shown.advice.get("emergency" if self.news.is_emergency else "pain", ())
        word = _WORDS[State.SAFETY_TALK]
        written: list[Text] = []
        for sentence in sentences:
            style = "bold reverse" if sentence == self.news.said and self.news.is_speaking else "bold"
            written += [self._line((line, style)) for line in wrap(sentence, self.room)]
        for scale, gap in ((3, 1), (2, 1), (2, 0), (1, 1), (1, 0)):
            rows = rows_of(scale, ascii_only=self.ascii)
            spaced = self._spaced(sentences, written) if gap else written
            if columns_of(word, scale) <= self.room and 2 * gap + rows + 1 + len(spaced) <= free:
                large = [self._line((row, "bold red")) for row in self._drawn(word, scale)]
                lines = [*(Text() for _ in range(gap)), *large, Text(), *spaced]
                return [*lines, *(Text() for _ in range(free - len(lines)))]
        lines = [self._line((f" {word.upper()} ", "bold reverse red")), *written]
        return [*lines, *(Text() for _ in range(free - len(lines)))][:free]

    def _spaced(self, sentences: tuple[str, ...], written: list[Text]) -> list[Text]:
        lines, at = list[Text](), 0
        for sentence in sentences:
            count = len(wrap(sentence, self.room))
            lines += [*written[at : at + count], Text()]
            at += count
        return lines[:-1]

    def _help(self, free: int) -> list[Text]:
        whole = [(f"{key:>6}  ", what) for key, what in KEYS_SHOWN]
        left, right = whole[: (len(whole) + 1) // 2], [*whole[(len(whole) + 1) // 2 :], ("", "")]
        column = max(len(key + what) for key, what in left) + 1
        if len(whole) <= free or column + max(len(key + what) for key, what in right) > self.room:
            if len(whole) > free:
                text = "   ".join(f"{key}: {what}" for key, what in KEYS_SHOWN)
                return [self._line(line) for line in wrap(text, self.room)][:free]
            return [self._line((key, "bold"), what) for key, what in whole]
        return [
            self._line((one[0], "bold"), set_cell_size(one[1], column - len(one[0])), (other[0], "bold"), other[1])
            for one, other in zip(left, right, strict=False)
        ][:free]

    # Bottom: what was said and heard, and what can be done ----------------------------------------------------

    def _bottom(self) -> list[Text]:
        lines = [Text()] if self.height >= 24 else []
        if self.glance.state not in _HINTS or self.glance.state is State.PAUSED or self._trouble():
            lines += self._spoken(2 if self.height >= 18 else 1)
        lines += self._heard()
        lines += self._listening()
        if self.height >= 12:
            lines += self._next()
        return [*lines, *self._keys()]

    def _spoken(self, most: int) -> list[Text]:
        """What is being said, where the middle shows something else."""
        trouble = self._trouble()
        if trouble:
            lines = [self._line((line, "bold")) for line in wrap(trouble, self.room)[:most]]
        elif self._counted() is None and not self._is_helping and self.glance.state is not State.PAUSED:
            lines = []
        else:
            style = "" if self.news.is_speaking else "dim"
            lines = [self._line((line, style)) for line in self._said()[:most]]
        return [*lines, *(Text() for _ in range(most - len(lines)))]

    def _trouble(self) -> str:
        now = self.glance.at / self.glance.rate
        if self.news.trouble and now - self.news.trouble_at < TROUBLE_SHOWN:
            return self.news.trouble
        return self.shown.notices[-1] if self.shown.notices and now < TROUBLE_SHOWN else ""

    def _said(self) -> list[str]:
        return wrap(self.news.said, self.room)

    def _heard(self) -> list[Text]:
        now = self.glance.at / self.glance.rate
        if not self.news.heard or now - self.news.heard_at > HEARD_SHOWN:
            return [Text()]
        style = "bold magenta" if self.news.is_sure else "magenta"
        return [self._line((plain(self.news.heard), style))]

    def _listening(self) -> list[Text]:
        glance, meter = self.glance, self.shown.meter
        if glance.listening is Listening.DEAF:
            return [self._line(("I cannot hear you: use the keys", "bold red"))]
        if glance.listening is Listening.KEYS:
            return [self._line(("No microphone: use the keys", "bold"))]
        label = "Listening  "
        if meter is None:
            return [self._line((label, "green"))]
        verdict = "  loud enough" if meter.is_enough else ""
        wide = max(4, min(40, self.room - len(label) - len("  loud enough")))
        return [self._line((label, "green"), *self._meter(meter, wide), (verdict, "bold green"))]

    def _meter(self, meter: Reading, wide: int) -> list[tuple[str, str]]:
        """The level as a bar, with a mark from which on a voice is loud enough."""
        full, empty, mark = ("#", "-", "|") if self.ascii else ("█", "░", "┃")
        filled = round(meter.level * wide)
        needed = min(wide - 1, round(meter.needed * wide))
        style = "green" if meter.is_enough else "dim"
        before, after = min(filled, needed), max(0, filled - needed - 1)
        return [
            (full * before + empty * (needed - before), style),
            (mark, "bold"),
            (full * after + empty * (wide - needed - 1 - after), style),
        ]

    def _next(self) -> list[Text]:
        if self.glance.state in (State.STOPPING, State.FINISHED):
            return [Text()]
        place = self.outline.following(self.glance.step, self.glance.left_out)
        if place is None:
            return [self._line(("Next: ", "dim"), "the end")]
        side = plain(self.outline.side(place))
        is_other = place.exercise != self.glance.place.exercise or not side
        parts = (plain(self.outline.name(place) or "") if is_other else "", side)
        return [self._line(("Next: ", "dim"), ", ".join(part for part in parts if part))]

    def _keys(self) -> list[Text]:
        if self.glance.state is State.SAFETY_TALK:
            return [self._line((_TALK_LINE, "dim"))]
        asking = self.glance.state in _HINTS and self.glance.state is not State.PAUSED
        fitting = _ANSWER_LINES if asking else _KEY_LINES
        line = next((line for line in fitting if len(line) <= self.room), fitting[-1])
        return [self._line((line, "dim"))]

    def _bar(self, share: float, wide: int, style: str, *, thin: bool = False, low: bool = False) -> Text:
        """``low`` leaves the upper half of its row empty, where what stands above would touch it."""
        share = min(1.0, max(0.0, share))
        if self.ascii:
            done = round(share * wide)
            return self._line(("#" * done, style), ("-" * (wide - done), "dim"))
        halves = round(share * wide * 2)
        full, half, empty = ("━", "╸", "─") if thin else ("▄", "▖", "▁") if low else ("█", "▌", "░")
        filled = full * (halves // 2) + half * (halves % 2)
        return self._line((filled, style), (empty * (wide - len(filled)), "dim"))
