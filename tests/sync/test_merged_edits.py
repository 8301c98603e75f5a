"""An item is edited, and its record is merged into one whose item stands beside it."""

from __future__ import annotations

from sqlalchemy import select

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sync.run import Mode
from syncd.sync.tables import operation
from tests.memory_mailbox import Effect, run
from tests.sync import desk
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

ANN = {"firstname": "Ann", "lastname": "Lee", "jobtitle": "Buyer"}
ANNE = {"firstname": "Anne", "lastname": "Lee", "department": "Sales"}
MANY = {"telephone1": "+41 44 1", "telephone2": "+41 44 2", "fax": "+41 44 3",
        "mobilephone": "+41 79 4", "websiteurl": "https://example.test"}  # fmt: skip


def both(world: World) -> tuple[str, str]:
    """Two records of one person, in step."""
    ann, anne = world.new(**ANN), world.new(**ANNE)
    world.settle()
    return ann, anne


def merges_of(world: World, crm_id: str) -> list[str]:
    """What the journal says of a record that another one's item was edited for."""
    with database.read(world.engine) as conn:
        mine = (operation.c.reason == "merged") & (operation.c.crm_id == crm_id)
        return [row.verb for row in conn.execute(select(operation).where(mine))]


def test_the_edit_goes_to_the_survivor_and_the_item_goes(world: World) -> None:
    """As DESIGN section 5 says: the loser's edits are merged, and its item goes by origin."""
    ann, anne = both(world)
    world.hand().edit(world.item_of(anne).id, {"nickname": "Annie", "department": "Marketing"})
    desk.merge(world, ann, anne)
    world.settle()
    for held in (world.crm(ann), world.item().fields):
        assert (held["nickname"], held["department"]) == ("Annie", "Marketing")
    assert [each["nickname"] for each in world.items("deleteditems")] == ["Annie"]
    assert world.link(anne).state == "orphaned"
    assert merges_of(world, ann) == ["update-record"]


def test_a_users_own_item_stays_and_gives_its_edit(world: World) -> None:
    """Only the category comes off (P14)."""
    world.settle()
    own = world.hand().add({**ANNE, "categories": ("CRM",)})
    world.settle()
    (anne,) = world.all_records()
    ann = world.new(**ANN)
    world.settle()
    world.hand().edit(own, {"nickname": "Annie"})
    desk.merge(world, ann, anne)
    world.settle()
    assert world.crm(ann)["nickname"] == "Annie"
    assert {each.id for each in world.items()} == {own, world.link(ann).remote_id}
    assert world.link(anne).state == "orphaned"


def test_where_both_items_were_edited_nothing_is_lost(world: World) -> None:
    """Two edits of one field: the later one wins, the other is kept (P1)."""
    ann, anne = both(world)
    world.pass_time(minutes=1)
    world.hand().edit(world.item_of(anne).id, {"jobtitle": "Head"})
    world.pass_time(minutes=1)
    world.hand().edit(world.item_of(ann).id, {"jobtitle": "Chief"})
    desk.merge(world, ann, anne)
    world.settle()
    assert world.crm(ann)["jobtitle"] == world.item()["jobtitle"] == "Chief"
    assert any('"Head"' in each for each in world.kept_losers())


def test_what_its_user_may_not_write_is_kept(world: World) -> None:
    """Within its user's rights (P1)."""
    desk.rule(world, read=desk.ALL, write=desk.OWN)
    world.filter = "statecode eq 'active'"
    ann, anne = world.new(BOB, **ANN), world.new(**ANNE)
    world.settle()
    world.hand().edit(world.item_of(anne).id, {"nickname": "Annie"})
    desk.merge(world, ann, anne)
    world.settle()
    assert "nickname" not in world.crm(ann)
    assert any("Annie" in each for each in world.kept_losers())
    assert [each["nickname"] for each in world.items("deleteditems")] == ["Annie"]


def test_several_that_became_one_all_give_their_edits(world: World) -> None:
    """Each meets what the one before it left."""
    ann, anne = both(world)
    other = world.new(firstname="A.", lastname="Lee")
    world.new_many([{"firstname": f"N{n}"} for n in range(12)])
    world.settle()
    world.hand().edit(world.item_of(anne).id, {"nickname": "Annie"})
    world.hand().edit(world.item_of(other).id, {"websiteurl": "https://lee.example.test"})
    desk.merge(world, anne, other)
    desk.merge(world, ann, anne)
    world.settle()
    assert world.crm(ann)["nickname"] == "Annie"
    assert world.crm(ann)["websiteurl"] == "https://lee.example.test"
    assert merges_of(world, ann) == ["update-record"] * 2


def test_an_edit_that_empties_much_goes_nowhere(world: World) -> None:
    """Phones do that (P8): the item stays as that of a deleted record, what it said is kept."""
    ann, anne = world.new(**ANN), world.new(**ANNE, **MANY)
    world.settle()
    item = world.item_of(anne).id
    world.hand().edit(item, dict.fromkeys(MANY))
    desk.merge(world, ann, anne)
    world.settle()
    assert {n: world.crm(ann).get(n) for n in MANY} == MANY
    assert item in {each.id for each in world.items()}
    assert world.link(anne).state == "orphaned"


def test_many_edits_at_once_go_nowhere(memory: Memory) -> None:
    """More writes to the CRM than the breaker lets go (P8): first a person looks."""
    world, _ = memory
    survivor = world.new(**ANN)
    others = world.new_many([{"firstname": f"N{n}"} for n in range(60)])
    world.settle()
    before = world.crm(survivor)
    for n, each in enumerate(others):
        world.hand().edit(world.item_of(each).id, {"nickname": f"Nick {n}"})
        desk.merge(world, survivor, each)
    assert world.sync().counters["held"] == 60
    assert world.crm(survivor) == before
    assert len(world.items()) == 61


def test_a_plan_writes_nothing(world: World) -> None:
    """It says that the item goes, and the CRM stays as it is."""
    ann, anne = both(world)
    world.hand().edit(world.item_of(anne).id, {"nickname": "Annie"})
    desk.merge(world, ann, anne)
    report = world.sync(mode=Mode.PLAN)
    assert "nickname" not in world.crm(ann)
    assert any("trash-item" in each.verbs for each in report.lines)
    world.settle()
    assert world.crm(ann)["nickname"] == "Annie"


def test_what_is_not_known_to_be_written_comes_first(memory: Memory) -> None:
    """The survivor's item was written and not answered: the edit waits until that is settled."""
    world, servers = memory
    ann, anne = both(world)
    world.change(ann, nickname="Nan")

    def unanswered(call: str, effect: Effect) -> object:
        found = effect()
        if call == "update":
            raise MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "")
        return found

    servers[ALICE].meddle = unanswered
    world.sync()
    servers[ALICE].meddle = run
    world.hand().edit(world.item_of(anne).id, {"websiteurl": "https://lee.example.test"})
    desk.merge(world, ann, anne)
    world.sync()
    world.pass_time(minutes=30)
    world.settle()
    assert world.crm(ann)["websiteurl"] == "https://lee.example.test"
    assert world.item()["websiteurl"] == "https://lee.example.test"
    assert world.item()["nickname"] == "Nan"
