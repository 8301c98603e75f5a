"""What waits for a person: conflicts, who is who, and what unusually much is done of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from syncd.crm import database
from syncd.model.policy import ConflictPolicy, Copies, CrmDelete, Limits
from syncd.model.values import Value
from syncd.reconcile.images import Standing
from syncd.reconcile.reasons import Reason
from syncd.sync import guard, questions
from syncd.sync.questions import Answer
from syncd.sync.snapshots import load
from syncd.sync.tables import conflict, link, noticed, question
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

TRASH = "deleteditems"
ANN: Mapping[str, Value] = {
    "firstname": "Ann", "lastname": "Smith", "emailaddress1": "ann@example.test",
    "jobtitle": "Buyer", "department": "Sales", "mobilephone": "+41 79 1",
    "managername": "Tom", "assistantname": "Eva",
}  # fmt: skip


@pytest.fixture
def world(memory: Memory) -> World:
    """Laws of answers are proved in memory."""
    return memory[0]


# --- conflicts -----------------------------------------------------------------------------------


def conflicting(world: World) -> str:
    """Ann, whose job title both sides changed, and whose phone only Outlook did."""
    world.policy(conflicts={"jobtitle": ConflictPolicy.ASK})
    record = world.new(**ANN)
    world.settle()
    world.hand().edit(world.item().id, {"jobtitle": "Boss", "mobilephone": "+41 79 2"})
    world.change(record, jobtitle="CEO")
    world.settle()
    return record


def open_conflicts(world: World) -> list[tuple[str, Any, Any]]:
    """What is asked: the group, what the CRM holds, what Outlook holds."""
    with database.read(world.engine) as conn:
        rows = list(conn.execute(select(conflict).where(conflict.c.state == "open")))
        held = load(conn, {each for row in rows for each in (row.kept, row.other)})
    return [(r.field_group, dict(held[r.other]), dict(held[r.kept])) for r in rows]


def answer_conflict(world: World, record: str, reason: Reason) -> None:
    """A person says whose job title counts."""
    with database.write(world.engine) as conn:
        mine = link.c.crm_id == record
        marks = dict(conn.execute(select(link.c.marks).where(mine)).scalar_one())
        marks["jobtitle"] = [Standing.UNSETTLED, reason]
        conn.execute(update(link).where(mine).values(marks=marks))
        conn.execute(
            insert(noticed).values(
                mailbox_id=world.mailbox_id(ALICE), kind="contact", crm_id=record, attempts=0
            )
        )


def test_an_asked_group_is_parked_and_the_rest_flows(world: World) -> None:
    """Each side keeps its own of that group alone; it is told once, and nothing is written."""
    record = conflicting(world)
    assert (world.item()["jobtitle"], world.crm(record)["jobtitle"]) == ("Boss", "CEO")
    assert world.crm(record)["mobilephone"] == "+41 79 2"
    assert open_conflicts(world) == [("jobtitle", {"jobtitle": "CEO"}, {"jobtitle": "Boss"})]
    world.change(record, department="Legal")
    world.settle()
    assert world.item()["department"] == "Legal"
    assert len(open_conflicts(world)) == 1


@pytest.mark.parametrize(
    ("said", "kept"), [(Reason.ANSWERED_CRM, "CEO"), (Reason.ANSWERED_OUTLOOK, "Boss")]
)
def test_an_answer_is_carried_out(world: World, said: Reason, kept: str) -> None:
    """The side that counts is on both; the other value is kept (P1), and nothing is open."""
    record = conflicting(world)
    answer_conflict(world, record, said)
    world.settle()
    assert (world.item()["jobtitle"], world.crm(record)["jobtitle"]) == (kept, kept)
    assert open_conflicts(world) == []
    other = {"CEO": "Boss", "Boss": "CEO"}[kept]
    assert any(other in each for each in world.kept_losers())


def test_an_answer_to_other_values_is_none(world: World) -> None:
    """Edited between the question and the answer: it is asked again."""
    record = conflicting(world)
    answer_conflict(world, record, Reason.ANSWERED_OUTLOOK)
    world.change(record, jobtitle="Chair")
    world.settle()
    assert open_conflicts(world) == [("jobtitle", {"jobtitle": "Chair"}, {"jobtitle": "Boss"})]


def test_sides_that_come_to_agree_leave_nothing_to_ask(world: World) -> None:
    """Somebody types the same on the other side."""
    record = conflicting(world)
    world.change(record, jobtitle="Boss")
    world.settle()
    assert open_conflicts(world) == []
    assert world.link(record).marks == {}


# --- who is who ----------------------------------------------------------------------------------


def doubtful(world: World) -> tuple[str, list[str]]:
    """Ann in the CRM, and two items in Outlook that could be her."""
    world.start()
    items = [world.hand().add({**ANN, "department": each}) for each in ("Sales", "Legal")]
    world.settle()
    record = world.new(**ANN)
    world.settle()
    assert world.noticed(record) == "waiting (doubtful-match)"
    return record, items


def answer(world: World, said: Answer, chosen: str | None = None) -> None:
    """A person answers the only question there is."""
    with database.write(world.engine) as conn:
        (row,) = conn.execute(select(question)).all()
        questions.answer(conn, row, said, world.time(), chosen)


def test_a_question_names_its_candidates(world: World) -> None:
    """By their ids alone: nothing of an item that nobody tracked is kept (P14)."""
    _, items = doubtful(world)
    with database.read(world.engine) as conn:
        (row,) = conn.execute(select(question)).all()
    assert sorted(row.candidates) == sorted(items)


def test_answered_with_one_of_them(world: World) -> None:
    """They are one from here on, as if they had been matched."""
    record, items = doubtful(world)
    answer(world, Answer.LINK, items[1])
    world.settle()
    tied = world.link(record)
    assert (tied.remote_id, tied.origin) == (items[1], "adopted")
    assert len(world.items()) == 2


def test_answered_with_somebody_new(world: World) -> None:
    """An item is created beside the two."""
    record, _ = doubtful(world)
    answer(world, Answer.CREATE)
    world.settle()
    assert world.link(record).origin == "created"
    assert len(world.items()) == 3


@pytest.mark.parametrize("said", [Answer.IGNORE, Answer.NEVER])
def test_answered_to_leave_it_alone(world: World, said: Answer) -> None:
    """Until it changes, or for good; nothing is asked meanwhile."""
    record, _ = doubtful(world)
    answer(world, said)
    world.settle()
    assert world.noticed(record) == ""
    world.change(record, managername="Max")
    world.settle()
    again = "waiting (doubtful-match)" if said is Answer.IGNORE else ""
    assert world.noticed(record) == again
    assert len(world.items()) == 2


def test_an_answer_that_cannot_be_done_is_asked_again(world: World) -> None:
    """The chosen item is gone by then."""
    record, items = doubtful(world)
    world.hand().delete(items[0])
    answer(world, Answer.LINK, items[0])
    world.settle()
    assert world.link(record).remote_id == items[1]


@pytest.mark.parametrize("late", [False, True])
def test_one_item_is_not_said_to_be_two_records(world: World, *, late: bool) -> None:
    """P3: who is said to be the item that another is, or is said to be, too, is asked again."""
    first, items = doubtful(world)
    second = world.new(**ANN)
    world.settle()
    with database.write(world.engine) as conn:
        rows = {row.subject: row for row in conn.execute(select(question))}
        questions.answer(conn, rows[first], Answer.LINK, world.time(), items[0])
        if not late:
            questions.answer(conn, rows[second], Answer.LINK, world.time(), items[0])
    if late:
        world.sync()
        with database.write(world.engine) as conn:
            questions.answer(conn, rows[second], Answer.LINK, world.time(), items[0])
    world.settle()
    tied = {each.crm_id: each.remote_id for each in world.links()}
    assert len(set(tied.values())) == len(tied)
    assert tied.get(first) == (items[0] if late else None)
    if not late:
        with database.read(world.engine) as conn:
            assert {row.subject for row in conn.execute(select(question))} == {first, second}
        assert world.noticed(second) == "waiting (doubtful-match)"


def tracked_twice(world: World) -> str:
    """An item that could be one of two records that its user may read."""
    world.start()
    for each in ("Sales", "Legal"):
        world.new(BOB, **{**ANN, "department": each})
    world.settle()
    item = world.hand().add({**ANN, "categories": ("CRM",)})
    world.settle()
    assert world.reason(item) == "waiting (doubtful-match)"
    return item


def test_a_tracked_item_is_tied_to_the_record_that_was_chosen(world: World) -> None:
    """And to no other; nobody is made twice (P3)."""
    item = tracked_twice(world)
    chosen = min(world.all_records())
    answer(world, Answer.LINK, chosen)
    world.settle()
    assert world.link(chosen).remote_id == item
    assert len(world.all_records()) == 2


def test_a_tracked_item_is_somebody_new(world: World) -> None:
    """A third record."""
    tracked_twice(world)
    answer(world, Answer.CREATE)
    world.settle()
    assert len(world.all_records()) == 3


def test_a_tracked_item_is_left_alone_until_it_is_edited(world: World) -> None:
    """It stays out of the CRM, and says why."""
    item = tracked_twice(world)
    answer(world, Answer.IGNORE)
    world.settle()
    assert world.reason(item) == "excluded (ignored)"
    world.hand().edit(item, {"managername": "Max"})
    world.settle()
    assert world.reason(item) == "waiting (doubtful-match)"


def test_what_an_item_was_before_it_moved_waits_with_it(world: World) -> None:
    """P4: while a person is asked about an item, the id that it had is not sought beside it."""
    world.policy(on_crm_delete=CrmDelete.RELEASE)
    world.start()
    record = world.new(**ANN)
    world.settle()
    (item,) = world.items()
    copy = world.hand().copy(item.id)
    for each in ("Sales", "Legal"):
        world.new(BOB, **{**ANN, "department": each})
    world.remove(record)
    world.settle()
    world.hand().move(item.id, world.hand().add_folder("Mine"))
    world.hand().edit(copy, {"categories": ("CRM",)})
    world.settle()
    assert world.reason(copy) == "waiting (doubtful-match)"
    for _ in range(2):
        world.quiet()
        world.pass_time(hours=1, minutes=1)
        world.sync()


@pytest.mark.parametrize("said", Answer)
def test_a_copy_is_what_its_user_says(world: World, said: Answer) -> None:
    """Where the policy takes copies: somebody new, or left alone; one item has one record (P3)."""
    world.policy(copies=Copies.TAKE)
    world.start()
    first = world.hand().add({**ANN, "categories": ("CRM",)})
    world.settle()
    (record,) = world.all_records()
    copy = world.hand().copy(first)
    world.settle()
    assert world.reason(copy) == "waiting (linked-here)"
    answer(world, said, record if said is Answer.LINK else None)
    world.settle()
    reasons = {
        Answer.LINK: "waiting (linked-here)",  # the one it is said to be has an item
        Answer.CREATE: "in-step (tracked)",
        Answer.IGNORE: "excluded (ignored)",
        Answer.NEVER: "excluded (never)",
    }
    assert world.reason(copy) == reasons[said]
    assert len(world.all_records()) == (2 if said is Answer.CREATE else 1)


# --- the breaker ---------------------------------------------------------------------------------

EMPTY = dict.fromkeys(("jobtitle", "department", "mobilephone", "managername"))


def discard(world: World) -> int:
    """A person decides against what is held."""
    with database.write(world.engine) as conn:
        return guard.discard_held(conn, world.mailbox_id(ALICE), world.time())


def test_an_edit_that_empties_much_waits(world: World) -> None:
    """Phones do that: the CRM keeps its values until a person has looked; three are no alarm."""
    record = world.new(**ANN)
    world.settle()
    world.hand().edit(world.item().id, dict.fromkeys(("assistantname",)))
    world.settle()
    assert "assistantname" not in world.crm(record)
    world.hand().edit(world.item().id, EMPTY)
    world.settle()
    assert world.crm(record)["department"] == "Sales"
    assert world.reason(world.item().id) == "waiting (held)"
    world.approve()
    world.settle()
    assert set(world.crm(record)) & set(EMPTY) == set()


def test_an_emptied_item_is_filled_again_when_nobody_wants_it(world: World) -> None:
    """Decided against: the CRM's values come back to Outlook."""
    record = world.new(**ANN)
    world.settle()
    world.hand().edit(world.item().id, EMPTY)
    world.settle()
    assert discard(world) == 1
    world.settle()
    assert world.item()["department"] == "Sales"
    assert world.crm(record)["department"] == "Sales"


