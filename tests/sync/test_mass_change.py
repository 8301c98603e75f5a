"""One act in the CRM that concerns very many items: nothing half done, and nothing unasked (P8)."""

from __future__ import annotations

from syncd.crm import database
from syncd.model.policy import Limits
from syncd.sync import causes
from syncd.sync.report import Outcome
from tests.sync import desk
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

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


# --- one cause in many mailboxes -----------------------------------------------------------------


def both_hold(world: World, number: int) -> list[str]:
    """So many records of one account, each in both mailboxes."""
    world.filter = "parentaccount/statecode eq 'active'"
    contoso = desk.account(world, "Contoso")
    many = [{"firstname": f"N{n}", "parentcustomerid": contoso} for n in range(number)]
    world.new_many([*many, *({"firstname": f"Own{n}"} for n in range(3))])
    world.settle(ALICE, BOB)
    world.policy(limits=Limits(most=999, some=999, few=999, daily=999, cause=15))
    return [contoso]


def test_one_act_is_counted_over_all_mailboxes(memory: Memory) -> None:
    """Ten in each of two mailboxes are twenty: both shares are held, though none is large alone."""
    world, _ = memory
    (contoso,) = both_hold(world, 10)
    desk.deactivate_account(world, contoso)
    for each in (ALICE, BOB):
        assert world.sync(each).counters["held"] == 10
        assert world.writes == 0
    assert len(world.items()) == len(world.items(address=BOB)) == 10


def test_a_cause_is_let_go_in_all_mailboxes_at_once(memory: Memory) -> None:
    """What is approved as a whole is not asked about again in any of them."""
    world, _ = memory
    (contoso,) = both_hold(world, 10)
    desk.deactivate_account(world, contoso)
    world.sync(ALICE)
    with database.write(world.engine) as conn:
        (number,) = causes.of_mailbox(conn, world.mailbox_id(ALICE))
        concerned = causes.approve(conn, number, world.time())
    assert concerned == [world.mailbox_id(ALICE)]
    world.execute("update observed set retry_at = null")
    world.execute("update noticed set retry_at = null")
    world.settle(ALICE, BOB)
    assert world.items() == world.items(address=BOB) == []


def test_a_cause_below_the_limit_is_none(memory: Memory) -> None:
    """Seven in each of two mailboxes."""
    world, _ = memory
    (contoso,) = both_hold(world, 7)
    desk.deactivate_account(world, contoso)
    world.settle(ALICE, BOB)
    assert world.items() == world.items(address=BOB) == []


def test_acts_that_have_nothing_to_do_with_each_other_are_not_one(memory: Memory) -> None:
    """Twenty edits at twenty times are no cause, however many they are."""
    world, _ = memory
    both_hold(world, 10)
    for each in world.all_records():
        world.remove(each)
    world.settle(ALICE, BOB)
    assert world.items() == world.items(address=BOB) == []


def test_a_change_of_the_rules_is_one_cause(memory: Memory) -> None:
    """A filter that would empty the mailboxes waits in each, and a filter that fills them, too."""
    world, _ = memory
    both_hold(world, 10)
    world.filter = "lastname eq 'nobody'"
    for each in (ALICE, BOB):
        assert world.sync(each).counters["held"] == 10
    world.filter = "parentaccount/statecode eq 'active'"
    world.settle(ALICE, BOB)
    assert len(world.items()) == len(world.items(address=BOB)) == 10
    world.new_many([{"firstname": f"New{n}"} for n in range(10)])
    world.settle(ALICE, BOB)
    world.filter = "true"
    for each in (ALICE, BOB):
        assert world.sync(each).counters["held"] == 13
