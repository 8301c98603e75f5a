"""Where the policy asks the user, nothing of a mailbox is read before its user agrees (P14)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.crm import database
from syncd.model.policy import Consent, FirstSync
from syncd.sync import mailboxes, rollout
from syncd.sync.mailboxes import MailboxProblem
from syncd.sync.offboard import Items, offboard, preview
from syncd.sync.report import Outcome
from syncd.sync.run import Mode
from syncd.sync.service import SyncService
from syncd.sync.trial import try_out
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory


def asking(world: World) -> SyncService:
    """The service under a policy that asks each user."""
    service = world.service()
    service.policies = {
        name: replace(policy, consent=Consent.USER) for name, policy in service.policies.items()
    }
    return service


def agree(world: World, address: str = ALICE) -> None:
    """A user agrees."""
    with database.write(world.engine) as conn:
        rollout.consent(conn, mailboxes.get(conn, address), world.time())


def withdraw(world: World, address: str = ALICE) -> None:
    """A user does not agree any more."""
    with database.write(world.engine) as conn:
        rollout.withdraw_consent(conn, mailboxes.get(conn, address))


def asked_of_the_server(world: World) -> int:
    """How many requests there were so far, in all mailboxes."""
    return world.counted().total()


@pytest.mark.parametrize("mode", list(Mode))
def test_nothing_is_asked_of_the_server_before_consent(world: World, mode: Mode) -> None:
    """Not one request: neither a sync, nor a plan, nor a test, nor an offboarding."""
    world.new(firstname="Ann")
    service = asking(world)
    report = service.run(ALICE, mode=mode)
    assert report.outcome is Outcome.FAILED
    assert not report.started
    assert "agreed" in str(report.error)
    assert f"syncd users consent {ALICE}" in str(report.todo)
    tried = try_out(service, world.state())
    assert f"syncd users consent {ALICE}" in str(tried.todo)
    assert tried.found == []
    assert not preview(service, ALICE, Items.KEEP).read
    assert asked_of_the_server(world) == 0
    assert offboard(service, ALICE, Items.REMOVE).clean
    assert asked_of_the_server(world) == 0


def test_a_mailbox_is_not_due_before_consent(world: World) -> None:
    """The daemon does not turn in circles around it, and serves whoever agreed."""
    agree(world, BOB)
    assert list(asking(world).due(9)) == [BOB]
    assert set(world.service().due(9)) == {ALICE, BOB}  # a policy that does not ask
    agree(world)
    assert set(asking(world).due(9)) == {ALICE, BOB}


def test_who_agrees_is_served(world: World) -> None:
    """From that moment it is as every other mailbox."""
    world.new(firstname="Ann")
    agree(world)
    assert asking(world).run(ALICE).outcome is Outcome.OK
    assert world.item()["firstname"] == "Ann"


def test_who_withdraws_is_left_alone_at_once(world: World) -> None:
    """Nothing is read any more, and what stands in Outlook stays."""
    world.new(firstname="Ann")
    agree(world)
    asking(world).run(ALICE)
    withdraw(world)
    before = asked_of_the_server(world)
    world.new(firstname="Bea")
    world.pass_time(minutes=90)
    assert asking(world).due(9) == []
    assert asking(world).run(ALICE).outcome is Outcome.FAILED
    assert asked_of_the_server(world) == before
    assert world.item().stamped


@pytest.mark.parametrize("during", ["folder", "changes", "read", "create"])
def test_a_run_that_is_under_way_ends_with_the_request_at_hand(memory: Memory, during: str) -> None:
    """Its user says no in the middle of it: no other request goes out."""
    world, servers = memory
    world.policy(first_sync=FirstSync.GO)
    world.new(firstname="Ann")
    for n in range(250):  # more than one request reads
        world.hand().add({"firstname": f"N{n}", "categories": ("CRM",)})
    agree(world)
    calls: list[str] = []

    def say_no(call: str, effect: Effect) -> object:
        calls.append(call)
        if call == during and calls.count(call) == 1:
            withdraw(world)
        return effect()

    servers[ALICE].meddle = say_no
    report = asking(world).run(ALICE)
    servers[ALICE].meddle = run
    assert report.outcome is Outcome.FAILED
    assert "left alone" in str(report.error)
    assert calls[-1] == during or calls[-2:] == [during, "read"]  # what it wrote is read back


def test_the_marks_of_a_mailbox_that_withdrew_can_be_taken_away(world: World) -> None:
    """To leave is the one thing that it is read for still, since that is what its user wants."""
    world.new(firstname="Ann")
    agree(world)
    asking(world).run(ALICE)
    withdraw(world)
    assert offboard(asking(world), ALICE, Items.KEEP).clean
    assert not world.item().stamped


def test_a_mailbox_that_comes_back_is_asked_again(world: World) -> None:
    """What was agreed to is over when the mailbox leaves."""
    agree(world)
    offboard(asking(world), ALICE, Items.KEEP)
    with database.write(world.engine) as conn:
        mailboxes.add(conn, ALICE, world.users[ALICE], "sales", world.time())
    before = asked_of_the_server(world)
    assert asking(world).run(ALICE).outcome is Outcome.FAILED
    assert asked_of_the_server(world) == before


def test_an_approval_is_no_consent(world: World) -> None:
    """What the admin approves, and what the user agrees to, are two things."""
    row = world.state()
    assert row.state is mailboxes.MailboxState.APPROVED
    with pytest.raises(MailboxProblem, match="agreed"):
        rollout.require_consent(row, Consent.USER)
    rollout.require_consent(row, Consent.ADMIN)
