"""A write that is refused again and again: with nothing different to see it waits (P2, P10)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from syncd.crm import database
from syncd.outlook.port import Backend
from syncd.reconcile.reasons import Reason
from syncd.sandbox.server import Sandbox
from syncd.sync.overview import overviews
from tests.memory_mailbox import Effect, run
from tests.memory_server import MemoryServer
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory, sandbox_world

LIVELOCK = "waiting (livelock)"


def refused(
    world: World, server: MemoryServer, meddle: Callable[[str, int], None], rounds: int = 6
) -> tuple[list[str], int]:
    """How the item stands after each of six runs in as many minutes, and how often it was tried.

    Somebody is quicker than every write.
    """
    stands: list[str] = []

    def quicker(call: str, effect: Effect) -> object:
        if call == "update":
            meddle(world.item().id, len(stands))
        return effect()

    before = server.counts["update"]
    server.meddle = quicker
    for _ in range(rounds):
        world.sync()
        stands.append(world.reason(world.item().id))
        world.pass_time(minutes=1)
    server.meddle = run
    return stands, server.counts["update"] - before


def test_the_same_refusal_three_times_waits(memory: Memory) -> None:
    """The version moves for nothing each time: it is tried less and less, and said so."""
    world, servers = memory
    record = world.new(firstname="Ann", lastname="Lee")
    world.settle()
    world.change(record, jobtitle="Boss")
    stands, tries = refused(world, servers[ALICE], lambda item, _: world.hand().edit(item, {}))
    assert tries == 3
    assert stands[3:] == [LIVELOCK] * 3
    with database.read(world.engine) as conn:
        (seen,) = overviews(conn, [ALICE])
    assert seen.waits[Reason.LIVELOCK] == 1
    world.pass_time(hours=1)
    world.settle()
    assert world.item()["jobtitle"] == "Boss"


def test_somebody_who_goes_on_editing_is_no_livelock(memory: Memory) -> None:
    """What is to be written is another thing each time: it is tried at once, and taken in."""
    world, servers = memory
    record = world.new(firstname="Ann", lastname="Lee")
    world.settle()
    world.change(record, jobtitle="Boss")
    stands, tries = refused(
        world, servers[ALICE], lambda item, n: world.hand().edit(item, {"department": f"D{n}"})
    )
    assert LIVELOCK not in stands
    assert tries == 6
    world.settle()
    assert (world.item()["jobtitle"], world.crm(record)["department"]) == ("Boss", "D5")


CALLS = {Backend.EWS: "UpdateItem", Backend.GRAPH: "PATCH contacts"}


@pytest.mark.parametrize("backend", list(Backend), ids=str)
def test_over_the_wire(engine: Engine, box: Sandbox, backend: Backend) -> None:
    """Somebody else saves each item just before it is written, on either protocol."""
    world = sandbox_world(engine, box, backend)
    record = world.new(firstname="Ann", lastname="Lee")
    world.settle()
    world.change(record, jobtitle="Boss")
    box.faults.add(CALLS[backend], "stale_change_key", times=3)
    for _ in range(4):
        world.sync()
        world.pass_time(minutes=1)
    assert world.reason(world.link(record).remote_id) == LIVELOCK
    assert box.faults.pending() == []
    world.pass_time(hours=1)
    world.settle()
    assert world.item()["jobtitle"] == "Boss"
