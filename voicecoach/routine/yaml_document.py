"""The one place that reads YAML: text to plain data, with the place of every node.

Routines come from strangers, so reading is bounded: a size limit before the first byte, no tags that build
objects, no anchors or aliases (an alias bomb is refused, never expanded), limited nesting. Every scalar stays
the text that was written (``no`` is the word, not a boolean; ``1:30`` is not 90): the model decides what it
means. Built on PyYAML's event stream and marks, https://pyyaml.org/wiki/PyYAMLDocumentation, because composing
a node tree recurses and would expand aliases.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

LARGEST = 64 * 1024
"""Bytes in a routine file. The largest bundled one has 5 KB; PyYAML takes 0.5 s for the worst 64 KB."""

DEEPEST = 12
"""Levels of nesting; a routine needs 4. Also what keeps PyYAML from its quadratic time for "[[[[[["."""

MOST_SPOTS = 20
"""Faults of one kind (tabs, control characters) that are listed; a binary file would have thousands."""

Data: TypeAlias = "dict[str, Data] | list[Data] | str | None"
NodePath: TypeAlias = tuple[str | int, ...]
"""From the top: field names and list positions, ``("exercises", 0, "name")``."""


@dataclass(frozen=True, order=True, slots=True)
class Spot:
    """A place in a text, both counted from 1 as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at ``spot``."""

    spot: Spot
    text: str
    """What is wrong and what to do, without the place."""


class YamlError(Exception):
    """The text is not a plain YAML document; ``faults`` is never empty."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(fault.text for fault in faults))


@dataclass(slots=True)
class Document:
    """One YAML document as plain data; scalars are text, an empty value is None."""

    data: Data = None
    keys: dict[NodePath, Spot] = field(default_factory=dict)
    """Where the field name of a path stands; list items have none."""
    values: dict[NodePath, Spot] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    """Faults that left the rest readable: fields given twice, for one."""
    text: str = ""
    """What it was read from ..."""
    offsets: dict[NodePath, int] = field(default_factory=dict)
    """... and where in it, in characters, each value begins."""

    def spot(self, path: NodePath) -> Spot:
        """Where ``path`` begins: its field name if it has one, else its value, else what is around it."""
        while path and path not in self.keys and path not in self.values:
            path = path[:-1]
        return self.keys.get(path) or self.values.get(path) or Spot(1, 1)

    def spot_within(self, path: NodePath, before: str) -> Spot:
        """Where in the text at ``path`` that stands which follows ``before``, its first words with one space between.

        Where escapes hide it, as ``spot``.
        """
        scalar = path if path in self.offsets else path[:-1]  # a single text may stand for a list of one
        begin, offset = self.values.get(scalar), self.offsets.get(scalar)
        if begin is None or offset is None:
            return self.spot(path)
        spaced = r"\s+".join(re.escape(word).replace("'", "''?") for word in before.split(" "))
        found = re.compile(_SCALAR_OPENING + spaced).match(self.text, offset)
        if found is None:
            return self.spot(path)
        *full, last = _LINE_BREAK.split(found[0])
        return Spot(begin.line + len(full), len(last) + (1 if full else begin.column))


def read_package_data(package: str, path: str) -> Any:
    """Plain data from a YAML file that ships inside ``package``."""
    import yaml

    return yaml.safe_load((files(package) / path).read_text(encoding="utf-8"))


def read_data(path: Path) -> Any:
    """Plain data from a YAML file of the user's that is no routine. Raises OSError, and ValueError: what is wrong."""
    import yaml

    try:
        return yaml.safe_load(read_text(path))
    except YamlError as wrong:
        raise ValueError(str(wrong)) from None
    except yaml.YAMLError as wrong:
        raise ValueError(" ".join(str(wrong).split())) from None


