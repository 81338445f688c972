"""On a real device, too, a session reaches the sound server by a socket within the machine, and nothing else."""

from __future__ import annotations

from pathlib import Path

from virtual_laptop import VirtualLaptop
from watched_program import program, strace_works, watch

ROUTINE = """format: 1
title: Small
approval: not required
source: nobody
exercises:
  - id: turn
    name: Turning
    lead_in: 0 s
    rest: 0 s
    steps:
      - say: Turn.
"""


def test_a_session_on_the_sound_server_asks_for_no_network(laptop: VirtualLaptop, tmp_path: Path) -> None:
    folder = tmp_path / "world"
    folder.mkdir()
    (folder / "r.yaml").write_text(ROUTINE, encoding="utf-8")
    watched = watch(program("play", "r.yaml", "--speed", "2"), folder, world=laptop.env)
    assert watched.code == 0, watched.output
    assert "Listening." in watched.output
    assert (watched.network_from_inside, watched.network_from_outside) == ([], [])
    if not strace_works():
        return  # a machine that forbids it still has the view from inside
    server = laptop.env["PULSE_SERVER"].removeprefix("unix:")
    assert any("connect(" in call and f'sun_path="{server}"' in call for call in watched.calls), "not on that server"
