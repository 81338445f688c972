"""Throws damaged input at everything that reads input, and looks for more than a plain refusal.

usage: python -m tests.bench.fuzz [--minutes 10] [--only loader ...] [--seed 0] [--atheris] [--keep FOLDER]

Each target reads what a stranger, a torn disk or a typing error may give it: routine files (and all that `show`,
`check` and `play` compute from them), the journal (and every page made of it), sound files, the command line,
files that the program keeps for itself. A reader may give a result or a VoicecoachError with printable lines. Any other
exception, more than SLOW seconds, more than MOST_MEMORY, or a process that dies is a fault; its input is kept.

A target runs in a process of its own, under a limit of memory, and begins with whole inputs. Each new one is a known
one with pieces changed, taken out, doubled, crossed with another or with words of the target's language put in; what
reaches a line of the program that none before had reached is kept and changed further. With --atheris (pip install
atheris) libFuzzer steers instead, with the same targets and words.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import io
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
import wave
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

PACKAGE = Path(__file__).resolve().parents[2] / "voicecoach"
CLIPS = Path(__file__).resolve().parent.parent / "clips"
SLOW = 10.0
"""Seconds of processor time for one input, and a third of what is waited for. 64 KB of the worst YAML take half a
second."""
MOST_MEMORY = 2_000_000_000
"""Bytes of address space for a process with the libraries in it, which alone are some 700 MB."""
LARGEST_INPUT = 70_000
MOST_WORDS = 100
"""Of a command line: `check` takes its time for each file, and thousands are no fault."""
TODAY = date(2026, 6, 30)


class FaultError(Exception):
    """A reader gave what it may not give."""


@dataclass(frozen=True)
class Target:
    """Something that reads."""

    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes, Path], None]
    """Reads ``data``, with a folder for files. What it raises is a fault."""
    words: tuple[str, ...] = ()


# Targets --------------------------------------------------------------------------------------------------------------


def refused(error: Exception) -> None:
    """Objects to a refusal that cannot be shown."""
    lines = getattr(error, "problems", None) or [str(error)]
    if not all(line.isprintable() for line in lines):
        raise FaultError(f"unprintable: {lines!r}") from error


def read_routine(data: bytes, folder: Path) -> None:
    from voicecoach.errors import VoicecoachError
    from voicecoach.printed_script import printed_script
    from voicecoach.routine import loader
    from voicecoach.routine.checker import advise
    from voicecoach.routine.fingerprint import approval_fingerprint, introduction_fingerprint
    from voicecoach.routine.sheet import sheet
    from voicecoach.session.commands import phrases
    from voicecoach.session.plan import Choices, make_plan
    from voicecoach.session.session import Session
    from voicecoach.session.timeline import Lengths
    from voicecoach.voice.plain_text import plain_text

    path = folder / "routine.yaml"
    path.write_bytes(data)
    try:
        written = loader.read(path)
    except VoicecoachError as error:
        refused(error)
        return
    routine, choices = written.routine, Choices(upper=True, approved=True)
    for advice in advise(written, [phrase.text for phrase in phrases()]):
        if not str(advice).isprintable():
            raise FaultError(f"unprintable: {advice}")
    approval_fingerprint(routine), introduction_fingerprint(routine)
    session = Session(make_plan(routine, choices), Lengths(lambda text: 1000, lambda sound: 1000))
    for text in session.texts():
        plain_text(text)
    list(sheet(routine, session.remaining(0)))
    list(printed_script(routine, choices, 1.0, 155))


def routine_seeds() -> list[bytes]:
    scripts = [path.read_bytes() for path in sorted((PACKAGE.parent / "scripts").glob("*.yaml"))]
    small = b"format: 1\ntitle: T\napproval: not required\nexercises:\n"
    small += b"  - id: a\n    name: A\n    steps:\n      - say: B\n"
    return [*scripts, small]


ROUTINE_WORDS = (
    "exercises:",
    "  - id: ",
    "steps:",
    "      - say: ",
    "      - hold: ",
    "      - wait: ",
    "      - move: ",
    "for: ",
    "short: ",
    "{side}",
    "{reps}",
    "{seconds}",
    "repetitions: 100",
    "3 to 7 s",
    "1 h",
    "99999999999999999999",
    "1e999",
    "nan",
    "&a ",
    "*a",
    "<<: *a",
    "!!python/object/apply:os.system [id]",
    "!!binary ",
    "!include /etc/passwd",
    "%YAML 1.2",
    "%TAG ! tag:x,2000:",
    "---",
    "...",
    "? ",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "|",
    ">",
    ">-",
    "|9",
    "'",
    '"',
    "\\x00",
    "\\U0010ffff",
    "\\ud800",
    "\x1b[2J",
    "\u202e",
    "\u2028",
    "\ufeff",
    "\t",
    "\r",
    "#",
    "0x10",
    "1:30",
    "~",
    "null",
    "=",
)


def read_journal(data: bytes, folder: Path) -> None:
    from voicecoach import doctor_page, journal
    from voicecoach.errors import VoicecoachError
    from voicecoach.history import add_up, standing
    from voicecoach.journal_report import BrokenLines, csv_lines, report
    from voicecoach.routine.library import find
    from voicecoach.routine.loader import load

    path = folder / "journal.jsonl"
    path.write_bytes(data)
    try:
        broken = BrokenLines("journal.jsonl")
        history = add_up(journal.read(path, broken))
        standing(history, "wrist-stretches", load(find("wrist-stretches")), TODAY)
        lines = [*report(history, TODAY), *broken.lines()]
        table = list(csv_lines(journal.read(path)))
        pages = doctor_page.as_html(history, TODAY), doctor_page.as_markdown(history, TODAY)
    except VoicecoachError as error:
        refused(error)
        return
    joiners = dict.fromkeys(map(ord, "\u200c\u200d"))
    text = [line.translate(joiners) for line in (*lines, *pages[0].split("\n"), *pages[1].split("\n"))]
    for line in (*text, *(row.rstrip("\n").translate(joiners) for row in table)):
        if not line.isprintable():
            raise FaultError(f"unprintable: {line!r}")
    if "<script" in pages[0].lower() or any(row.startswith(("=", "@", "+")) for row in table):
        raise FaultError("a page or a table that runs something")


def journal_seeds() -> list[bytes]:
    from voicecoach.journal import encode
    from voicecoach.journal_writer import Sitting
    from voicecoach.routine.library import find
    from voicecoach.routine.loader import load

    sitting = Sitting.of("wrist-stretches", load(find("wrist-stretches")))
    base = {"routine": sitting.routine, "title": sitting.title}
    where = {"exercise": "wrist-extension", "name": "Wrist extension", "side": "left", "rep": 2}
    events: tuple[tuple[str, dict[str, Any]], ...] = (
        ("started", {"version": "1", "approval": sitting.approval, "introduction": sitting.introduction}),
        ("approval", {"answer": "yes", "fingerprint": sitting.approval}),
        ("introduced", {"fingerprint": sitting.introduction}),
        ("check_in", {"answer": "fine", **where}),
        ("hold", {"seconds": 15, **where}),
        ("repetition", where),
        ("numb", where),
        ("pain", {"held": 6.4, "state": "holding", **where}),
        ("finished", {"reason": "pain", "seconds": 120.5}),
        ("emergency", where),
        ("doctor_seen", {"answer": "yes", "about": ["s28"]}),
        ("approval_withdrawn", {}),
    )
    lines = []
    for day in (2, 28, 29):
        at = datetime(2026, 6, day, 8, 30, tzinfo=timezone(timedelta(hours=2)))
        lines += [encode(at, event, {"session": f"s{day}", **base, **fields}) for event, fields in events]
    return [b"".join(lines), b"".join(lines[:5])]


JOURNAL_WORDS = (
    '"event":"pain"',
    '"event":"hold"',
    '"event":"finished"',
    '"event":"approval"',
    '"event":"approval_withdrawn"',
    '"at":"',
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59",
    '"seconds":1e308',
    '"seconds":NaN',
    '"held":-Infinity',
    "9" * 400,
    "[" * 300,
    '{"a":' * 100,
    '"rep":9999999999999999999',
    '"session":null',
    '"name":"<script>"',
    "=cmd|' /C x'!A0",
    '"exercise":"\\u001b[2J"',
    '"title":"\\ud800"',
    '"about":["a"]',
    '"answer":"yes"',
    "\n",
    "\x00",
    "\ufeff",
    "{}",
    "Z",
    "\\u202e",
)


def read_sound(data: bytes, folder: Path) -> None:
    from voicecoach.audio.clip import read_clip
    from voicecoach.errors import VoicecoachError
    from voicecoach.units import STREAM_RATE

    path = folder / "sound.wav"
    path.write_bytes(data)
    try:
        clip = read_clip(path)
        if not np.all(np.isfinite(clip.resampled(STREAM_RATE).samples)):
            raise FaultError("samples that are no numbers")
    except VoicecoachError as error:
        refused(error)


def sound_seeds() -> list[bytes]:
    import soundfile

    seeds = [min(CLIPS.glob("*.flac"), key=lambda path: path.stat().st_size).read_bytes()]
    noise = np.random.default_rng(0).standard_normal((400, 2)).astype(np.float32) / 10
    for kind, subtype in (
        ("WAV", "PCM_16"),
        ("WAV", "FLOAT"),
        ("WAV", "IMA_ADPCM"),
        ("FLAC", "PCM_24"),
        ("AIFF", "PCM_16"),
        ("WAVEX", "PCM_32"),
        ("OGG", "VORBIS"),
        ("AU", "ULAW"),
        ("W64", "GSM610"),
    ):
        made = io.BytesIO()
        sound = noise[:, 0] if subtype == "GSM610" else noise
        soundfile.write(made, sound, 48_000 if subtype != "GSM610" else 8_000, format=kind, subtype=subtype)
        seeds.append(made.getvalue())
    with io.BytesIO() as made, wave.open(made, "wb") as plain:
        plain.setparams((1, 2, 16_000, 0, "NONE", ""))
        plain.writeframes(bytes(800))
        plain.close()
        seeds.append(made.getvalue())
    return seeds


SOUND_WORDS = (
    "RIFF",
    "WAVEfmt ",
    "data",
    "fLaC",
    "LIST",
    "fact",
    "FORM",
    "COMM",
    "OggS",
    "\xff\xff\xff\xff",
    "\x00\x00\x00\x00",
)


def read_arguments(data: bytes, folder: Path) -> None:
    from voicecoach import cli
    from voicecoach.cli.arguments import make_parser

    words = [os.fsdecode(word) for word in data.split(b"\0")[:MOST_WORDS]]
    told, complained = (io.TextIOWrapper(io.BytesIO(), "utf-8", "strict") for _ in range(2))
    complained.reconfigure(errors="backslashreplace")
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(complained):
        os.chdir(folder)
        try:
            options = make_parser().parse_args(words)
        except SystemExit as ended:
            if ended.code not in (0, 2):
                raise FaultError(f"exit code {ended.code}") from None
            return
        command = options.run.__closure__[0].cell_contents
        writes = getattr(options, "for_doctor", None) is not None
        if command not in ("list", "schema", "show", "check", "journal", "new", "hear") or writes:
            return
        if getattr(options, "watch", False) or getattr(options, "ear", False):
            return
        code = cli.main(words)
        for stream in (told, complained):
            stream.flush()
    said = complained.buffer.getvalue().decode("utf-8")
    if "fault of the program" in said or code not in (0, 1, 2):
        raise FaultError(f"{words!r} gave {code}: {said}")
    if any(not line.isprintable() for line in said.splitlines()):
        raise FaultError(f"{words!r}: unprintable: {said!r}")


def argument_seeds() -> list[bytes]:
    lines = (
        "show tour --text --side right --speed 0.5",
        "check tour wrist-stretches",
        "journal --csv",
        "list",
        "schema",
        "new my-wrists --title T --say a --hold '15 s' --repetitions '2 to 4' --sides both --limb arm",
        "hear a.wav --json",
        "play tour --audio null --approved --no-mic --emergency-number 112 --rate 155 --cues full --events e.jsonl",
        "render tour -o a.wav --chapters --subtitles a.srt",
        "journal --delete --yes",
        "voices --try en-gb",
        "journal --forget-approval tour",
        "setup --engine vosk --from a.zip",
        "show ./a.yaml --dose high",
    )
    return ["\0".join(shlex.split(line)).encode() for line in lines]


ARGUMENT_WORDS = (
    "\0",
    "--",
    "-",
    "..",
    "/",
    "~",
    "~root",
    "~nobody/x.yaml",
    "/dev/zero",
    "/dev/stdin.yaml",
    ".yaml",
    "nan",
    "inf",
    "-1",
    "1e999",
    "\x1b]0;x\x07",
    "\u202e",
    "\xff",
    "%s",
    "{0}",
    "con",
    "aux.yaml",
    "$(id)",
    ";id",
    "`id`",
    "a" * 5000,
    "--help",
)


def read_kept(data: bytes, folder: Path) -> None:
    """The small files that the program keeps: each reader takes whatever stands there."""
    from voicecoach import remembered
    from voicecoach.audio.clip import Clip
    from voicecoach.ear.room_memory import RoomMemory
    from voicecoach.ear.self_trigger_cache import SelfTriggerCache
    from voicecoach.voice.clip_cache import ClipCache

    kept = folder / "kept.json"
    kept.write_bytes(data)
    if not 0 <= remembered.volume(kept) <= 10:
        raise FaultError("a volume out of bounds")
    room = RoomMemory("a pair", folder)
    room._file.write_bytes(data)
    room.load()
    clip = Clip(np.zeros(10, np.float32), 48_000)
    triggers = SelfTriggerCache(folder, "ear")
    triggers._path(clip).write_bytes(data)
    triggers.get(clip)
    speech = ClipCache(folder)
    speech._path("key", "text").write_bytes(data)
    speech.get("key", "text")


def kept_seeds() -> list[bytes]:
    from voicecoach.audio.clip import Clip
    from voicecoach.ear.room_memory import Room, RoomMemory
    from voicecoach.voice.clip_cache import ClipCache

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        room, speech = RoomMemory("a pair", folder), ClipCache(folder)
        room.save(Room(np.ones(20, np.float32), 1e-5))
        speech.put("key", "text", Clip(np.ones(400, np.float32) / 2, 22_050))
        files = [room._file.read_bytes(), speech._path("key", "text").read_bytes()]
    triggers = {"triggers": [["stop", "firm", 0.5]]}
    return [*files, b'{"volume": 0.8}', json.dumps(triggers).encode()]


KEPT_WORDS = (
    '"volume":',
    '"triggers":',
    "9" * 400,
    "1e999",
    "[" * 3000,
    "NaN",
    "'descr':",
    "'shape': (99999999999,)",
    "True",
    "null",
    "|O8",
    "PK\x03\x04",
    "fLaC",
)

TARGETS = {
    "loader": Target(routine_seeds, read_routine, ROUTINE_WORDS),
    "journal": Target(journal_seeds, read_journal, JOURNAL_WORDS),
    "sound": Target(sound_seeds, read_sound, SOUND_WORDS),
    "arguments": Target(argument_seeds, read_arguments, ARGUMENT_WORDS),
    "kept": Target(kept_seeds, read_kept, KEPT_WORDS),
}


# One target's process -------------------------------------------------------------------------------------------------


class Changer:
    """Makes new inputs of known ones."""

    def __init__(self, random_numbers: random.Random, words: tuple[str, ...]) -> None:
        self._random = random_numbers
        self._words = [word.encode("utf-8", "surrogatepass") for word in words]
        self._words += [word.encode("latin-1") for word in words if not word.isascii() and max(word) <= "\xff"]

    def change(self, known: list[bytes]) -> bytes:
        """A known input, changed in one to eight places."""
        data = bytearray(self._random.choice(known))
        for _ in range(1 << self._random.randrange(4)):
            self._change_once(data, known)
        return bytes(data[:LARGEST_INPUT])

    def _change_once(self, data: bytearray, known: list[bytes]) -> None:
        chance, at = self._random, self._random.randrange(len(data) + 1)
        length = min(chance.choice((1, 1, 2, 4, 16, 100, 1000)), len(data) - at)
        match chance.randrange(9):
            case 0:
                data[at : at + length] = chance.randbytes(length)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * chance.choice((1, 1, 2, 50, 1000))
            case 3 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 4 if data:
                data[at % len(data)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 5:
                other = chance.choice(known)
                begin = chance.randrange(len(other) + 1)
                data[at : at + length] = other[begin : begin + chance.choice((4, 40, 400))]
            case 6:
                lines = data.split(b"\n")
                first, second = (chance.randrange(len(lines)) for _ in range(2))
                lines[first], lines[second] = lines[second], lines[first]
                data[:] = b"\n".join(lines)
            case _ if self._words:
                replaced = chance.choice((0, 0, length))
                data[at : at + replaced] = chance.choice(self._words)
            case _:
                data[at:at] = chance.randbytes(1)


class Lines:
    """Which lines of the program run."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int, int]] = set()
        self._now: set[tuple[str, int, int]] = set()
        self._last = 0
        self._ours = str(PACKAGE)

    def __enter__(self) -> Lines:
        self._now, self._last = set(), 0
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def keep(self) -> bool:
        """Whether there were steps from line to line that were never seen."""
        new = self._now - self.seen
        self.seen |= new
        return bool(new)

    def _enter(self, frame: Any, event: str, _: object) -> Any:
        return self._step if frame.f_code.co_filename.startswith(self._ours) else None

    def _step(self, frame: Any, event: str, _: object) -> Any:
        if event == "line":
            self._now.add((frame.f_code.co_filename, self._last, frame.f_lineno))
            self._last = frame.f_lineno
        return self._step


