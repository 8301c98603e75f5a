"""When the rules change: what was apart is decided once, and nobody's edit is lost over it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from syncd.crm import database
from syncd.model.fields import Direction
from syncd.model.policy import ConflictPolicy, Track
from syncd.model.values import Value
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip


def test_a_direction_that_opens_decides_what_was_apart_once(world: World) -> None:
    """One-way becomes two-way: the difference is settled as on adoption, the loser kept (P1)."""
    record = world.new(**ANN, jobtitle="Buyer")
    world.policy(directions={"jobtitle": Direction.TO_OUTLOOK})
    world.settle()
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    world.settle()
    assert (world.crm(record)["jobtitle"], world.item()["jobtitle"]) == ("Buyer", "Boss")
    world.policy(directions={})
    world.settle()
    assert (world.crm(record)["jobtitle"], world.item()["jobtitle"]) == ("Buyer", "Buyer")
    assert any("Boss" in kept for kept in world.kept_losers())


def test_a_direction_that_closes_changes_nothing_by_itself(world: World) -> None:
    """Two-way becomes one-way: what is agreed stays agreed, and nothing is written."""
    record = world.new(**ANN, jobtitle="Buyer")
    world.settle()
    before = world.writes
    world.policy(direction=Direction.TO_OUTLOOK)
    world.settle()
    assert world.writes == before
    assert world.item()["jobtitle"] == world.crm(record)["jobtitle"] == "Buyer"


def test_an_edit_made_while_the_rules_change_is_not_missed(world: World) -> None:
    """A record that was edited travels also in the run that asks anew who belongs where."""
    record = world.new(**ANN)
    world.settle()
    world.change(record, jobtitle="CEO")
    world.policy(directions={"department": Direction.TO_CRM})
    world.settle()
    assert world.item()["jobtitle"] == "CEO"


@pytest.mark.parametrize(("hours", "winner"), [(0, "Boss"), (5, "CEO"), (-5, "CEO")])
def test_latest_trusts_no_clock_that_is_wrong(memory: Memory, hours: int, winner: str) -> None:
    """A server whose clock is off by more than a minute proves nothing: the CRM wins."""
    world, servers = memory
    world.policy(conflict=ConflictPolicy.LATEST)
    record = world.new(**ANN)
    world.settle()
    world.change(record, jobtitle="CEO")
    world.pass_time(seconds=5)
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    servers[ALICE].clock = lambda: world.time() + timedelta(hours=hours)
    world.sync()
    assert world.crm(record)["jobtitle"] == world.item()["jobtitle"] == winner


def test_an_item_that_could_be_two_people_waits(world: World) -> None:
    """Tracked, and the CRM knows two of that name: a person decides, and no third is made (P3)."""
    for street in ("One Street", "Other Street"):
        world.new(firstname="Ann", lastname="Lee", companyname="Contoso", address1_city=street)
    world.settle()
    fields: dict[str, Value] = {"firstname": "Ann", "lastname": "Lee", "companyname": "Contoso"}
    mine = world.hand().add({**fields, "categories": ("CRM",)})
    assert world.sync().outcome == "stopped"
    assert world.reason(mine) == "waiting (doubtful-match)"
    assert len(world.all_records()) == 2


def test_content_that_nothing_refers_to_is_deleted(world: World) -> None:
    """Snapshots go with their last reference; what the journal refers to stays (P1)."""
    record = world.new(**ANN)
    world.settle()
    world.execute(
        "insert into snapshot (hash, content) values ('0000', '{\"lastname\":\"nobody\"}')"
    )
    with database.read(world.engine) as conn:
        count = conn.exec_driver_sql("select count(*) from snapshot").scalar_one()
    world.service().tidy()
    with database.read(world.engine) as conn:
        left = list(conn.exec_driver_sql("select hash from snapshot").scalars())
    assert "0000" not in left
    assert 0 < len(left) < count
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"


@pytest.mark.parametrize(
    ("before", "after", "category"),
    [
        ({}, {"track": Track.FOLDER}, "Kunde"),
        ({}, {"track_category": "Kunde"}, "Kunde"),
        ({"direction": Direction.TO_OUTLOOK}, {"direction": Direction.TWO_WAY}, "CRM"),
    ],
)
def test_what_new_rules_let_in_need_not_be_touched_first(
    world: World, before: dict[str, Any], after: dict[str, Any], category: str
) -> None:
    """Items that the old rules left alone are looked at once more."""
    world.policy(**before)
    world.settle()
    world.hand().add({"firstname": "Ann", "categories": (category,)})
    world.settle()
    assert world.all_records() == {}
    world.policy(**after)
    world.settle()
    assert len(world.all_records()) == 1
