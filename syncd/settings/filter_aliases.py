"""The aliases of a filter: `@me`, `@myteams`, `@shared`, and `@today` with a distance.

The grammar knows none. Each is bound to a name of its length before the lexer sees it, so that
every place in the text stays where it is, and gets its own name back afterwards.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from syncd.settings.filter_error import FilterError
from syncd.settings.mistakes import closest

ME, MY_TEAMS, SHARED, TODAY = "@me", "@myteams", "@shared", "@today"

# alias → what it stands for, for the manual
ALIASES: Mapping[str, str] = {
    ME: "the user: of the mailbox, or of --as",
    MY_TEAMS: "the user and everybody in a team of theirs; after `in`",
    SHARED: "what was shared with the user or a team of theirs; by itself, or after `in`",
    TODAY: "the day, in UTC; `@today-30d`, `@today+2w`, `@today-1m`, `@today-1y` are days from it",
}

FURTHEST = 100  # years from today

_STRING_OR_ALIAS = re.compile(r"'(?:[^']|'')*'|\w?@\w*(?:[+-]\w+)?")
_AWAY = re.compile(r"([+-])(\d{1,5})([dwmy])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Distance:
    """Years, months and days from a day, the earlier for a negative number."""

    years: int = 0
    months: int = 0
    days: int = 0

    @property
    def too_far(self) -> bool:
        """Whether it leads further than a filter may look."""
        return abs(self.years) + abs(self.months) / 12 + abs(self.days) / 365 > FURTHEST

    def times(self, sign: int) -> Distance:
        """The same distance, or the way back."""
        return Distance(self.years * sign, self.months * sign, self.days * sign)

    def from_(self, day: date) -> date:
        """The day at this distance; the last of its month where that has no such day."""
        months = day.year * 12 + day.month - 1 + self.years * 12 + self.months
        year, month = months // 12, months % 12 + 1
        last = calendar.monthrange(year, month)[1]
        return date(year, month, min(day.day, last)) + timedelta(days=self.days)


def bound(text: str) -> tuple[str, Mapping[int, str]]:
    """The text with a name in the place of each alias, and the aliases by where they stand.

    Raises FilterError of one that there is not.
    """
    found: dict[int, str] = {}

    def bind(match: re.Match[str]) -> str:
        alias, at = match[0], match.start()
        if alias.startswith("'"):
            return alias
        if not alias.startswith("@"):  # ann@contoso.com
            raise FilterError(at + 1, "an address is written in single quotes", "'ann@contoso.com'")
        alias = _checked(alias, at)
        found[at] = alias
        return "_" * len(alias) + match[0][len(alias) :]

    return _STRING_OR_ALIAS.sub(bind, text), found


def _checked(alias: str, at: int) -> str:
    name = re.split("[+-]", alias)[0]
    if name not in ALIASES:
        near = closest(name, ALIASES)
        known = "an address belongs in single quotes; known: " + ", ".join(ALIASES)
        suggestion = f"did you mean {near}?" if near and len(name) > 2 else known
        raise FilterError(at, f"{name} has no meaning", suggestion)
    if name != TODAY:
        return name
    if alias != TODAY and (distance_of(alias) is None):
        what = f"{alias} is no day"
        raise FilterError(at, what, "write it like @today-30d, @today+2w, @today-1m or @today-1y")
    away = distance_of(alias)
    if away is not None and away.too_far:
        raise FilterError(at, f"@today reaches {FURTHEST} years at most")
    return alias


def distance_of(alias: str) -> Distance | None:
    """How far `@today-30d` is from today; `None` when there is no such distance."""
    match = _AWAY.fullmatch(alias.removeprefix(TODAY))
    if match is None:
        return None
    number = int(match[1] + match[2])
    unit = match[3]
    return Distance(
        years=number if unit == "y" else 0,
        months=number if unit == "m" else 0,
        days=number * {"d": 1, "w": 7}.get(unit, 0),
    )
