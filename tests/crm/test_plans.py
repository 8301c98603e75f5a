"""With 50,000 contacts every look-up of the daily round goes by an index."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Index, Table, event, select

from syncd.crm import cascades, duplicates, feed, lookup, records
from syncd.crm.contacts import CONTACTS
from syncd.crm.database import read, write
from syncd.crm.entities import ACCOUNTS, TASKS
from syncd.crm.tables import account, activity, contact, crm_change, duplicate_key, external_key
from syncd.settings.configuration import DEFAULT_FILTER
from syncd.settings.filters import Filter
from tests.crm.filling import Filling, person

MANY = Filling(contacts=50_000, mine=500)
SOME = MANY.contact(12_340)

Asked = Callable[[Connection], object]


def by(table: Table, *columns: str) -> Index:
    """The index of a table over these columns."""
    return next(i for i in table.indexes if tuple(c.name for c in i.columns) == columns)


def membership(conn: Connection) -> object:
    """Which contacts belong in my mailbox, by the filter that comes with the product."""
    where = Filter.parse(DEFAULT_FILTER, CONTACTS).where(MANY.me, today=date(2026, 11, 23))
    found = records.members(conn, CONTACTS, where)
    assert len(found) > MANY.mine * 0.9
    return found


def known(conn: Connection) -> object:
    """Who is there already that is like somebody."""
    found = duplicates.find(conn, CONTACTS, person(12_340), "US")
    assert found[0].record.id == SOME
    return found


def has(found: object) -> object:
    """What was found, which is something."""
    assert found
    return found


# what is asked → how, and the index without which it would read a table through
ASKED: dict[str, tuple[Asked, Index | None]] = {
    "membership by the default filter": (membership, by(contact, "owner_id")),
    "who is like somebody": (known, None),
    "the feed after a number": (lambda conn: has(feed.since(conn, 4_900)), None),
    "one kind's feed after a number": (
        lambda conn: has(feed.since(conn, 4_900, kind="contact")), None,
    ),
    "the contacts of an account": (
        lambda conn: has(conn.execute(select(contact.c.id).where(
            CONTACTS.alive, contact.c.parentcustomerid == MANY.account(12_340))).all()),
        by(contact, "parentcustomerid"),
    ),
    "the accounts below an account": (
        lambda conn: has(conn.execute(select(account.c.id).where(
            ACCOUNTS.alive, account.c.parentaccountid == MANY.account(0))).all()),
        by(account, "parentaccountid"),
    ),
    "what is about a contact": (
        lambda conn: has(conn.execute(select(activity.c.id).where(
            TASKS.alive, activity.c.regarding_contact_id == SOME)).all()),
        by(activity, "regarding_contact_id"),
    ),
    "what goes along with a contact": (
        lambda conn: has(cascades.taken_along(conn, CONTACTS, SOME, cascades.Deed.DELETE)),
        by(activity, "regarding_contact_id"),
    ),
    "what is known by a key from elsewhere": (
        lambda conn: has(conn.execute(select(external_key.c.record_id).where(
            external_key.c.source == "d365", external_key.c.entity == "contact",
            external_key.c.key == "00012340")).all()),
        None,
    ),
    "whose the contacts are": (
        lambda conn: has(lookup.listed(conn, CONTACTS, owner_id=MANY.me, limit=20)[1]),
        by(contact, "owner_id"),
    ),
}  # fmt: skip

LARGE = {
    each.name for each in (contact, account, activity, external_key, duplicate_key, crm_change)
}


@contextmanager
def heard(conn: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed meanwhile, with what is bound."""
    statements: list[tuple[str, Any]] = []

    def hear(_: object, __: object, statement: str, bound: Any, *___: object) -> None:
        statements.append((statement, bound))

    event.listen(conn, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(conn, "before_cursor_execute", hear)


def scanned(conn: Connection, ask: Asked) -> list[str]:
    """The tables that the database reads from one end to the other to answer."""
    with heard(conn) as statements:
        ask(conn)
    assert statements
    found = [each for statement, bound in statements for each in _scans(conn, statement, bound)]
    return sorted(set(found) & LARGE)


def _scans(conn: Connection, statement: str, bound: Any) -> Iterator[str]:
    if conn.dialect.name == "sqlite":
        for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", bound):
            scan = re.match(r"SCAN (\w+)", row.detail)
            if scan:
                yield scan[1]
        return
    (plan,) = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", bound).scalars()
    nodes = [(plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            yield node["Relation Name"]


@pytest.mark.timeout(300)
def test_no_table_is_read_through(engine: Engine) -> None:
    """Each look-up goes by an index; and would not without it, so this cannot pass by itself."""
    MANY.fill(engine)
    with read(engine) as conn:
        read_through = {name: scanned(conn, ask) for name, (ask, _) in ASKED.items()}
    small = read_through.pop("whose the contacts are")
    assert set(small) <= {
        account.name
    }  # 500 contacts and their 1,000 accounts: either way is right
    assert read_through == {name: [] for name in ASKED if name in read_through}
    for name, (ask, index) in ASKED.items():
        if index is not None:
            with write(engine) as conn:
                index.drop(conn)
            with read(engine) as conn:
                assert scanned(conn, ask) != [], name
            with write(engine) as conn:
                index.create(conn)
