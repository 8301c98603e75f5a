"""What is withdrawn goes from everywhere, and only that goes (P7)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from syncd.crm import database
from syncd.model.fields import Direction
from syncd.model.policy import FirstSync, Limits
from syncd.model.values import Value
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Sensitivity
from syncd.sync.tables import remembered_value
from tests.memory_mailbox import Effect, run
from tests.memory_server import MemoryServer
from tests.sync import tearing
from tests.sync.dying import Life, surviving
from tests.sync.test_privacy import dump
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

EVERYBODY = "statecode eq 'active'"
CRM: dict[str, Value] = {"categories": ("CRM",)}
LEE: dict[str, Value] = {
    "firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.test",
}  # fmt: skip


def shared(world: World, **fields: Value) -> tuple[str, str]:
    """A record that both have: its id, and the id of Alice's item."""
    world.filter = EVERYBODY
    record = world.new(firstname="Ann", **fields)
    world.settle(ALICE, BOB)
    return record, world.item_of(record).id


def withdraw(world: World, item: str) -> None:
    """Alice marks her item, and everybody is synced."""
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle(ALICE, BOB)


# --- everywhere ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"), [("childrensnames", ("Zquanary",)), ("department", "Zquanary")]
)
def test_it_does_not_come_back_from_another_mailbox(world: World, field: str, value: Value) -> None:
    """What the other Outlook was made to hold goes, a set like a text, and is nobody's edit."""
    record, item = shared(world)
    world.hand().edit(item, {field: value})
    world.settle(ALICE, BOB)
    assert world.item_of(record, BOB)[field] == value
    withdraw(world, item)
    assert field not in world.crm(record)
    assert world.item_of(record, BOB)[field] is None
    assert "Zquanary" not in dump(world)


def test_nothing_is_left_behind_by_a_run_that_dies(memory: Memory, store: Path) -> None:
    """At whichever step: once it is taken back nothing of it is in the store, referred to or no."""
    world, servers = memory
    record, item = shared(world)
    world.hand().edit(item, {"department": "Zquanary"})
    world.settle(ALICE, BOB)
    world.hand().mark(item, Sensitivity.PRIVATE)
    steps = 0
    for until in itertools.count(1):
        twin, _ = tearing.branch(world, servers, store.with_name("twin.db"))
        done = surviving(twin, Life(until=until), twin.sync)
        if "department" not in twin.crm(record):
            assert "Zquanary" not in dump(twin), f"killed at step {until}"
            steps += not done
        twin.engine.dispose()
        if done:
            break
    assert steps, "it was never killed after that"


# How Bob's contact ends before Bob's next sync → where his item is then.
ENDS: dict[str, tuple[Callable[[World, str], object], str]] = {
    "given up": (
        lambda world, record: world.set_active(record, active=False),
        "Former CRM contacts",
    ),
    "deleted in the CRM": (lambda world, it: world.remove(it), "deleteditems"),
}


@pytest.mark.parametrize("edited", [False, True], ids=["untouched", "edited in Outlook"])
@pytest.mark.parametrize("how", ENDS)
def test_it_goes_from_what_is_let_go_in_the_same_moment(
    memory: Memory, how: str, edited: bool
) -> None:
    """Bob's item leaves, or goes with its record, before he hears of it: without Alice's value."""
    world, servers = memory
    end, folder = ENDS[how]
    record, item = shared(world, jobtitle="Boss")
    world.hand().edit(item, {"department": "Zquanary"})
    world.settle(ALICE, BOB)
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.sync(ALICE)
    if edited:
        world.hand(BOB).edit(world.item_of(record, BOB).id, {"mobilephone": "1"})
    end(world, record)
    world.settle(ALICE, BOB)
    (left,) = (each for each in servers[BOB].things.values() if each.stamp is not None)
    assert "department" not in left.fields
    assert left.fields["jobtitle"] == "Boss"
    kept = edited and how == "deleted in the CRM"  # an edit beats a deletion
    name = servers[BOB].folder(left.folder).name
    assert ("contacts" if kept else folder) in (left.folder, name)
    assert "Zquanary" not in dump(world)


def test_what_was_overwritten_on_its_way_leaves_no_trace_either(world: World) -> None:
    """The CRM's people had replaced it already; another mailbox was still to hear of that."""
    record, item = shared(world, department="Sales")
    world.hand().edit(item, {"department": "Zquanary"})
    world.settle(ALICE, BOB)
    world.change(record, department="Marketing")
    withdraw(world, item)
    assert world.item_of(record, BOB)["department"] == "Marketing"
    assert "Zquanary" not in dump(world)


def unanswered(server: MemoryServer, lost: str) -> None:
    """Requests of this sort are carried out and not answered."""

    def meddle(call: str, effect: Effect) -> object:
        answer = effect()
        if call == lost:
            raise MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "")
        return answer

    server.meddle = meddle


