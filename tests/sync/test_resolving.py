"""Conflicts that a person decides: one side, the other, a value of one's own, or what was kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from syncd.crm import database
from syncd.crm.errors import StaleRecord
from syncd.model.fields import Side
from syncd.model.policy import ConflictPolicy
from syncd.outlook.port import Sensitivity
from syncd.sync import by_hand, disagreements, leases, mailboxes
from syncd.sync.disagreements import Disagreement, Outdated
from tests.sync.test_privacy import dump
from tests.sync.world import ALICE, BY_HAND, World
from tests.sync.worlds import Memory

PHONE = "mobilephone"


@pytest.fixture
def world(memory: Memory) -> World:
    """Laws of rules are proved in memory."""
    return memory[0]


def both_edit(world: World, policy: ConflictPolicy = ConflictPolicy.ASK) -> str:
    """Ann's mobile number is changed on both sides between two runs; her record."""
    world.policy(conflict=policy)
    record = world.new(firstname="Ann", lastname="Lee", mobilephone="1")
    world.start()
    world.settle()
    world.change(record, mobilephone="2")
    world.hand().edit(world.item().id, {PHONE: "3"})
    world.settle()
    return record


def asked(world: World, *, closed: bool = False) -> list[Disagreement]:
    """What there is to decide."""
    with database.read(world.engine) as conn:
        return disagreements.every(conn, closed=closed)


@contextmanager
def at_alices(world: World) -> Iterator[Connection]:
    """Something is noted about Alice's mailbox."""
    with (
        database.write(world.engine, alone=True) as conn,
        by_hand.alone_with(conn, mailboxes.get(conn, ALICE), world.time()),
    ):
        yield conn


def say(world: World, side: Side) -> None:
    """The admin says which side counts."""
    (each,) = asked(world)
    with at_alices(world) as conn:
        disagreements.answer(conn, each, side)


def type_value(world: World, each: Disagreement, text: str) -> None:
    """The admin types a value of their own."""
    with at_alices(world) as conn:
        disagreements.answer_with(conn, each, {PHONE: text}, BY_HAND, world.time())


def phones(world: World, record: str) -> tuple[object, object]:
    """The number in the CRM, and in Outlook."""
    return world.crm(record)[PHONE], world.item()[PHONE]


@pytest.mark.parametrize(
    ("side", "counts", "loses"), [(Side.CRM, "2", "3"), (Side.OUTLOOK, "3", "2")]
)
def test_an_answer_is_carried_out(world: World, side: Side, counts: str, loses: str) -> None:
    """P1: the one that was said stands on both sides, the other one is kept."""
    record = both_edit(world)
    (each,) = asked(world)
    assert (each.held[Side.CRM][PHONE], each.held[Side.OUTLOOK][PHONE]) == ("2", "3")
    assert phones(world, record) == ("2", "3")
    say(world, side)
    assert asked(world)[0].answered is side
    world.settle()
    assert phones(world, record) == (counts, counts)
    assert asked(world) == []
    assert world.kept_losers() == [f'{{"{PHONE}":"{loses}"}}']


@pytest.mark.parametrize("edited", Side)
def test_an_answer_is_about_the_values_that_were_shown(world: World, edited: Side) -> None:
    """An edit of either side before the run carries it out: it is asked again, with what is."""
    record = both_edit(world)
    say(world, Side.CRM)
    if edited is Side.CRM:
        world.change(record, mobilephone="4")
    else:
        world.hand().edit(world.item().id, {PHONE: "4"})
    world.settle()
    (each,) = asked(world)
    assert each.answered is None
    assert each.held[edited][PHONE] == "4"
    assert phones(world, record) in {("4", "3"), ("2", "4")}
    say(world, Side.CRM)
    world.settle()
    assert asked(world) == []


def test_the_last_answer_before_the_run_counts(world: World) -> None:
    """Said anew until the next run."""
    record = both_edit(world)
    say(world, Side.CRM)
    say(world, Side.OUTLOOK)
    world.settle()
    assert phones(world, record) == ("3", "3")


def test_a_typed_value_replaces_both_and_both_are_kept(world: World) -> None:
    """P1: neither the CRM's value nor Outlook's is lost to one that somebody types."""
    record = both_edit(world)
    (each,) = asked(world)
    type_value(world, each, "5")
    world.settle()
    assert phones(world, record) == ("5", "5")
    assert sorted(world.kept_losers()) == [f'{{"{PHONE}":"2"}}', f'{{"{PHONE}":"3"}}']
    assert asked(world) == []


