"""Each sort of finding of `syncd verify`, produced for real; and what puts it right."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, select

from syncd.crm import database
from syncd.model.fields import Direction
from syncd.model.policy import ExitPolicy, ScopeExit
from syncd.outlook.port import Backend, Sensitivity
from syncd.reconcile.claim import Finding
from syncd.sandbox.server import Sandbox
from syncd.sync.tables import observed
from tests.sync.another_day import entered, healed
from tests.sync.relinked import put_back, relinked
from tests.sync.verifying import audit, open_alerts, swallow, verified
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory, memory_world

Ids = dict[str, str]  # of records, by first name


# --- what somebody or something has done, with nothing told of it --------------------------------


def link_lost(world: World, ids: Ids) -> None:
    """A tie is not in the store any more."""
    world.execute(f"delete from link where crm_id = '{ids['Ann']}'")  # noqa: S608 - an id of ours


def never_told_of(world: World, ids: Ids) -> None:
    """Its user adds an item, and that is lost on the way."""
    del ids
    world.hand().add({"firstname": "Aunt", "lastname": "May"})
    swallow(world)


def copied_unseen(world: World, ids: Ids) -> None:
    """Its user copies an item, and that is lost on the way."""
    world.hand().copy(world.item_of(ids["Ann"]).id)
    swallow(world)


def stamped_like(world: World, ids: Ids) -> None:
    """An item of the user's own is given the stamp of another one, and that is lost on the way."""
    mine = world.hand().add({"firstname": "Aunt", "lastname": "May"})
    world.settle()
    with database.read(world.engine) as conn:
        linked = observed.c.remote_id == world.link(ids["Ann"]).remote_id
        stamp = conn.scalar(select(observed.c.stamp_link).where(linked))
    world.hand().set_link(mine, str(stamp))
    swallow(world)


def assigned_past_the_feed(world: World, ids: Ids) -> None:
    """Somebody makes Bob's contact Alice's, by hand in the table."""
    del ids
    world.new(BOB, firstname="Zoe", lastname="Z")
    world.settle(ALICE, BOB)
    world.execute(f"update contact set owner_id = '{world.users[ALICE]}'")  # noqa: S608 - ours


def counted_wrong(world: World, ids: Ids) -> None:
    """The counters say something else than what is there."""
    del ids
    world.execute("""update mailbox_kind set counters = '{"in_step": 7}'""")


# --- what puts it right --------------------------------------------------------------------------


def scopes_are_audited(world: World) -> None:
    """Once a day each mailbox asks for all that belongs in it."""
    world.service().tidy()
    world.sync()


def audited(world: World) -> None:
    """The audit notes it, and the next run decides."""
    audit(world)
    world.sync()


def relinked_by_a_person(world: World) -> None:
    """A person has it found out anew what belongs together."""
    relinked(world)
    world.sync()


class Story(NamedTuple):
    """What happens, what is found, and what puts it right."""

    happens: Callable[[World, Ids], None]
    found: dict[str, int]
    helps: Callable[[World], None]


