"""In doubt: nothing is guessed, nothing is retried blindly (P3); a crash repairs itself (P10)."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest

from syncd.model.policy import FirstSync
from syncd.model.values import Value
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sandbox.server import Sandbox
from syncd.sync import observe
from syncd.sync.report import Outcome
from syncd.sync.session import Session
from tests.memory_mailbox import Effect, MemoryServer, run
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip
BEA: dict[str, Value] = {"firstname": "Bea", "emailaddress1": "bea@example.test"}
UNANSWERED = MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "the server did not answer")


def resumed(world: World) -> None:
    """Time passes, and syncd goes on. What is late is done by then."""
    time.sleep(0.3)
    world.pass_time(minutes=3)
    world.settle()


# --- over the wire -------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "late_write"])
def test_a_create_that_was_not_answered_makes_one_item(
    wire: World, box: Sandbox, fault: str
) -> None:
    """Done or not, the next run looks, and there is exactly one (P3)."""
    record, other = wire.new(**ANN), wire.new(**BEA)
    box.faults.add("CreateItem", fault, delay_ms=200)
    assert wire.sync().outcome is Outcome.FAILED
    wire.sync()
    assert len(wire.items()) <= 2
    resumed(wire)
    assert sorted(str(each["firstname"]) for each in wire.items()) == ["Ann", "Bea"]
    assert wire.item_of(record)["firstname"] == "Ann"
    assert wire.item_of(other)["firstname"] == "Bea"


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "late_write"])
def test_an_update_that_was_not_answered_is_made_once(
    wire: World, box: Sandbox, fault: str
) -> None:
    """Settled by the operation key that it wrote; no echo goes to the CRM (P4)."""
    record = wire.new(**ANN)
    wire.settle()
    wire.change(record, jobtitle="CEO")
    version = wire.record(record).version
    box.faults.add("UpdateItem", fault, delay_ms=200)
    assert wire.sync().outcome is Outcome.FAILED
    resumed(wire)
    assert wire.item()["jobtitle"] == "CEO"
    assert wire.record(record).version == version
    assert wire.kept_losers() == []


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "late_write"])
@pytest.mark.parametrize("how", ["deleted", "left scope", "returned"])
def test_a_move_that_was_not_answered_is_made_once(
    wire: World, box: Sandbox, fault: str, how: str
) -> None:
    """Settled by finding the item in the folder it was to go to: no removal by its user."""
    record = wire.new(**ANN)
    wire.settle()
    if how == "deleted":
        wire.remove(record)
    else:
        wire.set_active(record, active=False)
    if how == "returned":
        wire.settle()
        wire.set_active(record, active=True)
    box.faults.add("MoveItem", fault, delay_ms=200)
    wire.sync()
    resumed(wire)
    wanted = {
        "deleted": "deleteditems",
        "left scope": "Former CRM contacts",
        "returned": "contacts",
    }
    assert [each["firstname"] for each in wire.items(wanted[how])] == ["Ann"]
    state = {"deleted": "orphaned", "left scope": "released", "returned": "live"}[how]
    assert wire.link(record).state == state
    if how == "left scope":
        wire.set_active(record, active=True)
        wire.settle()
    assert len(wire.items()) == (how != "deleted")


def test_a_move_that_was_not_made_is_not_seen_in_a_former_item_of_its_record(
    wire: World, box: Sandbox
) -> None:
    """What its user threw away earlier bears the same stamp: it is not what was moved (P3)."""
    record = wire.new(**ANN)
    wire.settle()
    first = wire.item().id
    wire.hand().copy(first)
    wire.settle()
    wire.hand().move(first, "deleteditems")
    wire.pass_time(minutes=11)
    wire.settle()
    assert wire.link(record).state == "live"  # its copy has taken its place
    wire.remove(record)
    box.faults.add("MoveItem", "lost_request")
    wire.sync()
    resumed(wire)
    assert wire.items() == []
    assert len(wire.items("deleteditems")) == 2


def test_an_edit_made_while_a_write_was_in_doubt_is_merged(wire: World, box: Sandbox) -> None:
    """What the item holds now is an observation: the user's edit goes to the CRM (P1)."""
    record = wire.new(**ANN)
    wire.settle()
    wire.change(record, jobtitle="CEO")
    box.faults.add("UpdateItem", "lost_answer")
    wire.sync()
    wire.hand().edit(wire.item().id, {"department": "Sales"})
    resumed(wire)
    assert (
        wire.item().fields == wire.crm(record) == {**ANN, "jobtitle": "CEO", "department": "Sales"}
    )


def test_an_item_created_in_doubt_and_edited_since_is_the_item(wire: World, box: Sandbox) -> None:
    """The user saw it before syncd knew of it."""
    record = wire.new(**ANN)
    box.faults.add("CreateItem", "lost_answer")
    wire.sync()
    wire.hand().edit(wire.item().id, {"jobtitle": "Boss"})
    resumed(wire)
    assert wire.item().fields == wire.crm(record) == {**ANN, "jobtitle": "Boss"}


