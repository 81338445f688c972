"""Kills the real program, over and over on one journal, and looks whether anything that had happened is lost.

usage: python -m tests.bench.killed [--times 200] [--seed 0] [--lanes 2] [--painful 0.25] [--keep FOLDER]

A session of some twelve seconds is played on the null device, in real time and by a process of its own, which is ended
with SIGKILL at a moment drawn uniformly from its whole life: from the first instruction of the interpreter to after its
last. The next one starts on the same home. Some get a pain by key and are killed within 300 ms of it; where something
hurt, the next one has to ask, is answered, and some of those are killed within 300 ms of the answer.

After each kill, what the events file tells must be in the journal, in the same order, and nothing more than one event's
worth of entries; what stood there before must stand there unchanged; and what was said must show that the program knew
of all the sessions before. Every routine allows two more repetitions than today has seen, so that each start says how
many that are. A lane is one home with its journal; two run side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from voicecoach.session import defaults
from voicecoach.session.wording import wording

PAINFUL = 0.25
"""Share of the runs in which something hurts; with none, every kill is uniformly random."""
ANSWERED = 0.4
"""Share of those that are asked about it and are killed right after the answer, not at any moment."""
SOON = 0.3
"""Seconds after a key within which it is killed."""
AT_ONCE = 0.02
"""Half of the kills after a key fall within these: what is done about it takes some milliseconds."""
LEFT = 2
"""Repetitions that each session may do, once there were some: its routine asks for one more."""

CAN_TYPE = os.name == "posix"
"""There are pseudo-terminals to press keys in."""

INTRODUCTION, REMINDER = "Move slowly.", "Slowly."
ROUTINE = f"""
format: 1
title: Press
approval: required
precautions: [{INTRODUCTION}]
reminder: [{REMINDER}]
exercises:
  - id: press
    name: Press
    repetitions: {LEFT + 1}
    per_day: {{most}}
    lead_in: 0.5 s
    rest: 0.5 s
    steps:
      - hold: 1 s
