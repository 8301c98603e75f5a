"""Lies of a server that nobody can see at once: an empty folder, a wrong clock."""

from __future__ import annotations

import pytest

from syncd.model.policy import OutlookDelete
from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from syncd.sync.report import Outcome
from tests.planted import safety
from tests.planted.table import planted
from tests.sync.world import World

LISTING = {Backend.EWS: "SyncFolderItems", Backend.GRAPH: "GET contacts/delta"}
LOOK = {Backend.EWS: "GetItem", Backend.GRAPH: "GET contact"}
HOUR = 3_600_000  # milliseconds


@pytest.fixture
def world(world: World) -> World:
    """Five records in step, and a policy under which a deletion in Outlook reaches furthest."""
    world.policy(on_outlook_delete=OutlookDelete.DELETE_IF_OWNER)
    world.new_many(
        [{"firstname": f"N{n}", "emailaddress1": f"n{n}@example.test"} for n in range(5)]
    )
    world.start()
    world.settle()
    return world


def empty(box: Sandbox, backend: Backend) -> None:
    """Each listing is anew, whole, and shows nothing; nor does any search."""
    box.faults.add(LISTING[backend], "invalid_sync_state", times=999)
    box.faults.add("*", "empty_folder", times=999)


def unharmed(world: World) -> bool:
    """Whether everybody is on both sides, and in step; and nobody was about to go (the breaker)."""
    live = [each for each in world.links() if each.state == "live"]
    held = any(each.counters["held"] for each in world.reports)
    return len(live) == len(world.all_records()) == len(world.items()) == 5 and not held


def test_a_folder_that_is_suddenly_empty_deletes_nothing(
    world: World, box: Sandbox, backend: Backend
) -> None:
    """P5: a valid and whole answer without an item, time and again, is no deletion of all of them.

    What is edited on either side meanwhile is there afterwards (P1).
    """
    empty(box, backend)
    first, second = sorted(world.all_records())[:2]
    world.change(first, jobtitle="Director")
    world.hand().edit(world.item_of(second).id, {"jobtitle": "Partner"})
    for _ in range(4):
        world.sync()
        assert unharmed(world)
        world.pass_time(minutes=11)
    box.faults.clear()
    world.settle()
    assert unharmed(world)
    assert world.item_of(first)["jobtitle"] == "Director"
    assert world.crm(second)["jobtitle"] == "Partner"


def test_an_engine_that_trusts_an_empty_listing_is_found(
    world: World, box: Sandbox, backend: Backend
) -> None:
    """Planted: what a whole listing does not show is deleted. Only the breaker keeps them then."""
    empty(box, backend)
    world.pass_time(hours=1)
    with planted(safety.trusts_an_empty_listing):
        for _ in range(3):
            world.sync()
            world.pass_time(minutes=11)
    assert not unharmed(world)


def test_what_is_missing_there_waits_to_be_confirmed(
    world: World, box: Sandbox, backend: Backend
) -> None:
    """While nobody can look at an item either, it is missing, and no more than that."""
    empty(box, backend)
    box.faults.add(LOOK[backend], "item_error", code="ErrorInternalServerError", times=999)
    for _ in range(4):
        report = world.sync()
        assert report.outcome is Outcome.FAILED or report.counters["waiting"] == 5
        assert unharmed(world)
        world.pass_time(minutes=11)
    box.faults.clear()
    world.pass_time(minutes=60)
    world.sync()
    world.settle()
    assert unharmed(world)


@pytest.mark.parametrize(("wrong", "winner"), [(0, "Outlook"), (HOUR, "CRM"), (-HOUR, "CRM")])
def test_the_latest_is_not_told_by_a_wrong_clock(
    world: World, box: Sandbox, wrong: int, winner: str
) -> None:
    """An hour ahead or behind: `latest` falls back to the CRM, and keeps what Outlook held."""
    record = min(world.all_records())
    world.pass_time(minutes=5)
    world.change(record, jobtitle="CRM")
    world.pass_time(minutes=5)
    world.hand().edit(world.item_of(record).id, {"jobtitle": "Outlook"})
    if wrong:
        box.faults.add("*", "wrong_clock", delay_ms=wrong, times=999)
    world.sync()
    world.settle()
    assert world.crm(record)["jobtitle"] == world.item_of(record)["jobtitle"] == winner
    (loser,) = world.kept_losers()
    assert {"CRM": "Outlook", "Outlook": "CRM"}[winner] in loser
