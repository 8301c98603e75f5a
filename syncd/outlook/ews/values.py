r"""Values as EWS text and back.

Text goes as it stands, but for characters that XML cannot carry. Line ends go as Outlook writes
them and come back as `\n`. A day is an instant on the wire.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from syncd.model.fields import FieldType

MANY_LINES = frozenset({FieldType.LINES, FieldType.NOTE})

_BREAK = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e]")
_BLANK = re.compile("[\x0b\x0c\x1c-\x1f]")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_DAY = 4501
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def to_text(kind: FieldType, value: str | date) -> str:
    """The text of one value. A day is written at 11:59 UTC, as Exchange does ([MS-OXOCNTC])."""
    if isinstance(value, date):
        return f"{value.isoformat()}T11:59:00Z"
    many = kind in MANY_LINES
    if _FORBIDDEN.search(value):
        value = _FORBIDDEN.sub("", (_BREAK if many else _BLANK).sub("\n" if many else " ", value))
    return _BREAK.sub("\n", value).replace("\n", "\r\n") if many else value


def from_text(kind: FieldType, text: str | None) -> str | date | None:
    """The value that a text holds; `None` when it is empty. Raises ValueError on a bad day."""
    if not text:
        return None
    if kind is FieldType.DATE:
        return day(text)
    return _BREAK.sub("\n", text) if kind in MANY_LINES else text


def day(text: str) -> date | None:
    """The calendar day that an instant stands for: the nearest one; `None` if it stands for none.

    Exchange and newer Outlooks store 11:59 UTC, older ones midnight where their user was: for
    Berlin that is 22:00 or 23:00 UTC of the day before. The first day of 4501 is how Outlook writes
    "None" ([MS-OXOTASK]). Raises ValueError on a bad instant.
    """
    moment = instant(text)
    if moment.year >= _NO_DAY:
        return None
    late = moment.hour >= 12
    return (moment + timedelta(hours=12) - timedelta(seconds=1)).date() if late else moment.date()


def instant(text: str) -> datetime:
    """A dateTime as an aware UTC instant; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:  # in UTC it lies before the first year or after the last
        raise ValueError(f"no such instant: {text!r}") from None


def modified(text: str | None) -> datetime:
    """When an item was last modified. Where the server does not say: long ago."""
    try:
        return instant(text) if text else _NEVER
    except ValueError:
        return _NEVER
