"""What is on one side only is written to the other, whole; and what leaves is put where it belongs.

What the decision is, the tables of existence say; this is what it writes.
"""

from __future__ import annotations

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import ExitPolicy, KindPolicy, ScopeExit
from syncd.reconcile.decide import Rules, Verb, decide
from syncd.reconcile.facts import ItemFacts, ItemPresence, LinkState, Origin
from syncd.reconcile.images import AGREED, Standing
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET, gadget, policy
from tests.unit.reconcile.situations import BASE, KEY, OUT, RULES, case, crm, item, link

NO_ITEM = ItemFacts(ItemPresence.PRESENT)  # and none was read
FLOWS = ("brand", "model", "serial", "hint", "parts")


def test_a_record_that_is_new_goes_to_outlook_whole() -> None:
    """Every field that has a value and may flow, and no other."""
    record = gadget(brand="Acme", serial="a1", labels=("mine",))
    found = case(crm(record), NO_ITEM)
    decision = decide(found, RULES)
    assert Verb.CREATE_ITEM in decision.verbs
    assert decision.patch(Side.OUTLOOK) == {"brand": "Acme", "serial": "a1"}
    assert decision.patch(Side.CRM) == {}
    marks = {each.group: each.mark for each in decision.groups}
    assert all(marks[name] == AGREED for name in ("title", "serial", "hint", "parts"))
    assert marks["labels"].standing is Standing.APART
    assert {each.reason for each in decision.groups} == {Reason.CREATED, Reason.DIRECTION_NONE}


def test_an_item_that_is_tracked_goes_to_the_crm_whole() -> None:
    """Its user's own act: what they typed is there, and their labels stay theirs."""
    found = case(crm(None, OUT), item(BASE, tracked=True, stamped=False))
    decision = decide(found, RULES)
    assert Verb.CREATE_RECORD in decision.verbs
    assert decision.patch(Side.CRM) == {n: BASE.fields[n] for n in FLOWS if BASE.fields[n]}
    assert {each.reason for each in decision.groups} == {Reason.TRACKED, Reason.DIRECTION_NONE}


@pytest.mark.parametrize("tracked", [True, False])
def test_who_is_there_already_is_tied_as_what_they_are(tracked: bool) -> None:
    """The user's own where they track it, else adopted."""
    decision = decide(case(crm(), item(tracked=tracked, stamped=False)), RULES)
    assert decision.origin is (Origin.TRACKED if tracked else Origin.ADOPTED)


def test_what_may_not_flow_is_not_written() -> None:
    """A field that only the other side may write stays where it is, known to be apart."""
    ruled = Rules(policy(serial=Direction.TO_CRM), KEY)
    decision = decide(case(crm(BASE), NO_ITEM), ruled)
    assert "serial" not in decision.patch(Side.OUTLOOK)
    marks = {each.group: each.mark for each in decision.groups}
    assert marks["serial"].standing is Standing.APART


# what the policy says of what syncd made and leaves scope → what is done, and whether it is aside
EXITS = {
    ScopeExit.ARCHIVE: (Verb.MOVE_ITEM, True),
    ScopeExit.RELEASE: (Verb.UNLINK, False),
    ScopeExit.DELETE: (Verb.TRASH_ITEM, True),
}


@pytest.mark.parametrize("said", EXITS)
def test_what_leaves_is_put_where_the_policy_says(said: ScopeExit) -> None:
    """And is known to have been put there by syncd, so that it may be put back."""
    verb, aside = EXITS[said]
    ruled = Rules(KindPolicy(GADGET, on_scope_exit=ExitPolicy(created=said)), KEY)
    decision = decide(case(crm(BASE, OUT), item(), link(origin=Origin.CREATED)), ruled)
    assert (decision.verbs, decision.aside) == ((verb,), aside)
    assert decision.link_state is LinkState.RELEASED
