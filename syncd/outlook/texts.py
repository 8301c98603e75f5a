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

_BREAK = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e]")
_BLANK = re.compile("[\x0b\x0c\x1c-\x1f]")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
