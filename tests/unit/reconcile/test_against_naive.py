"""The engine against the naive statement of its rules: in every combination, and what never is."""

from __future__ import annotations

import pytest

from syncd.model.policy import CrmDelete, OutlookDelete, ScopeExit
from syncd.reconcile.decide import Decision, Verb, decide
from syncd.reconcile.discard import discard, may_discard
from syncd.reconcile.facts import CrmPresence, ItemPresence, LinkState
from tests.unit.reconcile.combinations import (
    AXES,
    CORNERS,
    CRM,
    DELETED,
    IN_SCOPE,
    LIVE,
    OUT,
    OUTLOOK,
    PRESENT,
    SAMPLE,
    Decided,
    case_of,
    every,
    some,
)
from tests.unit.reconcile.naive import expected
from tests.unit.reconcile.naive_words import (
    NO_LINK,
    Expected,
    crm_speaks,
    outlook_speaks,
)


def disagreements(decision: Decision, told: Expected) -> list[str]:
    """Where the engine does something else than the naive statement says."""
    wrong = []
    verbs = frozenset(decision.verbs)
    if not told.does <= verbs <= told.does | told.may:
        wrong.append(f"verbs {sorted(verbs)} for {sorted(told.does)} (+{sorted(told.may)})")
    if decision.stand not in told.stand:
        wrong.append(f"stand {decision.stand} for {sorted(told.stand)}")
    if decision.link_state not in told.states:
        wrong.append(f"state {decision.link_state} for {sorted(map(str, told.states))}")
    if decision.reason not in told.reasons:
        wrong.append(f"reason {decision.reason} for {sorted(told.reasons)}")
    made = {Verb.CREATE_ITEM, Verb.CREATE_RECORD} & verbs
    carries = {
        each.group: side.other
        for each in decision.groups
        for side in each.writes
        if each.group != "labels" and not made
    }
    if carries != told.carries:
        wrong.append(f"carries {carries} for {told.carries}")
    kept = {each.group for each in decision.groups if each.loser} - {"labels"}
    if not told.kept <= kept <= told.kept | told.or_kept:
        wrong.append(f"kept {kept} for {set(told.kept)}")
    return wrong


# In one process: what all of these go through is worked out once.
pytestmark = pytest.mark.xdist_group("naive")


@pytest.fixture(scope="module")
def decided() -> list[Decided]:
    """All combinations that are gone through."""
    every_one = [s for axes in CORNERS.values() for s in every(**axes)]
    return [
        Decided(s, case, rules, decide(case, rules))
        for s in (*every_one, *some(SAMPLE))
        for case, rules in [case_of(s)]
    ]


def test_the_engine_does_what_the_statement_says(decided: list[Decided]) -> None:
    """Verbs, stand, state, reason, what is written where, what is kept: in every combination."""
    wrong = [
        (each.situation, found)
        for each in decided
        if (found := disagreements(each.decision, expected(each.situation)))
    ]
    assert not wrong, f"{len(wrong)} combinations, such as {wrong[0]}"


def test_the_combinations_are_all_there(decided: list[Decided]) -> None:
    """Every value of every axis is met, and every state a link can end in."""
    for name, values in AXES.items():
        assert {getattr(each.situation, name) for each in decided} == set(values)
    verbs = {verb for each in decided for verb in each.decision.verbs}
    assert verbs == set(Verb)
    assert {each.decision.link_state for each in decided} == {*LinkState, None} - {LinkState.COPY}


def test_nothing_follows_from_what_is_not_known(decided: list[Decided]) -> None:
    """P5: neither a store nor a mailbox that could not be read makes a write, or moves a link."""
    for each in decided:
        s, decision = each.situation, each.decision
        if s.crm is CrmPresence.UNKNOWN or s.item is ItemPresence.UNKNOWN:
            assert decision.verbs == (), s
            assert decision.link_state in (None, s.link), s


def test_what_is_private_does_not_flow(decided: list[Decided]) -> None:
    """P7: nothing of it is written, and it is neither made anew, nor moved, nor thrown away."""
    for each in decided:
        if each.situation.private:
            assert set(each.decision.verbs) <= {Verb.WITHDRAW, Verb.UNLINK}, each.situation
            assert not any(group.writes or group.loser for group in each.decision.groups)


def test_nothing_is_written_where_it_may_not_be(decided: list[Decided]) -> None:
    """Directions and rights: of a side that may not be written only what is syncd's own is."""
    for each in decided:
        s, decision = each.situation, each.decision
        if not crm_speaks(s):
            assert set(decision.patch(OUTLOOK)) <= {"labels"}, s
            assert Verb.CREATE_ITEM not in decision.verbs, s
        if not outlook_speaks(s) or (not s.writable and s.link != NO_LINK):
            writes = {verb for verb in decision.verbs if verb.side is CRM} - {Verb.WITHDRAW}
            if Verb.CREATE_RECORD not in writes or not outlook_speaks(s):
                assert not writes, s
        if not s.creates:
            assert Verb.CREATE_RECORD not in decision.verbs, s


