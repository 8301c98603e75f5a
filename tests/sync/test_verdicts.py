"""What a person says of what is held is of just that: these items, one sort, one reason."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from syncd.crm import database
from syncd.model.policy import Limits, OutlookDelete
from syncd.outlook.port import Sensitivity
from syncd.reconcile.breaker import Bounded
from syncd.sync import causes, guard, observe
from syncd.sync.guard import Which
from syncd.sync.tables import cause, held
from tests.sync import desk
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

TRASH = "deleteditems"
FIVE = dict.fromkeys(("jobtitle", "department", "managername", "assistantname", "nickname"))


@pytest.fixture
def world(memory: Memory) -> World:
    """Laws of verdicts are proved in memory."""
    return memory[0]


def some(world: World, number: int = 8) -> list[str]:
    """So many people in step, with five fields each."""
    fields = {**dict.fromkeys(FIVE, "x"), "lastname": "Doe"}
    ids = world.new_many([{"firstname": f"N{n}", **fields} for n in range(number)])
    world.settle()
    world.policy(limits=Limits(few=3))
    return ids


def approve(world: World, **which: object) -> None:
    """A person lets some of it go."""
    with database.write(world.engine) as conn:
        guard.approve(conn, world.mailbox_id(ALICE), world.time(), Which(**which))  # type: ignore[arg-type]


def test_an_approval_is_for_one_reason(world: World) -> None:
    """Approved as deletions that are respected, they delete nothing in the CRM under a new rule."""
    some(world)
    for each in world.items():
        world.hand().move(each.id, TRASH)
    world.settle()
    approve(world)
    world.policy(on_outlook_delete=OutlookDelete.DELETE_IF_OWNER)
    world.settle()
    assert len(world.all_records()) == 8


def test_an_approval_is_of_one_sort(world: World) -> None:
    """Edits let go; the one among them that empties five fields waits on."""
    ids = some(world)
    world.policy(limits=Limits(most=3))
    for n, each in enumerate(world.items()):
        world.hand().edit(each.id, FIVE if not n else {"lastname": "Roe"})
    world.settle()
    approve(world, verb=Bounded.CRM_WRITE)
    world.settle()
    held_still = [each for each in ids if world.crm(each).get("jobtitle") == "x"]
    assert len(held_still) == 8
    assert sum(world.crm(each)["lastname"] == "Roe" for each in ids) == 7


def test_what_is_private_waits_behind_nothing(world: World) -> None:
    """P7: held as deletions, and one of them marked private: that one is withdrawn."""
    world.start()
    for n in range(8):
        world.hand().add({"firstname": f"N{n}", "jobtitle": "secret", "categories": ("CRM",)})
    world.settle()
    world.policy(limits=Limits(few=3))
    moved = [world.hand().move(each.id, TRASH) for each in world.items()]
    world.settle()
    world.hand().mark(moved[0], Sensitivity.PRIVATE)
    for _ in range(3):
        world.execute("update observed set retry_at = null")
        world.pass_time(minutes=70)
        world.sync()
    told = [each.record.fields["jobtitle"] for each in world.all_records().values()]
    assert told.count("secret") == 7


def test_what_was_decided_is_held_no_more(world: World) -> None:
    """Nothing is left of a verdict once it was carried out; an edit made meanwhile is taken."""
    some(world)
    moved = [world.hand().move(each.id, TRASH) for each in world.items()]
    world.settle()
    world.hand().edit(moved[0], {"lastname": "Roe"})
    with database.write(world.engine) as conn:
        guard.discard_held(conn, world.mailbox_id(ALICE), world.time())
    for _ in range(3):
        world.sync()
    assert len(world.items()) == 8
    names = [each.record.fields["lastname"] for each in world.all_records().values()]
    assert names.count("Roe") == 1  # what was edited in the meantime is not lost sight of
    with database.read(world.engine) as conn:
        assert conn.scalar(select(func.count()).select_from(held)) == 0


# --- causes --------------------------------------------------------------------------------------


def both(world: World, number: int) -> str:
    """So many records of one account, each in both mailboxes, and no limit but that of a cause."""
    world.filter = "parentaccount/statecode eq 'active'"
    contoso = desk.account(world, "Contoso")
    world.new_many([{"firstname": f"N{n}", "parentcustomerid": contoso} for n in range(number)])
    world.settle(ALICE, BOB)
    world.policy(limits=Limits(most=999, some=999, few=999, daily=999, cause=15))
    return contoso


def test_a_change_of_rules_that_is_made_again_is_counted_again(world: World) -> None:
    """Approved once, taken back, and made once more: it waits once more."""
    both(world, 10)
    here, nobody = world.filter, "lastname eq 'nobody'"
    for _ in range(2):
        world.filter = nobody
        for each in (ALICE, BOB):
            assert world.sync(each).counters["held"] == 10
        with database.write(world.engine) as conn:
            numbers = list(conn.scalars(select(cause.c.id)))
            for number in numbers:
                causes.approve(conn, number, world.time())
        world.execute("update observed set retry_at = null")
        world.execute("update noticed set retry_at = null")
        world.settle(ALICE, BOB)
        assert world.items() == []
        world.filter = here
        for each in (ALICE, BOB):
            world.sync(each)
            world.approve(each)
        world.settle(ALICE, BOB)
        assert len(world.items()) == 10


def test_a_cause_is_whole_wherever_a_piece_of_the_feed_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read four changes at a time, twenty that were made at once are twenty."""
    contoso = both(world, 20)
    monkeypatch.setattr(observe, "FEED_CHUNK", 4)
    desk.deactivate_account(world, contoso)
    for each in (ALICE, BOB):
        assert world.sync(each).counters["held"] == 20
        assert world.writes == 0
