"""What Graph cannot show of a folder: one bad item is one bad item (P10), and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from syncd.outlook.port import Backend, Sensitivity
from syncd.sandbox.server import Sandbox
from syncd.sync.observe import PATIENCE
from syncd.sync.report import Outcome
from tests.sync.world import World
from tests.sync.worlds import sandbox_world

ITEM_ERRORS = ["ErrorInternalServerError", "ErrorCorruptData"]


@pytest.fixture
def world(engine: Engine, box: Sandbox) -> World:
    """A world whose mailboxes are reached over Graph."""
    return sandbox_world(engine, box, Backend.GRAPH)


def poison(box: Sandbox, item: str, code: str) -> None:
    """No look at this item is answered any more."""
    box.faults.add("GET contact", "item_error", code=code, item=item, times=999)


@pytest.mark.parametrize("code", ITEM_ERRORS)
def test_an_item_that_cannot_be_shown_does_not_stop_its_mailbox(
    world: World, box: Sandbox, code: str
) -> None:
    """It waits, and is set aside; the others flow, and so does it once it can be read."""
    bad, good = world.new(firstname="Bad"), world.new(firstname="Good")
    world.start()
    world.settle()
    for each in (bad, good):
        world.hand().edit(world.item_of(each).id, {"nickname": "Nick"})
    poison(box, world.item_of(bad).id, code)
    for _ in range(PATIENCE):
        assert world.sync().outcome is Outcome.FAILED
        assert "nickname" not in world.crm(good)
    world.sync()
    assert world.crm(good)["nickname"] == "Nick"
    assert "nickname" not in world.crm(bad)
    assert world.link(bad).state == "live"
    world.accounted()
    box.faults.clear()
    world.pass_time(minutes=11)
    world.sync()
    assert world.crm(bad)["nickname"] == "Nick"


@pytest.mark.parametrize("code", ITEM_ERRORS)
def test_an_item_that_cannot_be_shown_and_was_thrown_away_does_not_stop_its_mailbox(
    world: World, box: Sandbox, code: str
) -> None:
    """Where it is stays unknown: it counts as deleted only once that can be seen (P5)."""
    bad, good, gone = (world.new(firstname=each) for each in ("Bad", "Good", "Gone"))
    world.start()
    world.settle()
    thrown = world.item_of(bad).id
    poison(box, thrown, code)
    world.hand().move(thrown, "deleteditems")
    world.hand().move(world.item_of(gone).id, "deleteditems")
    world.hand().edit(world.item_of(good).id, {"nickname": "Nick"})
    for _ in range(PATIENCE + 1):
        world.sync()
        world.pass_time(minutes=11)
    assert world.crm(good)["nickname"] == "Nick"
    assert (world.link(bad).state, world.link(gone).state) == ("live", "remembered")
    box.faults.clear()
    world.sync()
    assert world.link(bad).state == "remembered"


def test_a_write_to_an_item_that_cannot_be_shown_stays_in_doubt_alone(
    world: World, box: Sandbox
) -> None:
    """Neither done nor lost can be said of it (P3); the others flow (P10)."""
    bad, good = world.new(firstname="Bad"), world.new(firstname="Good")
    world.start()
    world.settle()
    item = world.item_of(bad).id
    world.change(bad, jobtitle="Boss")
    box.faults.add("PATCH contacts", "http_504", item=item)
    world.sync()
    box.faults.clear()
    world.hand().move(item, "deleteditems")
    poison(box, item, "ErrorInternalServerError")
    for _ in range(PATIENCE + 1):
        world.pass_time(minutes=11)
        world.change(good, jobtitle="Aide")
        world.sync()
    assert world.item_of(good)["jobtitle"] == "Aide"
    assert world.link(bad).state == "live"
    box.faults.clear()
    for _ in range(3):
        world.pass_time(minutes=11)
        world.sync()
    assert world.link(bad).state == "remembered"
    assert len(world.items("deleteditems")) == 1


def test_what_cannot_be_shown_may_be_private(world: World, box: Sandbox) -> None:
    """P7: nothing is written to it, and nothing of it is taken, until its mark was seen."""
    ann = world.new(firstname="Ann")
    world.start()
    world.settle()
    item = world.item_of(ann).id
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.hand().edit(item, {"nickname": "Secret"})
    poison(box, item, "ErrorInternalServerError")
    for _ in range(PATIENCE + 1):
        world.change(ann, jobtitle="Boss")
        world.sync()
    assert world.item()["jobtitle"] is None
    box.faults.clear()
    world.pass_time(minutes=11)
    world.sync()
    assert world.link(ann).state == "released"
    assert world.item()["jobtitle"] is None
    assert "nickname" not in world.crm(ann)


def test_a_passing_failure_is_no_gap_in_a_listing(world: World, box: Sandbox) -> None:
    """P3: what is not seen could be the match of a new record, so at first the page fails."""
    world.start()
    own = world.hand().add({"firstname": "Ann", "lastname": "Lee", "emailaddress1": "a@x.test"})
    world.new(firstname="Ann", lastname="Lee", emailaddress1="a@x.test")
    box.faults.add("GET contact", "internal_error")
    assert world.sync().outcome is Outcome.FAILED
    world.settle()
    assert [each.id for each in world.items()] == [own]


def test_a_server_that_forgets_each_cursor_is_asked_again_later(world: World, box: Sandbox) -> None:
    """One run does not list a folder for ever."""
    for number in range(201):
        world.hand().add({"firstname": f"N{number}"})
    world.start()
    world.execute("update mailbox_kind set cursor = null")
    box.faults.add("GET contacts/delta", "invalid_sync_state", times=99)
    assert world.sync().outcome is Outcome.FAILED
    assert world.counts.total() < 20
    box.faults.clear()
    world.settle()
