"""Field values, and their one canonical form as JSON.

A value is text, a day, a set of names, a moment, an amount, a number, yes or no, or `None`.
`None` says "observed, and empty": the field was
cleared. A field that was *not observed* has no key in the record at all; the two never mix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

from syncd.model.fields import FieldType

Value = str | date | tuple[str, ...] | Decimal | int | None  # a datetime is a date, a bool an int
JsonValue = str | list[str] | int | None

# What no text of a store holds: PostgreSQL keeps no NUL, UTF-8 no lone surrogate (half an emoji).
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_empty(value: Value) -> bool:
    """Whether a value is as good as none: a no and a zero are values."""
    return value is None or value in ("", ())


def to_json(value: Value) -> JsonValue:
    """The JSON form of a value: text, an ISO day or time, an amount as text, a list, or null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return value


def from_json(kind: FieldType, value: object) -> Value:
    """The value that `to_json` wrote for a field of this type. Raises ValueError otherwise."""
    if value is None:
        return None
    if kind is FieldType.NAMES and isinstance(value, list):
        return tuple(str(each) for each in value)
    if isinstance(value, int) and kind in (FieldType.WHOLE, FieldType.FLAG):
        return value
    if isinstance(value, str) and kind not in (FieldType.NAMES, FieldType.WHOLE, FieldType.FLAG):
        read = _FROM_TEXT.get(kind)
        return read(value) if read else value
    raise ValueError(f"not a {kind} value: {value!r}")


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise ValueError(f"not an amount: {text!r}") from None


_FROM_TEXT: Mapping[FieldType, Callable[[str], Value]] = {
    FieldType.DATE: date.fromisoformat,
    FieldType.MOMENT: datetime.fromisoformat,
    FieldType.MONEY: _amount,
}


def canonical(data: Mapping[str, object]) -> str:
    """Canonical JSON: equal content gives equal text, whatever the order it was built in."""
    return _CANONICAL.encode(data)


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
