"""What the ear takes prompts for is kept for exactly that sound and that ear, and nothing damaged is believed."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from voicecoach.audio.clip import Clip
from voicecoach.ear import self_trigger_cache
from voicecoach.ear.self_trigger import SelfTrigger
from voicecoach.ear.self_trigger_cache import SelfTriggerCache, ear_version
from voicecoach.session.commands import Command
from voicecoach.units import STREAM_RATE

FOUND = (SelfTrigger(Command.STOP, "firm", 10.0), SelfTrigger(Command.PAIN, "weak", -10.0))


def clip(seed=1):
    return Clip(np.random.default_rng(seed).standard_normal(1000).astype(np.float32), STREAM_RATE)


def files(folder):
    return sorted(folder.iterdir())


def test_what_was_put_comes_back_also_where_nothing_was_found(tmp_path):
    SelfTriggerCache(tmp_path, "ear").put(clip(1), FOUND)
    SelfTriggerCache(tmp_path, "ear").put(clip(2), ())
    again = SelfTriggerCache(tmp_path, "ear")
    assert again.get(clip(1)) == FOUND
    assert again.get(clip(2)) == ()
    assert again.get(clip(3)) is None


def test_another_sound_or_rate_or_ear_is_not_known(tmp_path):
    cache = SelfTriggerCache(tmp_path, "ear")
    cache.put(clip(), FOUND)
    louder = Clip(clip().samples * np.float32(1.001), STREAM_RATE)
    assert cache.get(louder) is None
    assert cache.get(Clip(clip().samples, 16_000)) is None
    assert SelfTriggerCache(tmp_path, "another ear").get(clip()) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"{}",
        b'{"triggers": 3}',
        b'{"triggers": ["stop"]}',
        b'{"triggers": [["stop", "firm"]]}',
        b'{"triggers": [["stop", "firm", "loud"]]}',
        b'{"triggers": [["stop", "surely", 0.0]]}',
        b'{"triggers": [["leave", "firm", 0.0]]}',
        json.dumps({"triggers": [["stop", "firm", 0.0]]}).encode()[:-4],
        b'{"triggers": ' + b"[" * 100_000,
        b'{"triggers": [["stop", "firm", 1' + b"0" * 400 + b"]]}",
    ],
)
def test_a_damaged_file_is_not_believed_and_can_be_put_again(tmp_path, content):
    cache = SelfTriggerCache(tmp_path, "ear")
    cache.put(clip(), FOUND)
    files(tmp_path)[0].write_bytes(content)
    assert cache.get(clip()) is None
    cache.put(clip(), FOUND)
    assert cache.get(clip()) == FOUND


def test_a_folder_that_cannot_be_made_is_borne(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = SelfTriggerCache(tmp_path / "file" / "speech", "ear")
    cache.put(clip(), FOUND)
    assert cache.get(clip()) is None


def test_nothing_half_written_is_left_and_speech_is_left_alone(tmp_path):
    (tmp_path / "speech.flac").write_bytes(b"speech")
    cache = SelfTriggerCache(tmp_path, "ear", most_files=1)
    for seed in range(4):
        cache.put(clip(seed), FOUND)
    assert (tmp_path / "speech.flac").exists()
    assert not list(tmp_path.glob("*.tmp"))


def test_the_oldest_go_where_there_are_too_many(tmp_path):
    cache = SelfTriggerCache(tmp_path, "ear", most_files=10)
    for seed in range(10):
        cache.put(clip(seed), FOUND)
        for file in files(tmp_path):
            os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 60))
    cache.put(clip(10), FOUND)
    kept = [seed for seed in range(11) if cache.get(clip(seed)) is not None]
    assert kept == list(range(2, 11))


def test_changed_weights_rules_or_code_are_another_ear(tmp_path):
    folder = tmp_path / "ear"
    shutil.copytree(Path(self_trigger_cache.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = ear_version("both", folder)
    assert before == ear_version("both")
    assert before != ear_version("pocketsphinx", folder)
    for name in ("embedding_heads.npz", "witnesses_en.yaml", "decision.py"):
        file = folder / name
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert ear_version("both", folder) != before, name
        file.write_bytes(whole)
    assert ear_version("both", folder) == before
