"""Opens what a session is played on: a voice, a device; and says who could end a session, so that it may begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from voicecoach.audio.clip import Clip
from voicecoach.audio.device import AudioDevice
from voicecoach.ear.rehearsal import Rehearsal
from voicecoach.errors import RefusedError, UsageError, VoiceError
from voicecoach.known_devices import Choice, chosen_devices
from voicecoach.performance import ClipOf
from voicecoach.routine.languages import ENGLISH
from voicecoach.routine.model import Routine
from voicecoach.session.standing import Standing
from voicecoach.units import STREAM_RATE
from voicecoach.voice.clip_cache import ClipCache, default_folder
from voicecoach.voice.piper_synthesizer import PiperSynthesizer, names_a_file
from voicecoach.voice.pyttsx3_synthesizer import Pyttsx3Synthesizer
from voicecoach.voice.silent_synthesizer import SilentSynthesizer
from voicecoach.voice.synthesizer import PIPER, RATES, Synthesizer
from voicecoach.voice.voice import Voice

if TYPE_CHECKING:
    from voicecoach.audio.miniaudio_device import DeviceInfo

AUDIO = ("miniaudio", "simpleaudio", "null")
"""What ``--audio`` takes, besides ``file:OUT.wav[,MICROPHONE.wav]``: a stream that was lost goes on in OUT-2.wav."""


class Speech:
    """Every text of a session as clips, at any speed.

    A sentence that the voice fails at stays silent for as long as it takes to read, and ``failure`` says why: the text
    is shown and the earcons sound, so the session goes on.
    """

    def __init__(self, make: Callable[[int], Synthesizer], rate: float, texts: Iterable[str]) -> None:
        self.failure: VoiceError | None = None
        self._make, self._rate, self._texts = make, rate, tuple(texts)
        self._voices: dict[int, Voice] = {}

    def clips_at(self, speed: float, progress: Callable[[int, int], None] | None = None) -> ClipOf:
        """Render all texts at ``speed`` times the rate, and return what gives their clips. Blocks."""
        rate = min(max(round(self._rate * speed), RATES.start), RATES.stop - 1)
        if rate not in self._voices:
            self._voices[rate] = Voice(self._make(rate), ClipCache(), STREAM_RATE)
        clips: dict[str, Clip] = {}
        for done, text in enumerate(self._texts, start=1):
            clips[text] = self._clip(self._voices[rate], rate, text)
            if progress is not None:
                progress(done, len(self._texts))
        self._voices[rate].rest()
        return clips.__getitem__

    def clip(self, text: str) -> Clip:
        """One text that nobody foresaw, at the chosen rate. Blocks."""
        rate = min(max(round(self._rate), RATES.start), RATES.stop - 1)
        if rate not in self._voices:
            self._voices[rate] = Voice(self._make(rate), ClipCache(), STREAM_RATE)
        return self._clip(self._voices[rate], rate, text)

    def close(self) -> None:
        """End the voices' threads."""
        for voice in self._voices.values():
            voice.close()

    def _clip(self, voice: Voice, rate: int, text: str) -> Clip:
        try:
            return voice.clip(text)
        except VoiceError as fault:
            self.failure = self.failure or fault
            return SilentSynthesizer(rate).speak(text).resampled(STREAM_RATE)


def open_synthesizer(voice: str | None, rate: float, engine: str | None = None,
                     language: str = ENGLISH) -> Synthesizer:  # fmt: skip
    """One voice of ``engine``, one of VOICE_ENGINES; where it is None, the name of the voice tells which.

    Raises UsageError for a voice or rate that does not exist, VoiceError where the engine does not work.
    """
    if engine == PIPER or (engine is None and voice is not None and names_a_file(voice)):
        return PiperSynthesizer(voice, round(rate))
    return Pyttsx3Synthesizer(voice, round(rate), language=language)


def open_speech(voice: str | None, rate: float, texts: Iterable[str], engine: str | None = None,
                language: str = ENGLISH) -> Speech:  # fmt: skip
    """Speech with the voice of that name, or the platform's best in ``language``.

    Silent where no voice works or none speaks the language (see ``failure``).

    ``engine`` as in ``open_synthesizer``. Raises UsageError for a voice or rate that does not exist.
    """
    wanted = tuple(texts)
    try:
        first = open_synthesizer(voice, rate, engine, language)
    except UsageError:
        raise
    except VoiceError as fault:
        silent = Speech(SilentSynthesizer, rate, wanted)
        silent.failure = fault
        return silent
    ready = {round(rate): first}

    def make(words_a_minute: int) -> Synthesizer:
        return ready.pop(words_a_minute, None) or open_synthesizer(voice, words_a_minute, engine, language)

    return Speech(make, rate, wanted)


def open_rehearsal(engine: str, texts: Iterable[str], clip_of: ClipOf, language: str = ENGLISH) -> Rehearsal:
    """What the ear takes ``texts`` for, kept beside the speech; an engine that is too slow is asked about none."""
    from voicecoach.ear.engines import BOTH, SEARCH, make_hearing
    from voicecoach.ear.self_trigger_cache import SelfTriggerCache, ear_version

    clips = {text: clip_of(text) for text in texts} if engine in (BOTH, SEARCH) else {}
    cache = SelfTriggerCache(default_folder(), ear_version(engine, language=language))
    return Rehearsal(clips, cache, lambda: make_hearing(engine, language=language))


