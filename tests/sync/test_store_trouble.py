"""A store in trouble stops writing to mailboxes before it stops anything else (P3, P10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Engine, select

from syncd.crm import database
from syncd.sync import alerts
from syncd.sync.overview import overviews
from syncd.sync.report import Outcome
from syncd.sync.tables import operation
from tests.conftest import POSTGRESQL, SQLITE
from tests.memory_server import MemoryServer
from tests.sync.troubles import ON_POSTGRESQL, ON_SQLITE, Trouble, full, gone, replaced
from tests.sync.world import WRITES, World
from tests.sync.worlds import memory_world

Make = Callable[[Engine, int], AbstractContextManager[Trouble]]

TROUBLES = [
    *(pytest.param(SQLITE, each, id=f"{SQLITE}-{each.__name__}") for each in ON_SQLITE),
    *(pytest.param(POSTGRESQL, each, id=f"{POSTGRESQL}-{each.__name__}") for each in ON_POSTGRESQL),
]
LEASE_OVER, ROUNDS = 4, 5
# A disk that is full takes what fits into the pages that are there: what was written down is sent.
TAKES_SOME = (full,)
UNREADABLE = (gone, replaced)


def begin(world: World) -> list[str]:
    """Some who are in step, two of whom were put into the CRM from Outlook."""
    ids = world.new_many([{"firstname": f"N{n}", "lastname": "Old"} for n in range(12)])
    world.settle()
    return ids


def edit(world: World, ids: list[str], number: int) -> None:
    """Work of each sort, other than before: to create, to update, to set aside, and to the CRM."""
    more = {"description": "x" * 3_000}
    ids += world.new_many([{"firstname": f"New{number}.{n}", **more} for n in range(3)])
    for each in ids[4:8]:
        world.change(each, jobtitle=f"Job {number}", **more)
    world.hand().edit(world.item_of(ids[0]).id, {"department": f"Dept {number}"})
    world.hand().add({"lastname": f"Tracked {number}", "categories": ("CRM",)})
    world.set_active(ids.pop(8), active=False)


def writes(servers: Mapping[str, MemoryServer]) -> int:
    """How many writing requests the servers have seen."""
    seen = sum((each.counts for each in servers.values()), Counter[str]())
    return sum(n for call, n in seen.items() if call in WRITES)


def stamped(servers: Mapping[str, MemoryServer]) -> set[str]:
    """The operation keys of all that was written to the servers."""
    things = (each for server in servers.values() for each in server.things.values())
    return {each.stamp.key for each in things if each.stamp is not None}


def attempt(world: World) -> str:
    """A run, as the daemon would have it; what it says."""
    try:
        report = world.sync()
    except database.UNUSABLE as error:
        return database.cause_of(error)
    assert report.outcome is Outcome.FAILED or not report.error
    return report.error or ""


def converges(world: World, ids: list[str], number: int) -> None:
    """Without anybody's help, and with nobody twice."""
    for _ in range(ROUNDS):
        world.pass_time(minutes=11)
        world.sync()
    world.quiet()
    world.accounted()
    names = [f"{i['firstname']} {i['lastname']}" for i in world.items()]
    assert sorted(names) == sorted(set(names))
    held = [each.record.fields for each in world.all_records().values()]
    crm = [f"{each.get('firstname')} {each.get('lastname')}" for each in held]
    assert sorted(crm) == sorted(set(crm))
    assert len(names) == 12 + 3 * number
    assert all(world.item_of(each)["jobtitle"] == f"Job {number}" for each in ids[4:8])
    assert world.crm(ids[0])["department"] == f"Dept {number}"
    assert len(world.items(world.rules.kind.archive_folder)) == number


@pytest.mark.parametrize(("kept_in", "make"), TROUBLES, indirect=["kept_in"])
def test_a_store_in_trouble_stops_writing_to_mailboxes_first(engine: Engine, make: Make) -> None:
    """From each writing transaction of a run on: not one write more goes out; then all converges.

    A full disk may take what there is room for: nothing is sent that is not written down in it.

    So it does where the trouble comes between a request and its settling: nothing is done twice.
    """
    world, servers = memory_world(engine)
    ids = begin(world)
    at = 0
    while True:
        at += 1
        edit(world, ids, at)
        sent: list[int] = []
        with make(engine, at) as trouble:
            trouble.begun = lambda: sent.append(writes(servers))  # noqa: B023 - called within
            said = [attempt(world)]
            if not trouble.struck:
                break
            world.pass_time(minutes=LEASE_OVER)
            said.append(attempt(world))
            if make not in TAKES_SOME:
                assert all(said), said
                assert writes(servers) == sent[0], f"from transaction {at} on"
            if make not in UNREADABLE:
                with database.read(engine) as conn:
                    written_down = set(conn.scalars(select(operation.c.key)))
                    assert stamped(servers) <= written_down, f"from transaction {at} on"
                    assert overviews(conn)
                    assert alerts.every(conn) is not None
        converges(world, ids, at)
    assert at > 6
