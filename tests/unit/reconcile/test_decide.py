"""What a whole case comes to, beyond its cell and its single groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy, ExitPolicy, KindPolicy, ScopeExit
from syncd.reconcile.decide import Case, Row, Rules, Stand, Verb, decide, row_of
from syncd.reconcile.discard import discard
from syncd.reconcile.facts import ItemPresence, LinkState, Origin
from syncd.reconcile.images import Mark, Standing
from syncd.reconcile.reasons import Reason
from syncd.reconcile.settle import settle
from tests.toy import GADGET, policy, seen
from tests.unit.reconcile.situations import (
    BASE,
    DELETED,
    KEY,
    NOON,
    OUT,
    RULES,
    case,
    crm,
    imaged,
    item,
    link,
    told,
)

EDITED = BASE.patched({"hint": "under the mat"})
PERSONAL = {"hint": Mark(Standing.APART, Reason.PERSONAL)}


def apart() -> Case:
    """The CRM's hint was edited; Outlook's is known by its hash, and was not read."""
    tie = link(BASE, EDITED, marks=PERSONAL)
    hashes = imaged(EDITED, hashes=True)
    tie = replace(tie, images={Side.CRM: imaged(BASE), Side.OUTLOOK: hashes})
    return case(crm(BASE.patched({"hint": "gone"})), item(None), tie)


def test_what_would_be_overwritten_is_read_first() -> None:
    """P1: a value known by its hash alone waits to be read, and then is kept as the loser."""
    waiting = decide(apart(), RULES)
    assert (waiting.stand, waiting.reason) == (Stand.WAITING, Reason.UNKNOWN_OUTLOOK)
    decision = decide(replace(apart(), item=item(EDITED)), RULES)
    assert decision.patch(Side.OUTLOOK) == {"hint": "gone"}
    assert [g.loser.values for g in decision.groups if g.loser] == [{"hint": "under the mat"}]


def test_an_unsettled_group_makes_the_record_changed() -> None:
    """A new rule is decided once, though neither side was edited."""
    tie = link(marks={"serial": Mark(Standing.UNSETTLED, Reason.RULE_CHANGED)})
    assert row_of(case(crm(), item(), tie), RULES) is Row.CHANGED
    assert row_of(case(crm(), item(), link()), RULES) is Row.UNCHANGED


@pytest.mark.parametrize("state", [LinkState.RELEASED, LinkState.REMEMBERED])
def test_a_link_at_rest_whose_record_is_gone_is_as_good_as_orphaned(state: LinkState) -> None:
    """And while its record is there, in scope or not, it is what it is."""
    assert row_of(case(crm(None, DELETED), item(), link(state=state)), RULES) is Row.ORPHANED
    assert row_of(case(crm(BASE, OUT), item(), link(state=state)), RULES) is Row.RELEASED


@pytest.mark.parametrize(
    ("others", "reason"),
    [({}, Reason.LATEST_OUTLOOK), ({"brand": "Apex"}, Reason.LATEST_ESTIMATED)],
)
def test_an_item_has_one_time_for_all_its_groups(others: dict[str, str], reason: Reason) -> None:
    """Edited among others, the time may be theirs: said to be an estimate."""
    here = replace(
        crm(BASE.patched({"serial": "x"})), origins={"serial": NOON - timedelta(hours=1)}
    )
    there = item(BASE.patched({"serial": "y", **others}))
    decision = decide(case(here, there, link()), RULES)
    assert {g.group: g.reason for g in decision.groups}["serial"] is reason
    assert decision.reason is reason  # a conflict speaks for the whole


EDIT, RIVAL = {"brand": "Apex"}, {"serial": "y"}
PRESENT, FORMER = ItemPresence.PRESENT, ItemPresence.FORMER
# what happened: (the CRM's edits, Outlook's, where the item is) → why, in one word
HEADLINES: dict[str, tuple[dict[str, str], dict[str, str], ItemPresence, Reason]] = {
    "nothing": ({}, {}, PRESENT, Reason.EQUAL),
    "an edit": ({}, EDIT, PRESENT, Reason.OUTLOOK_CHANGED),
    "an edit on either side": ({"serial": "x"}, EDIT, PRESENT, Reason.BOTH_CHANGED),
    "a conflict, and edits of both": (
        {"serial": "x", "hint": "gone"}, RIVAL | EDIT, PRESENT, Reason.CONFLICT_CRM
    ),
    "nothing, in the folder of before": ({}, {}, FORMER, Reason.OTHER_FOLDER),
    "an edit, in the folder of before": ({}, EDIT, FORMER, Reason.OUTLOOK_CHANGED),
}  # fmt: skip


@pytest.mark.parametrize("what", HEADLINES)
def test_the_gravest_reason_speaks_for_the_whole(what: str) -> None:
    """A conflict before edits, edits before where the item is."""
    here, there, presence, reason = HEADLINES[what]
    ruled = Rules(policy(conflict=ConflictPolicy.CRM), KEY)
    found = case(crm(BASE.patched(here)), item(BASE.patched(there), presence), link())
    decision = decide(found, ruled)
    assert decision.reason is reason
    assert (Verb.RESTORE_ITEM in decision.verbs) is (presence is FORMER)
    assert decision.stand is Stand.IN_STEP


def test_what_is_made_private_is_withdrawn_though_only_hashes_are_kept() -> None:
    """P7: a live link has given something to the CRM, whatever is remembered of it."""
    decision = decide(case(crm(), item(private=True), link(hashes=True)), RULES)
    assert Verb.WITHDRAW in decision.verbs
    resting = link(hashes=True, state=LinkState.RELEASED)
    assert Verb.WITHDRAW not in decide(case(crm(), item(private=True), resting), RULES).verbs


def test_who_is_kept_though_untracked_is_in_step() -> None:
    """Its user took the category off, a person said to go on: nothing is let go."""
    tie = link(origin=Origin.TRACKED, tracked=True)
    untracked = case(crm(), item(tracked=False), tie)
    assert decide(untracked, RULES).reason is Reason.UNTRACKED
    kept = discard(decide(untracked, RULES), untracked, RULES, found=True)
    assert (kept.stand, kept.link_state, kept.verbs) == (Stand.IN_STEP, LinkState.LIVE, ())


def test_who_was_thrown_away_and_is_to_stay_is_made_again_for_that_reason() -> None:
    """A person decided against the deletion, and there is nothing to move back (P12)."""
    gone = case(crm(), item(None, ItemPresence.DELETED), link())
    again = discard(decide(gone, RULES), gone, RULES, found=False)
    assert (again.verbs, again.reason) == ((Verb.CREATE_ITEM,), Reason.PUT_BACK)
    left = case(crm(BASE, OUT), item(None, ItemPresence.DELETED), link())
    nobody = discard(decide(left, RULES), left, RULES, found=False)
    assert told(nobody) == " | excluded |  | left-scope"


def test_what_left_scope_and_is_kept_says_so_only_while_nothing_is_to_do() -> None:
    """`keep-updating`: an edit has its own reason, and what was not read waits."""
    keeps = ExitPolicy(created=ScopeExit.KEEP_UPDATING)
    ruled = Rules(KindPolicy(GADGET, on_scope_exit=keeps), KEY)
    unread = apart()
    for facts, outcome in (
        (case(crm(BASE, OUT), item(), link()), " | in-step | live | kept-updating"),
        (
            case(crm(BASE.patched({"serial": "a2"}), OUT), item(), link()),
            "update-item | in-step | live | crm-changed",
        ),
        (
            replace(unread, crm=replace(unread.crm, presence=OUT)),
            " | waiting |  | unknown-outlook",
        ),
    ):
        assert told(decide(facts, ruled)) == outcome


def test_what_a_set_owes_outlook_is_paid_on_return() -> None:
    """Left scope with a set edited on both sides: the CRM's element reaches Outlook later."""
    here, there = (
        BASE.patched({"parts": ("bolt", "nut", "cam")}),
        BASE.patched({"parts": ("bolt",)}),
    )
    leaving = decide(case(crm(here, OUT), item(there), link()), RULES)
    assert leaving.patch(Side.CRM) == {"parts": ("bolt", "cam")}
    assert leaving.patch(Side.OUTLOOK) == {}
    held = {Side.CRM: here.patched(leaving.patch(Side.CRM)), Side.OUTLOOK: there}
    outcomes = {each.group: each for each in leaving.groups}
    images, marks = settle(GADGET.groups, outcomes, link(), {**held}, KEY)
    assert leaving.link_state is not None
    tie = replace(link(), state=leaving.link_state, images=images, marks=marks)
    back = decide(case(crm(held[Side.CRM]), item(there), tie), RULES)
    assert back.patch(Side.OUTLOOK) == {"parts": ("bolt", "cam")}
    assert [each.reason for each in back.groups if each.writes] == [Reason.IN_SCOPE_AGAIN]


