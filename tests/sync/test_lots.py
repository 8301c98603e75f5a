"""A batch that takes several requests: each answers for its own writes, and for no other."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sync import leases
from syncd.sync.report import Outcome
from syncd.sync.tables import operation
from tests.memory_mailbox import Effect, run
from tests.memory_server import Meddle
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

AT_ONCE, NUMBER = 2, 6


@pytest.fixture
def lots(memory: Memory) -> Memory:
    """Six contacts to be created, two a request."""
    world, servers = memory
    world.settle()
    servers[ALICE].at_once = AT_ONCE
    world.new_many([{"firstname": f"Ann {n}"} for n in range(NUMBER)])
    return memory


def statuses(world: World) -> Counter[str]:
    """How far the journalled creations have come."""
    with database.read(world.engine) as conn:
        return Counter(conn.scalars(select(operation.c.status)))


def failing(number: int, error: MailboxError, *, done: bool) -> Meddle:
    """The request to create of this number fails, before or after its effect."""
    counted = Counter[str]()

    def meddle(call: str, effect: Effect) -> object:
        counted[call] += 1
        if call != "create" or counted[call] != number:
            return effect()
        if done:
            effect()
        raise error

    return meddle


@pytest.mark.parametrize("done", [True, False])
def test_a_request_that_is_not_answered_leaves_its_own_in_doubt(
    lots: Memory, *, done: bool
) -> None:
    """What came before it is settled, what comes after is not sent; each is made once (P3)."""
    world, servers = lots
    unanswered = MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "no answer came")
    servers[ALICE].meddle = failing(2, unanswered, done=done)
    assert world.sync().outcome is Outcome.FAILED
    assert statuses(world) == {"done": AT_ONCE, "in-doubt": AT_ONCE, "failed": AT_ONCE}
    assert len(world.items()) == AT_ONCE * (2 if done else 1)
    assert len(world.links()) == AT_ONCE
    servers[ALICE].meddle = run
    world.pass_time(minutes=3)
    world.settle()
    assert len(world.items()) == len(world.links()) == NUMBER
    world.accounted()


def test_a_request_that_is_refused_does_not_stop_the_others(lots: Memory) -> None:
    """One bad item does not stop its mailbox (P10): what it is about is found by halves."""
    world, servers = lots
    refused = MailboxError(Sort.INVALID, Scope.MAILBOX, "TooLarge", "too large")
    servers[ALICE].meddle = failing(2, refused, done=False)
    world.sync()
    assert len(world.items()) == len(world.links()) == NUMBER
    assert servers[ALICE].counts["create"] == 1 + 1 + AT_ONCE + 1  # done, refused, halves, the rest
    world.accounted()


def test_a_pause_that_is_asked_for_is_given_after_what_was_done(lots: Memory) -> None:
    """The next request would be put off, too: it is not sent."""
    world, servers = lots
    busy = MailboxError(Sort.THROTTLED, Scope.MAILBOX, "Busy", "a pause", 60)
    servers[ALICE].meddle = failing(2, busy, done=False)
    world.sync()
    assert servers[ALICE].counts["create"] == 2
    assert statuses(world) == {"done": AT_ONCE, "failed": NUMBER - AT_ONCE}
    servers[ALICE].meddle = run
    world.pass_time(minutes=3)
    world.settle()
    assert len(world.items()) == len(world.links()) == NUMBER


@pytest.mark.parametrize("taken", [True, False])
def test_slow_requests_keep_their_lease(lots: Memory, *, taken: bool) -> None:
    """A lease that would not outlive one more request is prolonged first, if it is still ours."""
    world, servers = lots
    begun: list[object] = []

    def slow(call: str, effect: Effect) -> object:
        answer = effect()
        if call == "create":
            if taken:
                world.pass_time(minutes=4)
            else:
                world.pass_time(seconds=100)
            with database.write(world.engine) as conn:
                mailbox_id = world.mailbox_id(ALICE)
                begun.append(leases.acquire(conn, mailbox_id, world.time()))
        return answer

    servers[ALICE].meddle = slow
    report = world.sync()
    if taken:
        assert begun[0] is not None
        assert report.outcome is Outcome.FAILED
        assert servers[ALICE].counts["create"] == 1
        return
    assert begun == [None] * (NUMBER // AT_ONCE)
    assert len(world.links()) == NUMBER
