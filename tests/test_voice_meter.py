"""The level meter: what stands out of the room is loud enough."""

from __future__ import annotations

from voicecoach.ear.level import QUIETEST, NoiseFloor
from voicecoach.voice_meter import VoiceMeter


def test_a_voice_over_a_quiet_room_is_enough_and_the_room_is_not() -> None:
    meter = VoiceMeter()
    assert not meter.read(-60.0, 0.0).is_enough
    assert meter.read(-30.0, 1.0).is_enough
    assert not meter.read(-60.0, 2.0).is_enough


def test_in_a_loud_kitchen_the_same_voice_needs_more() -> None:
    quiet, loud = VoiceMeter(), VoiceMeter()
    quiet.read(-60.0, 0.0)
    loud.read(-35.0, 0.0)
    assert quiet.read(-30.0, 1.0).is_enough
    assert not loud.read(-30.0, 1.0).is_enough
    assert loud.read(-35.0 + NoiseFloor.MARGIN, 2.0).is_enough


def test_a_noise_that_lasts_becomes_part_of_the_room() -> None:
    meter = VoiceMeter()
    meter.read(-60.0, 0.0)
    readings = [meter.read(-40.0, float(second)) for second in range(1, 15)]
    assert readings[0].is_enough
    assert not readings[-1].is_enough


def test_digital_silence_is_no_room_and_never_enough() -> None:
    meter = VoiceMeter()
    reading = meter.read(QUIETEST, 0.0)
    assert reading.level == 0.0
    assert not reading.is_enough
    # Nothing fainter than the ear's own limit counts, however quiet the room.
    assert not meter.read(NoiseFloor.FAINTEST - 1, 1.0).is_enough


def test_a_clipping_voice_stays_on_the_meter() -> None:
    meter = VoiceMeter()
    meter.read(-20.0, 0.0)
    reading = meter.read(0.0, 1.0)
    assert reading.level == 1.0
    assert 0.0 <= reading.needed <= 1.0
