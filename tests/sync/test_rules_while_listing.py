"""Rules that let more in have a mailbox listed once more: once, and whatever comes between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sync.report import Outcome
from tests import memory_server
from tests.memory_mailbox import Effect, MemoryServer, run
from tests.sync.verifying import audit
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

ITEMS, PAGE = 30, 3


@pytest.fixture
def large(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Memory:
    """Alice's mailbox holds ten pages of contacts, of which she has marked the first."""
    monkeypatch.setattr(memory_server, "PAGE", PAGE)
    world, servers = memory
    world.hand().add({"firstname": "Ann", "lastname": "Lee", "categories": ("Kunde",)})
    for n in range(ITEMS - 1):
        world.hand().add({"firstname": f"N{n}", "lastname": "Doe"})
    return world, servers


def broken_off(world: World, servers: Mapping[str, MemoryServer], pages: int) -> None:
    """One run in which the server shows so many pages, and then asks for a pause."""
    shown = [0]

    def meddle(call: str, effect: Effect) -> object:
        shown[0] += call == "changes"
        if shown[0] > pages:
            raise MailboxError(Sort.THROTTLED, Scope.MAILBOX, "Busy", "a pause", 10)
        return effect()

    servers[ALICE].meddle = meddle
    assert world.sync().outcome is Outcome.FAILED
    servers[ALICE].meddle = run


def test_a_listing_that_is_broken_off_goes_on_where_it_was(large: Memory) -> None:
    """However often that is, no page is read twice; then what the rules let in is in the CRM."""
    world, servers = large
    world.start()
    world.settle()
    world.policy(track_category="Kunde")
    for _ in range(4):
        broken_off(world, servers, pages=2)
    world.sync()
    # The two pages that are left, the one that tells of no more, and that of its own write.
    assert world.counts["changes"] <= ITEMS // PAGE - 4 * 2 + 2
    assert [each.record.fields["firstname"] for each in world.all_records().values()] == ["Ann"]
    world.settle()


@pytest.mark.parametrize(
    "between",
    [["Kunde"], ["Client"], ["Kunde", "CRM"], ["Kunde", "CRM", "Client"], ["Client", "CRM"]],
)
@pytest.mark.parametrize("synced", [True, False])
def test_rules_that_change_while_it_is_listed(
    large: Memory, between: Sequence[str], synced: bool
) -> None:
    """Also before the first sync: what the last rules let in is let in wherever it was listed."""
    world, servers = large
    if synced:
        world.start()
        world.settle()
    else:
        broken_off(world, servers, pages=2)
    for category in between:
        world.policy(track_category=category)
        broken_off(world, servers, pages=2)
    world.policy(track_category="Kunde")
    world.start()
    world.settle()
    assert [each.record.fields["firstname"] for each in world.all_records().values()] == ["Ann"]


def test_rules_that_an_audit_meets_first(large: Memory) -> None:
    """It reads the mailbox as a run does: what they let in is not lost over it."""
    world, _ = large
    world.new(lastname="Lee")
    world.start()
    world.settle()
    world.policy(track_category="Kunde")
    audit(world)
    world.settle()
    assert len(world.all_records()) == 2
