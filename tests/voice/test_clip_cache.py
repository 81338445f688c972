"""The cache of speech: it gives back what was put there, and nothing that happens to its folder stops anybody."""

import hashlib
import multiprocessing
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicecoach.audio.clip import Clip
from voicecoach.voice.clip_cache import ClipCache, as_kept


def noise(seconds: float = 0.1, seed: int = 1, rate: int = 22_050) -> Clip:
    steps = np.random.default_rng(seed).integers(-32_768, 32_768, round(seconds * rate))
    return Clip((steps / 32_768).astype(np.float32), rate)


def same(one: Clip | None, other: Clip) -> bool:
    return one is not None and one.rate == other.rate and np.array_equal(one.samples, other.samples)


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_what_was_put_comes_back_exactly_also_in_another_session(tmp_path: Path) -> None:
    ClipCache(tmp_path).put("key", "text", noise())
    assert same(ClipCache(tmp_path).get("key", "text"), noise())


def test_another_key_or_text_is_another_clip(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    cache.put("key", "text", noise(seed=1))
    cache.put("key", "other", noise(seed=2))
    cache.put("other", "text", noise(seed=3))
    cache.put("keyt", "ext", noise(seed=4))
    assert same(cache.get("key", "text"), noise(seed=1))
    assert same(cache.get("key", "other"), noise(seed=2))
    assert same(cache.get("other", "text"), noise(seed=3))
    assert cache.get("none", "text") is None
    assert len(files(tmp_path)) == 4


def test_any_text_is_a_key(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    for text in ("../../etc/passwd", "\0", "\ud800", "x" * 100_000, ""):
        cache.put("k", text, noise())
        assert same(cache.get("k", text), noise())
    assert all(file.name == f"{file.stem}.flac" and len(file.stem) == 64 for file in files(tmp_path))


def test_too_loud_a_clip_is_clipped_not_wrapped(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    cache.put("k", "t", Clip(np.array([2.0, -2.0, 0.5], np.float32), 8000))
    clip = cache.get("k", "t")
    assert clip is not None
    np.testing.assert_allclose(clip.samples, [1, -1, 0.5], atol=1e-4)


def test_what_comes_back_is_known_beforehand_to_the_sample(tmp_path: Path) -> None:
    spoken = Clip(np.random.default_rng(4).uniform(-1.1, 1.1, 5000).astype(np.float32), 22_050)
    ClipCache(tmp_path).put("k", "t", spoken)
    assert same(ClipCache(tmp_path).get("k", "t"), as_kept(spoken))
    assert same(as_kept(as_kept(spoken)), as_kept(spoken))
    assert len(as_kept(Clip.silence(0, 22_050))) == 0


def test_an_empty_clip_is_not_kept(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    cache.put("k", "t", Clip.silence(0, 22_050))
    assert cache.get("k", "t") is None
    assert files(tmp_path) == []


def damage_nothing_left(path: Path) -> None:
    path.write_bytes(b"")


def damage_other_content(path: Path) -> None:
    path.write_bytes(b"something else entirely")


def damage_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def damage_other_sound(path: Path) -> None:
    soundfile.write(path, noise(seed=9).samples, 22_050, format="FLAC")


def damage_stereo(path: Path) -> None:
    soundfile.write(path, np.zeros((10, 2)), 22_050, format="FLAC")


def damage_claimed_length(path: Path) -> None:
    """STREAMINFO says 64 thousand million samples, which would be 128 GB."""
    content = bytearray(path.read_bytes())
    content[21] |= 0x0F
    content[22:26] = b"\xff" * 4
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    "damage",
    [
        damage_claimed_length,
        damage_nothing_left,
        damage_other_content,
        damage_half,
        damage_middle,
        damage_other_sound,
        damage_stereo,
    ],
)
def test_a_damaged_file_is_a_miss_and_can_be_put_again(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    cache = ClipCache(tmp_path)
    cache.put("k", "t", noise())
    damage(files(tmp_path)[0])
    assert cache.get("k", "t") is None
    cache.put("k", "t", noise())
    assert same(cache.get("k", "t"), noise())


def test_a_folder_in_the_place_of_the_file_is_a_miss(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    (tmp_path / f"{hashlib.sha256(b'k' + bytes(1) + b't').hexdigest()}.flac").mkdir()
    assert cache.get("k", "t") is None
    cache.put("k", "t", noise())
    assert cache.get("k", "t") is None


def test_a_folder_that_cannot_be_made_is_borne(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ClipCache(tmp_path / "file" / "speech")
    cache.put("k", "t", noise())
    assert cache.get("k", "t") is None


def put_without_room(folder: Path) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    ClipCache(folder).put("k", "t", noise(1.0))
    os._exit(0)


@pytest.mark.skipif(os.name != "posix", reason="POSIX limits")
def test_a_full_disk_is_borne(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=put_without_room, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert not list(tmp_path.glob("*.tmp"))
    assert ClipCache(tmp_path).get("k", "t") is None


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_folder_is_for_its_user_alone(tmp_path: Path) -> None:
    ClipCache(tmp_path / "speech").put("k", "t", noise())
    assert (tmp_path / "speech").stat().st_mode & 0o077 == 0


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    one = noise(1.0)
    ClipCache(tmp_path).put("k", "measure", one)
    size = files(tmp_path)[0].stat().st_size
    files(tmp_path)[0].unlink()
    cache = ClipCache(tmp_path, limit_bytes=round(5.5 * size))
    for number in range(5):
        cache.put("k", str(number), one)
        for file in files(tmp_path):  # everything so far becomes a minute older
            os.utime(file, (time.time(), file.stat().st_mtime - 60))
    assert cache.get("k", "0") is not None  # used just now
    cache.put("k", "5", one)
    left = [number for number in range(6) if cache.get("k", str(number)) is not None]
    assert 0 in left
    assert 5 in left
    assert 1 not in left
    assert sum(file.stat().st_size for file in files(tmp_path)) <= 5.5 * size


def test_what_other_sessions_left_counts(tmp_path: Path) -> None:
    for number in range(5):
        ClipCache(tmp_path).put("k", str(number), noise(1.0, seed=number))
    size = sum(file.stat().st_size for file in files(tmp_path))
    ClipCache(tmp_path, limit_bytes=size // 2).put("k", "new", noise())
    assert sum(file.stat().st_size for file in files(tmp_path)) <= size // 2


def test_what_a_killed_session_left_is_removed_but_not_what_another_is_writing(tmp_path: Path) -> None:
    old, new = tmp_path / "old.tmp", tmp_path / "new.tmp"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    ClipCache(tmp_path).put("k", "t", noise())
    assert not old.exists()
    assert new.exists()


def fill(folder: Path, seed: int) -> None:
    cache = ClipCache(folder, limit_bytes=100_000)
    for round_ in range(30):
        text = str((round_ * (seed + 1)) % 7)
        clip = cache.get("k", text)
        if clip is not None and not same(clip, noise(seed=int(text))):
            os._exit(1)
        cache.put("k", text, noise(seed=int(text)))
    os._exit(0)


def test_two_processes_share_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=fill, args=(tmp_path, seed)) for seed in (1, 2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert not list(tmp_path.glob("*.tmp"))


def test_a_cache_for_each_of_two_threads_may_share_it(tmp_path: Path) -> None:
    wrong: list[str] = []

    def work() -> None:
        cache = ClipCache(tmp_path)
        for number in range(20):
            cache.put("k", str(number % 5), noise(seed=number % 5))
            clip = cache.get("k", str(number % 5))
            if clip is None or not same(clip, noise(seed=number % 5)):
                wrong.append(str(number))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
