"""What goes wrong is said on standard error, one line for each thing."""

from __future__ import annotations

import sys


def complain(*lines: str) -> None:
    """Print ``lines`` for the user."""
    for line in lines:
        print(line, file=sys.stderr)
