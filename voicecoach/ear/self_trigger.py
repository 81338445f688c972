"""Which commands the ear would hear in the coach's own prompts, were the own-voice proof to fail: a lock behind a lock.

Before anybody hears a prompt, its very samples are sent through a simulated loudspeaker and room into the chain that
listens live, which is not told that the coach is speaking. What it takes them for depends on the sound and the ear
alone, so it is worked out once and kept (``self_trigger_cache.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache

import numpy as np

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.loudness import SPEECH_LOUDNESS
from voicecoach.ear.hearing import Hearing
from voicecoach.ear.spotter import Tier
from voicecoach.session.commands import ALWAYS, ANSWERS, URGENT, Command
from voicecoach.units import STREAM_RATE, frames

_TALKER = -27.0
"""dBFS of a person's voice in the microphone, about: echo levels are told relative to it."""

_NOISE = 10.0 ** (-65.0 / 20.0)
"""RMS of the noise of a quiet room and its microphone. Digital silence would be easier to hear in than any room is."""

_LOUDSPEAKER = 200.0
"""Hz below which a small loudspeaker fades, by 12 dB an octave."""

_AFTER = frames(1.0)
"""Room after the prompt's last sample, so that a word at its very end is still decided."""

_BLOCK = frames(0.01)
"""Frames handed to the ear at a time: its smallest step, 1 to 2 ms of work."""


@dataclass(frozen=True, slots=True)
class Echo:
    """A way from the loudspeaker to the microphone."""

    level: float
    """dB that the coach's voice has over a person's, in the microphone."""
    reverberation: float
    """Seconds in which the room's sound falls by 60 dB."""
    direct: float
    """dB that the direct sound has over the room's."""


ECHOES = (Echo(10.0, 0.25, 6.0), Echo(0.0, 0.5, -3.0), Echo(-10.0, 0.25, 6.0))
"""Loud, and soft, from a loudspeaker beside the microphone; and as loud as a person from across a livelier room."""

_LOUDNESS = {10.0: "louder than a person", 0.0: "as loud as a person", -10.0: "softer than a person"}
"""How their levels are told."""


@dataclass(frozen=True, slots=True)
class SelfTrigger:
    """A command that is heard in a prompt."""

    command: Command
    tier: Tier
    echo: float
    """The level, of those in ECHOES, at which it is."""

    @property
    def is_obeyed(self) -> bool:
        """Whether a session would act on it while it speaks.

        "Yes" and "no" are listened for only while a question is open, and a question ends its timeline: quiet follows
        it anyway. What is only suspected is acted on where it is urgent.
        """
        return self.command not in ANSWERS and (self.tier == "firm" or self.command in URGENT)


def self_triggers(hearing: Hearing, clip: Clip, between: Callable[[], None] = lambda: None) -> tuple[SelfTrigger, ...]:
    """What ``hearing`` takes ``clip`` (STREAM_RATE) for over each of ECHOES, each thing once, from a fresh state.

    Takes a tenth of the time that the clip lasts, for each echo. ``between`` is called after each 10 ms of sound.
    """
    if clip.rate != STREAM_RATE:
        raise ValueError(f"the ear listens at {STREAM_RATE} frames a second, not at {clip.rate}")
    hearing.arm(ALWAYS | ANSWERS)
    found: dict[SelfTrigger, None] = {}
    for echo in ECHOES:
        hearing.reset()
        microphone = _through(echo, clip.samples)
        for start in range(0, len(microphone), _BLOCK):
            for heard in hearing.feed(microphone[start : start + _BLOCK]):
                found[SelfTrigger(heard.command, heard.tier, echo.level)] = None
            between()
    return tuple(found)


def is_obeyed(triggers: Collection[SelfTrigger]) -> bool:
    """Whether a session would act on any of what a prompt is taken for."""
    return any(trigger.is_obeyed for trigger in triggers)


def described(triggers: Collection[SelfTrigger]) -> str:
    """What the ear takes a prompt for, in words that follow on the prompt: those that are obeyed, at least one."""
    obeyed = [trigger for trigger in triggers if trigger.is_obeyed]
    commands = list(dict.fromkeys(f'"{trigger.command.value}"' for trigger in obeyed))
    loudness = [words for level, words in _LOUDNESS.items() if level in {trigger.echo for trigger in obeyed}]
    when = f" when the loudspeaker is {' or '.join(loudness)}" if len(loudness) < len(_LOUDNESS) else ""
    return f"sounds like the command{'s' * (len(commands) > 1)} {', '.join(commands)} to the ear{when}"


def _through(echo: Echo, samples: Samples) -> Samples:
    """What the microphone captures of ``samples``, noise and the quiet after them included."""
    total = len(samples) + _AFTER
    response = _room(echo)
    size = _good_size(total + len(response))
    squared = (np.fft.rfftfreq(size, 1 / STREAM_RATE) / _LOUDSPEAKER) ** 2
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(response, size) * squared / (1.0 + squared)
    gain = 10.0 ** ((_TALKER + echo.level - SPEECH_LOUDNESS) / 20.0)
    noise = np.random.default_rng(1).standard_normal(total, dtype=np.float32) * np.float32(_NOISE)
    return np.asarray(gain * np.fft.irfft(spectrum, size)[:total] + noise, dtype=np.float32)


@cache
def _room(echo: Echo) -> Samples:
    """An impulse response of unit energy: the direct sound, and noise that dies away after it (J.-D. Polack, 1988)."""
    count = frames(echo.reverberation)
    response = np.random.default_rng(0).standard_normal(count) * 10.0 ** (-3.0 * np.arange(count) / count)
    response[0] = 0.0
    response *= 10.0 ** (-echo.direct / 20.0) / np.sqrt(np.dot(response, response))
    response[0] = 1.0
    return np.asarray(response / np.sqrt(np.dot(response, response)), dtype=np.float32)


def _good_size(least: int) -> int:
    """A length with a large power of two in it: others can take a hundred times as long to transform."""
    step = 1 << max((least - 1).bit_length() - 3, 0)
    return -(-least // step) * step
