"""Where nothing can be moved: put aside in its place, made anew, and found by ids that stay."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, select

from syncd.crm import database
from syncd.model.fields import Direction
from syncd.model.policy import ExitPolicy, ScopeExit
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import Backend
from syncd.sync.bringing_back import Way
from syncd.sync.offboard import Items, offboard
from syncd.sync.overview import overviews
from syncd.sync.report import Outcome
from syncd.sync.tables import run as runs
from tests.memory_mailbox import Effect, run
from tests.memory_server import MemoryServer
from tests.sync.hands import Seen
from tests.sync.test_bringing_back import restore
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory, memory_world

ASIDE, TRASH = "Former CRM contact", "deleteditems"


@pytest.fixture
def memory(engine: Engine) -> Memory:
    """A world whose mailboxes are like those of Graph."""
    return memory_world(engine, backend=Backend.GRAPH)


@pytest.fixture
def world(memory: Memory) -> World:
    """The same without its servers."""
    return memory[0]


def in_step(world: World, **more: str) -> str:
    """Ann, in step."""
    ann = world.new(firstname="Ann", lastname="Lee", emailaddress1="ann@example.test", **more)
    world.settle()
    return ann


def only(world: World) -> Seen:
    """The only item in the folder, put aside or not."""
    (item,) = world.hand().items()
    return item


def labels(world: World) -> object:
    """The categories of the only item."""
    return only(world)["categories"]


# --- out of scope, and back ----------------------------------------------------------------------


def test_what_left_scope_is_marked_in_its_place_and_unmarked_when_it_is_back(world: World) -> None:
    """Our category comes and goes; its user's own stay, and so does what syncd does not know."""
    ann = in_step(world)
    item = world.item().id
    world.hand().edit(item, {"categories": ("Golf",)})
    world.hand().jot(item, "Pilot")
    world.set_active(ann, active=False)
    world.settle()
    assert (only(world).id, labels(world)) == (item, ("Golf", ASIDE))
    assert world.link(ann).state == "released"
    world.hand().edit(item, {"categories": (ASIDE, "Family")})
    world.set_active(ann, active=True)
    world.change(ann, jobtitle="Boss")
    world.settle()
    assert (only(world).id, labels(world)) == (item, ("Family",))
    assert world.item()["jobtitle"] == "Boss"
    assert world.hand().jotted(item) == "Pilot"
    assert world.link(ann).state == "live"


def test_a_category_of_that_name_that_was_there_is_its_users(world: World) -> None:
    """It is neither written again nor taken off (P11)."""
    ann = in_step(world)
    world.hand().edit(world.item().id, {"categories": (ASIDE.upper(),)})
    for active in (False, True):
        world.set_active(ann, active=active)
        world.settle()
        assert labels(world) == (ASIDE.upper(),)
    assert sum(report.tally.outlook["updated"] for report in world.reports) == 0


def test_many_that_come_back_are_not_held(world: World) -> None:
    """That our category comes off is nothing that the breaker bounds; what leaves is (P8)."""
    ids = world.new_many([{"firstname": f"N{n}"} for n in range(8)])
    world.settle()
    for each in ids:
        world.set_active(each, active=False)
    assert world.sync().counters["held"] == 8
    world.approve()
    world.settle()
    for each in ids:
        world.set_active(each, active=True)
    world.settle()
    assert [each["categories"] for each in world.items()] == [None] * 8


@pytest.mark.parametrize(
    ("away", "state", "here"),
    [(TRASH, "live", 1), ("Family", "remembered", 0), ("gone", "live", 1)],
)
def test_what_became_of_it_under_the_category_is_what_its_user_meant(
    world: World, away: str, state: str, here: int
) -> None:
    """To tidy up is no decision about who is back in scope; to file it elsewhere is one (P3)."""
    ann = in_step(world)
    world.set_active(ann, active=False)
    world.settle()
    item = only(world).id
    if away == "gone":
        world.hand().delete(item)
    else:
        world.hand().move(item, TRASH if away == TRASH else world.hand().add_folder(away))
    world.sync()
    world.pass_time(minutes=11)
    world.settle()
    world.set_active(ann, active=True)
    world.sync()
    world.pass_time(minutes=11)
    world.settle()
    assert (world.link(ann).state, len(world.items())) == (state, here)


