"""A mailbox moves from one protocol to the other in mid-life: nothing is made twice, nothing goes.

In memory: one mailbox, and two ports to it that give its items other ids.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from syncd.crm import database
from syncd.model.policy import Limits
from syncd.model.values import Value
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Backend, Sensitivity
from syncd.sync.links import is_unknown
from syncd.sync.report import Outcome
from syncd.sync.tables import act, held, link, match_value, observed, operation, question, run
from tests.memory_mailbox import Effect, MemoryMailbox, MemoryServer
from tests.memory_server import run as as_asked
from tests.other_ids import MARK, OtherIds, Translates, here
from tests.sync.tearing import let_go, resumed, watched
from tests.sync.world import ALICE, BOB, Memory, World

CRM = {"categories": ("CRM",)}


def every(_: str) -> bool:
    """All ids are translated."""
    return True


def none(_: str) -> bool:
    """None is."""
    return False


def half(id_: str) -> bool:
    """Every other one is."""
    return int(id_.rpartition("-")[2]) % 2 == 0


TRANSLATED = pytest.mark.parametrize("translates", [every, half, none])


def numbered(count: int) -> list[dict[str, Value]]:
    """So many people."""
    return [
        {"firstname": f"N{n}", "lastname": "Doe", "emailaddress1": f"n{n}@x.test"}
        for n in range(count)
    ]


def to_graph(memory: Memory, translates: Translates = every) -> None:
    """From here on the mailboxes are reached by the other protocol."""
    world, servers = memory
    world.connect = lambda address: OtherIds(servers[address], address, translates)
    world.other_ids = lambda _, item: here(item)


def to_ews(memory: Memory) -> None:
    """And back; what Graph called them says nothing to EWS."""
    world, servers = memory
    world.connect = lambda address: MemoryMailbox(servers[address], address)
    world.other_ids = lambda _, item: item


def ids_kept(world: World) -> set[str]:
    """Every id of an item that is kept somewhere and means something."""
    with database.read(world.engine) as conn:
        columns = (
            link.c.remote_id, observed.c.remote_id, match_value.c.remote_id, act.c.remote_id,
            operation.c.remote_id,
        )  # fmt: skip
        found = {each for column in columns for each in conn.scalars(select(column)) if each}
        subjects = {
            each
            for column in (held.c.subject, question.c.subject)
            for each in conn.scalars(select(column))
            if each.startswith(("item-", MARK))
        }
    return {each for each in found | subjects if not is_unknown(each)}


def failing(on: str, error: MailboxError) -> Callable[[str, Effect], object]:
    """Make a server fail at one call."""

    def meddle(call: str, effect: Effect) -> object:
        if call == on:
            raise error
        return as_asked(call, effect)

    return meddle


def moved(world: World) -> list[str]:
    """The causes of the runs that were moves."""
    with database.read(world.engine) as conn:
        query = select(run.c.cause).where(run.c.cause.like("moved%")).order_by(run.c.started)
        return list(conn.scalars(query))


def untouched(memory: Memory) -> Callable[[], None]:
    """A promise that nothing is written into the mailboxes, nor into the CRM."""
    world, servers = memory
    items = {each: dict(server.things) for each, server in servers.items()}
    crm = {i: (r.record, r.version) for i, r in world.all_records().items()}
    links = {(each.mailbox_id, each.crm_id, each.origin, each.state) for each in world.links()}

    def check() -> None:
        assert {each: dict(server.things) for each, server in servers.items()} == items
        assert {i: (r.record, r.version) for i, r in world.all_records().items()} == crm
        now = {(each.mailbox_id, each.crm_id, each.origin, each.state) for each in world.links()}
        assert now == links

    return check


@TRANSLATED
def test_a_mailbox_that_moves_keeps_every_link(memory: Memory, translates: Translates) -> None:
    """There and back: nothing is written on either side, and then it is quiet (P3, P4, P5)."""
    world, _ = memory
    world.new_many(numbered(30))
    world.hand().add({"firstname": "Own"})
    world.hand().add({"firstname": "Hidden"}, sensitivity=Sensitivity.PRIVATE)
    world.start()
    world.hand().copy(world.items()[0].id)
    world.settle()
    check = untouched(memory)
    to_graph(memory, translates)
    assert world.sync().outcome is Outcome.OK
    assert world.state().backend is Backend.GRAPH
    assert world.writes == 0
    assert all(each.remote_id.startswith(MARK) for each in world.links())
    check()
    world.quiet()
    to_ews(memory)
    world.settle()
    assert world.state().backend is Backend.EWS
    check()
    world.accounted()
    assert moved(world) == ["moved-to-graph", "moved-to-ews"]


@TRANSLATED
def test_edits_on_either_side_since_the_last_sync_travel_after_the_move(
    memory: Memory, translates: Translates
) -> None:
    """What was not synced yet when the mailbox moved is merged as ever."""
    world, _ = memory
    ids = world.new_many(numbered(4))
    world.settle()
    world.hand().edit(world.item_of(ids[0]).id, {"jobtitle": "Boss"})
    world.change(ids[1], jobtitle="CEO")
    world.hand().edit(world.item_of(ids[2]).id, {"jobtitle": "Boss"})
    world.change(ids[2], department="Sales")
    gone = world.item_of(ids[3]).id
    world.hand().delete(gone)
    new = world.new(firstname="New")
    to_graph(memory, translates)
    world.sync()
    assert world.crm(ids[0])["jobtitle"] == "Boss"
    items = {str(each["firstname"]): each for each in world.items()}
    assert items["N1"]["jobtitle"] == "CEO"
    assert (world.crm(ids[2])["jobtitle"], items["N2"]["department"]) == ("Boss", "Sales")
    assert "New" in items
    assert world.link(ids[3]).state == "live"  # missing, and not believed at once (P5)
    world.pass_time(minutes=11)
    world.sync()
    assert world.link(ids[3]).state == "remembered"
    assert world.record(ids[3]).statecode == "active"
    assert world.link(new).remote_id.startswith(MARK)
    assert len(world.items()) == 4


@TRANSLATED
def test_what_was_held_and_approved_stays_so(memory: Memory, translates: Translates) -> None:
    """A person's word outlives the move; what was not approved goes on waiting (P8)."""
    world, _ = memory
    world.policy(limits=Limits(2, 2, 0.1, 2, 99, emptied=99))
    world.settle()
    for each in numbered(4):
        world.hand().add({**each, **CRM})
    world.sync()
    assert not world.all_records()
    with database.read(world.engine) as conn:
        assert len(conn.execute(select(held)).all()) == 4
    world.approve()
    to_graph(memory, translates)
    world.sync()
    assert len(world.all_records()) == 4
    world.settle()


