"""The routine format as JSON Schema, so that editors complete and check while a routine is written.

Derived from the model, so it cannot disagree with it; what the model keeps as numbers is described as the text
that a file holds. https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from typing import Any

from voicecoach.routine.model import Routine


def json_schema() -> dict[str, Any]:
    """The schema of a routine file, ready for ``json.dumps``."""
    made = _for_editors(Routine.model_json_schema(by_alias=True))
    made["required"] = sorted({*made["required"], "approval"})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _for_editors(node: Any) -> Any:
    """Without what only Python means: null for absent, the model's defaults and class names."""
    if isinstance(node, list):
        return [_for_editors(item) for item in node]
    if not isinstance(node, dict):
        return node
    cleaned = {
        key: _for_editors(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and key != "default"
    }
    kinds = [kind for kind in cleaned.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del cleaned["anyOf"]
        cleaned = {**kinds[0], **cleaned}
    if isinstance(cleaned.get("description"), str):
        cleaned["description"] = cleaned["description"].replace("``", "`")
    return cleaned
