"""First contact with a mailbox: nothing is written before a person has seen what would be (P8)."""

from __future__ import annotations

import pytest

from syncd.model.policy import FirstSync
from syncd.model.values import Value
from syncd.reconcile.decide import Verb
from syncd.sync.report import Outcome
from syncd.sync.run import Mode
from tests.sync.world import ALICE, World

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip


def test_an_empty_mailbox_goes_by_itself(world: World) -> None:
    """No item in the folder or below it: nothing to ask about."""
    world.new(**ANN)
    assert world.sync().outcome is Outcome.OK
    assert len(world.items()) == 1
    assert world.contact_state() == "done"


def test_a_mailbox_that_holds_items_waits_and_writes_nothing(world: World) -> None:
    """It shows the totals and waits for approval; then it goes."""
    mine = world.hand().add({**ANN, "jobtitle": "Boss", "firstname": "A"})
    world.hand().add({"firstname": "Bea"})
    world.hand().add({"firstname": "Cid", "categories": ("CRM",)})
    ann = world.new(**ANN)
    dan = world.new(firstname="Dan")
    before = world.items()
    for _ in range(3):
        assert world.sync().outcome is Outcome.STOPPED
        assert world.writes == 0
    assert world.items() == before
    assert set(world.all_records()) == {ann, dan}
    wanted = {"pairs": 1, "create_in_outlook": 1, "create_in_crm": 1, "update_in_crm": 1}
    assert world.proposal() | wanted == world.proposal()
    world.accounted()
    world.approve()
    world.settle()
    assert world.link(ann).remote_id == mine
    assert len(world.items()) == 4
    assert len(world.all_records()) == 3
    assert world.crm(ann)["jobtitle"] == "Boss"


def test_an_item_in_a_folder_below_makes_it_wait(world: World) -> None:
    """The user's contacts may be further down."""
    below = world.hand().add_folder("Friends")
    world.hand().add({"firstname": "Bea"}, folder=below)
    world.new(**ANN)
    assert world.sync().outcome is Outcome.STOPPED
    assert world.items() == []


def test_our_own_item_in_deleted_items_makes_it_wait(world: World) -> None:
    """Somebody emptied the folder after an earlier installation: not an empty mailbox."""
    world.new(**ANN)
    world.settle()
    world.hand().move(world.item().id, "deleteditems")
    world.forget_links()
    assert world.sync().outcome is Outcome.STOPPED
    assert world.items() == []
    assert world.writes == 0


@pytest.mark.parametrize("what", ["distribution list", "private"])
def test_an_item_of_any_sort_makes_it_wait(world: World, what: str) -> None:
    """Whatever it is, somebody lives here."""
    world.hand().add({}, item_class="IPM.DistList" if what == "distribution list" else "")
    world.new(**ANN)
    assert world.sync().outcome is Outcome.STOPPED
    assert world.writes == 0


def test_the_policy_may_let_it_go(world: World) -> None:
    """`first_sync = go`."""
    world.policy(first_sync=FirstSync.GO)
    world.hand().add({"firstname": "Bea"})
    world.new(**ANN)
    assert world.sync().outcome is Outcome.OK
    assert len(world.items()) == 2


def test_a_plan_for_a_folder_that_is_yet_to_be_made(world: World) -> None:
    """It says what would be created, makes nothing, and the sync then goes ahead."""
    world.policy(folder="default/Customers")
    world.new(firstname="Ann")
    plan = world.sync(mode=Mode.PLAN)
    assert [line.verbs for line in plan.work] == [(Verb.CREATE_ITEM,)]
    assert world.writes == 0
    assert world.connect(ALICE).folder(world.rules.kind, "default/Customers", create=False) is None
    world.sync()
    assert [each["firstname"] for each in world.items("Customers")] == ["Ann"]