def limit_memory() -> None:
    with contextlib.suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def peak_memory() -> float:
    try:
        import resource
    except ImportError:
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def fuzz(name: str, seconds: float, seed: int, folder: Path) -> int:
    """Run one target here; the number of faults."""
    target, lines = TARGETS[name], Lines()
    known = target.seeds()
    changer = Changer(random.Random(seed), target.words)
    limit_memory()
    end = time.monotonic() + seconds
    runs = faults = 0
    slowest, places = 0.0, set[str]()
    log = (folder / f"{name}.hung.txt").open("w")
    pending = list(known)
    with tempfile.TemporaryDirectory() as place:
        while pending or time.monotonic() < end:
            data = pending.pop() if pending else changer.change(known)
            (folder / f"{name}.now").write_bytes(data)
            faulthandler.dump_traceback_later(SLOW * 3, exit=True, file=log)
            began = time.process_time()  # others may have the machine
            problem = None
            try:
                with lines:
                    target.read(data, Path(place))
            except Exception as error:
                problem = error
            faulthandler.cancel_dump_traceback_later()
            took = time.process_time() - began
            runs, slowest = runs + 1, max(slowest, took)
            if problem is None and took > SLOW:
                problem = FaultError(f"took {took:.0f} seconds")
            if problem is not None:
                steps = traceback.extract_tb(problem.__traceback__)
                where = f"{Path(steps[-1].filename).name}:{steps[-1].lineno}" if steps else "too slow"
                where_from = f"{type(problem).__name__} {where}"
                if where_from not in places:
                    places.add(where_from)
                    faults += 1
                    (folder / f"{name}.fault-{faults}").write_bytes(data)
                    told = "".join(traceback.format_exception(problem))
                    (folder / f"{name}.fault-{faults}.txt").write_text(told[-5000:], "utf-8", "backslashreplace")
                    print(f"{name}: FAULT {where_from}: {str(problem)[:300]!a}", flush=True)
            if lines.keep():
                known.append(data)
    log.close()
    (folder / f"{name}.now").unlink()
    reached = f"{len(known)} kept, {len(lines.seen):,d} steps of lines"
    cost = f"slowest {slowest:.2f} s, peak {peak_memory():.0f} MB"
    print(f"{name:10s} {runs:9,d} inputs, {reached}, {cost}, faults: {faults}", flush=True)
    return faults