def test_nothing_is_deleted_but_by_a_policy_that_says_so(decided: list[Decided]) -> None:
    """Leaving scope is not deletion; a deletion in Outlook is not one in the CRM."""
    for each in decided:
        s, verbs = each.situation, set(each.decision.verbs)
        if Verb.TRASH_ITEM in verbs:
            left = s.crm is OUT and s.on_exit is ScopeExit.DELETE
            lost = s.crm is DELETED and s.on_crm_delete is not CrmDelete.RELEASE
            assert s.link == LIVE, s
            assert left or lost, s
        if verbs & {Verb.DEACTIVATE_RECORD, Verb.DELETE_RECORD}:
            assert (s.item, s.link, s.crm) == (ItemPresence.DELETED, LIVE, IN_SCOPE), s
        if Verb.DELETE_RECORD in verbs:
            assert s.owned, s
            assert s.on_outlook_delete is OutlookDelete.DELETE_IF_OWNER, s


def test_only_what_belongs_here_is_made(decided: list[Decided]) -> None:
    """What left scope or was deleted makes no item; only what its user tracked makes a record."""
    for each in decided:
        s, verbs = each.situation, each.decision.verbs
        if s.crm is not IN_SCOPE:
            assert Verb.CREATE_ITEM not in verbs, s
        if not s.tracked:
            assert Verb.CREATE_RECORD not in verbs, s


ORDER = (
    Verb.WITHDRAW, Verb.RESTORE_ITEM, Verb.CREATE_RECORD, Verb.DEACTIVATE_RECORD,
    Verb.DELETE_RECORD, Verb.UPDATE_RECORD, Verb.CREATE_ITEM, Verb.UPDATE_ITEM, Verb.MOVE_ITEM,
    Verb.TRASH_ITEM, Verb.UNLINK,
)  # fmt: skip


def test_the_order_loses_nothing(decided: list[Decided]) -> None:
    """An edit is taken before its item goes, and the tie ends last."""
    for each in decided:
        places = [ORDER.index(verb) for verb in each.decision.verbs]
        assert places == sorted(places), (each.situation, each.decision.verbs)


MOVES = {Verb.MOVE_ITEM, Verb.RESTORE_ITEM}


def test_where_nothing_can_be_moved_nothing_is(decided: list[Decided]) -> None:
    """Neither by the rules, nor when a person does not want what was held."""
    for each in decided:
        if each.rules.moves:
            continue
        assert not MOVES & set(each.decision.verbs), each.situation
        if each.decision.verbs and may_discard(each.decision):
            instead = discard(each.decision, each.case, each.rules, found=True)
            assert not MOVES & set(instead.verbs), each.situation


REMOVES = {
    Verb.TRASH_ITEM, Verb.MOVE_ITEM, Verb.DELETE_RECORD, Verb.DEACTIVATE_RECORD, Verb.WITHDRAW,
}  # fmt: skip


def test_what_is_discarded_removes_nothing(decided: list[Decided]) -> None:
    """A person who does not want what was held loses nothing by it, on either side."""
    stranded = []
    for each in decided:
        if not each.decision.verbs or not may_discard(each.decision):
            continue
        away = each.situation.item in (ItemPresence.DELETED, ItemPresence.MOVED)
        instead = discard(each.decision, each.case, each.rules, found=away)
        assert not REMOVES & set(instead.verbs), each.situation
        in_folder = {Verb.RESTORE_ITEM, Verb.CREATE_ITEM} & set(instead.verbs)
        # What is in the former folder comes along in the next round.
        filed = each.situation.item not in (PRESENT, ItemPresence.FORMER)
        if filed and instead.link_state is LIVE and not in_folder:
            stranded.append(each.situation)
        if Verb.CREATE_ITEM not in instead.verbs:
            assert not _overwritten(each, instead), each.situation
    assert not stranded, "live, and not in its folder"


def _overwritten(each: Decided, instead: Decision) -> list[str]:
    """The groups of which an edit is overwritten and not kept."""
    held = {CRM: each.case.crm.record, OUTLOOK: each.case.item.record}
    link, lost = each.case.link, []
    for group in instead.groups:
        for side, patch in group.writes.items():
            record = held[side]
            if record is None or link is None or group.loser or group.group == "labels":
                continue
            known = link.images[side][group.group].values or {}
            if any(record.fields.get(name) != known.get(name) for name in patch):
                lost.append(group.group)
    return lost
