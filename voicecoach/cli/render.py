"""``voicecoach render``: a session as a sound file, with its chapters, subtitles and cue sheet."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.progress import Progress

from voicecoach import sound_tags, subtitles
from voicecoach.audio.earcons import load_earcons
from voicecoach.audio.playlist import Playlist, find_music
from voicecoach.chapters import Chapter, chapters, parts
from voicecoach.cli.complaints import complain
from voicecoach.cli.routines import choices_of, find_routine
from voicecoach.cli.signals import Signals
from voicecoach.cover import draw_cover
from voicecoach.opening import open_speech
from voicecoach.render import cue_sheet, render_session, write_cue_sheet
from voicecoach.routine.model import Routine
from voicecoach.session.plan import make_plan
from voicecoach.session.session import Session
from voicecoach.session.timeline import Lengths
from voicecoach.session.wording import wording
from voicecoach.units import STREAM_RATE, spoken_duration


def run(options: argparse.Namespace, _: Signals) -> int:
    """Write the session, and what else is wanted of it."""
    _check_endings(options)
    routine, _path = find_routine(options.routine)
    music = Playlist(find_music(options.music), lambda what: complain(f"voicecoach: {what}")) if options.music else None
    words = wording(routine.language)
    plan = make_plan(routine, choices_of(options), words)
    texts = tuple(Session(plan, Lengths(lambda text: 1, lambda sound: 1), words).texts())
    speech = open_speech(options.voice, options.rate, texts, options.voice_engine, routine.language)
    console = Console(stderr=True)
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            speaking = bar.add_task("rendering speech", total=None)
            speech.clips_at(options.speed, lambda done, of: bar.update(speaking, completed=done, total=of))
            writing = bar.add_task("writing", total=None)
            rendered = render_session(plan, speech.clips_at, load_earcons(STREAM_RATE), STREAM_RATE, options.output,
                                     options.speed, lambda done: bar.update(writing, completed=done),
                                     music.read if music else None)  # fmt: skip
    finally:
        speech.close()
    if speech.failure is not None:
        complain(f"voicecoach: {speech.failure} What could not be spoken is silent.")
    entries = cue_sheet(rendered.ended, rendered.rate)
    marks = chapters(list(parts(routine, plan)), rendered.ended, rendered.frames, rendered.rate)
    if options.cues:
        write_cue_sheet(entries, options.cues)
    if options.subtitles:
        subtitles.write_subtitles(subtitles.subtitles(entries), options.subtitles)
    if options.chapter_list:
        subtitles.write_chapter_list(marks, options.chapter_list)
    if options.chapters:
        _tag(routine, options, marks)
    told = f", {len(marks)} chapters" if options.chapters else ""
    print(f"{options.output}: {spoken_duration(max(entry['end'] for entry in entries))}{told}")
    return 0


def _check_endings(options: argparse.Namespace) -> None:
    """Whatever cannot be written as its name says is refused before minutes of rendering."""
    if options.chapters:
        sound_tags.check_format(options.output)
    if options.subtitles:
        subtitles.check_format(options.subtitles)
    if options.chapter_list:
        subtitles.check_format(options.chapter_list, (".vtt",))


def _tag(routine: Routine, options: argparse.Namespace, marks: list[Chapter]) -> None:
    title = routine.title if options.side == "both" else f"{routine.title}, {options.side} side"
    cover = draw_cover(title)
    if cover is None:
        complain("voicecoach: there is no cover, only the title: it takes pip install 'voicecoach[chapters]' and "
                 "a font that has its letters")  # fmt: skip
    sound_tags.write_tags(options.output, sound_tags.Tags(title, marks, routine.source, cover))
