"""The live ear: the hearing chain in a thread of its own, fed by the device's thread, never holding it up."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from voicecoach.audio.clip import Samples
from voicecoach.ear.engines import DEFAULT_ENGINE, ENGINES, make_hearing, make_spotter
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.input_check import InputCheck
from voicecoach.ear.level import QUIETEST
from voicecoach.ear.overload import Overload
from voicecoach.ear.room_memory import RoomMemory
from voicecoach.ear.spotter import Heard
from voicecoach.errors import EarError
from voicecoach.routine.languages import ENGLISH
from voicecoach.session.commands import ALWAYS, Command
from voicecoach.units import STREAM_RATE, frames, seconds

__all__ = ["DEFAULT_ENGINE", "ENGINES", "Ear", "Hearing", "Heartbeat", "make_hearing", "make_spotter"]

_MOST_WAITING = frames(1.5)
"""Frames that may wait to be heard; a command is worthless later than that."""

_LIGHT = (
    'The ear cannot keep up, so for now it listens only for "stop", for sentences such as "it hurts" (not for "ouch"), '
    "and for the most common commands."
)
_ALL_AGAIN = "The ear keeps up again and listens for everything."

_KEPT_AFTER_OVERLOAD = frames(0.3)
"""Newest frames that are kept when too many waited."""

_MOST_RESTARTS = 3
"""Failures in a row, with no second of sound heard in between, after which the ear rests before it tries again."""

_RESTS = (5.0, 10.0, 20.0)
"""Seconds of each rest; the last one goes on for ever."""

_PATIENCE = 3.0
"""Seconds that ``close`` waits for an engine that hangs."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When the last block was done with, so that a deaf ear is noticed."""

    at: float
    """``time.monotonic()`` then; of ``start`` at first."""
    position: int
    """Stream position up to which everything was heard."""


@dataclass(frozen=True, slots=True)
class _Block:
    microphone: Samples
    reference: Samples | None
    position: int
    slipped: bool


