"""What waits, rests or is in doubt when a mailbox moves to another protocol goes on as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from sqlalchemy import select

from syncd.crm import database
from syncd.model.policy import Limits, OutlookDelete
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Backend
from syncd.sync.report import Outcome
from syncd.sync.tables import held, question
from tests.memory_mailbox import Effect, MemoryServer
from tests.memory_server import run as as_asked
from tests.other_ids import MARK, OtherIds, Translates, here
from tests.sync.changing_over import (
    CRM,
    TRANSLATED,
    failing,
    none,
    numbered,
    to_ews,
    to_graph,
    untouched,
)
from tests.sync.tearing import let_go, resumed, watched
from tests.sync.world import ALICE
from tests.sync.worlds import Memory


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
    """Put aside, thrown away, its record gone: all as it was; what was aside is dragged back."""
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
    world.hand().move(world.item("Former CRM contacts").id, "contacts")
    world.settle()
    assert world.link(ids[0]).state == "live"
    assert sorted(str(each["firstname"]) for each in world.items()) == ["N0", "N2", "Own"]


@TRANSLATED
def test_items_on_their_way_to_another_folder_come_along(
    memory: Memory, translates: Translates
) -> None:
    """The folder before this one is known again though its name is not kept.

    As long as nothing can be moved they wait where they are, in step with nobody and not lost.
    """
    world, servers = memory
    ids = world.new_many(numbered(6))
    world.settle()
    world.policy(folder="default/Customers")
    refused = MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "Busy", "not now")
    servers[ALICE].meddle = failing("move", refused)
    assert world.sync().outcome is Outcome.FAILED
    assert len(world.items()) == 6
    to_graph(memory, translates)
    servers[ALICE].meddle = as_asked
    world.sync()
    world.pass_time(minutes=11)
    world.sync()
    assert {world.link(each).state for each in ids} == {"live"}
    assert len(world.items()) == 6
    to_ews(memory)
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


def test_a_folder_that_was_renamed_meanwhile_is_the_same_folder(memory: Memory) -> None:
    """Its id is translated, too; another one that got its name is not taken for it."""
    world, servers = memory
    world.policy(folder="default/Customers")
    ids = world.new_many(numbered(3))
    world.start()
    world.settle()
    server = servers[ALICE]
    server.folder(server.named("Customers")).name = "Clients"
    world.hand().add_folder("Customers")
    to_graph(memory)
    world.settle()
    assert {world.link(each).state for each in ids} == {"live"}
    assert (len(world.items("Clients")), len(world.items("Customers"))) == (3, 0)
    assert server.counts["create"] == 1


class _Unlooking(OtherIds):
    """A port that translates an id without a look at whether there is such an item."""

    def translate(self, ids: Sequence[str], written_by: Backend) -> Mapping[str, str]:
        """Each of them."""
        del written_by
        return {each: here(each) for each in ids}


@pytest.mark.parametrize("count", [1, 2, 30])
def test_another_mailbox_of_that_name_is_not_served(memory: Memory, count: int) -> None:
    """A user of the office may have an empty one in the cloud (P1, P5).

    However few are missing, and though a deletion in Outlook deletes the record. An id may be
    translated without a look.
    """
    world, _ = memory
    world.policy(on_outlook_delete=OutlookDelete.DELETE_IF_OWNER)
    world.new_many(numbered(count))
    world.settle()
    rows = world.rows()
    empty = MemoryServer(world.stored.kind, world.time)
    world.connect = lambda address: _Unlooking(empty, address)
    world.new(firstname="New")
    for _ in range(3):
        report = world.sync()
        assert report.outcome is Outcome.FAILED
        assert "users remove" in (report.error or "")
        world.resume()
        world.pass_time(minutes=11)
    assert not empty.things
    assert world.rows() == rows
    assert len(world.all_records()) == count + 1
    to_ews(memory)
    world.settle()
    assert {each.state for each in world.links()} == {"live"}
    assert len(world.items()) == count + 1


@TRANSLATED
def test_a_mailbox_is_known_by_what_its_user_has_in_it(
    memory: Memory, translates: Translates
) -> None:
    """Who deletes all that was in step just before the move is not asked which mailbox it is."""
    world, servers = memory
    world.new_many(numbered(2))
    own = world.hand().add({"firstname": "Own"})
    world.start()
    for each in world.items():
        if each.id != own:
            servers[ALICE].delete(each.id)
    to_graph(memory, translates)
    assert world.sync().outcome is Outcome.OK
    assert world.state().backend is Backend.GRAPH


def test_a_mailbox_of_which_one_item_is_there_is_served(memory: Memory) -> None:
    """The others are missing, twice looked for, and held by the breaker (P5, P8)."""
    world, servers = memory
    world.new_many(numbered(30))
    world.settle()
    for each in world.items()[1:]:
        servers[ALICE].delete(each.id)
    to_graph(memory)
    world.sync()
    world.pass_time(minutes=11)
    assert world.sync().counters["held"] == 29
    assert {each.state for each in world.links()} == {"live"}


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


@TRANSLATED
def test_an_item_that_bears_no_stamp_yet_is_known_by_its_version(
    memory: Memory, translates: Translates
) -> None:
    """Tracked, and cut off between the CRM's write and Outlook's: there is one record (P3)."""
    world, servers = memory
    world.start()

    def cut_off(call: str, effect: Effect) -> object:
        if call == "update":
            raise KeyboardInterrupt
        return as_asked(call, effect)

    own = world.hand().add({"firstname": "Own", **CRM})
    servers[ALICE].meddle = cut_off
    with pytest.raises(KeyboardInterrupt):
        world.sync()
    servers[ALICE].meddle = as_asked
    (record,) = world.all_records()
    to_graph(memory, translates)
    resumed(world, [ALICE])
    assert list(world.all_records()) == [record]
    assert world.link(record).remote_id == here(own)
    assert world.item().stamped
