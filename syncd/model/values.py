"""Field values, and their one canonical form as JSON.

A value is text, a day, a set of names, or `None`. `None` says "observed, and empty": the field was
cleared. A field that was *not observed* has no key in the record at all; the two never mix.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from syncd.model.fields import FieldType

Value = str | date | tuple[str, ...] | None
JsonValue = str | list[str] | None


def to_json(value: Value) -> JsonValue:
    """The JSON form of a value: text, an ISO day, a list of names, or null."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value


def from_json(kind: FieldType, value: object) -> Value:
    """The value that `to_json` wrote for a field of this type. Raises ValueError otherwise."""
    if value is None:
        return None
    if kind is FieldType.NAMES and isinstance(value, list):
        return tuple(str(each) for each in value)
    if isinstance(value, str) and kind is not FieldType.NAMES:
        return date.fromisoformat(value) if kind is FieldType.DATE else value
    raise ValueError(f"not a {kind} value: {value!r}")


def canonical(data: Mapping[str, object]) -> str:
    """Canonical JSON: equal content gives equal text, whatever the order it was built in."""
    return _CANONICAL.encode(data)


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
