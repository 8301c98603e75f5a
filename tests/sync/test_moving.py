"""A mailbox moves to another protocol in mid-life: nothing is made twice, nothing goes."""

from __future__ import annotations

from syncd.crm import database
from syncd.model.policy import Limits
from syncd.outlook.port import Backend, Sensitivity
from syncd.sync.report import Outcome
from syncd.sync.tables import act
from tests.memory_mailbox import MemoryMailbox
from tests.other_ids import MARK, OtherIds, Translates, here
from tests.sync.changing_over import (
    TRANSLATED,
    ids_kept,
    moved,
    numbered,
    to_ews,
    to_graph,
    untouched,
)
from tests.sync.world import ALICE, BOB
from tests.sync.worlds import Memory


@TRANSLATED
def test_a_mailbox_that_moves_keeps_every_link(memory: Memory, translates: Translates) -> None:
    """There and back: nothing is written on either side, and then it is quiet (P3, P4, P5)."""
    world, _ = memory
    world.new_many(numbered(30))
    world.hand().add({"firstname": "Own"})
    world.hand().add({"firstname": "Hidden"}, sensitivity=Sensitivity.PRIVATE)
    world.start()
    world.hand().copy(world.items()[0].id)
    world.settle()
    check = untouched(memory)
    to_graph(memory, translates)
    assert world.sync().outcome is Outcome.OK
    assert world.state().backend is Backend.GRAPH
    assert world.writes == 0
    assert all(each.remote_id.startswith(MARK) for each in world.links())
    check()
    world.quiet()
    to_ews(memory)
    world.settle()
    assert world.state().backend is Backend.EWS
    check()
    world.accounted()
    assert moved(world) == ["moved-to-graph", "moved-to-ews"]


@TRANSLATED
def test_edits_on_either_side_since_the_last_sync_travel_after_the_move(
    memory: Memory, translates: Translates
) -> None:
    """What was not synced yet when the mailbox moved is merged as ever."""
    world, _ = memory
    ids = world.new_many(numbered(4))
    world.settle()
    world.hand().edit(world.item_of(ids[0]).id, {"jobtitle": "Boss"})
    world.change(ids[1], jobtitle="CEO")
    world.hand().edit(world.item_of(ids[2]).id, {"jobtitle": "Boss"})
    world.change(ids[2], department="Sales")
    gone = world.item_of(ids[3]).id
    world.hand().delete(gone)
    new = world.new(firstname="New")
    to_graph(memory, translates)
    world.sync()
    assert world.crm(ids[0])["jobtitle"] == "Boss"
    items = {str(each["firstname"]): each for each in world.items()}
    assert items["N1"]["jobtitle"] == "CEO"
    assert (world.crm(ids[2])["jobtitle"], items["N2"]["department"]) == ("Boss", "Sales")
    assert "New" in items
    assert world.link(ids[3]).state == "live"  # missing, and not believed at once (P5)
    world.pass_time(minutes=11)
    world.sync()
    assert world.link(ids[3]).state == "remembered"
    assert world.record(ids[3]).statecode == "active"
    assert world.link(new).remote_id.startswith(MARK)
    assert len(world.items()) == 4


def test_nothing_that_is_kept_goes_by_an_old_id(memory: Memory) -> None:
    """Every column that holds the id of an item, the whole journal among them."""
    world, _ = memory
    world.policy(limits=Limits(99, 99, 1.0, 99, 999))
    ids = world.new_many(numbered(5))
    own = world.hand().add({"firstname": "Own"})
    world.settle()
    world.change(ids[0], jobtitle="CEO")
    with database.write(world.engine) as conn:
        conn.execute(
            act.insert().values(
                mailbox_id=world.mailbox_id(ALICE), kind="contact", remote_id=own, crm_id=None,
                tracked=False, at=world.time(),
            )
        )  # fmt: skip
    world.settle()
    to_graph(memory)
    world.settle()
    assert all(each.startswith(MARK) for each in ids_kept(world))


def test_the_other_mailbox_stays_where_it_is(memory: Memory) -> None:
    """Each mailbox moves by itself; two that share a record go on sharing it."""
    world, servers = memory
    world.filter = "statecode eq 'active'"
    ids = world.new_many(numbered(3))
    world.settle(ALICE, BOB)
    world.connect = lambda address: (
        OtherIds(servers[address], address)
        if address == ALICE
        else MemoryMailbox(servers[address], address)
    )
    world.other_ids = lambda address, item: here(item) if address == ALICE else item
    world.settle(ALICE, BOB)
    world.hand().edit(world.link(ids[0]).remote_id.removeprefix(MARK), {"jobtitle": "Boss"})
    world.sync(ALICE)
    world.sync(BOB)
    assert world.item_of(ids[0], BOB)["jobtitle"] == "Boss"
    assert (world.state(ALICE).backend, world.state(BOB).backend) == (Backend.GRAPH, Backend.EWS)