def test_a_direction_that_says_nothing_to_outlook_marks_nothing(world: World) -> None:
    """What happens in the CRM changes nothing there then."""
    world.policy(on_scope_exit=ExitPolicy(tracked=ScopeExit.ARCHIVE))
    world.start()
    world.hand().add({"firstname": "Ann", "categories": ("CRM",)})
    world.settle()
    world.policy(direction=Direction.TO_CRM)
    (ann,) = world.all_records()
    world.set_active(ann, active=False)
    world.settle()
    assert (labels(world), world.link(ann).state) == (("CRM",), "released")


# --- thrown away, and back -----------------------------------------------------------------------


def throw(world: World, folder: str = TRASH) -> str:
    """Its user moves the only item away; its id."""
    item = world.item().id
    world.hand().move(item, folder)
    world.settle()
    return item


def ways(world: World, record: str) -> list[Way]:
    """What came of bringing it back."""
    return [each.way for each in restore(world, record)]


def test_what_was_thrown_away_is_made_anew_from_what_was_known(world: World) -> None:
    """Also of what differs from the CRM; the old item stays, and is only a copy if it is back."""
    ann = in_step(world)
    world.policy(directions={"jobtitle": Direction.TO_CRM})
    world.settle()
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    world.hand().jot(world.item().id, "Pilot")
    world.settle()
    world.change(ann, jobtitle="CEO")
    world.settle()
    old = throw(world)
    assert world.link(ann).state == "remembered"
    world.change(ann, mobilephone="+41 79 1")
    assert ways(world, ann) == [Way.RECREATE]
    world.settle()
    new = world.item()
    assert new.id != old
    assert (new["jobtitle"], new["mobilephone"]) == ("Boss", "+41 79 1")
    assert world.crm(ann)["jobtitle"] == "CEO"
    assert world.hand().jotted(new.id) is None
    assert world.link(ann).state == "live"
    assert [each.id for each in world.items(TRASH)] == [old]
    world.hand().move(old, "contacts")
    world.settle()
    assert world.reason(old) == "excluded (copy)"
    world.hand().delete(old)
    world.settle()
    assert (world.link(ann).remote_id, world.link(ann).state) == (new.id, "live")


def test_made_anew_and_thrown_away_before_it_is_listed(memory: Memory) -> None:
    """No listing ever shows the new item, nor that it went: it is missed all the same (P2, P9)."""
    world, servers = memory
    ann = in_step(world)
    throw(world)
    assert ways(world, ann) == [Way.RECREATE]

    def cut_off_once_it_is_made(call: str, effect: Effect) -> object:
        if call == "changes" and world.items():
            raise MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "Broken", "the line is dead")
        return effect()

    servers[ALICE].meddle = cut_off_once_it_is_made
    world.sync()
    servers[ALICE].meddle = run
    servers[ALICE].delete(world.item().id)
    for _ in range(3):
        world.sync()
        world.pass_time(minutes=11)
    world.settle()
    assert (world.link(ann).state, world.items()) == ("remembered", [])


def test_what_was_tracked_is_tracked_again(world: World) -> None:
    """Its user's act of tracking comes along, and it stays its user's own."""
    world.start()
    world.hand().add({"firstname": "Ann", "categories": ("Golf", "CRM")})
    world.settle()
    (ann,) = world.all_records()
    world.assign(ann, BOB)
    throw(world)
    assert ways(world, ann) == [Way.RECREATE]
    world.settle()
    assert labels(world) == ("CRM",)
    assert (world.link(ann).state, world.link(ann).origin) == ("live", "tracked")


def test_what_its_user_filed_elsewhere_is_theirs_to_bring_back(world: World) -> None:
    """A second item about one person is not made (P3); dragged back, it goes on."""
    ann = in_step(world)
    item = throw(world, world.hand().add_folder("Family"))
    assert ways(world, ann) == [Way.BY_HAND]
    world.settle()
    assert world.items() == []
    world.hand().move(item, "contacts")
    world.settle()
    assert (world.link(ann).state, world.item().id) == ("live", item)


# --- another folder ------------------------------------------------------------------------------


def test_another_folder_is_refused_while_anything_is_in_step(world: World) -> None:
    """The old one is served on, and the run says so; nothing is made twice."""
    ann = in_step(world)
    world.policy(folder="default/CRM")
    world.change(ann, jobtitle="Boss")
    report = world.sync()
    assert (report.outcome, report.folder_stays) == (Outcome.OK, "default")
    assert world.item()["jobtitle"] == "Boss"
    assert world.items("CRM") == []
    world.policy(folder="default")
    world.settle()
    assert world.reports[-1].folder_stays is None


# --- what is asked of the server -----------------------------------------------------------------


