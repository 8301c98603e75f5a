"""The breaker (P8), to the boundary."""

from __future__ import annotations

import pytest

from syncd.model.fields import Side
from syncd.model.policy import Limits
from syncd.model.values import Value
from syncd.reconcile.breaker import BOUNDED, Bounded, bounded, emptied, tripped
from syncd.reconcile.decide import Decision, Stand, Verb
from syncd.reconcile.images import AGREED
from syncd.reconcile.merge import GroupOutcome
from syncd.reconcile.reasons import Reason

NOTHING: dict[Bounded, int] = {}


def deciding(
    *verbs: Verb, side: Side = Side.CRM, patch: dict[str, Value] | None = None
) -> Decision:
    """A decision that does these."""
    group = GroupOutcome("serial", Reason.EQUAL, AGREED, {side: patch} if patch else {})
    return Decision(Reason.EQUAL, Stand.IN_STEP, verbs, (group,))


# verb | how many | live links | executed in the last day | held already | held?
TABLE = """
trash-item    | 50 | 1000 |  0 |  0 | no     # at most 50 in a run
trash-item    | 51 | 1000 |  0 |  0 | held
trash-item    |  5 |   10 |  0 |  0 | no     # more than 5 and more than a fifth of the live links
trash-item    |  6 |   30 |  0 |  0 | no
trash-item    |  6 |   29 |  0 |  0 | held
trash-item    |  2 |    2 |  0 |  0 | no     # 3 or more, and all of them
trash-item    |  3 |    3 |  0 |  0 | held
trash-item    |  3 |    4 |  0 |  0 | no
trash-item    | 10 | 1000 | 90 |  0 | no     # 100 in a day
trash-item    | 10 | 1000 | 91 |  0 | held
unlink        |  3 |    3 |  0 |  0 | held   # each verb alike
move-item     |  6 |   10 |  0 |  0 | held
update-record |  6 |   10 |  0 |  0 | held
update-record | 51 | 1000 |  0 |  0 | held
create-item   | 51 | 1000 |  0 |  0 | held
create-item   | 50 |    0 |  0 |  0 | no     # a share of what is there bounds losing, not gaining
create-item   |  1 | 1000 | 100 |  0 | held
create-record | 51 | 1000 |  0 |  0 | held
trash-item    |  1 | 1000 |  0 | 60 | held   # what comes after a flood belongs to it
trash-item    |  1 | 1000 |  0 | 49 | no
update-item   | 999 | 1000 |  0 |  0 | no    # to put a value into Outlook bounds nothing
restore-item  | 999 | 1000 |  0 |  0 | no
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_what_is_held(line: str) -> None:
    """Held when n > 50, or n > 5 and more than 20 %, or n >= 3 and all; 100 executed a day."""
    verb, n, live, executed, waits, held = (cell.strip() for cell in line.split("#")[0].split("|"))
    counted = BOUNDED.get(Verb(verb))
    done = {counted: int(executed)} if counted and int(executed) else NOTHING
    waiting = {counted: int(waits)} if counted and int(waits) else NOTHING
    over = tripped([deciding(Verb(verb))] * int(n), Limits(), int(live), done, waiting)
    assert over == (frozenset({counted}) if held == "held" else frozenset())


def test_emptied_fields_are_counted() -> None:
    """A value that becomes empty, on either side, is counted once for its link."""
    for side, verb in ((Side.CRM, Verb.UPDATE_RECORD), (Side.OUTLOOK, Verb.UPDATE_ITEM)):
        emptying = deciding(verb, side=side, patch={"serial": None, "hint": None})
        assert Bounded.EMPTY in bounded(emptying)
        assert Bounded.EMPTY in tripped([emptying] * 51, Limits(), 1000, NOTHING, NOTHING)
    assert bounded(deciding(Verb.UPDATE_ITEM, side=Side.OUTLOOK, patch={"serial": "a"})) == set()


def test_one_verb_over_its_limit_holds_no_other() -> None:
    """The rest of the run goes on."""
    decisions = [deciding(Verb.TRASH_ITEM)] * 51 + [deciding(Verb.UPDATE_RECORD)] * 2
    assert tripped(decisions, Limits(), 1000, NOTHING, NOTHING) == {Bounded.DELETE}


def test_onboarding_creates_as_approved() -> None:
    """Who approved a first sync saw how much it creates; deletes are bounded even then."""
    verbs = (Verb.CREATE_ITEM, Verb.CREATE_RECORD, Verb.UPDATE_RECORD, Verb.TRASH_ITEM)
    decisions = [deciding(verb) for verb in verbs] * 60
    assert tripped(decisions, Limits(), 1000, NOTHING, NOTHING, onboarding=True) == {Bounded.DELETE}


def test_the_limits_are_settings() -> None:
    """Every number of the formula can be set."""
    limits = Limits(most=2, some=1, share=0.5, few=2, daily=9)
    decisions = [deciding(Verb.UNLINK)] * 2
    assert tripped(decisions, limits, 100, NOTHING, NOTHING) == frozenset()
    assert tripped(decisions, limits, 3, NOTHING, NOTHING) == {Bounded.UNLINK}
    assert tripped(decisions, limits, 100, {Bounded.UNLINK: 8}, NOTHING) == {Bounded.UNLINK}
    assert tripped([*decisions, *decisions], limits, 100, NOTHING, NOTHING) == {Bounded.UNLINK}
    assert tripped(decisions, Limits(daily=2), 100, NOTHING, NOTHING) == frozenset()
    assert tripped(decisions, Limits(daily=1), 100, NOTHING, NOTHING) == {Bounded.UNLINK}


COUNTED_AS = {
    Verb.CREATE_ITEM: {Bounded.CREATE},
    Verb.CREATE_RECORD: {Bounded.CREATE},
    Verb.UPDATE_RECORD: {Bounded.CRM_WRITE},
    Verb.DEACTIVATE_RECORD: {Bounded.CRM_WRITE},
    Verb.DELETE_RECORD: {Bounded.DELETE},
    Verb.TRASH_ITEM: {Bounded.DELETE},
    Verb.MOVE_ITEM: {Bounded.MOVE},
    Verb.UNLINK: {Bounded.UNLINK},
    Verb.WITHDRAW: {Bounded.WITHDRAW},
    Verb.UPDATE_ITEM: set(),  # puts values into Outlook
    Verb.RESTORE_ITEM: set(),  # brings an item back
}


@pytest.mark.parametrize("verb", Verb)
def test_each_verb_is_counted_as(verb: Verb) -> None:
    """What loses alike is counted together, whichever side it is on."""
    assert bounded(deciding(verb)) == COUNTED_AS[verb]
    # What was carried out is counted by the same table.
    assert {BOUNDED[each] for each in [verb] if each in BOUNDED} == COUNTED_AS[verb]


def test_a_withdrawal_is_one_whatever_else_it_does() -> None:
    """P7: it empties fields and ends a link, and counts as neither."""
    whole = deciding(Verb.WITHDRAW, Verb.UPDATE_RECORD, Verb.UNLINK, patch={"serial": None})
    assert bounded(whole) == {Bounded.WITHDRAW}


def test_how_many_fields_of_the_record_are_emptied() -> None:
    """Those that Outlook empties: what the CRM empties is its own business."""
    patch: dict[str, Value] = {"serial": None, "hint": None, "brand": "Apex"}
    assert emptied(deciding(Verb.UPDATE_RECORD, patch=patch)) == 2
    assert emptied(deciding(Verb.UPDATE_ITEM, side=Side.OUTLOOK, patch=patch)) == 0
