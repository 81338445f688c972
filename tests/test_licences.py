"""Whatever can be installed with voicecoach is listed with its licence, and the list says what the packages say."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
USERS_EXTRAS = ("simpleaudio", "vosk", "whisper", "chapters", "piper", "training")

SAID = (
    (r"GPL-3|GPLv3", "GPL-3.0-or-later"),
    (r"LGPL|Lesser General Public", "LGPL-2.1-or-later"),
    (r"GPL-2|GPLv2", "GPL-2.0-or-later"),
    (r"MPL|Mozilla", "MPL-2.0"),
    (r"Apache", "Apache-2.0"),
    (r"BSD", "BSD-3-Clause BSD-2-Clause"),
    (r"PSF|Python Software Foundation", "PSF-2.0"),
    (r"MIT|Permission is hereby granted, free of charge", "MIT MIT-CMU"),
    (r"HPND|Historical", "HPND"),
    (r"Unlicense", "Unlicense"),
    (r"NVIDIA|Proprietary", "LicenseRef-NVIDIA-Proprietary"),
)
"""What older metadata says in words, and which identifiers that can mean."""


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "dependencies" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


licences = load("licences")
bill = load("bill")
LISTED = licences.packages()


def requirements() -> list[tuple[str, Requirement]]:
    """Our own, each with the extra that it is for, "" for everybody; extras of developers are left out."""
    if sys.version_info >= (3, 11):
        import tomllib

        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        optional = project["optional-dependencies"]
        assert set(optional) == {*USERS_EXTRAS, "dev"}, "a new extra: is it for users?"
        found = [("", text) for text in project["dependencies"]]
        found += [(extra, text) for extra in USERS_EXTRAS for text in optional[extra]]
        return [(extra, Requirement(text)) for extra, text in found]
    pairs = []
    for text in metadata.requires("voicecoach") or []:
        requirement = Requirement(text)
        extra = re.search(r"extra == ['\"](\w+)['\"]", str(requirement.marker or ""))
        if extra is None or extra[1] in USERS_EXTRAS:
            pairs.append((extra[1] if extra else "", requirement))
    return pairs


def applies(requirement: Requirement, extras: Iterable[str]) -> bool:
    marker = requirement.marker
    if marker is None:
        return True
    # "platform_release" of a Linux kernel is no version; what asks for it is for macOS.
    environment = {**default_environment(), "platform_release": "0"}
    return any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def installed(requirement: Requirement) -> Iterator[metadata.Distribution]:
    """What a requirement brought, as far as it is installed here: itself and whatever that needs."""
    waiting, seen = [requirement], set[tuple[str, frozenset[str]]]()
    while waiting:
        wanted = waiting.pop()
        key = (licences.normalised(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            distribution = metadata.distribution(wanted.name)
        except metadata.PackageNotFoundError:
            continue
        yield distribution
        for text in distribution.requires or []:
            needed = Requirement(text)
            if applies(needed, wanted.extras):
                waiting.append(needed)


INSTALLED = {
    (extra, licences.normalised(distribution.metadata["Name"])): distribution
    for extra, requirement in requirements()
    if applies(requirement, [extra])
    for distribution in installed(requirement)
}
"""By the extra ("" for everybody) and the name."""


def said_by(distribution: metadata.Distribution) -> frozenset[str]:
    """The identifiers that a package's own metadata allow; empty where it says nothing."""
    about = distribution.metadata
    if expression := about.get("License-Expression"):
        return frozenset(re.findall(r"[A-Za-z0-9.-]+", expression)) - {"AND", "OR", "WITH"}
    words = [about.get("License") or "", *(line for line in about.get_all("Classifier") or [] if "License ::" in line)]
    found: list[str] = []
    for text in words:
        head = text[:200]
        found += next((meant.split() for pattern, meant in SAID if re.search(pattern, head)), [])
    return frozenset(found)


