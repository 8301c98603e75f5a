"""The accounts: the companies that contacts belong to. Two accounts may bear the same name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select, update

from syncd.crm import feed, records
from syncd.crm.errors import InvalidValue, NoSuchAccount, NoSuchOwner, StaleRecord
from syncd.crm.feed import Actor, Entry, Verb
from syncd.crm.stored import MAX_TEXT, checked_text
from syncd.crm.tables import ACTIVE, account, contact, user, utc
from syncd.model.normal import text

KIND = "account"


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `name` is one line, its white space folded."""

    id: str
    name: str
    owner_id: str
    active: bool
    version: int


def create(
    conn: Connection,
    name: str,
    *,
    owner_id: str,
    actor: Actor,
    at: datetime,
    id: str | None = None,  # noqa: A002
) -> Account:
    """Create an account. Raises InvalidValue, NoSuchOwner."""
    folded = _name(name)
    if conn.execute(select(user.c.id).where(user.c.id == owner_id)).first() is None:
        raise NoSuchOwner(owner_id)
    made = Account(id or str(uuid4()), folded, owner_id, active=True, version=1)
    conn.execute(
        insert(account).values(
            id=made.id,
            name=folded,
            owner_id=owner_id,
            statecode=ACTIVE,
            version=1,
            created_at=utc(at),
            modified_at=utc(at),
        )
    )
    feed.append(conn, [Entry(KIND, made.id, Verb.CREATE, ("name",))], actor=actor, at=at)
    return made


def get(conn: Connection, account_id: str) -> Account | None:
    """The account with this id."""
    row = conn.execute(select(account).where(account.c.id == account_id)).one_or_none()
    return None if row is None else _account(row)


def called(conn: Connection, name: str) -> list[Account]:
    """The active accounts of exactly this name; case counts, white space does not."""
    query = select(account).where(account.c.name == text(name), account.c.statecode == ACTIVE)
    return [_account(row) for row in conn.execute(query.order_by(account.c.id))]


def find(conn: Connection, id_or_name: str) -> Account:
    """The account of this id, or the only one of this name.

    Raises NoSuchAccount, and InvalidValue on what can be neither.
    """
    checked_text("account", id_or_name, MAX_TEXT)
    by_id = get(conn, id_or_name)
    found = [by_id] if by_id else called(conn, id_or_name)
    if len(found) != 1:
        raise NoSuchAccount(id_or_name, len(found))
    return found[0]


def every(conn: Connection) -> list[Account]:
    """All accounts, by name."""
    rows = sorted(conn.execute(select(account)), key=lambda row: (row.name, row.id))
    return [_account(row) for row in rows]


def rename(
    conn: Connection,
    account_id: str,
    name: str,
    *,
    actor: Actor,
    at: datetime,
    expected: int | None = None,
) -> Account:
    """Rename an account. Its contacts change with it: they show its name as their company.

    Raises NoSuchAccount, StaleRecord, InvalidValue.
    """
    folded = _name(name)
    before = get(conn, account_id)
    if before is None:
        raise NoSuchAccount(account_id)
    if expected is not None and before.version != expected:
        raise StaleRecord(KIND, account_id, expected, before.version)
    if before.name == folded:
        return before
    conn.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(name=folded, version=before.version + 1, modified_at=utc(at))
    )
    feed.append(conn, [Entry(KIND, account_id, Verb.UPDATE, ("name",))], actor=actor, at=at)
    theirs = contact.c.parentcustomerid == account_id
    records.touch(conn, records.CONTACTS, theirs, ("companyname",), actor, at)
    return Account(account_id, folded, before.owner_id, before.active, before.version + 1)


def _name(name: str) -> str:
    folded = text(checked_text("name", name, MAX_TEXT) or "")
    if folded is None:
        raise InvalidValue("name", "an account has a name")
    return folded


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(row.id, row.name, row.owner_id, row.statecode == ACTIVE, row.version)
