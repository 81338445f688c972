"""The baseline: a voice coach as a tutorial for the SpeechRecognition and pyttsx3 packages would write it.

usage: python -m tests.bench.plain_loop [--hold 15] [--times 3]

``Recognizer.listen`` and ``recognize_sphinx`` in a thread of their own, as the package's own examples have it,
``adjust_for_ambient_noise`` once, a ``phrase_time_limit``; the main thread speaks with ``say`` and ``runAndWait`` and
holds with ``time.sleep``. It listens for the same phrases as voicecoach and prints what it understood, at once, and
"hold" when one begins. A benchmark only: nothing of the program uses it.

Everything is written down and searched for the phrases. ``keyword_entries`` with all of them, at the sensitivity of the
package's example, found "ow" in every recording of a person, whatever was said, so it is no baseline.

The microphone is read through parec, because PyAudio, which ``speech_recognition.Microphone`` needs, has no wheel for
Linux; everything after the bytes is the package's. pyttsx3 plays through aplay, as it does by itself.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import speech_recognition

from voicecoach.session.commands import ALWAYS, ANSWERS, Command, phrases_for

RATE = 16_000
CHUNK = 1024
"""Frames a read: what ``Microphone`` takes by default."""
PHRASE_LIMIT = 5.0
"""Seconds after which a phrase ends even if somebody goes on talking."""
SENTENCES = (
    "Welcome. Sit upright with your feet on the floor, rest your hands on your lap, and let your shoulders sink, "
    "as slowly as you like, with every breath that leaves you.",
    "Straighten your right elbow, and gently pull the fingers toward your body with your other hand.",
)


class Pipe(speech_recognition.AudioSource):
    """A microphone that another program reads: 16-bit mono at RATE."""

    SAMPLE_RATE, SAMPLE_WIDTH, CHUNK = RATE, 2, CHUNK

    def __init__(self, command: list[str]) -> None:
        self._command, self.stream = command, None

    def __enter__(self) -> Pipe:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert self._process.stdout is not None
        self.stream = _Bytes(self._process.stdout.read)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(5)
        self.stream = None


class Recorded(speech_recognition.AudioSource):
    """A recording instead of a microphone, as fast as it is asked for; ``read`` frames have been taken of it."""

    SAMPLE_RATE, SAMPLE_WIDTH, CHUNK = RATE, 2, CHUNK

    def __init__(self, sound: np.ndarray) -> None:
        """``sound``: mono, RATE frames a second, -1 to 1."""
        self._data = (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
        self.read = 0
        self.stream: Any = _Bytes(self._take)

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return self.read * 2 >= len(self._data)

    def _take(self, count: int) -> bytes:
        taken = self._data[self.read * 2 : self.read * 2 + count]
        self.read += len(taken) // 2
        return taken


class _Bytes:
    """What ``listen`` reads from: frames, not bytes."""

    def __init__(self, take: Callable[[int], bytes]) -> None:
        self._take = take

    def read(self, frames: int) -> bytes:
        return self._take(2 * frames)


class Understanding:
    """``recognize_sphinx``, and which command is in its text."""

    def __init__(self, *, asking: bool = False) -> None:
        """``asking``: yes and no count too."""
        self.recognizer = speech_recognition.Recognizer()
        phrases = phrases_for(ALWAYS | ANSWERS if asking else ALWAYS)
        self._phrases = sorted(phrases, key=lambda phrase: -len(phrase.text))

    def command(self, audio: speech_recognition.AudioData) -> Command | None:
        """The longest phrase in what was said."""
        try:
            text = self.recognizer.recognize_sphinx(audio).lower()
        except speech_recognition.UnknownValueError:
            return None
        found = (phrase.command for phrase in self._phrases if re.search(rf"\b{re.escape(phrase.text)}\b", text))
        return next(found, None)


class Coach:
    """The session: one thread listens, the other speaks and sleeps."""

    def __init__(self) -> None:
        import pyttsx3

        self._understanding = Understanding()
        self._engine = pyttsx3.init()
        self._engine.setProperty("rate", 150)
        self._stopped = threading.Event()

    def run(self, source: speech_recognition.AudioSource, times: int, hold: float) -> None:
        """Introduction, then ``times`` holds; ends early, after what is being said or held, when told to stop."""
        with source:
            self._understanding.recognizer.adjust_for_ambient_noise(source, duration=1)
            threading.Thread(target=self._listen, args=(source,), daemon=True).start()
            for sentence in SENTENCES:
                self._say(sentence)
            for _ in range(times):
                if not self._stopped.is_set():
                    self._say("Hold")
                    print("hold", flush=True)
                    time.sleep(hold)
                    self._say("Release")
                    time.sleep(2)

    def _say(self, text: str) -> None:
        if not self._stopped.is_set():
            self._engine.say(text)
            self._engine.runAndWait()

    def _listen(self, source: speech_recognition.AudioSource) -> None:
        while not self._stopped.is_set():
            audio = self._understanding.recognizer.listen(source, phrase_time_limit=PHRASE_LIMIT)
            command = self._understanding.command(audio)
            if command is not None:
                print(command.value, flush=True)
            if command is Command.STOP:
                self._stopped.set()


def main() -> None:
    """Play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hold", type=float, default=15.0)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    microphone = ["parec", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=1", "--latency-msec=20"]
    Coach().run(Pipe(microphone), options.times, options.hold)


if __name__ == "__main__":
    main()
