"""Phones that are taken for one another cost less than those that are not."""

from itertools import product

import pytest

from voicecoach.ear.phonetic_distance import PHONES, omission, substitution


def test_costs_are_between_none_and_one_the_same_both_ways_and_none_only_for_the_same() -> None:
    for one, other in product(PHONES, PHONES):
        assert substitution(one, other) == substitution(other, one)
        assert 0.0 <= substitution(one, other) <= 1.0
        assert (substitution(one, other) == 0.0) is (one == other)


def test_there_are_the_39_phones_of_the_dictionary() -> None:
    assert len(set(PHONES)) == len(PHONES) == 39


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [
        ("S", "Z", "K"),
        ("P", "B", "S"),
        ("P", "T", "M"),
        ("M", "N", "S"),
        ("S", "SH", "HH"),
        ("IH", "IY", "AA"),
        ("AE", "EH", "UW"),
        ("AA", "AO", "IY"),
        ("OW", "AO", "IY"),
        ("AH", "AA", "IY"),
        ("Y", "IY", "AA"),
        ("W", "UW", "IY"),
        ("R", "ER", "IY"),
        ("T", "D", "AA"),
    ],
)
def test_what_is_made_alike_sounds_alike(one: str, near: str, far: str) -> None:
    assert substitution(one, near) < substitution(one, far)


def test_what_is_swallowed_is_missed_least() -> None:
    assert omission("HH") < omission("T") < omission("S") < omission("AY")
    assert all(0.0 < omission(phone) <= 1.0 for phone in PHONES)
