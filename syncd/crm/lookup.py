"""Finding contacts the way people name them: by id, the beginning of one, a name, an address."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, UnaryExpression, and_, func, or_, select

from syncd.crm import records
from syncd.crm.contacts import CONTACTS
from syncd.crm.database import beside_others
from syncd.crm.stored import Stored
from syncd.crm.tables import account, contact

SHORTEST_PREFIX = 6  # of an id, in characters
_EMAILS = (contact.c.emailaddress1, contact.c.emailaddress2, contact.c.emailaddress3)
_MANY = 6  # enough to say that a name is ambiguous


def referred(conn: Connection, reference: str) -> list[Stored]:
    """The live contacts that `reference` may mean, at most a handful: one is what it means.

    An id or its beginning goes before an e-mail address or a name.
    """
    wanted = reference.strip()
    if not wanted:
        return []  # nobody, and not whoever has no name
    if len(wanted) >= SHORTEST_PREFIX:
        found = _some(conn, contact.c.id.startswith(wanted.lower(), autoescape=True))
        if found:
            return found
    full = func.trim(
        func.coalesce(contact.c.firstname, "") + " " + func.coalesce(contact.c.lastname, "")
    )
    names = (*_EMAILS, full)
    return _some(conn, or_(*(func.lower(each) == func.lower(wanted) for each in names)))


def listed(
    conn: Connection,
    *,
    owner_id: str | None = None,
    search: str | None = None,
    limit: int | None = None,
) -> tuple[int, list[Stored]]:
    """How many live contacts there are, and the first of them by last and first name.

    `search` is a part of a name, an e-mail address or a company, in any case.
    """
    where: list[ColumnElement[bool]] = [contact.c.deleted_at.is_(None)]
    if owner_id is not None:
        where.append(contact.c.owner_id == owner_id)
    if search:
        full = func.coalesce(contact.c.firstname, "") + " " + func.coalesce(contact.c.lastname, "")
        columns = (full, *_EMAILS, contact.c.companyname, account.c.name)
        where.append(or_(*(each.icontains(search, autoescape=True) for each in columns)))
    source = CONTACTS.source
    total = conn.execute(select(func.count()).select_from(source).where(and_(*where))).scalar_one()
    names = (_in_order(conn, each) for each in (contact.c.lastname, contact.c.firstname))
    query = (
        select(contact.c.id).select_from(source).where(and_(*where)).order_by(*names, contact.c.id)
    )
    ids = conn.execute(query.limit(limit)).scalars()
    return total, list(records.read(conn, CONTACTS, ids).values())


def _in_order(conn: Connection, name: ColumnElement[str]) -> UnaryExpression[str]:
    """By a name, one letter after the other, nameless ones first: alike on every database."""
    lower: ColumnElement[str] = func.lower(name)
    return (lower.collate("C") if beside_others(conn) else lower).nulls_first()


def _some(conn: Connection, where: ColumnElement[bool]) -> list[Stored]:
    query = select(contact.c.id).where(contact.c.deleted_at.is_(None), where)
    ids = conn.execute(query.order_by(contact.c.id).limit(_MANY)).scalars()
    return list(records.read(conn, CONTACTS, ids).values())
