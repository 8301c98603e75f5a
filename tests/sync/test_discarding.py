"""Decided against: nothing is removed on either side, what was to be overwritten counts (P8)."""

from __future__ import annotations

import pytest

from syncd.crm import database
from syncd.model.policy import Limits
from syncd.outlook.port import Sensitivity
from syncd.reconcile.breaker import Bounded
from syncd.sync import by_hand, held_back, mailboxes
from syncd.sync.held_back import Discarded, Held
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

NAMES = ("Ann", "Bea", "Cid", "Dan")
TRASH, FORMER = "deleteditems", "Former CRM contacts"


@pytest.fixture
def world(memory: Memory) -> World:
    """Laws of rules are proved in memory."""
    return memory[0]


def in_step(world: World) -> dict[str, str]:
    """Four records of Alice's, in step; their ids by first name."""
    ids = world.new_many(
        [{"firstname": n, "jobtitle": "Boss", "department": "Sales"} for n in NAMES]
    )
    world.start()
    world.settle()
    return dict(zip(NAMES, ids, strict=True))


def held(world: World) -> dict[Bounded, Held]:
    """What is held in Alice's mailbox, by sort."""
    with database.read(world.engine) as conn:
        return {h.verb: h for h in held_back.held_back(conn, mailboxes.get(conn, ALICE))}


def discard(world: World, *names: str, verb: Bounded | None = None) -> Discarded:
    """The admin decides against what is held: all, of these names, or of one sort."""
    with database.write(world.engine, alone=True) as conn:
        row = mailboxes.get(conn, ALICE)
        with by_hand.alone_with(conn, row, world.time()):
            subjects = held_back.chosen(conn, row, names, verb)
            return held_back.discard(conn, row, world.time(), subjects)


def called(world: World, folder: str = "contacts") -> set[object]:
    """The first names of who is in a folder."""
    return {each["firstname"] for each in world.items(folder)}


def test_what_was_deleted_in_outlook_is_put_back(world: World) -> None:
    """Held: nothing is forgotten; decided against: all of them stand in the folder again."""
    ids = in_step(world)
    for each in world.items():
        world.hand().move(each.id, TRASH)
    world.sync()
    assert len(held(world)[Bounded.UNLINK].ones) == 4
    assert discard(world) == Discarded(4, 0)
    world.settle()
    assert called(world) == set(NAMES)
    assert {world.link(each).state for each in ids.values()} == {"live"}
    world.change(ids["Ann"], jobtitle="Chair")
    world.settle()
    assert world.item_of(ids["Ann"])["jobtitle"] == "Chair"


def test_what_left_stays_in_place_and_rests(world: World) -> None:
    """Records given to somebody else: their items stay, and edits travel no more."""
    ids = in_step(world)
    for each in ids.values():
        world.assign(each, BOB)
    world.sync()
    assert discard(world, verb=Bounded.MOVE) == Discarded(4, 0)
    world.settle()
    assert called(world) == set(NAMES)
    assert world.items(FORMER) == []
    assert {world.link(each).state for each in ids.values()} == {"released"}
    world.change(ids["Ann"], jobtitle="Chair")
    world.settle()
    assert {each["jobtitle"] for each in world.items()} == {"Boss"}


def test_what_was_deleted_in_the_crm_stays_in_outlook(world: World) -> None:
    """P1: the items stay where they are, and are their user's own."""
    ids = in_step(world)
    for each in ids.values():
        world.remove(each)
    world.sync()
    discard(world)
    world.settle()
    assert called(world) == set(NAMES)
    assert called(world, TRASH) == set()
    assert {world.link(each).state for each in ids.values()} == {"orphaned"}


def test_what_was_to_be_created_is_left_alone_until_it_changes(world: World) -> None:
    """Decided against once, it is not asked again; an edit is something new."""
    in_step(world)
    world.policy(limits=Limits(most=2))
    new = world.new_many([{"firstname": f"N{n}"} for n in range(4)])
    world.sync()
    assert discard(world) == Discarded(4, 0)
    world.settle()
    assert called(world) == set(NAMES)
    world.change(new[0], jobtitle="Boss")
    world.settle()
    assert called(world) == {*NAMES, "N0"}


def test_edits_in_outlook_are_taken_back_and_kept(world: World) -> None:
    """P1: the CRM's values come back to Outlook, and each edit is kept."""
    in_step(world)
    world.policy(limits=Limits(most=2))
    for each in world.items():
        world.hand().edit(each.id, {"jobtitle": f"Not {each['firstname']}"})
    world.sync()
    assert Bounded.CRM_WRITE in held(world)
    assert discard(world, verb=Bounded.CRM_WRITE) == Discarded(4, 0)
    world.policy(limits=Limits())
    world.settle()
    assert {each["jobtitle"] for each in world.items()} == {"Boss"}
    assert {r.record.fields["jobtitle"] for r in world.all_records().values()} == {"Boss"}
    assert sorted(world.kept_losers()) == [f'{{"jobtitle":"Not {each}"}}' for each in NAMES]


def test_an_edit_that_empties_much_is_taken_back(world: World) -> None:
    """What a phone dropped comes back from the CRM; the fields are named before."""
    record = world.new(
        firstname="Ann", jobtitle="Boss", department="Sales", mobilephone="1", telephone1="2"
    )
    world.start()
    world.settle()
    emptied = ("jobtitle", "department", "mobilephone", "telephone1")
    world.hand().edit(world.item().id, dict.fromkeys(emptied))
    world.sync()
    ones = held(world)[Bounded.EMPTY].ones
    with database.read(world.engine) as conn:
        known = held_back.emptied(conn, world.mailbox_id(ALICE), ones)
    fields = held_back.emptied_fields(world.connect(ALICE), known)
    assert set(fields[record]) == {world.stored.kind.by_name[name].label for name in emptied}
    discard(world)
    world.settle()
    assert world.item()["jobtitle"] == "Boss"
    assert world.crm(record)["mobilephone"] == "1"


def test_one_of_them_by_name_and_the_rest_stays_held(world: World) -> None:
    """A verdict is about whom it names."""
    ids = in_step(world)
    for each in ids.values():
        world.assign(each, BOB)
    world.sync()
    assert discard(world, "ann") == Discarded(1, 0)
    world.sync()
    assert world.link(ids["Ann"]).state == "released"
    assert {one.name for one in held(world)[Bounded.MOVE].ones} == {"Bea", "Cid", "Dan"}
    with pytest.raises(mailboxes.MailboxProblem, match="is not held"):
        discard(world, "Ann")


def test_what_is_private_cannot_be_decided_against(world: World) -> None:
    """P7: it stays held until it is let go, and says so."""
    world.policy(limits=Limits(few=1, some=0, share=0.0))
    world.start()
    item = world.hand().add({"firstname": "Ann", "categories": ("CRM",)})
    world.sync()
    world.approve()
    world.settle()
    world.hand().mark(world.item().id, Sensitivity.PRIVATE)
    world.sync()
    assert item
    assert Bounded.WITHDRAW in held(world)
    assert discard(world) == Discarded(0, 1)
    world.sync()
    assert Bounded.WITHDRAW in held(world)
    assert world.all_records()
    world.approve()
    world.settle()
    assert world.all_records() == {}
