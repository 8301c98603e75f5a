"""In doubt: nothing is guessed, nothing is retried blindly (P3); a crash repairs itself (P10)."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from syncd.model.values import Value
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sandbox.server import Sandbox
from syncd.sync.report import Outcome
from syncd.sync.session import Session
from tests.memory_mailbox import Effect, MemoryServer, run
from tests.sync.world import ALICE, WRITES, Memory, World

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip
BEA: dict[str, Value] = {"firstname": "Bea", "emailaddress1": "bea@example.test"}
Work = Callable[[World], None]
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


# --- late writes and doubles ---------------------------------------------------------------------


def late(server: MemoryServer, on: str) -> None:
    """The next request of this sort is carried out after its client gave up."""

    def meddle(call: str, effect: Effect) -> object:
        if call != on:
            return effect()
        server.meddle = run
        server.late.append(effect)
        raise UNANSWERED

    server.meddle = meddle


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


def double(world: World, server: MemoryServer) -> tuple[str, str]:
    """A create given up for lost, tried again, and then carried out: record, the late item."""
    record = world.new(**ANN)
    late(server, "create")
    world.sync()
    world.pass_time(minutes=3)
    world.settle()
    linked = world.item().id
    server.commit_late()
    (item,) = {each.id for each in world.items()} - {linked}
    return record, item


def test_a_double_goes_to_deleted_items(memory: Memory) -> None:
    """The first attempt appears after the second: nobody's item, unedited, is put away (P3)."""
    world, servers = memory
    record, _ = double(world, servers[ALICE])
    world.settle()
    assert world.item_of(record) == world.item()
    assert len(world.items("deleteditems")) == 1
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"
    world.accounted()


def test_a_double_that_its_user_has_edited_is_left_alone(memory: Memory) -> None:
    """It is the user's by now (P14): a copy like any other."""
    world, servers = memory
    _, item = double(world, servers[ALICE])
    world.hand().edit(item, {"jobtitle": "Boss"})
    world.settle()
    assert len(world.items()) == 2
    assert world.reason(item) == "excluded (copy)"


def test_a_copy_of_the_linked_item_is_no_double(memory: Memory) -> None:
    """It bears the key of an attempt that was carried out."""
    world, _ = memory
    world.new(**ANN)
    world.settle()
    copy = world.hand().copy(world.item().id)
    world.settle()
    assert world.reason(copy) == "excluded (copy)"
    assert world.items("deleteditems") == []


# --- crashes -------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process died."""


def prepare(world: World) -> None:
    """Something of everything: what the undisturbed run makes of it is the measure."""
    ids = world.new_many(
        [{"firstname": f"N{n}", "emailaddress1": f"n{n}@x.test"} for n in range(8)]
    )
    world.settle()

    items = {str(each["firstname"]): each.id for each in world.items()}
    world.new(firstname="New", emailaddress1="new@x.test")
    world.change(ids[0], jobtitle="CEO")
    world.hand().edit(items["N1"], {"jobtitle": "Boss"})
    world.hand().add({"firstname": "Tracked", "categories": ("CRM",)})
    world.set_active(ids[2], active=False)
    world.remove(ids[3])
    world.hand().move(items["N4"], "deleteditems")
    world.change(ids[5], department="Sales")
    world.hand().edit(items["N5"], {"jobtitle": "Boss"})


def onboard(world: World) -> None:
    """A first contact that was approved: adoptions, creations, a contact to be tracked."""
    shared: list[dict[str, Value]] = [
        {"firstname": f"N{n}", "lastname": "Doe", "emailaddress1": f"n{n}@x.test"} for n in range(4)
    ]
    for each in shared:
        world.hand().add({**each, "jobtitle": "Boss"})
    world.hand().add({"firstname": "Own"})
    world.hand().add({"firstname": "Tracked", "categories": ("CRM",)})
    world.new_many([*shared, {"firstname": "New", "emailaddress1": "new@x.test"}])
    world.sync()
    world.approve()


def picture(world: World) -> dict[str, object]:
    """All that either side holds, without ids."""

    def shown(folder: str) -> list[object]:
        return sorted(
            (sorted(map(str, each.fields.items())) for each in world.items(folder)), key=str
        )

    held = [sorted(map(str, world.crm(each).items())) for each in world.all_records()]
    links = sorted(f"{each.origin} {each.state}" for each in world.links())
    return {
        "contacts": shown("contacts"), "trash": shown("deleteditems"),
        "former": shown("Former CRM contacts"), "crm": sorted(held, key=str), "links": links,
    }  # fmt: skip


def undisturbed(world: World) -> dict[str, object]:
    """What the work comes to without a crash."""
    world.settle()
    return picture(world)


def after_a_crash(world: World) -> dict[str, object]:
    """A new process goes on once the lease has run out."""
    world.pass_time(minutes=4)
    world.settle()
    return picture(world)


class Dying:
    """A server at whose request of this number the client dies, before or after its effect."""

    def __init__(self, number: int, *, effective: bool) -> None:
        self.call = ""
        self._left = number
        self._effective = effective

    def __call__(self, call: str, effect: Effect) -> object:
        """One request."""
        self._left -= 1
        if self._left:
            return effect()
        self.call = call
        if self._effective:
            effect()
        raise Crash(call)


def crash_at(patch: pytest.MonkeyPatch, number: int) -> None:
    """Let the process die in a run's writing transaction of this number."""
    write, count = Session.write, itertools.count(1)

    @contextmanager
    def dying(self: Session, *, durable: bool = False) -> Iterator[Connection]:
        dies = next(count) == number
        with write(self, durable=durable) as conn:
            yield conn
            if dies:
                raise Crash

    patch.setattr(Session, "write", dying)


@pytest.mark.parametrize("work", [prepare, onboard])
def test_a_crash_at_any_request_leaves_nothing_to_repair(
    memory: Memory, branches: Callable[[Memory], Memory], work: Work
) -> None:
    """Before or after its effect, at every request in turn: the end is the undisturbed one (P3)."""
    work(memory[0])
    wanted = undisturbed(branches(memory)[0])
    dying = Dying(0, effective=False)
    for number in range(1, 100):
        for effective in (False, True):
            world, servers = branches(memory)
            servers[ALICE].meddle = dying = Dying(number, effective=effective)
            try:
                world.sync()
            except Crash:
                servers[ALICE].meddle = run
                assert after_a_crash(world) == wanted, (number, effective)
            if dying.call not in WRITES:  # a reading request has no effect
                break
        if not dying.call:
            break
    assert number > 8


@pytest.mark.parametrize("work", [prepare, onboard])
def test_a_crash_at_any_transaction_leaves_nothing_to_repair(
    memory: Memory,
    branches: Callable[[Memory], Memory],
    monkeypatch: pytest.MonkeyPatch,
    work: Work,
) -> None:
    """Just before every commit in turn; just after one is just before what comes next (P3)."""
    work(memory[0])
    wanted = undisturbed(branches(memory)[0])
    for number in range(1, 100):
        world, _ = branches(memory)
        with monkeypatch.context() as patch:
            crash_at(patch, number)
            try:
                world.sync()
            except Crash:
                pass
            else:
                break
        assert after_a_crash(world) == wanted, number
    assert number > 8
