"""As much of JSON Schema as the configuration's schema uses, to try examples against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,),
    "integer": (int,), "number": (int, float),
}  # fmt: skip
CHECKED = {
    "$schema", "$defs", "title", "description", "default",  # these check nothing
    "$ref", "allOf", "anyOf", "type", "enum", "pattern", "minimum", "maximum", "minLength",
    "maxLength", "minItems", "maxItems", "uniqueItems", "items", "required", "properties",
    "additionalProperties",
}  # fmt: skip


def problems(schema: Any, value: Any, whole: Any, at: str = "") -> Iterator[str]:
    """What a schema finds wrong with a value; `whole` is where its references point."""
    if isinstance(schema, bool):
        if not schema:
            yield f"{at}: nothing is allowed here"
        return
    assert schema.keys() <= CHECKED, schema.keys() - CHECKED
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        yield from problems(whole["$defs"][name], value, whole, at)
    for each in schema.get("allOf", []):
        yield from problems(each, value, whole, at)
    some = schema.get("anyOf")
    if some and all([*problems(each, value, whole, at)] for each in some):
        yield f"{at}: none of the choices fits"
    types = schema.get("type", [])
    if types and not any(
        _is(each, value) for each in ([types] if isinstance(types, str) else types)
    ):
        yield f"{at}: is no {types}"
        return
    yield from _simple(schema, value, at)
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from problems(schema.get("items", True), each, whole, f"{at}[{number}]")
    if isinstance(value, dict):
        yield from (
            f"{at}.{key}: is missing" for key in schema.get("required", []) if key not in value
        )
        for key, each in value.items():
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties", True))
            yield from problems(inner, each, whole, f"{at}.{key}")


def _is(name: str, value: Any) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean") == isinstance(value, bool)


def _simple(schema: Any, value: Any, at: str) -> Iterator[str]:
    if value not in schema.get("enum", [value]):
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{at}: {value!r} does not look like {schema['pattern']}"
    if schema.get("uniqueItems") and isinstance(value, list) and len({*value}) < len(value):
        yield f"{at}: names something twice"
    bounds = [("minimum", "maximum", value)] if isinstance(value, int | float) else []
    bounds += [("minLength", "maxLength", len(value))] if isinstance(value, str) else []
    bounds += [("minItems", "maxItems", len(value))] if isinstance(value, list) else []
    for least, most, size in bounds:
        if not schema.get(least, size) <= size <= schema.get(most, size):
            yield f"{at}: is too small or too large"