def test_a_typed_value_is_asked_about_again_when_outlook_is_edited_since(world: World) -> None:
    """What somebody typed does not overwrite what nobody has seen."""
    record = both_edit(world)
    (each,) = asked(world)
    type_value(world, each, "5")
    world.hand().edit(world.item().id, {PHONE: "6"})
    world.settle()
    assert phones(world, record) == ("5", "6")
    assert asked(world)[0].answered is None


def test_a_typed_value_is_refused_when_the_crm_was_edited_since(world: World) -> None:
    """Nor does it in the CRM: what it would replace is what was shown."""
    record = both_edit(world)
    (each,) = asked(world)
    world.change(record, mobilephone="4")
    with pytest.raises((Outdated, StaleRecord)):
        type_value(world, each, "5")
    assert world.crm(record)[PHONE] == "4"


def test_nothing_is_noted_while_a_run_is_under_way(world: World) -> None:
    """A run writes down what it decided: it would write over an answer."""
    both_edit(world)
    with database.write(world.engine) as conn:
        assert leases.acquire(conn, world.mailbox_id(ALICE), world.time())
    with pytest.raises(mailboxes.MailboxProblem, match="being synced"):
        say(world, Side.CRM)


@pytest.mark.parametrize("policy", [ConflictPolicy.CRM, ConflictPolicy.OUTLOOK])
def test_a_kept_value_is_brought_back(world: World, policy: ConflictPolicy) -> None:
    """P13: the loser stands on both sides again, and what it replaced is kept in its place."""
    record = both_edit(world, policy)
    won, lost = ("2", "3") if policy is ConflictPolicy.CRM else ("3", "2")
    assert phones(world, record) == (won, won)
    (kept,) = asked(world, closed=True)
    with database.write(world.engine) as conn:
        assert disagreements.restore(conn, kept, BY_HAND, world.time())
    world.settle()
    assert phones(world, record) == (lost, lost)
    brought, replaced = asked(world, closed=True)
    assert (brought.state, replaced.state) == ("resolved", "kept")
    assert replaced.held == {Side.CRM: {PHONE: won}}
    with database.write(world.engine) as conn, pytest.raises(Outdated):
        disagreements.restore(conn, brought, BY_HAND, world.time())


# --- and privacy ---------------------------------------------------------------------------------


def bring_back(world: World) -> None:
    """The admin brings back what was kept."""
    for each in asked(world, closed=True):
        if each.state == "kept":
            with at_alices(world) as conn:
                disagreements.restore(conn, each, BY_HAND, world.time())


@pytest.mark.parametrize("whole", [True, False], ids=["tracked", "synced"])
@pytest.mark.parametrize("how", ["brought back", "answered"])
def test_what_a_person_took_from_outlook_is_withdrawn_with_its_item(
    world: World, how: str, *, whole: bool
) -> None:
    """P7: by whose word it came into the CRM changes nothing: it came from that mailbox."""
    answered = how == "answered"
    world.policy(conflict=ConflictPolicy.ASK if answered else ConflictPolicy.CRM)
    world.start()
    if whole:
        world.hand().add({"firstname": "Ann", "jobtitle": "Clerk", "categories": ("CRM",)})
    else:
        world.new(firstname="Ann", jobtitle="Clerk")
    world.settle()
    (record,) = world.all_records()
    world.hand().edit(world.item().id, {"jobtitle": "Zquanary"})
    world.change(record, jobtitle="CEO")
    world.settle()
    if answered:
        say(world, Side.OUTLOOK)
    else:
        bring_back(world)
    world.settle()
    assert world.crm(record)["jobtitle"] == world.item()["jobtitle"] == "Zquanary"
    world.hand().mark(world.item().id, Sensitivity.PRIVATE)
    world.settle()
    assert world.crm(record)["jobtitle"] == "CEO"
    assert "Zquanary" not in dump(world)


def test_what_privacy_has_withdrawn_is_not_brought_back(world: World) -> None:
    """P13: it says so, and what the CRM holds stays (P1)."""
    record = both_edit(world, ConflictPolicy.CRM)
    world.hand().mark(world.item().id, Sensitivity.PRIVATE)
    world.settle()
    with pytest.raises(Outdated, match="made it private; nothing is left to bring back"):
        bring_back(world)
    assert world.crm(record)[PHONE] == "2"
