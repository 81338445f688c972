import pytest

from voicecoach.ear.transcript import CONTAINED, EXACT, match_phrase
from voicecoach.session.commands import phrases


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stop", ("stop", EXACT)),
        (" Stop. ", ("stop", EXACT)),
        ("oh, it hurts!", ("it hurts", EXACT)),
        ("It\u2019s hurting", ("it's hurting", EXACT)),
        ("pause please", ("pause please", EXACT)),
        ("STOP IT HURTS", ("stop it hurts", EXACT)),
        ("say that again now", ("say that again", EXACT)),
        ("my left wrist it hurts a bit", ("it hurts", CONTAINED)),
        ("I'm in pain", ("i'm in pain", EXACT)),
    ],
)
def test_understands(text, expected):
    phrase, score = match_phrase(text, phrases())
    assert (phrase.text, score) == expected


@pytest.mark.parametrize("text", ["", "...", "shop", "stopping", "painful", "it works", "the paws"])
def test_understands_nothing_else(text):
    assert match_phrase(text, phrases()) is None