def test_an_answer_that_shows_the_item_is_its_read_back(memory: Memory) -> None:
    """Only the others are read."""
    world, servers = memory
    world.start()
    _, record = world.new_many([{"firstname": "Ann"}, {"firstname": "Bea", "lastname": "Lee"}])
    world.sync()
    assert world.counts["read"] == 1
    bea = world.item_of(record)
    world.change(record, jobtitle="Boss", department="Sales")
    world.sync()
    assert world.counts["read"] == 0
    assert servers[ALICE].things[bea.id].fields["jobtitle"] == "Boss"
    world.settle()


def test_whether_items_can_be_moved_is_asked_once(memory: Memory) -> None:
    """And kept with the mailbox."""
    world, _ = memory
    world.start()
    world.settle()
    assert world.state().moves is False


def test_an_item_is_known_by_its_id_though_its_stamp_was_taken_away(memory: Memory) -> None:
    """What its user throws away is deleted at once, and not missing for ten minutes."""
    world, servers = memory
    ann = in_step(world)
    item = world.item().id
    servers[ALICE].to_trash(item)
    servers[ALICE].set_stamp(item, None)
    world.sync()
    assert world.link(ann).state == "remembered"


def test_a_copy_that_is_edited_as_the_linked_item_is_filed_takes_its_place(world: World) -> None:
    """Both are read at once, and only one of them is what the record has here (P3, P10)."""
    ann = in_step(world)
    item = world.item().id
    copy = world.hand().copy(item)
    world.settle()
    world.hand().move(item, world.hand().add_folder("Old"))
    world.hand().edit(copy, {"jobtitle": "Boss"})
    report = world.sync()
    assert report.outcome is Outcome.OK
    assert [str(each.reason) for each in report.lines] == ["outlook-changed"]
    world.settle()
    assert (world.link(ann).remote_id, world.link(ann).state) == (copy, "live")
    assert world.crm(ann)["jobtitle"] == "Boss"


def put_off(server: MemoryServer, after: float | None) -> None:
    """The server puts off the parts of the next batch that creates."""
    usual = server.meddle

    def meddle(call: str, effect: Effect) -> object:
        if call != "create":
            return effect()
        server.meddle = usual
        return [Failure(Sort.THROTTLED, "ApplicationThrottled", "later", after)]

    server.meddle = meddle


def test_a_part_that_was_put_off_makes_the_mailbox_due_then(memory: Memory) -> None:
    """That is no failure, and nobody waits for it in a worker."""
    world, servers = memory
    world.start()
    world.new(firstname="Ann")
    put_off(servers[ALICE], 40)
    report = world.sync()
    assert (report.outcome, report.throttled) == (Outcome.FAILED, True)
    state = world.state()
    assert 35 < (state.due - world.time()).total_seconds() < 45
    assert state.failures == 1  # however often: nothing wakes it before its time
    world.settle()
    assert world.item()["firstname"] == "Ann"


def test_what_was_asked_is_counted_with_its_parts(memory: Memory) -> None:
    """The share of the limit is that of the runs of the last ten minutes."""
    world, _ = memory
    world.start()
    world.execute("update mailbox set backend = 'graph'")
    world.execute("update run set requests = 40, subrequests = 460")
    with database.read(world.engine) as conn:
        shares = [each.used for each in overviews(conn, [ALICE], world.time())]
        assert list(conn.scalars(select(runs.c.subrequests))) == [460]
    assert shares == [0.05]
    world.pass_time(minutes=11)
    with database.read(world.engine) as conn:
        assert [each.used for each in overviews(conn, [ALICE], world.time())] == [0]


# --- leaving -------------------------------------------------------------------------------------


@pytest.mark.parametrize("items", list(Items))
def test_a_mailbox_that_leaves_is_without_a_mark(memory: Memory, items: Items) -> None:
    """Also in Deleted Items, which cannot be looked into, and of what was marked in its place."""
    world, servers = memory
    ids: Sequence[str] = world.new_many([{"firstname": name} for name in ("Ann", "Bea", "Cid")])
    world.settle()
    ann, bea, _ = ids
    world.hand().move(world.item_of(bea).id, TRASH)
    world.set_active(ann, active=False)
    world.settle()
    assert offboard(world.service(), ALICE, items).clean
    things = servers[ALICE].things.values()
    assert [each for each in things if each.stamp or ASIDE in str(each.fields)] == []
    here = {each["firstname"] for each in world.hand().items()}
    assert here == ({"Ann", "Cid"} if items is Items.KEEP else set())
