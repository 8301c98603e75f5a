"""What is asked is what waits; what is looked at is read just then, and never what is private."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from syncd.crm import database
from syncd.outlook.port import Sensitivity
from syncd.sync import by_hand, inquiries, mailboxes
from syncd.sync.inquiries import Inquiry
from syncd.sync.questions import Answer
from syncd.sync.tables import question
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

ANN = {"firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.test"}


@pytest.fixture
def world(memory: Memory) -> World:
    """Ann is in the CRM, and twice in Alice's Outlook."""
    world = memory[0]
    world.hand().add({**ANN, "jobtitle": "Boss"})
    world.hand().add(ANN)
    world.new(**ANN)
    world.start()
    return world


def asked(world: World) -> list[Inquiry]:
    """What is asked of Alice's mailbox."""
    with database.read(world.engine) as conn:
        return inquiries.every(conn, [world.mailbox_id(ALICE)])


def test_what_is_stale_is_not_asked_and_is_forgotten(world: World) -> None:
    """A question whose subject waits no more: not listed, and gone with the next answer."""
    (real,) = asked(world)
    gone = {"subject": "gone", "candidates": [], "reason": "doubtful-match"}
    with database.write(world.engine) as conn:
        whose = {"mailbox_id": world.mailbox_id(ALICE), "kind": "contact"}
        conn.execute(insert(question).values(**whose, **gone, asked_at=world.time()))
    assert [each.id for each in asked(world)] == [real.id]
    with (
        database.write(world.engine, alone=True) as conn,
        by_hand.alone_with(conn, mailboxes.get(conn, ALICE), world.time()),
    ):
        inquiries.answer(conn, real, Answer.CREATE, world.time())
        assert list(conn.scalars(select(question.c.id))) == [real.id]
    world.settle()
    assert len(world.items()) == 3


def test_what_became_private_or_went_is_not_shown(world: World) -> None:
    """P7: its place is kept, and what it holds is not told."""
    (each,) = asked(world)
    for item in world.items():
        if item["jobtitle"]:
            world.hand().mark(item.id, Sensitivity.PRIVATE)
        else:
            world.hand().delete(item.id)
    with database.read(world.engine) as conn:
        (subject,) = inquiries.in_crm(conn, each)
    others = inquiries.in_outlook(world.connect(ALICE), each)
    assert subject.name == "Ann Lee"
    assert {other.missing for other in others} == {
        "its owner has marked it private", "it is not in Outlook any more",
    }  # fmt: skip
    assert all(other.values == {} for other in others)
    told = [field.name for field, _ in inquiries.telling(each.kind, subject, others)]
    assert told == ["firstname", "lastname", "emailaddress1"]
