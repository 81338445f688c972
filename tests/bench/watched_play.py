"""The real program with a look into its ear: ``python -m tests.bench.watched_play FILE ARGUMENTS OF VOICECOACH``.

Ten times a second a line of FILE says how far the ear is behind what was captured: monotonic seconds, seconds behind.
Everything else is ``voicecoach`` as it is.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

from voicecoach.ear import ear
from voicecoach.units import STREAM_RATE


def main() -> None:
    """Run the program."""
    target = Path(sys.argv.pop(1))

    class WatchedEar(ear.Ear):
        captured = 0

        def start(self) -> None:
            super().start()
            threading.Thread(target=self._look, daemon=True).start()

        def submit(self, microphone: Any, reference: Any, position: int, slipped: bool = False) -> None:
            super().submit(microphone, reference, position, slipped)
            self.captured = position + len(microphone)

        def _look(self) -> None:
            with target.open("w", encoding="utf-8") as file:
                while True:
                    behind = max(0, self.captured - self.heartbeat.position) / STREAM_RATE
                    file.write(f"{time.monotonic():.3f} {behind:.4f}\n")
                    file.flush()
                    time.sleep(0.1)

    ear.Ear = WatchedEar  # type: ignore[misc]
    from voicecoach.cli import main as voicecoach

    voicecoach()


if __name__ == "__main__":
    main()
