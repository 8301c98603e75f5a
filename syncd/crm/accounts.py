"""The accounts: the companies that contacts belong to. Two accounts may bear the same name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, select

from syncd.crm import records
from syncd.crm.checking import MAX_TEXT, checked_text
from syncd.crm.entities import ACCOUNTS
from syncd.crm.errors import NoSuchAccount, NoSuchRecord
from syncd.crm.feed import Actor
from syncd.crm.stored import Stored
from syncd.crm.tables import account
from syncd.model.normal import text
from syncd.model.states import ACTIVE

KIND = ACCOUNTS.entity


@dataclass(frozen=True, slots=True)
class Account:
    """One account, in short. `name` is one line, its white space folded."""

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
    """Create an account. Raises InvalidValue, NoSuchOwner, RecordExists."""
    return _short(
        records.create(conn, ACCOUNTS, {"name": name}, owner_id=owner_id, actor=actor, at=at, id=id)
    )


def get(conn: Connection, account_id: str) -> Account | None:
    """The account with this id, unless it was deleted."""
    row = conn.execute(select(account).where(account.c.id == account_id, ACCOUNTS.alive)).first()
    return None if row is None else _account(row)


def called(conn: Connection, name: str) -> list[Account]:
    """The active accounts of exactly this name; case counts, white space does not."""
    here = ACCOUNTS.alive & (account.c.statecode == ACTIVE)
    query = select(account).where(account.c.name == text(name), here)
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
    query = select(account).where(ACCOUNTS.alive)
    rows = sorted(conn.execute(query), key=lambda row: (row.name, row.id))
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
    try:
        return _short(
            records.update(
                conn, ACCOUNTS, account_id, {"name": name}, expected=expected, actor=actor, at=at
            )
        )
    except NoSuchRecord as error:
        raise NoSuchAccount(account_id) from error


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(row.id, row.name, row.owner_id, row.statecode == ACTIVE, row.version)


def _short(made: Stored) -> Account:
    return Account(made.id, made.name, made.owner_id, made.active, made.version)
