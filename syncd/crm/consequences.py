"""What a write of one record entails for others, in the same transaction.

An account's name is its contacts' company. What else of an account a filter may ask for changes
nothing in its contacts, but possibly whose mailbox they are in: these are touched. And a contact
that goes to another account cannot stand for the one it leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from syncd.crm import duplicate_keys, feed
from syncd.crm.contacts import CONTACTS
from syncd.crm.entities import ACCOUNTS
from syncd.crm.feed import Actor, Entry, Verb
from syncd.crm.rows import chunks, origins_after, rows_of, turned, write_rows
from syncd.crm.stored import Row, StoredKind, Written
from syncd.crm.tables import account, contact, utc
from syncd.model.kinds import Schema

# Columns of an account that are no fields, and that filters over its contacts can name.
MEMBERSHIP = frozenset({"owner_id", "statecode", "statuscode", "parentaccountid"})


def follow(
    conn: Connection,
    stored: StoredKind[Schema],
    written: Sequence[Written],
    actor: Actor,
    at: datetime,
) -> None:
    """Do what these writes entail."""
    entailed = _ENTAILED.get(stored.entity)
    changed = [each for each in written if each.before is not None]
    if entailed is not None and changed:
        entailed(conn, changed, actor, at)


def _account(conn: Connection, written: Sequence[Written], actor: Actor, at: datetime) -> None:
    renamed = [each for each in written if _differs(each, "name")]
    for some in chunks(str(each.row["id"]) for each in renamed):
        _show(conn, CONTACTS, contact.c.parentcustomerid.in_(some), ("companyname",), actor, at)
    # A filter may go by any field of the account. The name is shown in its contacts besides, which
    # makes it a change of theirs.
    moved = [
        each for each in written if each.names or any(_differs(each, name) for name in MEMBERSHIP)
    ]
    touch_contacts_of(conn, [str(e.row["id"]) for e in moved if e not in renamed], actor, at)


def touch_contacts_of(
    conn: Connection, accounts: Sequence[str], actor: Actor, at: datetime
) -> None:
    """Say of the contacts of these accounts that their membership is to be looked at anew."""
    for some in chunks(accounts):
        query = select(contact.c.id).where(
            contact.c.parentcustomerid.in_(some), contact.c.deleted_at.is_(None)
        )
        entries = [
            Entry(CONTACTS.entity, each, Verb.TOUCH, ("parentcustomerid",))
            for each in conn.scalars(query.order_by(contact.c.id))
        ]
        feed.append(conn, entries, actor=actor, at=utc(at))


def _contact(conn: Connection, written: Sequence[Written], actor: Actor, at: datetime) -> None:
    homes = {
        str(each.row["id"]): each.row["parentcustomerid"]
        for each in written
        if _differs(each, "parentcustomerid")
    }
    for some in chunks(homes):
        query = select(account.c.id).where(ACCOUNTS.alive, account.c.primarycontactid.in_(some))
        rows = rows_of(conn, ACCOUNTS, conn.scalars(query), lock=True)
        left = [r for r in rows.values() if homes[str(r["primarycontactid"])] != r["id"]]
        relink(conn, ACCOUNTS, left, {"primarycontactid": None}, actor, at)


def relink(
    conn: Connection,
    stored: StoredKind[Schema],
    rows: Sequence[Row],
    columns: Mapping[str, object],
    actor: Actor,
    at: datetime,
) -> None:
    """Change what locked rows point to, also those of closed records: that is no edit of them."""
    at = utc(at)
    names = stored.names_of(columns)  # a contact that moves shows the name of its account
    changed = [
        turned(
            row,
            {**columns, "origins": origins_after(stored, row["origins"], names, actor, at)},
            actor,
            at,
        )
        for row in rows
    ]
    write_rows(conn, stored, changed, columns)
    if stored.keyed:
        now = rows_of(conn, stored, (str(row["id"]) for row in rows))
        duplicate_keys.put(conn, stored, [Written(row, now[str(row["id"])], names) for row in rows])
    entries = [Entry(stored.entity, str(row["id"]), Verb.UPDATE, names) for row in rows]
    feed.append(conn, entries, actor=actor, at=at)
    if stored is ACCOUNTS:
        written = [Written(before, row, names) for before, row in zip(rows, changed, strict=True)]
        _account(conn, written, actor, at)


def _show(
    conn: Connection,
    stored: StoredKind[Schema],
    where: ColumnElement[bool],
    fields: Sequence[str],
    actor: Actor,
    at: datetime,
) -> None:
    """Say of the live records under `where` that these fields, shown from elsewhere, changed."""
    at = utc(at)
    query = select(stored.table.c.id).where(stored.alive, where).order_by(stored.table.c.id)
    ids = list(conn.scalars(query))
    rows = [
        turned(
            before,
            {"origins": origins_after(stored, before["origins"], fields, actor, at)},
            actor,
            at,
        )
        for before in rows_of(conn, stored, ids, lock=True).values()
    ]
    write_rows(conn, stored, rows, set())
    duplicate_keys.put(conn, stored, [Written(row, row, tuple(fields)) for row in rows])
    entries = [Entry(stored.entity, each, Verb.UPDATE, tuple(fields)) for each in ids]
    feed.append(conn, entries, actor=actor, at=at)


def _differs(each: Written, column: str) -> bool:
    return each.before is not None and each.before[column] != each.row[column]


_ENTAILED: Mapping[str, Callable[[Connection, Sequence[Written], Actor, datetime], None]] = {
    ACCOUNTS.entity: _account,
    CONTACTS.entity: _contact,
}