def test_something_was_found_to_compare() -> None:
    names = {name for _, name in INSTALLED}
    assert {"numpy", "pyttsx3", "pocketsphinx", "soundfile", "miniaudio", "pydantic-core", "cffi"} <= names
    assert {"mutagen", "piper-tts"} <= names, "the extras that the tests need were not looked at"


@pytest.mark.parametrize(("extra", "name"), sorted(INSTALLED))
def test_what_is_installed_is_listed_for_whom_it_is_with_the_licence_that_it_says(extra: str, name: str) -> None:
    entry = licences.find(name, LISTED)
    assert entry is not None, f"{name} is not in dependencies/licences.yaml"
    assert {"everybody", extra} & set(entry.wanted_by), f"{name} comes with {extra or 'every installation'}"
    said = said_by(INSTALLED[extra, name])
    if entry.is_silent and not said:
        return
    assert said, f"{name} does not say under which licence it is: find out, and note it as silent"
    assert said & entry.identifiers, f"{name} says {sorted(said)}, the list says {entry.licence}"
    assert not {each for each in said if "GPL" in each} - entry.identifiers, f"{name} is copyleft"


def test_every_requirement_of_ours_is_listed_also_where_it_is_not_installed() -> None:
    for extra, requirement in requirements():
        entry = licences.find(requirement.name, LISTED)
        assert entry is not None, f"{requirement.name} is not in dependencies/licences.yaml"
        assert {"everybody", extra} & set(entry.wanted_by)


def test_no_licence_is_unknown() -> None:
    for entry in LISTED:
        assert entry.identifiers
        assert not re.search(r"unknown|none|\?", entry.licence, re.IGNORECASE), entry.name
    assert len({entry.name for entry in LISTED}) == len(LISTED)


@pytest.mark.parametrize(
    ("name", "demands"),
    [("mutagen", "GPL"), ("piper-tts", "GPL"), ("espeakng-loader", "GPL"), ("soxr", "LGPL"), ("soundfile", "LGPL"),
     ("pyttsx3", "MPL"), ("numpy", ""), ("rich", ""), ("nvidia-cublas", "")],
)  # fmt: skip
def test_copyleft_is_marked_as_what_it_is(name: str, demands: str) -> None:
    entry = licences.find(name, LISTED)
    assert entry is not None
    assert entry.demands == demands


def test_nothing_under_the_gpl_is_imported_by_those_who_did_not_ask() -> None:
    """espeak-ng, which everybody gets, lives in another process; the rest is behind an extra."""
    strong = {entry.name for entry in LISTED if entry.demands == "GPL" and "everybody" in entry.wanted_by}
    assert strong == {"espeakng-loader"}


def test_the_page_is_made_of_the_list() -> None:
    assert licences.PAGE.read_text(encoding="utf-8") == licences.page(LISTED), "run: python dependencies/licences.py"


def test_a_package_that_nobody_listed_would_be_noticed() -> None:
    assert licences.find("left-pad", LISTED) is None
    package: Any = licences.Package("x", "GPL-3.0-or-later", ("everybody",))
    assert package.demands == "GPL"


def test_a_bill_of_materials_is_completed_by_the_list() -> None:
    said = [{"license": {"id": "MIT"}}]
    made = {
        "metadata": {"component": {"name": "voicecoach"}},
        "components": [{"name": "espeakng-loader"}, {"name": "PyYAML", "licenses": said}],
    }
    bill.complete(made, "1.2", LISTED)
    assert made["metadata"] == {"component": {"name": "voicecoach", "version": "1.2"}}
    loader, yaml = made["components"]
    assert loader["licenses"] == [{"expression": "GPL-3.0-or-later"}]  # type: ignore[index]
    assert "espeak-ng" in loader["properties"][0]["value"]  # type: ignore[index]
    assert yaml == {"name": "PyYAML", "licenses": said}


def test_a_bill_with_a_package_that_nobody_listed_is_no_release() -> None:
    with pytest.raises(KeyError, match="left-pad"):
        bill.complete({"metadata": {"component": {}}, "components": [{"name": "left-pad"}]}, "1", LISTED)
