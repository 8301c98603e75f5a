"""A request that fails as a whole: whose fault that is shows when its items travel alone (P10)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from syncd.model.kinds import Kind
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import Creation, Written
from syncd.sync import alerts, quarantine
from syncd.sync.report import Outcome
from tests.conftest import SQLITE
from tests.memory_mailbox import Effect, MemoryMailbox, run
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

pytestmark = pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)

GOOD, BAD = ("Ann", "Bea", "Cid"), "Bad"
RUNS = 12


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One contact brings down each request that it is part of; how many each of these held."""
    create, failed = MemoryMailbox.create, []

    def poison(
        self: MemoryMailbox, kind: Kind, folder: str, creations: Sequence[Creation]
    ) -> Sequence[Written | Failure]:
        if any(each.fields["firstname"] == BAD for each in creations):
            failed.append(len(creations))
            raise MailboxError(Sort.IN_DOUBT, Scope.MAILBOX, "broken-connection", "it broke")
        return create(self, kind, folder, creations)

    monkeypatch.setattr(MemoryMailbox, "create", poison)
    return failed


def enter(world: World, *names: str) -> list[str]:
    """People whom the CRM holds, and who belong in Outlook."""
    return [world.new(firstname=each, lastname="X") for each in names]


def shown(world: World) -> set[object]:
    """Who is in Outlook."""
    return {each["firstname"] for each in world.items()}


def test_one_that_brings_its_request_down_stops_nobody(memory: Memory, poisoned: list[int]) -> None:
    """The others are created, other writes are made, and it alone is set aside in the end."""
    world, _ = memory
    (eve,) = enter(world, "Eve")
    world.start()
    world.settle()
    enter(world, *GOOD, BAD)
    world.change(eve, jobtitle="CEO")
    for _ in range(RUNS):
        world.sync()
        world.pass_time(hours=2)
    assert shown(world) == {"Eve", *GOOD}
    assert world.item_of(eve)["jobtitle"] == "CEO"
    assert world.reports[-1].counters["quarantined"] == 1
    assert poisoned[:2] == [4, 4], "nobody is suspected for one failure"
    assert set(poisoned[2:]) == {1}
    world.accounted()


def test_an_outage_is_told_from_it(memory: Memory) -> None:
    """Where no request at all gets through nothing is set aside, and all of it flows after it."""
    world, servers = memory
    world.start()
    world.settle()
    enter(world, *GOOD, BAD)
    asked = []

    def out(call: str, effect: Effect) -> object:
        if call != "create":
            return effect()
        asked.append(call)
        raise MailboxError(Sort.IN_DOUBT, Scope.MAILBOX, "broken-connection", "it broke")

    servers[ALICE].meddle = out
    for _ in range(RUNS):
        before = len(asked)
        world.sync()
        assert len(asked) - before <= 4, "a server that is out is not asked again and again"
        world.pass_time(hours=2)
    assert not world.reports[-1].counters["quarantined"]
    servers[ALICE].meddle = run
    world.settle()
    assert shown(world) == {*GOOD, BAD}


@pytest.mark.parametrize("names", [GOOD[:2], GOOD, (*GOOD, BAD)], ids=len)
def test_where_nothing_gets_through_each_run_fails_and_somebody_is_told(
    memory: Memory, names: tuple[str, ...]
) -> None:
    """Too few to be an outage by their number, and not `ok` for that: the mailbox is in trouble."""
    world, servers = memory
    world.start()
    world.settle()
    enter(world, *names)

    def out(call: str, effect: Effect) -> object:
        if call != "create":
            return effect()
        raise MailboxError(Sort.IN_DOUBT, Scope.MAILBOX, "http-503", "HTTP 503")

    servers[ALICE].meddle = out
    for _ in range(RUNS):
        world.pass_time(hours=2)
        world.sync()
        assert world.reports[-1].outcome is Outcome.FAILED
    assert "HTTP 503" in str(world.reports[-1].error)
    with world.engine.connect() as conn:
        told = {each.code for each in alerts.every(conn)}
        assert quarantine.every(conn, world.state()) == [], "no single one is at fault"
    assert told == {alerts.Code.FAILING}
    servers[ALICE].meddle = run
    world.pass_time(hours=2)
    world.settle()
    assert shown(world) == set(names)


def test_grace_counts_from_the_request_and_not_from_its_batch(memory: Memory) -> None:
    """P3: the second request of a slow batch is young when its process dies, and is waited for."""
    world, servers = memory
    server = servers[ALICE]
    world.start()
    world.settle()
    server.at_once = 2
    enter(world, *GOOD, "Dan")
    sent = []

    def slow(call: str, effect: Effect) -> object:
        if call != "create":
            return effect()
        sent.append(call)
        if len(sent) == 1:
            answer = effect()
            world.pass_time(seconds=150)
            return answer
        server.meddle = run
        server.late.append(effect)
        raise KeyboardInterrupt  # killed right after it was sent

    server.meddle = slow
    with pytest.raises(KeyboardInterrupt):
        world.sync()
    world.pass_time(seconds=2)
    world.sync()
    server.commit_late()
    world.pass_time(minutes=3)
    world.settle()
    assert sorted(str(each["firstname"]) for each in world.items()) == sorted([*GOOD, "Dan"])
