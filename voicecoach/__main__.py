"""``python -m voicecoach``, and what the command ``voicecoach`` starts."""

import sys


def run() -> int:
    """Run the command line; returns the exit code. Ctrl-C means the same while ``main`` is loaded, and after it."""
    try:
        from voicecoach.cli import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
