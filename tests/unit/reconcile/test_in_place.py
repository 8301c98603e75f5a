"""Leaving where nothing can be moved: a category says that an item is not kept in step any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Side
from syncd.reconcile.decide import decide
from syncd.reconcile.facts import ItemFacts, ItemPresence, LinkState, Origin
from tests.unit.reconcile.situations import BASE, OUT, RULES, case, crm, item, link, told

UNMOVED, LEFT = replace(RULES, moves=False), crm(BASE, OUT)
FORMER = RULES.policy.kind.archive_category


def labelled(*labels: str, presence: ItemPresence = ItemPresence.PRESENT) -> ItemFacts:
    """An item with these categories."""
    return item(BASE.patched({"labels": labels or None}), presence)


LET_GO = "unlink | excluded | released | left-scope"
MARKED = f"update-item {LET_GO}"
# item, how it came about → what is done, its categories after that, whether it was put aside
LEAVING = {
    "it is marked": (labelled(), Origin.CREATED, MARKED, (FORMER,), True),
    "beside its user's own categories": (
        labelled("VIP"), Origin.CREATED, MARKED, ("VIP", FORMER), True,
    ),
    "one that its user marked is left as it is (P11)": (
        labelled("VIP", FORMER), Origin.CREATED, LET_GO, None, False,
    ),
    "in whatever case they wrote it": (
        labelled(FORMER.upper()), Origin.CREATED, LET_GO, None, False,
    ),
    "so is what is its user's own": (labelled("VIP"), Origin.ADOPTED, LET_GO, None, False),
    "which categories it has is to be read first": (
        item(None), Origin.CREATED, " | waiting |  | unknown-outlook", None, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LEAVING)
def test_an_item_that_cannot_be_moved_leaves_in_its_place(what: str) -> None:
    """The name of the case is the law."""
    thing, origin, outcome, labels, aside = LEAVING[what]
    decision = decide(case(LEFT, thing, link(outlook=thing.record, origin=origin)), UNMOVED)
    assert told(decision) == outcome
    assert decision.patch(Side.OUTLOOK).get("labels") == labels
    assert bool(decision.aside) is aside


# item, whether it had been put aside → its categories once its record is in scope again
BACK = {
    "our mark comes off": (labelled("VIP", FORMER), True, ("VIP",)),
    "though it was the only one": (labelled(FORMER), True, ()),
    "what its user marked stays marked": (labelled("VIP", FORMER), False, None),
    "so does what they marked in our folder": (
        labelled(FORMER, presence=ItemPresence.ARCHIVED), True, None,
    ),
    "where there is none nothing comes off": (labelled("VIP"), True, None),
}  # fmt: skip


@pytest.mark.parametrize("what", BACK)
def test_the_mark_comes_off_when_it_is_kept_in_step_again(what: str) -> None:
    """The name of the case is the law."""
    thing, aside, labels = BACK[what]
    tie = link(outlook=thing.record, state=LinkState.RELEASED, aside=aside)
    decision = decide(case(crm(), thing, tie), RULES)
    assert decision.link_state is LinkState.LIVE
    assert decision.patch(Side.OUTLOOK).get("labels") == labels
