"""What people type for a field, as the value that it is: a day, an amount, an option."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from syncd.cli.errors import Problem
from syncd.model.fields import Attribute, FieldType
from syncd.model.values import Value

LIKE_DAY, LIKE_TIME, LIKE_AMOUNT = "2026-12-31", "2026-12-31 14:00", "12000.50"
_AMOUNT = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
_YES, _NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")


class _Wrong(ValueError):
    """What was typed is no such value: `what` it is not, and `todo`, how it is written."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what, self.todo = what, todo


def typed(attribute: Attribute, option: str, text: str, undone: str) -> Value:
    """The value of a field that is no reference; an empty text empties it. Raises Problem."""
    if not text.strip():
        return None
    read = _READ.get(attribute.type)
    try:
        if attribute.type is FieldType.CHOICE:
            return _option(attribute, text)
        return read(text.strip()) if read else text
    except _Wrong as wrong:
        raise Problem(f"{option}: {text!r} is {wrong.what}.", undone, wrong.todo) from None


def chosen(what: str, text: str, options: tuple[str, ...], undone: str) -> str:
    """The one of some words that was typed, in any case, with hyphens or blanks. Raises Problem."""
    folded = " ".join(text.replace("-", " ").replace("_", " ").lower().split())
    if folded in options:
        return folded
    said = ", ".join(f"{each!r}" if " " in each else each for each in options)
    raise Problem(f"{what}: {text!r} is not one of {said}.", undone, _nearest(folded, options))


def _nearest(word: str, options: tuple[str, ...]) -> str:
    import difflib

    near = difflib.get_close_matches(word, options, n=1)
    return f"Did you mean {near[0]!r}?" if near else "Write one of these."


def _option(attribute: Attribute, text: str) -> str:
    options = tuple(each.name for each in attribute.options)
    folded = " ".join(text.replace("-", " ").lower().split())
    if folded in options:
        return folded
    raise _Wrong(f"none of {', '.join(options)}", _nearest(folded, options))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Wrong("not a day", f"Write the day as {LIKE_DAY}, or 1970-12-31.") from None


def _moment(text: str) -> datetime:
    hint = f'Write the time as "{LIKE_TIME}", in this machine\'s time zone, or with its zone: '
    hint += "2026-12-31T14:00+01:00"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _Wrong("not a time", hint) from None
    if at.tzinfo is not None:
        return at
    try:
        local = at.astimezone()
        if local.astimezone(UTC).astimezone().replace(tzinfo=None) != at.replace(fold=0):
            raise _Wrong("a time that the clocks here leave out", hint)
    except (OverflowError, OSError):
        raise _Wrong("a time outside of the calendar", hint) from None
    return local


def _amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise _Wrong("not an amount", f"Write the amount as {LIKE_AMOUNT}, without a currency.")
    return Decimal(text.replace(",", ""))


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,12}", text, re.ASCII):
        raise _Wrong("not a whole number", "Write it in digits, such as 50.")
    return int(text)


def _flag(text: str) -> bool:
    folded = text.lower()
    if folded not in _YES + _NO:
        raise _Wrong("neither yes nor no", "Write yes or no.")
    return folded in _YES


def _names(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


_READ: Mapping[FieldType, Callable[[str], Value]] = {
    FieldType.DATE: _day,
    FieldType.MOMENT: _moment,
    FieldType.MONEY: _amount,
    FieldType.WHOLE: _whole,
    FieldType.FLAG: _flag,
    FieldType.NAMES: _names,
}
