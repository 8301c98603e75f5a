"""What waits for a person and goes with its item is kept, for the CRM does not hold it (P1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import CrmDelete, ExitPolicy, ScopeExit
from syncd.model.record import Record
from syncd.reconcile.decide import Rules, Verb, decide
from syncd.reconcile.facts import CrmFacts, Loser
from syncd.reconcile.images import AGREED, FROZEN, Mark, Standing
from syncd.reconcile.reasons import Reason
from tests.toy import policy
from tests.unit.reconcile.situations import BASE, DELETED, KEY, OUT, case, crm, item, link, told

ASKED = Mark(Standing.APART, Reason.ASKED)
LEFT, GONE = crm(BASE, OUT), crm(None, DELETED)
MINE, EMPTY = BASE.patched({"serial": "mine"}), BASE.patched({"serial": None})


def rules(exits: ScopeExit) -> Rules:
    """What becomes of an item that syncd had made, once its record leaves scope."""
    return Rules(replace(policy(), on_scope_exit=ExitPolicy(created=exits)), KEY)


GOES, STAYS = rules(ScopeExit.DELETE), rules(ScopeExit.ARCHIVE)
# record, what Outlook holds, the mark of the group, rules, whether the value is kept
WAITING = {
    "asked about, and it goes as its record left": (LEFT, MINE, ASKED, GOES, True),
    "frozen, and it goes as its record left": (LEFT, MINE, FROZEN, GOES, True),
    "and it goes as its record was deleted": (GONE, MINE, ASKED, GOES, True),
    "it stays in Outlook, and so does its value": (LEFT, MINE, ASKED, STAYS, False),
    "nothing is nothing to keep": (LEFT, EMPTY, ASKED, GOES, False),
    "the CRM holds the same": (LEFT, BASE, ASKED, GOES, False),
    "it is apart for a reason that waits for nobody": (
        LEFT, MINE, Mark(Standing.APART, Reason.NOT_TAKEN), GOES, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WAITING)
def test_what_waits_for_a_person_is_kept(what: str) -> None:
    """The name of the case is the law."""
    record, holds, mark, ruled, kept = WAITING[what]
    assert isinstance(record, CrmFacts)
    assert isinstance(holds, Record)
    tie = link(BASE, holds, marks={"serial": mark})
    decision = decide(case(record, item(holds), tie), ruled)
    assert (Verb.TRASH_ITEM in decision.verbs) == (ruled is GOES)
    losers = [each.loser for each in decision.groups if each.loser is not None]
    assert losers == ([Loser("serial", Side.OUTLOOK, {"serial": "mine"})] if kept else [])


def test_what_waits_is_kept_beside_an_edit_that_is_taken() -> None:
    """Each group once: what goes to the CRM agrees, and of what waits the value is kept."""
    edited = MINE.patched({"brand": "Apex"})
    decision = decide(case(LEFT, item(edited), link(BASE, MINE, marks={"serial": ASKED})), GOES)
    assert told(decision) == "update-record trash-item | excluded | released | left-scope"
    serial, title = sorted(decision.groups, key=lambda each: each.group)
    assert (title.writes, title.mark) == ({Side.CRM: {"brand": "Apex"}}, AGREED)
    assert (serial.writes, serial.loser) == ({}, Loser("serial", Side.OUTLOOK, {"serial": "mine"}))
    retyped = MINE.patched({"serial": "mine again"})
    decision = decide(case(LEFT, item(retyped), link(BASE, MINE, marks={"serial": ASKED})), GOES)
    assert [each.group for each in decision.groups] == ["serial"]


@pytest.mark.parametrize("ruled", [GOES, STAYS], ids=["the item goes", "the item stays"])
def test_what_its_user_may_not_write_any_more_is_kept(ruled: Rules) -> None:
    """Their last edit comes too late for the CRM, and says why."""
    decision = decide(case(crm(BASE, OUT, writable=False), item(MINE), link()), ruled)
    assert decision.patch(Side.CRM) == {}
    (lost,) = [each for each in decision.groups if each.loser is not None]
    assert lost.loser == Loser("serial", Side.OUTLOOK, {"serial": "mine"})
    assert lost.reason is Reason.NOT_WRITABLE


def test_an_edit_that_comes_after_the_record_was_deleted_is_kept() -> None:
    """The item stays with it, apart and untracked; the only category it had is taken off whole."""
    keeps = Rules(replace(policy(), on_crm_delete=CrmDelete.RELEASE), KEY)
    held = MINE.patched({"labels": (keeps.policy.track_category,)})
    decision = decide(case(GONE, item(held), link(BASE, BASE.patched({"labels": ("x",)}))), keeps)
    assert told(decision) == "update-item unlink | excluded | orphaned | crm-deleted"
    assert decision.patch(Side.OUTLOOK) == {"labels": None}
    (lost,) = [each for each in decision.groups if each.loser is not None]
    assert lost.loser == Loser("serial", Side.OUTLOOK, {"serial": "mine"})
    assert (lost.reason, lost.mark) == (
        Reason.CRM_DELETED, Mark(Standing.APART, Reason.CRM_DELETED),
    )  # fmt: skip


@pytest.mark.parametrize(("exits", "kept"), [(GOES, True), (STAYS, False)])
def test_an_edit_that_does_not_flow_is_kept_with_what_goes_only(exits: Rules, kept: bool) -> None:
    """The item that stays holds it; it is decided when its record comes back into scope."""
    one_way = policy(serial=Direction.TO_OUTLOOK)
    ruled = Rules(replace(one_way, on_scope_exit=exits.policy.on_scope_exit), KEY)
    decision = decide(case(LEFT, item(MINE), link()), ruled)
    assert [each.group for each in decision.groups if each.loser is not None] == ["serial"] * kept
    assert ("serial" in {each.group for each in decision.groups}) is kept
