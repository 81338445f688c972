"""Completes a bill of materials (CycloneDX, JSON), in place: ``python dependencies/bill.py FILE VERSION``.

What packages do not say of themselves is taken from ``licences.yaml``: a licence where there is none, and what is
compiled into them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import licences


def complete(bill: dict[str, Any], version: str, listed: Sequence[licences.Package]) -> None:
    """Fill in the program's ``version``, and of each component what the list knows. KeyError for one that it lacks."""
    bill["metadata"]["component"]["version"] = version
    for component in bill["components"]:
        entry = licences.find(component["name"], listed)
        if entry is None:
            raise KeyError(f"{component['name']} is not in dependencies/licences.yaml")
        if not component.get("licenses"):
            component["licenses"] = [{"expression": entry.licence}]
        if entry.inside:
            component.setdefault("properties", []).append({"name": "voicecoach:carries", "value": entry.inside})


def main(path: Path, version: str) -> None:
    """Read, complete, write."""
    bill = json.loads(path.read_text(encoding="utf-8"))
    complete(bill, version, licences.packages())
    path.write_text(json.dumps(bill, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
