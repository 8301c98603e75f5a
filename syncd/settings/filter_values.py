"""What a filter compares with, as the value that the store holds: a text, an amount, a day, an id.

What does not fit the field is refused, with what would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from odata_query import ast
from sqlalchemy import ColumnElement, func

from syncd.crm.checking import MAX_MONEY, MAX_WHOLE
from syncd.model.values import UNSTORABLE
from syncd.settings.filter_aliases import (
    FURTHEST,
    ME,
    MY_TEAMS,
    SHARED,
    TODAY,
    Distance,
    distance_of,
)
from syncd.settings.filter_error import FilterError, Positions
from syncd.settings.filter_fields import USER, Compared, FilterField
from syncd.settings.filter_people import Me, user_of
from syncd.settings.mistakes import did_you_mean

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_NOT_HERE = {
    ME: "write owner eq @me",
    MY_TEAMS: "write owner in @myteams",
    SHARED: "write @shared by itself, joined to the rest by and, or",
}


@dataclass(frozen=True, slots=True)
class Id:
    """A record or a user; `entity`: of what, where that was said."""

    id: str | ColumnElement[str]
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole day, where a moment is asked for."""

    day: date

    @property
    def begins(self) -> datetime:
        """Its first moment, in UTC."""
        return datetime.combine(self.day, time(), UTC)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return self.begins + timedelta(days=1)


Value = str | bool | int | Decimal | date | datetime | Whole | Id


