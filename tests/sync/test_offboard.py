"""Leaving: every mark of syncd goes, the user's own stays as it is, and it is proved (P1, P14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import select

from syncd.crm import database
from syncd.crm.tables import metadata
from syncd.model.policy import FirstSync, Limits
from syncd.model.values import Value
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Sensitivity
from syncd.sync import mailboxes, rollout
from syncd.sync.mailboxes import MailboxState
from syncd.sync.offboard import Items, Offboarding, offboard, preview
from syncd.sync.report import Outcome, RunReport
from syncd.sync.tables import conflict, operation
from tests.memory_mailbox import Effect, run
from tests.sync.tearing import let_go, watched
from tests.sync.test_torn import NoAnswer, numbered
from tests.sync.world import ALICE, BOB, WRITES, World
from tests.sync.worlds import Memory

FORMER = "Former CRM contacts"
CRM: dict[str, Value] = {"categories": ("CRM", "Friends")}


def some_of_everything(world: World) -> None:
    """Created, adopted, tracked, archived, thrown away, filed, copied, private, and a friend."""
    world.policy(limits=Limits(99, 99, 1.0, 99, 999))
    world.hand().add({"firstname": "N0", "lastname": "Doe", "emailaddress1": "n0@x.test"})
    world.hand().add({"firstname": "Friend", "categories": ("Friends",)})
    world.hand().add({"firstname": "Tracked", **CRM})
    ids = world.new_many(numbered(7))
    world.start()
    world.settle()
    items = {str(each["firstname"]): each.id for each in world.items()}
    world.set_active(ids[1], active=False)  # goes to the folder for what left scope
    world.hand().move(items["N2"], "deleteditems")
    world.hand().move(items["N3"], world.hand().add_folder("Family"))
    world.hand().copy(items["N4"])
    world.settle()
    world.hand().mark(items["N5"], Sensitivity.PRIVATE)
    world.hand().add({"firstname": "Elsewhere", **CRM}, folder=world.hand().add_folder("Own"))


def leave(world: World, items: Items = Items.KEEP) -> Offboarding:
    """Alice's mailbox leaves."""
    return offboard(world.service(), ALICE, items)


def state(world: World) -> str:
    """How far Alice's mailbox has come, or gone."""
    with database.read(world.engine) as conn:
        row = mailboxes.find(conn, ALICE)
    return row.state.value if row is not None else "gone"


def labelled(fields: Mapping[str, Value]) -> bool:
    """Whether an item has the category that puts it into the CRM."""
    held = fields.get("categories")
    return isinstance(held, tuple) and "CRM" in map(str.upper, held)


def marked(world: World) -> list[str]:
    """Who still carries a mark of syncd, in any folder that was used."""
    folders = ("contacts", "deleteditems", FORMER, "Family")
    return [
        str(each["firstname"])
        for folder in folders
        for each in world.items(folder)
        if each.stamped or labelled(each.fields)
    ]


def names(world: World, folder: str = "contacts") -> list[str]:
    """Who is in a folder."""
    return sorted(str(each["firstname"]) for each in world.items(folder))


def test_who_keeps_the_items_finds_each_where_it_was_and_without_a_mark(world: World) -> None:
    """P11: nothing moves, and nothing of an item changes but the mark and our category."""
    some_of_everything(world)
    folders = ("contacts", "deleteditems", FORMER, "Family", "Own")
    before = {f: {each.id: each.fields for each in world.items(f)} for f in folders}
    records_before = {i: r.record for i, r in world.all_records().items()}
    assert marked(world)
    done = leave(world)
    assert done.clean
    assert done.planned["to_trash"] == 0
    assert marked(world) == []
    after = {f: {each.id: each.fields for each in world.items(f)} for f in folders}
    for folder in folders:
        for item, fields in before[folder].items():
            if folder != "Own" and labelled(fields):
                fields["categories"] = ("Friends",)
            assert after[folder][item] == fields
        assert after[folder].keys() == before[folder].keys()
    assert {i: r.record for i, r in world.all_records().items()} == records_before
    assert state(world) == "removed"


def test_who_removes_the_items_loses_what_syncd_made_and_nothing_else(world: World) -> None:
    """P14: what was adopted, tracked, copied or filed by its user stays; it only loses the mark."""
    some_of_everything(world)
    shown = preview(world.service(), ALICE, Items.REMOVE).planned
    done = leave(world, Items.REMOVE)
    assert done.planned == shown
    assert done.clean
    assert marked(world) == []
    assert names(world) == ["Friend", "N0", "N4", "Tracked"]
    assert names(world, "Family") == ["N3"]
    assert names(world, "deleteditems") == ["N1", "N2", "N4", "N5", "N6"]
    assert world.items(FORMER) == []
    assert done.archive is None
    assert done.report is not None
    assert done.report.tally.outlook["deleted"] == shown["to_trash"] == 4


