"""What is unreadable is not deleted (P5); failures keep to their scope (P10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from syncd.crm import database
from syncd.model.policy import FirstSync
from syncd.model.values import Value
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import Item
from syncd.reconcile.claim import Finding
from syncd.sandbox.server import Sandbox
from syncd.sync import mailboxes
from syncd.sync.mailboxes import MailboxState
from syncd.sync.report import Outcome
from tests.memory_mailbox import Effect, run
from tests.sync.relinked import relinked
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

MANY: list[Mapping[str, Value]] = [
    {"firstname": f"N{number}", "emailaddress1": f"n{number}@example.test"} for number in range(20)
]


@pytest.fixture
def settled(wire: World) -> World:
    """Twenty records in step."""
    wire.new_many(MANY)
    wire.settle()
    return wire


def live(world: World) -> int:
    """How many links are live."""
    return sum(1 for each in world.links() if each.state == "live")


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "unauthorized"},
        {"fault": "http_403"},
        {"fault": "http_503"},
        {"fault": "server_busy"},
        {"fault": "internal_error"},
        {"fault": "corrupt_xml"},
        {"fault": "lost_answer"},
        {"fault": "soap_fault", "code": "ErrorAccessDenied"},
    ],
    ids=lambda fault: fault.get("code", fault["fault"]),
)
@pytest.mark.parametrize("on", ["SyncFolderItems", "*"])
def test_a_folder_that_cannot_be_read_deletes_nothing(
    settled: World, box: Sandbox, fault: dict[str, str], on: str
) -> None:
    """Whatever the server answers, no link and no item goes for it; then all goes on."""
    items = settled.items()
    box.faults.add(on, times=9, **fault)
    for _ in range(2):
        assert settled.sync().outcome is Outcome.FAILED
    assert settled.writes == 0
    box.faults.clear()
    settled.resume()
    settled.settle()
    assert live(settled) == 20
    assert settled.items() == items


def test_a_lost_cursor_is_a_full_listing_and_nothing_else(settled: World, box: Sandbox) -> None:
    """ErrorInvalidSyncStateData: listed in full and compared, no write for it (P5)."""
    box.faults.add("SyncFolderItems", "invalid_sync_state")
    settled.sync()
    assert settled.writes == 0
    settled.settle()
    assert live(settled) == 20


def test_a_full_listing_finds_what_went_meanwhile(settled: World, box: Sandbox) -> None:
    """A removal that the lost cursor swallowed is found by comparing, and confirmed."""
    settled.hand().move(settled.items()[0].id, "deleteditems")
    box.faults.add("SyncFolderItems", "invalid_sync_state")
    settled.settle()
    assert live(settled) == 19
    assert len(settled.all_records()) == 20


def test_a_listing_that_breaks_off_concludes_nothing(memory: Memory) -> None:
    """A full listing that fails half-way: what it did not show is not missing."""
    world, servers = memory
    world.new_many([{"firstname": f"N{n}", "emailaddress1": f"{n}@x.test"} for n in range(600)])
    world.settle()
    pages = 0

    def break_off(call: str, effect: Effect) -> object:
        nonlocal pages
        pages += call == "changes"
        if call == "changes" and pages > 1:
            raise MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "Broken", "the line is dead")
        return effect()

    world.execute("update mailbox_kind set cursor = null")
    servers[ALICE].meddle = break_off
    assert world.sync().outcome is Outcome.FAILED
    servers[ALICE].meddle = run
    world.settle()
    assert live(world) == 600


def test_a_removal_is_not_believed_while_deleted_items_cannot_be_searched(
    settled: World, box: Sandbox
) -> None:
    """Where the item is must be known: a search that fails is `unknown`, however often."""
    settled.hand().delete(settled.items()[0].id)
    box.faults.add("FindItem", "internal_error", times=99)
    for _ in range(3):
        settled.sync()
        settled.pass_time(minutes=11)
    assert live(settled) == 20
    box.faults.clear()
    settled.sync()
    settled.pass_time(minutes=11)
    settled.settle()
    assert live(settled) == 19


# --- scopes --------------------------------------------------------------------------------------


def test_one_mailbox_that_fails_does_not_touch_another(wire: World, box: Sandbox) -> None:
    """A fault in Alice's mailbox is none in Bob's (P10)."""
    wire.new_many(MANY)
    theirs = wire.new(BOB, firstname="Bea")
    box.faults.add("*", "http_503", times=99, mailbox=ALICE)
    assert wire.sync(ALICE).outcome is Outcome.FAILED
    assert wire.sync(BOB).outcome is Outcome.OK
    assert wire.item_of(theirs, BOB)["firstname"] == "Bea"


def test_a_refused_password_stops_all_that_use_it(wire: World, box: Sandbox) -> None:
    """401 suspends every mailbox of the credential after one request: more would lock it."""
    box.faults.add("*", "unauthorized", times=99)
    wire.sync(ALICE)
    assert wire.reports[-1].requests <= 1
    for address in (ALICE, BOB):
        assert wire.state(address).state is MailboxState.SUSPENDED
        assert wire.sync(address).outcome is Outcome.FAILED
        assert wire.counts.total() == 0


@pytest.mark.parametrize("verb", ["create", "update"])
def test_an_item_that_a_server_fails_at_each_time_is_set_aside(memory: Memory, verb: str) -> None:
    """In doubt, and then known not to be done, three times: no more of it (P10)."""
    world, servers = memory
    ids = [world.new(firstname="Ann"), world.new(firstname="Ben")]
    if verb == "update":
        world.settle()
        world.change(ids[0], jobtitle="CEO")
    else:
        world.start()
        ids.append(world.new(firstname="Cy"))
    tried = []

    def failing(call: str, effect: Effect) -> object:
        if call != verb:
            return run(call, effect)
        tried.append(call)
        return [Failure(Sort.IN_DOUBT, "http-500", "the server failed")]

    servers[ALICE].meddle = failing
    for _ in range(20):
        world.sync()
        world.pass_time(minutes=5)
    assert len(tried) == 3
    assert world.reports[-1].counters["quarantined"] == 1
    world.accounted()
    servers[ALICE].meddle = run
    world.change(ids[0] if verb == "update" else ids[2], jobtitle="CFO")  # a new chance
    world.settle()
    assert [each["jobtitle"] for each in world.items()].count("CFO") == 1
    assert len(world.items()) == len(ids)


def test_an_item_that_the_server_never_takes_is_set_aside(memory: Memory) -> None:
    """Tried three times with growing gaps, then quarantined; the others flow (P10)."""
    world, servers = memory
    tried = []

    def refuses(fields: Mapping[str, Value]) -> bool:
        if fields.get("firstname") == "N7":
            tried.append(world.time())
        return fields.get("firstname") == "N7"

    servers[ALICE].refuses = refuses
    ids = world.new_many(MANY)
    for _ in range(60):
        world.sync()
        world.pass_time(minutes=1)
    assert len(tried) == 3
    assert len(world.items()) == 19
    assert world.noticed(ids[7]) == "quarantined (refused)"
    assert world.reports[-1].counters["quarantined"] == 1
    world.accounted()
    servers[ALICE].refuses = lambda _: False
    world.change(ids[7], jobtitle="CEO")  # a new edit is a new chance
    world.settle()
    assert world.item_of(ids[7])["jobtitle"] == "CEO"
    world.accounted()


def test_an_update_that_is_never_taken_is_set_aside(memory: Memory) -> None:
    """The same for an item that is there: its others go on."""
    world, servers = memory
    ids = world.new_many(MANY)
    world.settle()
    servers[ALICE].refuses = lambda patch: patch.get("jobtitle") == "No"
    world.change(ids[0], jobtitle="No")
    world.change(ids[1], jobtitle="Yes")
    for _ in range(40):
        world.sync()
        world.pass_time(minutes=1)
    assert world.item_of(ids[1])["jobtitle"] == "Yes"
    assert world.reports[-1].counters["quarantined"] == 1
    world.accounted()
    world.change(ids[0], jobtitle="Yes")
    world.settle()
    assert world.item_of(ids[0])["jobtitle"] == "Yes"


def test_what_was_set_aside_is_tried_again_when_the_mailbox_is_resumed(memory: Memory) -> None:
    """The admin has mended what the server did not like: nobody has to edit every contact."""
    world, servers = memory
    servers[ALICE].refuses = lambda fields: fields.get("firstname") == "N7"
    ids = world.new_many(MANY)
    for _ in range(60):
        world.sync()
        world.pass_time(minutes=1)
    assert world.noticed(ids[7]) == "quarantined (refused)"
    servers[ALICE].refuses = lambda _: False
    world.sync()
    assert len(world.items()) == 19
    with database.write(world.engine) as conn:
        mailboxes.resume(conn, world.state(), world.time())
    world.settle()
    assert len(world.items()) == 20


def test_one_item_that_no_request_is_answered_for_fails_alone(wire: World, box: Sandbox) -> None:
    """P10: a read that one item brings down is halved until it stands alone; the others flow."""
    items = [wire.hand().add({**each, "categories": ("CRM",)}) for each in MANY]
    box.faults.add(
        "GetItem", "soap_fault", code="ErrorInternalServerError", item=items[11], times=99
    )
    wire.policy(first_sync=FirstSync.GO)
    wire.sync()
    assert len(wire.all_records()) == 19
    assert wire.reason(items[11]) == "waiting (retry)"
    assert wire.reports[-1].requests < 30
    box.faults.clear()
    wire.pass_time(hours=1)
    wire.settle()
    assert len(wire.all_records()) == 20


@pytest.mark.parametrize("bad", [(0,), (0, 4), (0, 1, 7)])
def test_items_that_cannot_be_read_stop_nobody(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, bad: tuple[int, ...]
) -> None:
    """P10: the only one that changed, or several of them; the CRM's news reach Outlook."""
    world, servers = memory
    world.new_many(MANY[:8])
    world.settle()
    items = [each.id for each in world.items()]
    read = servers[ALICE].item

    def poisoned(item: str, *how: Any) -> Item | Failure:
        if item in {items[n] for n in bad}:
            raise MailboxError(Sort.TRANSIENT, Scope.SERVER, "ErrorInternalServerError", "")
        return read(item, *how)

    monkeypatch.setattr(servers[ALICE], "item", poisoned)
    for n in bad if len(bad) == 1 else range(8):
        world.hand().edit(items[n], {"jobtitle": "Boss"})
    late = world.new(firstname="Late")
    world.sync()
    assert world.link(late) is not None
    assert [world.reason(items[n]) for n in bad] == ["waiting (retry)"] * len(bad)


