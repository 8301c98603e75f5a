"""Which fields a filter may name: the columns of a kind, by their Dataverse logical names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Any

from sqlalchemy import ColumnElement, Date, Dialect, Text, func, select, type_coerce
from sqlalchemy.types import TypeDecorator

from syncd.crm.stored import StoredKind
from syncd.crm.tables import CUSTOM, account
from syncd.model.fields import FieldType
from syncd.model.kinds import Schema

_PARENT = "parentcustomerid"  # the column that names a record's account


class Compared(Enum):
    """What a field may be compared with."""

    TEXT = auto()  # 'text'
    DAY = auto()  # 2026-01-31
    OWNER = auto()  # @me, an address in quotes, a user's id
    STATE = auto()  # 'active', 'inactive'


@dataclass(frozen=True, slots=True)
class FilterField:
    """One field: what is read of a record, and what it may be compared with."""

    name: str
    column: ColumnElement[Any]  # of the type of its column
    compared: Compared


def filter_fields(stored: StoredKind[Schema]) -> Mapping[str, FilterField]:
    """The fields of a kind by the names that a filter gives them."""
    columns = stored.table.c
    named = {field.name for field in stored.kind.fields} | set(stored.extras)
    held = {column for field in stored.kind.fields for column in field.crm} | named
    fields = [
        FilterField("owner", columns.owner_id, Compared.OWNER),
        FilterField("statecode", columns.statecode, Compared.STATE),
    ]
    for column in columns:
        if column.name in held and column.name != _PARENT:
            if isinstance(column.type, Text):
                fields.append(FilterField(column.name, column, Compared.TEXT))
            elif isinstance(column.type, Date):
                fields.append(FilterField(column.name, column, Compared.DAY))
    fields += [FilterField(*each) for each in _custom(stored)]
    if _PARENT in columns:
        fields += _of_parent(stored)
    return {field.name: field for field in fields}


class _Day(TypeDecorator[date]):
    """A day that is kept as its text, which sorts as days do."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """The text of a day."""
        del dialect
        return value.isoformat() if value is not None else None


def _custom(
    stored: StoredKind[Schema],
) -> Iterator[tuple[str, ColumnElement[Any], Compared]]:
    """The custom fields: all are kept as texts, in one column."""
    for field in stored.custom:
        if field.type is FieldType.NAMES:
            continue
        text = stored.table.c[CUSTOM][field.name].as_string()
        if field.type is FieldType.DATE:
            yield field.name, type_coerce(text, _Day()), Compared.DAY
        else:
            yield field.name, text, Compared.TEXT


def _of_parent(stored: StoredKind[Schema]) -> list[FilterField]:
    """The fields that a record's account gives it.

    A scalar subquery and no join: a record without an account is a record still. The alias keeps
    it apart from an account that the query around it has joined.
    """
    parent = account.alias("parent")
    name = (
        select(parent.c.name)
        .where(parent.c.id == stored.table.c[_PARENT])
        .correlate(stored.table)
        .scalar_subquery()
    )
    company = func.coalesce(name, stored.table.c.companyname)  # as the record shows it
    return [
        FilterField("parentaccount/name", name, Compared.TEXT),
        FilterField("companyname", company, Compared.TEXT),
    ]
