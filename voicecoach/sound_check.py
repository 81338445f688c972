"""The sound check: tones that the coach listens to, then a rehearsal of the commands that matter. Pure, no clock.

``SoundCheck.handle(event, now) -> effects``, as the session does it; positions are frames of the stream that was really
played. Everything is spoken, so it works with eyes closed, and it goes on by itself: whoever says nothing hears advice,
and after some tries the end; where nobody is heard at all, the end comes after the first command.

The law: a command counts only after its request was heard to its end, and only the one that is rehearsed; "stop" ends
the check, except while it is the one that is rehearsed; the keys for stop and pain always end it.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from voicecoach.ear.level import QUIETEST
from voicecoach.ear.sounding import Sounding
from voicecoach.session.commands import Command
from voicecoach.session.cues import Earcon, Prompt, Sound
from voicecoach.session.effects import Listen
from voicecoach.session.wording import Wording
from voicecoach.units import frames

REHEARSED: Final = (Command.PAUSE, Command.STOP, Command.PAIN)
"""What has to be heard, in this order; the names of their sentences end with the command's value."""

NEEDED = 2
"""Times that each has to be heard."""

ANSWER_SECONDS = 6.0
"""How long a try waits: time to take a breath, to say it, and to say it again."""

MOST_MISSES = 3
"""Tries of one command that may fail before it is left out."""

SETTLE_SECONDS = 0.15
"""After a request's last sound came back to the microphone; then the ear is armed."""

TOO_SOON = 0.2
"""Seconds after arming in which nobody can have said a whole word: what is decided then was the coach's own voice."""

LOOK_SECONDS = 10.0
"""For looking at a microphone that gives nothing, before the tones come again."""

MOST_SOUNDINGS = 3

CLIPPED = 0.001
"""Share of samples at full scale that is worth a word: one in a thousand is heard as a crackle."""

NOISY = -45.0
"""dBFS of a room that is worth a word: speech from a metre away is at -40 to -25 in most microphones."""

AUDIBLE = 8.0
"""dB over the room that somebody's loudest part has who said something."""

ABOUT_AS_LOUD = 1.5
"""dB that nobody calls a difference."""

TOO_LOUD = 6.0
"""dB by which the coach may be louder in the microphone than the user before advice is given: under an echo that is
louder the ear missed one command in six (README, Limits)."""

KEYS: Final = {Command.PAUSE: "space", Command.STOP: "s", Command.PAIN: "h"}


@dataclass(frozen=True, slots=True)
class Begun:
    """The stream runs. ``has_microphone`` is False where none was opened; ``devices`` names what was."""

    has_microphone: bool
    devices: str


@dataclass(frozen=True, slots=True)
class Played:
    """What the last Play effect wanted has left the mixer. ``loudness``: dBFS of its speech, None where it had none."""

    loudness: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """The answer to a Measure effect."""

    sounding: Sounding


@dataclass(frozen=True, slots=True)
class CommandHeard:
    """The ear decided at frame ``decided``; ``loudness`` is dBFS of what it decided on, the room taken off."""

    command: Command
    phrase: str
    firm: bool
    decided: int
    loudness: float


@dataclass(frozen=True, slots=True)
class Elapsed:
    """A deadline has come. ``loudest``: dBFS of the loudest part of the microphone since the ear was armed."""

    loudest: float


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user pressed a key that ends it, or a signal came."""


Event = Begun | Played | Measured | CommandHeard | Elapsed | Interrupted


@dataclass(frozen=True, slots=True)
class Play:
    """Cut what sounds, then play these one after the other, and say Played."""

    cues: tuple[Prompt | Earcon, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """Play a chime and the sweeps, listen, and say Measured."""


@dataclass(frozen=True, slots=True)
class Show:
    """A line for the screen alone."""

    text: str


class Verdict(str, Enum):
    """How a sound check ended."""

    PASSED = "passed"
    DOUBTFUL = "doubtful"
    """Not every command was heard."""
    FAILED = "failed"
    """There is no microphone, nothing comes from it, or nobody was heard at all."""
    ENDED = "ended"
    """The user ended it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found out; None for what was not."""

    verdict: Verdict
    sounding: Sounding | None = None
    coach: float | None = None
    """dBFS of the coach's speech in the microphone."""
    user: float | None = None
    """dBFS of the user's, the median of what was heard."""
    heard: dict[Command, int] = field(default_factory=dict)
    """How often each rehearsed command was heard."""

    @property
    def quieter(self) -> float | None:
        """dB by which the coach is quieter in the microphone than the user."""
        return None if self.user is None or self.coach is None else self.user - self.coach


@dataclass(frozen=True, slots=True)
class Finish:
    """The sound check is over; nothing follows."""

    report: Report


Effect = Play | Measure | Listen | Show | Finish


class Phase(Enum):
    """What the check is doing."""

    READY = "ready"
    INTRODUCING = "introducing"
    MEASURING = "measuring"
    REPORTING = "reporting"
    """What was measured is being said."""
    LOOKING = "looking"
    """The user looks after a silent microphone."""
    REQUESTING = "requesting"
    SETTLING = "settling"
    """The request is still coming back to the microphone."""
    LISTENING = "listening"
    CLOSING = "closing"
    FINISHED = "finished"