@dataclass(frozen=True)
class Values:
    """Reads the values of one filter, for a user, on a day."""

    me: Me
    today: date
    positions: Positions

    def of(self, field: FilterField, node: ast._Node) -> Value:
        """What a field is compared with. Raises FilterError."""
        if isinstance(node, ast.Identifier) and node.name in _NOT_HERE and USER not in field.refers:
            what = "only owner can be one" if node.name == ME else f"{field.name} can be none of it"
            article = "a user" if node.name == ME else "a set"
            raise self.refusal(node, f"{node.name} is {article}, and {what}", _NOT_HERE[node.name])
        return _READ[field.compared](self, field, node)

    def refusal(self, node: object, what: str, suggestion: str | None = None) -> FilterError:
        """The error of a part of the filter, with its place."""
        return FilterError(self.positions.of(node), what, suggestion)

    def text(self, field: FilterField, node: ast._Node) -> str:
        """A text, in quotes."""
        if not isinstance(node, ast.String):
            todo = "write the text in single quotes: 'text'"
            raise self.refusal(node, f"{field.name} is text", todo)
        if UNSTORABLE.search(node.val):
            raise self.refusal(node, "no text has a character such as this one")
        return node.val

    def choice(self, field: FilterField, node: ast._Node) -> str:
        """One of the names that a choice may have."""
        known = ", ".join(f"'{each}'" for each in field.options)
        what = {"statecode": "state", "statuscode": "status"}.get(field.name, "choice")
        match node:
            case ast.String(val=name) if name in field.options:
                return name
            case ast.String(val=name):
                near = did_you_mean(name, field.options) or ""
                near = f"{near} " if near.startswith("did") else ""
                raise self.refusal(node, f"{name!r} is no {what}", f"{near}known: {known}")
            case ast.Integer():
                named = (n for n, codes in field.options.items() if node.py_val in codes)
                name = next(named, "")
                if name and field.numbered:
                    return name
                if name:
                    todo = f"write '{name}', which has this number"
                    raise self.refusal(node, f"this is no {what} by name", todo)
        raise self.refusal(node, f"this is no {what}", f"known: {known}")

    def money(self, field: FilterField, node: ast._Node) -> Decimal:
        """An amount, to the cent."""
        todo = "write it like 12000.50, unquoted"
        if not isinstance(node, ast.Integer | ast.Float):
            raise self.refusal(node, f"{field.name} is an amount", todo)
        try:
            amount = Decimal(node.val)
            cents = amount.quantize(Decimal("0.01"))
        except InvalidOperation:
            raise self.refusal(node, f"{node.val} is larger than any amount") from None
        if abs(amount) >= MAX_MONEY:
            raise self.refusal(node, f"{node.val} is larger than any amount")
        if cents != amount:
            raise self.refusal(node, "an amount has two decimal places at most", todo)
        return cents

    def whole(self, field: FilterField, node: ast._Node) -> int:
        """A whole number."""
        if not isinstance(node, ast.Integer):
            todo = "write it in digits, unquoted: 50"
            raise self.refusal(node, f"{field.name} is a whole number", todo)
        number = int(node.val)
        if abs(number) > MAX_WHOLE:
            raise self.refusal(node, f"{node.val} is larger than any number here")
        return number

    def flag(self, field: FilterField, node: ast._Node) -> bool:
        """Yes or no."""
        if not isinstance(node, ast.Boolean):
            raise self.refusal(node, f"{field.name} is yes or no", "write true or false, unquoted")
        return node.py_val

    def day(self, field: FilterField, node: ast._Node) -> date:
        """A day."""
        found = self._day(node)
        if found is None:
            todo = "write it like 2026-01-31, unquoted, or @today-30d"
            raise self.refusal(node, f"{field.name} is a day", todo)
        return found

    def moment(self, field: FilterField, node: ast._Node) -> datetime | Whole:
        """A moment, or a whole day."""
        found = self._day(node)
        if found is not None:
            if not 1 < found.year < date.max.year:
                raise self.refusal(node, "this day is outside of the calendar")
            return Whole(found)
        todo = "write it like 2026-01-31T14:00:00Z, unquoted, or as a day: 2026-01-31, @today"
        if not isinstance(node, ast.DateTime):
            raise self.refusal(node, f"{field.name} is a time", todo)
        try:
            at = datetime.fromisoformat(node.val.upper())
            if at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.refusal(node, f"there is no time {node.val}") from None
        raise self.refusal(node, "a time without its zone", todo)

    def record(self, field: FilterField, node: ast._Node) -> Id:
        """A record, by its id; a user, also by address."""
        match node:
            case ast.Identifier(name=name) if name == ME and USER in field.refers:
                return Id(self.me, USER)
            case ast.Identifier(name=name) if name in (MY_TEAMS, SHARED):
                raise self.refusal(node, f"{name} is a set", f"write {field.name} in {name}")
            case ast.GUID(val=id_):
                return Id(id_.lower())
            case ast.String(val=text):
                found = self._named(field, text)
                if found is not None:
                    return found
        if field.refers == (USER,):
            raise self.refusal(node, "this is no user", "write @me, or an address in quotes")
        todo = "write its id, unquoted, or null"
        if USER in field.refers:
            todo = "write @me, an address in quotes, or an id"
        elif field.columns != ("id",):
            step = field.name if len(field.refers) == 1 else f"{field.name}_{field.refers[0]}"
            todo += f"; a field of it is asked for as {step}/…"
        raise self.refusal(node, "this is no record", todo)

    def _named(self, field: FilterField, text: str) -> Id | None:
        entity, colon, id_ = text.partition(":")
        if UNSTORABLE.search(text):
            return None
        if colon and entity in field.refers and id_:
            return Id(id_, entity)
        if _GUID.fullmatch(text):
            return Id(text.lower())
        if "@" in text and USER in field.refers:
            return Id(func.coalesce(user_of(text), ""), USER)
        return None

    def _day(self, node: ast._Node) -> date | None:
        """The day that is meant; `None` where none is."""
        match node:
            case ast.Date():
                try:
                    return node.py_val
                except ValueError:
                    raise self.refusal(node, f"there is no day {node.val}") from None
            case ast.Identifier(name=name) if name.startswith(TODAY):
                away = distance_of(name) or Distance()
                return away.from_(self.today)
            case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=ast.Duration() as far):
                day = self._day(left)
                if day is None:
                    return None
                return self._reached(day, far, -1 if isinstance(op, ast.Sub) else 1)
        return None

    def _reached(self, day: date, far: ast.Duration, way: int) -> date:
        sign, years, months, days, *rest = far.unpack()
        if any(rest):
            todo = "write it like duration'P30D'"
            raise self.refusal(far, "a day is whole days away from another", todo)
        way = -way if sign == "-" else way
        away = Distance(*(int(each or 0) for each in (years, months, days))).times(way)
        try:
            if not away.too_far:
                return away.from_(day)
        except (ValueError, OverflowError):
            pass
        raise self.refusal(far, f"this is further than {FURTHEST} years away")


_READ: Mapping[Compared, Callable[[Values, FilterField, ast._Node], Value]] = {
    Compared.TEXT: Values.text,
    Compared.CHOICE: Values.choice,
    Compared.MONEY: Values.money,
    Compared.WHOLE: Values.whole,
    Compared.MOMENT: Values.moment,
    Compared.DAY: Values.day,
    Compared.FLAG: Values.flag,
    Compared.RECORD: Values.record,
}