class Ear:
    """Listens in the background. ``submit`` comes from the device's thread, the callbacks from the ear's own.

    Where it does not keep up it goes without the dearest part of the chain, and where even that is too much it drops
    sound; ``on_trouble`` is told of either, and when all is well again.
    """

    def __init__(
        self,
        on_heard: Callable[[Heard], None],
        on_trouble: Callable[[str], None],
        make: Callable[[], Hearing],
        rests: Sequence[float] = _RESTS,
    ) -> None:
        """``make`` builds the chain, at start and again after a failure. Both callbacks must return quickly.

        ``rests``: seconds to wait, with the heartbeat standing still, where it failed several times in a row.
        """
        self._on_heard, self._on_trouble, self._make = on_heard, on_trouble, make
        self._news = threading.Condition()
        self._blocks: deque[_Block] = deque()
        self._captured = self._waiting = 0
        self._dropped = 0
        self._overload = Overload()
        self._overwhelmed = False
        self._armed: Collection[Command] = ALWAYS
        self._rearm = False
        self._closing = False
        self._thread: threading.Thread | None = None
        self._hearing: Hearing | None = None
        self._origin = 0
        self._expected: int | None = None
        self._failures = 0
        self._rests, self._rested = rests, 0
        self._input = InputCheck()
        self._level = QUIETEST
        self._heartbeat = Heartbeat(time.monotonic(), 0)
        self.restarts = 0
        """How often the chain was rebuilt after a failure."""

    def start(self) -> None:
        """Load the engine (0.2 s for the default one) and begin to listen. Raises EarError. Once."""
        if self._thread is not None:
            raise RuntimeError("this ear was started before")
        self._hearing = self._make()
        self._hearing.arm(self._armed)
        self._rearm = False
        self._heartbeat = Heartbeat(time.monotonic(), 0)
        self._thread = threading.Thread(target=self._run, name="ear", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and release the engine; no callback comes after it returns. May be called twice.

        An engine that hangs is left behind.
        """
        with self._news:
            self._closing = True
            self._news.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_PATIENCE)

    def submit(self, microphone: Samples, reference: Samples | None, position: int, slipped: bool = False) -> None:
        """Hand over the block captured at stream ``position`` and what was played meanwhile. Never blocks.

        The samples are copied. A jump in ``position`` begins a new stream: what was half heard is forgotten. With
        ``slipped`` the echo of what is played may come sooner or later from here on, as after an underrun.
        """
        block = _Block(microphone.copy(), None if reference is None else reference.copy(), position, slipped)
        with self._news:
            if self._closing:
                return
            self._blocks.append(block)
            self._captured += len(microphone)
            self._waiting += len(microphone)
            if self._waiting > _MOST_WAITING:
                while len(self._blocks) > 1 and self._waiting > _KEPT_AFTER_OVERLOAD:
                    lost = len(self._blocks.popleft().microphone)
                    self._waiting -= lost
                    self._dropped += lost
            self._news.notify()

    def arm(self, commands: Collection[Command]) -> None:
        """From the next block on, listen for these and no others. From any thread."""
        with self._news:
            self._armed, self._rearm = frozenset(commands), True
            self._news.notify()

    @property
    def heartbeat(self) -> Heartbeat:
        """When the ear last finished a block, and how far it heard. From any thread."""
        return self._heartbeat

    @property
    def level(self) -> float:
        """How loud the last second was, dBFS. From any thread."""
        return self._level

    @property
    def silent_input(self) -> bool:
        """Whether the microphone has given nothing but exact zeros for a second: muted, or not permitted."""
        return self._input.is_silent

    @property
    def clipped_input(self) -> bool:
        """Whether the microphone has been overdriven for a second."""
        return self._input.is_clipped

    @property
    def overwhelmed(self) -> bool:
        """Whether so much of the last seconds was lost, for want of time, that it can be called deaf."""
        return self._overwhelmed

    def _run(self) -> None:
        while True:
            with self._news:
                while not (self._blocks or self._rearm or self._closing):
                    self._news.wait()
                if self._closing:
                    break
                block = self._blocks.popleft() if self._blocks else None
                if block is not None:
                    self._waiting -= len(block.microphone)
                captured, waiting = self._captured, self._waiting
                dropped, self._dropped = self._dropped, 0
                armed = self._armed if self._rearm else None
                self._rearm = False
            if dropped:
                self._overload.lost(captured, dropped)
            self._overwhelmed = self._overload.is_too_much(captured)
            if dropped:
                self._tell(f"The ear could not keep up: {seconds(dropped):.1f} s of sound were not heard.")
            self._step(block, armed, captured, waiting)
        self._release()

    def _step(self, block: _Block | None, armed: Collection[Command] | None, captured: int, waiting: int) -> None:
        """Do one thing. Of ``captured`` frames ``waiting`` are still to be heard, ``block`` not counted."""
        heard: list[Heard] = []
        try:
            if self._hearing is None:
                self._hearing = self._make()
                self._hearing.arm(self._armed)
                self._hearing.lighten(self._overload.is_light)
                self._expected = None
            elif armed is not None:
                self._hearing.arm(armed)
            self._keep_up(self._hearing, captured, waiting)
            if block is not None:
                heard = self._listen(self._hearing, block)
        except BaseException as error:  # whatever an engine throws, SystemExit too, the ear has to survive it
            self._recover(error)
        for command in heard:
            self._pass_on(command)

    def _keep_up(self, hearing: Hearing, captured: int, waiting: int) -> None:
        was = self._overload.is_light
        light = self._overload.after(captured, waiting)
        if light != was and hearing.lighten(light):
            self._tell(_LIGHT if light else _ALL_AGAIN)

    def _listen(self, hearing: Hearing, block: _Block) -> list[Heard]:
        if block.position != self._expected:
            if self._expected is not None:
                hearing.reset()
            self._origin = block.position
        if block.slipped:
            hearing.slipped()
        heard = hearing.feed(block.microphone, block.reference)
        self._expected = block.position + len(block.microphone)
        if self._expected - self._origin >= STREAM_RATE:
            self._failures = self._rested = 0
        self._input.feed(block.microphone)
        self._level = hearing.level
        self._heartbeat = Heartbeat(time.monotonic(), self._expected)
        return [replace(command, decided=command.decided + self._origin) for command in heard]

    def _recover(self, error: BaseException) -> None:
        self._release()
        self._failures += 1
        self.restarts += 1
        if self._failures <= _MOST_RESTARTS:
            self._tell(f"The ear failed and was started again ({_name(error)}).")
            return
        if not self._rested:
            self._tell(f"The ear has failed and hears nothing ({_name(error)}). It is tried again now and then.")
        self._rest(self._rests[min(self._rested, len(self._rests) - 1)])
        self._rested += 1

    def _release(self) -> None:
        broken, self._hearing = self._hearing, None
        if broken is not None:
            with suppress(BaseException):  # it is broken, or nobody needs it any more
                broken.close()

    def _rest(self, rest: float) -> None:
        with self._news:
            self._news.wait_for(lambda: self._closing, rest)
            # What was said meanwhile is too old to be obeyed, and no news.
            self._blocks.clear()
            self._waiting = self._dropped = 0

    def _tell(self, trouble: str) -> None:
        if not self._closing:
            with suppress(Exception):  # nobody is left to tell
                self._on_trouble(trouble)

    def _pass_on(self, command: Heard) -> None:
        if self._closing:
            return
        try:
            self._on_heard(command)
        except Exception as error:  # the ear goes on hearing, whatever becomes of what it heard
            self._tell(f'"{command.phrase}" was heard, but could not be obeyed ({error}).')


def _name(error: BaseException) -> str:
    return str(error) or type(error).__name__


def make_ear(
    on_heard: Callable[[Heard], None],
    on_trouble: Callable[[str], None],
    engine: str = DEFAULT_ENGINE,
    memory: RoomMemory | None = None,
    language: str = ENGLISH,
) -> Ear:
    """An ear around the engine of that name; nothing is loaded before ``start``. Raises EarError for no such name."""
    if engine not in ENGINES:
        raise EarError(f'There is no speech engine "{engine}". Choose one of: {", ".join(ENGINES)}.')

    def make() -> Hearing:
        return make_hearing(engine, live=True, memory=memory, language=language, on_trouble=on_trouble)

    return Ear(on_heard, on_trouble, make)
