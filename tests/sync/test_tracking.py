"""What its user puts into the CRM, and whom the CRM has already (P3)."""

from __future__ import annotations

import pytest

from syncd.model.policy import FirstSync
from syncd.model.values import Value
from tests.sync.world import ALICE, BOB, World

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


@pytest.mark.parametrize("apart", [True, False], ids=["rounds apart", "in one round"])
def test_what_was_pinned_leaves_with_its_category(world: World, apart: bool) -> None:
    """What syncd made, reassigned while its user tracked it, goes once they track it no more."""
    record = world.new(**ANN)
    world.start()
    world.settle()
    world.hand().edit(world.item().id, {"categories": CRM})
    world.settle()
    world.assign(record, BOB)
    if apart:
        world.settle()
        assert world.link(record).state == "live"
    world.hand().edit(world.item().id, {"categories": None})
    world.settle()
    assert world.link(record).state == "released"
    assert not world.items()
