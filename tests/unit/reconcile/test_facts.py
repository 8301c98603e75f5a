"""Facts: what is so where nobody says otherwise, and what Outlook holds more of than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Side
from syncd.reconcile.facts import CrmFacts, CrmPresence, ItemFacts, ItemPresence, Link
from syncd.reconcile.groups import group_facts
from syncd.reconcile.images import Image
from syncd.reconcile.merge import GroupFacts
from tests.unit.reconcile.situations import BASE, RULES, case, crm, item, link


def test_what_is_so_where_nobody_says_otherwise() -> None:
    """Rights are there, acts are not."""
    record = CrmFacts(CrmPresence.IN_SCOPE)
    assert (record.version, record.origins) == (0, {})
    assert record.writable
    assert record.readable
    assert record.owned
    thing = ItemFacts(ItemPresence.PRESENT)
    assert (thing.id, thing.version, thing.guarded) == ("", "", frozenset())
    assert thing.stamped
    assert not thing.private
    assert not thing.tracked
    whole = link()
    tie = Link("c1", whole.origin, whole.state, "i1", "v1", 1, {}, {})
    assert not tie.tracked
    assert not tie.aside


def facts(
    guarded: set[str], *, read: bool, known: bool, shown: bool = True
) -> dict[str, GroupFacts]:
    """The facts of each group; Outlook's hint was known or not, and the server shows it or not."""
    tie = link()
    outlook: Image = {n: i for n, i in tie.images[Side.OUTLOOK].items() if known or n != "hint"}
    tie = replace(tie, images={**tie.images, Side.OUTLOOK: outlook})
    seen = BASE.patched({"serial": "a2"}) if read else None
    if seen is not None and not shown:
        seen = replace(seen, fields={n: v for n, v in seen.fields.items() if n != "hint"})
    thing = replace(item(seen), guarded=frozenset(guarded))
    return {each.group.name: each for each in group_facts(case(crm(), thing, tie), RULES)}


@pytest.mark.parametrize("guarded", [set(), {"hint"}, {"model"}])
def test_a_group_is_guarded_where_outlook_holds_more_of_one_of_its_fields(
    guarded: set[str],
) -> None:
    """And no other group of the item is."""
    found = facts(guarded, read=True, known=True)
    groups = {{"model": "title"}.get(name, name) for name in guarded}
    assert {name for name, each in found.items() if each.guarded} == groups


SHOWN = {"hint": BASE.fields["hint"]}
# guarded, read, known, shown → what Outlook holds of the hint
HELD = {
    "as it was read": ({"hint"}, True, True, True, SHOWN),
    "as it was read, though nothing was known": ({"hint"}, True, False, True, SHOWN),
    "it is known, and rests on that": ({"hint"}, True, True, False, None),
    "it cannot be known, and reading it again is no use": ({"hint"}, True, False, False, {}),
    "it was not read": ({"hint"}, False, False, False, None),
    "nobody guards it, so it may be read": (set[str](), True, False, False, None),
}


@pytest.mark.parametrize("what", HELD)
def test_what_is_guarded_and_cannot_be_known_is_read_once(what: str) -> None:
    """It waits for no further reading."""
    guarded, read, known, shown, expected = HELD[what]
    found = facts(guarded, read=read, known=known, shown=shown)["hint"]
    assert found.now[Side.OUTLOOK] == expected
