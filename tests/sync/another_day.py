"""What a mailbox or a store of another day is held to, in memory and over the wire."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from syncd.crm import database
from syncd.reconcile.claim import Finding
from syncd.sync import alerts, claims
from syncd.sync.alerts import Code
from syncd.sync.report import Outcome
from tests.sync.relinked import relinked
from tests.sync.world import ALICE, World

NAMES = ("Ann", "Bea", "Cid", "Dan")


def entered(world: World) -> dict[str, str]:
    """Four contacts in step; ids by first name."""
    ids = [world.new(firstname=name, lastname=name[0]) for name in NAMES]
    world.start()
    world.settle()
    return dict(zip(NAMES, ids, strict=True))


def shown(world: World, address: str = ALICE) -> Counter[object]:
    """What is in the folder, by first name."""
    return Counter(each["firstname"] for each in world.items(address=address))


def held(world: World, finding: Finding, address: str = ALICE) -> None:
    """A run writes nothing on either side, and says why; an alert does, too."""
    records = {i: (each.version, each.deleted) for i, each in world.all_records().items()}
    items = {each.id: dict(each.fields) for each in world.items(address=address)}
    good = world.state(address).last_success
    report = world.sync(address)
    assert (report.outcome, report.claim) == (Outcome.STOPPED, finding)
    assert world.state(address).last_success == good
    assert report.for_a_person
    assert world.writes == 0
    assert records == {i: (e.version, e.deleted) for i, e in world.all_records().items()}
    assert items == {each.id: dict(each.fields) for each in world.items(address=address)}
    with database.read(world.engine) as conn:
        (told,) = [each for each in alerts.every(conn) if each.code is Code.CLAIM]
        assert claims.standing(conn, world.mailbox_id(address)) is finding
    assert "relink" in told.advice("en")
    assert told.sentence("de") != told.sentence("en")


def healed(world: World, address: str = ALICE) -> None:
    """A person relinks; then all goes on, and the alert is over."""
    found = relinked(world, address, only_look=True)
    assert found.claim is not None
    assert relinked(world, address) == found
    for _ in range(3):
        world.sync(address)
        world.approve(address)
        world.pass_time(minutes=11)
    world.settle(address)
    with database.read(world.engine) as conn:
        assert Code.CLAIM not in {each.code for each in alerts.every(conn)}
        assert claims.standing(conn, world.mailbox_id(address)) is None


def saved(world: World, path: Path) -> World:
    """A copy of the store, at the same mailboxes."""
    with (
        closing(sqlite3.connect(str(world.engine.url.database))) as conn,
        closing(sqlite3.connect(path)) as copied,
    ):
        conn.backup(copied)
    return replace(world, engine=database.open_database(f"sqlite:///{path}"), reports=[])
