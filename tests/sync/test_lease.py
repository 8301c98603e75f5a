"""One run per mailbox at a time: the lease guards it, wherever a run was started."""

from __future__ import annotations

import pytest

from syncd.crm import database
from syncd.outlook.transport import WRITE_OVER
from syncd.sync import leases
from syncd.sync.report import Outcome
from syncd.sync.session import GRACE, KEPT
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory


def take(world: World, address: str = ALICE) -> leases.Lease | None:
    """Another process takes the mailbox, if it may."""
    mailbox_id = world.mailbox_id(address)
    with database.write(world.engine) as conn:
        return leases.acquire(conn, mailbox_id, world.time())


def test_a_second_process_is_refused(memory: Memory) -> None:
    """Nothing is asked of the server meanwhile; another mailbox runs."""
    world, _ = memory
    assert take(world) is not None
    refused = world.sync()
    assert refused.outcome is Outcome.FAILED
    assert "another process" in str(refused.error)
    assert not refused.started
    assert world.counted().total() == 0
    assert world.sync(BOB).outcome is Outcome.OK


def test_the_lease_of_a_dead_process_runs_out(memory: Memory) -> None:
    """Then the mailbox is run by whoever comes."""
    world, _ = memory
    assert take(world) is not None
    world.pass_time(minutes=4)
    assert world.sync().outcome is Outcome.OK


def test_a_run_gives_its_lease_back(memory: Memory) -> None:
    """Whether it went well or not."""
    world, servers = memory
    world.sync()
    assert world.state().lease_until is None
    servers[ALICE].meddle = lambda call, _: pytest.fail(call)
    with pytest.raises(pytest.fail.Exception):
        world.sync()
    assert world.state().lease_until is None


def test_a_run_that_lost_its_lease_writes_no_more(memory: Memory) -> None:
    """It hung, another process took over: not one more write, on either side."""
    world, servers = memory
    world.settle()
    record = world.new(firstname="Ann")
    world.hand().add({"firstname": "Bea", "categories": ("CRM",)})
    taken: list[object] = []

    def hang(call: str, effect: Effect) -> object:
        answer = effect()
        if call == "changes" and not taken:
            world.pass_time(minutes=10)
            taken.append(take(world))
        return answer

    servers[ALICE].meddle = hang
    report = world.sync()
    assert taken[0] is not None
    assert report.outcome is Outcome.FAILED
    assert world.writes == 0
    assert list(world.all_records()) == [record]
    servers[ALICE].meddle = run
    world.pass_time(minutes=4)
    world.settle()
    assert len(world.items()) == 2
    assert len(world.all_records()) == 2


def test_a_run_that_lost_its_lease_between_intent_and_answer_leaves_no_double(
    memory: Memory,
) -> None:
    """The other process finds what the first one wrote (P3)."""
    world, servers = memory
    record = world.new(firstname="Ann")

    def hang(call: str, effect: Effect) -> object:
        answer = effect()
        if call == "create":
            servers[ALICE].meddle = run
            world.pass_time(minutes=10)
            world.sync()
        return answer

    servers[ALICE].meddle = hang
    world.sync()
    world.settle()
    assert world.item_of(record) == world.item()


def test_no_request_starts_that_the_lease_would_not_outlive(memory: Memory) -> None:
    """A batch of writes begins by renewing the lease, durably, with its intents."""
    world, servers = memory
    world.new(firstname="Ann")
    left: list[float] = []

    def look(call: str, effect: Effect) -> object:
        if call == "create":
            until = world.state().lease_until
            assert until is not None
            left.append((until - world.time()).total_seconds())
        return effect()

    servers[ALICE].meddle = look
    world.sync()
    assert min(left) > WRITE_OVER
    assert (leases.LEASE - KEPT).total_seconds() > WRITE_OVER
    assert GRACE.total_seconds() > WRITE_OVER
