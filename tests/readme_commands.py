"""The README's commands, read from the README: CI runs what people paste, so the two cannot drift apart.

``python3 tests/readme_commands.py play`` prints the line. Needs nothing but Python.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def readme_command(name: str, text: str | None = None) -> str:
    """The one line in the fenced block right after ``<!-- command: NAME -->``. ValueError where it is not one line."""
    text = README.read_text(encoding="utf-8") if text is None else text
    blocks = re.findall(rf"<!-- command: {re.escape(name)} -->\s*\n```\w*\n(.*?)\n```", text, re.DOTALL)
    if len(blocks) != 1 or "\n" in blocks[0] or not blocks[0].strip():
        raise ValueError(f'README.md must have exactly one "{name}" command, of one line; found {blocks}')
    return str(blocks[0].strip())


if __name__ == "__main__":
    print(readme_command(sys.argv[1]))
