from pathlib import Path

import pytest

from voicecoach.bundled import bundled
from voicecoach.errors import UsageError
from voicecoach.routine.library import find, list_routines, place_for_new, user_folder
from voicecoach.routine.loader import load

BUNDLED = ["arms-and-hands", "median-nerve-glide", "neck-range-of-motion", "tour", "wrist-stretches"]


def test_the_bundled_routines_are_there_and_can_be_read(tmp_path: Path) -> None:
    entries = list_routines(tmp_path)
    assert [entry.name for entry in entries] == BUNDLED
    assert {entry.origin for entry in entries} == {"bundled"}
    assert all(load(entry.path).exercises for entry in entries)


def test_a_folder_that_does_not_exist_has_no_routines(tmp_path: Path) -> None:
    assert [entry.name for entry in list_routines(tmp_path / "nowhere")] == BUNDLED


def test_the_users_own_routine_is_found_and_hides_a_bundled_one(tmp_path: Path) -> None:
    for name in ("Mine.yaml", "tour.yml", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.yaml").mkdir()
    assert find("mine", tmp_path) == tmp_path / "Mine.yaml"
    assert find("tour", tmp_path) == tmp_path / "tour.yml"
    yours = [entry.name for entry in list_routines(tmp_path) if entry.origin == "yours"]
    assert yours == ["mine", "tour"]


@pytest.mark.parametrize("name", ["tour", "Tour", "TOUR"])
def test_capitals_do_not_matter(name: str, tmp_path: Path) -> None:
    assert find(name, tmp_path) == bundled("scripts") / "tour.yaml"


@pytest.mark.parametrize(
    ("name", "meant"), [("wrist-streches", "wrist-stretches"), ("tuor", "tour"), ("neck", "neck-range-of-motion")]
)
def test_an_unknown_name_gets_a_near_miss(name: str, meant: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find(name, tmp_path)
    assert str(caught.value) == (
        f'There is no routine "{name}". Did you mean "{meant}"? `voicecoach list` shows all of them.'
    )


def test_a_name_like_no_other_gets_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find("zzz", tmp_path)
    assert str(caught.value) == 'There is no routine "zzz". `voicecoach list` shows all of them.'


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w.yaml").write_bytes(b"")
    (tmp_path / "plain").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert find("w.yaml", tmp_path / "none") == Path("w.yaml")
    assert find(str(tmp_path / "plain")) == tmp_path / "plain"


@pytest.mark.parametrize("path", ["x.yaml", "folder/x", "~nobody-of-that-name/x.yaml", "y" * 5000 + ".yaml"])
def test_a_path_that_leads_nowhere_says_so(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="There is no file"):
        find(path)


def test_a_folder_is_no_routine(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a file"):
        find(str(tmp_path))


def test_the_users_folder_belongs_to_this_program() -> None:
    assert user_folder().name == "routines"
    assert user_folder().parent.name == "voicecoach"


def test_a_new_routine_goes_into_the_users_folder(tmp_path: Path) -> None:
    assert place_for_new("my-wrists", tmp_path) == tmp_path / "my-wrists.yaml"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["", "..", "../x", "a/b", "a\\b", "/etc/x", "~x", "x.yaml", "-x", "X", "my wrists", "con", "lpt1", "a" * 41, "x\n",
     "\u0131"],
)
def test_a_name_that_is_a_path_or_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="small letters, digits and hyphens"):
        place_for_new(name, tmp_path)


def test_a_name_with_capitals_and_spaces_gets_a_plain_one_suggested(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='Did you mean "my-wrists"'):
        place_for_new("My Wrists", tmp_path)


@pytest.mark.parametrize(("taken", "name"), [("Mine.yaml", "mine"), ("mine.yml", "mine"), ("other.yaml", "tour")])
def test_a_name_that_is_taken_is_refused(taken: str, name: str, tmp_path: Path) -> None:
    (tmp_path / taken).write_bytes(b"")
    with pytest.raises(UsageError, match="nothing is overwritten"):
        place_for_new(name, tmp_path)
