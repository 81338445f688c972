"""``voicecoach list``: what can be played by name, and what is wrong with the user's own."""

from __future__ import annotations

import pytest

from voicecoach.cli import main
from voicecoach.routine.library import user_folder

FAULTS = ("hold: 900 s", "hold: 0 s")


@pytest.mark.parametrize(("faults", "said"), [(FAULTS[:1], "1 mistake:"), (FAULTS, "2 mistakes:")])
def test_mistakes_of_the_users_own_are_counted(
    faults: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    user_folder().mkdir(parents=True)
    steps = ", ".join(f"{{{fault}}}" for fault in faults)
    text = f"format: 1\ntitle: Mine\napproval: not required\nexercises:\n  - {{id: a, name: A, steps: [{steps}]}}\n"
    (user_folder() / "mine.yaml").write_text(text, "utf-8")
    assert main(["list"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("mine "))
    assert line.endswith(f"has {said} voicecoach check mine (yours)")
