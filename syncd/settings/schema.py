"""The JSON Schema of the configuration: what an editor completes from, and checks against.

Printed from the types that `load` checks by. Draft 7, which editors of TOML know.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from syncd.settings.configuration import Configuration
from syncd.settings.durations import format_duration
from syncd.settings.groups import GROUP_TABLES, lock_of
from syncd.settings.keys import ANY, KEYS, LENGTH
from syncd.settings.kinds import KINDS
from syncd.settings.policy_section import GATHERED

Json = dict[str, Any]  # a schema is what it is

FILE = "syncd.schema.json"
_DURATION_ENDS: Json = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}


class _Generate(GenerateJsonSchema):
    """Defaults as the file writes them."""

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - the signature is pydantic's
        """A default value, as JSON."""
        if isinstance(dft, timedelta):
            return format_duration(dft)
        return super().encode_default(dft)


def configuration_schema() -> Json:
    """The schema, as a JSON value."""
    made = Configuration.model_json_schema(schema_generator=_Generate)
    definitions: Json = made["$defs"]
    section = definitions.pop("KindSection")
    for plural in KINDS:
        definitions[plural] = _of_kind(section, plural)
    policy = definitions["PolicySection"]
    policy["properties"].pop(GATHERED)
    policy["properties"] |= {
        plural: {"$ref": f"#/$defs/{plural}", "description": f"What it does with {plural}."}
        for plural in KINDS
    }
    _open(policy["properties"])
    scope_exits = definitions["ScopeExits"]
    word = next(iter(scope_exits["properties"].values()))["$ref"]
    definitions["ScopeExits"] = {"anyOf": [{"$ref": word}, scope_exits]}
    whole: Json = _plain(made)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The configuration of syncd",
        **{key: value for key, value in whole.items() if key not in ("title", "description")},
    }


def _of_kind(section: Json, plural: str) -> Json:
    """The section of one kind, with the names of its fields as keys."""
    kind = KINDS[plural].kind
    properties = dict(section["properties"])
    for table in GROUP_TABLES:
        value = properties[table]["additionalProperties"]
        names = {
            name: {**value, "description": label}
            for name, label in _labels(plural).items()
            if table != "directions" or lock_of(kind, name) is None
        }
        properties[table] = {
            **properties[table], "properties": names, "additionalProperties": False,
        }  # fmt: skip
    return {**section, "properties": properties, "description": f"What a policy says of {plural}."}


def _labels(plural: str) -> Mapping[str, str]:
    """The names of groups and fields, each with what Outlook calls it."""
    kind = KINDS[plural].kind
    groups = {
        name: ", ".join(field.label for field in group.fields)
        for name, group in kind.groups.items()
    }
    return groups | {field.name: field.label for field in kind.fields if field.name not in groups}


def _open(properties: Json) -> None:
    """`user_may` and `bounds` with the keys that can be opened."""
    openable = [key for key in KEYS if key.openable]
    tables = sorted({f"{key.name.rpartition('.')[0]}.{ANY}" for key in openable if "." in key.name})
    names = list(dict.fromkeys([*(key.name for key in openable), *tables]))
    some = {"anyOf": [{"enum": names}, {"type": "string", "pattern": r"\."}]}
    properties["user_may"] = {**properties["user_may"], "items": some}
    bounds = properties["bounds"]
    choices = {
        key.name: {
            **(_DURATION_ENDS if key.takes == LENGTH else _one_of(key.choices, bounds)),
            "description": key.about,
        }
        for key in openable
    }
    properties["bounds"] = {**bounds, "properties": choices}
    # Without quotes, TOML makes tables of a dotted key: contacts.conflict = […].
    properties["bounds"]["properties"] |= {plural: {"type": "object"} for plural in KINDS}


def _one_of(choices: tuple[str, ...], bounds: Json) -> Json:
    if not choices:
        value: Json = dict(bounds["additionalProperties"])
        return value
    return {"type": "array", "items": {"enum": list(choices)}, "minItems": 1}


def _plain(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Without what only says what is said already, and with nothing beside a reference.

    Draft 7 reads nothing beside `$ref`; TOML has no null.
    """
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {
        key: _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and value is None)
    }
    some = schema.get("anyOf")
    if isinstance(some, list) and {"type": "null"} in some:
        left = [each for each in some if each != {"type": "null"}]
        del schema["anyOf"]
        schema = {**(left[0] if len(left) == 1 else {"anyOf": left}), **schema}
    if "$ref" in schema and len(schema) > 1:
        schema = {"allOf": [{"$ref": schema.pop("$ref")}], **schema}
    return schema