"""

Json = dict[str, Any]


class Home:
    """One user's files: a cache, a journal, routines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        places = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
        user = {name: str(folder) for name in ("HOME", "USERPROFILE", "LOCALAPPDATA")}
        self.env = kept | places | user | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}

    @property
    def journal(self) -> bytes:
        """All that is in it."""
        found = [*self.folder.rglob("journal.jsonl")]
        return found[0].read_bytes() if found else b""

    def voicecoach(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Any other command of the program."""
        command = [sys.executable, "-m", "voicecoach", *arguments]
        return subprocess.run(
            command, env=self.env, cwd=self.folder, capture_output=True, text=True, encoding="utf-8", timeout=60,
            check=False,
        )  # fmt: skip


class Run:
    """One ``voicecoach play`` in a process of its own, with a keyboard if ``types``."""

    def __init__(self, home: Home, routine: Path, name: str, *, types: bool) -> None:
        self.events_file, self.log = home.folder / f"{name}.jsonl", home.folder / f"{name}.log"
        self._keyboard: tuple[int, int] | None = os.openpty() if types else None
        command = [sys.executable, "-m", "voicecoach", "play", str(routine), "--audio", "null", "--approved"]
        command += ["--speed", "2", "--rate", "200", "--events", str(self.events_file)]
        self.started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command if types else [*command, "--unattended"],
                env=home.env,
                cwd=home.folder,
                stdin=self._keyboard[1] if self._keyboard else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def events(self) -> list[Json]:
        """Those that were written to the end of their line."""
        text = self.events_file.read_text(encoding="utf-8") if self.events_file.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def press(self, key: str) -> None:
        assert self._keyboard is not None
        os.write(self._keyboard[0], key.encode())

    def sleep_until(self, seconds: float) -> None:
        """Seconds after its start."""
        time.sleep(max(0.0, self.started + seconds - time.monotonic()))

    def wait_for(self, met: Callable[[list[Json]], bool], until: float) -> bool:
        """Whether it came to that before ``until`` seconds after its start, and before its end."""
        while time.monotonic() < self.started + until:
            if met(self.events):
                return True
            if self.process.poll() is not None:
                return met(self.events)
            time.sleep(0.004)
        return False

    def kill(self) -> int | None:
        """Its exit code if it had ended before, else None. It alone is killed, none of what it started."""
        code = self.process.poll()
        if code is None:
            self.process.kill()
            self.process.wait(10)
        self._close()
        return code

    def wait(self, timeout: float) -> int:
        """Let it come to its end."""
        try:
            return self.process.wait(timeout)
        finally:
            self.kill()

    def _close(self) -> None:
        for end in self._keyboard or ():
            os.close(end)
        self._keyboard = None

    def left_behind(self, patience: float = 3.0) -> list[int]:
        """Processes that it started and that still run ``patience`` seconds later (Linux); they are ended."""
        deadline = time.monotonic() + patience
        while left := list(_of_session(self.process.pid)):
            if time.monotonic() > deadline:
                for pid in left:
                    with suppress(ProcessLookupError):
                        os.kill(pid, 9)
                return left
            time.sleep(0.02)
        return []


def _of_session(session: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name of the command, in brackets, may hold anything.
            state, _, _, sid = stat.read_text().rpartition(")")[2].split()[:4]
            if int(sid) == session and state != "Z":
                yield int(stat.parent.name)


def entries(journal: bytes) -> tuple[list[Json], int]:
    """The journal's entries, and how many of its lines are none."""
    found, broken = [], 0
    for line in journal.split(b"\n"):
        if line:
            try:
                found.append(json.loads(line))
            except ValueError:
                broken += 1
    return found, broken


def owed(events: list[Json]) -> list[tuple[Any, ...]]:
    """What the journal must hold of a session of which these events were told, in order."""
    found: list[tuple[Any, ...]] = []
    state, said, hold = "ready", "", {}
    for event in events:
        name = event["event"]
        if name == "state":
            if state == "ready":
                found.append(("started",))
            if event["to"] == "safety_talk":
                found.append(("pain",))
            state = event["to"]
        elif name == "heard" and event["command"] == "yes" and state in ("asking", "waiting"):
            found.append(("doctor_seen", "yes"))
        elif name == "prompt":
            said = event["text"]
        elif name == "prompt_end" and event["completed"] and said == INTRODUCTION:
            found.append(("introduced",))
        elif name == "hold_start":
            hold = event
        elif name == "hold_end" and event["completed"]:
            found += [("hold", hold["exercise"], hold["rep"]), ("repetition", hold["exercise"], hold["rep"])]
        elif name == "finished":
            found.append(("finished", event["reason"]))
    return found


def kept(entry: Json) -> tuple[Any, ...]:
    """An entry as ``owed`` puts it."""
    fields = {
        "hold": ("exercise", "rep"),
        "repetition": ("exercise", "rep"),
        "doctor_seen": ("answer",),
        "finished": ("reason",),
    }
    return (entry["event"], *(entry.get(name) for name in fields.get(entry["event"], ())))


def prompts(events: list[Json]) -> list[str]:
    """What was said, in order."""
    return [event["text"] for event in events if event["event"] == "prompt"]


def says_that_it_hurt(events: list[Json]) -> bool:
    return any(
        (event["event"] == "heard" and event["command"] == "pain") or event.get("to") == "safety_talk"
        for event in events
    )


@dataclass
class Past:
    """What a journal's entries add up to, by rules as simple as they can be put."""

    introduced: bool
    hurt: bool
    """Something hurt, and nobody has said since that a doctor knows."""
    done_today: int

    @classmethod
    def of(cls, journal: bytes) -> Past:
        hurt: set[str] = set()
        today, done, introduced = datetime.now().astimezone().date(), 0, False
        for entry in entries(journal)[0]:
            if entry["event"] == "pain":
                hurt.add(entry["session"])
            elif entry["event"] == "doctor_seen" and entry["answer"] == "yes":
                hurt -= set(entry["about"])
            elif entry["event"] == "repetition":
                done += datetime.fromisoformat(entry["at"]).astimezone().date() == today
            introduced = introduced or entry["event"] == "introduced"
        return cls(introduced, bool(hurt), done)

    @property
    def most(self) -> int:
        """The day's maximum that leaves LEFT; it may not be lower than what one sitting asks for."""
        return max(self.done_today + LEFT, LEFT + 1)

    def is_known_by(self, events: list[Json]) -> Iterator[tuple[str, bool]]:
        """What the program must know of it and has said by then, and whether that was right."""
        said, say = prompts(events), wording().say
        begins = INTRODUCTION in said or REMINDER in said
        if begins or say("after_pain") in said:
            yield "whether something hurt", (say("after_pain") in said) is self.hurt
        if begins:
            yield "whether the introduction was heard", (REMINDER in said) is self.introduced
        today = [text for text in said if text.startswith("Today")]
        if today:
            expected = say("daily_left", done=self.done_today, most=self.most, left=self.most - self.done_today)
            yield "what was done today", today == [expected]


@dataclass
class Outcome:
    """What came of some runs."""

    runs: int = 0
    killed: int = 0
    with_pain: int = 0
    """Killed within SOON of the key."""
    told_of_pain: int = 0
    """Of these, when the events file already told of it."""
    after_answer: int = 0
    owed: int = 0
    """Entries that the events tell of."""
    lost: int = 0
    ahead: int = 0
    """Runs whose journal held an event that the events file did not tell of yet: the kill fell between the two."""
    torn: int = 0
    states: Counter[str] = field(default_factory=Counter)
    """What the session was doing when it was killed."""
    knew: Counter[str] = field(default_factory=Counter)
    """What later starts were seen to know."""
    faults: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def lines(self) -> Iterator[str]:
        """The figures."""
        yield (
            f"FIGURE {self.killed} killed of {self.runs} runs: {self.owed} entries owed, {self.lost} lost; "
            f"{self.torn} torn lines; journal ahead of the events file {self.ahead} times; {len(self.faults)} faults"
        )
        yield (
            f"FIGURE killed within {SOON * 1000:.0f} ms of a pain: {self.with_pain}, told by then {self.told_of_pain}; "
            f"of an answer: {self.after_answer}"
        )
        yield "FIGURE later starts knew " + ", ".join(f"{what}: {n}" for what, n in sorted(self.knew.items()))
        total = max(1, sum(self.states.values()))
        states = ", ".join(f"{name} {n} ({100 * n / total:.0f} %)" for name, n in self.states.most_common())
        yield f"FIGURE killed while: {states}"
        yield from (f"FAULT {fault}" for fault in self.faults)


def examine(events: list[Json], before: bytes, after: bytes, past: Past) -> Outcome:
    """What is to be said of one run that told of ``events``, and of the journal ``before`` and ``after`` it."""
    found = Outcome()
    if not after.startswith(before):
        found.faults.append("what stood in the journal is changed")
    written, found.torn = entries(after[len(before) :])
    if found.torn > 1:
        found.faults.append(f"{found.torn} torn lines by one kill")
    if len({entry["session"] for entry in written}) > 1:
        found.faults.append("it wrote for more than one session")
    should, does = owed(events), [kept(entry) for entry in written]
    found.owed = len(should)
    if does[: len(should)] != should:
        found.lost = max(1, sum((Counter(should) - Counter(does)).values()))
        found.faults.append(f"the events tell of {should}, the journal holds {does}")
    extra = does[len(should) :]
    found.ahead = int(bool(extra))
    if len(extra) > 1 and [name for name, *_ in extra] != ["hold", "repetition"]:
        found.faults.append(f"the journal is ahead by {extra}")
    for what, right in past.is_known_by(events):
        found.knew[what] += right
        if not right:
            found.faults.append(f"it does not know {what}")
    return found


class Lane:
    """Runs on one home, one after the other; each is killed."""

    def __init__(self, folder: Path, seed: str, length: float = 0.0, painful: float = PAINFUL) -> None:
        self.home = Home(folder)
        self.outcome = Outcome()
        self._painful = painful
        self._random = random.Random(seed)
        self._length = length
        """Seconds from the start of a process that nobody kills to its end."""

    def undisturbed(self) -> None:
        """One run to its end, which must be a good one; its length is what kills are drawn from."""
        with self._run(types=False) as run:
            code = run.wait(120)
            self._length = time.monotonic() - run.started
            if code != 0:
                self._object(run, f"it ended with {code}")

    def killed(self) -> None:
        """One run that is killed."""
        hurts = Past.of(self.home.journal).hurt
        pain = CAN_TYPE and self._random.random() < self._painful
        with self._run(types=pain or hurts) as run:
            length = self._length
            if hurts and not self._answer(run):
                return
            if hurts:
                length += time.monotonic() - run.started
            moment = self._random.uniform(0.0, length)
            if pain:
                run.sleep_until(moment)
                if run.process.poll() is None:
                    run.press("h")
                moment += self._soon()
            run.sleep_until(moment)
            self._end(run, pain=pain)

    def known(self) -> None:
        """One more run, killed only once it has shown that it knows of those before it."""
        hurts = Past.of(self.home.journal).hurt
        with self._run(types=hurts) as run:
            if hurts and self._answer(run, at_once=True):
                self._end(run, pain=False)
            elif not hurts:
                begun = run.wait_for(lambda events: bool({INTRODUCTION, REMINDER} & set(prompts(events))), 60.0)
                self._end(run, pain=False)
                if not begun:
                    self._object(run, "it did not begin")

    def _answer(self, run: Run, *, at_once: bool | None = None) -> bool:
        """Wait for the question, or be killed before it comes; whether the run still goes on."""
        question = wording().say("after_pain")
        patience = self._random.uniform(0.0, 2.0 * self._length) if at_once is None else 60.0
        if not run.wait_for(lambda events: question in prompts(events), patience):
            self._end(run, pain=False)
            if at_once:
                self._object(run, "it did not ask")
            return False
        time.sleep(defaults.ANSWER_NOT_BEFORE + self._random.uniform(0.2, 1.2))
        run.press("y")
        if at_once or (at_once is None and self._random.random() < ANSWERED):
            time.sleep(self._soon())
            self.outcome.after_answer += 1
            if at_once is None:
                self._end(run, pain=False)
                return False
        return True

    def _soon(self) -> float:
        return self._random.uniform(0.0, self._random.choice((SOON, AT_ONCE)))

    def _end(self, run: Run, *, pain: bool) -> None:
        code = run.kill()
        events = run.events
        if code is None:
            self.outcome.killed += 1
            states = [event["to"] for event in events if event["event"] == "state"]
            self.outcome.states[states[-1] if states else "starting"] += 1
            if pain:
                self.outcome.with_pain += 1
                self.outcome.told_of_pain += says_that_it_hurt(events)
        else:
            self.outcome.states["ended by itself"] += 1
            if code not in (0, 10):
                self._object(run, f"it ended with {code}")

    @contextmanager
    def _run(self, *, types: bool) -> Iterator[Run]:
        """A run on this home; after it, what it left is examined."""
        before = self.home.journal
        past = Past.of(before)
        routine = self.home.folder / "press.yaml"
        routine.write_text(ROUTINE.format(most=past.most), encoding="utf-8")
        self.outcome.runs += 1
        run = Run(self.home, routine, f"run-{self.outcome.runs:03d}", types=types)
        try:
            yield run
        finally:
            run.kill()
        self._examine(run, before, past)

    def _examine(self, run: Run, before: bytes, past: Past) -> None:
        found = examine(run.events, before, self.home.journal, past)
        complaints, found.faults = found.faults, []
        self.outcome.add(found)
        if any(sign in run.output for sign in ("Traceback", "not readable", "has a problem")):
            complaints.append(run.output.strip()[-300:])
        if left := run.left_behind():
            complaints.append(f"it left {len(left)} processes behind")
        for complaint in complaints:
            self._object(run, complaint)

    def _object(self, run: Run, what: str) -> None:
        self.outcome.faults.append(f"{run.events_file}: {what}")

    def read(self) -> None:
        """At the end: the whole journal by the program's own commands, where this version has them."""
        known = len(entries(self.home.journal)[0])
        for arguments, least in (("journal",), 1), (("journal", "--csv"), known + 1):
            done = self.home.voicecoach(*arguments)
            what = "voicecoach " + " ".join(arguments)
            if "invalid choice" in done.stderr:
                self.outcome.knew[f"no such command: {what}"] += 1
                continue
            if done.returncode != 0 or done.stderr or len(done.stdout.splitlines()) < least:
                self.outcome.faults.append(f"{what}: {done.returncode} {done.stderr[-300:]}")
            else:
                self.outcome.knew[what] += 1


def besiege(folder: Path, times: int, seed: int, lanes: int = 2, length: float | None = None,
            painful: float = PAINFUL, progress: Callable[[int], None] = lambda done: None) -> Outcome:  # fmt: skip
    """Kill ``times`` runs on ``lanes`` homes under ``folder``, side by side, and say what came of it.

    ``length``: seconds that a run takes. None measures it first, and plays one to its end once more at last.
    """
    done, lock = 0, threading.Lock()

    def count() -> None:
        nonlocal done
        with lock:
            done += 1
            progress(done)

    def run_lane(number: int) -> Outcome:
        lane = Lane(folder / f"home-{number}", f"{seed} {number}", length or 0.0, painful)
        if length is None:
            lane.undisturbed()  # renders the speech, which those after it find in the cache
            lane.undisturbed()
        share = len(range(number, times, lanes))
        while lane.outcome.killed < share and len(lane.outcome.faults) < 10:
            lane.killed()
            count()
        lane.known()
        if length is None and not Past.of(lane.home.journal).hurt:
            lane.undisturbed()
        lane.read()
        return lane.outcome

    total = Outcome()
    with ThreadPoolExecutor(lanes) as pool:
        for outcome in pool.map(run_lane, range(lanes)):
            total.add(outcome)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lanes", type=int, default=2, help="homes that are used side by side")
    parser.add_argument("--painful", type=float, default=PAINFUL, help="share of the runs in which something hurts")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the homes, with every events file, there")
    options = parser.parse_args()
    begun = time.monotonic()

    def progress(done: int) -> None:
        if done % 10 == 0:
            print(f"{done} runs, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        outcome = besiege(
            options.keep or Path(folder), options.times, options.seed, options.lanes, painful=options.painful,
            progress=progress,
        )  # fmt: skip
    print(*outcome.lines(), sep="\n")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
