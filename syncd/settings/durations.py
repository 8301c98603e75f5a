"""Durations as people write them: `30s`, `5m`, `2h`, `1d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_WRITTEN = re.compile(r"([0-9]{1,6})\s*([smhd])")


def parse_duration(text: str) -> timedelta:
    """The duration that `text` names: a number above 0 and a unit. Raises ValueError."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{text!r} is not a duration")
    return int(match[1]) * _UNITS[match[2]]


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back: `5m`."""
    for unit, length in _UNITS.items():
        if duration % length == timedelta(0):
            return f"{duration // length}{unit}"
    return f"{duration.total_seconds():g}s"


def _from_file(written: object) -> object:
    if isinstance(written, timedelta):
        return written
    try:
        return parse_duration(written if isinstance(written, str) else f"{written!r}")
    except ValueError as error:
        raise PydanticCustomError(
            "duration",
            "{what}",
            {"what": f"{error}", "suggestion": "write it like 30s, 5m, 2h or 1d, in quotes"},
        ) from None


Duration = Annotated[
    timedelta,
    BeforeValidator(_from_file),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_WRITTEN.pattern}\s*$"}),
]
