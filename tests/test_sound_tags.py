"""Chapters, title and cover in MP3 and FLAC, as mutagen and (where it is installed) ffprobe read them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC
from mutagen.id3 import ID3

from voicecoach.chapters import Chapter
from voicecoach.cover import draw_cover
from voicecoach.errors import RecordingError, UsageError
from voicecoach.sound_tags import ALBUM, ARTIST, Tags, check_format, write_tags

RATE = 48_000
CHAPTERS = [
    Chapter("Introduction", 0, 1_001),
    Chapter("Straße, right arm", 1_001, 2_500),
    Chapter("B", 2_500, 3_000),
    Chapter("The end of it all \U0001f600", 3_000, 4_000),
]
TITLE = "Wrists"


def cover_of(title: str) -> bytes:
    drawn = draw_cover(title)
    assert drawn is not None
    return drawn


def tone(path: Path) -> Path:
    kind = {".mp3": "MPEG_LAYER_III", ".flac": "PCM_16"}[path.suffix]
    soundfile.write(path, 0.1 * np.sin(np.arange(4 * RATE) * 0.05), RATE, subtype=kind)
    return path


def test_mp3_has_chapters_in_one_ordered_table_of_contents(tmp_path: Path) -> None:
    path = tone(tmp_path / "s.mp3")
    write_tags(path, Tags(TITLE, CHAPTERS, "A book", cover_of(TITLE)))
    tags = ID3(path)
    assert tags.version == (2, 3, 0)
    assert [str(tags[name]) for name in ("TIT2", "TPE1", "TALB", "COMM::eng")] == [TITLE, ARTIST, ALBUM, "A book"]
    (contents,) = tags.getall("CTOC")
    assert int(contents.flags) == 3
    assert str(contents.sub_frames["TIT2"]) == TITLE
    listed = [tags[f"CHAP:{name}"] for name in contents.child_element_ids]
    assert [Chapter(str(each.sub_frames["TIT2"]), each.start_time, each.end_time) for each in listed] == CHAPTERS
    assert {each.start_offset for each in listed} == {0xFFFFFFFF}
    (cover,) = tags.getall("APIC")
    assert (cover.mime, cover.type, cover.data[:4]) == ("image/png", 3, b"\x89PNG")


def test_chapters_stand_in_the_mp3_in_their_order(tmp_path: Path) -> None:
    path = tone(tmp_path / "s.mp3")
    many = [Chapter("x" * (number * 7 % 40), number * 10, number * 10 + 10) for number in range(200)]
    write_tags(path, Tags(TITLE, many))
    raw = path.read_bytes()
    frames = [raw.rfind(f"chapter{number:03d}".encode()) for number in range(1, 201)]
    assert frames == sorted(frames)


def test_flac_has_chapters_as_comments(tmp_path: Path) -> None:
    path = tone(tmp_path / "s.flac")
    write_tags(path, Tags(TITLE, CHAPTERS, "A book", cover_of(TITLE)))
    tags = FLAC(path)
    assert [tags[name] for name in ("title", "artist", "album", "description")] == [
        [TITLE],
        [ARTIST],
        [ALBUM],
        ["A book"],
    ]
    assert [tags[f"chapter{number:03d}"] for number in (1, 2)] == [["00:00:00.000"], ["00:00:01.001"]]
    assert [tags[f"chapter{n:03d}name"][0] for n in range(1, 5)] == [chapter.title for chapter in CHAPTERS]
    (picture,) = tags.pictures
    assert (picture.mime, picture.type, picture.width) == ("image/png", 3, 800)


@pytest.mark.parametrize("name", ["s.mp3", "s.flac"])
def test_the_sound_stays_as_it_was_and_tags_can_be_written_again(name: str, tmp_path: Path) -> None:
    path = tone(tmp_path / name)
    before, _ = soundfile.read(path)
    write_tags(path, Tags("Old", CHAPTERS, "Old", cover_of("Old")))
    write_tags(path, Tags("New", CHAPTERS[:1]))
    after, _ = soundfile.read(path)
    assert np.array_equal(before, after)
    if path.suffix == ".mp3":
        tags = ID3(path)
        assert [str(frame) for frame in (tags["TIT2"], *tags.getall("CHAP")[0].sub_frames.values())] == [
            "New",
            "Introduction",
        ]
        assert [len(tags.getall(name)) for name in ("CHAP", "APIC", "COMM")] == [1, 0, 0]
    else:
        flac = FLAC(path)
        assert (flac["title"], flac.pictures, "chapter002" in flac, "description" in flac) == (
            ["New"],
            [],
            False,
            False,
        )


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("name", ["s.mp3", "s.flac"])
def test_ffprobe_reads_the_same(name: str, tmp_path: Path) -> None:
    path = tone(tmp_path / name)
    write_tags(path, Tags(TITLE, CHAPTERS, cover=cover_of(TITLE)))
    command = ["ffprobe", "-v", "error", "-show_chapters", "-show_format", "-show_streams", "-of", "json", str(path)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    tags = {key.lower(): value for key, value in told["format"]["tags"].items()}
    assert (tags["title"], tags["artist"], tags["album"]) == (TITLE, ARTIST, ALBUM)
    read = [(each["tags"]["title"], round(float(each["start_time"]) * 1000)) for each in told["chapters"]]
    assert read == [(chapter.title, chapter.start) for chapter in CHAPTERS]
    assert [stream["codec_name"] for stream in told["streams"]][1:] == ["png"]


def test_a_file_that_cannot_hold_chapters_is_told_before_and_after(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.mp3 or \.flac"):
        check_format(tmp_path / "s.wav")
    for name in ("no.mp3", "no.flac"):
        with pytest.raises(RecordingError, match="cannot be written"):
            write_tags(tmp_path / "nowhere" / name, Tags(TITLE, CHAPTERS))
