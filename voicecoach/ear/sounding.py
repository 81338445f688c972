"""A chirp goes out of the loudspeaker: how late, how loud and in how much noise does the microphone hear it?

The played sound is looked for with a matched filter that gives every frequency of the band the weight it was played
with but undoes its phase (phase-only whitening by the reference; C. Knapp and G. Carter, "The generalized correlation
method for estimation of time delay", 1976), so that each path from loudspeaker to microphone becomes one narrow pulse.
A sweep of half a second stands 30 dB higher out of noise than its level says. Each sweep is looked at by itself, and
only the powers are added up: two clocks that drift apart cannot cancel it. Pure functions over samples, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicecoach.audio.clip import Samples
from voicecoach.ear.level import QUIETEST, level_of
from voicecoach.units import STREAM_RATE, frames

LOW, HIGH = 300.0, 6_000.0
"""Hz: small loudspeakers give nothing below, cheap microphones little above."""

LONGEST_DELAY = 0.7
"""Seconds: Bluetooth loudspeakers are up to 0.4 s late."""

_FADE = 0.02
"""Seconds of a raised cosine at both ends, so that nothing clicks."""

_EDGE = 0.15
"""Share of the band, in frequency, over which the filter fades at each end: its pulse then has no side lobes."""

_SURE = 20.0
"""Times the mean power of the noise that an echo's peak must have (13 dB). Of noise alone one window in 20,000 has such
a peak, and two of three would have to have it in the same place."""

_ALIKE = 0.0015
"""Seconds within which sweeps must agree: drift, and which of two equal paths is the stronger."""

_BEFORE = 0.02
"""Seconds before the strongest path in which an earlier, weaker one counts as the first."""

_FIRST = 0.25
"""Of the power of the strongest path that makes an earlier one the first (-6 dB)."""

_DECAY = 0.4
"""Seconds after the first path that belong to the echo."""

_SMOOTH = 0.004
"""Seconds over which the power is averaged to see where the echo's decay is lost in the noise."""

_FULL_SCALE = 0.985
"""Amplitude from which a sample counts as clipped: some converters stop a little below 1."""

_Power = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Echo:
    """How the loudspeaker is heard in the microphone."""

    delay: float
    """Seconds from the frame that was handed to the device to the captured frame that has it."""
    gain: float
    """dB from what was played to what was captured, in the band, the room's decay included."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """What one measurement found."""

    silent: bool
    """The microphone gave nothing but exact zeros: muted, or not permitted."""
    clipped: float
    """Share of the captured samples at full scale while the sweeps were to be heard."""
    noise: float
    """dBFS of the room before."""
    echo: Echo | None
    """None where the loudspeaker cannot be made out: headphones, or the wrong microphone, or too much noise."""


def make_chirp(seconds: float = 0.5, amplitude: float = 0.2, rate: int = STREAM_RATE) -> Samples:
    """A sweep from LOW to HIGH, each octave as long as the next, as speech has its power; fades at both ends."""
    count = frames(seconds, rate)
    t = np.arange(count) / rate
    octaves = np.log(HIGH / LOW)
    sweep = amplitude * np.sin(2 * np.pi * LOW * seconds / octaves * np.expm1(t * octaves / seconds))
    fade = frames(_FADE, rate)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / fade)
    sweep[:fade] *= ramp
    sweep[-fade:] *= ramp[::-1]
    return np.asarray(sweep, dtype=np.float32)


def measure(
    captured: Samples, played: Samples, sounds: Sequence[tuple[int, int]], quiet: tuple[int, int]
) -> Sounding:
    """What the microphone made of the ``sounds``.

    ``captured`` and ``played`` are on one count of frames (STREAM_RATE, full scale 1). ``sounds`` are first and last
    frame (exclusive) of each sweep in ``played``, or of anything else with a wide band; LONGEST_DELAY has to follow
    each. In ``quiet`` nothing was to be heard.
    """
    if len(captured) != len(played):
        raise ValueError(f"{len(captured)} frames captured but {len(played)} played")
    listened = np.concatenate([captured[first : last + frames(LONGEST_DELAY)] for first, last in sounds])
    noise = level_of(captured[quiet[0] : quiet[1]]) if quiet[1] > quiet[0] else QUIETEST
    clipped = float(np.mean(np.abs(listened) >= _FULL_SCALE)) if len(listened) else 0.0
    return Sounding(not np.any(captured), clipped, noise, find_echo(captured, played, sounds))


def find_echo(captured: Samples, played: Samples, sounds: Sequence[tuple[int, int]]) -> Echo | None:
    """Delay and gain of the ``sounds`` (see ``measure``); None where fewer than two of them are found in one place."""
    looks = [_look(captured, played, first, last) for first, last in sounds]
    found = [look for look in looks if look is not None]
    if not found:
        return None
    middle = float(np.median([look.peak for look in found]))
    agreeing = [look for look in found if abs(look.peak - middle) <= frames(_ALIKE)]
    if len(agreeing) < 2:
        return None
    shortest = min(len(look.power) - look.first for look in agreeing)
    aligned = np.mean([look.power[look.first : look.first + shortest] / look.sent for look in agreeing], axis=0)
    before = frames(0.001)
    early = [look.power[max(0, look.first - before) : look.first].sum() / look.sent for look in agreeing]
    noise = float(np.mean([look.noise / look.sent for look in agreeing]))
    energy = _energy(aligned, noise) + float(np.mean(early)) - noise * before
    delay = float(np.median([look.first for look in agreeing])) / STREAM_RATE
    return Echo(delay, 10.0 * float(np.log10(max(energy, 1e-12))))


def speech_level(samples: Samples, noise: float = QUIETEST) -> float:
    """Level (dBFS) of speech without its pauses: of those 20 ms that are within 20 dB of the loudest.

    Those that do not stand out of the ``noise`` (dBFS) are left out, and from the others it is taken off.
    """
    step = frames(0.02)
    if len(samples) < step:
        return QUIETEST
    power = (samples[: len(samples) // step * step].reshape(-1, step).astype(np.float64) ** 2).mean(axis=1)
    floor = 10.0 ** (noise / 10.0)
    least = min(max(0.01 * float(power.max()), 4 * floor), float(power.max()))
    loud = float(power[power >= least].mean()) - floor
    return max(QUIETEST, 10.0 * float(np.log10(loud))) if loud > 0 else QUIETEST


def loudest(samples: Samples) -> float:
    """Level (dBFS) of the loudest fifth of a second, wherever its parts are: of somebody who said something."""
    step = frames(0.02)
    if len(samples) < step:
        return QUIETEST
    power = (samples[: len(samples) // step * step].reshape(-1, step).astype(np.float64) ** 2).mean(axis=1)
    loud = float(np.sort(power)[-10:].mean())
    return max(QUIETEST, 10.0 * float(np.log10(loud))) if loud > 0 else QUIETEST


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    power: _Power
    """Of the filter's output, by delay in frames."""
    noise: float
    """Its mean where there is no echo."""
    sent: float
    """Sum of the power for a path that changes nothing."""
    peak: int
    first: int


