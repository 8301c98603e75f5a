"""What a value must be before it is written: checked here, for every field type and every path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from syncd.crm.errors import InvalidValue
from syncd.crm.stored import StoredKind
from syncd.model.fields import Field, FieldType, Option
from syncd.model.kinds import Schema
from syncd.model.values import UNSTORABLE, Value
from syncd.model.wording import shaped

MAX_TEXT = 32_768  # characters of a value
MAX_NOTE = 1_048_576  # characters of a free text
MAX_KEYED = 500  # characters of what is looked up by: an index of PostgreSQL takes 2,704 bytes
MAX_NAMES = 1_000  # elements of a set
MAX_MONEY = Decimal(10) ** 15
MAX_WHOLE = 2**31 - 1

_OTHER_BYTES = re.compile("[\udc80-\udcff]")  # how Python keeps what it could not decode


def checked(stored: StoredKind[Schema], patch: Mapping[str, Value]) -> dict[str, Value]:
    """The patch with every empty value as `None`. Raises InvalidValue on what cannot be stored."""
    return {name: _checked(stored, name, value) for name, value in patch.items()}


def checked_text(name: str, text: object, limit: int) -> str | None:
    """A text that can be stored, `None` for an empty one. Raises InvalidValue."""
    if not isinstance(text, str):
        raise InvalidValue(name, "not a text")
    if len(text) > limit:
        raise InvalidValue(name, f"longer than {limit:,} characters")
    if _OTHER_BYTES.search(text):
        raise InvalidValue(name, "is not UTF-8; save the file as UTF-8")
    if UNSTORABLE.search(text):
        raise InvalidValue(name, "has characters that no text may have (such as NUL)")
    return text if text and not text.isspace() else None


def _checked(stored: StoredKind[Schema], name: str, value: Value) -> Value:
    kind = stored.type_of(name)
    if kind is None:
        raise InvalidValue(name, "there is no such field")
    if value is None:
        return None
    if kind is FieldType.CHOICE:
        return _option(name, stored.kind.by_name[name].options, value)
    if kind is FieldType.REFERENCE:
        held = stored.kind.by_name.get(name)
        return _reference(name, held.refers if held else (), value)
    check = _CHECKS.get(kind)
    if check is not None:
        return _within(stored, name, check(name, value))
    text = checked_text(name, value, _longest(stored, name, kind))
    field = stored.kind.by_name.get(name)
    if text is not None and isinstance(field, Field) and field.wording is not None:
        return shaped(field.wording, text)
    return text


def _longest(stored: StoredKind[Schema], name: str, kind: FieldType) -> int:
    column = stored.table.columns.get(name)
    if column is not None and column.index:
        return MAX_KEYED
    return MAX_NOTE if kind is FieldType.NOTE else MAX_TEXT


def _option(name: str, options: Sequence[Option], value: Value) -> str | None:
    text = (checked_text(name, value, MAX_TEXT) or "").strip().lower()
    if not text:
        return None
    found = next((each.name for each in options if each.name == text), None)
    if found is None:
        raise InvalidValue(name, f"{text!r} is none of {', '.join(o.name for o in options)}")
    return found


def _reference(name: str, refers: Sequence[str], value: Value) -> str | None:
    """An id; where it may be of several entities, with the one it is of: `account:ID`."""
    text = checked_text(name, value, MAX_TEXT)
    entity, _, record_id = (text or "").partition(":")
    if text and len(refers) > 1 and not (entity in refers and record_id):
        known = ", ".join(refers)
        raise InvalidValue(name, f"{text!r} does not say of what it is; write it as one of {known},"
                                 " a colon, and the id")  # fmt: skip
    return text


def _names(name: str, value: Value) -> Value:
    if not isinstance(value, tuple):
        raise InvalidValue(name, "not a list of names")
    if len(value) > MAX_NAMES:
        raise InvalidValue(name, f"more than {MAX_NAMES:,} names")
    return tuple(filter(None, (checked_text(name, each, MAX_TEXT) for each in value))) or None


def _day(name: str, value: Value) -> Value:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise InvalidValue(name, "not a day")
    return value


def _moment(name: str, value: Value) -> Value:
    if not isinstance(value, datetime):
        raise InvalidValue(name, "not a time")
    if value.tzinfo is None:
        raise InvalidValue(name, "a time without a zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise InvalidValue(name, "a time outside of the calendar") from None


def _money(name: str, value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InvalidValue(name, "not an amount")
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) >= MAX_MONEY:
        raise InvalidValue(name, "not an amount that can be kept")
    cents = amount.quantize(Decimal("0.01"))
    if cents != amount:
        raise InvalidValue(name, f"{amount} has more than two decimal places")
    return cents


def _whole(name: str, value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue(name, "not a whole number")
    if abs(value) > MAX_WHOLE:
        raise InvalidValue(name, "too large a number")
    return value


def _within(stored: StoredKind[Schema], name: str, value: Value) -> Value:
    field = stored.kind.by_name.get(name)
    if field is None or field.between is None or not isinstance(value, int):
        return value
    least, most = field.between
    if not least <= value <= most:
        raise InvalidValue(name, f"{value} is not between {least} and {most}")
    return value


def _flag(name: str, value: Value) -> Value:
    if not isinstance(value, bool):
        raise InvalidValue(name, "neither yes nor no")
    return value


_CHECKS: Mapping[FieldType, Callable[[str, Value], Value]] = {
    FieldType.NAMES: _names,
    FieldType.DATE: _day,
    FieldType.MOMENT: _moment,
    FieldType.MONEY: _money,
    FieldType.WHOLE: _whole,
    FieldType.FLAG: _flag,
}
