"""Two who undo each other: what they fight about is left alone, and both are named (P1, P2)."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from syncd.crm import database
from syncd.model.fields import Side
from syncd.outlook.port import Backend
from syncd.reconcile.oscillation import TURNS
from syncd.reconcile.reasons import Reason
from syncd.sandbox.server import Sandbox
from syncd.sync import alerts, by_hand, disagreements, mailboxes
from syncd.sync.alerts import Code
from syncd.sync.disagreements import Disagreement
from syncd.sync.report import Outcome
from tests.sync.asking import asked, told
from tests.sync.world import ALICE, World
from tests.sync.worlds import sandbox_world

HIS, HERS = "+49 40 111", "0049-40-222"  # the workflow's and the phone's


def in_step(world: World) -> str:
    """A contact in step; its record."""
    record = world.new(firstname="Ann", lastname="Lee", mobilephone=HIS)
    world.start()
    world.settle()
    return record


def fight(world: World, record: str, rounds: int) -> list[int]:
    """A phone writes hers, a workflow puts his back: how much each run wrote, on both sides."""
    wrote: list[int] = []

    def ran() -> None:
        report = world.sync()
        wrote.append(world.writes + report.tally.crm.total())
        world.pass_time(minutes=5)

    for _ in range(rounds):
        world.hand().edit(world.item_of(record).id, {"mobilephone": HERS})
        ran()
        world.change(record, mobilephone=HIS)
        ran()
    return wrote


def open_ones(world: World) -> list[Disagreement]:
    """What a person is asked."""
    with database.read(world.engine) as conn:
        return disagreements.every(conn)


def say(world: World, side: Side) -> None:
    """The admin says which side counts."""
    (each,) = open_ones(world)
    with (
        database.write(world.engine, alone=True) as conn,
        by_hand.alone_with(conn, mailboxes.get(conn, ALICE), world.time()),
    ):
        disagreements.answer(conn, each, side)


def numbers(world: World, record: str) -> tuple[object, object]:
    """The number in the CRM, and in Outlook."""
    return world.crm(record)["mobilephone"], world.item_of(record)["mobilephone"]


def test_what_two_keep_undoing_is_left_alone(world: World) -> None:
    """After three there and three back nothing is written any more; each side keeps its own."""
    record = in_step(world)
    wrote = fight(world, record, TURNS)
    assert all(wrote[: TURNS - 1])
    assert not any(wrote[TURNS - 1 :])
    world.hand().edit(world.item_of(record).id, {"mobilephone": HERS})
    report = world.sync()
    assert (world.writes, report.outcome) == (0, Outcome.STOPPED)
    assert report.for_a_person
    assert numbers(world, record) == (HIS, world.item_of(record)["mobilephone"])
    assert numbers(world, record)[0] != numbers(world, record)[1]


def test_both_are_named(world: World) -> None:
    """The conflict, the alert and the explanation say who fights whom."""
    record = in_step(world)
    fight(world, record, TURNS)
    world.hand().edit(world.item_of(record).id, {"mobilephone": HERS})
    world.sync()
    (each,) = open_ones(world)
    assert (each.reason, each.writer, each.mailbox) == (Reason.FROZEN, "user:admin", ALICE)
    assert each.held[Side.CRM]["mobilephone"] == HIS
    with database.read(world.engine) as conn:
        assert Code.CONFLICTS in {each.code for each in alerts.every(conn)}
    said = told(asked(world, record))
    assert "user:admin" in said
    assert f"syncd conflicts list {ALICE}" in said


def test_the_rest_of_the_contact_goes_on(world: World) -> None:
    """Only what they fight about waits."""
    record = in_step(world)
    fight(world, record, TURNS)
    world.hand().edit(world.item_of(record).id, {"mobilephone": HERS, "department": "Sales"})
    world.change(record, jobtitle="Boss")
    world.sync()
    assert world.crm(record)["department"] == "Sales"
    assert world.item_of(record)["jobtitle"] == "Boss"
    assert world.crm(record)["mobilephone"] == HIS
    assert [each.reason for each in open_ones(world)] == [Reason.FROZEN]


@pytest.mark.parametrize("side", list(Side), ids=str)
def test_a_person_thaws_it(world: World, side: Side) -> None:
    """What they say is carried out, and then it is kept in step like anything else."""
    record = in_step(world)
    fight(world, record, TURNS)
    world.hand().edit(world.item_of(record).id, {"mobilephone": HERS})
    world.sync()
    say(world, side)
    world.settle()
    crm, outlook = numbers(world, record)
    assert crm == outlook
    assert ("111" if side is Side.CRM else "222") in str(crm).replace("-", "").replace(" ", "")
    assert open_ones(world) == []
    world.change(record, mobilephone="+49 40 333")
    world.settle()
    assert len(set(numbers(world, record))) == 1


def test_it_begins_anew_after_the_answer(world: World) -> None:
    """One more turn is no fight; going on is one again."""
    record = in_step(world)
    fight(world, record, TURNS)
    world.hand().edit(world.item_of(record).id, {"mobilephone": HERS})
    world.sync()
    say(world, Side.CRM)
    world.settle()
    assert all(fight(world, record, 1))
    assert not fight(world, record, TURNS)[-1]
    assert [each.reason for each in open_ones(world)] == [Reason.FROZEN]


def test_it_ends_by_itself_once_they_agree(world: World) -> None:
    """Somebody sets one side to what the other holds: there is nothing left to ask."""
    record = in_step(world)
    fight(world, record, TURNS)
    world.hand().edit(world.item_of(record).id, {"mobilephone": HERS})
    world.sync()
    world.hand().edit(world.item_of(record).id, {"mobilephone": HIS})
    world.settle()
    assert open_ones(world) == []
    assert len(set(numbers(world, record))) == 1


def test_somebody_who_edits_is_not_frozen(world: World) -> None:
    """Another value each time, on both sides in turn, however fast."""
    record = in_step(world)
    for number in range(TURNS):
        world.hand().edit(world.item_of(record).id, {"mobilephone": f"+49 40 5{number}"})
        world.sync()
        world.change(record, mobilephone=f"+49 40 6{number}")
        world.sync()
    assert open_ones(world) == []
    assert len(set(numbers(world, record))) == 1


def test_who_takes_turns_over_days_is_not_frozen(world: World) -> None:
    """Only what happens within a day is a fight."""
    record = in_step(world)
    for _ in range(TURNS):
        wrote = fight(world, record, 1)
        assert all(wrote)
        world.pass_time(hours=13)
    assert open_ones(world) == []


def test_over_graph(engine: Engine, box: Sandbox) -> None:
    """The same over the other protocol."""
    world = sandbox_world(engine, box, Backend.GRAPH)
    record = in_step(world)
    wrote = fight(world, record, TURNS)
    assert all(wrote[: TURNS - 1])
    assert not any(wrote[TURNS - 1 :])
    assert [each.reason for each in open_ones(world)] in ([], [Reason.FROZEN])
