"""Over both protocols: a listing that breaks off, a lost folder, items moved and copied (P5)."""

from __future__ import annotations

import pytest

from syncd.model.policy import OutlookDelete
from syncd.outlook.graph import gate
from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from syncd.sync.report import Outcome
from tests.faults.lies import overheard
from tests.faults.looking import status_of
from tests.faults.test_proofs import LISTING
from tests.sync.world import ALICE, World

MORE_THAN_A_PAGE = {Backend.EWS: 520, Backend.GRAPH: 210}


def fill(world: World, count: int) -> None:
    """So many contacts in step."""
    world.new_many([{"firstname": f"N{n}", "jobtitle": "Buyer"} for n in range(count)])
    world.start()
    world.settle()


def live(world: World) -> int:
    """How many links are live."""
    return sum(1 for each in world.links() if each.state == "live")


@pytest.mark.parametrize("fault", ["cut", "internal_error", "corrupt_xml"])
def test_a_listing_that_breaks_off_between_two_pages(
    world: World, box: Sandbox, backend: Backend, fault: str
) -> None:
    """What it did not show is not missing; what its user did meanwhile is done once it is whole."""
    count = MORE_THAN_A_PAGE[backend]
    fill(world, count)
    first, second = world.items()[:2]
    world.hand().delete(first.id)
    world.hand().edit(second.id, {"jobtitle": "Boss"})
    world.execute("update mailbox_kind set cursor = null")
    box.faults.add(LISTING[backend], fault, after=1)
    assert world.sync().outcome is Outcome.FAILED
    assert box.faults.pending() == []
    assert (world.writes, live(world), len(world.all_records())) == (0, count, count)
    gate._GATES.clear()
    for _ in range(2):
        world.pass_time(minutes=11)
        world.sync()
    world.settle()
    assert live(world) == count - 1
    titles = [each.record.fields["jobtitle"] for each in world.all_records().values()]
    assert (len(titles), titles.count("Boss")) == (count, 1)


@pytest.mark.parametrize("fault", ["reordered", "repeated"])
def test_a_page_in_any_order_and_twice_says_the_same(
    world: World, box: Sandbox, fault: str
) -> None:
    """Of an edit, an item that is new, one that goes and one that goes and comes: each once."""
    fill(world, 4)
    edited, gone, moved, _ = world.items()
    folder = world.hand().add_folder("Mine")
    box.faults.add("*", fault, times=999)
    world.hand().edit(edited.id, {"jobtitle": "Boss"})
    world.hand().delete(gone.id)
    world.hand().add({"firstname": "Eve", "categories": ("CRM",)})
    world.hand().move(world.hand().move(moved.id, folder), "contacts")
    with overheard() as effective:
        for _ in range(2):
            world.sync()
            world.pass_time(minutes=11)
    assert {each.value for each in effective} == {fault}
    box.faults.clear()
    world.settle()
    held = [each.record.fields for each in world.all_records().values()]
    assert len(held) == 5
    assert [each["jobtitle"] for each in held].count("Boss") == 1
    assert [each["firstname"] for each in held].count("Eve") == 1
    assert (live(world), len(world.items())) == (4, 4)


@pytest.mark.parametrize("where", ["Mine", "deleteditems"])
def test_a_search_that_does_not_know_yet_is_no_proof(
    world: World, box: Sandbox, backend: Backend, where: str
) -> None:
    """Minutes behind, it finds nowhere what was moved: that is looked for again (P5).

    Graph's ids survive a move: what its search does not show is found by its id, at once.
    """
    world.policy(on_outlook_delete=OutlookDelete.DELETE_IF_OWNER)
    fill(world, 4)
    item = world.items()[0]
    folder = where if where == "deleteditems" else world.hand().add_folder(where)
    box.faults.add("*", "lagging_index", delay_ms=300_000, times=999)
    world.hand().move(item.id, folder)
    with overheard() as effective:
        world.sync()
    assert {each.value for each in effective} == {"lagging_index"}
    if backend is Backend.EWS:
        assert (live(world), len(world.all_records())) == (4, 4)
        assert world.reports[-1].counters["waiting"] == 1
    for _ in range(2):
        world.pass_time(minutes=11)
        world.sync()
    world.settle()
    left = 4 if where == "Mine" else 3
    assert (live(world), len(world.items()), len(world.all_records())) == (3, 3, left)


@pytest.mark.parametrize("where", ["missing", "in Deleted Items"])
def test_a_synced_folder_that_is_amiss_deletes_nothing(
    world: World, box: Sandbox, where: str
) -> None:
    """The folder is an error of the folder, not five deletions."""
    world.policy(folder="default/Customers")
    fill(world, 5)
    folder = world.connect(ALICE).folder(world.rules.kind, "default/Customers", create=False)
    assert folder is not None
    if where == "missing":
        world.hand().delete_folder(folder.id)
    else:
        world.hand().move_folder(folder.id, "deleteditems")
        for item in world.items("Customers")[:3]:
            world.hand().delete(item.id)
    for _ in range(3):
        world.sync()
        gate._GATES.clear()
        world.pass_time(minutes=11)
    assert world.reports[-1].outcome is Outcome.FAILED
    assert any("folder" in each for each in status_of(world, box))
    assert (live(world), len(world.all_records())) == (5, 5)
    if where == "in Deleted Items":  # put back, it goes on, with what its user threw away in it
        world.hand().move_folder(folder.id, "contacts")
        world.pass_time(hours=3)
        for _ in range(2):
            world.sync()
            world.pass_time(minutes=11)
        world.settle()
        assert (live(world), len(world.all_records())) == (2, 5)
        assert status_of(world, box) == []


def test_an_item_that_is_moved_away_and_back(world: World) -> None:
    """Between two runs it is as if nothing had been; over some it rests, and goes on (P5, P14)."""
    fill(world, 3)
    item, folder = world.items()[0], world.hand().add_folder("Mine")
    there = world.hand().move(item.id, folder)
    back = world.hand().move(there, "contacts")
    world.settle()
    assert (live(world), len(world.items())) == (3, 3)
    there = world.hand().move(back, folder)
    for _ in range(2):
        world.sync()
        world.pass_time(minutes=11)
    world.settle()
    assert len(world.all_records()) == 3
    world.hand().edit(world.hand().move(there, "contacts"), {"jobtitle": "Boss"})
    world.settle()
    assert (live(world), len(world.items())) == (3, 3)
    titles = [each.record.fields["jobtitle"] for each in world.all_records().values()]
    assert titles.count("Boss") == 1


def test_a_copied_item_is_nobody_else(world: World) -> None:
    """The copy stays its user's own: no record is made of it, and it takes no other's place."""
    fill(world, 3)
    item = world.items()[0]
    copy = world.hand().copy(item.id)
    world.settle()
    assert (live(world), len(world.items()), len(world.all_records())) == (3, 4, 3)
    world.hand().edit(copy, {"jobtitle": "Copied"})
    world.settle()
    assert "Copied" not in [each.record.fields["jobtitle"] for each in world.all_records().values()]
