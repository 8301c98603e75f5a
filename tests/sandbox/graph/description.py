"""The published description of Graph, and whether exchanges keep to it.

`watch(box)` follows every exchange of a sandbox, and every part of its batches; what it gathers
must stay empty. A request that was let in must have had a body as described; an answer must be one
of those described for its call, with no property that its type does not have.
"""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from syncd.sandbox.server import Sandbox
from syncd.sandbox.web import Answer, Call

ROOT = Path(__file__).parents[3]
SCHEMAS = Path(os.environ.get("SYNCD_SCHEMAS", ROOT.parent / "shared" / "schemas"))
FILE = SCHEMAS / "graph" / "graph-subset.json"
HAVE_DESCRIPTION = FILE.is_file()

_BASE = "urn:graph"
_PREFIX = "/v1.0/"
_LONG = {
    name: f"microsoft.graph.{name}" for name in ("delta()", "delta", "translateExchangeIds", "move")
} | {"delta": "microsoft.graph.delta()"}
_BATCH = "$batch"
_BATCH_ANSWER = {
    "type": "object",
    "required": ["responses"],
    "properties": {
        "responses": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "status"],
                "properties": {
                    "id": {"type": "string"},
                    "status": {"type": "integer"},
                    "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
        }
    },
}
_FAILED = 400


class Description:
    """The description, ready to check with."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._paths = {
            tuple(path.strip("/").split("/")): calls for path, calls in document["paths"].items()
        }
        resource = DRAFT202012.create_resource(dict(document))
        self._registry: Registry[Any] = Registry().with_resource(_BASE, resource)
        self._validators: dict[tuple[object, ...], Validator | None] = {}
        self._batch = Draft202012Validator(_BATCH_ANSWER)

    def complaints(self, call: Call, answer: Answer) -> list[str]:
        """What is wrong with one exchange."""
        named = f"{call.method} {call.path} {answer.status}"
        body = json.loads(answer.body) if answer.body else None
        if call.path.removeprefix(_PREFIX) == _BATCH and answer.status < _FAILED:
            return _worded(named, self._batch, body)
        path = self._path(call.path)
        operation = self._paths.get(path, {}).get(call.method.lower()) if path else None
        if path is None or operation is None:
            known = answer.status >= _FAILED or path is None
            return [] if known else [f"{named}: there is no such call"]
        wrong = self._answer(named, (path, call.method), operation, answer.status, body)
        if call.body and answer.status < _FAILED:
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json")
            validator = self._validator((path, call.method), (schema or {}).get("schema"))
            given = json.loads(call.body)
            wrong += [f"request: {each}" for each in _worded(named, validator, given)]
        return wrong

    def _answer(
        self, named: str, key: tuple[object, ...], operation: Any, status: int, body: Any
    ) -> list[str]:
        responses = operation["responses"]
        if status < _FAILED and str(status) not in responses:
            return [f"{named}: no such status is described"]
        described = responses.get(str(status), responses["default"])
        if "$ref" in described:
            schema: Any = {"$ref": "#/components/schemas/odata.error"}
        else:
            schema = described.get("content", {}).get("application/json", {}).get("schema")
        if (schema is None) != (body is None):
            return [f"{named}: a body {'is missing' if body is None else 'that is not described'}"]
        if schema is not None and schema.get("type") == "array":
            body = body.get("value")  # an action's collection comes in an envelope
        return _worded(named, self._validator((*key, status), schema), body)

    def _path(self, path: str) -> tuple[str, ...] | None:
        wanted = [_LONG.get(each, each) for each in path.removeprefix(_PREFIX).split("/")]
        fits = [
            known
            for known in self._paths
            if len(known) == len(wanted)
            and all(k.startswith("{") or k == w for k, w in zip(known, wanted, strict=True))
        ]
        return min(fits, key=lambda known: sum(k.startswith("{") for k in known), default=None)

    def _validator(self, key: tuple[object, ...], schema: Any) -> Validator | None:
        if key not in self._validators:
            self._validators[key] = (
                None
                if schema is None
                else Draft202012Validator(_closed(schema), registry=self._registry)
            )
        return self._validators[key]


def _closed(schema: Any) -> Any:
    """The schema with its types closed: annotations apart, no property that is not described."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        reference = {"$ref": _BASE + schema["$ref"]}
        if ".graph." not in schema["$ref"]:
            return reference
        return {
            "if": {"type": "object"},
            "then": {**reference, "patternProperties": {"@": True}, "unevaluatedProperties": False},
            "else": reference,
        }
    return {name: _closed(value) for name, value in schema.items()}


def _worded(named: str, validator: Validator | None, body: Any) -> list[str]:
    errors = validator.iter_errors(body) if validator is not None else ()
    return [f"{named}: {error.json_path}: {error.message[:200]}" for error in errors]


@cache
def description() -> Description:
    """The published one.

    The cut at hand leaves out what a folder may have beside its own properties: the documentation
    names extended properties of a contactFolder, to be set by PATCH and read by `$expand` (Graph
    v1.0, "Create singleValueLegacyExtendedProperty").
    """
    document = json.loads(FILE.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    folder, contact = (
        next(each for each in schemas[f"microsoft.graph.{name}"]["allOf"] if "properties" in each)
        for name in ("contactFolder", "contact")
    )
    for name in ("singleValueExtendedProperties", "multiValueExtendedProperties"):
        folder["properties"].setdefault(name, contact["properties"][name])
    return Description(document)


def watch(box: Sandbox, most: int | None = None) -> list[str]:
    """Follow the exchanges of a sandbox; the list fills with complaints.

    No more than `most`, where that is said: a look at one is dear, and those after are alike.
    Without the description at hand nothing is followed.
    """
    complaints: list[str] = []
    seen = 0

    def see(call: Call, answer: Answer) -> None:
        nonlocal seen
        seen += 1
        if most is None or seen <= most:
            complaints.extend(description().complaints(call, answer))

    if HAVE_DESCRIPTION:
        box.graph_observers.append(see)
    return complaints
