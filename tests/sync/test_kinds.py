"""Kinds are data: a kind that syncd does not know goes through a whole run."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import Engine, MetaData

from syncd.crm.stored import StoredKind, plain
from syncd.crm.tables import record_table
from syncd.model.fields import Direction
from syncd.model.kinds import Kind
from tests.memory_mailbox import MemoryServer
from tests.sync.world import ALICE, World
from tests.sync.worlds import memory_world
from tests.toy import GADGET


@pytest.fixture(scope="module")
def gadgets() -> StoredKind[Kind]:
    """Where gadgets are kept."""
    return plain(GADGET, record_table("gadget", GADGET, MetaData()))


@pytest.fixture
def toys(engine: Engine, gadgets: StoredKind[Kind]) -> tuple[World, Mapping[str, MemoryServer]]:
    """A world of gadgets."""
    gadgets.table.create(engine)
    world, servers = memory_world(engine, gadgets)
    world.filter = "owner eq @me"
    return world, servers


Toys = tuple[World, Mapping[str, MemoryServer]]


def test_a_gadget_goes_round(toys: Toys) -> None:
    """Created, edited on both sides, merged set by element, deleted, brought back."""
    world, _ = toys
    record = world.new(brand="Acme", model="One", serial="A-1", parts=("lid", "box"))
    world.settle()
    assert world.item().fields == world.crm(record)
    world.change(record, parts=("lid", "box", "screw"))
    world.hand().edit(world.item().id, {"parts": ("box",), "hint": "under the lid"})
    world.settle()
    assert world.crm(record)["parts"] == ("box", "screw")
    assert world.item()["parts"] == ("box", "screw")
    assert world.crm(record)["hint"] == "under the lid"
    gone = world.hand().move(world.item().id, "deleteditems")
    world.settle()
    world.hand().move(gone, "contacts")
    world.settle()
    assert world.link(record).state == "live"
    assert len(world.items()) == 1


def test_a_gadget_is_tracked_by_its_own_labels(toys: Toys) -> None:
    """The field that holds the categories is named by the kind."""
    world, _ = toys
    world.settle()
    world.hand().add({"brand": "Acme", "serial": "A-2", "labels": ("CRM",)})
    world.hand().add({"brand": "Own", "serial": "A-3"})
    world.settle()
    (record,) = world.all_records()
    assert world.crm(record) == {"brand": "Acme", "serial": "A-2"}


def test_gadgets_are_matched_by_what_their_kind_says(toys: Toys) -> None:
    """And put aside into the folder that it names."""
    world, _ = toys
    item = world.hand().add({"brand": "Acme", "model": "One", "serial": "a-1"})
    record = world.new(brand="Acme", model="One", serial="A-1")
    other = world.new(brand="Acme", model="Two")
    world.start()
    world.settle()
    assert world.link(record).remote_id == item
    world.filter = "owner eq @me and model ne 'Two'"
    world.settle()
    assert [each["model"] for each in world.items("Former gadgets", ALICE)] == ["Two"]
    assert world.link(other).state == "released"


def test_a_direction_holds_for_any_kind(toys: Toys) -> None:
    """One group of one kind, one way."""
    world, _ = toys
    world.policy(directions={"serial": Direction.TO_OUTLOOK})
    record = world.new(brand="Acme", serial="A-1")
    world.settle()
    world.hand().edit(world.item().id, {"serial": "mine", "brand": "Bcme"})
    world.settle()
    assert world.crm(record) == {"brand": "Bcme", "serial": "A-1"}
    assert world.item()["serial"] == "mine"
