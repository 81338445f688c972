"""How well likeness by pronunciation foretells what the ear does: how often it takes what is so alike for the command.

usage: python -m tests.bench.sound_alikes [--ear] [FILE...]

Prints what is found in a thousand words of each FILE of prose (README.md and LICENSE by default). With --ear every text
of the bundled routines and every made one is spoken and played to the ear over the simulated echoes of ``self_trigger``
(a quarter of an hour), and for each range of costs it prints how many pairs of text and command there were, in how many
the ear would have obeyed, and in how many it suspected something at least. Answers are left out.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from voicecoach.ear.engines import make_hearing
from voicecoach.ear.self_trigger import SelfTrigger, self_triggers
from voicecoach.ear.sound_alikes import WHILE_A_ROUTINE_SPEAKS, SoundAlikes, open_sound_alikes
from voicecoach.opening import open_speech
from voicecoach.routine.library import list_routines
from voicecoach.routine.loader import load
from voicecoach.session.commands import Command
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.voice.synthesizer import DEFAULT_RATE

WORDS = """
paws/weight/wade/payne/pan/bach/her hurts/hurts/heard/it hers/that hearts/at hurts/stoop/step/stomp/top/stopped/chop
shop/flop/skipped/skit/keep/text/necks/nest/nicks/helped/health/hell/kelp/yelp/gone/goat on/go in/going on/carrion
carry in
harry on/resumed/presume/consume/repeated/defeat/replete/slow/lower/flower/slowly/laughter/master/fasten/factor/loud
prouder/powder/quiet/quite a/time lift/tie left/how wrong/along/numb/some/it's done/its thumb/i've done/i'm gone
ready steady/already/hang in/hanging/hand on/on hand/paused/pods/pores/pours/boss/cause/waste/wake/waiting/await/way to
pail/pained/paint/bane/spain/couch/out/hour/how/owl/chest plane/just paint/i feel week/i fill weak/skip miss/ship this
backs/bag/pack/black/neck/beck/bake/previously/devious/speed it up/speak a lot/two clouds/allowed/heap up/where am
were i am/there am i/what can they say/more single/more mingling/stop the station/and session/men's session
i can move my hand/can't you/continued/contain you/can you
"""
FRAMES = ("Then {} the fingers and lean on it.", "{}.", "Put your palm on the {}.")

BINS = (0.0, 0.001, 0.05, 0.1, 0.13, 0.16, 0.19, 0.22, 0.26, 0.3)
FAR = 9.0


def prose(path: Path) -> list[str]:
    """Its paragraphs, without tables, headings and code."""
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    lines = (line for line in text.splitlines() if not line.startswith(("|", "#", "<")))
    return [part for part in re.sub(r"[*`_\[\]]", "", "\n".join(lines)).split("\n\n") if part.strip()]


def print_prose(alike: SoundAlikes, path: Path) -> None:
    """One line."""
    began = time.process_time()
    found: Counter[str] = Counter()
    words = exact = 0
    for text in prose(path):
        words += len(re.findall(r"[A-Za-z']+", text))
        for one in alike(text):
            said = " ".join(text[one.start : one.end].lower().split())
            exact += said == one.command
            if said != one.command:
                found[f"{said} ~ {one.command}"] += 1
    total = sum(found.values())
    print(f"{path}: {words} words, {exact} commands, {total} alike ({1000 * total / words:.1f} in a thousand words), "
          f"{time.process_time() - began:.2f} s: {', '.join(found)}")  # fmt: skip


def texts() -> list[str]:
    """What is spoken: bundled sessions, and made sentences."""
    lengths = Lengths(lambda text: 1, lambda sound: 1)
    routines = [load(entry.path) for entry in list_routines() if entry.origin == "bundled"]
    said = [text for routine in routines for text in Session(make_plan(routine), lengths).texts()]
    made = [frame.format(words) for words in re.split("[/\n]", WORDS.strip()) for frame in FRAMES]
    return list(dict.fromkeys([*said, *made]))


def heard(said: list[str]) -> Iterator[tuple[str, tuple[SelfTrigger, ...]]]:
    """What the ear takes each for."""
    speech = open_speech(None, DEFAULT_RATE, said)
    try:
        clip_of = speech.clips_at(1.0)
        if speech.failure is not None:
            raise speech.failure
    finally:
        speech.close()
    hearing = make_hearing()
    try:
        for text in said:
            yield text, self_triggers(hearing, clip_of(text))
    finally:
        hearing.close()


def print_ear(alike: SoundAlikes) -> None:
    """The table."""
    rows: Counter[tuple[float, str]] = Counter()
    for text, triggers in heard(texts()):
        costs: defaultdict[Command, float] = defaultdict(lambda: FAR)
        for clause in alike.clauses(text):
            for match in alike.matches(clause, most=0.33):
                command = match.phrase.command
                costs[command] = min(costs[command], match.cost)
        obeyed = {trigger.command for trigger in triggers if trigger.is_obeyed}
        for command in (set(costs) | {trigger.command for trigger in triggers}) & WHILE_A_ROUTINE_SPEAKS:
            bin_ = max((low for low in BINS if low <= costs[command] < FAR), default=FAR)
            rows[bin_, "pairs"] += 1
            rows[bin_, "obeyed"] += command in obeyed
            rows[bin_, "suspected"] += any(trigger.command is command for trigger in triggers)
    print(f"{'cost from':>10s}{'pairs':>8s}{'obeyed':>8s}{'suspected':>11s}")
    for low in (*BINS, FAR):
        if pairs := rows[low, "pairs"]:
            obeyed, suspected = rows[low, "obeyed"] / pairs, rows[low, "suspected"] / pairs
            print(f"{low if low < FAR else 'not alike':>10}{pairs:8d}{obeyed:8.2f}{suspected:11.2f}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=[Path("README.md"), Path("LICENSE")])
    parser.add_argument("--ear", action="store_true")
    options = parser.parse_args()
    alike = open_sound_alikes()
    for path in options.files:
        print_prose(alike, path)
    if options.ear:
        print_ear(alike)


if __name__ == "__main__":
    main()
