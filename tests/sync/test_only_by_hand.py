"""What lies in another folder where nothing can be moved: it waits for its user, made once (P3)."""

from __future__ import annotations

import pytest

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.reconcile.reasons import Reason
from syncd.sync import guard
from syncd.sync.bringing_back import Way
from syncd.sync.offboard import Items, offboard
from syncd.sync.overview import overviews, waiting
from syncd.sync.report import Outcome
from syncd.sync.run import Mode
from tests.memory_server import run as as_asked
from tests.other_ids import Translates
from tests.sync.asking import asked, told
from tests.sync.changing_over import TRANSLATED, every, failing, numbered, to_ews, to_graph
from tests.sync.test_bringing_back import restore
from tests.sync.world import ALICE
from tests.sync.worlds import Memory

ASIDE, TRASH, WAITS = "Former CRM contacts", "deleteditems", "waiting (only-by-hand)"


def put_aside(memory: Memory, translates: Translates = every) -> tuple[str, str]:
    """Ann, put aside over EWS and wanted back over Graph: her record, and her item."""
    world, _ = memory
    ann = world.new(firstname="Ann", lastname="Lee", emailaddress1="ann@example.test")
    world.settle()
    world.set_active(ann, active=False)
    world.settle()
    item = world.item(ASIDE).id
    to_graph(memory, translates)
    world.settle()
    world.set_active(ann, active=True)
    world.settle()  # two rounds, then nothing is asked but what is new, and nothing is written
    return ann, item


def on_their_way(memory: Memory, count: int = 2) -> list[str]:
    """People of whom another folder was named, just before nothing could be moved any more."""
    world, servers = memory
    ids = world.new_many(numbered(count))
    world.settle()
    world.policy(folder="default/Customers")
    refused = MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "Busy", "not now")
    servers[ALICE].meddle = failing("move", refused)
    assert world.sync().outcome is Outcome.FAILED
    to_graph(memory)
    servers[ALICE].meddle = as_asked
    for _ in range(2):
        world.sync()
        world.pass_time(minutes=11)
    return ids


@TRANSLATED
def test_what_was_put_aside_over_ews_is_not_made_twice(
    memory: Memory, translates: Translates
) -> None:
    """It waits, and is quiet; dragged back it is live, with what both sides edited meanwhile."""
    world, servers = memory
    ann, item = put_aside(memory, translates)
    assert (world.items(), [each.id for each in world.items(ASIDE)]) == ([], [item])
    assert (world.noticed(ann), world.link(ann).state) == (WAITS, "released")
    world.change(ann, jobtitle="Boss")
    world.hand().edit(item, {"department": "Sales"})
    world.settle()
    assert (world.noticed(ann), servers[ALICE].counts["create"]) == (WAITS, 1)
    world.hand().move(item, "contacts")
    world.settle()
    assert (world.item().id, world.items(ASIDE)) == (item, [])
    assert (world.item()["jobtitle"], world.crm(ann)["department"]) == ("Boss", "Sales")
    assert (world.noticed(ann), world.link(ann).state) == ("", "live")
    assert servers[ALICE].counts["create"] == 1


@pytest.mark.parametrize(
    ("away", "state", "here"), [(TRASH, "live", 1), ("gone", "live", 1), ("Mine", "remembered", 0)]
)
def test_what_its_user_does_with_it_there_is_seen_within_the_hour(
    memory: Memory, away: str, state: str, here: int
) -> None:
    """Tidied up, it is made anew; filed elsewhere, it is left where it is."""
    world, _ = memory
    ann, item = put_aside(memory)
    if away == "gone":
        world.hand().delete(item)
    else:
        world.hand().move(item, TRASH if away == TRASH else world.hand().add_folder(away))
    world.settle()
    assert world.noticed(ann) == WAITS
    world.pass_time(minutes=61)
    world.sync()
    world.pass_time(minutes=11)
    world.settle()
    assert (world.link(ann).state, len(world.items())) == (state, here)


def test_it_stops_waiting_when_it_is_not_wanted_any_more(memory: Memory) -> None:
    """Out of scope again, it rests where it is."""
    world, _ = memory
    ann, item = put_aside(memory)
    world.set_active(ann, active=False)
    world.settle()
    assert (world.noticed(ann), world.link(ann).state) == ("", "released")
    assert world.item(ASIDE).id == item


def test_where_it_can_be_moved_again_it_is(memory: Memory) -> None:
    """The mailbox is back on EWS: nobody has to wait for an hour to pass."""
    world, servers = memory
    ann, _ = put_aside(memory)
    to_ews(memory)
    world.settle()
    assert (world.link(ann).state, world.items(ASIDE)) == ("live", [])
    assert world.item()["firstname"] == "Ann"
    assert servers[ALICE].counts["create"] == 1