def _look(captured: Samples, played: Samples, first: int, last: int) -> _Look | None:
    sound = played[first:last].astype(np.float64)
    heard = captured[first : last + frames(LONGEST_DELAY)].astype(np.float64)
    reach = len(heard) - len(sound)
    if reach < frames(0.05) or not np.any(sound) or not np.any(heard):
        return None
    size = 1 << (len(heard) + len(sound)).bit_length()
    sent, got = np.fft.rfft(sound, size), np.fft.rfft(heard, size)
    strength = np.abs(sent)
    band = _band(size)
    whitening = band * np.conj(sent) / (strength + 1e-2 * strength.max())
    power = _power_of(whitening * got, size)[:reach]
    # A quarter of an exponential distribution lies below 0.288 of its mean; the echo is in the other three quarters.
    noise = float(np.quantile(power, 0.25)) / 0.2877
    peak = int(np.argmax(power))
    if power[peak] < _SURE * max(noise, 1e-30):
        return None
    return _Look(power, noise, float(_power_of(whitening * sent, size).sum()), peak, _first_path(power, peak, noise))


def _power_of(spectrum: npt.NDArray[np.complex128], size: int) -> _Power:
    """Squared envelope of the signal with that one-sided spectrum."""
    analytic = np.zeros(size, dtype=np.complex128)
    analytic[: len(spectrum)] = spectrum
    envelope = np.fft.ifft(analytic)
    return np.asarray(envelope.real**2 + envelope.imag**2, dtype=np.float64)


def _band(size: int) -> _Power:
    hertz = np.fft.rfftfreq(size, 1 / STREAM_RATE)
    edge = _EDGE * (HIGH - LOW)
    inside = np.clip(np.minimum((hertz - LOW) / (_EDGE * LOW), (HIGH - hertz) / edge), 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * inside), dtype=np.float64)


def _first_path(power: _Power, peak: int, noise: float) -> int:
    start = max(0, peak - frames(_BEFORE))
    early = power[start : peak + 1]
    place = start + int(np.argmax(early >= max(_FIRST * power[peak], _SURE * noise)))
    while place < peak and power[place + 1] > power[place]:
        place += 1
    return place


def _energy(power: _Power, noise: float) -> float:
    """Of the echo that begins at the first frame, up to where it is lost in the noise."""
    power = power[: frames(_DECAY)]
    width = min(frames(_SMOOTH), len(power))
    smooth = np.convolve(power, np.full(width, 1.0 / width), "valid")
    lost = np.flatnonzero(smooth < 1.5 * noise)
    end = int(lost[0]) + width // 2 if len(lost) else len(power)
    return float(power[:end].sum() - noise * end)
