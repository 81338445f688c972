"""``voicecoach voices``: the voices that this machine has, and how they sound."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from voicecoach.audio.clip import Clip
from voicecoach.audio.playback import Playback
from voicecoach.cli.complaints import complain
from voicecoach.cli.signals import Signals
from voicecoach.errors import DeviceError, VoiceError
from voicecoach.opening import find_devices, open_synthesizer
from voicecoach.session.wording import wording
from voicecoach.voice.piper_synthesizer import WHERE_TO_GET_ONE
from voicecoach.voice.pyttsx3_synthesizer import InstalledVoice, choose_voice, is_english, list_voices
from voicecoach.voice.voice import Voice


def run(options: argparse.Namespace, _: Signals) -> int:
    """Print them, one a line; or let them speak. 1 where none of those to be tried could."""
    if options.tried is not None:
        return _try(options)
    voices = list_voices()
    default = choose_voice(voices, None)
    for voice in voices:
        print(_line(voice) + ("  (default)" if voice is default else ""))
    complain(f"Natural voices: --voice-engine piper --voice FILE.onnx. {WHERE_TO_GET_ONE}")
    return 0


def _try(options: argparse.Namespace) -> int:
    named: str | None = options.tried or options.voice
    one = _sample(named, options) if named or options.voice_engine else None
    devices = find_devices(options.audio, listen=False)
    if not devices.sounds:
        raise DeviceError(
            "There is no loudspeaker here, so no voice can be heard. Connect one; or write to a file instead: "
            "--audio file:voice.wav"
        )
    with Playback(devices.open()) as playback:
        if one is not None:
            playback.play(one)
            return 0
        heard = 0
        for voice in _english():
            print(_line(voice), flush=True)
            try:
                playback.play(_sample(voice.id, options, voice.name))
                heard += 1
            except VoiceError as fault:
                complain(f"voicecoach: {fault}")
    return 0 if heard else 1


def _english() -> Iterator[InstalledVoice]:
    """Those that the coach's sentences are for; all where there is none."""
    voices = list_voices()
    yield from [voice for voice in voices if is_english(voice)] or voices


def _sample(voice: str | None, options: argparse.Namespace, name: str | None = None) -> Clip:
    """What a voice says of itself, and how it asks for a hold."""
    synthesizer = open_synthesizer(voice, options.rate, options.voice_engine)
    words = wording()
    title = name or Path(voice or "").stem
    sentences = words.say("greeting", title=title), words.say("hold", duration=words.duration(15)), words.say("release")
    with Voice(synthesizer) as speaking:
        return speaking.clip(" ".join(sentences))


def _line(voice: InstalledVoice) -> str:
    return f"{', '.join(voice.languages) or '?':12s} {voice.name:40s} {voice.id}"