STORIES = {
    "link lost, daily": Story(
        link_lost, {"record-unaccounted": 1, "item-without-link": 1}, scopes_are_audited
    ),
    "link lost, relinked": Story(
        link_lost, {"record-unaccounted": 1, "item-without-link": 1}, relinked_by_a_person
    ),
    "record": Story(assigned_past_the_feed, {"record-unaccounted": 1}, scopes_are_audited),
    "item": Story(never_told_of, {"item-unaccounted": 1}, relinked_by_a_person),
    "copy": Story(copied_unseen, {"item-unaccounted": 1}, relinked_by_a_person),
    "stamp": Story(stamped_like, {"stamped-twice": 1}, relinked_by_a_person),
    "counters": Story(counted_wrong, {"miscounted": 1}, audited),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_what_is_found_and_what_puts_it_right(world: World, story: Story) -> None:
    """A run alone does not see it (P4); verify names it and changes nothing; then both agree."""
    ids = entered(world)
    assert verified(world) == {}
    story.happens(world, ids)
    world.quiet()
    rows = world.rows()
    assert verified(world) == story.found
    assert world.rows() == rows
    story.helps(world)
    assert verified(world) == {}
    world.settle()
    assert verified(world) == {}


def test_what_was_assigned_past_the_feed_leaves_its_old_owner(world: World) -> None:
    """Its item is where it does not belong any more, until what belongs where is asked anew."""
    entered(world)
    assigned_past_the_feed(world, {})
    world.quiet(BOB)
    assert verified(world, BOB) == {"record-left": 1}
    world.service().tidy()
    world.settle(BOB)
    assert verified(world, BOB) == {}
    assert world.items(address=BOB) == []


def test_what_a_rule_keeps_in_step_has_not_left(world: World) -> None:
    """Out of scope, and kept up to date by the policy: both sides agree."""
    world.policy(on_scope_exit=ExitPolicy(created=ScopeExit.KEEP_UPDATING))
    ids = entered(world)
    world.set_active(ids["Ann"], active=False)
    world.settle()
    assert world.link(ids["Ann"]).state == "live"
    assert verified(world) == {}


def test_a_mailbox_that_was_never_synced(world: World) -> None:
    """Of it nothing can be said to agree; after its first sync it can."""
    world.new(firstname="Ann", lastname="A")
    rows = world.rows()
    assert verified(world) == {"never-synced": 1}
    assert world.rows() == rows
    world.settle()
    assert verified(world) == {}


def test_an_item_that_cannot_be_read_is_not_gone(wire: World, box: Sandbox) -> None:
    """P5: it is told apart from one that is gone, by verify and by the audit; later it is read."""
    ids = entered(wire)
    item = wire.item_of(ids["Ann"]).id
    box.faults.add("GetItem", "soap_fault", code="ErrorInternalServerError", item=item, times=99)
    assert verified(wire) == {"unreadable": 1}
    assert not audit(wire).divergence
    box.faults.clear()
    assert verified(wire) == {}
    wire.quiet()


def test_an_item_in_another_folder(engine: Engine) -> None:
    """Where ids survive a move it can be read all the same: it is told that it is not in place."""
    world, _ = memory_world(engine, backend=Backend.GRAPH)
    ids = entered(world)
    former = world.hand().add_folder("Former CRM contacts")
    world.execute(f"update mailbox_kind set archive_id = '{former}'")  # noqa: S608 - as moved from EWS
    world.hand().move(world.item_of(ids["Ann"]).id, former)
    swallow(world)
    world.quiet()
    assert verified(world) == {"item-elsewhere": 1}
    assert not audit(world).divergence  # which reads single items, and lists no folder
    relinked_by_a_person(world)
    world.settle()
    assert world.link(ids["Ann"]).state == "remembered"
    assert verified(world) == {}


def test_a_group_that_differs_although_nothing_says_so(world: World) -> None:
    """It counts as agreed and is not: told until somebody edits it, which settles it."""
    ids = entered(world)
    world.policy(directions={"jobtitle": Direction.TO_OUTLOOK})
    world.settle()
    world.hand().edit(world.item_of(ids["Ann"]).id, {"jobtitle": "Boss"})
    world.settle()
    assert verified(world) == {}  # apart by a rule
    world.execute("update link set marks = '{}'")
    world.quiet()
    assert verified(world) == {"groups-differ": 1}
    world.change(ids["Ann"], jobtitle="CEO")
    world.settle()
    assert world.item_of(ids["Ann"])["jobtitle"] == "CEO"
    assert verified(world) == {}


def test_a_group_whose_rule_has_changed_waits_for_the_next_sync(world: World) -> None:
    """It was apart by a rule that holds no more: waiting, and nothing wrong; then both agree."""
    ids = entered(world)
    world.policy(directions={"jobtitle": Direction.TO_OUTLOOK})
    world.settle()
    world.hand().edit(world.item_of(ids["Ann"]).id, {"jobtitle": "Boss"})
    world.settle()
    assert verified(world) == {}
    world.policy(directions={})
    assert verified(world) == {"waiting": 1}
    world.settle()
    assert verified(world) == {}
    assert world.crm(ids["Ann"]).get("jobtitle") == world.item_of(ids["Ann"])["jobtitle"]


def test_what_outlook_has_told_of_waits_for_the_next_sync(world: World) -> None:
    """An edit, a deletion and a new item are nobody's fault; and nothing is kept of them."""
    ids = entered(world)
    world.hand().edit(world.item_of(ids["Ann"]).id, {"jobtitle": "Boss"})
    world.hand().move(world.item_of(ids["Bea"]).id, "deleteditems")
    world.hand().add({"firstname": "Aunt", "lastname": "May"})
    rows = world.rows()
    assert verified(world) == {"waiting": 3}
    assert world.rows() == rows
    world.settle()
    world.pass_time(minutes=11)
    world.settle()
    assert verified(world) == {}


def test_what_the_user_alone_keeps_is_apart_by_rule(world: World) -> None:
    """A personal group of an item that was there before stays as it is on either side."""
    world.new(firstname="Ann", lastname="A", emailaddress1="ann@example.test", spousesname="Al")
    fields = {"firstname": "Ann", "lastname": "A", "emailaddress1": "ann@example.test"}
    world.hand().add({**fields, "spousesname": "Albert"})
    world.start()
    world.settle()
    assert (world.item()["spousesname"], len(world.links())) == ("Albert", 1)
    assert verified(world) == {}


def test_a_private_copy_is_accounted_for(world: World) -> None:
    """P7: it is its user's, and bears the stamp of what it was copied from."""
    ids = entered(world)
    copied = world.hand().copy(world.item_of(ids["Ann"]).id)
    world.hand().mark(copied, Sensitivity.PRIVATE)
    world.settle()
    assert verified(world) == {}


def test_copies_of_what_is_nobodys_here_are_accounted_for(world: World) -> None:
    """Their record is somebody else's, and no tie says which of them was the item: all are left."""
    record = world.new(firstname="Ann", lastname="Lee")
    world.start()
    world.settle()
    world.hand().copy(world.item().id)
    world.settle()
    world.execute("delete from link")
    world.assign(record, BOB)
    for each in world.items():
        world.hand().edit(each.id, {"jobtitle": "Boss"})
    world.settle()
    assert [world.reason(each.id) for each in world.items()] == ["excluded (at-rest)"] * 2
    assert verified(world) == {}


def test_an_item_whose_tie_and_record_are_gone(world: World) -> None:
    """It counts as in step, and nothing says with what: a person has it found out, and it waits."""
    ids = entered(world)
    link_lost(world, ids)
    world.execute("update contact set deleted_at = modified_at where firstname = 'Ann'")
    world.quiet()
    assert verified(world) == {"item-without-link": 1}
    relinked_by_a_person(world)
    world.settle()
    assert verified(world) == {"waiting": 1}


def test_a_mailbox_of_another_day_is_not_compared(memory: Memory) -> None:
    """Everything in it differs, and says nothing: it is told whose it is, and that alone.

    What was found before is not over for that; once it is relinked, all agrees.
    """
    world, servers = memory
    ids = entered(world)
    saved = copy.deepcopy(servers[ALICE])
    world.pass_time(hours=1)
    world.execute("update contact set jobtitle = 'CEO' where firstname = 'Bea'")
    audit(world)
    assert open_alerts(world) == {"divergence"}
    world.change(ids["Ann"], jobtitle="Boss")
    world.sync()
    put_back(servers[ALICE], saved)
    report = audit(world)
    assert (report.divergence, report.audited, report.claim) == ({}, 0, Finding.MAILBOX_RESTORED)
    assert "divergence" in open_alerts(world)
    assert verified(world) == {"mailbox-restored": 1}
    healed(world)
    report = audit(world)
    assert (report.divergence, report.audited, report.claim) == ({}, 4, None)
    assert open_alerts(world) == set()
    assert verified(world) == {}
