"""Deletes are bounded (P8): held before the first, while the rest of the run goes on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from syncd.crm import database
from syncd.model.policy import Limits
from syncd.model.values import Value
from syncd.outlook.port import Sensitivity
from syncd.sync import overview
from syncd.sync.report import Outcome
from syncd.sync.run import Mode
from syncd.sync.tables import held as held_table
from tests.sync.world import ALICE, BOB, World


def many(number: int) -> Sequence[dict[str, Value]]:
    """So many records."""
    return [{"firstname": f"N{n}", "emailaddress1": f"n{n}@example.test"} for n in range(number)]


@pytest.fixture
def world(memory: tuple[World, object]) -> World:
    """Laws of numbers are proved in memory."""
    return memory[0]


def states(world: World, state: str) -> int:
    """How many links are in a state."""
    return sum(1 for each in world.links() if each.state == state)


def test_many_deletions_are_held_before_the_first(world: World) -> None:
    """60 records deleted at once: none of their items goes, an edit goes through."""
    ids = world.new_many(many(300))
    world.settle()
    for each in ids[:60]:
        world.remove(each)
    world.change(ids[-1], jobtitle="CEO")
    report = world.sync()
    assert report.outcome is Outcome.STOPPED
    assert report.counters["held"] == 60
    assert len(world.items()) == 300
    assert world.item_of(ids[-1])["jobtitle"] == "CEO"
    world.accounted()
    world.quiet()
    assert world.reports[-1].outcome is Outcome.STOPPED


def test_what_was_approved_is_carried_out_and_only_that(world: World) -> None:
    """An approval is bound to the operations that were held, item by item."""
    ids = world.new_many(many(300))
    world.settle()
    for each in ids[:60]:
        world.remove(each)
    world.sync()
    assert world.approve() == 60
    for each in ids[60:120]:
        world.remove(each)
    report = world.sync()
    assert report.tally.outlook["deleted"] == 60
    assert report.counters["held"] == 60
    assert {each["firstname"] for each in world.items("deleteditems")} == {
        f"N{n}" for n in range(60)
    }
    world.approve()
    world.settle()
    assert len(world.items()) == 180
    assert world.reports[-1].outcome is Outcome.OK


def test_what_changed_since_is_not_what_was_approved(world: World) -> None:
    """Items edited between the question and the answer are asked about anew."""
    ids = world.new_many(many(300))
    world.settle()
    for each in ids[:60]:
        world.assign(each, BOB)
    world.sync()
    world.approve()
    for each in ids[:55]:
        world.hand().edit(world.item_of(each).id, {"jobtitle": "Boss"})
    world.sync()
    assert states(world, "released") == 5
    assert world.reports[-1].counters["held"] == 55
    world.accounted()
    world.approve()
    world.settle()
    assert states(world, "released") == 60
    assert world.crm(ids[0])["jobtitle"] == "Boss"


def test_what_is_held_stays_held_whoever_touches_it(world: World) -> None:
    """An edit of a few of the many lets none of them go; nor do a few more that come after."""
    ids = world.new_many(many(300))
    world.settle()
    for each in ids[:60]:
        world.assign(each, BOB)
    world.sync()
    for each in ids[:8]:
        world.change(each, jobtitle="CEO")
    world.hand().edit(world.item_of(ids[9]).id, {"jobtitle": "Boss"})
    for each in ids[60:63]:
        world.assign(each, BOB)
    assert world.sync().counters["held"] == 63
    assert len(world.items()) == 300
    world.approve()
    world.change(ids[0], jobtitle="CFO")  # after the approval: not what was approved
    world.sync()
    assert states(world, "released") == 62
    assert world.reports[-1].counters["held"] == 1
    world.approve()
    world.settle()
    assert states(world, "released") == 63


def test_what_was_approved_counts_no_more(world: World) -> None:
    """A few that come while many approved ones are carried out are just a few."""
    ids = world.new_many(many(300))
    world.settle()
    for each in ids[:60]:
        world.assign(each, BOB)
    world.sync()
    world.approve()
    for each in ids[60:63]:
        world.assign(each, BOB)
    world.sync()
    assert states(world, "released") == 63


def test_what_users_deleted_and_is_held_survives_an_edit_in_the_crm(world: World) -> None:
    """The link of a held deletion is not let go because its record was edited."""
    ids = world.new_many(many(60))
    world.settle()
    for each in ids:
        world.hand().move(world.item_of(each).id, "deleteditems")
    assert world.sync().counters["held"] == 60
    for each in ids[:20]:
        world.change(each, jobtitle="CEO")
    assert world.sync().counters["held"] == 60
    assert states(world, "live") == 60


@pytest.mark.parametrize(("live", "gone", "held"), [(10, 2, False), (10, 6, True), (3, 3, True)])
def test_a_share_of_the_links_is_a_limit_too(
    world: World, live: int, gone: int, *, held: bool
) -> None:
    """More than 5 and more than 20 %; or 3 and all of them."""
    ids = world.new_many(many(live))
    world.settle()
    for each in ids[:gone]:
        world.remove(each)
    report = world.sync()
    assert (report.counters["held"] > 0) == held
    assert len(world.items()) == (live if held else live - gone)


def test_many_that_leave_scope_are_held(world: World) -> None:
    """One reassigned account does not empty a mailbox unasked."""
    ids = world.new_many(many(80))
    world.settle()
    for each in ids:
        world.assign(each, BOB)
    world.sync()
    assert len(world.items()) == 80
    world.approve()
    world.settle()
    assert world.items() == []
    assert states(world, "released") == 80


def test_many_that_a_user_deletes_stay_linked_until_a_person_says_so(world: World) -> None:
    """Unlinks count: an emptied folder is a question, and the CRM keeps every record."""
    world.new_many(many(80))
    world.settle()
    for each in world.items():
        world.hand().move(each.id, "deleteditems")
    world.sync()
    assert states(world, "live") == 80
    assert world.reports[-1].outcome is Outcome.STOPPED
    assert len(world.all_records()) == 80
    world.accounted()
    world.approve()
    world.settle()
    assert states(world, "remembered") == 80


def test_creations_beyond_the_limit_are_held_once_onboarding_is_over(world: World) -> None:
    """51 new records at once wait; the onboarding has a limit of its own."""
    world.new_many(many(120))
    world.settle()
    assert len(world.items()) == 120
    world.new_many([{"firstname": f"M{n}"} for n in range(51)])
    world.sync()
    assert len(world.items()) == 120
    assert world.reports[-1].counters["held"] == 51
    world.accounted()
    world.approve()
    world.settle()
    assert len(world.items()) == 171


def test_a_day_has_a_limit_and_the_next_day_is_another(world: World) -> None:
    """100 a day: small runs do not add up to what one run may not do."""
    ids = world.new_many(many(400))
    world.settle()
    for start in range(0, 120, 40):
        for each in ids[start : start + 40]:
            world.remove(each)
        world.sync()
    assert len(world.items()) == 320
    assert world.reports[-1].counters["held"] == 40
    world.pass_time(hours=25)
    world.remove(ids[120])
    world.settle()
    assert len(world.items()) == 319  # the next day has room; what is held waits for a person
    world.approve()
    world.settle()
    assert len(world.items()) == 279


def test_a_plan_says_what_would_be_held_and_touches_nothing(world: World) -> None:
    """`plan`: neither side is written to."""
    ids = world.new_many(many(100))
    world.settle()
    for each in ids[:60]:
        world.remove(each)
    before = world.items()
    report = world.sync(ALICE, Mode.PLAN)
    assert report.would_hold == 60
    assert world.writes == 0
    assert world.items() == before


def test_what_is_in_scope_again_is_held_no_more(world: World) -> None:
    """Nothing is left for a person to approve, nor to see."""
    ids = world.new_many([{"lastname": f"Lee {n}"} for n in range(5)])
    world.start()
    for each in ids:
        world.set_active(each, active=False)
    assert world.sync().outcome is Outcome.STOPPED
    for each in ids:
        world.set_active(each, active=True)
    world.settle()
    with database.read(world.engine) as conn:
        assert overview.waiting(conn, world.state()) == []


def tracked(world: World, count: int) -> list[dict[str, Value]]:
    """More contacts with the category than the limit lets in: held."""
    world.policy(limits=Limits(most=count - 1))
    world.settle()
    people: list[dict[str, Value]] = [
        {"firstname": f"N{n}", "lastname": "Doe", "emailaddress1": f"n{n}@x.test"}
        for n in range(count)
    ]
    for each in people:
        world.hand().add({**each, "categories": ("CRM",)})
    assert world.sync().counters["held"] == count
    return people


def test_what_its_user_takes_back_is_held_no_more(world: World) -> None:
    """Made private: not even the name is kept (P7), and what comes after is a flood of its own."""
    tracked(world, 3)
    for item in world.items():
        world.hand().mark(item.id, Sensitivity.PRIVATE)
    world.settle()
    with database.read(world.engine) as conn:
        assert overview.waiting(conn, world.state()) == []
    new = world.hand().add({"firstname": "New", "categories": ("CRM",)})
    world.settle()
    assert world.reason(new).startswith("in-step")


def test_what_turns_out_to_be_known_is_held_no_more(world: World) -> None:
    """Held as new, approved, and by then in the CRM: linked, and nothing is left of it."""
    for each in tracked(world, 3):
        world.new(**each)
    world.approve()
    world.settle()
    assert len(world.links()) == 3
    with database.read(world.engine) as conn:
        assert conn.execute(select(held_table)).all() == []
