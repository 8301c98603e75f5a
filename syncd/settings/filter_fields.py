"""Which fields a filter may name, by their Dataverse logical names, and where each is read.

What is true of an entity is told by its fields (`syncd.model`); nothing here knows one of them,
but for the company of a contact, which is two columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    FromClause,
    Integer,
    Text,
    case,
    cast,
    false,
    func,
    select,
    true,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator

from syncd.crm.contacts import COMPANY, CONTACTS, PARENT
from syncd.crm.stored import StoredKind
from syncd.crm.tables import CUSTOM, account
from syncd.model.entities import PARTIES, PARTY_ROLES, PARTY_TARGETS
from syncd.model.fields import Attribute, Field, FieldType
from syncd.model.kinds import Schema
from syncd.model.relations import RELATIONS

USER = "user"


class Compared(StrEnum):
    """What a field may be compared with, in the words of the manual."""

    TEXT = "text"
    CHOICE = "choice"
    MONEY = "money"
    WHOLE = "whole number"
    MOMENT = "moment"
    DAY = "day"
    FLAG = "flag"
    RECORD = "record"  # or a user


@dataclass(frozen=True, slots=True)
class FilterField:
    """One field that a filter may name.

    `columns` of its entity's table hold it: a reference to one of several entities has a column
    for each that it `refers` to. `options` are the names that a choice may have, with Dataverse's
    numbers; `numbered` ones may be written as such.
    """

    name: str
    compared: Compared
    columns: tuple[str, ...]
    options: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    refers: tuple[str, ...] = ()
    numbered: bool = False
    custom: bool = False  # one of the values in its column, by its name


@dataclass(frozen=True, slots=True)
class Step:
    """A way from a record to the one that it refers to: `parentcustomerid/…`."""

    name: str
    column: str
    entity: str


_COMPARED: Mapping[FieldType, Compared] = {
    FieldType.TEXT: Compared.TEXT,
    FieldType.LINES: Compared.TEXT,
    FieldType.NOTE: Compared.TEXT,
    FieldType.EMAIL: Compared.TEXT,
    FieldType.PHONE: Compared.TEXT,
    FieldType.DATE: Compared.DAY,
    FieldType.CHOICE: Compared.CHOICE,
    FieldType.MONEY: Compared.MONEY,
    FieldType.MOMENT: Compared.MOMENT,
    FieldType.WHOLE: Compared.WHOLE,
    FieldType.FLAG: Compared.FLAG,
    FieldType.REFERENCE: Compared.RECORD,
}

# Who takes part in an activity; `party_columns` in `filter_parties.py` are read by these.
PARTY_FIELDS: Mapping[str, FilterField] = {
    each.name: each
    for each in (
        FilterField(
            "partyid",
            Compared.RECORD,
            tuple(f"{target}_id" for target in PARTY_TARGETS),
            refers=PARTY_TARGETS,
        ),
        FilterField(
            "participationtypemask",
            Compared.CHOICE,
            ("role",),
            options={role: (number,) for role, number in PARTY_ROLES.items()},
            numbered=True,
        ),
        FilterField("addressused", Compared.TEXT, ("address",)),
        FilterField("unresolvedpartyname", Compared.TEXT, ("name",)),
    )
}


def fields_of(stored: StoredKind[Schema]) -> Mapping[str, FilterField]:
    """The fields of an entity by the names that a filter gives them."""
    return {each.name: each for each in _fields(stored)}


def _fields(stored: StoredKind[Schema]) -> Iterator[FilterField]:
    states = stored.states.states
    yield FilterField("owner", Compared.RECORD, ("owner_id",), refers=(USER,))
    yield FilterField("ownerid", Compared.RECORD, ("owner_id",), refers=(USER,))
    yield FilterField(
        "statecode", Compared.CHOICE, ("statecode",), {each.name: (each.code,) for each in states}
    )
    reasons = {name: (code,) for each in states for name, code in each.reasons.items()}
    yield FilterField("statuscode", Compared.CHOICE, ("statuscode",), reasons)
    yield FilterField("createdon", Compared.MOMENT, ("created_at",))
    yield FilterField("modifiedon", Compared.MOMENT, ("modified_at",))
    yield FilterField(id_name(stored), Compared.RECORD, ("id",), refers=(stored.entity,))
    for each in stored.kind.fields:
        yield from _of_attribute(stored, each)
    for name, kind in stored.extras.items():
        if kind in _COMPARED and name in stored.table.c:
            refers = tuple(
                r.target for r in RELATIONS if (r.entity, r.field) == (stored.entity, name)
            )
            yield FilterField(name, _COMPARED[kind], (name,), refers=refers)


def _of_attribute(stored: StoredKind[Schema], each: Attribute) -> Iterator[FilterField]:
    compared = _COMPARED.get(each.type)
    if compared is None or not set(each.crm) <= set(stored.table.c.keys()):
        return
    if isinstance(each, Field) and each.wording is not None:
        names = {option.name: option.codes for option in each.options}
        yield FilterField(each.name, compared, (CUSTOM,), names, custom=True)
    elif each.type is FieldType.REFERENCE:
        yield FilterField(each.name, compared, each.crm, refers=each.refers)
    elif each.type is FieldType.LINES:  # Dataverse has a name for each line
        for column in each.crm:
            yield FilterField(column, compared, (column,))
    else:
        options = {option.name: option.codes for option in each.options}
        yield FilterField(each.name, compared, each.crm[-1:], options)


def id_name(stored: StoredKind[Schema]) -> str:
    """What Dataverse calls the id of an entity's records."""
    if stored.entity in PARTIES:
        return "activityid"
    return "annotationid" if stored.entity == "note" else f"{stored.entity}id"