def test_items_in_the_folder_before_this_one_wait_for_their_user(memory: Memory) -> None:
    """Edits travel once it is dragged; what its user throws away there is thrown away."""
    world, servers = memory
    ann, bea = on_their_way(memory)
    items = {each: world.item_of(each).id for each in (ann, bea)}
    assert {world.reason(world.link(each).remote_id) for each in items} == {WAITS}
    world.quiet()
    world.change(ann, jobtitle="Boss")
    world.hand().edit(items[ann], {"department": "Sales"})
    world.sync()
    world.quiet()
    world.hand().move(items[ann], servers[ALICE].named("Customers"))
    world.hand().move(items[bea], TRASH)
    world.sync()
    world.pass_time(minutes=61)
    world.sync()
    (there,) = world.items("Customers")
    assert (there.id, there["jobtitle"]) == (items[ann], "Boss")
    assert world.crm(ann)["department"] == "Sales"
    assert (world.link(ann).state, world.link(bea).state) == ("live", "remembered")
    assert (world.items(), servers[ALICE].counts["create"]) == ([], 1)
    world.quiet()


def test_it_is_told_to_whoever_asks(memory: Memory) -> None:
    """In the run, the plan, the status, the list of what waits, and the explanation."""
    world, _ = memory
    ann, item = put_aside(memory)
    report = world.sync()
    assert (report.outcome, report.only_by_hand) == (Outcome.STOPPED, 1)
    plan = world.sync(mode=Mode.PLAN)
    assert [(each.name, each.reason) for each in plan.lines] == [("Ann Lee", Reason.ONLY_BY_HAND)]
    with database.read(world.engine) as conn:
        (overview,) = overviews(conn, [ALICE], world.time())
        (found,) = waiting(conn, world.state())
    assert overview.waits == {Reason.ONLY_BY_HAND: 1}
    assert (found.name, found.reason) == ("Ann Lee", Reason.ONLY_BY_HAND)
    said = told(asked(world, ann))
    assert said.startswith("Ann Lee is not kept up to date in the Outlook of")
    assert "only its user can bring it back" in said
    assert f"It was put aside into the folder {ASIDE}." in said
    assert "It waits for a person. In Outlook, drag it into the folder" in said
    world.hand().move(item, "contacts")
    world.settle()
    assert world.reports[-1].only_by_hand == 0


def test_nobody_else_does_anything_to_it(memory: Memory) -> None:
    """There is nothing to discard, nor to let go, nor was anything thrown away."""
    world, servers = memory
    ann, item = put_aside(memory)
    assert [each.way for each in restore(world, ann)] == [Way.NOT_THROWN]
    assert world.approve() == 0
    with database.write(world.engine) as conn:
        assert guard.discard_held(conn, world.mailbox_id(ALICE), world.time()) == 0
    world.settle()
    assert (world.noticed(ann), world.item(ASIDE).id) == (WAITS, item)
    assert servers[ALICE].counts["create"] == 1


@pytest.mark.parametrize("discarded", [False, True])
def test_what_was_held_before_is_held_no_more(memory: Memory, *, discarded: bool) -> None:
    """Its user emptied it where it was put aside: over Graph it is not to come back by itself."""
    world, servers = memory
    fields = dict.fromkeys(("jobtitle", "department", "managername", "assistantname"), "x")
    ann = world.new(firstname="Ann", **fields)
    world.settle()
    world.set_active(ann, active=False)
    world.settle()
    item = world.item(ASIDE).id
    world.hand().edit(item, dict.fromkeys(fields))
    world.set_active(ann, active=True)
    world.settle()
    with database.write(world.engine) as conn:
        assert [each.reason for each in waiting(conn, world.state())] == [Reason.HELD]
        if discarded:
            assert guard.discard_held(conn, world.mailbox_id(ALICE), world.time())
    to_graph(memory)
    world.pass_time(minutes=61)
    world.settle()
    with database.read(world.engine) as conn:
        assert [each.reason for each in waiting(conn, world.state())] == [Reason.ONLY_BY_HAND]
    assert (world.item(ASIDE).id, servers[ALICE].counts["create"]) == (item, 1)


@pytest.mark.parametrize("items", list(Items))
def test_a_mailbox_that_leaves_takes_its_mark_off_it(memory: Memory, items: Items) -> None:
    """What waits in the folder for what left scope, like everything else of ours."""
    world, servers = memory
    put_aside(memory)
    assert offboard(world.service(), ALICE, items).clean
    assert [each for each in servers[ALICE].things.values() if each.stamp] == []
    assert len(world.items(ASIDE)) == (1 if items is Items.KEEP else 0)
