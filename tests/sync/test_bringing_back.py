"""What users threw away comes back when it is asked for, wherever it is, and only once (P3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, event, select

from syncd.crm import database
from syncd.model.policy import Limits
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Sensitivity
from syncd.sync import mailboxes
from syncd.sync.bringing_back import Brought, Thrown, Way, bring_back, thrown_away
from syncd.sync.report import Outcome, RunReport
from syncd.sync.session import Session
from syncd.sync.tables import remembered_value
from tests.memory_mailbox import Effect, run
from tests.sync.tearing import let_go, resumed, watched
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

TRASH = "deleteditems"


@pytest.fixture
def world(memory: Memory) -> World:
    """Laws of rules are proved in memory."""
    return memory[0]


def trash(world: World) -> None:
    """Into Deleted Items."""
    world.hand().move(world.item().id, TRASH)


def file(world: World) -> None:
    """Into a folder of one's own."""
    world.hand().move(world.item().id, world.hand().add_folder("Old"))


def destroy(world: World) -> None:
    """Removed for good."""
    world.hand().delete(world.item().id)
    world.sync()
    world.pass_time(minutes=20)


AWAY: dict[str, Callable[[World], None]] = {"trash": trash, "filed": file, "destroyed": destroy}


def thrown(world: World, away: str = "trash") -> str:
    """Ann, whom Alice threw away; her record."""
    record = world.new(firstname="Ann", lastname="Lee", emailaddress1="ann@example.test")
    world.start()
    world.settle()
    AWAY[away](world)
    world.settle()
    assert world.link(record).state == "remembered"
    assert world.items() == []
    return record


def listed(world: World) -> list[Thrown]:
    """What is listed as thrown away."""
    with database.read(world.engine) as conn:
        return thrown_away(conn, [world.mailbox_id(ALICE)])


def restore(world: World, *records: str) -> list[Brought]:
    """The admin brings these back."""
    brought: list[Brought] = []

    def act(session: Session, *, report: RunReport) -> None:
        brought.extend(bring_back(session, records))
        report.outcome = Outcome.OK

    report = world.service().visit(ALICE, "restore", act)
    if report.error:
        raise mailboxes.MailboxProblem(report.error, report.todo or "")
    return brought


def ways(world: World, *records: str) -> list[Way]:
    """What came of each."""
    return [each.way for each in restore(world, *records)]


@pytest.mark.parametrize(
    ("away", "way"), [("trash", Way.MOVED), ("filed", Way.MOVED), ("destroyed", Way.CREATE)]
)
def test_it_comes_back_from_where_it_is(world: World, away: str, way: Way) -> None:
    """Moved with what its user had in it; or created, where it is nowhere. Then in step again."""
    record = thrown(world, away)
    world.change(record, jobtitle="Boss")
    assert [(each.crm_id, each.name, each.deleted) for each in listed(world)] == [
        (record, "Ann Lee", False)
    ]
    if way is Way.CREATE:
        assert ways(world, record) == [Way.LOOK_AGAIN]
        world.pass_time(minutes=11)
    assert ways(world, record) == [way]
    world.settle()
    assert world.item()["jobtitle"] == "Boss"
    assert world.items(TRASH) == []
    assert world.link(record).state == "live"
    assert listed(world) == []
    assert ways(world, record) == [Way.THERE]


def unseen(call: str, effect: Effect) -> object:
    """An index that lags: a search finds nothing."""
    return [] if call == "find" else run(call, effect)


def test_a_search_that_lags_makes_nobody_twice(memory: Memory) -> None:
    """P3: one look that finds nothing concludes nothing; what is known of it is kept."""
    world, servers = memory
    record = thrown(world)
    servers[ALICE].meddle = unseen
    for minutes in (0, 5):
        world.pass_time(minutes=minutes)
        assert ways(world, record) == [Way.LOOK_AGAIN]
    world.settle()
    assert world.link(record).state == "remembered"
    assert world.items() == []
    servers[ALICE].meddle = run
    world.pass_time(minutes=11)
    assert ways(world, record) == [Way.MOVED]
    world.settle()
    assert world.link(record).state == "live"
    assert world.items(TRASH) == []


def test_a_look_from_before_it_was_thrown_away_again_is_none(memory: Memory) -> None:
    """P3: both looks are for the item as it was thrown away last."""
    world, servers = memory
    record = thrown(world)
    servers[ALICE].meddle = unseen
    assert ways(world, record) == [Way.LOOK_AGAIN]
    servers[ALICE].meddle = run
    assert ways(world, record) == [Way.MOVED]
    world.settle()
    world.pass_time(minutes=20)
    trash(world)
    world.settle()
    servers[ALICE].meddle = unseen
    assert ways(world, record) == [Way.LOOK_AGAIN]


