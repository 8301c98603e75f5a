"""What is old is deleted; never what is open, and never what a promise still needs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from syncd.crm import database
from syncd.model.policy import ConflictPolicy
from syncd.outlook.port import Sensitivity
from syncd.sync.conflicts import OPEN
from syncd.sync.tables import conflict, operation, run
from tests.sync.test_privacy import dump
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory


def tidy(world: World) -> None:
    """What the daemon does once a day."""
    world.service().tidy()


def journalled(world: World) -> list[tuple[str, str | None]]:
    """The verbs of the journal, each with its record."""
    with database.read(world.engine) as conn:
        query = select(operation.c.verb, operation.c.crm_id).order_by(operation.c.at)
        return [(row.verb, row.crm_id) for row in conn.execute(query)]


def runs(world: World) -> int:
    """How many runs are known."""
    with database.read(world.engine) as conn:
        return len(conn.scalars(select(run.c.id)).all())


def test_what_is_old_goes_and_what_is_young_stays(memory: Memory) -> None:
    """Of what went from the CRM to Outlook nothing is known after 90 days; it stays in step."""
    world, _ = memory
    world.start()
    old = world.new(lastname="Lee")
    world.settle()
    assert ("create-item", old) in journalled(world)
    world.pass_time(days=60)
    young = world.new(lastname="Nile")
    world.settle()
    tidy(world)
    assert {record for _, record in journalled(world)} == {old, young}
    world.pass_time(days=31)
    tidy(world)
    assert {record for _, record in journalled(world)} == {young}
    assert runs(world) < len(world.reports)
    world.settle()
    assert {each["lastname"] for each in world.items()} == {"Lee", "Nile"}
    with database.read(world.engine) as conn:
        assert set(conn.scalars(select(operation.c.run_id))) <= set(conn.scalars(select(run.c.id)))


def test_the_time_is_a_setting(memory: Memory) -> None:
    """`[journal] keep`, to the day."""
    world, _ = memory
    world.start()
    world.new(lastname="Lee")
    world.settle()
    service = world.service()
    service.keep = timedelta(days=400)
    world.pass_time(days=399)
    service.tidy()
    assert journalled(world) != []
    world.pass_time(days=2)
    service.tidy()
    assert journalled(world) == []
    assert runs(world) == 0


@pytest.mark.parametrize("state", [OPEN, "kept", "resolved"])
def test_a_conflict_that_waits_is_never_old(memory: Memory, state: str) -> None:
    """What lost long ago goes, with content that nothing else refers to; what is asked stays."""
    world, _ = memory
    world.policy(conflict=ConflictPolicy.CRM)
    world.start()
    ann = world.new(lastname="Lee", department="Sales")
    world.settle()
    world.hand().edit(world.item().id, {"department": "Zquanary"})
    world.change(ann, department="Marketing")
    world.settle()
    assert "Zquanary" in dump(world)
    with database.write(world.engine) as conn:
        conn.execute(update(conflict).values(state=state))
    world.pass_time(days=91)
    tidy(world)
    assert ("Zquanary" in dump(world)) is (state == OPEN)
    assert (runs(world) > 0) is (state == OPEN)  # the one that it is told of in


@pytest.mark.parametrize("status", ["intended", "in-doubt"])
def test_an_open_operation_is_never_old(memory: Memory, status: str) -> None:
    """Until it is settled, nobody knows what became of it."""
    world, _ = memory
    world.start()
    world.new(lastname="Lee")
    world.settle()
    with database.write(world.engine) as conn:
        conn.execute(update(operation).values(status=status, settled_at=None))
    before = journalled(world)
    world.pass_time(days=91)
    tidy(world)
    assert journalled(world) == before != []


def test_a_creation_that_was_lost_is_known_for_good(memory: Memory) -> None:
    """P3: should its item turn up, it is a double, and known by its key."""
    world, _ = memory
    world.start()
    world.sync()
    with database.write(world.engine) as conn:
        of = conn.scalars(select(run.c.id)).first()
        at = world.time()
        lost = {
            "key": "k", "run_id": of, "mailbox_id": world.mailbox_id(ALICE), "kind": "contact",
            "verb": "create-item", "reason": "created", "counted": True, "status": "lost",
            "at": at, "settled_at": at,
        }  # fmt: skip
        conn.execute(insert(operation).values(lost))
    world.pass_time(days=91)
    tidy(world)
    assert journalled(world) == [("create-item", None)]


def test_what_came_out_of_a_mailbox_can_be_withdrawn_however_old_it_is(memory: Memory) -> None:
    """P7: of such a record the journal keeps all; what Bob's item was made to hold goes, too."""
    world, _ = memory
    world.filter = "statecode eq 'active'"
    world.hand(BOB).add({"firstname": "Ann", "lastname": "Lee", "categories": ("CRM",)})
    world.start(ALICE)
    world.start(BOB)
    world.settle(ALICE, BOB)
    (ann,) = world.all_records()
    item = world.item_of(ann).id
    world.hand().edit(item, {"department": "Zquanary"})
    world.settle(ALICE, BOB)
    assert world.item_of(ann, BOB)["department"] == "Zquanary"
    world.pass_time(days=365)
    tidy(world)
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle(ALICE, BOB)
    assert "department" not in world.crm(ann)
    assert world.item_of(ann, BOB)["department"] is None
    assert "Zquanary" not in dump(world)