def test_a_server_that_answers_no_read_is_not_asked_item_by_item(wire: World, box: Sandbox) -> None:
    """An outage is told from a bad item by a handful of requests."""
    for each in MANY:
        wire.hand().add({**each, "categories": ("CRM",)})
    wire.policy(first_sync=FirstSync.GO)
    box.faults.add("GetItem", "internal_error", times=99)
    assert wire.sync().outcome is Outcome.FAILED
    assert wire.counts["GetItem"] <= 8
    box.faults.clear()
    wire.settle()
    assert len(wire.all_records()) == 20


def test_a_right_that_is_missing_is_no_bad_item(settled: World, box: Sandbox) -> None:
    """All of several updates denied: the mailbox is suspended, and nothing is set aside."""
    for record in settled.all_records():
        settled.change(record, jobtitle="CEO")
    settled.approve()
    box.faults.add("UpdateItem", "item_error", code="ErrorAccessDenied", times=99)
    report = settled.sync()
    assert report.outcome is Outcome.FAILED
    assert "syncd resume" in str(report.todo)
    assert settled.state().state is MailboxState.SUSPENDED
    assert report.counters["quarantined"] == 0
    box.faults.clear()
    settled.resume()
    settled.settle()
    assert all(each["jobtitle"] == "CEO" for each in settled.items())