@dataclass(frozen=True, slots=True)
class Devices:
    """What was found: how to open it, and whether it can hear."""

    open: Callable[[], AudioDevice]
    has_microphone: bool
    warning: str | None = None
    """What the user should know: the session will not sound, or not listen."""
    sounds: bool = True
    """Whether there is a loudspeaker at all."""
    pair: str | None = None
    """Names loudspeaker, microphone and buffer where they make one stream, as a name for the room between them."""


def find_devices(choice: str | None, listen: bool, wanted: Choice | None = None) -> Devices:
    """The device that ``--audio`` names; by default miniaudio, and the null device where there is no loudspeaker.

    ``listen``: a microphone is wanted. ``wanted``: loudspeaker and microphone that the user chose (default: what
    ``voicecoach setup`` keeps); the system's default takes the place of one that is not there. Raises UsageError for an
    unknown choice, DeviceError where the one asked for is not there.
    """
    if choice is not None and choice.startswith("file:"):
        return _file_device(choice.removeprefix("file:"), listen)
    if choice not in (None, *AUDIO):
        raise UsageError(f'--audio takes {", ".join(AUDIO)} or file:OUT.wav[,MICROPHONE.wav], got "{choice}"')
    if choice == "null":
        return _null_device(None)
    from voicecoach.audio.miniaudio_device import MiniaudioDevice, list_devices

    found = list_devices()
    has_microphone = listen and any(device.is_microphone for device in found)
    if choice == "simpleaudio":
        return _simpleaudio_device(has_microphone)
    if choice is None and all(device.is_microphone for device in found):
        return _null_device("There is no loudspeaker: this session is silent, follow it on the screen.")
    present, missing = (chosen_devices() if wanted is None else wanted).among(found)
    pair = name_pair(found, present) if has_microphone else None

    def open_chosen() -> AudioDevice:
        return MiniaudioDevice(
            capture=has_microphone, playback_name=present.speaker, capture_name=present.microphone, strict=False
        )

    return Devices(open_chosen, has_microphone, missing, pair=pair)


def name_pair(found: Iterable[DeviceInfo], chosen: Choice | None = None) -> str:
    """Loudspeaker, microphone and buffer in one name, the same as long as they are: the chosen ones, or the default."""
    from voicecoach.audio.miniaudio_device import BUFFER_MS

    names = {each.is_microphone: each.name for each in found if each.is_default}
    if chosen is not None:
        names |= {kind: name for kind, name in ((False, chosen.speaker), (True, chosen.microphone)) if name is not None}
    return f"miniaudio, {BUFFER_MS} ms: {names.get(False, 'some loudspeaker')} and {names.get(True, 'some microphone')}"


def _null_device(warning: str | None) -> Devices:
    from voicecoach.audio.null_device import NullDevice

    return Devices(NullDevice, False, warning, sounds=False)


def _file_device(names: str, listen: bool) -> Devices:
    from voicecoach.audio.file_device import FileDevices

    out, _, microphone = names.partition(",")
    captured = Path(microphone) if microphone and listen else None
    return Devices(FileDevices(Path(out) if out else None, captured).open, captured is not None)


def _simpleaudio_device(has_microphone: bool) -> Devices:
    from voicecoach.audio.miniaudio_device import MiniaudioDevice
    from voicecoach.audio.paired_device import PairedDevice
    from voicecoach.audio.simpleaudio_speaker import SimpleaudioSpeaker

    if not has_microphone:
        return Devices(SimpleaudioSpeaker, False)
    return Devices(lambda: PairedDevice(SimpleaudioSpeaker(), MiniaudioDevice(playback=False)), True)


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user said on the command line about starting where the program cannot be stopped by voice."""

    no_mic: bool
    approved: bool
    unattended: bool


def refuse_unsafe(routine: Routine, is_tour: bool, devices: Devices, has_keys: bool, consent: Consent,
                  standing: Standing) -> str | None:  # fmt: skip
    """Whether the session may begin; returns a warning, raises RefusedError with what to do.

    Nobody is left alone with exercises that need approval and no way to end them: a session starts deaf only where the
    user said so, or for the tour, whose hands are at rest.
    """
    if devices.has_microphone:
        return None
    if standing.hurts and not has_keys:
        raise RefusedError(
            "The last time, something hurt or was a warning sign, and nobody could answer whether you have spoken to "
            "your doctor since: there is neither a microphone nor a keyboard. Connect one of them."
        )
    consent = replace(consent, approved=consent.approved or standing.approved)
    if routine.approval and not consent.approved and not has_keys:
        raise RefusedError(
            "Nobody could answer whether your doctor has approved: there is neither a microphone nor a keyboard. "
            "If the answer is yes, say so with --approved."
        )
    if not (is_tour or consent.unattended):
        _refuse_deaf(routine, devices, has_keys, consent)
    if has_keys:
        return "No microphone: I cannot hear you, only the keys steer this session."
    return "No microphone and no keyboard: this session runs to its end by itself. Ctrl-C ends it."


def _refuse_deaf(routine: Routine, devices: Devices, has_keys: bool, consent: Consent) -> None:
    if not devices.sounds:
        if routine.approval and not (consent.approved and has_keys):
            raise RefusedError(
                "There is neither a loudspeaker nor a microphone, so this session could not tell you when to let go, "
                "nor hear that it hurts. Connect them; or follow it on the screen, in a terminal, with --approved; "
                "or accept that nobody can end it with --unattended."
            )
    elif not consent.no_mic:
        raise RefusedError(
            "There is no microphone, so I could not hear you say that it hurts. Connect one, or start without it on "
            "purpose: --no-mic"
        )
