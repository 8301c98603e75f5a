"""What a run remembers is never ahead of what its store knows, and no request is given up too soon.

The pairs of steps whose order matters, each torn where the wrong order would lose or double.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, event, update

from syncd.crm import database, transaction
from syncd.model.policy import Limits
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sync import alerts
from syncd.sync.report import Outcome
from syncd.sync.tables import mailbox
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, WRITES, World
from tests.sync.worlds import Memory


def firsts(world: World) -> list[str]:
    """Who is in Alice's folder."""
    return sorted(str(each["firstname"]) for each in world.items())


def durably(engine: Engine) -> list[bool]:
    """Whether each writing transaction from here on waits for the disk."""
    told: list[bool] = []

    def begun(conn: object) -> None:
        as_what = transaction.begun_as(conn)  # type: ignore[arg-type]
        if as_what.writes:
            told.append(as_what.durable)

    event.listen(engine, "begin", begun)
    return told


def test_grace_counts_from_the_unanswered_request(memory: Memory) -> None:
    """A slow batch: its last request is on its way long after it was journalled (P3)."""
    world, servers = memory
    server = servers[ALICE]
    world.settle()
    server.at_once = 2
    world.new_many([{"firstname": f"N{n}"} for n in range(4)])
    sent = 0

    def slow(call: str, effect: Effect) -> object:
        nonlocal sent
        if call != "create":
            return effect()
        sent += 1
        if sent == 1:
            world.pass_time(seconds=150)
            return effect()
        server.late.append(effect)
        raise MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "the server did not answer")

    server.meddle = slow
    world.sync()
    server.meddle = run
    world.sync()  # at once, while the second request is still being carried out
    server.commit_late()
    world.pass_time(minutes=5)
    world.settle()
    assert firsts(world) == ["N0", "N1", "N2", "N3"]


def test_a_run_ends_when_its_store_forgot(memory: Memory, store: Path) -> None:
    """The database comes back without its last moments: no cursor passes what is not there (P1).

    Of three pages the first one is forgotten while the second one is read.
    """
    world, servers = memory
    world.settle()
    for n in range(1_100):
        world.hand().add({"firstname": f"N{n}", "categories": ("CRM",)})
    kept = sqlite3.connect(":memory:")
    pages = 0

    def forgets(call: str, effect: Effect) -> object:
        nonlocal pages
        if call == "changes":
            pages += 1
            with closing(sqlite3.connect(store)) as live:
                if pages == 1:
                    live.backup(kept)
                if pages == 2:
                    kept.backup(live)
        return effect()

    servers[ALICE].meddle = forgets
    report = world.sync()
    assert "lost the last moments" in str(report.error)
    assert pages == 2
    servers[ALICE].meddle = run
    world.policy(limits=Limits(9999, 9999, 1.0, 9999, 9999))
    world.sync()
    world.settle()
    assert len(world.all_records()) == 1_100


def test_a_store_that_forgets_is_no_failure_of_the_mailbox(memory: Memory) -> None:
    """However often in a row: nobody is alarmed, and nothing is put off (P10).

    What is left of the lease is what it was before it was prolonged last.
    """
    world, servers = memory
    world.settle()
    record, due = world.new(firstname="Ann"), world.state().due

    def forgets(call: str, effect: Effect) -> object:
        del call
        with database.write(world.engine) as conn:
            conn.execute(update(mailbox).values(lease_until=world.time()))
        return effect()

    servers[ALICE].meddle = forgets
    for _ in range(alerts.FAILURES + 1):
        world.pass_time(minutes=1)
        report = world.sync()
        assert report.outcome is Outcome.FAILED
        assert "lost the last moments" in str(report.error)
        stand = world.state()
        assert (stand.failures, stand.due, stand.lease_until) == (0, due, None)
    with database.read(world.engine) as conn:
        assert not alerts.every(conn)
    servers[ALICE].meddle = run
    world.settle()
    assert world.item_of(record)["firstname"] == "Ann"


def test_the_lease_is_on_disk_before_a_request(memory: Memory) -> None:
    """What was prolonged between two requests is not forgotten while the second is on its way."""
    world, servers = memory
    world.settle()
    server, told = servers[ALICE], durably(world.engine)
    server.at_once = 2
    world.new_many([{"firstname": f"N{n}"} for n in range(4)])
    last: list[bool] = []

    def slow(call: str, effect: Effect) -> object:
        if call in WRITES:
            last.append(told[-1])
            world.pass_time(seconds=60)
        return effect()

    server.meddle = slow
    world.sync()
    assert last == [True, True]


def test_where_things_are_put_is_on_disk_before_they_are(memory: Memory) -> None:
    """The folder for what left scope is known before anything is moved there (P3)."""
    world, servers = memory
    record = world.new(firstname="Ann")
    world.settle()
    world.set_active(record, active=False)
    told, last = durably(world.engine), []

    def look(call: str, effect: Effect) -> object:
        if call == "move":
            last.append(told[-1])
        return effect()

    servers[ALICE].meddle = look
    world.sync()
    assert last == [True]
