"""When a mailbox runs next, and what a run that ends may say of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.settings.configuration import Audit
from syncd.sync import leases, mailboxes
from syncd.sync.mailboxes import MailboxState
from syncd.sync.service import SyncService
from syncd.sync.tables import mailbox
from tests.conftest import DATABASES
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory


def watching(world: World) -> SyncService:
    """A service that has seen the feed as it stands."""
    service = world.service()
    service.due(10)
    return service


def test_a_change_in_the_crm_makes_the_mailboxes_due_that_it_concerns(memory: Memory) -> None:
    """Its owner's; nobody else's."""
    world, _ = memory
    world.settle(ALICE, BOB)
    service = watching(world)
    assert service.due(10) == []
    world.new(BOB, lastname="Lee")
    assert service.due(10) == [BOB]


def test_a_change_that_came_out_of_a_mailbox_does_not_make_it_due(memory: Memory) -> None:
    """Only the other mailbox that holds the record is due."""
    world, _ = memory
    world.filter = "statecode eq 'active'"
    world.new(lastname="Lee")
    world.settle(ALICE, BOB)
    service = watching(world)
    world.hand().edit(world.item().id, {"jobtitle": "CEO"})
    world.sync()
    assert service.due(10) == [BOB]


def test_a_server_that_asked_for_a_pause_gets_it_whatever_changes(memory: Memory) -> None:
    """An edit in the CRM does not cut short what the server asked for."""
    world, servers = memory
    ann = world.new(lastname="Lee")
    world.settle(ALICE, BOB)

    def busy(call: str, effect: Effect) -> object:
        del call, effect
        raise MailboxError(Sort.THROTTLED, Scope.MAILBOX, "Busy", "a pause", 3600)

    servers[ALICE].meddle = busy
    world.sync()
    service = watching(world)
    world.change(ann, jobtitle="CEO")
    assert service.due(10) == []
    servers[ALICE].meddle = run
    world.pass_time(minutes=61)
    assert set(service.due(10)) == {ALICE, BOB}
    world.sync(BOB)
    assert service.due(10) == [ALICE]


def test_a_mailbox_that_was_added_is_due_by_itself(memory: Memory) -> None:
    """Its first sync needs nobody's command; one whose policy is gone cannot be run, and is not."""
    world, _ = memory
    assert set(world.service().due(10)) == {ALICE, BOB}
    world.execute(f"update mailbox set policy = 'gone' where address = '{ALICE}'")  # noqa: S608 - ours
    assert world.service().due(10) == [BOB]
    report = world.sync()
    assert report.misconfigured
    assert world.counts.total() == 0


def test_a_mailbox_that_is_paused_during_its_first_run_stays_paused(memory: Memory) -> None:
    """The run ends well, and the mailbox does not go live for it."""
    world, servers = memory
    world.new(lastname="Lee")

    def pause(call: str, effect: Effect) -> object:
        del call
        with database.write(world.engine) as conn:
            mailboxes.set_state(conn, world.mailbox_id(ALICE), MailboxState.PAUSED)
        return effect()

    servers[ALICE].meddle = pause
    world.sync()
    assert len(world.items()) == 1
    assert world.state().state is MailboxState.PAUSED


def test_a_run_that_lost_its_lease_says_nothing_of_the_mailbox(memory: Memory) -> None:
    """The one that took over is under way: when to run next, and of what trouble, is its to say."""
    world, servers = memory
    world.settle()
    before = world.state()

    def hang(call: str, effect: Effect) -> object:
        del call
        world.pass_time(minutes=10)
        with database.write(world.engine) as conn:
            leases.acquire(conn, before.id, world.time())
        return effect()

    servers[ALICE].meddle = hang
    world.new(lastname="Lee")
    world.sync()
    after = world.state()
    assert (after.due, after.failures, after.trouble) == (before.due, 0, None)
    assert after.lease_until is not None


def audited(world: World, **rows: int | None) -> None:
    """When the mailboxes are audited next, in minutes from now; by first letter of the address."""
    with database.write(world.engine) as conn:
        for letter, minutes in rows.items():
            at = None if minutes is None else world.time() + timedelta(minutes=minutes)
            mine = mailbox.c.address.startswith(letter)
            conn.execute(update(mailbox).where(mine).values(audit_due=at))


def auditing(world: World, **settings: Any) -> SyncService:
    """A new process under an `[audit]` of the configuration."""
    service = world.service()
    service.audits = Audit(**settings)
    return service


@pytest.mark.parametrize("kept_in", DATABASES, indirect=True)
def test_who_was_never_audited_comes_before_who_was_long_ago(memory: Memory) -> None:
    """On either database; then who has waited longest, and who is not due yet is not among them."""
    world, _ = memory
    world.settle(ALICE, BOB)
    service = auditing(world)
    for alice, bob, order in [
        (-600, None, [BOB, ALICE]),
        (None, -600, [ALICE, BOB]),
        (-1, -600, [BOB, ALICE]),
        (-600, 1, [ALICE]),
        (1, None, [BOB]),
        (1, 1, []),
    ]:
        audited(world, a=alice, b=bob)
        assert service.audits_due(10) == order
        assert service.audits_due(1) == order[:1]


def test_an_audit_of_nothing_is_never_due(memory: Memory) -> None:
    """`items = 0` turns it off, whoever was never audited."""
    world, _ = memory
    world.settle(ALICE, BOB)
    assert auditing(world).audits_due(10) == [ALICE, BOB]
    assert auditing(world, items=0).audits_due(10) == []


def test_who_is_audited_is_due_again_after_a_while(memory: Memory) -> None:
    """As often as the settings say; a shorter time holds at once, and a longer one from then on."""
    world, _ = memory
    world.settle(ALICE, BOB)
    service = auditing(world, every=timedelta(hours=6))
    for address in (ALICE, BOB):
        service.audit(address)
    world.pass_time(hours=2)
    world.settle(ALICE, BOB)
    assert service.audits_due(10) == []
    shorter = auditing(world, every=timedelta(hours=1))
    shorter.begin()
    assert shorter.audits_due(10) == []
    world.pass_time(minutes=61)
    world.settle(ALICE, BOB)
    assert set(shorter.audits_due(10)) == {ALICE, BOB}
    auditing(world, every=timedelta(days=1)).begin()
    assert set(shorter.audits_due(10)) == {ALICE, BOB}


NOT_AUDITED = {
    "paused": "state = 'paused'",
    "suspended": "state = 'suspended'",
    "approved": "state = 'approved'",
    "failing": "failures = 1",
    "of a policy that is gone": "policy = 'gone'",
}


@pytest.mark.parametrize("how", NOT_AUDITED.values(), ids=NOT_AUDITED)
def test_who_is_not_audited(memory: Memory, how: str) -> None:
    """Only a mailbox that is live and sound is; and none that is due to be synced, or being run."""
    world, _ = memory
    world.settle(ALICE, BOB)
    world.execute(f"update mailbox set {how} where address = '{ALICE}'")  # noqa: S608 - ours
    assert auditing(world).audits_due(10) == [BOB]


def test_what_is_due_or_under_way_is_not_audited(memory: Memory) -> None:
    """It is synced first; two never run beside each other."""
    world, _ = memory
    world.settle(ALICE, BOB)
    with database.write(world.engine) as conn:
        assert leases.acquire(conn, world.mailbox_id(ALICE), world.time())
    assert auditing(world).audits_due(10) == [BOB]
    world.pass_time(minutes=20)
    assert auditing(world).audits_due(10) == []
    world.sync(BOB)
    assert auditing(world).audits_due(10) == [BOB]