def test_an_item_created_in_doubt_and_thrown_away_stays_away(wire: World, box: Sandbox) -> None:
    """Found in Deleted Items: it was created, and its user deleted it."""
    record = wire.new(**ANN)
    box.faults.add("CreateItem", "lost_answer")
    wire.sync()
    wire.hand().move(wire.item().id, "deleteditems")
    resumed(wire)
    wire.pass_time(minutes=11)
    wire.settle()
    assert wire.items() == []
    assert wire.link(record).state == "remembered"


# --- late writes ---------------------------------------------------------------------------------


def late(server: MemoryServer, on: str) -> None:
    """The next request of this sort is carried out after its client gave up."""

    def meddle(call: str, effect: Effect) -> object:
        if call != on:
            return effect()
        server.meddle = run
        server.late.append(effect)
        raise UNANSWERED

    server.meddle = meddle


def test_what_could_not_be_read_back_is_read_by_the_next_run(memory: Memory) -> None:
    """Its coming back is no proof of what it holds: a server may keep a form of its own (P2)."""
    world, servers = memory
    server = servers[ALICE]
    record = world.new(**ANN)
    world.settle()
    world.change(record, jobtitle="Boss")
    world.hand().edit(world.item().id, {"department": "Sales"})

    def shouting(call: str, effect: Effect) -> object:
        if call == "read" and server.things[item].fields.get("jobtitle"):
            server.meddle = run
            raise MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "Busy", "not now")
        answer = effect()
        if call == "update":
            held = server.things[item]
            server.things[item] = replace(held, fields={**held.fields, "jobtitle": "BOSS"})
        return answer

    item = world.item().id
    server.meddle = shouting
    world.sync()
    assert server.meddle is run
    world.settle()
    assert world.item()["jobtitle"] == world.crm(record)["jobtitle"] == "BOSS"


def test_a_late_write_within_grace_is_awaited(memory: Memory) -> None:
    """Not found at first is no reason to retry: the first try may still be executing."""
    world, servers = memory
    record = world.new(**ANN)
    late(servers[ALICE], "create")
    world.sync()
    world.sync()
    assert world.items() == []
    servers[ALICE].commit_late()
    world.settle()
    assert world.item_of(record) == world.item()


@pytest.mark.parametrize("when", ["after the search", "before the second move"])
def test_a_late_move_that_was_given_up_is_still_ours(memory: Memory, when: str) -> None:
    """The item is in our own folder: it left scope, and its user did nothing."""
    world, servers = memory
    record = world.new(**ANN)
    world.settle()
    world.set_active(record, active=False)
    late(servers[ALICE], "move")
    world.sync()
    world.pass_time(minutes=3)

    def commit(call: str, effect: Effect) -> object:
        if call == "move" and when == "before the second move":
            servers[ALICE].commit_late()
        answer = effect()
        if call == "find" and when == "after the search":
            servers[ALICE].commit_late()
        return answer

    servers[ALICE].meddle = commit
    world.settle()
    assert world.link(record).state == "released"
    world.set_active(record, active=True)
    world.settle()
    assert world.item_of(record) == world.item()


@pytest.mark.parametrize("to", ["deleteditems", "Family"])
def test_what_came_back_unanswered_and_was_taken_away_since_stays_away(
    memory: Memory, to: str
) -> None:
    """Its user saw it back in the folder, and decided: it is not made once more."""
    world, servers = memory
    record = world.new(**ANN)
    world.settle()
    world.set_active(record, active=False)
    world.settle()
    world.set_active(record, active=True)
    failing(servers[ALICE], "move", UNANSWERED, done=True)
    world.sync()
    world.hand().move(world.item().id, world.hand().add_folder(to) if to == "Family" else to)
    for _ in range(3):
        world.pass_time(minutes=11)
        world.sync()
    world.settle()
    assert world.items() == []
    assert world.link(record).state == "remembered"


def test_what_came_back_unanswered_and_was_seen_is_known(wire: World, box: Sandbox) -> None:
    """Once a run has seen it back in the folder, its user may delete it, and it stays away.

    What the folder shows is looked for at once, without waiting until the write is given up.
    """
    record = wire.new(**ANN)
    wire.settle()
    wire.set_active(record, active=False)
    wire.settle()
    wire.set_active(record, active=True)
    box.faults.add("MoveItem", "lost_answer")
    wire.sync()
    assert wire.sync().outcome is Outcome.OK
    assert wire.link(record).state == "live"
    wire.hand().delete(wire.item().id)
    for _ in range(2):
        wire.sync()
        wire.pass_time(minutes=11)
    wire.settle()
    assert wire.items() == []
    assert wire.link(record).state == "remembered"


