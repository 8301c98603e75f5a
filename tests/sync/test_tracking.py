"""What its user puts into the CRM, and whom the CRM has already (P3)."""

from __future__ import annotations

import pytest

from syncd.model.policy import FirstSync
from syncd.model.values import Value
from tests.memory_server import Effect, run
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip
CRM = ("CRM",)


def go(world: World) -> None:
    """Let first contact go ahead."""
    world.policy(first_sync=FirstSync.GO)


def test_a_tracked_contact_that_the_crm_knows_is_linked_not_doubled(world: World) -> None:
    """The duplicate check: Bob's record of the same person is linked (P3)."""
    known = world.new(BOB, **ANN)
    world.settle(ALICE, BOB)
    world.hand().add({**ANN, "categories": CRM, "jobtitle": "Boss"})
    world.settle(ALICE, BOB)
    assert list(world.all_records()) == [known]
    assert world.crm(known)["jobtitle"] == "Boss"
    assert world.link(known).origin == "tracked"


def test_a_tracked_item_that_could_be_two_records_waits(world: World) -> None:
    """P3: a double in the CRM gets no third beside it."""
    twins = world.new_many([ANN, ANN], BOB)
    item = world.hand().add({**ANN, "categories": CRM})
    go(world)
    world.settle()
    assert world.reason(item) == "waiting (doubtful-match)"
    assert world.all_records().keys() == set(twins)


def test_a_tracked_item_about_somebody_deactivated_waits(world: World) -> None:
    """Deactivation releases: what it takes out of every Outlook is not let in by another's act."""
    world.settle()
    known = world.new(BOB, **ANN)
    world.set_active(known, active=False)
    item = world.hand().add({**ANN, "categories": CRM})
    world.settle()
    assert world.reason(item) == "waiting (doubtful-match)"
    assert world.link(known) is None
    assert list(world.all_records()) == [known]


def test_the_category_pins_an_item_whatever_it_was_before(world: World) -> None:
    """An adopted contact that its user puts into the CRM stays in step when it is reassigned."""
    go(world)
    world.hand().add(ANN)
    record = world.new(**ANN)
    world.settle()
    world.hand().edit(world.item().id, {"categories": CRM})
    world.settle()
    world.assign(record, BOB)
    world.settle()
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"


def pinned(world: World) -> str:
    """The record of a contact that syncd made, and that its user has tracked since."""
    record = world.new(**ANN)
    world.start()
    world.settle()
    world.hand().edit(world.item().id, {"categories": CRM})
    world.settle()
    return record


def left(world: World, record: str) -> None:
    """It is kept in step no more."""
    assert world.link(record).state == "released"
    assert not world.items()


@pytest.mark.parametrize("apart", [True, False], ids=["rounds apart", "in one round"])
def test_what_was_pinned_leaves_with_its_category(world: World, apart: bool) -> None:
    """What syncd made, reassigned while its user tracked it, goes once they track it no more."""
    record = pinned(world)
    world.assign(record, BOB)
    if apart:
        world.settle()
        assert world.link(record).state == "live"
    world.hand().edit(world.item().id, {"categories": None})
    world.settle()
    left(world, record)


def test_what_was_pinned_leaves_when_an_untracked_copy_takes_its_place(world: World) -> None:
    """The item that was tracked is thrown away, and found again without its category."""
    record = pinned(world)
    world.assign(record, BOB)
    original = world.item().id
    copy = world.hand().copy(original)
    world.hand().edit(copy, {"categories": None})
    world.settle()
    assert world.link(record).state == "live"
    world.hand().delete(original)
    world.settle()
    left(world, record)


def test_what_was_pinned_leaves_with_a_category_that_goes_while_a_run_reads(memory: Memory) -> None:
    """After the listing, before the item is read: what was read counts."""
    world, servers = memory
    record = pinned(world)
    item, server = world.item().id, servers[ALICE]
    world.hand().write_formatted(item, "description", "<b>Ann</b>")
    world.settle()
    world.assign(record, BOB)
    world.change(record, description="met in Rome")  # which may not be written unread

    def meddle(call: str, effect: Effect) -> object:
        if call == "read":
            server.meddle = run
            world.hand().edit(item, {"categories": None})
        return effect()

    server.meddle = meddle
    world.settle()
    assert server.meddle is run  # it was read
    left(world, record)
