"""What Graph cannot show of a folder: one bad item is one bad item (P10), and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from syncd.outlook.port import Backend, Sensitivity
from syncd.sandbox.server import Sandbox
from syncd.sync.observe import PATIENCE
from syncd.sync.report import Outcome
from tests.sync.world import World, sandbox_world

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