@TRANSLATED
def test_what_was_said_of_an_item_stays_said(memory: Memory, translates: Translates) -> None:
    """An answer "never" about an item that its user tracks: it is not asked again."""
    world, _ = memory
    world.settle()
    item = world.hand().add({"firstname": "Ann", **CRM})
    world.sync()
    world.forget_links()
    with database.write(world.engine) as conn:
        conn.execute(
            question.insert().values(
                mailbox_id=world.mailbox_id(ALICE), kind="contact", subject=item, reason="held",
                candidates=[], asked_at=world.time(), answer="never", answered_at=world.time(),
            )
        )  # fmt: skip
    world.sync()
    to_graph(memory, translates)
    world.settle()
    with database.read(world.engine) as conn:
        (kept,) = conn.execute(select(question)).all()
    assert (kept.subject, kept.answer) == (MARK + item, "never")


@TRANSLATED
@pytest.mark.parametrize("answered", ["done", "lost"])
def test_a_write_in_doubt_at_the_time_of_the_move_is_settled_after_it(
    memory: Memory, translates: Translates, answered: str
) -> None:
    """Sought by its key in a full listing: what was created is there once (P3)."""
    world, servers = memory
    old = world.new(firstname="Old", emailaddress1="old@x.test")
    world.settle()

    def unanswered(call: str, effect: Effect) -> object:
        if call not in ("create", "update"):
            return as_asked(call, effect)
        if answered == "done":
            effect()
        raise MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "the server did not answer")

    new = world.new(firstname="New", emailaddress1="new@x.test")
    servers[ALICE].meddle = unanswered
    world.sync()
    servers[ALICE].meddle = as_asked
    to_graph(memory, translates)
    world.sync()
    world.pass_time(minutes=3)
    world.change(old, jobtitle="CEO")
    world.settle()
    assert sorted(str(each["firstname"]) for each in world.items()) == ["New", "Old"]
    assert world.link(new).remote_id.startswith(MARK)


