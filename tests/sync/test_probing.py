"""A sign-in that was refused is tried again, by one mailbox and seldom: nobody has to come."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sandbox.server import Sandbox
from syncd.sync import alerts, mailboxes
from syncd.sync.mailboxes import MailboxState
from syncd.sync.report import RunReport
from syncd.sync.tables import mailbox
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

DOWN = MailboxError(Sort.TRANSIENT, Scope.SERVER, "down", "no answer")
LIVE, SUSPENDED = MailboxState.LIVE, MailboxState.SUSPENDED


class Refusing:
    """A server that lets nobody in, or answers with another failure; it counts who came."""

    def __init__(self, memory: Memory, scope: Scope = Scope.CREDENTIAL) -> None:
        self.world, self.servers = memory
        self.error = MailboxError(Sort.DENIED, scope, "401", "the password is wrong")
        self.asked: list[str] = []
        for address in self.servers:
            self.refuse(address)

    def refuse(self, address: str) -> None:
        """Refuse one mailbox."""

        def meddle(call: str, effect: Effect) -> object:
            del call, effect
            self.asked.append(address)
            raise self.error

        self.servers[address].meddle = meddle

    def let_in(self, *addresses: str) -> None:
        """Let these in."""
        for each in addresses or self.servers:
            self.servers[each].meddle = run


def serve(world: World, **time: float) -> list[RunReport]:
    """What a daemon would do for a while, which looks each minute, or sixty times."""
    reports, length, minute = [], timedelta(**time), timedelta(minutes=1)
    step = max(length / 60, minute)
    for _ in range(int(length / step)):
        world.pass_time(seconds=step.total_seconds())
        reports += [world.sync(each) for each in world.service().due(10)]
    return reports


def states(world: World) -> tuple[MailboxState, ...]:
    """How Alice's and Bob's mailboxes are."""
    return tuple(world.state(each).state for each in (ALICE, BOB))


@pytest.fixture
def refusing(memory: Memory) -> Refusing:
    """Both are live, and Alice has just been refused."""
    world, _ = memory
    world.new(lastname="Lee")
    world.settle(ALICE, BOB)
    refusing = Refusing(memory)
    world.sync()
    assert states(world) == (SUSPENDED, SUSPENDED)
    return refusing


def test_one_try_lets_all_go_on(refusing: Refusing) -> None:
    """Nothing is tried before its time; then one mailbox goes first, and the other follows it."""
    world = refusing.world
    refusing.asked.clear()
    refusing.let_in()
    assert serve(world, minutes=14) == []
    said = {each.mailbox: each.advice("en") for each in open_alerts(world)}
    assert said.keys() == {ALICE, BOB}
    assert all("goes on by itself" in each for each in said.values())
    first, *_ = serve(world, minutes=4)
    assert first.mailbox == ALICE
    assert states(world) == (LIVE, LIVE)
    serve(world, minutes=6)
    assert open_alerts(world) == []


def test_a_password_that_stays_wrong_is_tried_ever_more_seldom(refusing: Refusing) -> None:
    """A single request each time, of one mailbox; a day apart in the end; nothing locks."""
    world = refusing.world
    refusing.asked.clear()
    tried = []
    for quarter in range(6 * 24 * 4):
        world.pass_time(minutes=15)
        for each in (*world.service().due(10), *world.service().due(10)):
            tried.append(quarter)
            world.sync(each)
            assert states(world) == (SUSPENDED, SUSPENDED)
    assert refusing.asked == [ALICE] * len(tried)
    gaps = [later - sooner for sooner, later in pairwise(tried)]
    doubled = [min(2**n, 96) for n in range(1, len(tried))]
    assert all(0 <= gap - least <= 1 for gap, least in zip(gaps, doubled, strict=True)), gaps
    assert len(tried) == 11


def test_with_passwords_of_their_own_each_is_tried_for_itself(memory: Memory) -> None:
    """Alice's stays wrong, in the same words: Bob, whose is right, does not wait for it."""
    world, _ = memory
    world.settle(ALICE, BOB)
    with database.write(world.engine) as conn:
        conn.execute(update(mailbox).values(username=mailbox.c.address))
    refusing = Refusing(memory)
    world.sync(ALICE)
    assert states(world) == (SUSPENDED, LIVE)
    refusing.let_in(BOB)
    serve(world, hours=9)
    refusing.refuse(BOB)
    world.sync(BOB)
    assert states(world) == (SUSPENDED, SUSPENDED)
    refusing.let_in(BOB)
    refusing.asked.clear()
    serve(world, minutes=20)
    assert states(world) == (SUSPENDED, LIVE)
    serve(world, hours=3)
    assert refusing.asked == []  # Alice's has been wrong for long: it is not her turn


