"""Two records that were merged in the CRM: one person, one item (P3)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Sensitivity
from syncd.sync.tables import operation, snapshot
from tests.memory_mailbox import Effect, run
from tests.sync import desk
from tests.sync.test_in_doubt import UNANSWERED, failing
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

ANN = {"firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.test"}
ANNE = {"firstname": "Anne", "lastname": "Lee", "telephone1": "+41 44 1234567"}


def test_a_mailbox_that_holds_both_loses_the_item_of_the_one_that_went(world: World) -> None:
    """By origin, as of a deleted record: what syncd had made goes to Deleted Items (P13)."""
    ann, anne = world.new(**ANN), world.new(**ANNE)
    world.settle()
    kept = world.item_of(ann).id
    desk.merge(world, ann, anne)
    world.settle()
    assert world.item().id == kept
    assert world.item()["telephone1"] == "+41 44 1234567"
    assert [each["firstname"] for each in world.items("deleteditems")] == ["Anne"]
    assert world.link(anne).state == "orphaned"


def test_a_users_own_item_of_the_one_that_went_stays(world: World) -> None:
    """Tracked by its user: only the category comes off (P14)."""
    world.settle()
    own = world.hand().add({**ANNE, "categories": ("CRM",)})
    world.settle()
    (anne,) = world.all_records()
    ann = world.new(**ANN)
    world.settle()
    desk.merge(world, ann, anne)
    world.settle()
    assert {each.id for each in world.items()} == {own, world.link(ann).remote_id}
    assert world.link(anne).state == "orphaned"
    assert not next(each for each in world.items() if each.id == own)["categories"]


def test_items_that_go_with_a_merge_are_counted(memory: Memory) -> None:
    """Many merges at once are many deletes: held until somebody has looked (P8)."""
    world, _ = memory
    survivor = world.new(**ANN)
    others = world.new_many([{"firstname": f"N{n}"} for n in range(60)])
    world.settle()
    for each in others:
        desk.merge(world, survivor, each)
    assert world.sync().counters["held"] == 60
    assert len(world.items()) == 61
    assert world.approve() == 60
    world.settle()
    assert len(world.items()) == 1


def test_the_only_item_goes_on_as_the_survivors(world: World) -> None:
    """The survivor comes into scope with the merge: no second item, and the same one at that."""
    ann, anne = world.new(BOB, **ANN), world.new(**ANNE, jobtitle="Buyer")
    world.settle(ALICE, BOB)
    item = world.item().id
    world.assign(ann, ALICE)
    desk.merge(world, ann, anne)
    world.settle(ALICE, BOB)
    assert world.item().id == item
    assert world.item().fields | ANN == world.item().fields
    assert world.item()["jobtitle"] == "Buyer"
    assert world.link(ann).state == "live"
    assert world.link(anne) is None
    with database.read(world.engine) as conn:
        query = select(operation.c.crm_id).where(operation.c.reason == "merged")
        assert list(conn.scalars(query)) == [anne]


def test_an_item_that_was_handed_over_bears_its_records_stamp(world: World) -> None:
    """Once all links are lost, it is still known whose it is (P3)."""
    ann, anne = world.new(BOB, **ANN), world.new(**ANNE)
    world.settle()
    world.assign(ann, ALICE)
    desk.merge(world, ann, anne)
    world.settle()
    item = world.item().id
    world.forget_links()
    world.start()
    world.settle()
    assert world.item().id == item
    assert world.link(ann).remote_id == item


def test_an_edit_of_the_item_goes_to_the_survivor(world: World) -> None:
    """What its user wrote meanwhile is merged as any other edit (P1)."""
    ann, anne = world.new(BOB, **ANN), world.new(**ANNE)
    world.settle()
    world.hand().edit(world.item().id, {"department": "Sales"})
    world.assign(ann, ALICE)
    desk.merge(world, ann, anne)
    world.settle()
    assert world.crm(ann)["department"] == world.item()["department"] == "Sales"
    assert world.item()["emailaddress1"] == "ann@example.test"


def test_a_tracked_item_goes_on_as_the_survivors_whoever_owns_it(world: World) -> None:
    """Its user's act pins the person, not the number of the record."""
    world.settle()
    own = world.hand().add({**ANNE, "categories": ("CRM",)})
    world.settle()
    (anne,) = world.all_records()
    ann = world.new(BOB, **ANN)
    desk.merge(world, ann, anne)
    world.settle()
    assert world.item().id == own
    assert world.item()["emailaddress1"] == "ann@example.test"
    assert world.link(ann).state == "live"


def test_a_survivor_out_of_scope_takes_over_nothing(world: World) -> None:
    """It does not belong in this mailbox: the item goes as that of a deleted record."""
    ann, anne = world.new(BOB, **ANN), world.new(**ANNE)
    world.settle(ALICE, BOB)
    desk.merge(world, ann, anne)
    world.settle(ALICE, BOB)
    assert world.items() == []
    assert [each["firstname"] for each in world.items(address=BOB)] == ["Ann"]
    assert world.link(ann) is None


def test_what_its_user_deleted_does_not_come_back_by_a_merge(world: World) -> None:
    """The deletion is about the person, and holds for the survivor."""
    ann, anne = world.new(BOB, **ANN), world.new(**ANNE)
    world.settle()
    world.hand().move(world.item().id, "deleteditems")
    world.settle()
    world.assign(ann, ALICE)
    desk.merge(world, ann, anne)
    world.settle()
    assert world.items() == []
    assert world.link(ann).state == "remembered"