def many(world: World, number: int = 4) -> list[str]:
    """Some people in step, and limits that three of anything exceed."""
    world.policy(limits=Limits(few=3))
    ids = world.new_many([{"firstname": f"N{n}", "jobtitle": "Buyer"} for n in range(number)])
    world.settle()
    return ids


def test_deletions_that_nobody_wants_are_made_good(world: World) -> None:
    """An emptied folder: what is held is that they are remembered; discarded, they come back."""
    many(world)
    for each in world.items():
        world.hand().move(each.id, TRASH)
    world.settle()
    assert world.items() == []
    assert discard(world) == 4
    world.settle()
    assert {each["firstname"] for each in world.items()} == {"N0", "N1", "N2", "N3"}
    assert len(world.all_records()) == 4


def test_exits_that_nobody_wants_leave_the_items_where_they_are(world: World) -> None:
    """A reassigned account: the items stay, at rest."""
    ids = many(world)
    for each in ids:
        world.assign(each, BOB)
    world.settle()
    assert discard(world) == 4
    world.settle()
    assert len(world.items()) == 4
    assert {each.state for each in world.links()} == {"released"}


def test_deletes_that_nobody_wants_leave_the_items_where_they_are(world: World) -> None:
    """Deleted in the CRM by mistake: Outlook keeps its copies."""
    ids = many(world)
    for each in ids:
        world.remove(each)
    world.settle()
    assert discard(world) == 4
    world.settle()
    assert len(world.items()) == 4


