"""What a person wants back where nothing can be moved is made anew, with the labels it had."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Side
from syncd.model.policy import KindPolicy, Track
from syncd.reconcile.decide import Rules, Verb, decide
from syncd.reconcile.facts import ItemPresence, LinkState, Origin
from tests.toy import GADGET
from tests.unit.reconcile.situations import BASE, KEY, case, crm, item, link

# labels of the one thrown away, by what it is tracked, whether it was → labels of the new one
LABELS = {
    "its user's own come along": (("VIP",), Track.CATEGORY, False, ("VIP",)),
    "the act of tracking comes along": (("VIP", "CRM"), Track.CATEGORY, True, ("VIP", "CRM")),
    "also where it was off meanwhile": (("VIP",), Track.CATEGORY, True, ("VIP", "CRM")),
    "but only where that is the act": (("VIP",), Track.FOLDER, True, ("VIP",)),
    "and not without it": (("VIP", "CRM"), Track.CATEGORY, False, ("VIP",)),
    "what told that it had left is gone": (("Former gadget", "VIP"), Track.NONE, False, ("VIP",)),
    "it had none": (None, Track.CATEGORY, False, None),
    "of one that was not read only the act is known": ("unread", Track.CATEGORY, True, ("CRM",)),
}


@pytest.mark.parametrize("what", LABELS)
def test_the_labels_of_what_is_made_anew(what: str) -> None:
    """And the rest of it is what it held."""
    labels, by, tracked, expected = LABELS[what]
    unread = labels == "unread"
    held = BASE if unread else BASE.patched({"labels": labels})
    tie = link(held, state=LinkState.REMEMBERED, origin=Origin.TRACKED, tracked=tracked)
    thrown_away = item(None if unread else held, ItemPresence.DELETED, tracked=tracked)
    found = case(crm(BASE), thrown_away, replace(tie, aside=True))
    decision = decide(found, Rules(KindPolicy(GADGET, track=by), KEY, moves=False))
    assert decision.verbs == (Verb.CREATE_ITEM,)
    made = decision.patch(Side.OUTLOOK)
    assert made.get("labels") == expected
    assert made == {**made, **{n: each for n, each in BASE.fields.items() if each}}
