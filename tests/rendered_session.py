"""A small session as a sound file: what the tests of chapters, tags and subtitles look into."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from voicecoach.audio.clip import Clip
from voicecoach.audio.earcons import load_earcons
from voicecoach.chapters import Part, parts
from voicecoach.performance import ClipOf
from voicecoach.render import Rendered, render_session
from voicecoach.routine.model import Exercise, Hold, Range, Routine, Say, Wait
from voicecoach.session.plan import Choices, Plan, make_plan
from voicecoach.units import STREAM_RATE

RATE = STREAM_RATE
LOUD = 0.3
"""How loud every sample of speech is, so that its first and last can be found."""

ROUTINE = Routine(
    format=1,
    title="Smålå <session> & more",
    approval=True,
    about=("It may help --> a little.",),
    exercises=(
        Exercise(
            id="pull",
            name="Pull",
            sides="both",
            limb="arm",
            lead_in=0.5,
            rest=0.5,
            repetitions=Range(low=2, high=3),
            steps=(Say(say="Pull the {side} hand."), Hold(hold=Range(low=2, high=2))),
        ),
        Exercise(id="heat", name="Heat", optional=True, steps=(Wait(wait=2, say="Put heat on it."),)),
        Exercise(
            id="turn",
            name="Turns",
            sides="both",
            order="alternating",
            rest=0.5,
            repetitions=Range(low=2, high=2),
            steps=(Say(say="Turn."),),
        ),
    ),
    closing=("Ask your doctor.",),
)


def speech(_: float) -> ClipOf:
    """Clips that are loud from their first sample to their last."""

    def clip_of(text: str) -> Clip:
        return Clip(np.full(1_000 + 37 * len(text), LOUD, np.float32), RATE)

    return clip_of


def rendered(path: Path) -> tuple[Plan, list[Part], Rendered]:
    """The session, in the file ``path``."""
    plan = make_plan(ROUTINE, Choices(approved=True, check_ins=False))
    done = render_session(plan, speech, load_earcons(RATE), RATE, path)
    return plan, list(parts(ROUTINE, plan)), done