@TRANSLATED
def test_what_rests_goes_on_resting_and_comes_back(memory: Memory, translates: Translates) -> None:
    """Released into the archive, thrown away, its record gone: all as it was, and then undone."""
    world, _ = memory
    world.policy(limits=Limits(99, 99, 1.0, 99, 999))
    ids = world.new_many(numbered(3))
    world.start()
    world.hand().add({"firstname": "Own", **CRM})
    world.settle()
    (own,) = (i for i, r in world.all_records().items() if r.record.fields["firstname"] == "Own")
    world.set_active(ids[0], active=False)
    world.remove(own)
    world.hand().move(world.item_of(ids[1]).id, "deleteditems")
    world.settle()
    states = {each.crm_id: each.state for each in world.links()}
    assert sorted(states.values()) == ["live", "orphaned", "released", "remembered"]
    check = untouched(memory)
    to_graph(memory, translates)
    world.settle()
    check()
    world.set_active(ids[0], active=True)
    world.settle()
    assert world.link(ids[0]).state == "live"
    assert not world.items("Former CRM contacts")
    assert sorted(str(each["firstname"]) for each in world.items()) == ["N0", "N2", "Own"]


@TRANSLATED
def test_items_on_their_way_to_another_folder_come_along(
    memory: Memory, translates: Translates
) -> None:
    """The folder before this one is known again though its name is not kept."""
    world, servers = memory
    ids = world.new_many(numbered(6))
    world.settle()
    world.policy(folder="default/Customers")
    refused = MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "Busy", "not now")
    servers[ALICE].meddle = failing("move", refused)
    assert world.sync().outcome is Outcome.FAILED
    assert len(world.items()) == 6
    to_graph(memory, translates)
    assert world.sync().outcome is Outcome.FAILED
    assert {world.link(each).state for each in ids} == {"live"}
    servers[ALICE].meddle = as_asked
    world.pass_time(minutes=11)
    world.sync()
    world.sync()
    assert len(world.items("Customers")) == 6
    assert not world.items()
    assert {world.link(each).state for each in ids} == {"live"}
    assert not servers[ALICE].counts["create"] > 1


def test_a_copy_is_not_taken_for_the_original(memory: Memory) -> None:
    """Both bear the stamp, and neither is translated: the link's version says which it is."""
    world, _ = memory
    ann = world.new(firstname="Ann")
    world.settle()
    copy = world.hand().copy(world.item().id)
    world.hand().edit(copy, {"firstname": "Copy"})
    world.settle()
    original = world.link(ann).remote_id
    to_graph(memory, none)
    world.settle()
    assert world.link(ann).remote_id == MARK + original
    assert world.crm(ann)["firstname"] == "Ann"


@pytest.mark.parametrize(
    ("sort", "scope", "outcomes"),
    [
        (Sort.DENIED, Scope.MAILBOX, ["ok"]),  # the permission is not asked for: by the stamps
        (Sort.INVALID, Scope.MAILBOX, ["ok"]),
        (Sort.TRANSIENT, Scope.MAILBOX, ["failed", "failed", "ok"]),
        (Sort.THROTTLED, Scope.MAILBOX, ["failed"] * 4),
        (Sort.TRANSIENT, Scope.SERVER, ["failed"] * 4),
    ],
)
def test_a_translation_that_fails(
    memory: Memory, sort: Sort, scope: Scope, outcomes: list[str]
) -> None:
    """Refused, or failing time and again, it is done without; an outage is waited for."""
    world, servers = memory
    world.new_many(numbered(5))
    world.settle()
    check = untouched(memory)
    servers[ALICE].meddle = failing("translate", MailboxError(sort, scope, "Broken", "it fails"))
    to_graph(memory)
    for outcome in outcomes:
        before = world.rows()
        assert world.sync().outcome == outcome
        assert outcome == "ok" or world.rows() == before
        check()