def test_who_threw_the_one_of_two_away_keeps_the_other(world: World) -> None:
    """Of two items of one person the rep threw the one that the CRM keeps the record of."""
    ann, anne = world.new(**ANN), world.new(**ANNE)
    world.settle()
    (thrown,) = [each.id for each in world.items() if each["firstname"] == "Ann"]
    world.hand().move(thrown, "deleteditems")
    world.settle()
    assert world.link(ann).state == "remembered"
    desk.merge(world, ann, anne)
    world.settle()
    assert len(world.items()) == 1
    assert world.item()["firstname"] == "Ann"
    assert world.link(ann).state == "live"
    assert world.link(anne) is None


@pytest.mark.parametrize("edited", [False, True])
def test_what_is_put_back_before_the_merge_is_seen_stays_the_only_one(
    world: World, *, edited: bool
) -> None:
    """Its user threw the survivor's item away and thought better of it: that one goes on (P3).

    What the other one was edited in goes into it.
    """
    ann, anne = world.new(**ANN), world.new(**ANNE)
    world.settle()
    own, other = world.item_of(ann).id, world.item_of(anne).id
    thrown = world.hand().move(own, "deleteditems")
    world.settle()
    back = world.hand().move(thrown, "contacts")
    if edited:
        world.hand().edit(other, {"jobtitle": "CEO"})
    desk.merge(world, ann, anne)
    world.settle()
    assert world.item().id == back
    assert world.item()["jobtitle"] == ("CEO" if edited else None)
    assert world.item()["telephone1"] == "+41 44 1234567"


def test_an_item_that_was_filed_before_the_merge_stays_as_it_is(memory: Memory) -> None:
    """Its last write was not answered: it is found where its user put it, and rests (P14)."""
    world, servers = memory
    anne = world.new(**ANNE)
    world.settle()
    world.change(anne, jobtitle="Buyer")
    failing(servers[ALICE], "update", UNANSWERED, done=True)
    world.sync()
    servers[ALICE].meddle = run
    folder = world.hand().add_folder("Family")
    item = world.hand().move(world.item().id, folder)
    ann = world.new(**ANN)
    desk.merge(world, ann, anne)
    for _ in range(3):
        world.pass_time(minutes=11)
        world.sync()
    world.settle()
    (filed,) = world.hand().items(folder)
    assert (filed.id, filed["jobtitle"]) == (item, "Buyer")
    assert world.link(ann).state == "remembered"
    assert world.items() == []


def test_of_several_that_became_one_the_first_gives_its_item(world: World) -> None:
    """And a chain of merges is followed to its end: one item in the end (P3)."""
    ann = world.new(BOB, **ANN)
    others = [world.new(**ANNE), world.new(firstname="A.", lastname="Lee")]
    world.settle()
    assert len(world.items()) == 2
    desk.merge(world, others[1], others[0])
    world.assign(ann, ALICE)
    desk.merge(world, ann, others[1])
    world.settle()
    assert world.item()["emailaddress1"] == "ann@example.test"
    assert world.link(ann).remote_id == world.item().id


@pytest.mark.parametrize("call", ["read", "update", "changes"])
def test_a_hand_over_that_is_torn_is_finished(memory: Memory, call: str) -> None:
    """Whatever fails on the way: one item in the end, with the survivor's stamp (P3)."""
    world, servers = memory
    ann, anne = world.new(BOB, **ANN), world.new(**ANNE)
    world.settle()
    world.hand().edit(world.item().id, {"department": "Sales"})
    world.assign(ann, ALICE)
    desk.merge(world, ann, anne)

    def busy(now: str, effect: Effect) -> object:
        if now == call:
            raise MailboxError(Sort.TRANSIENT, Scope.SERVER, "Busy", "")
        return effect()

    servers[ALICE].meddle = busy
    world.sync()
    servers[ALICE].meddle = run
    world.pass_time(minutes=30)
    world.settle()
    assert world.item()["emailaddress1"] == "ann@example.test"
    assert world.crm(ann)["department"] == "Sales"
    world.forget_links()
    world.start()
    world.settle()
    assert len(world.items()) == 1
    assert len(world.all_records()) == 1


@pytest.mark.parametrize("owner", [ALICE, BOB])
def test_what_is_made_private_after_a_merge_leaves_no_trace(world: World, owner: str) -> None:
    """P7: not in the record that went, nor in what the survivor took from it.

    Whether the survivor has an item of its own here, or went on with this one.
    """
    world.settle()
    own = world.hand().add({**ANNE, "spousesname": "Max", "categories": ("CRM",)})
    world.settle()
    (anne,) = world.all_records()
    ann = world.new(owner, **ANN, jobtitle="Buyer")
    world.settle()
    desk.merge(world, ann, anne)
    world.settle()
    assert world.crm(ann)["spousesname"] == "Max"
    world.hand().mark(own, Sensitivity.PRIVATE)
    world.settle()
    assert not any(world.record(anne).record.fields.values())
    assert world.crm(ann) == {**ANN, "jobtitle": "Buyer"}
    assert all("Max" not in each["fields"] for each in kept(world))


def kept(world: World) -> list[dict[str, str]]:
    """All content that the store still refers to."""
    world.service().tidy()
    with database.read(world.engine) as conn:
        return [{"fields": each} for each in conn.scalars(select(snapshot.c.content))]
