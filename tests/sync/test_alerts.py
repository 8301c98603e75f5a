"""Alerts: one for each mailbox and cause while it lasts; none of them costs an idle cycle much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from syncd.crm import database
from syncd.model.policy import FirstSync
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sync import alerts, rollout
from syncd.sync.alerts import Alert, Code, Level
from syncd.sync.run import Mode
from tests.conftest import SQLITE
from tests.memory_mailbox import Effect, run
from tests.sync.asking import ANN
from tests.sync.present import contested
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

ON_ONE = pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)


def every(world: World, *, closed: bool = False) -> list[Alert]:
    """The alerts as they are listed."""
    with database.read(world.engine) as conn:
        return alerts.every(conn, closed=closed)


def codes(world: World) -> list[tuple[str | None, str, object]]:
    """Whose they are, what they are about, and how much."""
    return [(each.mailbox, each.code.value, each.details["count"]) for each in every(world)]


def dismiss(world: World, alert_id: int | None = None) -> int:
    """Somebody puts them away."""
    with database.write(world.engine) as conn:
        return alerts.dismiss(conn, world.time(), alert_id=alert_id)


def in_step(world: World, count: int = 4) -> list[str]:
    """This many are in step."""
    ids = world.new_many([{"firstname": f"N{n}"} for n in range(count)])
    world.settle()
    return ids


def doubles(world: World, name: str) -> None:
    """Somebody who is in Outlook twice, and in the CRM."""
    person = {"firstname": name, "lastname": "Lee", "emailaddress1": f"{name}@example.test"}
    for _ in range(2):
        world.hand().add(person)
    world.new(**person)


def test_what_is_held_is_told_with_what_was_seen_and_where_it_comes_from(memory: Memory) -> None:
    """P8, P12: how many of which sort, three likely causes, and what to type; then it is over."""
    world, _ = memory
    for each in in_step(world):
        world.assign(each, BOB)
    world.sync()
    (found,) = every(world)
    assert (found.code, found.level, found.mailbox) == (Code.HELD, Level.WARNING, ALICE)
    assert found.details == {"count": 4, "verbs": {"move": 4}}
    assert "4 would be set aside in Outlook" in found.sentence("en")
    assert "An account was given to somebody else; a filter" in found.likely("en")[0]
    assert f"syncd breaker list {ALICE}" in found.advice("en")
    world.approve()
    world.sync()
    assert every(world) == []
    (over,) = every(world, closed=True)
    assert over.over_at is not None
    assert over.id == found.id


@ON_ONE
def test_one_that_lasts_moves_and_is_no_second_one(memory: Memory) -> None:
    """Its count and its time move; raised it was once."""
    world, _ = memory
    world.policy(first_sync=FirstSync.GO)
    doubles(world, "ann")
    world.sync()
    (first,) = every(world)
    assert (first.code, first.details["count"]) == (Code.QUESTIONS, 1)
    doubles(world, "bea")
    world.pass_time(minutes=5)
    world.sync()
    (later,) = every(world)
    assert later.id == first.id
    assert later.details["count"] == 2
    assert later.raised_at == first.raised_at
    assert later.last_at > first.last_at


def test_a_dismissed_one_comes_back_when_it_gets_worse_or_anew(memory: Memory) -> None:
    """As long as there is no more of it than when it was put away, it stays away."""
    world, _ = memory
    world.policy(first_sync=FirstSync.GO)
    doubles(world, "ann")
    world.sync()
    (first,) = every(world)
    assert dismiss(world, first.id) == 1
    assert dismiss(world, first.id) == 0
    world.sync()
    assert every(world) == []
    doubles(world, "bea")
    world.sync()
    (worse,) = every(world)
    assert worse.id == first.id
    assert dismiss(world) == 1
    for item in world.items():
        world.hand().move(item.id, "deleteditems")
    world.settle()
    assert every(world) == []
    doubles(world, "cid")
    world.sync()
    (anew,) = every(world)
    assert anew.id != first.id


@ON_ONE
def test_a_first_sync_that_waits_is_told(memory: Memory) -> None:
    """Until it is approved."""
    world, _ = memory
    world.hand().add({"firstname": "May"})
    world.new(**ANN)
    world.sync(mode=Mode.PLAN)
    assert every(world) == []  # who looks ahead alerts nobody
    world.sync()
    assert codes(world) == [(ALICE, "first-contact", 1)]
    world.approve()
    world.sync()
    assert every(world) == []


@ON_ONE
def test_a_conflict_that_waits_is_told(memory: Memory) -> None:
    """Until a person has said which counts."""
    world, _ = memory
    contested(memory)
    world.sync()
    assert codes(world) == [(ALICE, "conflicts", 1)]
    world.execute("update conflict set state = 'resolved'")
    world.sync()
    assert every(world) == []


@ON_ONE
def test_failures_are_told_from_the_third_on_and_touch_no_other_alert(memory: Memory) -> None:
    """A server is restarted now and then. Of what it did not get to, a run says nothing new."""
    world, servers = memory
    for each in in_step(world):
        world.assign(each, BOB)
    world.sync()

    def down(call: str, effect: Effect) -> object:
        del call, effect
        raise MailboxError(Sort.TRANSIENT, Scope.SERVER, "Down", "the server is down")

    servers[ALICE].meddle = down
    for _ in range(2):
        world.sync()
    assert codes(world) == [(ALICE, "held", 4)]
    world.sync()
    assert codes(world) == [(ALICE, "failing", 3), (ALICE, "held", 4)]
    assert "the server is down" in every(world)[0].sentence("en")
    servers[ALICE].meddle = run
    world.sync()
    assert codes(world) == [(ALICE, "held", 4)]


@ON_ONE
def test_a_suspended_mailbox_is_told_and_so_are_those_that_go_with_it(memory: Memory) -> None:
    """All that use the refused password stop: each has its alert until it has synced again."""
    world, servers = memory

    def refuses(call: str, effect: Effect) -> object:
        del call, effect
        raise MailboxError(Sort.DENIED, Scope.CREDENTIAL, "401", "the password is refused")

    servers[ALICE].meddle = refuses
    world.sync()
    assert codes(world) == [(ALICE, "suspended", 1), (BOB, "suspended", 1)]
    assert all(each.level is Level.ERROR for each in every(world))
    servers[ALICE].meddle = run
    for address in (ALICE, BOB):
        world.resume(address)
        world.sync(address)
    assert every(world) == []


@ON_ONE
def test_many_like_failures_are_an_outage(memory: Memory) -> None:
    """Ten items in a row that fail of one thing are one failure, and none of them is set aside."""
    world, servers = memory
    servers[ALICE].refuses = lambda _: True
    world.new_many([{"firstname": f"N{n}"} for n in range(12)])
    for _ in range(4):
        world.sync()
        world.pass_time(hours=1)
    assert [code for _, code, _ in codes(world)] == ["outage"]
    assert {count for _, _, count in codes(world)} == {12}
    servers[ALICE].refuses = lambda _: False
    world.sync()
    assert every(world) == []
    assert len(world.items()) == 12


@contextmanager
def counting(world: World) -> Iterator[list[str]]:
    """The statements on the table of alerts."""
    said: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if " alert" in statement.lower():
            said.append(statement)

    event.listen(world.engine, "before_cursor_execute", note)
    yield said
    event.remove(world.engine, "before_cursor_execute", note)


def test_an_idle_cycle_costs_no_statement_of_its_own(memory: Memory) -> None:
    """Whether an alert is open is read with the mailbox's row, and nothing is written."""
    world, _ = memory
    in_step(world)
    with counting(world) as said:
        world.sync()
    assert said
    assert all("from mailbox" in " ".join(each.lower().split()) for each in said)


def test_what_is_over_is_kept_for_ninety_days(memory: Memory) -> None:
    """Then it goes when the next of its sort is raised: the table does not grow with the years."""
    world, _ = memory
    for _ in range(2):
        for each in in_step(world):
            world.assign(each, BOB)
        world.sync()
        world.approve()
        world.sync()
    assert len(every(world, closed=True)) == 2
    world.pass_time(days=91)
    for each in in_step(world):
        world.assign(each, BOB)
    world.sync()
    assert len(every(world, closed=True)) == 1


@ON_ONE
def test_what_a_test_of_the_mailbox_has_found_no_run_ends(memory: Memory) -> None:
    """Another installation's items: told until a test finds none, whatever runs say."""
    world, _ = memory
    for foreign, told in ((2, 1), (0, 0)):
        with database.write(world.engine) as conn:
            rollout.tested(conn, world.state(), foreign, world.time())
        world.sync()
        found = every(world)
        assert [each.code for each in found] == [Code.OTHER_INSTALLATION] * told
        assert all("2 items" in each.sentence("en") for each in found)