DIRECTIONS = {
    "nothing is created where the CRM may not speak": (
        Direction.TO_CRM, case(crm(), item(None)), (), Reason.ONE_WAY,
    ),
    "nothing is tracked where Outlook may not speak": (
        Direction.TO_OUTLOOK, case(crm(None, OUT), item(tracked=True)), (), Reason.DIRECTION,
    ),
    "an edit that may not speak is left": (
        Direction.TO_OUTLOOK, case(crm(), item(BASE.patched({"serial": "y"})), link()),
        (), Reason.EQUAL,
    ),
    "and is overwritten when the other side speaks": (
        Direction.TO_OUTLOOK,
        case(crm(BASE.patched({"serial": "x"})), item(BASE.patched({"serial": "y"})), link()),
        (Verb.UPDATE_ITEM,), Reason.CONFLICT_CRM,
    ),
    "to the CRM, the same": (
        Direction.TO_CRM,
        case(crm(BASE.patched({"serial": "x"})), item(BASE.patched({"serial": "y"})), link()),
        (Verb.UPDATE_RECORD,), Reason.CONFLICT_OUTLOOK,
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", DIRECTIONS)
def test_directions(rule: str) -> None:
    """The name of the case is the law."""
    direction, facts, verbs, reason = DIRECTIONS[rule]
    decision = decide(facts, Rules(policy(direction), KEY))
    assert (decision.verbs, decision.reason) == (verbs, reason)


def test_part_of_an_item_is_no_edit_of_the_rest() -> None:
    """A reading that names some fields clears none of the others."""
    for part in (seen(), seen(brand="Acme"), seen(brand="Acme", serial="a1")):
        assert decide(case(crm(), item(part), link()), RULES).verbs == ()
    decision = decide(case(crm(), item(seen(brand="Apex")), link()), RULES)
    assert decision.patch(Side.CRM) == {"brand": "Apex"}
    assert decision.patch(Side.OUTLOOK) == {}


def test_a_cleared_field_travels() -> None:
    """Empty and seen to be so is an edit like any other."""
    decision = decide(case(crm(), item(BASE.patched({"serial": None})), link()), RULES)
    assert decision.patch(Side.CRM) == {"serial": None}


@pytest.mark.parametrize(("policy_", "side"), [("crm", Side.OUTLOOK), ("outlook", Side.CRM)])
def test_the_conflict_policy_is_the_kinds(policy_: str, side: Side) -> None:
    """Both edited one group: the policy's side wins, and the other value is kept."""
    rules = Rules(policy(conflict=ConflictPolicy(policy_)), KEY)
    both = case(crm(BASE.patched({"serial": "x"})), item(BASE.patched({"serial": "y"})), link())
    decision = decide(both, rules)
    assert list(decision.groups[1].writes) == [side]
    assert decision.groups[1].loser is not None
    assert decision.groups[1].loser.side is side
