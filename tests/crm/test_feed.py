"""The change feed: numbered in commit order, written with the change or not at all."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import Engine

from syncd.crm import feed, lifecycle, records
from syncd.crm.database import open_database, read, write
from syncd.crm.feed import Actor, ActorKind, Change, Verb
from syncd.crm.records import CONTACTS
from tests.crm.conftest import BY_HAND, FROM_OUTLOOK, LATER, NOON, Store


def add(engine: Engine, store: Store, name: str) -> None:
    """Create a contact in a transaction of its own."""
    with write(engine) as conn:
        records.create(
            conn, CONTACTS, {"lastname": name}, owner_id=store.ann.id, actor=BY_HAND, at=NOON
        )


def test_a_change_says_what_who_and_when(store: Store) -> None:
    """Fields by logical name in the order of the map, the extras after them."""
    with write(store.engine) as conn:
        start = feed.latest(conn)
        given = {"accountrolecode": "User", "address1_line1": "a\nb", "lastname": "A", "fax": None}
        made = records.create(conn, CONTACTS, given, owner_id=store.ann.id, actor=BY_HAND, at=NOON)
        moved = {"address1_line1": "a"}
        records.update(conn, CONTACTS, made.id, moved, expected=1, actor=FROM_OUTLOOK, at=LATER)
        lifecycle.delete(conn, CONTACTS, made.id, BY_HAND, LATER)
    created = ("lastname", "address1_line1", "accountrolecode")
    with read(store.engine) as conn:
        changes = [
            (created, Verb.CREATE, BY_HAND, NOON),
            (tuple(moved), Verb.UPDATE, FROM_OUTLOOK, LATER),
            ((), Verb.DELETE, BY_HAND, LATER),
        ]
        assert feed.since(conn, start) == [
            Change(start + n, "contact", made.id, *change, None)
            for n, change in enumerate(changes, start=1)
        ]
        assert [each.number for each in feed.since(conn, start, limit=2)] == [start + 1, start + 2]
        assert feed.since(conn, start + 3) == []
        assert feed.since(conn, start, kind="lead") == []
        assert feed.latest(conn) == start + 3


def test_an_empty_feed_is_at_zero(engine: Engine) -> None:
    """A reader that has seen nothing begins after 0."""
    with read(engine) as conn:
        assert feed.latest(conn) == 0
        assert feed.since(conn, 0) == []


def test_what_is_rolled_back_is_in_no_feed(store: Store) -> None:
    """The line belongs to the transaction of its change."""
    with read(store.engine) as conn:
        before = feed.latest(conn)

    def interrupted() -> None:
        with write(store.engine) as conn:
            records.create(
                conn, CONTACTS, {"lastname": "A"}, owner_id=store.ann.id, actor=BY_HAND, at=NOON
            )
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    with read(store.engine) as conn:
        assert feed.latest(conn) == before
        assert records.members(conn, CONTACTS, CONTACTS.table.c.id.is_not(None)) == []


def test_numbers_come_in_commit_order_under_concurrent_writers(store: Store) -> None:
    """A reader that goes on from the last number it saw misses nothing."""
    url = store.engine.url.render_as_string(hide_password=False)
    with read(store.engine) as conn:
        start = feed.latest(conn)
    writers, each_writes = 3, 25
    done = threading.Event()
    seen: list[int] = []

    def writer(name: str) -> None:
        engine = open_database(url)
        for number in range(each_writes):
            add(engine, store, f"{name}{number}")
        engine.dispose()

    def reader() -> None:
        engine = open_database(url)
        cursor = start
        while True:
            last_round = done.is_set()
            with read(engine) as conn:
                changes = feed.since(conn, cursor)
            seen.extend(change.number for change in changes)
            cursor = changes[-1].number if changes else cursor
            if last_round:
                break
            time.sleep(0.001)
        engine.dispose()

    threads = [threading.Thread(target=writer, args=(name,)) for name in "abc"[:writers]]
    watching = threading.Thread(target=reader)
    for thread in [watching, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watching.join()
    with read(store.engine) as conn:
        everything = [change.number for change in feed.since(conn, start)]
    assert len(everything) == writers * each_writes
    assert seen == everything


def test_a_writer_waits_for_the_one_before_it(store: Store) -> None:
    """Writers begin IMMEDIATE: the second waits instead of failing, and sees what the first did."""
    begun, results = threading.Event(), []

    def second() -> None:
        begun.wait()
        with write(store.engine) as conn:
            results.append(feed.latest(conn))

    waiting = threading.Thread(target=second)
    waiting.start()
    with write(store.engine) as conn:
        before = feed.latest(conn)
        begun.set()
        time.sleep(0.05)
        records.create(
            conn, CONTACTS, {"lastname": "A"}, owner_id=store.ann.id, actor=BY_HAND, at=NOON
        )
    waiting.join()
    assert results == [before + 1]


def test_only_a_mailbox_is_where_a_value_came_from() -> None:
    """A user's name is no mailbox, though it may look like one."""
    mailboxes = {kind: Actor(kind, "ann@contoso.com").mailbox for kind in ActorKind}
    assert mailboxes.pop(ActorKind.MAILBOX) == "ann@contoso.com"
    assert set(mailboxes.values()) == {None}
