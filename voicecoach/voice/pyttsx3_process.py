"""The process in which pyttsx3 speaks; :mod:`voicecoach.voice.pyttsx3_synthesizer` starts it and talks to it.

Why a process of its own, when the library could be imported: espeak-ng ends its process where its data is
missing; pyttsx3's espeak driver waits for ever when its file cannot be written (a full disk); it prints to
standard output; it allows one engine a process; the engines of macOS and Windows want the main thread, and
the same one always. Here all of that can harm nobody: whoever started the process waits for an answer for a
bounded time.

It speaks as :mod:`voicecoach.voice.engine_server` says. What it is: ``{"engine", "espeak": bool, "voices": [[id, name,
[language]]], "voice"}``. Its requests: ``{"voice", "rate"}`` to choose, ``{"text", "file"}`` to write speech to a file.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import locale
import os
import sys
from pathlib import Path
from typing import Any

from voicecoach.voice.engine_server import serve, within_reach


def main() -> None:
    """Serve until standard input ends. Arguments: ``system`` or ``bundled``; a private folder for the files."""
    which, folder = sys.argv[1], Path(sys.argv[2])

    def make_engine() -> _Engine:
        _provide_espeak(which, folder)
        return _Engine()

    serve(folder, make_engine)


def _provide_espeak(which: str, folder: Path) -> None:
    """Let pyttsx3 find espeak-ng: on Linux the system's, or the one that the package espeakng-loader carries.

    A library that is loaded already is the one that the loader hands out for its name, so loading the carried one
    first is enough.
    """
    if not sys.platform.startswith("linux"):
        return
    # some builds ask for a sound server at once, which could start one: here nothing is ever played
    os.environ["PULSE_SERVER"] = "unix:/dev/null"
    if which == "system":
        ctypes.CDLL("libespeak-ng.so.1")
        return
    import espeakng_loader

    data = within_reach(Path(espeakng_loader.get_data_path()), folder)
    os.environ["ESPEAK_DATA_PATH"] = str(data)
    ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)


class _Engine:
    """pyttsx3's engine, and what has to be done around its drivers (2.99) for every file to be whole.

    espeak:

    - It queues what comes before its first loop and ends that loop at once, before the speech is written: so one empty
      loop is run first.
    - Each loop begins with a "stop", and espeak-ng works in a thread of its own: where that is still busy with a
      changed rate or the end of the last sentence, the stop cancels what was just asked for, and a rate or a sentence
      is lost without an error. Waiting for the thread is not enough (one loss in 360 sentences on a busy machine), as
      it is not busy yet with a command that it has not taken. Nothing here is ever stopped, so stopping does nothing.

    Windows and macOS: after a loop pyttsx3 calls its driver idle, so the next sentence would begin before the loop that
    waits for its end. On macOS that loop's beginning stops the sentence; on Windows the sentence is over by then, and
    the loop can wait for ever. A driver that is called busy takes the sentence within the loop, as it does the first.

    Windows: one voice that is not described as the driver expects (two languages, no age) would hide them all.
    """

    def __init__(self) -> None:
        import pyttsx3

        self._engine = pyttsx3.init()
        self._errors: list[Exception] = []
        self._engine.connect("error", self._note_error)
        self._espeak: Any = sys.modules.get("pyttsx3.drivers._espeak")
        if self._espeak:
            sys.modules["pyttsx3.drivers.espeak"].EspeakDriver.stop = lambda _: None
            self._engine.runAndWait()
        if sapi := sys.modules.get("pyttsx3.drivers.sapi5"):
            sapi.SAPI5Driver._toVoice = staticmethod(_windows_voice)

    def description(self) -> dict[str, Any]:
        engine = f"pyttsx3 {importlib.metadata.version('pyttsx3')} {self._engine.driver_name or sys.platform}"
        if self._espeak:
            info = self._espeak.dll.espeak_Info
            info.restype, info.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
            engine += f" {info(None).decode()}"
        voices = [
            [voice.id, voice.name or voice.id, [_language(each) for each in voice.languages or []]]
            for voice in self._engine.getProperty("voices")
        ]
        return {
            "engine": engine,
            "espeak": bool(self._espeak),
            "voices": voices,
            "voice": self._engine.getProperty("voice"),
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if "text" in request:
            self.write(request["text"], request["file"])
        else:
            self.choose(request["voice"], request["rate"])
        return {}

    def choose(self, voice: str, rate: int) -> None:
        self._set("voice", voice)  # before the rate: some drivers convert the rate by the voice
        self._set("rate", rate)

    def write(self, text: str, file: str) -> None:
        if not self._espeak:
            self._engine.proxy.setBusy(True)
        self._engine.save_to_file(text, file)
        self._engine.runAndWait()
        self._raise_noted()

    def _set(self, name: str, value: str | int) -> None:
        self._settle()
        self._engine.setProperty(name, value)
        self._raise_noted()

    def _settle(self) -> None:
        """Wait until espeak-ng's thread is idle: a voice changes at once, also in the middle of a sentence."""
        if self._espeak:
            self._espeak.Synchronize()

    def _note_error(self, exception: Exception, **_: object) -> None:
        self._errors.append(exception)

    def _raise_noted(self) -> None:
        if self._errors:
            errors, self._errors = self._errors, []
            raise errors[0]


def _windows_voice(token: Any) -> Any:
    """What the system tells of a voice; its languages are hexadecimal numbers, such as ``409;9``."""
    from pyttsx3.voice import Voice

    languages = []
    with contextlib.suppress(Exception):  # whatever COM raises where an attribute is missing
        numbers = [int(number, 16) for number in token.GetAttribute("Language").split(";") if number.strip()]
        languages = [locale.windows_locale[number] for number in numbers if number in locale.windows_locale]
    name = token.Id
    with contextlib.suppress(Exception):
        name = token.GetDescription()
    return Voice(token.Id, name, languages)


def _language(value: str | bytes) -> str:
    """A language tag; some drivers give bytes with a priority in front."""
    text = value.decode("utf-8", "ignore") if isinstance(value, bytes) else str(value)
    return text.strip("\x00\x01\x02\x03\x04\x05\x06\x07\x08\t").replace("_", "-").lower()


if __name__ == "__main__":
    main()
