"""`syncd verify`: what was done in the CRM since the last sync waits, and is nothing wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from syncd.model.fields import Side
from syncd.model.policy import ConflictPolicy
from syncd.reconcile.oscillation import TURNS
from tests.sync import desk
from tests.sync.another_day import entered
from tests.sync.test_oscillation import HERS, fight, in_step, numbers, open_ones, say
from tests.sync.verifying import swallow, verified
from tests.sync.world import BOB, World

Ids = dict[str, str]  # of records, by first name


class Story(NamedTuple):
    """What somebody does in the CRM, and how many records it lets wait."""

    happens: Callable[[World, Ids], object]
    waiting: int = 1


def rename_firm(world: World, ids: Ids) -> None:
    """A firm that two of the contacts are at is called something else."""
    firm = desk.account(world, "Fabrikam")
    for name in ("Ann", "Bea"):
        world.change(ids[name], parentcustomerid=firm)
    world.settle()
    desk.change_account(world, firm, name="Contoso")


def edit_twice(world: World, ids: Ids) -> None:
    """One record is edited, and put back."""
    world.change(ids["Ann"], jobtitle="CEO")
    world.change(ids["Ann"], jobtitle=None)


STORIES = {
    "edited": Story(lambda world, ids: world.change(ids["Ann"], jobtitle="CEO")),
    "edited and put back": Story(edit_twice, 0),
    "new": Story(lambda world, _: world.new(firstname="Eve", lastname="E")),
    "new and another's": Story(lambda world, _: world.new(BOB, lastname="E"), 0),
    "deleted": Story(lambda world, ids: world.remove(ids["Ann"])),
    "closed": Story(lambda world, ids: world.set_active(ids["Ann"], active=False)),
    "given away": Story(lambda world, ids: world.assign(ids["Ann"], BOB)),
    "merged": Story(lambda world, ids: desk.merge(world, ids["Ann"], ids["Bea"])),
    "a firm renamed": Story(rename_firm, 2),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_what_was_done_in_the_crm_waits_for_the_next_sync(world: World, story: Story) -> None:
    """Each waits, nothing else is found, and after the sync both sides agree."""
    ids = entered(world)
    story.happens(world, ids)
    assert verified(world) == ({"waiting": story.waiting} if story.waiting else {})
    world.settle()
    assert verified(world) == {}


def test_what_a_sync_has_done_itself_waits_for_nothing(world: World) -> None:
    """An edit taken over from Outlook is in the feed, and agrees on both sides (P4)."""
    ids = entered(world)
    world.hand().edit(world.item_of(ids["Ann"]).id, {"jobtitle": "Boss"})
    world.sync()
    assert world.crm(ids["Ann"])["jobtitle"] == "Boss"
    assert verified(world) == {}


def test_an_edit_hides_nothing_that_is_wrong_elsewhere(world: World) -> None:
    """Of what is found in the mailbox, and of other records, it is told as ever."""
    ids = entered(world)
    world.hand().set_link(world.item_of(ids["Ann"]).id, "")
    swallow(world)
    world.execute("update contact set jobtitle = 'CEO' where firstname = 'Bea'")
    world.change(ids["Ann"], jobtitle="CEO")
    assert verified(world) == {"stamp-lost": 1, "waiting": 1, "record-differs": 1}


@pytest.mark.parametrize("ask", [True, False], ids=["asked", "frozen"])
def test_what_a_person_is_to_say_waits_for_them(world: World, ask: bool) -> None:
    """A conflict that is asked about, and what two keep undoing, until somebody says what is so."""
    record = in_step(world)
    if ask:
        world.policy(conflict=ConflictPolicy.ASK)
        world.hand().edit(world.item_of(record).id, {"mobilephone": HERS})
        world.change(record, mobilephone="3")
        world.settle()
    else:
        fight(world, record, TURNS // 2)
    assert len(open_ones(world)) == 1
    assert verified(world) == {"waiting": 1}
    say(world, Side.OUTLOOK)
    world.settle()
    assert verified(world) == {}
    assert numbers(world, record) == (HERS, HERS)
