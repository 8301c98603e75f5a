"""Tracking by command: who is meant is found, and nobody else is told of or stored (P14)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from syncd.crm import database
from syncd.crm.errors import NotAllowed
from syncd.crm.feed import Actor, ActorKind
from syncd.model.fields import Direction
from syncd.outlook.port import Sensitivity
from syncd.sync import by_hand, mailboxes, taking_up
from syncd.sync.taking_up import Candidate
from tests.sync.desk import ALL, NONE, rule
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory


@pytest.fixture
def world(memory: Memory) -> World:
    """Laws of rules are proved in memory."""
    return memory[0]


def found(world: World, wanted: str) -> Sequence[Candidate]:
    """Who is meant in Alice's Outlook."""
    with database.write(world.engine) as conn:
        row, ours = mailboxes.get(conn, ALICE), mailboxes.installation(conn)
        folder = taking_up.folder_of(conn, row, "contact")
    return taking_up.candidates(world.connect(ALICE), world.stored.kind, folder, wanted, ours)


def refusal(world: World, each: Candidate) -> str | None:
    """Why one cannot be tracked."""
    with database.read(world.engine) as conn:
        return taking_up.refusal(conn, mailboxes.get(conn, ALICE), world.rules, each)


def track(world: World, each: Candidate) -> None:
    """The admin types it."""
    with database.write(world.engine, alone=True) as conn:
        row = mailboxes.get(conn, ALICE)
        with by_hand.alone_with(conn, row, world.time()):
            taking_up.track(conn, row, each, world.time())


def untrack(world: World, record: str) -> None:
    """The admin types it."""
    with database.write(world.engine, alone=True) as conn:
        row = mailboxes.get(conn, ALICE)
        with by_hand.alone_with(conn, row, world.time()):
            taking_up.untrack(conn, row.id, "contact", record, world.time())


def friends(world: World) -> None:
    """Alice's own contacts, none of them tracked."""
    hand = world.hand()
    hand.add({"firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.test"})
    hand.add({"firstname": "Ann", "lastname": "Ray"})
    hand.add({"firstname": "Bea", "lastname": "Lee"}, sensitivity=Sensitivity.PRIVATE)
    hand.add({"firstname": "List"}, item_class="IPM.DistList")
    world.start()
    world.settle()


MEANT = {
    "Ann Lee": ["Ann Lee"],
    "lee ann": ["Ann Lee"],
    "ANN@example.test": ["Ann Lee"],
    "Ann": ["Ann Lee", "Ann Ray"],
    "Lee": ["Ann Lee"],
    "Bea Lee": [],  # private (P7)
    "List": [],  # of another sort
    "An": [],  # nobody is found by a part of a name
    " ": [],
}


@pytest.mark.parametrize("typed", MEANT)
def test_who_is_meant(world: World, typed: str) -> None:
    """By the whole name or a part of it, or by an e-mail address; never who is private."""
    friends(world)
    assert sorted(each.name for each in found(world, typed)) == MEANT[typed]


def test_one_of_several_is_named_by_a_short_id(world: World) -> None:
    """And what is tracked is that one alone: nothing of the others is stored (P14)."""
    friends(world)
    ray = next(each for each in found(world, "Ann") if each.name == "Ann Ray")
    assert found(world, ray.short) == [ray]
    track(world, ray)
    world.settle()
    (record,) = world.all_records().values()
    assert record.record.fields["lastname"] == "Ray"
    assert refusal(world, ray) == "is in the CRM already, and kept in step"
    world.hand().edit(ray.remote_id, {"jobtitle": "Boss"})
    world.settle()
    assert world.crm(record.id)["jobtitle"] == "Boss"
    for table in ("snapshot", "observed"):
        with database.read(world.engine) as conn:
            text = str(conn.exec_driver_sql(f"select * from {table}").all())  # noqa: S608 - ours
        assert "ann@example.test" not in text


def test_a_copy_is_not_what_was_meant(world: World) -> None:
    """P14: copied, and made somebody else, it stays its user's until it is tracked itself."""
    friends(world)
    world.settle()
    track(world, found(world, "ann@example.test")[0])
    world.settle()
    (record,) = world.all_records()
    copy = world.hand().copy(world.link(record).remote_id)
    world.settle()
    world.hand().edit(copy, {"firstname": "Zoe", "emailaddress1": "zoe@example.test"})
    world.settle()
    assert list(world.all_records()) == [record]
    track(world, found(world, "zoe@example.test")[0])
    world.settle()
    names = {each.record.fields["firstname"] for each in world.all_records().values()}
    assert names == {"Ann", "Zoe"}


def test_untracked_it_rests_and_the_record_stays(world: World) -> None:
    """And tracked again it goes on."""
    friends(world)
    ann = found(world, "Ann Lee")[0]
    track(world, ann)
    world.settle()
    (record,) = world.all_records()
    untrack(world, record)
    world.settle()
    assert world.link(record).state == "released"
    assert record in world.all_records()
    track(world, ann)
    world.settle()
    assert world.link(record).state == "live"


@pytest.mark.parametrize(
    ("change", "says"),
    [({"direction": Direction.TO_OUTLOOK}, "lets nothing come"), ({"creates": False}, "may not")],
)
def test_what_the_rules_do_not_let_in_is_refused(
    world: World, change: dict[str, object], says: str
) -> None:
    """It says why."""
    friends(world)
    world.policy(**change)
    assert says in str(refusal(world, found(world, "Ann Lee")[0]))


def test_a_deletion_is_tried_without_being_done(world: World) -> None:
    """The CRM refuses by the user's rights, or would not; either way the record is there."""
    record = world.new(firstname="Ann")
    actor = Actor(ActorKind.USER, ALICE, world.users[ALICE])
    taking_up.try_to_delete(world.engine, "contact", record, actor, world.time())
    assert not world.record(record).deleted
    rule(world, read=ALL, write=NONE)
    with pytest.raises(NotAllowed):
        taking_up.try_to_delete(world.engine, "contact", record, actor, world.time())
