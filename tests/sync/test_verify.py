"""Each sort of finding of `syncd verify`, produced for real; and what puts it right."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, select

from syncd.crm import database
from syncd.model.fields import Direction
from syncd.outlook.port import Backend, Sensitivity
from syncd.reconcile.claim import Finding
from syncd.sandbox.server import Sandbox
from syncd.sync.tables import observed
from tests.sync.relinked import relinked
from tests.sync.test_time_travel import entered, healed, put_back
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
    world.execute(f"update contact set ownerid = '{world.users[ALICE]}'")  # noqa: S608 - ours


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
    """What happens, what is found, what does not put it right, and what does."""

    happens: Callable[[World, Ids], None]
    found: dict[str, int]
    helps: Callable[[World], None]
    not_yet: tuple[Callable[[World], None], ...] = ()


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