def test_a_folder_that_was_made_anew_is_found_again(wire: World) -> None:
    """Its id is another one: it is sought by its name, and nothing is written into it.

    What is missing in it nobody has thrown away, as far as syncd can know: once a person says so,
    all of it comes back, and nothing is deleted (P5, P14).
    """
    wire.policy(folder="default/Customers")
    ids = wire.new_many(MANY)
    wire.settle()
    gone = wire.connect(ALICE).folder(wire.rules.kind, "default/Customers", create=False)
    assert gone is not None
    wire.hand().delete_folder(gone.id)
    assert wire.sync().outcome is Outcome.FAILED
    wire.hand().add_folder("Customers")
    more = wire.new(firstname="Zoe")
    for minutes in (0, 11):
        wire.pass_time(minutes=minutes)
        report = wire.sync()
        assert (report.outcome, report.claim) == (Outcome.STOPPED, Finding.GONE)
        assert wire.items("Customers") == []
    relinked(wire)
    wire.sync()
    wire.approve()
    wire.settle()
    assert len(wire.items("Customers")) == 21
    assert wire.all_records().keys() == {*ids, more}
    assert live(wire) == 21


def test_a_batch_is_no_larger_than_a_server_takes(wire: World) -> None:
    """Long notes go in several requests; a short contact among them is not held up."""
    big = [{"lastname": f"B{n}", "description": "x" * 900_000} for n in range(9)]
    wire.new_many([*big, {"lastname": "Small"}])
    wire.sync()
    assert len(wire.items()) == 10
    assert wire.counts["CreateItem"] == 3
    wire.settle()


def test_what_stands_after_a_stopped_batch_was_not_tried(memory: Memory) -> None:
    """Not-tried is not in doubt: the next run goes on at once."""
    world, servers = memory

    def stop(call: str, effect: Effect) -> object:
        if call != "create":
            return effect()
        servers[ALICE].meddle = run
        made = effect()
        assert isinstance(made, list)
        for each in made[5:]:
            servers[ALICE].delete(each.id)
        stopped = Failure(Sort.NOT_TRIED, "Stopped", "the batch was stopped")
        return [each if n < 5 else stopped for n, each in enumerate(made)]

    servers[ALICE].meddle = stop
    world.new_many(MANY)
    world.sync()
    assert len(world.items()) == 5
    world.pass_time(minutes=30)
    world.settle()
    assert len(world.items()) == 20
