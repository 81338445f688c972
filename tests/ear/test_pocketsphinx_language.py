"""Another language's ear: its own model and dictionary, and the same search."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from pseudo_language import TAG, phrases, write_language

from voicecoach.audio.clip import read_clip
from voicecoach.ear.engines import deaf_witness, make_hearing, make_spotter
from voicecoach.ear.hear import hear_file
from voicecoach.ear.pocketsphinx_language import search_language
from voicecoach.ear.pocketsphinx_spotter import PocketsphinxSpotter, rule_for
from voicecoach.ear.self_trigger_cache import ear_version
from voicecoach.errors import EarError, LanguageError
from voicecoach.routine.languages import user_folder
from voicecoach.session.commands import Command
from voicecoach.units import STREAM_RATE

CLIPS = Path(__file__).parent.parent / "clips"


@pytest.fixture(scope="module")
def acoustic_model() -> Path:
    pocketsphinx = pytest.importorskip("pocketsphinx")
    return Path(pocketsphinx.get_model_path()) / "en-us" / "en-us"


@pytest.fixture
def folder(acoustic_model: Path) -> Path:
    """A language whose word for stop sounds as the English one, in a dictionary of its own letters."""
    made = {**phrases(), "stop": ["стоп"]}
    folder = write_language(phrases=made)
    words = {word for said in made.values() for phrase in said for word in phrase.split()} - {"стоп"}
    lines = ["стоп S T AA P", *(f"{word} Z UH ZH UH Z" for word in sorted(words))]
    (folder / "words.dict").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_search(folder, acoustic_model=str(acoustic_model), dictionary="words.dict")
    return folder


def write_search(folder: Path, **data: Any) -> None:
    (folder / "pocketsphinx.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


def test_a_human_s_stop_is_heard_by_the_word_of_another_dictionary(folder: Path, acoustic_model: Path) -> None:
    row = {"стоп": {"firm": -6, "weak": -11}}
    write_search(folder, acoustic_model=str(acoustic_model), dictionary="words.dict", phrases=row)
    hearing = make_hearing("pocketsphinx", language=TAG)
    clip = read_clip(CLIPS / "stop-9dc1889e.flac").resampled(STREAM_RATE).samples
    heard = [*hearing.feed(clip), *hearing.feed(clip * 0), *hearing.feed(clip * 0)]
    hearing.close()
    assert (heard[0].phrase, heard[0].command) == ("стоп", Command.STOP)
    assert next(hear_file(CLIPS / "stop-9dc1889e.flac", "pocketsphinx")).phrase == "stop"


def test_the_default_engine_listens_with_keyword_search_alone(folder: Path) -> None:
    spotter = make_spotter(language=TAG)
    assert isinstance(spotter, PocketsphinxSpotter)
    spotter.close()
    told = deaf_witness("both", TAG)
    assert told == f'The neural heads learned English only; in "{TAG}" keyword search listens alone.'


@pytest.mark.parametrize("engine", ["vosk", "sphinx"])
def test_an_engine_that_knows_english_only_says_so(engine: str, folder: Path) -> None:
    with pytest.raises(EarError, match=f"The engine {engine} knows English only"):
        make_spotter(engine, language=TAG)


def test_a_phrase_is_tuned_by_the_language_s_file(folder: Path, acoustic_model: Path) -> None:
    row = {"firm": -3, "weak": -9, "doubtful": True}
    write_search(folder, acoustic_model=str(acoustic_model), dictionary="words.dict", phrases={"стоп": row})
    assert (rule_for("стоп", TAG).weak, rule_for("стоп", TAG).doubtful) == (-9.0, True)
    assert rule_for("да", TAG).weak == pytest.approx(-8.0)


def test_what_prompts_sound_like_is_remembered_for_each_language(folder: Path) -> None:
    assert ear_version("both", language=TAG) != ear_version("both")


def test_a_word_that_the_dictionary_lacks_is_told(folder: Path) -> None:
    (folder / "words.dict").write_text("стоп S T AA P\n", encoding="utf-8")
    with pytest.raises(EarError, match="has no pronunciation for"):
        make_hearing("pocketsphinx", language=TAG)


def test_a_model_that_cannot_be_loaded_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "broken").mkdir()
    (folder / "broken" / "mdef").write_text("nonsense")
    write_search(folder, acoustic_model="broken", dictionary="words.dict")
    with pytest.raises(EarError, match=r"pocketsphinx could not load .*broken"):
        make_spotter("pocketsphinx", language=TAG)


def test_a_language_without_an_ear_says_what_is_missing(folder: Path) -> None:
    (folder / "pocketsphinx.yaml").unlink()
    with pytest.raises(LanguageError, match="nothing can listen in this language"):
        make_spotter(language=TAG)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"acoustic_model": "no", "dictionary": "words.dict"}, "mdef is not there"),
        ({"dictionary": "words.dict"}, "acoustic_model must name a folder"),
        ({"acoustic_model": "no", "dictionary": 3}, "dictionary must name a file"),
        ({"acustic_model": "no"}, '"acustic_model" is not a field of it; did you mean acoustic_model?'),
        ({"phrases": {"a": {"firm": 1}}}, 'the phrase "a" must have the numbers firm and weak'),
        ({"phrases": {"a": {"firm": 1, "weak": 0, "x": 1}}}, 'the phrase "a" has unknown fields: x'),
        ({"phrases": {"a": {"firm": 1, "weak": 0, "variants": {"a": "b"}}}}, "must each have a number"),
        ({"phrases": [1]}, "phrases must be fields"),
    ],
)
def test_what_is_wrong_in_its_file_is_told(folder: Path, data: dict[str, Any], problem: str) -> None:
    write_search(folder, **data)
    with pytest.raises(LanguageError) as raised:
        search_language(TAG)
    assert any(problem in line for line in raised.value.problems)
    assert all(line.startswith(str(user_folder())) for line in raised.value.problems)


def test_a_file_that_is_not_yaml_is_told(folder: Path) -> None:
    (folder / "pocketsphinx.yaml").write_text("a: [\n")
    with pytest.raises(LanguageError, match="cannot be read"):
        search_language(TAG)
    shutil.rmtree(folder)
    with pytest.raises(LanguageError, match="There is no language"):
        search_language(TAG)


def test_the_guide_s_example_is_such_a_file(folder: Path, acoustic_model: Path, repository: Path) -> None:
    guide = (repository / "docs" / "languages.md").read_text(encoding="utf-8")
    example = yaml.safe_load(guide.split("```yaml\n")[2].split("```")[0])
    write_search(folder, **{**example, "acoustic_model": str(acoustic_model), "dictionary": "words.dict"})
    found = search_language(TAG)
    assert set(found.phrases) == {"stopp"}
    assert found.pronunciations == {"autsch": "AU CH"}