def test_an_outage_before_it_does_not_make_it_later(memory: Memory) -> None:
    """A server that was down for hours says 401 while it starts: a quarter of an hour, no day."""
    world, _ = memory
    world.settle(ALICE, BOB)
    refusing = Refusing(memory)
    refused, refusing.error = refusing.error, DOWN
    for _ in range(8):
        world.sync()
    refusing.error = refused
    world.sync()
    refusing.let_in()
    serve(world, minutes=20)
    assert states(world) == (LIVE, LIVE)


def test_another_wording_is_the_same_refusal(refusing: Refusing) -> None:
    """Expired by now, and not wrong: that is no reason to try sooner, or another mailbox."""
    world = refusing.world
    serve(world, hours=5)
    refusing.error = MailboxError(Sort.DENIED, Scope.CREDENTIAL, "401", "the password has expired")
    refusing.asked.clear()
    serve(world, hours=24)
    assert refusing.asked == [ALICE] * 2
    assert states(world) == (SUSPENDED, SUSPENDED)


@pytest.mark.parametrize("state", [MailboxState.PAUSED, MailboxState.REMOVED])
def test_who_is_paused_while_it_is_refused_stays_so(memory: Memory, state: MailboxState) -> None:
    """What a person said in the middle of the run holds; it is not served again by itself."""
    world, servers = memory
    world.settle(ALICE, BOB)
    refusing = Refusing(memory)

    def meddle(call: str, effect: Effect) -> object:
        del call, effect
        with database.write(world.engine) as conn:
            mailboxes.set_state(conn, mailbox_id, state)
        raise refusing.error

    mailbox_id = world.mailbox_id(ALICE)
    servers[ALICE].meddle = meddle
    world.sync()
    refusing.let_in()
    assert ALICE not in {each.mailbox for each in serve(world, days=1)}
    with database.read(world.engine) as conn:
        assert next(e for e in mailboxes.known(conn) if e.address == ALICE).state is state


def test_the_others_follow_who_was_resumed_by_hand(refusing: Refusing) -> None:
    """Once one of them is let in, nobody waits for the next try."""
    world = refusing.world
    refusing.let_in()
    with database.write(world.engine) as conn:
        mailboxes.resume(conn, world.state(), world.time())
    world.sync()
    assert states(world) == (LIVE, LIVE)


def test_a_server_that_is_down_by_then_is_no_answer(refusing: Refusing) -> None:
    """Who went first waits as for any failure; once the server is back, all go on by themselves."""
    world = refusing.world
    refusing.error = DOWN
    serve(world, hours=2)
    assert states(world)[0] is LIVE
    refusing.let_in()
    serve(world, hours=3)
    assert states(world) == (LIVE, LIVE)


@pytest.mark.parametrize("scope", [Scope.MAILBOX, Scope.SERVER])
def test_a_right_that_is_missing_waits_for_a_person(memory: Memory, scope: Scope) -> None:
    """No account is locked by that, and nobody grants it by waiting."""
    world, _ = memory
    world.settle(ALICE, BOB)
    refusing = Refusing(memory, scope=scope)
    world.sync()
    refusing.let_in()
    assert ALICE not in {each.mailbox for each in serve(world, days=2)}
    assert states(world) == (SUSPENDED, LIVE)
    (alert,) = open_alerts(world)
    assert alert.advice("en") == f"Put that right, then: syncd resume {ALICE}"


def test_two_daemons_try_once(refusing: Refusing) -> None:
    """Who looks second finds that somebody has gone first."""
    world = refusing.world
    world.pass_time(minutes=15)
    one, other = world.service(), world.service()
    assert (one.due(10), other.due(10)) == ([], [ALICE])
    assert states(world) == (LIVE, SUSPENDED)
    world.pass_time(minutes=14)  # of a run that lasts
    assert (one.due(10), other.due(10)) == ([ALICE], [ALICE])


def test_who_is_paused_or_resumed_by_hand_is_not_tried(refusing: Refusing) -> None:
    """A person has said what is to be."""
    world = refusing.world
    with database.write(world.engine) as conn:
        mailboxes.set_state(conn, world.mailbox_id(ALICE), MailboxState.PAUSED)
        mailboxes.resume(conn, world.state(BOB), world.time())
    assert world.state(BOB).probe_at is None
    assert {each.mailbox for each in serve(world, days=2)} <= {BOB}
    assert world.state(ALICE).state is MailboxState.PAUSED


def test_one_false_refusal_heals_by_itself_over_the_wire(wire: World, box: Sandbox) -> None:
    """EWS says 401 once, and the mailbox is in step soon after, by nobody's hand."""
    wire.new(lastname="Lee")
    wire.settle()
    box.faults.add("SyncFolderItems", "unauthorized", times=1)
    late = wire.new(firstname="Zoe")
    assert wire.sync().suspended
    serve(wire, minutes=20)
    assert wire.link(late) is not None
    assert wire.state().state is LIVE


def open_alerts(world: World) -> list[alerts.Alert]:
    """What somebody should look at."""
    with database.read(world.engine) as conn:
        return alerts.every(conn)
