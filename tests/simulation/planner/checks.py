"""What no decision may ever do, whatever led to it: looked at before it is carried out."""

from __future__ import annotations

from syncd.model.fields import Direction, Group, Side
from syncd.model.policy import CrmDelete, OutlookDelete, ScopeExit
from syncd.model.record import equal
from syncd.reconcile.decide import Case, Decision, Rules, Verb
from syncd.reconcile.facts import CrmPresence, ItemPresence, LinkState, Origin
from syncd.reconcile.groups import edited_groups
from syncd.reconcile.images import Standing
from syncd.reconcile.reasons import Reason
from tests.simulation.planner.ledger import Ledger, Violation, tokens
from tests.simulation.planner.pairs import GONE, Pair
from tests.toy import GADGET

_INTO_THE_CRM = {Verb.CREATE_RECORD, Verb.UPDATE_RECORD}
_ENDS = {Verb.DELETE_RECORD, Verb.DEACTIVATE_RECORD}


def check(pair: Pair, case: Case, decision: Decision, rules: Rules, ledger: Ledger) -> None:
    """Raises Violation when a decision breaks a promise."""
    verbs = set(decision.verbs)
    for broken, law in (
        (_acts_on_the_unknown(case, verbs), "P5: something was concluded from what is not known"),
        (_throws_away(pair, case, verbs, rules, ledger), "P8, P14: a deletion without a cause"),
        (_ends_a_record(pair, case, verbs, rules, ledger), "P1: a record ended without a cause"),
        (_leaks(case, decision), "P7, P14: what is not the CRM's was taken into it"),
        (_speaks_out_of_turn(decision, rules), "a side spoke that may not"),
    ):
        if broken:
            raise Violation(f"{law}: {pair.number} {decision.reason} {sorted(verbs)}")


def _acts_on_the_unknown(case: Case, verbs: set[Verb]) -> bool:
    unknown = CrmPresence.UNKNOWN is case.crm.presence or (
        case.item.presence is ItemPresence.UNKNOWN
    )
    return unknown and bool(verbs)


def _throws_away(pair: Pair, case: Case, verbs: set[Verb], rules: Rules, ledger: Ledger) -> bool:
    if Verb.TRASH_ITEM not in verbs:
        return False
    policy, link = rules.policy, case.tied
    if not policy.direction.speaks(Side.CRM):
        return True
    if case.crm.presence is CrmPresence.DELETED:
        edited = edited_groups(case, rules, Side.OUTLOOK)
        own = policy.on_crm_delete is CrmDelete.DELETE_CREATED and link.origin is not Origin.CREATED
        return bool(edited) or own or not ledger.has(pair.number, "deleted in the CRM")
    exits = policy.on_scope_exit
    ruled = {
        Origin.CREATED: exits.created, Origin.ADOPTED: exits.adopted, Origin.TRACKED: exits.tracked,
    }[link.origin]  # fmt: skip
    return ruled is not ScopeExit.DELETE or case.crm.presence is not CrmPresence.OUT_OF_SCOPE


def _ends_a_record(pair: Pair, case: Case, verbs: set[Verb], rules: Rules, ledger: Ledger) -> bool:
    if not verbs & _ENDS:
        return False
    remembers = rules.policy.on_outlook_delete is OutlookDelete.REMEMBER
    deleted = ledger.has(pair.number, "deleted in Outlook")
    return remembers or not deleted or case.item.presence is not ItemPresence.DELETED


def _leaks(case: Case, decision: Decision) -> bool:
    into = set(decision.verbs) & _INTO_THE_CRM
    if case.item.private:
        kept = any(group.loser and group.loser.side is Side.OUTLOOK for group in decision.groups)
        return bool(into) or kept
    if case.link is None and case.crm.record is None:
        return bool(decision.verbs) and not case.item.tracked
    return False


def _speaks_out_of_turn(decision: Decision, rules: Rules) -> bool:
    labels = GADGET.by_name["labels"].group
    return any(
        not rules.policy.in_force[group.group].speaks(side.other)
        for group in decision.groups
        for side in group.writes
        if group.group != labels
    )


def at_rest(pair: Pair, decision: Decision, rules: Rules, ledger: Ledger) -> None:
    """Nothing is left to do about a pair: every group is equal, or apart with a reason (P2)."""
    if decision.verbs:
        raise Violation(f"P2: {pair.number} does not come to rest: {decision}")
    link = pair.link
    if link is None or link.state is not LinkState.LIVE or pair.place in GONE:
        return
    if pair.private:
        raise Violation(f"P7: {pair.number} is private, and kept in step")
    assert pair.crm is not None
    assert pair.item is not None
    for name, group in GADGET.groups.items():
        mark = link.marks.get(name)
        crm, outlook = pair.crm.group(group) or {}, pair.item.group(group) or {}
        if equal(group, crm, outlook):
            _nothing_came_back(pair, group, rules, ledger)
        elif mark is None or mark.standing is not Standing.APART or mark.reason is Reason.EQUAL:
            raise Violation(f"P2: {name} of {pair.number} differs, and nobody says why")
        elif mark.reason is Reason.NOT_TAKEN and tokens(crm) != tokens(outlook):
            raise Violation(f"P2: {name} of {pair.number} differs, and the server has taken it")


def _nothing_came_back(pair: Pair, group: Group, rules: Rules, ledger: Ledger) -> None:
    """What a person replaced is not written over what replaced it.

    Where several fields go together, or one side alone may speak, it can be. So can an element of
    a set, which is in again where it was added and taken out before both sides had it.
    """
    free = rules.policy.in_force[group.name] is Direction.TWO_WAY
    assert pair.crm is not None
    back = tokens(pair.crm.group(group)) & ledger.over
    if free and len(group.fields) == 1 and not group.is_set and back:
        raise Violation(f"P1: {back} of {pair.number} is back, though somebody replaced it")


def no_secret(pair: Pair, ledger: Ledger) -> None:
    """Nothing that was written into a private item is in the CRM or in an image (P7)."""
    held = tokens(pair.crm.fields if pair.crm else None)
    for image in pair.link.images.values() if pair.link else ():
        for each in image.values():
            held |= tokens(each.values)
    if found := held & ledger.secret:
        raise Violation(f"P7: {found} was private")