@pytest.mark.parametrize("many", [2, 4])
def test_what_is_thrown_away_together_is_written_down_together(world: World, many: int) -> None:
    """However many they are, it takes the same two statements; each is known by itself."""
    world.policy(limits=Limits(most=999, some=999, few=999, daily=999))
    ids = world.new_many([{"emailaddress1": f"n{n}@example.test"} for n in range(many)])
    world.settle()
    for each in world.items():
        world.hand().move(each.id, TRASH)
    written: list[str] = []

    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        if statement.startswith("INSERT INTO remembered"):
            written.append(statement.split()[2])

    event.listen(world.engine, "before_cursor_execute", note)
    world.sync()
    event.remove(world.engine, "before_cursor_execute", note)
    assert written == ["remembered", "remembered_value"]
    assert {each.crm_id for each in listed(world)} == set(ids)
    with database.read(world.engine) as conn:
        assert len(set(conn.scalars(select(remembered_value.c.remembered_id)))) == many


def test_it_comes_back_without_the_links(world: World) -> None:
    """P3: after the link table was lost, too: the stamp finds it."""
    record = thrown(world)
    world.execute("delete from link")
    assert ways(world, record) == [Way.MOVED]
    world.settle()
    assert world.link(record).state == "live"
    assert len(world.items()) == 1
    assert listed(world) == []


def test_who_was_entered_anew_is_brought_back_by_the_new_record(world: World) -> None:
    """Known again by hashes alone: to bring back the new one forgets the old one."""
    old = thrown(world)
    world.remove(old)
    world.sync()
    new = world.new(firstname="Ann", lastname="Lee", emailaddress1="ann@example.test")
    world.settle()
    assert world.items() == []
    assert listed(world)[0].deleted
    assert ways(world, old, new) == [Way.GONE, Way.CREATE]
    world.settle()
    assert world.item()["firstname"] == "Ann"
    assert world.link(new).state == "live"


def test_what_is_not_to_be_brought_back_says_so(world: World) -> None:
    """No-ops, and what does not belong here: nothing is touched."""
    record = thrown(world)
    never = world.new(BOB, firstname="Bea")
    world.assign(record, BOB)
    world.settle()
    assert ways(world, record, never, "nobody") == [Way.OUTSIDE, Way.NOT_THROWN, Way.GONE]
    assert len(world.items(TRASH)) == 1


def test_a_private_item_stays_where_it_is(world: World) -> None:
    """P7."""
    record = thrown(world)
    (item,) = world.items(TRASH)
    world.hand().mark(item.id, Sensitivity.PRIVATE)
    assert ways(world, record) == [Way.PRIVATE]
    assert world.items() == []


@pytest.mark.parametrize("done", [True, False])
def test_an_answer_that_is_lost_leaves_the_old_state_or_the_new(
    memory: Memory, *, done: bool
) -> None:
    """P3, P10: the move was carried out, or not; the next runs find out, and it can be repeated."""
    world, servers = memory
    record = thrown(world)

    def lose(call: str, effect: Effect) -> object:
        if call != "move":
            return run(call, effect)
        if done:
            run(call, effect)
        raise MailboxError(Sort.IN_DOUBT, Scope.ITEM, "Timeout", "no answer")

    servers[ALICE].meddle = lose
    with pytest.raises(mailboxes.MailboxProblem):
        restore(world, record)
    servers[ALICE].meddle = run
    world.sync()
    world.pass_time(minutes=5)
    world.settle()
    assert world.link(record).state == ("live" if done else "remembered")
    assert len(world.items()) + len(world.items(TRASH)) == 1
    assert ways(world, record) == [Way.THERE if done else Way.MOVED]
    world.settle()
    assert world.link(record).state == "live"
    assert len(world.items()) == 1


def test_a_mailbox_that_was_never_synced_has_nothing(world: World) -> None:
    """It says so, and what to type."""
    with pytest.raises(mailboxes.MailboxProblem, match="never synced"):
        restore(world, world.new(firstname="Ann"))


@pytest.mark.parametrize("away", ["trash", "destroyed"])
def test_at_any_moment(memory: Memory, branches: Callable[[Memory], Memory], away: str) -> None:
    """Cut off anywhere, it is as it was or it is done (P3, P10); and it can be typed again."""
    world, servers = memory
    record = thrown(world, away)
    if away == "destroyed":
        assert ways(world, record) == [Way.LOOK_AGAIN]
        world.pass_time(minutes=11)
    twins: list[Memory] = []
    with watched(servers, lambda _: twins.append(let_go(branches(memory)))):
        restore(world, record)
    assert twins
    for twin, _ in twins:
        resumed(twin, [ALICE])
        done = twin.link(record) is not None and twin.link(record).state == "live"
        assert len(twin.items()) == done
        assert bool(listed(twin)) != done
        if not done:
            restore(twin, record)
            twin.pass_time(minutes=11)
            restore(twin, record)
            twin.settle()
        assert twin.item()["firstname"] == "Ann"
        assert len(twin.items()) + len(twin.items(TRASH)) == 1
