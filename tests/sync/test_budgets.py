"""What a run costs: requests that the server counted."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from syncd.model.policy import FirstSync
from syncd.model.values import Value
from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.sync.world import World
from tests.sync.worlds import sandbox_world


def contact(number: int) -> dict[str, Value]:
    """A contact as sales people have them."""
    return {
        "firstname": f"First{number}",
        "lastname": f"Last{number}",
        "emailaddress1": f"mail{number}@example.test",
        "telephone1": f"+41 44 {1000000 + number}",
        "address1_line1": "Street 1\n2nd floor",
        "address1_city": "Zürich",
        "companyname": "Contoso",
        "jobtitle": "Buyer",
    }


CLAIM = 2  # requests: it is read, and advanced
THOUSAND = [contact(number) for number in range(1000)]


def test_a_thousand_contacts_go_into_an_empty_mailbox(wire: World) -> None:
    """At most 2 x 1,000/100 + 10 requests, the drain included; then a request a cycle (P4).

    And two for the claim: it is read, and advanced.
    """
    wire.new_many(THOUSAND)
    report = wire.sync()
    assert wire.counts.total() <= 2 * 1000 // 100 + 10 + CLAIM
    assert report.requests == wire.counts.total()
    assert len(wire.items()) == 1000
    wire.quiet()
    wire.accounted()


def test_a_thousand_contacts_go_into_an_empty_mailbox_over_graph(
    engine: Engine, box: Sandbox
) -> None:
    """Twenty a request, their answers read instead of them: 1,000/20 x 1.2 + 10, drain included.

    Then a cycle is one request and asks for no item; an edit on each side costs seven at most, and
    two for the claim.
    """
    world = sandbox_world(engine, box, Backend.GRAPH)
    ids = world.new_many(THOUSAND)
    report = world.sync()
    assert report.requests == box.requests.counts.total()
    assert report.subrequests == box.requests.parts.total()
    assert report.requests <= 1000 // 20 * 1.2 + 10
    assert box.requests.parts["POST contacts"] == 1000
    assert len(world.items()) == 1000
    world.quiet()
    world.accounted()
    world.hand().edit(world.items()[3].id, {"jobtitle": "Boss"})
    world.change(ids[-1], jobtitle="CEO")
    report = world.sync()
    assert report.requests <= 7 + CLAIM
    assert (
        report.subrequests <= 6 + 1
    )  # of the claim, and of each item: what delta does not tell, before, and the write
    world.quiet()


def test_one_edit_on_each_side_costs_no_more_than_seven_requests(world: World) -> None:
    """Cost follows change."""
    ids = world.new_many(THOUSAND[:20])
    world.settle()
    world.hand().edit(world.items()[3].id, {"jobtitle": "Boss"})
    world.change(ids[-1], jobtitle="CEO")
    world.sync()
    assert world.counts.total() <= 7, world.counts
    assert world.writes == 1
    world.quiet()


@pytest.mark.parametrize("first", list(FirstSync))
def test_a_mailbox_that_holds_a_thousand_matches(wire: World, first: FirstSync) -> None:
    """At most 45 requests, from the first look to the end of onboarding, approval included."""
    wire.policy(first_sync=first)
    for each in THOUSAND:
        wire.hand().add(each)
    wire.new_many(THOUSAND)
    wire.sync()
    total = wire.counts.total()
    if first is FirstSync.ASK:
        assert wire.writes == 0
        assert wire.proposal()["pairs"] == 1000
        wire.approve()
        wire.sync()
        total += wire.counts.total()
    assert len(wire.links()) == 1000
    assert len(wire.items()) == 1000
    assert total <= 45, total
    wire.quiet()
    wire.accounted()
