"""Every thread that the program starts is known here, with the test that kills what it does by an exception."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
PACKAGE = TESTS.parent / "voicecoach"

WHEN_IT_BREAKS = {
    "audio/miniaudio_device.py": ("device_contract.py", "test_an_exchange_that_raises_is_kept_and_left_alone"),
    "audio/null_device.py": ("device_contract.py", "test_an_exchange_that_raises_is_kept_and_left_alone"),
    "audio/file_device.py": ("device_contract.py", "test_an_exchange_that_raises_is_kept_and_left_alone"),
    "audio/simpleaudio_speaker.py": ("device_contract.py", "test_an_exchange_that_raises_is_kept_and_left_alone"),
    "audio/paced_stream.py": (
        "audio/test_devices.py",
        "test_a_paced_stream_whose_step_breaks_falls_still_without_a_word",
    ),
    "audio/music.py": ("audio/test_music.py", "test_a_fault_of_the_decoder_is_told_and_what_was_decoded_is_played"),
    "audio/recorder.py": ("audio/test_recorder.py", "test_a_disk_or_a_library_that_fails_is_kept_and_nothing_piles_up"),
    "ear/ear.py": ("ear/test_live_ear.py", "test_nothing_that_an_engine_throws_ends_the_ear"),
    "ear/worker.py": ("ear/test_worker.py", "test_whatever_a_job_throws_is_a_result_and_the_next_job_is_done"),
    "ear/rehearsal.py": (
        "ear/test_rehearsal.py",
        "test_an_ear_that_cannot_be_had_or_breaks_finds_nothing_and_holds_up_nobody",
    ),
    "greeting_check.py": ("test_greeting_check.py", "test_a_check_that_breaks_is_told"),
    "journal_writer.py": ("test_journal_writer.py", "test_what_a_full_disk_refused_is_written_before_what_follows"),
    "keyboard.py": ("test_keyboard.py", "test_a_keyboard_that_always_fails_is_given_up_and_told"),
    "live_view.py": ("test_live_view.py", "test_a_fault_in_the_drawing_leaves_lines"),
    "player.py": ("test_player_faults.py", "test_a_voice_thread_that_breaks_is_told_and_the_session_goes_on"),
    "reopening.py": (
        "test_reopening.py",
        "test_it_goes_on_until_one_opens_and_what_did_not_open_is_closed",
    ),
    "voice/engine_process.py": (
        "voice/test_pyttsx3_synthesizer.py",
        "test_one_that_hangs_is_ended_and_the_sentence_named",
    ),
    "voice/voice.py": ("voice/test_voice.py", "test_what_cannot_be_said_is_an_error_and_the_rest_goes_on"),
}
"""File -> the test of what becomes of a session, or of its part, when the thread's work raises."""

STARTERS = frozenset({"Thread", "Timer", "ThreadPoolExecutor", "PacedStream"})


def starters(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in STARTERS:
                yield name


def test_every_thread_has_a_test_of_its_death() -> None:
    found = {
        str(path.relative_to(PACKAGE).as_posix())
        for path in PACKAGE.rglob("*.py")
        if any(starters(path.read_text(encoding="utf-8")))
    }
    assert found == set(WHEN_IT_BREAKS)


@pytest.mark.parametrize("file", sorted(WHEN_IT_BREAKS))
def test_that_test_is_there(file: str) -> None:
    name, test = WHEN_IT_BREAKS[file]
    assert f"def {test}" in (TESTS / name).read_text(encoding="utf-8")


def test_a_thread_is_seen_however_it_is_started() -> None:
    source = "threading.Thread(target=f)\nThreadPoolExecutor(1)\nPacedStream('x', f)\nthreading.Timer(1, f)\nother()"
    assert list(starters(source)) == ["Thread", "ThreadPoolExecutor", "PacedStream", "Timer"]
