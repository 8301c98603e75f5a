"""The change feed: numbered in commit order, written with the change or not at all."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from syncd.crm import feed, lifecycle, records
from syncd.crm.database import open_database, read, write
from syncd.crm.feed import Actor, ActorKind, Change, Entry, Verb
from syncd.crm.records import CONTACTS
from tests.conftest import POSTGRESQL, SQLITE
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


@pytest.mark.parametrize(("first", "second"), [(False, True), (True, False), (True, True)])
def test_a_writer_that_is_alone_waits_for_the_one_before_it(
    store: Store, first: bool, second: bool
) -> None:
    """And is waited for: the second waits instead of failing, and sees what the first did."""
    begun, results = threading.Event(), []

    def follow() -> None:
        begun.wait()
        with write(store.engine, alone=second) as conn:
            results.append(feed.latest(conn))

    with read(store.engine) as conn:
        before = feed.latest(conn)
    waiting = threading.Thread(target=follow)
    waiting.start()
    with write(store.engine, alone=first) as conn:
        begun.set()
        time.sleep(0.05)
        records.create(
            conn, CONTACTS, {"lastname": "A"}, owner_id=store.ann.id, actor=BY_HAND, at=NOON
        )
    waiting.join()
    assert results == [before + 1]


def test_what_is_rolled_back_does_not_enter_with_the_next_transaction(store: Store) -> None:
    """The connection beneath is used again; what one transaction collected is its own."""
    with read(store.engine) as conn:
        before = feed.latest(conn)
    for name, fails in (("lost", True), ("kept", False)):
        with suppress(InterruptedError), write(store.engine) as conn:
            fields = {"lastname": name}
            records.create(conn, CONTACTS, fields, owner_id=store.ann.id, actor=BY_HAND, at=NOON)
            if fails:
                raise InterruptedError
    with read(store.engine) as conn:
        (line,) = feed.since(conn, before)
        (kept,) = records.members(conn, CONTACTS, CONTACTS.table.c.id.is_not(None))
        assert line.id == kept


def test_a_reader_of_the_feed_goes_by_an_index(store: Store) -> None:
    """Its cost follows what changed, not how much ever did."""
    kinds = ("contact" if n % 500 else "account" for n in range(5_000))
    made = [Entry(kind, f"{n}", Verb.CREATE, ()) for n, kind in enumerate(kinds)]
    with write(store.engine) as conn:
        feed.append(conn, made, actor=BY_HAND, at=NOON)
    with write(store.engine) as conn:
        conn.execute(text("ANALYZE"))
        newest = feed.latest(conn)
    asked: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, values: Any, *_: Any) -> None:
        del conn, cursor
        asked.append((statement, values))

    with read(store.engine) as conn:
        event.listen(conn, "before_cursor_execute", note)
        feed.latest(conn)
        feed.since(conn, newest - 30, 10)
        feed.since(conn, newest - 4_000, 10, kind="account")
        event.remove(conn, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN" if conn.dialect.name == SQLITE else "EXPLAIN"
        plans = [
            conn.exec_driver_sql(f"{explain} {query}", values).all() for query, values in asked
        ]
    told = ["\n".join(str(row[-1]) for row in plan) for plan in plans]
    scans = r"SEARCH crm_change|Index (Only )?Scan"
    assert all(re.search(scans, each) and "Seq Scan" not in each for each in told), told
    assert "ix_crm_change_kind_number" in told[2]
    assert "SORT" not in "".join(told).upper()


@pytest.mark.parametrize("kept_in", [POSTGRESQL], indirect=True)
class TestWritersBesideEachOther:
    """On PostgreSQL writers are at work at the same time; the order of their numbers is theirs."""

    def test_who_commits_later_has_the_higher_number(self, store: Store) -> None:
        """A reader that follows the feed never meets a number below one that it has passed."""
        follower = Follower(store)
        with write(store.engine) as first:
            mine = created(first, store, "first")
            with write(store.engine) as second:
                theirs = created(second, store, "second")
            follower.look()
            assert follower.met == [theirs]
        follower.look()
        assert follower.met == [theirs, mine]

    def test_nobody_commits_between_a_number_and_its_commit(self, store: Store) -> None:
        """Who draws a number keeps the others from drawing one until it is committed."""
        follower, begun, done = Follower(store), threading.Event(), threading.Event()
        ids: list[str] = []

        def follow() -> None:
            with write(store.engine) as conn:
                ids.append(created(conn, store, "second"))
                begun.set()
            done.set()

        second = threading.Thread(target=follow)

        def just_before_the_commit(conn: Connection) -> None:
            del conn
            second.start()
            assert begun.wait(10)
            assert not done.wait(0.2)
            follower.look()

        with write(store.engine) as conn:
            ids.append(created(conn, store, "first"))
            event.listen(conn, "commit", just_before_the_commit)
        second.join()
        assert follower.met == []
        follower.look()
        assert follower.met == ids


def created(conn: Connection, store: Store, name: str) -> str:
    """The id of a new contact."""
    fields = {"lastname": name}
    return records.create(conn, CONTACTS, fields, owner_id=store.ann.id, actor=BY_HAND, at=NOON).id


class Follower:
    """Reads the feed as a mailbox does, from the last number it has seen. `met` are the ids."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine
        self.met: list[str] = []
        with read(self._engine) as conn:
            self._passed = feed.latest(conn)

    def look(self) -> None:
        """Take what is new."""
        with read(self._engine) as conn:
            for each in feed.since(conn, self._passed):
                self.met.append(each.id)
                self._passed = each.number


def test_only_a_mailbox_is_where_a_value_came_from() -> None:
    """A user's name is no mailbox, though it may look like one."""
    mailboxes = {kind: Actor(kind, "ann@contoso.com").mailbox for kind in ActorKind}
    assert mailboxes.pop(ActorKind.MAILBOX) == "ann@contoso.com"
    assert set(mailboxes.values()) == {None}