def test_creations_that_nobody_wants_are_left_alone_until_they_change(world: World) -> None:
    """An import gone wrong: none of it comes, but for the one that somebody edits."""
    world.start()
    world.policy(limits=Limits(most=3))
    ids = world.new_many([{"firstname": f"N{n}"} for n in range(4)])
    world.settle()
    assert discard(world) == 4
    world.settle()
    assert world.items() == []
    world.change(ids[0], jobtitle="Boss")
    world.settle()
    assert [each["firstname"] for each in world.items()] == ["N0"]


def test_edits_that_nobody_wants_are_taken_back(world: World) -> None:
    """A macro that rewrote the folder: the CRM's values win, and the edits are kept (P1)."""
    ids = many(world)
    world.policy(limits=Limits(most=3))
    for each in world.items():
        world.hand().edit(each.id, {"jobtitle": "Robot"})
    world.settle()
    assert discard(world) == 4
    world.settle()
    assert {each["jobtitle"] for each in world.items()} == {"Buyer"}
    assert {world.crm(each)["jobtitle"] for each in ids} == {"Buyer"}
    assert sum("Robot" in each for each in world.kept_losers()) == 4


def test_what_was_discarded_is_held_again_when_it_is_edited(world: World) -> None:
    """A verdict is bound to the versions it was about."""
    ids = many(world)
    for each in ids:
        world.remove(each)
    world.settle()
    discard(world)
    with database.read(world.engine) as conn:
        waiting = set(conn.scalars(select(noticed.c.crm_id)))
    assert waiting == set(ids)