def test_a_write_in_doubt_does_not_bring_it_back(memory: Memory) -> None:
    """What syncd was writing into another mailbox is known by its hash: no edit of its user."""
    world, servers = memory
    record, item = shared(world, department="Sales")
    world.hand().edit(item, {"department": "Zquanary"})
    world.sync()
    unanswered(servers[BOB], "update")
    world.sync(BOB)
    servers[BOB].meddle = run
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.sync()
    world.pass_time(minutes=4)
    world.settle(BOB, ALICE)
    assert world.crm(record)["department"] == "Sales"
    assert world.item_of(record, BOB)["department"] == "Sales"
    assert "Zquanary" not in dump(world)


def test_a_create_in_doubt_does_not_keep_it(memory: Memory) -> None:
    """The record went with the mark; so does the item that was being made of it elsewhere."""
    world, servers = memory
    world.settle(ALICE, BOB)
    item = world.hand(BOB).add({"firstname": "Zquanary", **CRM})
    world.settle(BOB)
    (record,) = world.all_records()
    world.assign(record, ALICE)
    unanswered(servers[ALICE], "create")
    world.sync()
    servers[ALICE].meddle = run
    world.hand(BOB).mark(item, Sensitivity.PRIVATE)
    world.settle(BOB)
    world.pass_time(minutes=4)
    world.settle(ALICE, BOB)
    assert world.items() == []
    assert "Zquanary" not in dump(world)


def test_a_withdrawal_in_the_middle_of_a_write_is_heeded(memory: Memory) -> None:
    """Between intent and answer of another mailbox's write: what is settled holds nothing of it."""
    world, servers = memory
    record, item = shared(world, department="Sales")
    world.hand().edit(item, {"department": "Zquanary"})
    world.sync()

    def race(call: str, effect: Effect) -> object:
        if call == "update":
            servers[BOB].meddle = run
            world.hand().mark(item, Sensitivity.PRIVATE)
            world.sync()
        return effect()

    servers[BOB].meddle = race
    world.sync(BOB)
    world.settle(ALICE, BOB)
    assert world.item_of(record, BOB)["department"] == "Sales"
    assert "Zquanary" not in dump(world)


def test_it_goes_from_every_record_that_the_item_was_tracked_as(world: World) -> None:
    """Deleted in the CRM and tracked again, it was two records."""
    world.settle()
    item = world.hand().add({"firstname": "Ann", "department": "Zquanary", **CRM})
    world.settle()
    (record,) = world.all_records()
    item = world.hand().move(world.hand().move(item, world.hand().add_folder("Family")), "contacts")
    world.settle()
    world.remove(record)
    world.settle()
    world.hand().edit(item, CRM)
    world.settle()
    assert len(world.all_records()) == 1
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle()
    assert "Zquanary" not in dump(world)


@pytest.mark.parametrize("first", ["private", "thrown"])
def test_thrown_away_as_well_not_even_hashes_are_kept(world: World, first: str) -> None:
    """P7: nobody is to be known again by a private item, whichever its user did first."""
    world.start()
    hand = world.hand()
    hand.add({**LEE, **CRM})
    world.settle()
    if first == "private":
        hand.mark(world.item().id, Sensitivity.PRIVATE)
        hand.move(world.item().id, "deleteditems")
    else:
        hand.move(world.item().id, "deleteditems")
        world.settle()
        hand.mark(world.item("deleteditems").id, Sensitivity.PRIVATE)
        hand.move(world.item("deleteditems").id, "contacts")
    world.settle()
    assert world.all_records() == {}
    with database.read(world.engine) as conn:
        assert conn.execute(select(remembered_value)).all() == []


def test_who_edits_the_same_group_later_does_not_take_it_over(world: World) -> None:
    """The office adds a salutation: the names are still out of the private item."""
    world.settle()
    item = world.hand().add({"firstname": "Ann", "lastname": "Zquanary", **CRM})
    world.settle()
    (record,) = world.all_records()
    world.change(record, salutation="Dr.")
    world.settle()
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle()
    assert world.crm(record) == {"salutation": "Dr."}
    assert "Zquanary" not in dump(world)


def test_however_it_is_spelled(world: World) -> None:
    """A number is the same number with other blanks: it goes from the other Outlook, too."""
    record, item = shared(world)
    world.hand().edit(item, {"telephone1": "+41 79 700 00 00"})
    world.settle(ALICE, BOB)
    theirs = world.item_of(record, BOB).id
    world.hand(BOB).edit(theirs, {"telephone1": "+41 (79) 700 00 00"})
    world.settle(ALICE, BOB)
    withdraw(world, item)
    assert "telephone1" not in world.crm(record)
    assert world.item_of(record, BOB)["telephone1"] is None


