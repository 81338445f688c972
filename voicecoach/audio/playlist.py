"""The files of the background sound, one after the other without end, each 20 dB under speech.

Decoded and resampled piece by piece: an hour takes no more memory than a minute. What cannot be played is left out and
said once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from voicecoach.audio.clip import Samples
from voicecoach.audio.loudness import SPEECH_LOUDNESS, LoudnessMeter
from voicecoach.audio.resampling import StreamResampler
from voicecoach.errors import RecordingError, UsageError
from voicecoach.units import STREAM_RATE

FORMATS = (".wav", ".flac", ".mp3", ".ogg")
"""Which files of a folder are played. A file that is named itself may be whatever libsndfile reads."""

MUSIC_LOUDNESS = SPEECH_LOUDNESS - 20.0
"""LUFS of each file over its whole length. WCAG 2 (1.4.7) asks for 20 dB under speech, for people who cannot take words
and background apart. It would allow more while nobody speaks; it is not done, because then the microphone listens: the
user's command has to stand out from the music, too."""

_MOST_GAIN = 10.0
"""+20 dB: a recording that is nearly silent is left quiet, as raising it further would raise its noise."""
_PIECE = 1.0
"""Seconds decoded at a time."""


def find_music(path: Path) -> list[Path]:
    """The files that ``--music`` names: the file itself, or a folder's in sorted order. Raises UsageError."""
    try:
        if not path.is_dir():
            if not path.exists():
                raise UsageError(f"--music: there is no file and no folder {path}.")
            return [path]
        found = sorted(each for each in path.iterdir() if each.suffix.lower() in FORMATS and each.is_file())
    except OSError as error:
        raise UsageError(f"--music: {path} cannot be opened: {error.strerror}.") from error
    visible = [each for each in found if not each.name.startswith(".")]
    if not visible:
        raise UsageError(f"--music: the folder {path} has no music in it, that is, no {', '.join(FORMATS)} files.")
    return visible


class Playlist:
    """``files`` in their order, again and again, as one stream of mono samples at STREAM_RATE. Not thread-safe.

    Each is measured before it is first played: a second for every five minutes of it, or less. ``on_trouble`` is called
    once for each that cannot be played, and once more where none is left.
    """

    def __init__(self, files: Iterable[Path], on_trouble: Callable[[str], None] = lambda what: None) -> None:
        self._files = list(files)
        self._on_trouble = on_trouble
        self._gains: dict[Path, float] = {}
        self._stream: Iterator[Samples] | None = None
        self._rest = np.zeros(0, np.float32)

    def pieces(self) -> Iterator[Samples]:
        """The stream in pieces of any length, empty ones while a file is measured; ends where nothing can be played."""
        while self._files:
            for file in tuple(self._files):
                try:
                    yield from self._played(file)
                except RecordingError as error:
                    self._files.remove(file)
                    self._on_trouble(f"{error} It is left out.")
        self._on_trouble("There is no music that can be played; the session goes on without.")

    def read(self, count: int) -> Samples:
        """The next ``count`` samples, silence where nothing is left; waits for as long as it takes."""
        if self._stream is None:
            self._stream = self.pieces()
        parts, have = [self._rest], len(self._rest)
        while have < count:
            piece = next(self._stream, None)
            if piece is None:
                piece = np.zeros(count - have, np.float32)
            parts.append(piece)
            have += len(piece)
        whole = np.concatenate(parts)
        self._rest = whole[count:]
        return whole[:count]

    def _played(self, file: Path) -> Iterator[Samples]:
        if file not in self._gains:
            yield from self._measured(file)
        gain = np.float32(self._gains[file])
        with _opened(file) as sound:
            resampler = StreamResampler(sound.samplerate, STREAM_RATE)
            for piece in _decoded(sound, file):
                yield resampler(piece * gain)
            yield resampler(np.zeros(0, np.float32), last=True)

    def _measured(self, file: Path) -> Iterator[Samples]:
        """Find out the file's gain; yields nothings, so that whoever takes them may stop in between."""
        with _opened(file) as sound:
            meter = LoudnessMeter(sound.samplerate)
            for piece in _decoded(sound, file):
                meter.add(piece)
                yield piece[:0]
        loudness = meter.loudness()
        if loudness == float("-inf"):
            raise RecordingError(f"The music {file} is silent.")
        self._gains[file] = min(10 ** ((MUSIC_LOUDNESS - loudness) / 20), _MOST_GAIN)


def _opened(file: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(file)
    except (OSError, RuntimeError, ValueError) as error:  # the last: a name that is no text
        raise RecordingError(f"The music {file} cannot be read: {_reason(error)}.") from error


def _decoded(sound: soundfile.SoundFile, file: Path) -> Iterator[Samples]:
    """The file in pieces, channels averaged. Samples that are no numbers are silence."""
    count = max(1, round(_PIECE * sound.samplerate))
    while True:
        try:
            piece = sound.read(count, dtype="float32", always_2d=True)
        except (OSError, RuntimeError) as error:
            raise RecordingError(f"The music {file} is damaged: {_reason(error)}.") from error
        if not len(piece):
            return
        yield np.nan_to_num(piece.mean(axis=1, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)


def _reason(error: Exception) -> str:
    return str(getattr(error, "error_string", None) or error).rstrip(".")