def test_the_category_is_ours_however_it_is_spelled(world: World) -> None:
    """As it is for tracking: to Outlook, categories are the same whatever their case."""
    world.start()
    world.hand().add({"firstname": "Ann", "categories": ("crm", "Friends")})
    world.settle()
    assert len(world.all_records()) == 1
    done = leave(world)
    assert (done.clean, done.planned["labelled"]) == (True, 1)
    assert world.item()["categories"] == ("Friends",)


def test_leaving_that_was_stopped_has_proved_nothing() -> None:
    """What was not looked through to the end is not clean, though nothing was found."""
    report = RunReport(ALICE, "r", stopped=True, outcome=Outcome.PARTIAL)
    assert not Offboarding(report).clean


def test_a_category_outside_of_the_folder_is_its_users_own(world: World) -> None:
    """P14: where syncd never looked, the word CRM is nothing of syncd's."""
    some_of_everything(world)
    leave(world)
    (own,) = world.items("Own")
    assert own["categories"] == ("CRM", "Friends")


def test_what_is_shown_before_changes_nothing(world: World) -> None:
    """The preview sends no write, and the mailbox goes on being served."""
    some_of_everything(world)
    world.settle()
    before, counted = world.rows(), world.counted()
    found = preview(world.service(), ALICE, Items.REMOVE)
    assert found.planned["marked"] > 0
    assert not [call for call in world.counted() - counted if call in WRITES]
    assert world.rows() == before
    assert state(world) == "live"
    world.quiet()


def test_the_folder_for_what_left_scope_goes_when_it_is_empty(world: World) -> None:
    """Whatever its user keeps in it keeps the folder, and that is told."""
    some_of_everything(world)
    done = leave(world)
    assert done.archive is not None
    assert done.archive.endswith(FORMER)
    assert names(world, FORMER) == ["N1"]


def test_the_items_of_another_installation_are_left(world: World) -> None:
    """Its marks are its own, whatever category the items have."""
    world.settle()
    item = world.hand().add({"firstname": "Theirs", **CRM})
    world.hand().set_link(item, "elsewhere/contact/1")
    world.new(firstname="Ann")
    world.sync()
    world.approve()
    world.settle()
    done = leave(world)
    assert (done.clean, done.foreign) == (True, 1)
    (theirs,) = (each for each in world.items() if each.id == item)
    assert theirs.stamped
    assert theirs["categories"] == ("CRM", "Friends")


def test_links_that_were_lost_hide_no_mark(world: World) -> None:
    """The marks lead to the items, and the journal says who made them; of copies nobody knows."""
    world.new_many(numbered(3))
    world.settle()
    (first,) = (each for each in world.items() if each["firstname"] == "N0")
    world.hand().copy(first.id)
    world.forget_links()
    done = leave(world, Items.REMOVE)
    assert done.clean
    assert marked(world) == []
    assert names(world) == ["N0", "N0"]
    assert names(world, "deleteditems") == ["N1", "N2"]


def test_what_was_done_can_be_read_when_the_mailbox_is_gone(world: World) -> None:
    """P1: the journal and the values that lost stay, and each write of leaving is among them."""
    record = world.new(firstname="Ann", jobtitle="Clerk")
    world.settle()
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.kept_losers()
    kept = world.kept_losers()
    leave(world)
    assert world.kept_losers() == kept
    with database.read(world.engine) as conn:
        rows = conn.execute(select(operation).where(operation.c.reason == "offboarded")).all()
        filled = [
            table.name
            for table in metadata.sorted_tables
            if "mailbox_id" in table.c and conn.execute(select(table)).first() is not None
        ]
    assert [(row.verb, row.status, row.crm_id) for row in rows] == [("update-item", "done", record)]
    assert set(filled) == {"run", "operation", "conflict"}


def test_a_mailbox_that_left_can_come_back(world: World) -> None:
    """It is met as a new one: the person is matched, and nobody is there twice (P3)."""
    world.new_many(numbered(3))
    world.settle()
    leave(world)
    with database.write(world.engine) as conn:
        mailboxes.add(conn, ALICE, world.users[ALICE], "sales", world.time())
    world.start()
    world.settle()
    assert names(world) == ["N0", "N1", "N2"]
    assert {each.origin for each in world.links()} == {"adopted"}


