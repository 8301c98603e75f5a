"""Finding records the way people name them: by id, the beginning of one, a name, an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, UnaryExpression, and_, func, or_, select, true

from syncd.crm import records
from syncd.crm.database import beside_others
from syncd.crm.stored import Stored, StoredKind, columns_of
from syncd.crm.tables import account
from syncd.model.fields import FieldType
from syncd.model.kinds import Entity, Schema

SHORTEST_PREFIX = 6  # of an id, in characters
_MANY = 6  # enough to say that a name is ambiguous
_PERSON = ("firstname", "lastname")


def referred(
    conn: Connection,
    stored: StoredKind[Schema],
    reference: str,
    *,
    where: Sequence[ColumnElement[bool]] = (),
) -> list[Stored]:
    """The live records that `reference` may mean, at most a handful: one is what it means.

    An id or its beginning goes before an e-mail address or a name. `where` bounds them to what may
    be read.
    """
    return _meant(conn, stored, reference, stored.alive, *where)


def deleted(conn: Connection, stored: StoredKind[Schema], reference: str) -> list[Stored]:
    """The same of the records that were deleted: they keep their names."""
    gone = stored.table.c.deleted_at.is_not(None)
    return _meant(conn, stored, reference, stored.mine, gone)


def _meant(
    conn: Connection, stored: StoredKind[Schema], reference: str, *where: ColumnElement[bool]
) -> list[Stored]:
    wanted = reference.strip()
    if not wanted or "\x00" in wanted:
        return []  # nobody, and not whoever has no name
    if len(wanted) >= SHORTEST_PREFIX:
        begins = stored.table.c.id.startswith(wanted.lower(), autoescape=True)
        found = _some(conn, stored, begins, *where)
        if found:
            return found
    names = (*_emails(stored), *_titles(stored))
    called = or_(*(func.lower(each) == func.lower(wanted) for each in names))
    return _some(conn, stored, called, *where)


def listed(
    conn: Connection,
    stored: StoredKind[Schema],
    *,
    where: Sequence[ColumnElement[bool]] = (),
    owner_id: str | None = None,
    state: str | None = None,
    search: str | None = None,
    limit: int | None = None,
) -> tuple[int, list[Stored]]:
    """How many live records there are, and the first of them by name.

    `search` is a part of a name, an e-mail address or a company, in any case.
    """
    table = stored.table
    conditions = [stored.alive, *where]
    if owner_id is not None:
        conditions.append(table.c.owner_id == owner_id)
    if state is not None:
        conditions.append(table.c.statecode == state)
    if search:
        columns = (*_emails(stored), *_titles(stored), *_companies(stored))
        conditions.append(or_(*(each.icontains(search, autoescape=True) for each in columns)))
    everything = and_(*conditions)
    total = conn.execute(
        select(func.count()).select_from(stored.source).where(everything)
    ).scalar_one()
    order = [_in_order(conn, each) for each in _order(stored)]
    query = select(table.c.id).select_from(stored.source).where(everything)
    ids = conn.execute(query.order_by(*order, table.c.id).limit(limit)).scalars()
    return total, list(records.read(conn, stored, ids).values())


def _in_order(conn: Connection, name: ColumnElement[str]) -> UnaryExpression[str]:
    """By a name, one letter after the other, nameless ones first: alike on every database."""
    lower: ColumnElement[str] = func.lower(name)
    return (lower.collate("C") if beside_others(conn) else lower).nulls_first()


def pointing(stored: StoredKind[Schema], held: Mapping[str, str]) -> ColumnElement[bool]:
    """The condition of records that hold these references, each by its field."""
    columns = columns_of(stored.kind, held)
    mine = (stored.table.c[name] == value for name, value in columns.items() if value is not None)
    return and_(true(), *mine)


def _emails(stored: StoredKind[Schema]) -> list[ColumnElement[Any]]:
    found = [each for each in stored.kind.fields if each.type is FieldType.EMAIL and each.crm]
    return [stored.table.c[each.crm[0]] for each in found]


def _titles(stored: StoredKind[Schema]) -> list[ColumnElement[Any]]:
    """What a record is called: one column, or first and last name together; a lead's topic, too."""
    columns = stored.table.c
    if not set(_PERSON) <= set(columns.keys()):
        titled = stored.kind.titled if isinstance(stored.kind, Entity) else ()
        return [columns[name] for name in titled]
    first, last = (func.coalesce(columns[name], "") for name in _PERSON)
    topics = [columns.subject] if "subject" in columns else []
    return [func.trim(first + " " + last), *topics]


def _companies(stored: StoredKind[Schema]) -> list[ColumnElement[Any]]:
    own: list[ColumnElement[Any]] = []
    if "companyname" in stored.table.c:
        own = [stored.table.c.companyname]
    joined = "parentcustomerid" in stored.table.c
    return [*own, account.c.name] if joined else own


def _order(stored: StoredKind[Schema]) -> list[ColumnElement[Any]]:
    columns = stored.table.c
    if set(_PERSON) <= set(columns.keys()):
        return [columns.lastname, columns.firstname]
    return [columns[name] for name in ("name", "subject") if name in columns]


def _some(
    conn: Connection, stored: StoredKind[Schema], *where: ColumnElement[bool]
) -> list[Stored]:
    query = select(stored.table.c.id).where(*where)
    ids = conn.execute(query.order_by(stored.table.c.id).limit(_MANY)).scalars()
    return list(records.read(conn, stored, ids).values())