_NOBODY: Final = Listen(frozenset())


class SoundCheck:
    """One sound check, from Begun to Finish. An event that means nothing in a phase changes nothing."""

    def __init__(self, words: Wording) -> None:
        self._words = words
        self.phase = Phase.READY
        self._report = Report(Verdict.ENDED, heard=dict.fromkeys(REHEARSED, 0))
        self._soundings = 0
        self._speech: float | None = None
        """dBFS of the coach's speech as it was handed to the device."""
        self._levels: list[float] = []
        self._rehearsing = 0
        self._misses = 0
        self._quiet_misses = 0
        self._unsure = False
        self._armed_at = 0
        self._deadline: int | None = None

    @property
    def command(self) -> Command | None:
        """The command that is rehearsed."""
        at_it = self.phase in (Phase.REQUESTING, Phase.SETTLING, Phase.LISTENING)
        return REHEARSED[self._rehearsing] if at_it else None

    def next_deadline(self) -> int | None:
        """The frame at which ``Elapsed`` is due."""
        return self._deadline

    def handle(self, event: Event, now: int) -> list[Effect]:
        """What is to be done about ``event``, in order."""
        if isinstance(event, Interrupted):
            return self._interrupt()
        if isinstance(event, Begun) and self.phase is Phase.READY:
            return self._begin(event)
        if isinstance(event, Played):
            return self._played(event, now)
        if isinstance(event, Measured) and self.phase is Phase.MEASURING:
            return self._take(event.sounding)
        if isinstance(event, CommandHeard) and self.phase is Phase.LISTENING:
            return self._heard(event)
        if isinstance(event, Elapsed) and self._deadline is not None and now >= self._deadline:
            return self._elapsed(event, now)
        return []

    # The tones ------------------------------------------------------------------------------------------------

    def _begin(self, event: Begun) -> list[Effect]:
        if not event.has_microphone:
            return self._close(Verdict.FAILED, self._say("no_microphone"))
        self.phase = Phase.INTRODUCING
        return [_NOBODY, Play((self._say("intro"), self._say("devices", devices=event.devices), self._say("quiet")))]

    def _measure(self) -> list[Effect]:
        self.phase = Phase.MEASURING
        self._soundings += 1
        return [Measure()]

    def _take(self, sounding: Sounding) -> list[Effect]:
        self._report = replace(self._report, sounding=sounding)
        if sounding.silent:
            if self._soundings >= MOST_SOUNDINGS:
                return self._close(Verdict.FAILED, self._say("silent_still"))
            self.phase = Phase.REPORTING
            return [Play((Earcon(Sound.TROUBLE), self._say("silent")))]
        shown = [Show(self._words.say("shown_room", noise=f"{-sounding.noise:.0f}"))]
        said = []
        if sounding.clipped >= CLIPPED:
            said.append(self._say("clips"))
        if sounding.echo is None:
            said.append(self._say("no_echo"))
        else:
            ms, gain = round(1000 * sounding.echo.delay), f"{sounding.echo.gain:+.0f}"
            said.append(self._say("hears_itself", ms=ms))
            shown.append(Show(self._words.say("shown_echo", ms=ms, gain=gain)))
        if sounding.noise > NOISY:
            said.append(self._say("noisy"))
        self.phase = Phase.REPORTING
        return [*shown, Play((*said, self._say("rehearsal")))]

    # The rehearsal --------------------------------------------------------------------------------------------

    def _request(self, kind: str, *before: Prompt | Earcon) -> list[Effect]:
        """Ask for the command that is rehearsed; the ear is armed once that was said."""
        self.phase = Phase.REQUESTING
        self._deadline = None
        command = REHEARSED[self._rehearsing]
        return [_NOBODY, Play((*before, self._say(f"{kind}_{command.value}")))]

    def _listen(self, now: int) -> list[Effect]:
        self.phase = Phase.LISTENING
        self._armed_at, self._deadline = now, now + frames(ANSWER_SECONDS)
        self._unsure = False
        armed = frozenset({REHEARSED[self._rehearsing], Command.STOP})
        return [Listen(armed), Show(self._words.say("shown_listening"))]

    def _heard(self, event: CommandHeard) -> list[Effect]:
        if event.decided < self._armed_at + frames(TOO_SOON):
            return []
        if not event.firm:
            self._unsure = True
            return []
        command = REHEARSED[self._rehearsing]
        shown = Show(self._words.say("shown_heard", phrase=event.phrase))
        if event.command is not command:
            return [shown, *self._close(Verdict.ENDED)] if event.command is Command.STOP else []
        self._levels.append(event.loudness)
        heard = {**self._report.heard, command: self._report.heard[command] + 1}
        self._report = replace(self._report, heard=heard, user=statistics.median(self._levels))
        if heard[command] < NEEDED:
            return [shown, *self._request("again", Earcon(Sound.HEARD))]
        return [shown, *self._next(Earcon(Sound.HEARD), self._say("heard_well"))]

    def _missed(self, event: Elapsed) -> list[Effect]:
        self._misses += 1
        if self._misses < MOST_MISSES:
            return self._request("ask", self._advice(event))
        if not self._levels and event.loudest < self._floor:
            return self._close(Verdict.FAILED)
        key = Show(self._words.say("shown_key", letter=KEYS[REHEARSED[self._rehearsing]]))
        return [key, *self._next(self._say("left_out"))]

    def _advice(self, event: Elapsed) -> Prompt:
        if self._unsure:
            return self._say("missed_unsure")
        if event.loudest < self._floor:
            self._quiet_misses += 1
            return self._say("missed_still_quiet" if self._quiet_misses == 2 else "missed_quiet")
        quieter = self._report.quieter
        if quieter is None and self._coach is not None:
            quieter = event.loudest - self._coach
        if quieter is not None and quieter < -TOO_LOUD:
            return self._say("missed_echo")
        return self._say("missed_noise" if self._noise > NOISY else "missed_other")

    def _next(self, *before: Prompt | Earcon) -> list[Effect]:
        self._rehearsing += 1
        self._misses = 0
        if self._rehearsing < len(REHEARSED):
            return self._request("try", *before)
        good = all(count >= NEEDED for count in self._report.heard.values())
        shown, said = self._summary()
        return [*shown, *self._close(Verdict.PASSED if good else Verdict.DOUBTFUL, *before, *said)]

    def _summary(self) -> tuple[list[Show], list[Prompt]]:
        report, sounding = self._report, self._report.sounding
        shown: list[Show] = []
        said: list[Prompt] = []
        if sounding is not None and report.user is not None:
            level, over = f"{-report.user:.0f}", f"{report.user - sounding.noise:.0f}"
            shown.append(Show(self._words.say("shown_you", level=level, over=over)))
        if sounding is None or sounding.echo is None or report.quieter is None:
            return shown, said
        comparison = "quieter" if report.quieter > 0 else "louder"
        if abs(report.quieter) <= ABOUT_AS_LOUD:
            comparison = "as_loud"
        fields = {"ms": round(1000 * sounding.echo.delay), "db": round(abs(report.quieter))}
        shown.append(Show(self._words.say(f"shown_{comparison}", **fields)))
        said.append(self._say(comparison, **fields))
        if report.quieter < -TOO_LOUD:
            said.append(self._say("too_loud"))
        return shown, said

    # All along ------------------------------------------------------------------------------------------------

    @property
    def _noise(self) -> float:
        """dBFS of the room."""
        return self._report.sounding.noise if self._report.sounding else QUIETEST

    @property
    def _floor(self) -> float:
        """dBFS below which nobody said anything."""
        return self._noise + AUDIBLE

    @property
    def _coach(self) -> float | None:
        """dBFS of the coach's speech in the microphone."""
        echo = self._report.sounding.echo if self._report.sounding else None
        return None if echo is None or self._speech is None else self._speech + echo.gain

    def _played(self, event: Played, now: int) -> list[Effect]:
        if event.loudness is not None:
            self._speech = event.loudness
            self._report = replace(self._report, coach=self._coach)
        if self.phase is Phase.INTRODUCING:
            return self._measure()
        if self.phase is Phase.REPORTING:
            if self._report.sounding is not None and self._report.sounding.silent:
                self.phase, self._deadline = Phase.LOOKING, now + frames(LOOK_SECONDS)
                return []
            return self._request("try")
        if self.phase is Phase.REQUESTING:
            echo = self._report.sounding.echo if self._report.sounding else None
            late = SETTLE_SECONDS + (echo.delay if echo else 0.0)
            self.phase, self._deadline = Phase.SETTLING, now + frames(late)
            return []
        if self.phase is Phase.CLOSING:
            return self._finish()
        return []

    def _elapsed(self, event: Elapsed, now: int) -> list[Effect]:
        self._deadline = None
        if self.phase is Phase.SETTLING:
            return self._listen(now)
        if self.phase is Phase.LISTENING:
            return self._missed(event)
        if self.phase is Phase.LOOKING:
            self.phase = Phase.INTRODUCING
            return [Play((self._say("once_more"),))]
        return []

    def _interrupt(self) -> list[Effect]:
        """The first one is answered, the next one is not waited for."""
        if self.phase in (Phase.READY, Phase.CLOSING):
            return self._finish()
        return [] if self.phase is Phase.FINISHED else self._close(Verdict.ENDED)

    def _close(self, verdict: Verdict, *before: Prompt | Earcon) -> list[Effect]:
        self.phase, self._deadline = Phase.CLOSING, None
        self._report = replace(self._report, verdict=verdict)
        return [_NOBODY, Play((*before, self._say(verdict.value)))]

    def _finish(self) -> list[Effect]:
        self.phase, self._deadline = Phase.FINISHED, None
        return [Finish(self._report)]

    def _say(self, key: str, **fields: object) -> Prompt:
        return Prompt(self._words.say(f"sound_{key}", **fields))
