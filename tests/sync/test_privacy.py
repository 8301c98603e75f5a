"""What is private stays private (P7), and the mailbox is its user's (P14)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from syncd.crm import database
from syncd.crm.tables import metadata
from syncd.model.policy import FirstSync
from syncd.model.values import Value
from syncd.outlook.port import Sensitivity
from syncd.sync.run import Mode
from tests.sync.world import ALICE, BOB, World

EVERYBODY = "statecode eq 'active'"
MARKED = [Sensitivity.PRIVATE, Sensitivity.PERSONAL, Sensitivity.CONFIDENTIAL]


def stored_bytes(store: Path) -> bytes:
    """Everything that the database keeps on disk, its log included."""
    return b"".join(each.read_bytes() for each in sorted(store.parent.glob(f"{store.name}*")))


def dump(world: World) -> str:
    """Everything that the tables hold."""
    with database.read(world.engine) as conn:
        tables = [conn.execute(select(table)).all() for table in metadata.sorted_tables]
    return "\n".join(repr(row) for rows in tables for row in rows)


def personal(number: int) -> dict[str, Value]:
    """A contact of a user's own, in which every value is a canary."""
    return {
        "firstname": f"Zquanari{number}",
        "lastname": f"Zquanaros{number}",
        "emailaddress1": f"zquanari{number}@example.test",
        "telephone1": f"+41 79 {7000000 + number}",
        "companyname": f"Zquanary {number} Ltd",
        "description": f"Zquanary note {number}",
        "telephone2": f"+41 31 {7000000 + number}",
    }


