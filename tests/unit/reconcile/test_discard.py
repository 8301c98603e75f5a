"""What follows when a person does not want what the breaker held: the other side wins.

Nothing is removed on either side.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Side
from syncd.model.policy import CrmDelete, ExitPolicy, KindPolicy, OutlookDelete, ScopeExit
from syncd.reconcile.decide import Case, Rules, Verb, decide
from syncd.reconcile.discard import discard, may_discard
from syncd.reconcile.facts import ItemPresence, Origin
from syncd.reconcile.images import AGREED, Mark, Standing
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET
from tests.unit.reconcile.situations import (
    BASE,
    CRM_EDIT,
    DELETED,
    KEY,
    OUT,
    OUTLOOK_EDIT,
    RULES,
    case,
    crm,
    item,
    link,
    told,
)

UNMOVED = replace(RULES, moves=False)
TRACKED = link(origin=Origin.TRACKED, tracked=True)
THROWN_AWAY = case(crm(), item(None, ItemPresence.DELETED), link())
MOVED = case(crm(), item(None, ItemPresence.MOVED), link())
LEFT = case(crm(BASE, OUT), item(), link())
DEACTIVATES, DELETES, TRASHES = (
    Rules(KindPolicy(GADGET, on_outlook_delete=OutlookDelete.DEACTIVATE), KEY),
    Rules(KindPolicy(GADGET, on_outlook_delete=OutlookDelete.DELETE_IF_OWNER), KEY),
    Rules(KindPolicy(GADGET, on_scope_exit=ExitPolicy(created=ScopeExit.DELETE)), KEY),
)
OWNED = replace(THROWN_AWAY, crm=replace(THROWN_AWAY.crm, owned=True))
STAYS, BACK, ANEW = (
    "unlink | excluded | released | discarded",
    "restore-item | in-step | live | put-back",
    "create-item | in-step | live | put-back",
)

# what was held: a case and its rules; whether its item was found elsewhere → what is done instead
INSTEAD: dict[str, tuple[Case, Rules, bool, str]] = {
    "a new item is not made": (
        case(crm(), item(None)), RULES, False, " | excluded |  | discarded",
    ),
    "nor a new record": (
        case(crm(None, OUT), item(tracked=True)), RULES, False, " | excluded |  | discarded",
    ),
    "who is tracked no more stays in step": (
        case(crm(), item(), TRACKED), RULES, False, " | in-step | live | discarded",
    ),
    "what was thrown away comes back": (THROWN_AWAY, RULES, True, BACK),
    "what was moved comes back": (MOVED, RULES, True, BACK),
    "or is made anew where it is not found": (THROWN_AWAY, RULES, False, ANEW),
    "also where its record was to be deactivated": (OWNED, DEACTIVATES, True, BACK),
    "and to be deleted": (OWNED, DELETES, True, BACK),
    "what cannot be moved back is made anew": (
        THROWN_AWAY, UNMOVED, True, "create-item | in-step | live | recreated",
    ),
    "and stays where it is, if it is there": (
        MOVED, UNMOVED, True, "unlink | excluded | remembered | discarded",
    ),
    "or if it may not be made": (
        THROWN_AWAY,
        Rules(KindPolicy(GADGET, pushes=False), KEY, moves=False),
        True,
        "unlink | excluded | remembered | discarded",
    ),
    "what left scope stays in its place": (LEFT, RULES, False, STAYS),
    "also where it was to be thrown away": (LEFT, TRASHES, False, STAYS),
    "also where nothing can be moved": (LEFT, UNMOVED, False, STAYS),
    "also what is deleted in the CRM": (
        case(crm(None, DELETED), item(), link()),
        Rules(KindPolicy(GADGET, on_crm_delete=CrmDelete.DELETE_CREATED), KEY),
        False,
        "unlink | excluded | orphaned | discarded",
    ),
    "an edit in Outlook is taken back": (
        case(crm(), item(BASE.patched(OUTLOOK_EDIT)), link()), RULES, False,
        "update-item | in-step | live | discarded",
    ),
    "so is one in the CRM": (
        case(crm(BASE.patched(CRM_EDIT)), item(), link()), RULES, False,
        "update-record | in-step | live | discarded",
    ),
    "and an item that comes along still comes": (
        case(crm(), item(BASE.patched(OUTLOOK_EDIT), ItemPresence.FORMER), link()), RULES, False,
        "restore-item update-item | in-step | live | discarded",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", INSTEAD)
def test_what_is_done_instead(what: str) -> None:
    """The name of the case is the law."""
    found, rules, elsewhere, outcome = INSTEAD[what]
    held = decide(found, rules)
    assert held.verbs
    assert may_discard(held)
    instead = discard(held, found, rules, found=elsewhere)
    assert told(instead) == outcome
    assert instead.stamp is (Verb.CREATE_ITEM in instead.verbs)
    assert not instead.aside  # syncd has put nothing aside


def test_what_is_private_is_withdrawn_whatever_a_person_says() -> None:
    """P7."""
    assert not may_discard(decide(case(crm(), item(private=True), link()), RULES))


def test_what_another_user_took_back_goes_whatever_a_person_says() -> None:
    """P7: of all that was held because it empties fields, that is emptied; the rest is not."""
    marks = {"serial": Mark(Standing.UNSETTLED, Reason.MADE_PRIVATE)}
    record = BASE.patched({"serial": None, "brand": None})
    found = case(crm(record), item(), link(BASE, marks=marks))
    held = decide(found, RULES)
    assert held.patch(Side.OUTLOOK) == {"serial": None, "brand": None}
    instead = discard(held, found, RULES, found=False)
    assert instead.patch(Side.OUTLOOK) == {"serial": None}
    assert instead.patch(Side.CRM) == {"brand": BASE.fields["brand"]}


def test_an_edit_that_is_taken_back_is_kept() -> None:
    """P1: the loser is what its user wrote."""
    found = case(crm(), item(BASE.patched(OUTLOOK_EDIT)), link())
    instead = discard(decide(found, RULES), found, RULES, found=False)
    assert instead.patch(Side.OUTLOOK) == {"brand": BASE.fields["brand"]}
    (title,) = (each for each in instead.groups if each.group == "title")
    assert title.reason is Reason.DISCARDED
    assert title.loser is not None
    assert title.loser.values["brand"] == OUTLOOK_EDIT["brand"]


def test_a_set_is_merged_all_the_same() -> None:
    """What either side added is in, and nobody's is taken away: there is nothing to turn round."""
    found = case(crm(), item(BASE.patched({"parts": ("bolt", "nut", "cam")})), link())
    held = decide(found, RULES)
    assert held.patch(Side.CRM)
    assert discard(held, found, RULES, found=False).groups == held.groups


def test_who_is_kept_though_untracked_has_its_labels_settled_and_no_more() -> None:
    """Else the missing category would be a change in every round."""
    found = case(crm(), item(), TRACKED)
    kept = discard(decide(found, RULES), found, RULES, found=False)
    assert [(each.group, each.reason, each.mark) for each in kept.groups] == [
        ("labels", Reason.DISCARDED, AGREED)
    ]
