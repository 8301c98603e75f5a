"""When a mailbox runs next, and what a run that ends may say of it."""

from __future__ import annotations

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sync import leases, mailboxes
from syncd.sync.mailboxes import MailboxState
from syncd.sync.service import SyncService
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
