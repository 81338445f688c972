"""``voicecoach diagnose``: what a bug report should tell, and nothing of the user."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata

import numpy as np
import platformdirs

from voicecoach import __version__
from voicecoach.cli.arguments import make_parser
from voicecoach.cli.settings import BUILT_IN, PREFIX, Settings
from voicecoach.cli.signals import Signals
from voicecoach.ear.engines import DEFAULT_ENGINE, deaf_witness, make_hearing
from voicecoach.journal import default_path as journal_path
from voicecoach.problems import Problems, without_names, without_owner, without_private
from voicecoach.routine.languages import languages
from voicecoach.routine.library import list_routines
from voicecoach.units import STREAM_RATE

_LIBRARIES = (
    *("numpy", "soundfile", "soxr", "miniaudio", "simpleaudio", "simpleaudio-patched"),
    *("pyttsx3", "espeakng-loader", "piper-tts"),
    *("SpeechRecognition", "pocketsphinx", "pyopen-wakeword", "vosk", "openai-whisper"),
    *("pydantic", "PyYAML", "platformdirs", "filelock", "rich", "shtab"),
)
"""Of these the versions are told, of those that are there."""

_LISTENED = 5.0
"""Seconds of noise that the ear is timed with."""


def run(options: argparse.Namespace, _: Signals) -> int:
    """Print it, section by section: what fails is part of the report."""
    if options.forget:
        Problems().forget()
        print("The recent problems are forgotten.")
        return 0
    for heading, section in _SECTIONS.items():
        print(heading)
        try:
            for line in section():
                print(f"  {without_names(line)}", flush=True)
        except Exception as fault:  # a report tells of whatever is broken
            print(f"  failed: {type(fault).__name__}: {without_private(str(fault))}")
    return 0


def _versions() -> Iterator[str]:
    yield f"voicecoach {__version__}"
    yield f"Python {platform.python_version()} ({platform.python_implementation()})"
    yield f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processors"
    if sys.platform == "linux":
        yield " ".join(platform.libc_ver())
    found = []
    for library in _LIBRARIES:
        try:
            found.append(f"{library} {metadata.version(library)}")
        except metadata.PackageNotFoundError:
            continue
    yield ", ".join(found)


def _terminal() -> Iterator[str]:
    yield f"input {_kind(sys.stdin)}, output {_kind(sys.stdout)}, encoding {getattr(sys.stdout, 'encoding', None)}"
    named = ("TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "LANG", "LC_ALL")
    yield ", ".join(f"{name}={os.environ[name]}" for name in named if name in os.environ) or "nothing set"


def _kind(stream: object) -> str:
    is_terminal = getattr(stream, "isatty", None)
    return "closed" if is_terminal is None else "terminal" if is_terminal() else "no terminal"


def _devices() -> Iterator[str]:
    from voicecoach.audio.miniaudio_device import list_devices

    found = list_devices()
    for device in found:
        kind = "microphone" if device.is_microphone else "loudspeaker"
        yield f"{kind}{', default' if device.is_default else ''}: {without_owner(device.name)}"
    if not found:
        yield "none"


def _voice() -> Iterator[str]:
    from voicecoach.voice.pyttsx3_synthesizer import Pyttsx3Synthesizer

    begun = time.perf_counter()
    synthesizer = Pyttsx3Synthesizer()
    started = time.perf_counter()
    try:
        clip = synthesizer.speak("Hold for fifteen seconds.")
    finally:
        synthesizer.close()
    spoken = time.perf_counter() - started
    yield f"{synthesizer.key}"
    yield f"starts in {started - begun:.2f} s, speaks {len(clip) / clip.rate:.2f} s of speech in {spoken:.2f} s"


def _ear() -> Iterator[str]:
    yield f"engine {DEFAULT_ENGINE}"
    yield deaf_witness() or "both witnesses serve"
    begun = time.perf_counter()
    hearing = make_hearing()
    started = time.perf_counter()
    try:
        noise = np.random.default_rng(0).normal(0.0, 0.01, round(_LISTENED * STREAM_RATE)).astype(np.float32)
        for block in np.split(noise, 100):
            hearing.feed(block)
    finally:
        hearing.close()
    share = (time.perf_counter() - started) / _LISTENED
    yield f"starts in {started - begun:.2f} s, needs {share:.0%} of one processor's time"
    yield f"languages: {', '.join(languages())}"


def _folders() -> Iterator[str]:
    for name, path in (
        ("configuration", platformdirs.user_config_path("voicecoach", appauthor=False)),
        ("data", platformdirs.user_data_path("voicecoach", appauthor=False)),
        ("state", platformdirs.user_state_path("voicecoach", appauthor=False)),
        ("cache", platformdirs.user_cache_path("voicecoach")),
    ):
        yield f"{name}: {path}{'' if path.is_dir() else ' (not there yet)'}"
    yield f"journal: {'there' if journal_path().is_file() else 'none'}"
    own = sum(entry.origin == "yours" for entry in list_routines())
    yield f"own routines: {own}"


def _settings() -> Iterator[str]:
    settings = Settings.read(make_parser())
    set_here = [(each, settings.resolve(each).origin) for each in settings.known]
    told = [
        f"{each.command} --{each.name} by {'a variable' if origin.startswith(PREFIX) else 'the file'}"
        for each, origin in set_here
        if origin != BUILT_IN
    ]
    yield ", ".join(told) or "as built in"
    if settings.problems:
        yield f"{len(settings.problems)} of them wrong: see voicecoach config"


def _problems() -> Iterator[str]:
    told = Problems().read()
    yield from told or ["none"]


_SECTIONS: dict[str, Callable[[], Iterator[str]]] = {
    "Versions": _versions,
    "Terminal": _terminal,
    "Sound devices": _devices,
    "Voice": _voice,
    "Ear": _ear,
    "Folders": _folders,
    "Settings": _settings,
    "Recent problems": _problems,
}
