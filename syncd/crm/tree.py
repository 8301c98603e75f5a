"""An account seen with all that is below it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select, true

from syncd.crm import records
from syncd.crm.contacts import CONTACTS
from syncd.crm.custom import stored_of
from syncd.crm.entities import ACCOUNTS
from syncd.crm.errors import NoSuchRecord
from syncd.crm.hierarchy import PARENT
from syncd.crm.rows import chunks
from syncd.crm.stored import Stored
from syncd.crm.tables import account, contact


@dataclass(frozen=True, slots=True)
class Branch:
    """One account, its own contacts, and the accounts right below it, by name."""

    account: Stored
    contacts: tuple[Stored, ...]
    below: tuple[Branch, ...]


def tree_of(
    conn: Connection,
    account_id: str,
    *,
    accounts: ColumnElement[bool] | None = None,
    contacts: ColumnElement[bool] | None = None,
) -> Branch:
    """An account with everything below it. Raises NoSuchRecord.

    `accounts` and `contacts` bound them to what may be read. An account that may not be read hides
    those below it.
    """
    accounts = true() if accounts is None else accounts
    contacts = true() if contacts is None else contacts
    found = records.read(
        conn, ACCOUNTS, records.members_among(conn, ACCOUNTS, accounts, [account_id])
    )
    if account_id not in found:
        raise NoSuchRecord(ACCOUNTS.entity, account_id)
    below: dict[str, list[Stored]] = defaultdict(list)
    level = [account_id]
    while level:
        nearest: list[str] = []
        for chunk in chunks(level):
            below_these = account.c[PARENT].in_(chunk)
            query = select(account.c.id).where(ACCOUNTS.alive, accounts, below_these)
            nearest += conn.scalars(query)
        held = records.read(conn, ACCOUNTS, nearest)
        for each in held.values():
            below[str(each.record.fields[PARENT])].append(each)
        found |= held
        level = nearest
    people: dict[str, list[Stored]] = defaultdict(list)
    for chunk in chunks(found):
        of_these = contact.c.parentcustomerid.in_(chunk)
        query = select(contact.c.id).where(CONTACTS.alive, contacts, of_these)
        contacts_kept = stored_of(conn, CONTACTS.entity)
        for each in records.read(conn, contacts_kept, conn.scalars(query)).values():
            people[str(each.extras["parentcustomerid"])].append(each)
    return _branch(found[account_id], below, people)


def _branch(top: Stored, below: dict[str, list[Stored]], people: dict[str, list[Stored]]) -> Branch:
    ordered = sorted(below[top.id], key=_by_name)
    return Branch(
        top,
        tuple(sorted(people[top.id], key=_by_name)),
        tuple(_branch(each, below, people) for each in ordered),
    )


def _by_name(each: Stored) -> tuple[str, str]:
    return each.name.lower(), each.id
