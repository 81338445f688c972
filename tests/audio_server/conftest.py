"""The fixture ``laptop``: a machine with a loudspeaker and a microphone, made of software."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from virtual_laptop import VirtualLaptop, missing_commands


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses a laptop carries the marker, so that the default run leaves it out."""
    for item in items:
        if {"laptop", "laptop_in_a_room"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.audio_server)


@pytest.fixture
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualLaptop]:
    """A laptop whose microphone does not hear its loudspeaker, as with headphones."""
    with VirtualLaptop(_folder(tmp_path_factory)) as machine:
        yield machine


@pytest.fixture
def laptop_in_a_room(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VirtualLaptop]:
    """A laptop whose microphone hears its loudspeaker at 0.4 of its amplitude, some 60 ms late.

    Another delay (seconds) and gain are its parameter.
    """
    delay, gain = getattr(request, "param", (0.06, 0.4))
    with VirtualLaptop(_folder(tmp_path_factory), room_delay=delay, room_gain=gain) as machine:
        yield machine


def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if missing_commands():
        pytest.skip(f"needs the commands {', '.join(missing_commands())} (see virtual_laptop.NEEDED)")
    return tmp_path_factory.mktemp("laptop")
