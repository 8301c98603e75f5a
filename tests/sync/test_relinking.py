"""Lost ties are found again by the stamps; nothing is deleted, doubled or lost (P1, P3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sync.relinking import Found, look, relink
from syncd.sync.report import Outcome, RunReport
from syncd.sync.session import Session
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

NAMES = ("Ann", "Bea", "Cid", "Dan")
TRASH = "deleteditems"


@pytest.fixture
def world(memory: Memory) -> World:
    """Laws of rules are proved in memory."""
    return memory[0]


def in_step(world: World) -> dict[str, str]:
    """Created, created, adopted, tracked, and one that Alice threw away; ids by first name."""
    world.hand().add({"firstname": "Cid", "lastname": "C", "emailaddress1": "cid@example.test"})
    world.hand().add({"firstname": "Dan", "lastname": "D", "categories": ("CRM",)})
    world.hand().add({"firstname": "Friend"})
    mails = [{"firstname": n, "lastname": n[0], "emailaddress1": f"{n}@example.test"}
             for n in ("Ann", "Bea", "Cid", "Eve")]  # fmt: skip
    world.new_many(mails)
    world.start()
    world.settle()
    eve = next(each for each in world.items() if each["firstname"] == "Eve")
    world.hand().move(eve.id, TRASH)
    world.settle()
    return {str(r.record.fields["firstname"]): i for i, r in world.all_records().items()}


def visit(world: World, do: Callable[[Session], Found]) -> Found:
    """The admin looks, or relinks."""
    found: list[Found] = []

    def act(session: Session, *, report: RunReport) -> None:
        found.append(do(session))
        report.outcome = Outcome.OK

    report = world.service().visit(ALICE, "relink", act)
    assert report.error is None, report.error
    return found[0]


def lose_all(world: World) -> None:
    """The link table was emptied."""
    world.execute("delete from link")


def lose_half(world: World) -> None:
    """Some of it was."""
    world.execute("delete from link where id % 2 = 0")


def lose_everything(world: World) -> None:
    """All that is known of items is lost."""
    world.forget_links()


LOSSES = {"all links": lose_all, "half of them": lose_half, "everything": lose_everything}


@pytest.mark.parametrize("loss", LOSSES)
def test_lost_ties_are_found_again(world: World, loss: str) -> None:
    """No item and no record comes or goes; edits of both sides made meanwhile are there after."""
    ids = in_step(world)
    LOSSES[loss](world)
    world.change(ids["Ann"], jobtitle="Boss")  # the CRM alone
    items = {str(each["firstname"]): each.id for each in world.items()}
    world.hand().edit(items["Bea"], {"department": "Sales"})  # Outlook alone
    world.change(ids["Cid"], mobilephone="1")  # both
    world.hand().edit(items["Cid"], {"mobilephone": "2"})
    dry = visit(world, look)
    assert visit(world, relink) == dry
    assert dry.anew == (loss != "half of them")
    if dry.anew:
        assert (dry.tied, dry.lost, dry.copies) == (0, 4, 0)
        world.start()
    world.settle()
    assert sorted(str(each["firstname"]) for each in world.items()) == [*NAMES, "Friend"]
    assert len(world.items(TRASH)) == 1
    assert {str(r.record.fields["firstname"]) for r in world.all_records().values()} == {
        *NAMES, "Eve",
    }  # fmt: skip
    for name in NAMES:
        assert world.link(ids[name]).state == "live"
        assert world.item_of(ids[name])["firstname"] == name
    assert world.item_of(ids["Ann"])["jobtitle"] == "Boss"
    assert world.crm(ids["Bea"])["department"] == "Sales"
    winner = world.crm(ids["Cid"])["mobilephone"]
    assert world.item_of(ids["Cid"])["mobilephone"] == winner
    kept = "".join(world.kept_losers())
    assert {"1", "2"} <= {str(winner), *(n for n in "12" if f'"{n}"' in kept)}
    world.change(ids["Dan"], jobtitle="Chair")
    world.settle()
    assert world.item_of(ids["Dan"])["jobtitle"] == "Chair"


def test_where_nothing_is_lost_nothing_comes_of_it(world: World) -> None:
    """P4: a full listing, and no write."""
    in_step(world)
    before = [(each.id, each.version) for each in world.items()]
    found = visit(world, relink)
    assert found == Found(tied=4)
    world.sync()
    assert world.writes == 0
    assert [(each.id, each.version) for each in world.items()] == before
    world.settle()


def test_a_look_writes_nothing(world: World) -> None:
    """The dry run."""
    in_step(world)
    lose_half(world)
    before = world.rows()
    visit(world, look)
    assert world.rows() == before


def test_a_copy_stays_a_copy(world: World) -> None:
    """P3: of two items with one stamp one is tied, and the other is left alone."""
    ids = in_step(world)
    ann = next(each for each in world.items() if each["firstname"] == "Ann")
    world.hand().copy(ann.id)
    world.settle()
    world.execute("delete from link")
    assert visit(world, relink).copies == 1
    world.start()
    world.settle()
    assert len([each for each in world.items() if each["firstname"] == "Ann"]) == 2
    assert len(world.all_records()) == len(ids)
    assert len([each for each in world.links() if each.crm_id == ids["Ann"]]) == 1


def test_a_folder_that_cannot_be_read_changes_nothing(memory: Memory) -> None:
    """P5: half a listing is none."""
    world, servers = memory
    in_step(world)
    lose_half(world)

    def refuse(call: str, effect: Effect) -> object:
        if call == "changes":
            raise MailboxError(Sort.TRANSIENT, Scope.SERVER, "Busy", "the server is busy")
        return run(call, effect)

    servers[ALICE].meddle = refuse
    before = world.rows()

    def act(session: Session, *, report: RunReport) -> None:
        relink(session)
        report.outcome = Outcome.OK

    report = world.service().visit(ALICE, "relink", act)
    assert report.error
    assert world.rows() == before
