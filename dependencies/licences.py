"""What voicecoach brings with it and under which licences; ``python dependencies/licences.py`` writes LICENCES.md.

The list is made by hand (``licences.yaml``), since many packages say little about themselves.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER / "LICENCES.md"

_HEAD = """# Licences of what voicecoach depends on

Made by `python dependencies/licences.py` from `licences.yaml`, which `tests/test_licences.py` compares with what is
installed.
"""

_STRONG = (
    "**These are under the GPL.** voicecoach ships none of them. Whoever passes the program on together with one\n"
    "(an image, an installer, a device) has to fulfil the GPL for it: its text, and its source or an offer of it."
)


@dataclass(frozen=True, slots=True)
class Package:
    """One package, or several of one kind where ``name`` ends in an asterisk."""

    name: str
    licence: str
    """An SPDX expression."""
    wanted_by: tuple[str, ...]
    """``everybody``, or the extras that bring it."""
    only_on: str = ""
    inside: str = ""
    """What else it carries, compiled, and under which licence."""
    earlier: str = ""
    """The licence of versions that are still admitted, where it was another."""
    is_silent: bool = False
    """Its own metadata names no licence."""

    @property
    def identifiers(self) -> frozenset[str]:
        """The licences in the expression, and earlier ones."""
        return frozenset(re.findall(r"[A-Za-z0-9.-]+", f"{self.licence} {self.earlier}")) - {"AND", "OR", "WITH"}

    @property
    def demands(self) -> str:
        """``GPL``, ``LGPL`` or ``MPL`` where it, or what is inside, asks for more than a notice; else nothing."""
        said = re.sub(r"\S+ WITH \S+", "", f"{self.licence} {self.inside}")
        for kind in ("AGPL", "GPL", "LGPL", "MPL"):
            if re.search(rf"(?<![A-Z]){kind}-", said):
                return kind
        return ""


def packages() -> list[Package]:
    """The list as it stands in the file."""
    entries = yaml.safe_load((FOLDER / "licences.yaml").read_text(encoding="utf-8"))
    return [
        Package(
            entry["name"], entry["licence"], tuple(entry["for"]), entry.get("only", ""), entry.get("inside", ""),
            entry.get("was", ""), bool(entry.get("silent", False)),
        )
        for entry in entries
    ]  # fmt: skip


def normalised(name: str) -> str:
    """A package's name as the index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find(name: str, listed: Sequence[Package]) -> Package | None:
    """The entry for a package, the most exact one; None where there is none."""
    fitting = [package for package in listed if fnmatch.fnmatchcase(normalised(name), package.name)]
    return max(fitting, key=lambda package: len(package.name), default=None)


def page(listed: Sequence[Package]) -> str:
    """LICENCES.md."""
    everybody = [package for package in listed if "everybody" in package.wanted_by]
    on_request = [package for package in listed if package not in everybody]
    strong = [package for package in listed if package.demands in ("GPL", "AGPL")]
    parts = [
        _HEAD,
        _STRONG,
        "\n".join(f"- `{package.name}`: {_with_inside(package)}, {_who(package)}" for package in strong),
        "## Installed with voicecoach",
        _table(everybody),
        "## Installed only with an extra",
        _table(on_request),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(listed: Sequence[Package]) -> str:
    rows = ["| package | licence | carries | who gets it | copyleft |", "|---|---|---|---|---|"]
    rows += [
        f"| {package.name} | {package.licence} | {package.inside} | {_who(package)} | {package.demands} |"
        for package in sorted(listed, key=lambda package: package.name)
    ]
    return "\n".join(rows)


def _with_inside(package: Package) -> str:
    return f"{package.licence}, with {package.inside}" if package.inside else package.licence


def _who(package: Package) -> str:
    who = "everybody" if "everybody" in package.wanted_by else ", ".join(f"[{extra}]" for extra in package.wanted_by)
    return f"{who} on {package.only_on}" if package.only_on else who


if __name__ == "__main__":
    PAGE.write_text(page(packages()), encoding="utf-8")