def read_text(path: Path) -> str:
    """The text of a file that may be anything; looks at its size before it opens it.

    Raises YamlError for what is not a text file of sensible size in UTF-8, OSError where it cannot be read.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _one(Spot(1, 1), "this is not a file; a routine is a text file that ends in .yaml")
    if status.st_size > LARGEST:
        size = f"{status.st_size / 1024:,.0f} KB"
        raise _one(Spot(1, 1), f"the file is too large for a routine: {size}, at most {LARGEST // 1024} KB")
    with path.open("rb") as opened:
        return decode(opened.read(LARGEST))


def decode(data: bytes) -> str:
    """UTF-8 bytes, with or without a byte order mark, as text. Raises YamlError with the place of a bad byte."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _one(Spot(1, 1), "the file is UTF-16; save it as UTF-8")
    if b"\0" in data:
        before = data[: data.index(b"\0")].decode("utf-8", "replace")
        raise _one(_spot_in(before), "the file is binary, not text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        spot = _spot_in(data[: wrong.start].decode("utf-8-sig", "replace"))
        byte = data[wrong.start]
        message = f"byte 0x{byte:02x} at offset {wrong.start} is not UTF-8; save the file as UTF-8"
        raise _one(spot, message) from None


def compose(text: str) -> Document:
    """The one document in ``text`` with the place of each node. Raises YamlError where reading must end."""
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise _one(Spot(1, 1), f"the text is too large for a routine: at most {LARGEST // 1024} KB")
    faults = [*_forbidden_characters(text), *_tabs(text)]
    if faults:
        raise YamlError(sorted(faults, key=lambda fault: fault.spot))
    if not text.strip() or all(line.lstrip().startswith("#") for line in text.split("\n") if line.strip()):
        raise _one(Spot(1, 1), "the file is empty; a routine begins with `format: 1`")
    composer = _Composer(text)
    composer.run()
    return composer.document


_SCALAR_OPENING = r"(?:[|>].*\s+|[\"']?\s*)"
"""What stands before the first word of a scalar: the header line of a block, a quotation mark, or nothing."""

_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def _one(spot: Spot, text: str) -> YamlError:
    return YamlError([Fault(spot, text)])


def _spot_in(before: str) -> Spot:
    """Where the character after ``before`` stands."""
    lines = before.split("\n")
    return Spot(len(lines), len(lines[-1]) + 1)


# C0 and C1 controls but for tab and the line ends; lone surrogates; non-characters. YAML 1.2.2, section 5.1.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_INDENT_WITH_TAB = re.compile(r"^ *\t[ \t]*(?=\S)", re.MULTILINE)


def _forbidden_characters(text: str) -> Iterator[Fault]:
    for count, found in enumerate(_FORBIDDEN.finditer(text)):
        if count == MOST_SPOTS:
            return
        code = f"U+{ord(found[0]):04X}"
        yield Fault(_spot_in(text[: found.start()]), f"the character {code} is not text; take it out")


def _tabs(text: str) -> Iterator[Fault]:
    for count, found in enumerate(_INDENT_WITH_TAB.finditer(text)):
        if count == MOST_SPOTS:
            return
        spot = _spot_in(text[: found.start() + found[0].index("\t")])
        yield Fault(spot, "a tab indents this line; YAML wants spaces")


class _Composer:
    """Turns PyYAML's events into a Document, without recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.document = Document(text=text)
        self._open: list[_Open] = []

    def run(self) -> None:
        import yaml

        documents = 0
        try:
            for event in yaml.parse(self.text, Loader=yaml.SafeLoader):
                mark: Any = event.start_mark
                spot = Spot(mark.line + 1, mark.column + 1)
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise self._stop(spot, "a second document begins here; a file holds one routine")
                elif isinstance(event, yaml.AliasEvent):
                    raise self._stop(
                        spot, f'"*{shown(str(event.anchor))}": aliases are not allowed; write the text out'
                    )
                elif isinstance(event, yaml.NodeEvent):
                    self._node(event, spot)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._close()
        except yaml.MarkedYAMLError as error:
            raise self._stop(*_explained(error, self.text)) from None
        except (yaml.YAMLError, ValueError, OverflowError):
            # PyYAML lets chr() and int() fail on escapes and version numbers that no character or version has.
            raise self._stop(self._here(), "this is not valid YAML from here on") from None

    def _stop(self, spot: Spot, text: str) -> YamlError:
        return YamlError([*self.document.faults, Fault(spot, text)])

    def _here(self) -> Spot:
        return max(self.document.values.values(), default=Spot(1, 1))

    def _node(self, event: Any, spot: Spot) -> None:
        import yaml

        if event.anchor is not None:
            raise self._stop(spot, f'"&{shown(event.anchor)}": anchors are not allowed; write the text out')
        if event.tag is not None:
            raise self._stop(spot, f'"{shown(event.tag)}": tags are not allowed; put text that begins with ! in quotes')
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, spot)
            return
        if len(self._open) == DEEPEST:
            raise self._stop(spot, f"this is nested too deep: more than {DEEPEST} levels")
        made: dict[str, Data] | list[Data] = {} if isinstance(event, yaml.MappingStartEvent) else []
        parent = self._open[-1] if self._open else None
        if parent is not None and parent.wants_key:
            raise self._stop(spot, "a field name must be text; put text that begins with { or [ in quotes")
        path = self._place(made, spot)
        self._open.append(_Open(made, path))

    def _scalar(self, event: Any, spot: Spot) -> None:
        parent = self._open[-1] if self._open else None
        if parent is not None and parent.wants_key:
            self._key(parent, str(event.value), spot)
            return
        bare = event.style is None
        value = None if bare and event.value in ("", "~", "null", "Null", "NULL") else str(event.value)
        wrong = _FORBIDDEN.search(value or "")
        path = self._place(_FORBIDDEN.sub("\ufffd", value) if value else value, spot)
        self.document.offsets[path] = event.start_mark.index
        if wrong is not None:
            code = f"U+{ord(wrong[0]):04X}"
            where = self.document.spot(path)
            self.document.faults.append(Fault(where, f"an escape stands for {code}, which is not text"))

    def _key(self, parent: _Open, name: str, spot: Spot) -> None:
        path = (*parent.path, name)
        first = self.document.keys.get(path)
        if first is not None:
            message = f'"{shown(name)}" is given twice here; the first is on line {first.line}'
            self.document.faults.append(Fault(spot, message))
            parent.key = _Discarded()
        else:
            self.document.keys[path] = spot
            parent.key = name

    def _place(self, value: Data, spot: Spot) -> NodePath:
        """Put ``value`` where it belongs in the collection that is open, and say what its path is."""
        path: NodePath = ()
        if not self._open:
            self.document.data = value
        else:
            path = self._open[-1].take(value)
        self.document.values[path] = spot
        return path

    def _close(self) -> None:
        self._open.pop()


class _Discarded:
    """In a path: the value of a field that was given twice, read but not kept."""


@dataclass(slots=True)
class _Open:
    made: dict[str, Data] | list[Data]
    path: NodePath
    key: str | _Discarded | None = None

    @property
    def wants_key(self) -> bool:
        return isinstance(self.made, dict) and self.key is None

    def take(self, value: Data) -> NodePath:
        """Keep ``value`` as the next of this collection; its path."""
        if isinstance(self.made, list):
            self.made.append(value)
            return (*self.path, len(self.made) - 1)
        key, self.key = self.key, None
        if not isinstance(key, str):
            return (*self.path, "<given twice>")
        self.made[key] = value
        return (*self.path, key)


def shown(text: str, most: int = 60) -> str:
    """``text`` fit for one line of a message: no control characters, not too long."""
    clean = "".join(char if char.isprintable() else " " for char in text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


_NEVER_CLOSED = "what opens here is never closed"
_EXPLAINED: tuple[tuple[str, bool, str], ...] = (
    # what PyYAML says; whether the fault is where the construct began; what to tell the writer
    (
        "mapping values are not allowed",
        False,
        'a ":" may not stand here; put the text in quotes, or give the line above its own ":"',
    ),
    ("sequence entries are not allowed", False, 'a "-" begins a list; put the list on lines of its own'),
    ("could not find expected ':'", True, 'a ":" is missing after this field name'),
    ("expected <block end>", False, "this line does not line up with the lines above; check its indentation"),
    ("found unexpected end of stream", True, "the quote that opens here is never closed"),
    ("found unexpected document separator", True, "the quote that opens here is never closed"),
    ("expected ',' or ']'", True, f'"[": {_NEVER_CLOSED}; put text that begins with [ in quotes'),
    ("expected ',' or '}'", True, f'"{{": {_NEVER_CLOSED}; put text that begins with {{ in quotes'),
    ("found character '\\t'", False, "a tab stands here; use spaces, or put the text in quotes"),
    ("that cannot start any token", False, "text may not begin with this character; put the text in quotes"),
    ("found unknown escape character", False, 'in double quotes "\\" begins an escape; use single quotes'),
    ("expected the node content", False, "a value is missing here"),
    ("while scanning a directive", False, 'text may not begin with "%"; put the text in quotes'),
)
_BRACE_FIRST = re.compile(r"^[\s-]*[\w-]+: *(\{)[^}]*\} *[^ #}]")


def _explained(error: Any, text: str) -> tuple[Spot, str]:
    """Place and meaning of PyYAML's ``error`` for someone who does not know YAML."""
    problem, context = error.problem or "", error.context or ""
    mark, began = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    lines = _LINE_BREAK.split(text)  # as PyYAML counts them
    brace = _BRACE_FIRST.match(lines[mark.line]) if mark.line < len(lines) else None
    if brace is not None:
        return Spot(mark.line + 1, brace.start(1) + 1), "text that begins with { must be in quotes"
    if problem.startswith("expected <block end>") and lines[mark.line][: mark.column].strip():
        return Spot(mark.line + 1, mark.column + 1), "nothing may follow here; put the whole text in quotes"
    for said, at_beginning, meaning in _EXPLAINED:
        if said in problem or said in context:
            place = began if at_beginning else mark
            return Spot(place.line + 1, place.column + 1), meaning
    return Spot(mark.line + 1, mark.column + 1), f"this is not valid YAML: {shown(problem or context)}"
