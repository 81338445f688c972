"""What the coach says in a whole session, and how that comes back to a microphone: for the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from voicecoach.audio.clip import Clip, Samples
from voicecoach.audio.earcons import load_earcons
from voicecoach.opening import open_speech
from voicecoach.routine.library import find
from voicecoach.routine.loader import load
from voicecoach.session.cues import Prompt
from voicecoach.session.plan import Choices, make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.simulation import BLOCK, Simulation
from voicecoach.units import STREAM_RATE
from voicecoach.voice.synthesizer import DEFAULT_RATE

USER = -27.0
"""dBFS (RMS over a word) at which the user is heard; levels of the coach are relative to it."""
FLOOR = -70.0
"""dBFS of the microphone's own noise."""

ROOMS = ("dry", "live", "basement")
"""Two made ones (reverberation times of 0.2 s and 0.5 s), and the measured one of the corpus."""

_LONGEST_SILENCE = STREAM_RATE
"""Frames that are kept of a hold or a rest."""


@dataclass(frozen=True)
class Talk:
    """All that the coach says, as sent to the loudspeaker."""

    samples: Samples
    """STREAM_RATE frames a second."""
    said: list[tuple[int, int, str]]
    """First and last frame of each text."""

    def at(self, frame: int) -> str:
        """What was being said then, or last."""
        return next((text for first, _, text in reversed(self.said) if first <= frame), "")


def coach(routine: str) -> Talk:
    """The undisturbed session of a routine with its silences cut short, then every other text that it may need."""
    plan = make_plan(load(find(routine)), Choices(approved=True))
    texts = tuple(Session(plan, Lengths(lambda text: 1, lambda sound: 1)).texts())
    speech = open_speech(None, DEFAULT_RATE, texts)
    try:
        clip_of = speech.clips_at(1.0)
    finally:
        speech.close()
    if speech.failure is not None:
        raise speech.failure
    kept: list[Samples] = []
    cut = [0]
    silent = 0

    def listen(block: Samples) -> None:
        nonlocal silent
        silent = 0 if np.any(block) else silent + len(block)
        leave_out = silent > _LONGEST_SILENCE
        if not leave_out:
            kept.append(block.copy())
        cut.append(cut[-1] + leave_out * len(block))

    simulation = Simulation(plan, lambda speed: clip_of, load_earcons(STREAM_RATE), STREAM_RATE, listen=listen)
    simulation.run()

    def place(frame: int) -> int:
        return frame - cut[min(frame // BLOCK, len(cut) - 1)]

    said = []
    for cue in simulation.ended:
        if isinstance(cue.segment.cue, Prompt):
            first = place(cue.at - (cue.segment.end - cue.segment.start))
            said.append((first, place(cue.at), cue.segment.cue.text))
    end = sum(len(block) for block in kept)
    spoken = {text for _, _, text in said}
    for text in texts:
        if text not in spoken:
            samples = clip_of(text).samples
            said.append((end, end + len(samples), text))
            kept += [samples, np.zeros(STREAM_RATE // 2, np.float32)]
            end += len(samples) + STREAM_RATE // 2
    return Talk(np.concatenate(kept), sorted(said))


@dataclass(frozen=True)
class Setting:
    """How the coach's voice gets to the microphone."""

    room: str
    delay: float
    """Seconds from the stream to the loudspeaker and back to the stream."""
    level: float
    """dB over the user's, of the coach's voice in the microphone while it speaks."""
    drift: float
    """Parts in a million that the microphone's clock is slower."""
    distorts: bool = True


def echo(played: Samples, setting: Setting, corpus: Path) -> Samples:
    """What the microphone hears of ``played``, STREAM_RATE, as long; without the microphone's noise."""
    sound = played.astype(np.float64)
    loudest = float(np.abs(sound).max())
    if setting.distorts:
        sound = np.tanh(1.5 * sound / loudest)
    sound = _small_loudspeaker(sound)
    if setting.drift:
        sound = soxr.resample(sound, STREAM_RATE, STREAM_RATE * (1 - 1e-6 * setting.drift), quality="HQ")
    response = room(setting.room, corpus)
    heard = _convolve(sound, response)
    late = round(setting.delay * STREAM_RATE)
    heard = np.concatenate((np.zeros(late), heard, np.zeros(len(played))))[: len(played)]
    return (heard * 10 ** ((USER + setting.level - speech_level(heard)) / 20)).astype(np.float32)


def microphone(heard: Samples, seed: int) -> Samples:
    """With the microphone's own noise, and clipped where it is too loud for it."""
    noise = np.random.default_rng(seed).standard_normal(len(heard)) * 10 ** (FLOOR / 20) * np.sqrt(3.0)
    return np.clip(heard + noise, -1.0, 1.0).astype(np.float32)


def speech_level(sound: np.ndarray) -> float:
    """dBFS (RMS) of those 20 ms that are within 30 dB of the loudest: speech without its pauses."""
    step = STREAM_RATE // 50
    power = (sound[: len(sound) // step * step].reshape(-1, step).astype(np.float64) ** 2).mean(axis=1)
    return 10 * float(np.log10(power[power > 1e-3 * power.max()].mean()))


def room(name: str, corpus: Path) -> Samples:
    """An impulse response at STREAM_RATE: a made one, or the corpus's measured basement."""
    if name == "basement":
        measured, rate = soundfile.read(corpus / "rir" / "openair_basement.flac", dtype="float32")
        response = Clip(measured, rate).resampled(STREAM_RATE).samples.astype(np.float64)
        return response[max(0, int(np.argmax(np.abs(response))) - 48) :]
    decay, seed, direct = {"dry": (0.2, 11, 1.0), "live": (0.5, 12, 0.5)}[name]
    count = round(decay * STREAM_RATE)
    tail = np.random.default_rng(seed).standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail[:96] = 0.0
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] = direct
    return tail


def _small_loudspeaker(sound: np.ndarray) -> np.ndarray:
    """Second-order high-pass at 250 Hz and low-pass at 9 kHz, as a laptop's loudspeaker."""
    size = 1 << (len(sound) + STREAM_RATE).bit_length()
    hertz = 1j * np.fft.rfftfreq(size, 1 / STREAM_RATE)
    low, high = hertz / 250.0, hertz / 9_000.0
    response = low**2 / (low**2 + np.sqrt(2) * low + 1) / (high**2 + np.sqrt(2) * high + 1)
    return np.fft.irfft(np.fft.rfft(sound, size) * response, size)[: len(sound)]


def _convolve(sound: np.ndarray, response: np.ndarray) -> np.ndarray:
    size = 1 << (len(sound) + len(response)).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: len(sound)]
