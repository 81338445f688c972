"""The whole chain over recordings: people saying commands, synthetic voices, and what must stay unheard."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicecoach.audio.clip import read_clip
from voicecoach.audio.recorder import Recorder
from voicecoach.ear.hear import hear_file
from voicecoach.errors import EarError, RecordingError
from voicecoach.units import STREAM_RATE

CLIPS = Path(__file__).parents[1] / "clips"


def room(seconds, rate, dbfs=-70, seed=0):
    return np.random.default_rng(seed).normal(0, 10 ** (dbfs / 20), int(seconds * rate)).astype(np.float32)


@pytest.fixture
def recording(tmp_path):
    def make(*clips, rate=16_000, between=1.0, dbfs=-70, channels=1, name="recording.wav"):
        parts = [room(between, rate, dbfs)]
        for clip in clips:
            sound = read_clip(CLIPS / clip).resampled(rate).samples
            parts += [sound + room(len(sound) / rate + 1, rate, dbfs)[: len(sound)], room(between, rate, dbfs, 1)]
        samples = np.concatenate(parts)
        path = tmp_path / name
        soundfile.write(path, np.stack([samples] * channels, axis=1), rate)
        return path

    return make


def commands(path, **options):
    return [(heard.command.value, heard.tier) for heard in hear_file(path, **options)]


@pytest.mark.parametrize("clip", ["stop-9dc1889e.flac", "stop-a6f2fd71.flac", "stop-1fe4c891.flac"])
def test_obeys_people_who_say_stop(recording, clip):
    assert commands(recording(clip)) == [("stop", "firm")]


@pytest.mark.parametrize("engine", ["flite", "espeak", "festival"])
def test_obeys_it_hurts(recording, engine):
    *suspected, obeyed = commands(recording(f"it-hurts-{engine}.flac"))
    assert obeyed == ("pain", "firm")
    assert set(suspected) <= {("pain", "weak")}


def test_stop_it_hurts_is_pain(recording):
    assert ("pain", "firm") in commands(recording("stop-it-hurts-flite.flac"))


def test_obeys_one_command_after_another(recording):
    path = recording("pause-flite.flac", "resume-flite.flac", "stop-9dc1889e.flac")
    assert commands(path) == [("pause", "firm"), ("resume", "firm"), ("stop", "firm")]


def test_yes_and_no_are_heard_only_when_asked(recording):
    path = recording("yes-4845bb10.flac", "no-e41a903b.flac")
    assert commands(path, asking=True) == [("yes", "firm"), ("no", "firm")]
    assert not {command for command, _ in commands(path)} & {"yes", "no"}


@pytest.mark.parametrize("clip", ["down-692a88e6.flac", "up-42beb5eb.flac"])
def test_other_words_are_no_commands(recording, clip):
    assert [command for command, tier in commands(recording(clip)) if tier == "firm"] == []


def test_noise_commands_nothing(tmp_path):
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.concatenate((room(3, 16_000, -70), room(4, 16_000, -35), room(3, 16_000, -20))), 16_000)
    assert [command for command, tier in commands(path) if tier == "firm"] == []


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (22_050, 2), (44_100, 2), (48_000, 1)])
def test_takes_any_rate_and_channels(recording, rate, channels):
    path = recording("stop-a6f2fd71.flac", rate=rate, channels=channels, name="recording.flac")
    assert ("stop", "firm") in commands(path)


@pytest.mark.parametrize("gain", [0.05, 3.0], ids=["far away", "close"])
def test_hears_quiet_and_loud_people(tmp_path, gain):
    word = read_clip(CLIPS / "stop-a6f2fd71.flac").samples * np.float32(gain)
    path = tmp_path / "level.wav"
    soundfile.write(path, np.concatenate((room(1, 16_000, -75), word, room(1, 16_000, -75))), 16_000)
    assert commands(path) == [("stop", "firm")]


def test_decides_soon_after_the_word(recording):
    path = recording("stop-9dc1889e.flac")
    (heard,) = hear_file(path)
    sound = read_clip(path)
    end = np.flatnonzero(np.abs(sound.samples) > 0.02)[-1] / sound.rate
    assert end - 0.1 < heard.decided / STREAM_RATE < end + 0.35


def test_every_file_begins_afresh(recording):
    first = recording("stop-9dc1889e.flac", name="first.wav")
    second = recording("pause-flite.flac", name="second.wav")
    alone = list(hear_file(second))
    list(hear_file(first, asking=True))
    assert list(hear_file(second)) == alone


def test_a_word_that_ends_with_the_file_is_heard(tmp_path):
    path = tmp_path / "short.wav"
    word = read_clip(CLIPS / "stop-9dc1889e.flac").samples
    last = np.flatnonzero(np.abs(word) > 0.02)[-1]
    soundfile.write(path, np.concatenate((room(1, 16_000), word[:last])), 16_000)
    assert commands(path) == [("stop", "firm")]


def test_what_was_playing_may_be_shorter_than_the_recording(recording, tmp_path):
    playing = tmp_path / "playing.wav"
    soundfile.write(playing, np.zeros(4_410, dtype=np.float32), 44_100)
    assert commands(recording("stop-9dc1889e.flac"), playing=playing) == [("stop", "firm")]


@pytest.mark.parametrize(("speaker", "heard"), [("user", [("stop", "firm")]), ("coach", [])])
def test_in_what_record_kept_the_coach_is_no_user(tmp_path, speaker, heard):
    word = read_clip(CLIPS / "stop-9dc1889e.flac").resampled(STREAM_RATE).samples
    quiet = np.zeros(STREAM_RATE, np.float32)
    said = np.concatenate((quiet, word, quiet))
    sound, silence = said + room(len(said) / STREAM_RATE + 1, STREAM_RATE)[: len(said)], np.zeros_like(said)
    recorder = Recorder(tmp_path / "take.wav")
    if speaker == "user":
        recorder.submit(sound, silence)
    else:
        recorder.submit(sound - said, said)
    recorder.close()
    assert commands(tmp_path / "take.wav") == heard


@pytest.mark.parametrize("content", [b"", b"not a sound file", b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_recording_is_refused(tmp_path, content):
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"broken\.wav"):
        list(hear_file(path))


def test_an_empty_recording_is_silence(tmp_path):
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0, dtype=np.float32), 16_000)
    assert commands(path) == []


def test_an_unknown_engine_is_named_with_the_known_ones(recording):
    with pytest.raises(EarError, match="pocketsphinx, sphinx, vosk, whisper"):
        list(hear_file(recording(), engine="parrot"))
