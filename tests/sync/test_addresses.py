"""The address mode: three addresses, or the mailing address alone; switched there and back.

A switch uncovers another address of an item. What was empty is filled; nothing is written over.
"""

from __future__ import annotations

import pytest

from syncd.model.addresses import mailing_only
from syncd.model.contact import CONTACT
from syncd.model.values import Value
from syncd.reconcile.reasons import Reason
from syncd.sync.run import Mode
from tests.sync.world import World

MAILING = mailing_only(CONTACT)
ANN: dict[str, Value] = {"firstname": "Ann", "lastname": "van Dyk"}
WORK: dict[str, Value] = {"address1_line1": "Work St 1", "address1_city": "Workton"}
HOME: dict[str, Value] = {"address2_line1": "Home St 2", "address2_city": "Hometown"}
OTHER: dict[str, Value] = {"address3_city": "Otherby"}
ALL = {**WORK, **HOME, **OTHER}


def mailing(world: World) -> None:
    """The admin has the mailing address alone."""
    world.policy(kind=MAILING)


def three(world: World) -> None:
    """The admin has all three addresses."""
    world.policy(kind=CONTACT)


def in_crm(world: World, record: str) -> dict[str, Value]:
    """The addresses of a record."""
    return {n: v for n, v in world.crm(record).items() if n.startswith("address")}


def in_outlook(world: World) -> dict[str, Value]:
    """The addresses of the only item, as its user sees them."""
    return {n: v for n, v in world.item().fields.items() if n.startswith("address")}


def agreed(world: World, record: str) -> bool:
    """Whether nothing of a link is apart but its categories."""
    return not {name for name in world.link(record).marks if name.startswith("address")}


@pytest.mark.parametrize("named", ["", "Business", "Home", "Other"])
def test_a_switch_there_and_back_writes_nothing(world: World, named: str) -> None:
    """With both sides filled, neither mode overwrites what the other left; back is as before."""
    record = world.new(**ANN, **ALL)
    world.settle()
    world.hand().name_mailing(world.item().id, named)
    world.settle()
    for switch, differs in ((mailing, named in ("Home", "Other")), (three, False)):
        switch(world)
        (line,) = world.sync(mode=Mode.PLAN).lines
        assert (line.verbs, "Mailing city" in line.apart) == ((), differs)
        world.sync()
        assert world.writes == 0
        world.settle()
        assert in_outlook(world) == in_crm(world, record) == ALL
    assert agreed(world, record)
    assert world.kept_losers() == []


def test_a_switch_fills_what_is_empty_and_says_so_first(world: World) -> None:
    """The mailing address is the home address, and the CRM's first one is empty: it gets it."""
    record = world.new(**ANN, **HOME)
    world.settle()
    world.hand().name_mailing(world.item().id, "Home")
    world.settle()
    mailing(world)
    (planned,) = world.sync(mode=Mode.PLAN).work
    assert planned.to_crm == ("Mailing street", "Mailing city")
    assert (planned.reason, planned.to_outlook) == (Reason.MAP_CHANGED, ())
    assert in_crm(world, record) == HOME
    world.settle()
    as_first = {name.replace("address2", "address1"): v for name, v in HOME.items()}
    assert in_crm(world, record) == {**as_first, **HOME}
    assert in_outlook(world) == HOME
    three(world)
    world.settle()
    assert in_outlook(world) == {**as_first, **HOME}


def test_what_differs_after_a_switch_waits_for_an_edit(world: World) -> None:
    """An edit of either side is carried; what it replaces is kept (P1)."""
    record = world.new(**ANN, **ALL)
    world.settle()
    world.hand().name_mailing(world.item().id, "Home")
    world.settle()
    mailing(world)
    world.settle()
    world.change(record, address1_city="Newton")
    world.settle()
    assert world.item()["address2_city"] == "Newton"
    assert world.item()["address1_city"] == "Workton"
    assert any("Hometown" in kept for kept in world.kept_losers())


def test_an_edit_made_before_the_switch_is_taken_is_not_lost(world: World) -> None:
    """The CRM's own edit is one, whatever its value goes with now."""
    record = world.new(**ANN, **WORK)
    world.settle()
    world.change(record, address1_city="Newton")
    mailing(world)
    world.settle()
    assert world.item()["address1_city"] == "Newton"


def test_the_mailing_address_goes_both_ways_alone(world: World) -> None:
    """Home and Other take no part, in either direction; naming another address is an edit."""
    mailing(world)
    record = world.new(**ANN, **ALL)
    world.settle()
    assert in_outlook(world) == WORK
    item = world.item().id
    world.hand().edit(item, {"address1_city": "Newton", "address2_city": "Mine"})
    world.settle()
    assert in_crm(world, record) == {**ALL, "address1_city": "Newton"}
    world.hand().name_mailing(item, "Home")
    world.settle()
    assert in_crm(world, record)["address1_city"] == "Mine"
    world.change(record, address1_line1="New St 5", address3_city="Elsewhere")
    world.settle()
    assert in_outlook(world) == {
        "address1_line1": "Work St 1", "address1_city": "Newton",
        "address2_line1": "New St 5", "address2_city": "Mine",
    }  # fmt: skip


def test_a_switch_back_leaves_what_was_changed_in_between(world: World) -> None:
    """An address that took no part and was edited meanwhile is apart, on both sides as it is."""
    record = world.new(**ANN, **ALL)
    world.settle()
    mailing(world)
    world.settle()
    world.hand().edit(world.item().id, {"address2_city": "Moved"})
    world.change(record, address3_city="Changed")
    world.settle()
    three(world)
    world.settle()
    assert in_crm(world, record) == {**ALL, "address3_city": "Changed"}
    assert in_outlook(world) == {**ALL, "address2_city": "Moved"}


def test_a_record_that_left_scope_comes_back_under_the_other_mode(world: World) -> None:
    """Its images are those of the mode it left under: they are no edit of the other address."""
    record = world.new(**ANN, **ALL)
    world.settle()
    world.hand().name_mailing(world.item().id, "Home")
    world.settle()
    world.set_active(record, active=False)
    world.settle()
    mailing(world)
    world.settle()
    world.set_active(record, active=True)
    world.settle()
    assert in_outlook(world) == in_crm(world, record) == ALL


def test_a_plan_under_the_other_mode_can_be_thought_better_of(world: World) -> None:
    """The admin looks at what a switch would do, and leaves it: all is as it was."""
    record = world.new(**ANN, **ALL)
    world.settle()
    world.hand().name_mailing(world.item().id, "Home")
    world.settle()
    mailing(world)
    world.sync(mode=Mode.PLAN)
    three(world)
    world.settle()
    assert in_outlook(world) == in_crm(world, record) == ALL
    assert agreed(world, record)


def test_a_tracked_item_brings_its_mailing_address_alone(world: World) -> None:
    """The other addresses of its user stay where they are (P14)."""
    mailing(world)
    world.settle()
    item = world.hand().add({**ANN, **ALL})
    world.hand().name_mailing(item, "Other")
    world.hand().edit(item, {"categories": ("CRM",)})
    world.settle()
    (record,) = world.all_records()
    assert in_crm(world, record) == {"address1_city": "Otherby"}
    assert in_outlook(world) == ALL
