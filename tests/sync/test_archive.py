"""The folder of what left scope is its user's, too: it may be thrown away."""

from __future__ import annotations

import pytest

from syncd.sync.report import Outcome
from tests.sync.world import ALICE, World

FORMER = "Former CRM contacts"


def former(world: World) -> str:
    """The folder as syncd finds it."""
    found = world.connect(ALICE).folder(world.rules.kind, f"default/{FORMER}", create=False)
    assert found is not None
    return found.id


@pytest.mark.parametrize("how", ["into Deleted Items", "for good"])
def test_a_folder_that_was_thrown_away_is_made_again(world: World, how: str) -> None:
    """What leaves scope after it neither follows it nor stops the mailbox (P10)."""
    ann, bob = world.new(lastname="Ann"), world.new(lastname="Bob")
    world.start()
    world.set_active(ann, active=False)
    world.settle()
    old = former(world)
    if how == "for good":
        world.hand().delete_folder(old)
    else:
        world.hand().move_folder(old, "deleteditems")
    world.set_active(bob, active=False)
    assert world.sync().outcome is Outcome.OK
    world.settle()
    assert world.link(bob).state == "released"
    new = former(world)
    assert new != old
    assert [each["lastname"] for each in world.items(new)] == ["Bob"]
    world.set_active(ann, active=True)
    world.settle()
    world.pass_time(minutes=11)
    world.settle()
    assert [each["lastname"] for each in world.items()] == ["Ann"]
