"""How a text in Outlook says the values of a custom field, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

from syncd.model.fields import Field, FieldType, Style, Wording
from syncd.model.values import Value

YES, NO = "yes", "no"  # what `Wording.words` calls the values of a flag

_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_MAX_WHOLE = 2**31 - 1
_DAYS: Mapping[Style, str] = {Style.DMY: "%d.%m.%Y", Style.MDY: "%m/%d/%Y"}


def may_hold_more(field: Field) -> bool:
    """Whether Outlook may hold what no value says: formatting, "perhaps" for yes or no."""
    return field.type is FieldType.NOTE or (field.wording is not None and field.type in _READ)


def worded(kind: FieldType, wording: Wording, value: Value) -> str | tuple[str, ...]:
    """What is written for a value that is not empty. A set stays a set."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, bool):
        value = YES if value else NO
    if isinstance(value, date):
        style = _DAYS.get(wording.style)
        # By hand: strftime writes the year 33 as "33".
        return _padded(value, style) if style else value.isoformat()
    said = str(value)
    if kind in (FieldType.CHOICE, FieldType.FLAG):
        return dict(wording.words).get(said, said)
    return said


def meant(kind: FieldType, wording: Wording, text: str) -> Value:
    """The value that a text means; `None` when it is empty. Raises ValueError when it is none."""
    read = _READ.get(kind)
    if read is None:
        return shaped(wording, text) or None
    bare = text.strip()
    return read(wording, bare) if bare else None


def shaped(wording: Wording, text: str) -> str:
    """A text as both sides hold it: in capitals, in small letters, or as it is."""
    match wording.style:
        case Style.UPPER:
            return text.upper()
        case Style.LOWER:
            return text.lower()
        case _:
            return text


def _padded(day: date, style: str) -> str:
    parts = {"%d": f"{day.day:02}", "%m": f"{day.month:02}", "%Y": f"{day.year:04}"}
    return re.sub("%[dmY]", lambda found: parts[found[0]], style)


def _named(wording: Wording, text: str) -> str:
    folded = text.casefold()
    for value, word in wording.words:
        if word.casefold() == folded:
            return value
    raise ValueError(f"none of {', '.join(word for _, word in wording.words)}")


def _flag(wording: Wording, text: str) -> bool:
    return _named(wording, text) == YES


def _whole(wording: Wording, text: str) -> int:
    del wording
    if not _WHOLE.fullmatch(text) or abs(int(text)) > _MAX_WHOLE:
        raise ValueError("not a whole number")
    return int(text)


def _day(wording: Wording, text: str) -> date:
    style = _DAYS.get(wording.style)
    try:
        return date.fromisoformat(text)
    except ValueError:
        if style is None:
            raise
    return datetime.strptime(text, style).date()  # noqa: DTZ007 - a day is in no zone


_READ: Mapping[FieldType, Callable[[Wording, str], Value]] = {
    FieldType.CHOICE: _named,
    FieldType.FLAG: _flag,
    FieldType.WHOLE: _whole,
    FieldType.DATE: _day,
}
