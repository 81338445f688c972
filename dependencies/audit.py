"""Are there known vulnerabilities in the locked packages? ``python dependencies/audit.py LOCK...``, with pip-audit.

Exit code 0: none known, or nobody could be asked, which is said; 1: there are some. An advisory service that does not
answer, or does not know the packages, is no reason to fail, and none to say that all is well either.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ACCEPTED = Path(__file__).resolve().parent / "accepted-vulnerabilities.txt"
"""One identifier a line, and after a # why it does no harm here."""

_PATIENCE = 120.0
"""Seconds for each lock."""


def accepted(text: str) -> list[str]:
    """The identifiers in ACCEPTED."""
    return [line.split("#")[0].strip() for line in text.splitlines() if line.split("#")[0].strip()]


def verdict(lock: str, report: dict[str, Any] | None, last_words: str) -> tuple[bool, list[str]]:
    """Whether vulnerabilities are known, and what to say. ``report`` is pip-audit's; None where there is none."""
    if report is None:
        return False, [f"{lock}: NOT CHECKED for known vulnerabilities: no advisory service answered ({last_words})."]
    packages = report["dependencies"]
    looked_at = [package for package in packages if "skip_reason" not in package]
    if not looked_at:
        return False, [f"{lock}: NOT CHECKED: the advisory service knows none of its {len(packages)} packages."]
    found = [(package, fault) for package in looked_at for fault in package["vulns"]]
    said = [
        f"{lock}: {package['name']} {package['version']}: {fault['id']}, "
        f"mended in {', '.join(fault['fix_versions']) or 'no version'}"
        for package, fault in found
    ]
    if len(looked_at) < len(packages):
        unknown = ", ".join(package["name"] for package in packages if "skip_reason" in package)
        said.append(f"{lock}: NOT CHECKED in part: the advisory service does not know {unknown}.")
    said.append(f"{lock}: {len(looked_at)} packages checked, {len(found)} known vulnerabilities.")
    return bool(found), said


def main(locks: Sequence[str]) -> int:
    """Ask for each lock."""
    ignored = [word for each in accepted(ACCEPTED.read_text(encoding="utf-8")) for word in ("--ignore-vuln", each)]
    bad = False
    for lock in locks:
        found, said = verdict(lock, *_ask(lock, ignored))
        print(*said, sep="\n")
        bad = bad or found
    return int(bad)


def _ask(lock: str, ignored: Sequence[str]) -> tuple[dict[str, Any] | None, str]:
    """pip-audit's report, if it made one, and the last thing that it complained of."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off",
                   "--timeout", "15", "--format", "json", "--output", str(report), *ignored, "-r", lock]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return None, f"{_PATIENCE:.0f} seconds without an answer"
        complaints = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        last_words = complaints[-1][:300] if complaints else f"exit code {done.returncode}"
        try:
            return json.loads(report.read_text(encoding="utf-8")), last_words
        except (OSError, ValueError):
            return None, last_words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