def test_a_folder_that_is_not_there_moves_nothing(memory: Memory) -> None:
    """The mailbox of that name on the other server may be another one: nothing is concluded."""
    world, servers = memory
    world.policy(folder="default/Customers")
    world.new_many(numbered(3))
    world.start()
    world.settle()
    rows = world.rows()
    empty = MemoryServer(world.stored.kind, world.time)
    world.connect = lambda address: OtherIds(empty, address)
    assert world.sync().outcome is Outcome.FAILED
    assert (world.rows(), world.state().backend) == (rows, Backend.EWS)
    to_graph(memory)
    world.settle()
    assert servers[ALICE].counts["create"] == 1


def test_an_empty_mailbox_of_that_name_deletes_nothing_at_once(memory: Memory) -> None:
    """Nothing of it is found: missing, twice looked for, and held by the breaker (P5, P8)."""
    world, _ = memory
    world.new_many(numbered(30))
    world.settle()
    empty = MemoryServer(world.stored.kind, world.time)
    world.connect = lambda address: OtherIds(empty, address)
    world.sync()
    assert {each.state for each in world.links()} == {"live"}
    world.pass_time(minutes=11)
    world.sync()
    assert {each.state for each in world.links()} == {"live"}
    assert not empty.things
    assert len(world.all_records()) == 30
    to_ews(memory)
    world.sync()
    world.pass_time(minutes=11)
    world.settle()
    assert {each.state for each in world.links()} == {"live"}


def test_nothing_that_is_kept_goes_by_an_old_id(memory: Memory) -> None:
    """Every column that holds the id of an item, the whole journal among them."""
    world, _ = memory
    world.policy(limits=Limits(99, 99, 1.0, 99, 999))
    ids = world.new_many(numbered(5))
    own = world.hand().add({"firstname": "Own"})
    world.settle()
    world.change(ids[0], jobtitle="CEO")
    with database.write(world.engine) as conn:
        conn.execute(
            act.insert().values(
                mailbox_id=world.mailbox_id(ALICE), kind="contact", remote_id=own, crm_id=None,
                tracked=False, at=world.time(),
            )
        )  # fmt: skip
    world.settle()
    to_graph(memory)
    world.settle()
    assert all(each.startswith(MARK) for each in ids_kept(world))


@TRANSLATED
def test_a_move_that_is_torn_anywhere_is_made_in_the_end(
    memory: Memory, branches: Callable[[Memory], Memory], translates: Translates
) -> None:
    """Cut at each of its moments, and resumed: the same links, and nothing written (P10)."""
    world, servers = memory
    ids = world.new_many(numbered(4))
    world.settle()
    world.change(ids[0], jobtitle="CEO")
    torn: list[Memory] = []
    to_graph(memory, translates)
    with watched(servers, lambda _: torn.append(let_go(branches(memory)))):
        world.sync()
    assert len(torn) > 2
    for each in torn:
        to_graph(each, translates)
        resumed(each[0], [ALICE])
        assert len(each[0].items()) == 4
        assert {row.state for row in each[0].links()} == {"live"}
        assert all(row.remote_id.startswith(MARK) for row in each[0].links())
        assert each[1][ALICE].counts["create"] == 1


def test_the_other_mailbox_stays_where_it_is(memory: Memory) -> None:
    """Each mailbox moves by itself; two that share a record go on sharing it."""
    world, servers = memory
    world.filter = "statecode eq 'active'"
    ids = world.new_many(numbered(3))
    world.settle(ALICE, BOB)
    world.connect = lambda address: (
        OtherIds(servers[address], address)
        if address == ALICE
        else MemoryMailbox(servers[address], address)
    )
    world.other_ids = lambda address, item: here(item) if address == ALICE else item
    world.settle(ALICE, BOB)
    world.hand().edit(world.link(ids[0]).remote_id.removeprefix(MARK), {"jobtitle": "Boss"})
    world.sync(ALICE)
    world.sync(BOB)
    assert world.item_of(ids[0], BOB)["jobtitle"] == "Boss"
    assert (world.state(ALICE).backend, world.state(BOB).backend) == (Backend.GRAPH, Backend.EWS)
