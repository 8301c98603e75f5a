"""Which fields a filter may name: the columns of a kind, by their Dataverse logical names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from sqlalchemy import ColumnElement, Date, Text, func, select

from syncd.crm.stored import StoredKind
from syncd.crm.tables import account
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
    if _PARENT in columns:
        fields += _of_parent(stored)
    return {field.name: field for field in fields}


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
