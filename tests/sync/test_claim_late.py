"""The claim: what is late is not taken for another day, and nothing slips in before it is read."""

from __future__ import annotations

import copy

import pytest

from syncd.model.values import Value
from syncd.reconcile.claim import Finding
from syncd.sync.report import Outcome
from tests.conftest import SQLITE
from tests.sync import desk
from tests.sync.relinked import relinked
from tests.sync.test_in_doubt import ANN, late
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

pytestmark = pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)

ANOTHERS = "another/epoch/7/token"
OTHERS = ("Bea", "Cid", "Dan", "Fay", "Gil")


def in_step(world: World, **values: Value) -> str:
    """One contact in step; its id."""
    record = world.new(**{**ANN, **values})
    world.start()
    world.settle()
    return record


@pytest.mark.parametrize("minutes", [0, 6])
@pytest.mark.parametrize("writes", [True, False])
def test_a_claim_that_is_put_there_late_is_ours(
    memory: Memory, minutes: int, *, writes: bool
) -> None:
    """P10: it was not answered and comes after the next run has looked: nobody need do anything."""
    world, servers = memory
    record = in_step(world)
    world.change(record, jobtitle="CEO")
    late(servers[ALICE], "write_claim")
    assert world.sync().outcome is Outcome.FAILED
    world.pass_time(minutes=minutes)
    if not writes:  # into Outlook, but into the CRM
        world.change(record, jobtitle=None)
        world.hand().edit(world.item().id, {"department": "Sales"})
    assert world.sync().claim is None
    servers[ALICE].commit_late()
    world.change(record, jobtitle="CFO")
    assert world.sync().claim is None
    world.settle()
    assert world.item()["jobtitle"] == "CFO"


def test_edits_of_merged_records_wait_for_whose_the_folder_is(memory: Memory) -> None:
    """Of a mailbox that another installation serves nothing goes into the CRM."""
    world, servers = memory
    anne = world.new(firstname="Anne", lastname="Lee", department="Sales")
    ann = in_step(world, lastname="Lee")
    servers[ALICE].folder("contacts").claim = ANOTHERS
    world.hand().edit(world.item_of(anne).id, {"nickname": "Annie"})
    desk.merge(world, ann, anne)
    version = world.record(ann).version
    report = world.sync()
    assert (report.claim, world.writes) == (Finding.FOREIGN, 0)
    assert world.record(ann).version == version
    relinked(world)
    world.settle()
    assert world.crm(ann)["nickname"] == "Annie"


def test_what_a_restored_mailbox_lacks_was_ended_by_nobody(memory: Memory) -> None:
    """P1: that its record has left scope meanwhile is no reason to remember it as thrown away."""
    world, servers = memory
    for each in OTHERS:
        world.new(firstname=each, lastname="X")
    world.start()
    world.settle()
    saved = copy.deepcopy(servers[ALICE])
    eve = world.new(firstname="Eve", lastname="E")
    world.settle()
    servers[ALICE].things = dict(saved.things)
    servers[ALICE]._folders = copy.deepcopy(saved._folders)
    world.execute("update mailbox_kind set cursor = null")  # a restored server forgot it
    world.assign(eve, BOB)
    for _ in range(2):
        report = world.sync()
        world.pass_time(minutes=11)
    assert report.claim is Finding.MAILBOX_RESTORED
    assert world.link(eve).state == "live"
    relinked(world)
    world.assign(eve, ALICE)
    for _ in range(3):
        world.sync()
        world.approve()
        world.pass_time(minutes=11)
    assert "Eve" in {each["firstname"] for each in world.items()}