def test_a_mailbox_that_left_is_not_synced(world: World) -> None:
    """Neither is it due, nor can it be run, until it is added again."""
    world.new(firstname="Ann")
    world.settle()
    leave(world)
    world.pass_time(minutes=90)
    assert ALICE not in world.service().due(9)
    with pytest.raises(mailboxes.MailboxProblem, match="removed"):
        world.service().run(ALICE)


def test_a_write_without_an_answer_is_waited_for(memory: Memory) -> None:
    """What may still be carried out could leave a mark behind the last look: nothing is begun."""
    world, servers = memory
    world.settle()
    world.new(firstname="Ann")

    def lost(call: str, effect: Effect) -> object:
        if call != "create":
            return effect()
        servers[ALICE].late.append(effect)
        raise MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "the server did not answer")

    servers[ALICE].meddle = lost
    world.sync()
    servers[ALICE].meddle = run
    early = leave(world)
    assert early.failed
    assert state(world) != "paused"
    servers[ALICE].commit_late()
    world.pass_time(minutes=3)
    done = leave(world, Items.REMOVE)
    assert done.clean
    assert marked(world) == []
    assert names(world, "deleteditems") == ["Ann"]  # the creation that was cut off was ours


def test_an_item_that_refuses_is_told_and_the_mailbox_stays(memory: Memory) -> None:
    """P9, P10: all others lose their mark; the mailbox is paused, and not said to be clean."""
    world, servers = memory
    world.policy(first_sync=FirstSync.GO)
    world.hand().add({"firstname": "Tracked", **CRM})
    world.new_many(numbered(3))
    world.settle()
    servers[ALICE].refuses = lambda fields: "categories" in fields
    done = leave(world)
    assert not done.clean
    assert dict(done.left) == {"Kontakte": 1}
    assert marked(world) == ["Tracked"]
    assert state(world) == "paused"
    servers[ALICE].refuses = lambda _: False
    assert leave(world).clean
    assert marked(world) == []


def picture(world: World) -> object:
    """All that is left on either side."""
    return {
        "state": state(world),
        "marked": marked(world),
        **{f: names(world, f) for f in ("contacts", "deleteditems", FORMER, "Family")},
        "links": world.links(),
    }


def resumed(world: World, items: Items) -> object:
    """A new process goes on once the lease has run out."""
    if state(world) != MailboxState.REMOVED:
        world.pass_time(minutes=4)
        assert leave(world, items).clean
    return picture(world)


@pytest.mark.parametrize("items", list(Items))
def test_leaving_that_is_cut_at_any_request_goes_on(
    memory: Memory, branches: Callable[[Memory], Memory], items: Items
) -> None:
    """The server does not answer, before or after the effect (P10)."""
    some_of_everything(memory[0])
    undisturbed = branches(memory)[0]
    leave(undisturbed, items)
    wanted = picture(undisturbed)
    for number in range(1, 100):
        for effective in (False, True):
            world, servers = branches(memory)
            servers[ALICE].meddle = silent = NoAnswer(number, effective=effective)
            leave(world, items)
            servers[ALICE].meddle = run
            if silent.call:
                assert resumed(world, items) == wanted, (number, silent.call, effective)
            if silent.call not in WRITES:
                break
        if not silent.call:
            break
    assert number > 10


@pytest.mark.parametrize("items", list(Items))
def test_leaving_that_is_cut_at_any_moment_goes_on(
    memory: Memory, branches: Callable[[Memory], Memory], items: Items
) -> None:
    """The process dies after any commit, or any write."""
    some_of_everything(memory[0])
    undisturbed = branches(memory)[0]
    leave(undisturbed, items)
    wanted = picture(undisturbed)
    torn: list[tuple[str, Memory]] = []
    with watched(memory[1], lambda event: torn.append((event, let_go(branches(memory))))):
        leave(memory[0], items)
    for number, (event, moment) in enumerate(torn):
        assert resumed(moment[0], items) == wanted, (number, event)
    assert len(torn) > 2


def test_to_forget_leaves_no_row(world: World) -> None:
    """Every table that has rows of a mailbox gives them up, and those of another keep theirs."""
    some_of_everything(world)
    world.new(BOB, firstname="Bea")
    world.settle(BOB)
    with database.write(world.engine) as conn:
        rollout.forget(conn, mailboxes.get(conn, ALICE))
    with database.read(world.engine) as conn:
        left = {
            row.mailbox_id
            for table in metadata.sorted_tables
            if "mailbox_id" in table.c
            for row in conn.execute(select(table.c.mailbox_id))
        }
        assert conn.execute(select(conflict)).all() == []
    assert left == {world.mailbox_id(BOB)}
    assert state(world) == "gone"
    assert world.sync(BOB).error is None