@pytest.mark.parametrize("first", [ALICE, BOB])
def test_two_who_withdraw_leave_what_was_there_before_them(world: World, first: str) -> None:
    """In either order: what each had replaced comes back, and nothing of either stays."""
    record, item = shared(world, jobtitle="Clerk")
    theirs = world.item_of(record, BOB).id
    world.hand().edit(item, {"jobtitle": "Zquanary"})
    world.settle(ALICE, BOB)
    world.hand(BOB).edit(theirs, {"jobtitle": "Zquanardry"})
    world.settle(BOB, ALICE)
    marks = {ALICE: item, BOB: theirs}
    for address in sorted(marks, key=lambda each: each != first):
        world.hand(address).mark(marks[address], Sensitivity.PRIVATE)
        world.settle(ALICE, BOB)
    assert world.crm(record)["jobtitle"] == "Clerk"
    assert "Zquanar" not in dump(world)


def test_it_goes_from_an_item_that_was_private_itself_then(world: World) -> None:
    """Of Bob's item a hash was known alone; once he shows it again, what was Alice's goes."""
    record, item = shared(world)
    world.hand().edit(item, {"jobtitle": "Zquanary"})
    world.settle(ALICE, BOB)
    theirs = world.item_of(record, BOB).id
    world.hand(BOB).edit(theirs, {"nickname": "Annie"})
    world.settle(ALICE, BOB)
    world.hand(BOB).mark(theirs, Sensitivity.PRIVATE)
    world.settle(ALICE, BOB)
    withdraw(world, item)
    assert "jobtitle" not in world.crm(record)
    world.hand(BOB).mark(theirs, Sensitivity.NORMAL)
    world.settle(ALICE, BOB)
    assert world.item_of(record, BOB)["jobtitle"] is None
    assert world.item_of(record, BOB)["nickname"] == "Annie"
    assert "jobtitle" not in world.crm(record)
    assert "Zquanary" not in dump(world)


def test_what_another_user_tracks_anew_is_their_own_word(world: World) -> None:
    """P14: the record went with Alice's item; Bob puts what he sees into the CRM, all of it."""
    world.filter = EVERYBODY
    world.settle(ALICE, BOB)
    item = world.hand().add({**LEE, "jobtitle": "Boss", **CRM})
    world.settle(ALICE, BOB)
    (record,) = world.all_records()
    theirs = world.item_of(record, BOB).id
    world.hand(BOB).mark(theirs, Sensitivity.PRIVATE)
    world.settle(ALICE, BOB)
    withdraw(world, item)
    assert world.all_records() == {}
    world.hand(BOB).mark(theirs, Sensitivity.NORMAL)
    world.settle(ALICE, BOB)
    assert world.all_records() == {}  # shown again is not yet put into the CRM
    world.hand(BOB).edit(theirs, CRM)
    world.settle(ALICE, BOB)
    (anew,) = world.all_records()
    assert world.crm(anew) == {**LEE, "jobtitle": "Boss"}
    assert world.item_of(anew, BOB)["jobtitle"] == "Boss"


def test_of_a_set_the_elements_go_that_came_from_it(world: World) -> None:
    """Whatever was added or taken out around them since."""
    record, item = shared(world, childrensnames=("Eva",))
    world.hand().edit(item, {"childrensnames": ("Eva", "Zquanary")})
    world.settle(ALICE, BOB)
    world.change(record, childrensnames=("Eva", "Pia", "Zquanary"))
    world.settle(ALICE, BOB)
    withdraw(world, item)
    assert world.crm(record)["childrensnames"] == ("Eva", "Pia")
    assert world.item_of(record, BOB)["childrensnames"] == ("Eva", "Pia")
    assert "Zquanary" not in dump(world)


def test_a_copy_about_somebody_else_keeps_nothing_of_the_first(world: World) -> None:
    """The record that was made of a copy knows nothing of whom it was copied from."""
    world.settle()
    item = world.hand().add({"firstname": "Ann", "lastname": "Zquanary", **CRM})
    world.settle()
    copy = world.hand().copy(item)
    world.settle()
    world.hand().edit(copy, {"firstname": "Zoe", "lastname": "Other"})
    world.settle()
    assert len(world.all_records()) == 2
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle()
    assert [each.record.fields["firstname"] for each in world.all_records().values()] == ["Zoe"]
    assert "Zquanary" not in dump(world)


