"""The session's law: every state, and every legal move between them, in one table.

``TRANSITIONS[state, trigger]`` names the state that follows and what is done on the way. A pair that is not in the
table is not an error: the trigger means nothing there, and nothing changes. Three things hold for every row:

- PAIN, EMERGENCY and STOP are legal in every state;
- the only ways out of SAFETY_TALK lead to FINISHED: after pain nothing starts again;
- time alone (NO_ANSWER, STILL_NO_ANSWER, GRACE_OVER) moves only what waits for an answer or for the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from voicecoach.session.commands import Command


class State(str, Enum):
    """What the session is doing. Names are public: they appear in ``--events``."""

    READY = "ready"
    INTRODUCING = "introducing"
    INSTRUCTING = "instructing"
    HOLDING = "holding"
    RESTING = "resting"
    ASKING = "asking"
    """A question was put; yes or no is awaited."""
    WAITING = "waiting"
    """The question got no answer: paused until there is one."""
    CHECK_IN = "check_in"
    """Any new numbness? "No" or "fine" is awaited."""
    CHECK_IN_WAITING = "check_in_waiting"
    """The check-in got no answer: held until there is one."""
    CHECKING = "checking"
    """Something sounded like pain, a warning sign or "stop": "did something hurt?", or "is anything wrong?" """
    PAUSED = "paused"
    SAFETY_TALK = "safety_talk"
    CLOSING = "closing"
    STOPPING = "stopping"
    """Silent after "stop", ear still open."""
    FINISHED = "finished"


class Trigger(str, Enum):
    """What can move the session besides a command."""

    START = "start"
    INTRODUCTION_STARTED = "introduction_started"
    INSTRUCTION_STARTED = "instruction_started"
    HOLD_STARTED = "hold_started"
    REST_STARTED = "rest_started"
    QUESTION_STARTED = "question_started"
    CHECK_IN_STARTED = "check_in_started"
    CLOSING_STARTED = "closing_started"
    PLAYED_OUT = "played_out"
    NO_ANSWER = "no_answer"
    STILL_NO_ANSWER = "still_no_answer"
    GRACE_OVER = "grace_over"
    SUSPICION = "suspicion"
    """Something sounded like pain."""
    WARNING_SUSPICION = "warning_suspicion"
    """Something sounded like a warning sign."""
    SUSPECTED_AGAIN = "suspected_again"
    """The answer to "did something hurt?" sounded like pain or a warning sign, too."""
    STOP_SUSPICION = "stop_suspicion"
    """Something sounded like "stop"."""
    NOT_HURT = "not_hurt"
    """A no to "did something hurt?" where nothing may go on by itself: after a pause, or what sounded like "stop"."""
    FAULT = "fault"
    RESTORED = "restored"
    UNRECORDED = "unrecorded"
    """The journal may lack something of this session."""
    INTERRUPT = "interrupt"
    FAILURE = "failure"


class Action(str, Enum):
    """What is done on the way; each is one method of Session."""

    BEGIN = "begin"
    FOLLOW = "follow"
    PAUSE = "pause"
    RESUME = "resume"
    REPEAT = "repeat"
    SAY_AGAIN = "say_again"
    SKIP = "skip"
    GO_BACK = "go_back"
    SET_SPEED = "set_speed"
    SET_VOLUME = "set_volume"
    ANSWER = "answer"
    LEAVE_OUT = "leave_out"
    LEAVE_OUT_IN_PAUSE = "leave_out_in_pause"
    AWAIT_ANSWER = "await_answer"
    ASK_SHORTER = "ask_shorter"
    WAIT_FOR_ANSWER = "wait_for_answer"
    ASK_AGAIN = "ask_again"
    ACCEPT = "accept"
    REFUSE = "refuse"
    PASS_CHECK_IN = "pass_check_in"
    EASE_OFF = "ease_off"
    CHECK = "check"
    AWAIT_CHECK = "await_check"
    KEEP_PAUSED = "keep_paused"
    HALT_FOR_FAULT = "halt_for_fault"
    MENTION = "mention"
    ADVISE = "advise"
    ADVISE_AGAIN = "advise_again"
    ESCALATE = "escalate"
    STOP = "stop"
    FINISH = "finish"
    COMPLETE = "complete"
    INTERRUPT = "interrupt"
    FAIL = "fail"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Move:
    """One row: the state that follows, and the action on the way."""

    target: State
    action: Action


PLAYING: Final = (State.INTRODUCING, State.INSTRUCTING, State.HOLDING, State.RESTING)
"""States in which the routine goes on by itself."""

QUESTIONING: Final = (State.ASKING, State.WAITING, State.CHECK_IN, State.CHECK_IN_WAITING)
"""States in which a question of the plan is open."""

STARTED: Final = {
    Trigger.INTRODUCTION_STARTED: State.INTRODUCING,
    Trigger.INSTRUCTION_STARTED: State.INSTRUCTING,
    Trigger.HOLD_STARTED: State.HOLDING,
    Trigger.REST_STARTED: State.RESTING,
    Trigger.QUESTION_STARTED: State.ASKING,
    Trigger.CHECK_IN_STARTED: State.CHECK_IN,
    Trigger.CLOSING_STARTED: State.CLOSING,
}
"""Each part of the plan, as it begins to sound, has its state."""

FOLLOWED_BY: Final = {
    # The closing follows at once where the day's maximum was reached before.
    State.INTRODUCING: (
        Trigger.INTRODUCTION_STARTED,
        Trigger.QUESTION_STARTED,
        Trigger.INSTRUCTION_STARTED,
        Trigger.CLOSING_STARTED,
    ),
    # Where the session goes on after a pause or a command, so anything may come.
    State.INSTRUCTING: tuple(STARTED),
    # What a hold leaves behind is a moment of rest, always.
    State.HOLDING: (Trigger.REST_STARTED,),
    State.RESTING: (
        Trigger.REST_STARTED,
        Trigger.INSTRUCTION_STARTED,
        Trigger.CHECK_IN_STARTED,
        Trigger.CLOSING_STARTED,
    ),
    State.CLOSING: (Trigger.CLOSING_STARTED,),
}
"""What may begin to sound next while the plan goes on by itself."""

Key = tuple[State, Command | Trigger]


def _table() -> dict[Key, Move]:
    rows: dict[Key, Move] = {}

    def on(states: State | tuple[State, ...], trigger: Command | Trigger, action: Action,
           target: State | None = None) -> None:  # fmt: skip
        for state in states if isinstance(states, tuple) else (states,):
            if (state, trigger) in rows:
                raise ValueError(f"two rows for {state.value}, {trigger.value}")
            rows[state, trigger] = Move(target or state, action)

    on(State.READY, Trigger.START, Action.BEGIN, State.INTRODUCING)

    for state, triggers in FOLLOWED_BY.items():
        for trigger in triggers:
            on(state, trigger, Action.FOLLOW, STARTED[trigger])

    on(PLAYING, Command.PAUSE, Action.PAUSE, State.PAUSED)
    on(State.PAUSED, Command.RESUME, Action.RESUME, State.INSTRUCTING)
    on(State.PAUSED, Command.REPEAT, Action.SAY_AGAIN)
    on(PLAYING, Command.REPEAT, Action.REPEAT, State.INSTRUCTING)
    on((*PLAYING, State.PAUSED), Command.NEXT, Action.SKIP, State.INSTRUCTING)
    on((*PLAYING, State.PAUSED), Command.BACK, Action.GO_BACK, State.INSTRUCTING)
    on(PLAYING, Command.NUMB, Action.LEAVE_OUT, State.INSTRUCTING)
    # Whoever paused, or was asked whether something hurt, has not said "continue".
    on((State.PAUSED, State.CHECKING), Command.NUMB, Action.LEAVE_OUT_IN_PAUSE, State.PAUSED)
    on(State.CLOSING, Command.NUMB, Action.LEAVE_OUT)
    for command in (Command.TIME_LEFT, Command.WHERE, Command.HELP):
        on((*PLAYING, State.PAUSED), command, Action.ANSWER)
    for command in (Command.SLOWER, Command.FASTER):
        on((*PLAYING, State.PAUSED, *QUESTIONING), command, Action.SET_SPEED)
    for command in (Command.LOUDER, Command.QUIETER):
        on((*PLAYING, State.PAUSED, *QUESTIONING, State.CHECKING, State.CLOSING, State.SAFETY_TALK), command,
           Action.SET_VOLUME)  # fmt: skip

    on(State.ASKING, Trigger.PLAYED_OUT, Action.AWAIT_ANSWER)
    on(State.ASKING, Trigger.NO_ANSWER, Action.ASK_SHORTER)
    on(State.ASKING, Trigger.STILL_NO_ANSWER, Action.WAIT_FOR_ANSWER, State.WAITING)
    on((State.ASKING, State.WAITING), Command.YES, Action.ACCEPT, State.INTRODUCING)
    on((State.ASKING, State.WAITING), Command.NO, Action.REFUSE, State.CLOSING)
    on((State.ASKING, State.WAITING), Command.REPEAT, Action.ASK_AGAIN, State.ASKING)
    on(State.WAITING, Command.RESUME, Action.ASK_AGAIN, State.ASKING)
    on(State.ASKING, Command.PAUSE, Action.WAIT_FOR_ANSWER, State.WAITING)
    on((State.ASKING, State.WAITING), Command.NUMB, Action.LEAVE_OUT, State.ASKING)

    on(State.CHECK_IN, Trigger.PLAYED_OUT, Action.AWAIT_ANSWER)
    on(State.CHECK_IN, Trigger.NO_ANSWER, Action.ASK_SHORTER)
    on(State.CHECK_IN, Trigger.STILL_NO_ANSWER, Action.WAIT_FOR_ANSWER, State.CHECK_IN_WAITING)
    on(State.CHECK_IN, Command.PAUSE, Action.WAIT_FOR_ANSWER, State.CHECK_IN_WAITING)
    for command in (Command.FINE, Command.NO):
        on((State.CHECK_IN, State.CHECK_IN_WAITING), command, Action.PASS_CHECK_IN, State.INSTRUCTING)
    on((State.CHECK_IN, State.CHECK_IN_WAITING), Command.NUMB, Action.LEAVE_OUT, State.INSTRUCTING)
    on((State.CHECK_IN, State.CHECK_IN_WAITING), Command.YES, Action.EASE_OFF, State.PAUSED)
    on((State.CHECK_IN, State.CHECK_IN_WAITING), Command.REPEAT, Action.ASK_AGAIN, State.CHECK_IN)
    on(State.CHECK_IN_WAITING, Command.RESUME, Action.ASK_AGAIN, State.CHECK_IN)

    doubtful = (*PLAYING, State.CLOSING, *QUESTIONING, State.PAUSED)
    for suspicion in (Trigger.SUSPICION, Trigger.WARNING_SUSPICION, Trigger.STOP_SUSPICION):
        on(doubtful, suspicion, Action.CHECK, State.CHECKING)
    on(State.CHECKING, Trigger.PLAYED_OUT, Action.AWAIT_CHECK)
    on(State.CHECKING, Trigger.NO_ANSWER, Action.KEEP_PAUSED, State.PAUSED)
    on(State.CHECKING, Command.PAUSE, Action.KEEP_PAUSED, State.PAUSED)
    on(State.CHECKING, Command.YES, Action.ADVISE, State.SAFETY_TALK)
    # Somebody whose words are only ever half heard must not be left with the question. In 15 minutes of strangers' talk
    # four things sounded like pain: in the seconds after a question that follows one of them, it ends half a session an
    # hour by mistake.
    on(State.CHECKING, Trigger.SUSPECTED_AGAIN, Action.ADVISE, State.SAFETY_TALK)
    for command in (Command.NO, Command.RESUME, Command.FINE):
        on(State.CHECKING, command, Action.RESUME, State.INSTRUCTING)
    on(State.CHECKING, Trigger.NOT_HURT, Action.KEEP_PAUSED, State.PAUSED)
    # "Stop" and then something like pain: said in one breath it is pain, so doubt is enough.
    for suspicion in (Trigger.SUSPICION, Trigger.WARNING_SUSPICION):
        on(State.STOPPING, suspicion, Action.ADVISE, State.SAFETY_TALK)

    # In a pause, too: whoever rests there would say "continue" to nobody.
    on((*PLAYING, *QUESTIONING, State.CHECKING, State.PAUSED), Trigger.FAULT, Action.HALT_FOR_FAULT, State.PAUSED)
    # Without a device the stream's clock stands still, and without an ear nothing more can be heard: do not wait.
    on(State.PAUSED, Trigger.RESTORED, Action.KEEP_PAUSED)
    on(State.SAFETY_TALK, Trigger.RESTORED, Action.ADVISE_AGAIN)
    on(State.STOPPING, Trigger.FAULT, Action.FINISH, State.FINISHED)

    # After stop and pain nothing is added to what is said: the terminal tells it then.
    on((*PLAYING, State.CLOSING, *QUESTIONING, State.CHECKING, State.PAUSED), Trigger.UNRECORDED, Action.MENTION)

    on(State.CLOSING, Trigger.PLAYED_OUT, Action.COMPLETE, State.FINISHED)
    on(State.SAFETY_TALK, Trigger.PLAYED_OUT, Action.FINISH, State.FINISHED)
    on(State.STOPPING, Trigger.GRACE_OVER, Action.FINISH, State.FINISHED)

    for state in State:
        if state in (State.SAFETY_TALK, State.FINISHED):
            continue
        on(state, Command.PAIN, Action.ADVISE, State.SAFETY_TALK)
        on(state, Command.EMERGENCY, Action.ADVISE, State.SAFETY_TALK)
        if state is State.STOPPING:
            on(state, Command.STOP, Action.NOTHING)
        else:
            on(state, Command.STOP, Action.STOP, State.STOPPING)
    on(State.SAFETY_TALK, Command.PAIN, Action.NOTHING)
    on(State.SAFETY_TALK, Command.EMERGENCY, Action.ESCALATE)
    on(State.SAFETY_TALK, Command.STOP, Action.FINISH, State.FINISHED)
    for command in (Command.PAIN, Command.EMERGENCY, Command.STOP):
        on(State.FINISHED, command, Action.NOTHING)
    for state in State:
        if state is not State.FINISHED:
            on(state, Trigger.INTERRUPT, Action.INTERRUPT, State.FINISHED)
            on(state, Trigger.FAILURE, Action.FAIL, State.FINISHED)
    return rows


TRANSITIONS: Final[dict[Key, Move]] = _table()

STARTS_AGAIN: Final = frozenset(
    key for key, move in TRANSITIONS.items() if key[0] not in PLAYING and move.target in PLAYING
)
"""What sets a session in motion that stands still."""

LISTENED_FOR: Final = {
    state: frozenset(command for command in Command if (state, command) in TRANSITIONS) for state in State
}
"""What the ear listens for in each state: what means something there. The rest could only be mistaken for it."""