@pytest.mark.parametrize("many", [2000])
def test_a_private_address_book_stays_out(
    world: World, store: Path, many: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """2,000 personal contacts, 50 of them matching, ten cycles: nothing of the others is taken.

    No CRM contact comes about, no other item gets another change key, and none of their values is
    in the database, its log, a log line or a plan.
    """
    hand = world.hand()
    for number in range(many):
        hand.add(personal(number))
    shared = [
        {k: v for k, v in personal(n).items() if k not in ("description", "telephone2")}
        for n in range(50)
    ]
    theirs = world.new_many(shared)
    before = {each.id: each.version for each in world.items()}
    with capture_logs() as logs:
        plan = world.sync(mode=Mode.PLAN)
        world.start()
        for _ in range(9):
            world.sync()
    assert world.writes == 0
    assert set(world.all_records()) == set(theirs)
    after = {each.id: each for each in world.items()}
    linked = {each.remote_id for each in world.links()}
    assert len(linked) == 50
    assert {i for i, each in after.items() if before.get(i) != each.version} == linked
    told = json.dumps([line.to_json() for line in plan.lines]) + json.dumps(logs, default=str)
    told += "".join(capsys.readouterr())
    haystack = stored_bytes(store) + told.encode()
    named = {int(n) for n in re.findall(rb"(?i)zquanar[a-z]*(?: note)? ?(\d+)", haystack)}
    dialled = {int(n) - 7_000_000 for n in re.findall(rb"\+41 (?:79|31) (7\d{6})", haystack)}
    assert {0, 49} <= named & dialled  # what matched is there, so the search finds what it seeks
    assert max(named | dialled) < 50
    for number in range(50):  # of what never flowed, nothing is kept of the matching ones either
        assert f"Zquanary note {number}".encode() not in haystack
        assert str(personal(number)["telephone2"]).encode() not in haystack
    world.accounted()


@pytest.mark.parametrize("mark", MARKED)
def test_an_item_that_was_private_from_the_start_is_nobodys_business(
    world: World, store: Path, mark: Sensitivity
) -> None:
    """Never matched, never tracked, never hashed; the record gets an item of its own beside it."""
    item = world.hand().add({**personal(1), "categories": ("CRM",)}, sensitivity=mark)
    version = world.item().version
    record = world.new(firstname="Zquanari1", emailaddress1="zquanari1@example.test")
    world.start()
    world.settle()
    assert list(world.all_records()) == [record]
    assert world.reason(item) == "excluded (private)"
    assert {each.id: each.version for each in world.items()}[item] == version
    assert world.item_of(record).id != item
    assert b"Zquanaros1" not in stored_bytes(store)


def test_what_came_from_an_item_that_is_made_private_is_withdrawn(world: World) -> None:
    """Only that: what the CRM held before, and what its people wrote, stays (P7)."""
    record = world.new(firstname="Ann", jobtitle="CEO")
    world.settle()
    item = world.item().id
    world.hand().edit(item, {"jobtitle": "Zquanary", "department": "Zquanardry"})
    world.settle()
    assert world.crm(record)["department"] == "Zquanardry"
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle()
    assert world.crm(record) == {"firstname": "Ann", "jobtitle": "CEO"}
    assert world.link(record).state == "released"
    assert "Zquanar" not in dump(world)


def test_a_tracked_item_that_is_made_private_takes_its_record_along(world: World) -> None:
    """A record that holds nothing from elsewhere goes (P7); the item stays as it is."""
    world.settle()
    item = world.hand().add({"firstname": "Zquanari", "categories": ("CRM",)})
    world.settle()
    (record,) = world.all_records()
    world.hand().mark(item, Sensitivity.PRIVATE)
    before = world.item()
    world.settle()
    assert world.all_records() == {}
    assert world.item() == before
    assert world.record(record).deleted
    assert world.crm(record) == {}


def overwritten(world: World, record: str, item: str) -> None:
    """The office overwrites what came from the item, then its user marks it."""
    world.change(record, department="Sales")
    world.settle()
    world.hand().mark(item, Sensitivity.PRIVATE)


def deleted(world: World, record: str, item: str) -> None:
    """The office deletes the record, then the item's user marks it."""
    world.remove(record)
    world.settle()
    world.hand().mark(item, Sensitivity.PRIVATE)


def filed(world: World, record: str, item: str) -> None:
    """Its user marks it and files it under Family, before syncd looks."""
    del record
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.hand().move(item, world.hand().add_folder("Family"))


@pytest.mark.parametrize("history", [overwritten, deleted, filed])
def test_whatever_became_of_it_nothing_is_kept(
    world: World, history: Callable[[World, str, str], None]
) -> None:
    """P7: what came from a private item is in no table, whoever wrote or moved what since."""
    world.settle()
    item = world.hand().add({"firstname": "Ann", "department": "Zquanary", "categories": ("CRM",)})
    world.settle()
    (record,) = world.all_records()
    history(world, record, item)
    world.settle()
    assert "Zquanary" not in dump(world)


def test_what_is_withdrawn_leaves_no_trace_in_another_mailbox(world: World) -> None:
    """P7: it goes from the other user's Outlook, and is kept as nobody's loser on the way."""
    world.filter = EVERYBODY
    record = world.new(firstname="Ann", department="Sales")
    world.settle(ALICE, BOB)
    theirs = world.item_of(record, BOB).id
    world.hand(BOB).edit(theirs, {"department": "Zquanary"})
    world.settle(BOB, ALICE)
    assert world.item_of(record)["department"] == "Zquanary"
    world.hand(BOB).mark(theirs, Sensitivity.PRIVATE)
    world.settle(BOB, ALICE)
    assert world.item_of(record)["department"] == "Sales"
    assert "Zquanary" not in dump(world)


def test_an_edit_of_ones_own_survives_what_another_withdraws(world: World) -> None:
    """P1: what Alice typed over it in the meantime is hers, and is kept as such."""
    world.filter = EVERYBODY
    record = world.new(firstname="Ann", department="Sales")
    world.settle(ALICE, BOB)
    theirs = world.item_of(record, BOB).id
    world.hand(BOB).edit(theirs, {"department": "Zquanary"})
    world.settle(BOB, ALICE)
    world.hand(BOB).mark(theirs, Sensitivity.PRIVATE)
    world.sync(BOB)
    world.pass_time(seconds=10)
    world.hand().edit(world.item_of(record).id, {"department": "Hers"})
    world.settle(ALICE, BOB)
    assert world.crm(record)["department"] == "Hers" or "Hers" in str(world.kept_losers())


def test_what_another_user_has_of_their_own_stays(world: World) -> None:
    """P7 "and only that": Bob had the same contact in his Outlook before; it is his then."""
    world.filter = EVERYBODY
    world.policy(first_sync=FirstSync.GO)
    world.settle(ALICE, BOB)
    own: dict[str, Value] = {
        "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
        "telephone1": "+41 79 7000001",
    }  # fmt: skip
    world.hand(BOB).add(own)
    item = world.hand().add({**own, "department": "Zquanary", "categories": ("CRM",)})
    world.settle(ALICE, BOB)
    (record,) = world.all_records()
    assert world.link(record, BOB).origin == "adopted"
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle(ALICE, BOB)
    assert world.item(address=BOB).fields == world.crm(record) == own
    assert "Zquanary" not in dump(world)
    world.hand(BOB).mark(world.item(address=BOB).id, Sensitivity.PRIVATE)
    world.settle(BOB)
    assert world.all_records() == {}  # now it was Bob's, and he withdraws it


def test_a_tracked_item_that_is_opened_again_is_a_new_act(world: World) -> None:
    """Its record went with the mark; without it, it is in the CRM once more."""
    world.settle()
    item = world.hand().add({"firstname": "Ann", "categories": ("CRM",)})
    world.settle()
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle()
    assert world.all_records() == {}
    world.hand().mark(item, Sensitivity.NORMAL)
    world.settle()
    assert len(world.all_records()) == 1
    assert world.item().id == item


def test_an_edit_of_a_private_item_goes_nowhere(world: World) -> None:
    """And a CRM edit does not reach it, either."""
    record = world.new(firstname="Ann")
    world.settle()
    item = world.item().id
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle()
    version = world.item().version
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item().version == version
    world.hand().edit(item, {"department": "Zquanary"})
    world.settle()
    assert world.crm(record) == {"firstname": "Ann", "jobtitle": "CEO"}


def test_an_item_that_is_opened_again_is_in_step_again(world: World) -> None:
    """Its user took the mark back: live, merged from the kept images."""
    record = world.new(firstname="Ann")
    world.settle()
    item = world.item().id
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle()
    world.change(record, jobtitle="CEO")
    world.settle()
    world.hand().mark(item, Sensitivity.NORMAL)
    world.settle()
    assert world.link(record).state == "live"
    assert world.item()["jobtitle"] == "CEO"
    assert len(world.items()) == 1


def test_on_adoption_personal_details_stay_apart(world: World, store: Path) -> None:
    """Both are kept as they are until a side edits one; the database knows only a hash (P14)."""
    world.policy(first_sync=FirstSync.GO)
    mine: dict[str, Value] = {
        "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
        "description": "Zquanary", "jobtitle": "Boss",
    }  # fmt: skip
    item = world.hand().add(mine)
    record = world.new(
        firstname="Ann", lastname="van Dyk", emailaddress1="ann@example.test", department="Sales"
    )
    world.settle()
    assert world.link(record).remote_id == item
    assert world.crm(record)["jobtitle"] == "Boss"
    assert world.item()["department"] == "Sales"
    assert "description" not in world.crm(record)
    assert b"Zquanary" not in stored_bytes(store)
    world.hand().edit(item, {"description": "for the CRM"})
    world.settle()
    assert world.crm(record)["description"] == "for the CRM"
