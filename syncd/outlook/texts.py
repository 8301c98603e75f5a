r"""Values as the text that Exchange keeps, and back, whatever the protocol.

Text goes as it stands, but for characters that XML cannot carry: what goes as JSON is read over
EWS, too. Line ends go as Outlook writes them and come back as `\n`. A day is an
instant on the wire.
"""

from __future__ import annotations

import re
from datetime import date

from syncd.model.fields import FieldType
from syncd.outlook.instants import day

MANY_LINES = frozenset({FieldType.LINES, FieldType.NOTE})

_BREAK = re.compile("[\r\x0b\x0c\x1c-\x1e]")  # a whole line end of two characters comes first
_BLANK = re.compile("[\x0b\x0c\x1c-\x1f]")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_text(kind: FieldType, value: str | date) -> str:
    """The text of one value. A day is written at 11:59 UTC, as Exchange does ([MS-OXOCNTC])."""
    if isinstance(value, date):
        return f"{value.isoformat()}T11:59:00Z"
    if value.isprintable():
        return value  # one line, and nothing in it that cannot go as it stands
    many = kind in MANY_LINES
    if _FORBIDDEN.search(value):
        value = _FORBIDDEN.sub("", _broken(value) if many else _BLANK.sub(" ", value))
    return _broken(value).replace("\n", "\r\n") if many else value


def from_text(kind: FieldType, text: str | None) -> str | date | None:
    """The value that a text holds; `None` when it is empty. Raises ValueError on a bad day."""
    if not text:
        return None
    if kind is FieldType.DATE:
        return day(text)
    if text.isprintable():
        return text
    return _broken(text) if kind in MANY_LINES else text


def _broken(text: str) -> str:
    """The text with one sort of line end."""
    return _BREAK.sub("\n", text.replace("\r\n", "\n"))
