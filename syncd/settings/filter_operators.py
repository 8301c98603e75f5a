"""The comparisons and functions of filters, as SQL that means the same on every database."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from odata_query import ast
from sqlalchemy import Boolean, ColumnElement, Text, and_, cast, false, func, null, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import False_, True_
from sqlalchemy.sql.functions import FunctionElement

from syncd.settings.filter_fields import Compared, FilterField
from syncd.settings.filter_values import Id, Value, Whole

Condition = ColumnElement[bool]
Column = ColumnElement[Any] | str | None  # what a row holds: something, always this, nothing ever

NEVER_KNOWN: Condition = cast(null(), Boolean)


def every(*conditions: Condition) -> Condition:
    """All of them; what is known to be so, or known not to be, is not asked of the database."""
    if any(isinstance(each, False_) for each in conditions):
        return false()
    asked = [each for each in conditions if not isinstance(each, True_)]
    return asked[0] if len(asked) == 1 else and_(*asked) if asked else true()


def some(*conditions: Condition) -> Condition:
    """Any of them; what is known is not asked."""
    if any(isinstance(each, True_) for each in conditions):
        return true()
    asked = [each for each in conditions if not isinstance(each, False_)]
    return asked[0] if len(asked) == 1 else or_(*asked) if asked else false()


class _Bytewise(FunctionElement[str]):
    """A text that is ordered by its characters' numbers, as SQLite does it."""

    type = Text()
    inherit_cache = True


@compiles(_Bytewise)
def _as_it_is(element: _Bytewise, compiler: SQLCompiler, **options: object) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_Bytewise, "postgresql")
def _in_c(element: _Bytewise, compiler: SQLCompiler, **options: object) -> str:
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'


@dataclass(frozen=True)
class Held:
    """What a row holds in a field; of a reference, in a column for each entity it may be of.

    `nested`: it comes by a subquery, which is better asked once.
    """

    field: FilterField
    columns: tuple[Column, ...]
    nested: bool = False

    def is_null(self) -> Condition:
        """Nothing is held."""
        if any(isinstance(each, str) for each in self.columns):
            return false()
        columns = (each for each in self.columns if isinstance(each, ColumnElement))
        return every(*(each.is_(None) for each in columns))

    def lower(self) -> Held:
        """The same in lower case."""
        columns = tuple(
            func.lower(each) if isinstance(each, ColumnElement) else each for each in self.columns
        )
        return replace(self, columns=columns)

    def definite(self, column: ColumnElement[Any], condition: Condition) -> Condition:
        """Never null itself, so that `ne` and `not` see a null as OData does: it equals nothing."""
        if self.nested:
            return func.coalesce(condition, false())
        return and_(column.is_not(None), condition)


def is_one_of(held: Held, values: Sequence[Value]) -> Condition:
    """Equal to any of these."""
    if held.field.compared is not Compared.RECORD:
        return _equal(held, held.columns[0], values)
    found: list[Condition] = [
        _equal(
            held,
            column,
            [v.id for v in values if isinstance(v, Id) and v.entity in (None, entity)],
        )
        for column, entity in zip(held.columns, held.field.refers, strict=True)
    ]
    return some(*found)


def _equal(held: Held, column: Column, values: Sequence[Value | ColumnElement[str]]) -> Condition:
    if column is None or not values:
        return false()
    if isinstance(column, str):
        return true() if column in values else false()
    odd = [each for each in values if isinstance(each, Whole | ColumnElement)]
    plain = [each for each in values if not isinstance(each, Whole | ColumnElement)]
    found = [_at(column, each) for each in odd]
    if plain:
        found.append(column == plain[0] if len(plain) == 1 else column.in_(plain))
    return held.definite(column, some(*found))


def _at(column: ColumnElement[Any], value: Whole | ColumnElement[str]) -> Condition:
    if isinstance(value, Whole):
        return and_(column >= value.begins, column < value.ends)
    return column == value


# What has an order, and may be greater or less.
ORDERED = frozenset({Compared.TEXT, Compared.MONEY, Compared.WHOLE, Compared.MOMENT, Compared.DAY})

_ORDER: Mapping[type[ast._Node], Callable[[Any, Any], Any]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}

# What a comparison is with its sides exchanged.
FLIPPED: Mapping[type[ast._Node], type[ast._Node]] = {
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
}


def compared(held: Held, comparator: type[ast._Node], value: Value) -> Condition:
    """Greater or less than a value. A whole day lies before what is after all of it."""
    column = held.columns[0]
    if not isinstance(column, ColumnElement):
        return false()
    if isinstance(value, Whole):
        after = comparator in (ast.Gt, ast.LtE)
        comparator = ast.GtE if comparator in (ast.Gt, ast.GtE) else ast.Lt
        value = value.ends if after else value.begins
    left = _Bytewise(column) if held.field.compared is Compared.TEXT else column
    return held.definite(column, _ORDER[comparator](left, value))


# No LIKE: it ignores case on SQLite. These mean the same on every database, for empty parts too.
def _contains(text: ColumnElement[Any], part: str) -> Condition:
    return func.replace(text, part, "") != text if part else func.length(text) >= 0


def _starts(text: ColumnElement[Any], part: str) -> Condition:
    return func.substr(text, 1, len(part)) == part


def _ends(text: ColumnElement[Any], part: str) -> Condition:
    return func.substr(text, func.length(text) - len(part) + 1) == part


FUNCTIONS: Mapping[str, Callable[[ColumnElement[Any], str], Condition]] = {
    "contains": _contains,
    "startswith": _starts,
    "endswith": _ends,
}


def called(name: str, held: Held, part: str) -> Condition:
    """A function of a text; null of what is null."""
    column = held.columns[0]
    return FUNCTIONS[name](column, part) if isinstance(column, ColumnElement) else NEVER_KNOWN


def certain(condition: Condition) -> Condition:
    """The same, false where it is null."""
    if isinstance(condition, True_ | False_):
        return condition
    return func.coalesce(condition, false())
