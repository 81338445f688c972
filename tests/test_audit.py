"""What is said of known vulnerabilities: never that all is well where nobody was asked."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "dependencies" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GOOD: dict[str, Any] = {"name": "numpy", "version": "2.4.6", "vulns": []}
BAD: dict[str, Any] = {"name": "filelock", "version": "3.1", "vulns": [{"id": "CVE-1", "fix_versions": ["3.20.1"]}]}
UNKNOWN: dict[str, Any] = {"name": "rich", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("dependencies", "bad", "said"),
    [
        (None, False, "NOT CHECKED"),
        ([UNKNOWN, UNKNOWN], False, "NOT CHECKED: the advisory service knows none of its 2 packages"),
        ([GOOD, UNKNOWN], False, "NOT CHECKED in part: the advisory service does not know rich"),
        ([GOOD], False, "1 packages checked, 0 known vulnerabilities"),
        ([GOOD, BAD, UNKNOWN], True, "filelock 3.1: CVE-1, mended in 3.20.1"),
    ],
)
def test_what_is_said(audit: ModuleType, dependencies: Any, bad: bool, said: str) -> None:
    report = None if dependencies is None else {"dependencies": dependencies}
    found, lines = audit.verdict("test.txt", report, "ConnectionError")
    assert found is bad
    assert any(said in line for line in lines)
    assert ("NOT CHECKED" in " ".join(lines)) is (dependencies is None or UNKNOWN in dependencies)


def test_a_vulnerability_is_accepted_with_its_reason(audit: ModuleType) -> None:
    assert audit.accepted("# why\n\nCVE-1 # cannot be reached\n  PYSEC-2\n") == ["CVE-1", "PYSEC-2"]
    for line in audit.ACCEPTED.read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or "#" in line, f"{line}: why?"


@pytest.mark.parametrize("name", ["test", "tools"])
def test_the_locks_name_every_file_by_its_hash_and_no_place_on_the_way(name: str) -> None:
    text = (ROOT / "dependencies" / f"{name}.txt").read_text(encoding="utf-8")
    blocks = text.replace("\\\n", " ").splitlines()[1:]
    assert len(blocks) > 20
    for block in blocks:
        assert "==" in block.split()[0]
        assert "--hash=sha256:" in block
    assert not any(word in text for word in ("http:", "https:", "file:", "--index", "--find-links"))
    # Compared with a Linux kernel's, which is no version, it stops pip.
    assert "platform_release" not in text
