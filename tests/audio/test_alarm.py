from __future__ import annotations

import numpy as np
import pytest

from voicecoach.audio.alarm import EVERY, Alarm


@pytest.mark.parametrize("block", [96, 480, 1_024, EVERY + 7])
def test_the_earcon_comes_again_and_again_and_begins_anew_after_a_rest(block: int) -> None:
    earcon = np.linspace(0.1, 0.5, 1_000, dtype=np.float32)
    alarm = Alarm(earcon)
    for _ in range(2):
        assert not alarm.has_sounded
        sounded = np.concatenate([alarm.read(block) for _ in range(1 + 2 * EVERY // block)])
        assert alarm.has_sounded
        for begin in (0, EVERY):
            assert np.array_equal(sounded[begin : begin + 1_000], earcon)
        assert not sounded[1_000:EVERY].any()
        alarm.has_sounded = False
