"""The one place that reads YAML: text to plain data, with the place of every node.

Safe against hostile text: no tags that build objects, no aliases, a size limit.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any


def read_package_data(package: str, path: str) -> Any:
    """Plain data from a YAML file that ships inside ``package``."""
    import yaml

    return yaml.safe_load((files(package) / path).read_text(encoding="utf-8"))
