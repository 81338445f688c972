"""Prints how far off the sound check's delay and echo loudness are, over simulated rooms and noises.

``python -m tests.bench.sounding``: 1 minute. Twenty rooms a row: delays of 5 to 400 ms, gains of -30 to 0 dB, clocks up
to 100 ppm apart. The noise is white, so many dB under the sweeps as they come back to the microphone.
"""

from __future__ import annotations

import numpy as np

from tests.simulated_room import Room, sweeps
from voicecoach.ear.sounding import find_echo, make_chirp

ROOMS = 20


def main() -> None:
    """Print a table."""
    chirp = make_chirp()
    played, sounds = sweeps()
    level = 10 * np.log10(np.mean(chirp.astype(np.float64) ** 2))
    print(f"{'decay s':>8} {'under dB':>9} {'found':>8} {'delay ms: median, worst':>25} {'loudness dB':>20}")
    for decay in (0.0, 0.2, 0.5):
        for over in (40, 20, 10, 0, -10, -15, -20, -25):
            rng = np.random.default_rng(5)
            delays, gains = [], []
            for number in range(ROOMS):
                gain = rng.uniform(-30, 0)
                room = Room(rng.uniform(0.005, 0.4), gain, level + gain - over, decay, drift=rng.uniform(-100, 100))
                echo = find_echo(room.hear(played, number), played, sounds)
                if echo is not None:
                    delays.append(1000 * abs(echo.delay - room.delay))
                    gains.append(abs(echo.gain - room.gain))
            if not delays:
                print(f"{decay:8.1f} {over:9d} {0:5d}/{ROOMS}")
                continue
            print(
                f"{decay:8.1f} {over:9d} {len(delays):5d}/{ROOMS} {np.median(delays):18.2f} {max(delays):6.2f}"
                f" {np.median(gains):13.2f} {max(gains):6.2f}"
            )


if __name__ == "__main__":
    main()
