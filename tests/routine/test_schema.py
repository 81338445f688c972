"""The schema against the files that ship, with a checker of our own for the few keywords it uses."""

import json
import re
from typing import Any

import pytest
import yaml

from voicecoach.bundled import bundled
from voicecoach.routine.schema import json_schema

SCHEMA = json_schema()
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
}  # fmt: skip
KNOWN = {
    "$schema", "$defs", "$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "const",
    "anyOf", "oneOf", "pattern", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum",
    "description", "examples",
}  # fmt: skip


def fits(value: Any, schema: dict[str, Any]) -> bool:
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        return fits(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")])
    kind = TYPES.get(schema.get("type", ""))
    checks = [
        kind is None or (isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)),
        value in schema.get("enum", [value]),
        value == schema.get("const", value),
        any(fits(value, option) for option in schema.get("anyOf", [])) or "anyOf" not in schema,
        sum(fits(value, option) for option in schema.get("oneOf", [])) == 1 or "oneOf" not in schema,
    ]
    if isinstance(value, str):
        checks.append(re.search(schema.get("pattern", ""), value) is not None)
        checks.append(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)))
    if isinstance(value, list):
        checks.append(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)))
        checks += [fits(item, schema.get("items", {})) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        checks.append(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if isinstance(value, dict) and "properties" in schema:
        checks.append(set(schema.get("required", [])) <= set(value) <= set(schema["properties"]))
        checks += [fits(item, schema["properties"].get(key, {})) for key, item in value.items()]
    return all(checks)


@pytest.mark.parametrize("path", sorted(bundled("scripts").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_files_that_ship_fit_the_schema(path: Any) -> None:
    assert fits(yaml.safe_load(path.read_text(encoding="utf-8")), SCHEMA)


def routine(step: Any = None, **fields: Any) -> dict[str, Any]:
    exercise = {"id": "a", "name": "A", "steps": [step or {"say": "x"}]} | fields
    return {"format": 1, "title": "T", "approval": "required", "exercises": [exercise]}


@pytest.mark.parametrize(
    "step",
    [{"hold": "15 s"}, {"hold": "3 to 7 s"}, {"hold": "1 min 30 s"}, {"wait": "15 min", "say": "x"}, {"wait": "1 h"},
     {"move": "x", "for": "2.5 s", "short": ""}, {"say": "x", "short": "y"}],
)  # fmt: skip
def test_what_the_format_allows_fits(step: dict[str, str]) -> None:
    assert fits(routine(step), SCHEMA)


@pytest.mark.parametrize(
    "step",
    [{"hold": "15"}, {"hold": 15}, {"hold": "15x"}, {"hodl": "15 s"}, {"move": "x"}, {"move": "x", "time": "3 s"},
     {"say": "x", "hold": "3 s"}, {"hold": None}, "x"],
)  # fmt: skip
def test_what_the_format_refuses_does_not_fit(step: Any) -> None:
    assert not fits(routine(step), SCHEMA)


@pytest.mark.parametrize(
    "fields",
    [
        {"sides": "boht"},
        {"repetitions": "many"},
        {"repetitions": 0},
        {"steps": []},
        {"optional": "maybe"},
        {"id": "A b"},
    ],
)
def test_wrong_fields_do_not_fit(fields: dict[str, Any]) -> None:
    assert not fits(routine(**fields), SCHEMA)
    assert fits(routine(repetitions="2 to 4", sides="both", optional="yes", per_day=15), SCHEMA)


def test_approval_is_required_text_and_not_a_boolean() -> None:
    assert "approval" in SCHEMA["required"]
    assert SCHEMA["properties"]["approval"]["enum"] == ["required", "not required"]


def test_it_is_json_and_every_field_is_explained() -> None:
    json.dumps(SCHEMA)
    for model in (SCHEMA, *SCHEMA["$defs"].values()):
        for name, field in model["properties"].items():
            assert field.get("description") or name == "exercises", name
