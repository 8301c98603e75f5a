"""Instants and days as Exchange writes them, whatever the protocol."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

_NO_DAY = 4501
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


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
