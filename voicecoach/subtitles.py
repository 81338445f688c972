"""A session's words as subtitles, and its chapters as a list: SubRip (``.srt``) and WebVTT (``.vtt``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from voicecoach.chapters import Chapter
from voicecoach.errors import RecordingError, UsageError
from voicecoach.units import spoken_duration

FORMATS = (".srt", ".vtt")
"""What subtitles can be written as, by the file's ending."""


@dataclass(frozen=True, slots=True)
class Subtitle:
    """``text`` is shown from ``start`` to ``end``, in milliseconds."""

    start: int
    end: int
    text: str


def check_format(path: Path, known: tuple[str, ...] = FORMATS) -> None:
    """Raises UsageError where ``path`` has none of the ``known`` endings."""
    if path.suffix.lower() not in known:
        raise UsageError(f'{path.name}: expected a file that ends in {" or ".join(known)}, got "{path.suffix}"')


def subtitles(entries: Iterable[dict[str, Any]]) -> list[Subtitle]:
    """What is said, held and waited for in a cue sheet (``render.cue_sheet``), to the nearest millisecond.

    In order and one at a time: a text ends where the next begins, at the latest.
    """
    shown = [
        Subtitle(round(entry["start"] * 1000), round(entry["end"] * 1000), text)
        for entry in entries
        if (text := _text(entry))
    ]
    shown.sort(key=lambda line: line.start)
    cut = [Subtitle(one.start, min(one.end, after.start), one.text) for one, after in pairwise(shown)]
    return [line for line in [*cut, *shown[-1:]] if line.start < line.end]


def _text(entry: dict[str, Any]) -> str | None:
    if entry["kind"] == "prompt":
        return str(entry["text"])
    if entry["kind"] == "hold":
        return f"Hold {spoken_duration(entry['seconds'])}"
    if entry.get("name") == "wait":
        return f"Wait {spoken_duration(round(entry['end'] - entry['start'], 3))}"
    return None


def write_subtitles(lines: Iterable[Subtitle], path: Path) -> None:
    """Write SubRip or WebVTT, by the ending of ``path``. Raises RecordingError, UsageError for another ending."""
    check_format(path)
    _write(path, _srt(lines) if path.suffix.lower() == ".srt" else _vtt(lines))


def write_chapter_list(chapters: Iterable[Chapter], path: Path) -> None:
    """Write the chapters as WebVTT, as a browser's ``<track kind="chapters">`` takes them. Raises as above."""
    check_format(path, (".vtt",))
    _write(path, _vtt(Subtitle(chapter.start, chapter.end, chapter.title) for chapter in chapters))


def _write(path: Path, blocks: Iterable[str]) -> None:
    try:
        path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8", newline="\n")
    except OSError as fault:
        raise RecordingError(f"{path} cannot be written: {fault.strerror}") from fault


def _srt(lines: Iterable[Subtitle]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        # SubRip has no escapes, and players take <x> for markup and --> for a time: signs that look like them.
        text = line.text.replace("<", "\u2039").replace(">", "\u203a")
        yield f"{number}\n{_clock(line.start, ',')} --> {_clock(line.end, ',')}\n{text}"


def _vtt(lines: Iterable[Subtitle]) -> Iterator[str]:
    yield "WEBVTT"
    for number, line in enumerate(lines, start=1):
        text = line.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        yield f"{number}\n{_clock(line.start, '.')} --> {_clock(line.end, '.')}\n{text}"


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{point}{rest:03d}"