def test_a_copy_is_not_what_was_to_come_back(memory: Memory) -> None:
    """The folder shows its stamp, and yet the move was never made: nothing is concluded early."""
    world, servers = memory
    record = world.new(**ANN)
    world.settle()
    world.set_active(record, active=False)
    world.settle()
    former = world.link(record).remote_id
    world.set_active(record, active=True)
    failing(servers[ALICE], "move", UNANSWERED, done=False)
    world.sync()
    copy = servers[ALICE].copy(former)
    copied = servers[ALICE].move(copy, "contacts")
    world.sync()
    assert world.link(record).remote_id == former
    resumed(world)
    assert world.link(record).state == "live"
    assert copied in {each.id for each in world.items()}


# --- adoptions in doubt --------------------------------------------------------------------------


def failing(server: MemoryServer, on: str, error: BaseException, *, done: bool) -> None:
    """The next request of this sort ends in an error, before or after its effect."""

    def meddle(call: str, effect: Effect) -> object:
        if call != on:
            return effect()
        server.meddle = run
        if done:
            effect()
        raise error

    server.meddle = meddle


def test_an_adoption_in_doubt_is_still_an_adoption(memory: Memory) -> None:
    """P14: the item stays its owner's: kept when the record is deleted, its notes kept apart."""
    world, servers = memory
    world.policy(first_sync=FirstSync.GO)
    item = world.hand().add({**ANN, "description": "secret", "jobtitle": "Boss"})
    record = world.new(**ANN, description="of the office", jobtitle="CEO")
    failing(servers[ALICE], "update", UNANSWERED, done=True)
    world.sync()
    resumed(world)
    assert world.link(record).origin == "adopted"
    assert world.crm(record)["description"] == "of the office"
    assert world.item()["description"] == "secret"
    assert world.kept_losers() == ['{"jobtitle":"Boss"}']  # what the write overwrote is kept (P1)
    world.remove(record)
    world.settle()
    assert [each.id for each in world.items()] == [item]


@pytest.mark.parametrize("how", ["lost", "refused", "held", "unreadable", "edited"])
def test_an_adoption_that_waits_gets_no_second_item_beside_it(memory: Memory, how: str) -> None:
    """P3: why an item waits says nothing of whether it is the one; nor does a failed read (P5)."""
    world, servers = memory
    server = servers[ALICE]
    world.settle()
    people: list[dict[str, Value]] = [
        {"firstname": f"N{n}", "lastname": "Doe", "emailaddress1": f"n{n}@x.test"} for n in range(4)
    ]
    items = [world.hand().add({**each, "jobtitle": "Boss"}) for each in people]
    world.settle()
    world.new_many([{**each, "department": "Sales"} for each in people])
    if how == "lost":
        failing(server, "update", UNANSWERED, done=False)
    elif how == "refused":
        server.refuses = lambda _: True
    elif how == "unreadable":
        failing(server, "read", MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "Busy", ""), done=False)
    elif how == "edited":
        for each in items:
            world.hand().edit(each, {"nickname": "N"})
    world.sync()
    server.meddle, server.refuses = run, lambda _: False
    world.approve()
    world.pass_time(hours=7)
    world.settle()
    world.approve()
    world.settle()
    assert sorted(each.id for each in world.items()) == sorted(items)
    assert len(world.links()) == 4


def test_an_item_that_is_tracked_anew_bears_the_stamp_of_its_record(memory: Memory) -> None:
    """The write of it was lost: the old record's stamp does not count as the new one's."""
    world, servers = memory
    world.settle()
    item = world.hand().add({**ANN, "categories": ("CRM",)})
    world.settle()
    (old,) = world.all_records()
    world.remove(old)
    world.settle()
    world.hand().edit(item, {"categories": ("CRM",)})
    failing(servers[ALICE], "update", UNANSWERED, done=False)
    world.sync()
    resumed(world)
    (new,) = world.all_records()
    stamp = servers[ALICE].things[item].stamp
    assert stamp is not None
    assert stamp.crm_id == new
    back = world.hand().move(world.hand().move(item, world.hand().add_folder("Family")), "contacts")
    world.settle()
    assert world.link(new).remote_id == back


@pytest.mark.parametrize("how", ["created", "restored"])
def test_an_item_that_is_thrown_away_before_any_listing_showed_it(
    wire: World, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A listing does not tell of what came and went since the last one (P9)."""
    record = wire.new(**ANN)
    if how == "restored":
        wire.settle()
        wire.assign(record, BOB)
        wire.settle()
        wire.change(record, jobtitle="CEO")
        wire.assign(record, ALICE)
    listing, count = observe.outlook, itertools.count()

    def observed(session: Session) -> None:
        if next(count) == 1:  # the drain
            wire.hand().move(wire.item_of(record).id, "deleteditems")
        listing(session)

    monkeypatch.setattr(observe, "outlook", observed)
    wire.sync()
    wire.sync()
    assert wire.link(record).state == "remembered"
    wire.accounted()
