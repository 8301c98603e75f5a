"""One act in the CRM that concerns very many items: nothing half done, and nothing unasked (P8)."""

from __future__ import annotations

from syncd.sync.report import Outcome
from tests.sync import desk
from tests.sync.world import ALICE, BOB, Memory

FORMER = "Former CRM contacts"


def test_an_account_that_is_reassigned_waits_for_a_person_in_both_mailboxes(
    memory: Memory,
) -> None:
    """Its contacts go along: that many moves in one mailbox, that many new ones in the other."""
    world, _ = memory
    contoso, other = desk.account(world, "Contoso"), desk.account(world, "Other")
    many = [{"firstname": f"N{n}", "parentcustomerid": contoso} for n in range(60)]
    world.new_many([*many, *({"firstname": f"Own{n}", "parentcustomerid": other} for n in (1, 2))])
    world.settle(ALICE, BOB)
    desk.assign_account(world, contoso, BOB)
    for _ in range(2):
        for each in (ALICE, BOB):
            report = world.sync(each)
            assert report.outcome is Outcome.STOPPED
            assert report.counters["held"] == 60
            assert world.writes == 0
            world.accounted(each)
    assert len(world.items()) == 62
    assert world.items(FORMER) == world.items(address=BOB) == []
    assert world.approve(ALICE) == world.approve(BOB) == 60
    world.settle(ALICE, BOB)
    assert len(world.items()) == 2
    assert len(world.items(FORMER)) == len(world.items(address=BOB)) == 60
    assert {link.state for link in world.links()} == {"live", "released"}


def test_a_rest_of_the_run_goes_on_beside_what_is_held(memory: Memory) -> None:
    """An edit of somebody else is carried over meanwhile."""
    world, _ = memory
    contoso = desk.account(world, "Contoso")
    world.new_many([{"firstname": f"N{n}", "parentcustomerid": contoso} for n in range(60)])
    own = world.new(firstname="Own")
    world.settle(ALICE, BOB)
    desk.assign_account(world, contoso, BOB)
    world.change(own, jobtitle="CEO")
    world.sync()
    assert world.item_of(own)["jobtitle"] == "CEO"
    assert len(world.items()) == 61


def test_a_right_that_is_taken_away_is_bounded_as_well(memory: Memory) -> None:
    """A rule that would empty an address book waits; once it is taken back, nothing is left."""
    world, _ = memory
    world.filter = "statecode eq 'active'"
    world.new_many([{"firstname": f"N{n}"} for n in range(60)], BOB)
    world.settle()
    desk.rule(world, read=desk.OWN, write=desk.OWN)
    assert world.sync().counters["held"] == 60
    assert len(world.items()) == 60
    desk.no_rule(world)
    world.settle()
    assert len(world.items()) == 60
    assert world.reports[-1].outcome is Outcome.OK