def fuzz_with_atheris(name: str, seconds: float, seed: int, folder: Path) -> int:
    """The same, steered by libFuzzer, which ends the process itself."""
    import atheris

    target = TARGETS[name]
    with atheris.instrument_imports(include=["voicecoach", "yaml"]):
        seeds = target.seeds()
        with tempfile.TemporaryDirectory() as place, contextlib.suppress(Exception):
            target.read(seeds[0], Path(place))
    corpus = folder / f"{name}.corpus"
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(data)
    words = folder / f"{name}.words"
    escaped = ("".join(f"\\x{byte:02x}" for byte in word.encode()[:60]) for word in target.words)
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    place = Path(tempfile.mkdtemp())
    limits = [
        f"-max_total_time={seconds:.0f}",
        f"-timeout={SLOW:.0f}",
        f"-rss_limit_mb={MOST_MEMORY // 1_000_000}",
        f"-max_len={LARGEST_INPUT}",
        f"-seed={seed + 1}",
        f"-artifact_prefix={folder}/{name}.",
        f"-dict={words}",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], lambda data: target.read(data, place))
    atheris.Fuzz()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="for each target; --lanes of them run side by side")
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atheris", action="store_true")
    parser.add_argument("--keep", type=Path, help="where inputs with faults go; a new folder by default")
    parser.add_argument("--here", choices=TARGETS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="voicecoach-fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    seconds = options.minutes * 60
    if options.here:
        run = fuzz_with_atheris if options.atheris else fuzz
        return min(run(options.here, seconds, options.seed, folder), 99)
    return besiege(options, folder)


def besiege(options: argparse.Namespace, folder: Path) -> int:
    """Every target in a process of its own; 1 where any has a fault."""
    waiting, running, bad = list(options.only), list[tuple[str, subprocess.Popen[bytes]]](), []
    while waiting or running:
        while waiting and len(running) < options.lanes:
            name = waiting.pop(0)
            flags = ["--minutes", str(options.minutes), "--seed", str(options.seed), "--keep", str(folder)]
            command = [sys.executable, "-m", "tests.bench.fuzz", "--here", name, *flags]
            home = tempfile.mkdtemp(prefix="voicecoach-home-")
            kept = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
            running.append(
                (
                    name,
                    subprocess.Popen(
                        [*command, *(["--atheris"] if options.atheris else [])],
                        env={**kept, "HOME": home},
                        stdin=subprocess.DEVNULL,
                    ),
                )
            )
        for name, process in list(running):
            if process.poll() is None:
                continue
            running.remove((name, process))
            if process.returncode:
                bad.append(name)
                died = (folder / f"{name}.now").exists()
                what = f"the process died, see {name}.now" if died else "faults"
                print(f"{name}: {what} in {folder}", flush=True)
        time.sleep(0.2)
    print(f"targets with faults: {', '.join(bad) or 'none'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