def test_a_direction_that_was_closed_does_not_spend_the_mark(world: World) -> None:
    """Where nothing may be written for now, the value goes once it may, and never comes back."""
    record, item = shared(world)
    world.hand().edit(item, {"jobtitle": "Zquanary"})
    world.settle(ALICE, BOB)
    world.policy(directions={"jobtitle": Direction.TO_CRM})
    world.settle(ALICE, BOB)
    withdraw(world, item)
    world.hand(BOB).edit(world.item_of(record, BOB).id, {"department": "Sales"})
    world.settle(ALICE, BOB)
    world.policy(directions={})
    world.settle(ALICE, BOB)
    assert "jobtitle" not in world.crm(record)
    assert world.item_of(record, BOB)["jobtitle"] is None


def test_what_was_decided_before_a_withdrawal_is_decided_anew(memory: Memory) -> None:
    """Between two batches of another mailbox's run: the second one is not written any more."""
    world, servers = memory
    world.filter = EVERYBODY
    ids = world.new_many([{"firstname": f"N{n}", "jobtitle": "Clerk"} for n in range(105)])
    world.settle(ALICE, BOB)
    world.policy(limits=Limits(999, 999, 1.0, 999, 9999))
    for item in world.items():
        world.hand().edit(item.id, {"jobtitle": f"Zquanary {item['firstname']}"})
    world.sync()

    def race(call: str, effect: Effect) -> object:
        if call == "update":
            servers[BOB].meddle = run
            for item in world.items():
                world.hand().mark(item.id, Sensitivity.PRIVATE)
            world.sync()
        return effect()

    servers[BOB].meddle = race
    world.sync(BOB)
    world.settle(BOB, ALICE)
    assert {world.item_of(each, BOB)["jobtitle"] for each in ids} == {"Clerk"}
    assert "Zquanary" not in dump(world)


# --- and only that -------------------------------------------------------------------------------


def test_what_others_typed_into_the_same_group_stays(world: World) -> None:
    """The office's town and first name are not Alice's street and last name."""
    record, item = shared(world, address1_city="Bern")
    world.hand().edit(item, {"lastname": "Zquanary", "address1_line1": "Street 1"})
    world.settle(ALICE, BOB)
    withdraw(world, item)
    assert world.crm(record) == {"firstname": "Ann", "address1_city": "Bern"}


def test_what_both_had_before_stays(world: World) -> None:
    """Adopted alike: only what came later out of the item goes."""
    world.policy(first_sync=FirstSync.GO)
    own: dict[str, Value] = {**LEE, "address1_city": "Bern"}
    item = world.hand().add(own)
    record = world.new(**own)
    world.settle()
    world.hand().edit(item, {"address1_line1": "Street 1"})
    world.settle()
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle()
    assert world.crm(record) == own


def test_another_users_own_notes_stay_theirs(world: World) -> None:
    """Bob's notes, apart from the CRM's, are not overwritten because Alice's go (P1)."""
    world.filter = EVERYBODY
    world.policy(first_sync=FirstSync.GO)
    world.settle(ALICE, BOB)
    world.hand(BOB).add({**LEE, "description": "Bob's own"})
    item = world.hand().add({**LEE, "description": "Alice's own", **CRM})
    world.settle(ALICE, BOB)
    withdraw(world, item)
    assert world.item(address=BOB)["description"] == "Bob's own"


def test_a_deviation_of_another_user_stays(world: World) -> None:
    """Where the rule let Bob deviate, Alice's withdrawal is no edit of the CRM's."""
    record, item = shared(world, department="Sales")
    theirs = world.item_of(record, BOB).id
    world.hand().edit(item, {"department": "Alice's"})
    world.settle(ALICE, BOB)
    world.policy(directions={"department": Direction.TO_OUTLOOK})
    world.settle(ALICE, BOB)
    world.hand(BOB).edit(theirs, {"department": "Bob's"})
    world.settle(ALICE, BOB)
    withdraw(world, item)
    assert world.crm(record)["department"] == "Sales"
    assert world.item_of(record, BOB)["department"] == "Bob's"


def test_what_was_handed_over_goes_with_its_new_owner_and_only_that(world: World) -> None:
    """Alice withdraws what Bob had, too; then Bob does: the office's street was neither's."""
    world.filter = EVERYBODY
    world.policy(first_sync=FirstSync.GO)
    record = world.new(**LEE, address1_line1="Main Street 1")
    world.start()
    world.hand().edit(world.item_of(record).id, {"address1_city": "Bern"})
    world.settle()
    world.hand(BOB).add({**LEE, "address1_line1": "Main Street 1", "address1_city": "Bern"})
    world.settle(BOB)
    assert world.link(record, BOB).origin == "adopted"
    for address in (ALICE, BOB):
        item = world.item_of(record, address).id
        world.hand(address).mark(item, Sensitivity.PRIVATE)
        world.settle(ALICE, BOB)
    assert world.crm(record) == {**LEE, "address1_line1": "Main Street 1"}