def steps_of(stored: StoredKind[Schema]) -> Mapping[str, Step]:
    """The ways from a record to another, by every name that they have.

    Dataverse names the way to one of several entities after both: `regardingobjectid_account`,
    and of an activity `regardingobjectid_account_task`.
    """
    found: dict[str, Step] = {}
    for each in fields_of(stored).values():
        if each.compared is not Compared.RECORD or each.columns in (("id",), ("owner_id",)):
            continue
        for column, entity in zip(each.columns, each.refers, strict=True):
            named = [each.name] if len(each.refers) == 1 else []
            named.append(f"{each.name}_{entity}")
            if stored.entity in PARTIES:
                named.append(f"{each.name}_{entity}_{stored.entity.replace('_', '')}")
            if each.name in _PARENTS and entity == "account":
                named.append("parentaccount")
            found |= {name: Step(name, column, entity) for name in named}
    return found


_PARENTS = frozenset({PARENT, "parentaccountid"})


def columns_in(
    stored: StoredKind[Schema], named: FilterField, rows: FromClause
) -> tuple[ColumnElement[Any], ...]:
    """What holds a field of the records in `rows`: the entity's table, or an alias of it."""
    if named.custom:
        return (_custom(named, rows),)
    if stored.entity == CONTACTS.entity and named.name == COMPANY:  # as the record shows it
        return (func.coalesce(_parent_name(rows), rows.c[COMPANY]),)
    return tuple(rows.c[column] for column in named.columns)


def _custom(named: FilterField, rows: FromClause) -> ColumnElement[Any]:
    """A custom field: all are kept as texts, in one column, and some are none of their type."""
    text: ColumnElement[Any] = rows.c[CUSTOM][named.name].as_string()
    match named.compared:
        case Compared.DAY:
            return type_coerce(text, _Day())
        case Compared.WHOLE:
            return case((text.regexp_match("^-?[0-9]{1,9}$"), cast(text, Integer)), else_=None)
        case Compared.FLAG:
            return case((text == "true", true()), (text == "false", false()), else_=None)
        case _:
            return text


class _Day(TypeDecorator[date]):
    """A day that is kept as its text, which sorts as days do."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """The text of a day."""
        del dialect
        return value.isoformat() if value is not None else None


def _parent_name(rows: FromClause) -> ColumnElement[str | None]:
    """A scalar subquery and no join: a record without an account is a record still.

    The alias keeps it apart from an account that the query around it has joined.
    """
    parent = account.alias()
    query = select(parent.c.name).where(parent.c.id == rows.c[PARENT])
    return query.correlate_except(parent).scalar_subquery()
