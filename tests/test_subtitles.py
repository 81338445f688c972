"""Subtitles: what is said and held, when it sounds, one text at a time, in files that players can read."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from rendered_session import LOUD, RATE, rendered

from voicecoach.chapters import Chapter
from voicecoach.errors import RecordingError, UsageError
from voicecoach.render import cue_sheet
from voicecoach.subtitles import Subtitle, subtitles, write_chapter_list, write_subtitles

BLOCK = re.compile(r"(\d+)\n(\d+):(\d\d):(\d\d)[,.](\d{3}) --> (\d+):(\d\d):(\d\d)[,.](\d{3})\n(.+)")


def read(path: Path) -> list[Subtitle]:
    """The file as a strict reader sees it: numbered blocks, each with one line of text, and nothing else."""
    head, *blocks = ("WEBVTT\n\n" * (path.suffix == ".srt") + path.read_text("utf-8")).strip("\n").split("\n\n")
    assert head == "WEBVTT"
    found = []
    for number, block in enumerate(blocks, start=1):
        match = BLOCK.fullmatch(block)
        assert match is not None, block
        index, *times, text = match.groups()
        assert int(index) == number
        start, end = (
            (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 1000 + int(rest)
            for hours, minutes, seconds, rest in (times[:4], times[4:])
        )
        assert "-->" not in text
        assert "<" not in text
        found.append(Subtitle(start, end, html.unescape(text) if path.suffix == ".vtt" else text))
    return found


def prompt(start: float, end: float, text: str) -> dict[str, Any]:
    return {"kind": "prompt", "start": start, "end": end, "text": text}


def test_texts_are_shown_exactly_while_they_sound(tmp_path: Path) -> None:
    *_, done = rendered(tmp_path / "s.flac")
    samples, _ = soundfile.read(tmp_path / "s.flac", dtype="float32")
    entries = cue_sheet(done.ended, done.rate)
    lines = subtitles(entries)
    said = [line for line in lines if not re.match(r"(Hold|Wait) \d", line.text)]
    assert [line.text for line in said] == [entry["text"] for entry in entries if entry["kind"] == "prompt"]
    slack = RATE // 1000
    for line in said:
        first, last = line.start * RATE // 1000, line.end * RATE // 1000
        assert np.abs(samples[first + slack : last - slack] - LOUD).max() < 0.01
        assert np.abs(samples[last + slack : last + 20 * slack]).max() < 0.5 * LOUD or line.text.endswith("chime.")
        if first:
            assert np.abs(samples[first - 20 * slack : first - slack]).max() < 0.5 * LOUD


def test_holds_and_waits_have_lines_of_their_own(tmp_path: Path) -> None:
    *_, done = rendered(tmp_path / "s.flac")
    lines = subtitles(cue_sheet(done.ended, done.rate))
    held = [line for line in lines if line.text == "Hold 2 seconds"]
    assert [line.end - line.start for line in held] == [2000] * 4
    assert [line.end - line.start for line in lines if line.text == "Wait 2 seconds"] == [2000]


@pytest.mark.parametrize("ending", [".srt", ".vtt"])
def test_a_whole_session_can_be_read_back(tmp_path: Path, ending: str) -> None:
    *_, done = rendered(tmp_path / "s.flac")
    lines = subtitles(cue_sheet(done.ended, done.rate))
    write_subtitles(lines, tmp_path / f"s{ending}")
    found = read(tmp_path / f"s{ending}")
    assert [(line.start, line.end) for line in found] == [(line.start, line.end) for line in lines]
    assert all(one.end <= after.start for one, after in pairwise(found))
    texts = [line.text for line in found]
    assert [text.replace("\u2039", "<").replace("\u203a", ">") for text in texts] == [line.text for line in lines]
    assert "Smålå <session> & more." in [line.text for line in lines]


@given(st.lists(st.tuples(st.floats(0, 4000), st.floats(0, 5), st.text("<>&-! a\u00e9", min_size=1)), max_size=8))
def test_texts_never_overlap_whatever_the_cue_sheet(cues: list[tuple[float, float, str]]) -> None:
    shown = subtitles([prompt(start, start + length, text) for start, length, text in cues])
    assert all(line.start < line.end for line in shown)
    assert all(one.end <= after.start for one, after in pairwise(shown))


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1))
def test_no_text_can_break_a_file(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("texts")
    for name in ("s.srt", "s.vtt"):
        write_subtitles([Subtitle(0, 3_600_001, text), Subtitle(3_600_001, 3_661_001, "x")], folder / name)
        assert [(line.start, line.end) for line in read(folder / name)] == [(0, 3_600_001), (3_600_001, 3_661_001)]
    assert read(folder / "s.vtt")[0].text == text


def test_nothing_said_is_a_file_all_the_same(tmp_path: Path) -> None:
    for name in ("s.srt", "s.vtt"):
        write_subtitles([], tmp_path / name)
    assert (tmp_path / "s.vtt").read_text() == "WEBVTT\n"
    assert (tmp_path / "s.srt").read_text() == "\n"


def test_chapters_are_a_list_of_titles(tmp_path: Path) -> None:
    write_chapter_list([Chapter("A & B", 0, 1500), Chapter("C", 1500, 9000)], tmp_path / "c.vtt")
    assert read(tmp_path / "c.vtt") == [Subtitle(0, 1500, "A & B"), Subtitle(1500, 9000, "C")]


def test_another_ending_and_a_folder_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.srt or \.vtt"):
        write_subtitles([], tmp_path / "s.txt")
    with pytest.raises(UsageError, match=r"ends in \.vtt"):
        write_chapter_list([], tmp_path / "s.srt")
    with pytest.raises(RecordingError, match="cannot be written"):
        write_subtitles([], tmp_path / "nowhere" / "s.srt")
