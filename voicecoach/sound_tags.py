"""What a phone shows of a rendered session: title, artist, album, chapters and a cover, written into its sound file.

MP3 gets ID3v2.3 with UTF-16 texts, which more players read than 2.4, and CHAP frames under one ordered top-level CTOC
with a title of its own: without it some players show no chapters at all. FLAC gets CHAPTERxxx and CHAPTERxxxNAME.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voicecoach.chapters import Chapter
from voicecoach.errors import RecordingError, UsageError

FORMATS = (".mp3", ".flac")
"""The files that can hold chapters, by their ending."""

ARTIST, ALBUM, GENRE = "voicecoach", "voicecoach sessions", "Speech"
"""The same in every file, so that a phone keeps sessions together."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What is written; ``cover`` is a PNG file's bytes. A routine makes at most 202 chapters, and ID3 counts to 255."""

    title: str
    chapters: Sequence[Chapter]
    source: str = ""
    cover: bytes | None = None


def check_format(path: Path) -> None:
    """Raises UsageError where a file with the ending of ``path`` cannot hold chapters, or nothing can write them."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path.name}: chapters are written into a {' or '.join(FORMATS)} file")
    try:
        import mutagen  # noqa: F401
    except ImportError as missing:
        raise UsageError("Chapters need the package mutagen: pip install 'voicecoach[chapters]'") from missing


def write_tags(path: Path, tags: Tags) -> None:
    """Put ``tags`` into a sound file, in the place of any that it has. Raises RecordingError, UsageError."""
    check_format(path)
    from mutagen import MutagenError

    try:
        (_tag_mp3 if path.suffix.lower() == ".mp3" else _tag_flac)(path, tags)
    except (MutagenError, OSError) as fault:
        raise RecordingError(f"{path}: the chapters cannot be written: {fault}") from fault


def _tag_mp3(path: Path, tags: Tags) -> None:
    from mutagen.id3 import APIC, CHAP, COMM, CTOC, ID3, TALB, TCON, TIT2, TPE1, CTOCFlags, Encoding, PictureType

    utf16 = Encoding.UTF16
    # mutagen writes frames by their length, then by their id, and some players list chapters as they stand in the file:
    # so all of them are made equally long, by ids that nobody sees.
    sizes = [len(chapter.title.encode("utf-16-le")) for chapter in tags.chapters]
    ids = [f"chapter{number:03d}" + "." * (max(sizes) - size) for number, size in enumerate(sizes, start=1)]
    written = ID3()
    for frame, text in ((TIT2, tags.title), (TPE1, ARTIST), (TALB, ALBUM), (TCON, GENRE)):
        written.add(frame(encoding=utf16, text=[text]))
    if tags.source:
        written.add(COMM(encoding=utf16, lang="eng", desc="", text=[tags.source]))
    written.add(CTOC(element_id="contents", flags=CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED, child_element_ids=ids,
                     sub_frames=[TIT2(encoding=utf16, text=[tags.title])]))  # fmt: skip
    for name, chapter in zip(ids, tags.chapters, strict=True):
        written.add(CHAP(element_id=name, start_time=chapter.start, end_time=chapter.end,
                         sub_frames=[TIT2(encoding=utf16, text=[chapter.title])]))  # fmt: skip
    if tags.cover is not None:
        written.add(APIC(encoding=Encoding.LATIN1, mime="image/png", type=PictureType.COVER_FRONT, desc="",
                         data=tags.cover))  # fmt: skip
    written.save(path, v2_version=3)


def _tag_flac(path: Path, tags: Tags) -> None:
    from mutagen.flac import FLAC, Picture
    from mutagen.id3 import PictureType

    file = FLAC(path)
    if file.tags is None:
        file.add_tags()
    file.tags.clear()
    file.clear_pictures()
    file["TITLE"], file["ARTIST"], file["ALBUM"], file["GENRE"] = tags.title, ARTIST, ALBUM, GENRE
    if tags.source:
        file["DESCRIPTION"] = tags.source
    for number, chapter in enumerate(tags.chapters, start=1):
        minutes, seconds = divmod(chapter.start / 1000, 60)
        file[f"CHAPTER{number:03d}"] = f"{int(minutes // 60):02d}:{int(minutes % 60):02d}:{seconds:06.3f}"
        file[f"CHAPTER{number:03d}NAME"] = chapter.title
    if tags.cover is not None:
        picture = Picture()
        picture.type, picture.mime, picture.data = PictureType.COVER_FRONT, "image/png", tags.cover
        width = height = int.from_bytes(tags.cover[16:20], "big")
        picture.width, picture.height, picture.depth = width, height, 24
        file.add_picture(picture)
    file.save()
