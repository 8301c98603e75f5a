"""The planner alone keeps the promises over thousands of cases, and a wrong one does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from syncd.model.fields import Side
from syncd.reconcile import actions, groups, merge
from syncd.reconcile.actions import DECIDERS
from syncd.reconcile.decide import (
    EXISTENCE,
    Action,
    Case,
    Column,
    Decision,
    Row,
    Rules,
    Stand,
    Verb,
)
from syncd.reconcile.facts import CrmPresence, LinkState
from syncd.reconcile.images import AGREED
from syncd.reconcile.merge import MERGE, GroupFacts, GroupOutcome, Verdict
from syncd.reconcile.reasons import Reason
from tests.conftest import FULL
from tests.simulation.planner.ledger import Violation
from tests.simulation.planner.play import Play

CASES = 100_000 if FULL else 3_000
LOOKED_FOR = 3_000  # cases in which a planted bug must show


def test_it_keeps_the_promises(tell_seeds: Callable[[str], None]) -> None:
    """P1, P2, P3, P5, P7, P8, P14 over correlated states, in any order of the operations."""
    tell_seeds(f"planner: 1 to {CASES}")
    for seed in range(1, CASES + 1):
        try:
            Play(seed).run()
        except Violation as violation:
            pytest.fail(f"python -m tests.simulation.planner --cases 1 --seed {seed}: {violation}")


def test_a_seed_is_a_case() -> None:
    """The same seed gives the same trace."""
    for seed in range(50):
        one, two = Play(seed), Play(seed)
        assert one.run() == two.run()
        assert one.trace == two.trace


# --- planted bugs --------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]


def _action(row: Row, column: Column, action: Action) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(EXISTENCE, (row, column), action)

    return plant


def _decider(action: Action, change: Callable[[Case, Rules, Decision], Decision]) -> Plant:
    right = DECIDERS[action]

    def plant(patch: pytest.MonkeyPatch) -> None:
        wrong = lambda case, rules: change(case, rules, right(case, rules))  # noqa: E731
        patch.setitem(DECIDERS, action, wrong)

    return plant


def _verdict(edited: tuple[bool, bool, bool], verdict: Verdict) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(MERGE, edited, verdict)

    return plant


def _trash(_: Case, __: Rules, decision: Decision) -> Decision:
    verbs = (Verb.TRASH_ITEM,)
    return replace(decision, verbs=verbs, stand=Stand.EXCLUDED, link_state=LinkState.ORPHANED)


def _drops_losers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "_loser", lambda *_: None)


def _last_writer_wins(patch: pytest.MonkeyPatch) -> None:
    """It takes whatever comes last, and what it writes over is gone."""
    _verdict((True, True, False), Verdict.CARRY_OUTLOOK)(patch)
    _drops_losers(patch)


def _any_side_speaks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "blocked", lambda *_: None)


def _takes_what_is_private(patch: pytest.MonkeyPatch) -> None:
    right = actions._track

    def wrong(case: Case, rules: Rules) -> Decision:
        return right(replace(case, item=replace(case.item, private=False)), rules)

    patch.setitem(DECIDERS, Action.TRACK, wrong)


def _takes_what_is_not_tracked(patch: pytest.MonkeyPatch) -> None:
    right = actions._track

    def wrong(case: Case, rules: Rules) -> Decision:
        return right(replace(case, item=replace(case.item, tracked=True)), rules)

    patch.setitem(DECIDERS, Action.TRACK, wrong)


def _never_agrees(patch: pytest.MonkeyPatch) -> None:
    right = merge.merge

    def echoing(facts: GroupFacts, *rest: object) -> GroupOutcome:
        outcome = right(facts, *rest)  # type: ignore[arg-type]
        name = facts.group.fields[0].name
        values = merge.value(facts, Side.CRM)
        if outcome.writes or not values.get(name) or facts.group.name != "serial":
            return outcome
        return replace(outcome, writes={Side.OUTLOOK: {name: values[name]}})

    patch.setattr(groups, "merge", echoing)


def _unknown_is_deleted(case: Case, rules: Rules, decision: Decision) -> Decision:
    del rules
    if case.link is None or case.crm.presence is CrmPresence.UNKNOWN:
        return decision
    return replace(decision, verbs=(Verb.UNLINK,), link_state=LinkState.REMEMBERED)


def _forgets_the_reason(patch: pytest.MonkeyPatch) -> None:
    right = merge.carry

    def silent(facts: GroupFacts, side: Side, reason: Reason) -> GroupOutcome:
        outcome = right(facts, side, reason)
        return outcome if outcome.writes else replace(outcome, mark=AGREED)

    patch.setattr(merge, "carry", silent)


BUGS: Mapping[str, Plant] = {
    "deletes everything": _decider(Action.NOTHING, _trash),
    "deletes the edited item of a deleted record": _action(
        Row.DELETED, Column.CHANGED, Action.UNMAKE
    ),
    "deletes the user's own": _decider(Action.KEEP, _trash),
    "concludes from what is not known": _decider(Action.WAIT, _unknown_is_deleted),
    "ends a record that was moved away": _action(Row.UNCHANGED, Column.UNKNOWN, Action.REMEMBER),
    "drops the loser": _drops_losers,
    "last writer wins": _last_writer_wins,
    "overwrites Outlook's edit": _verdict((False, True, False), Verdict.CARRY_CRM),
    "overwrites the CRM's edit": _verdict((True, False, False), Verdict.CARRY_OUTLOOK),
    "takes a conflict for agreed": _verdict((True, True, False), Verdict.AGREED),
    "lets any side speak": _any_side_speaks,
    "takes what is private": _takes_what_is_private,
    "takes what is not tracked": _takes_what_is_not_tracked,
    "does not stop at private": _action(Row.PRIVATE, Column.CHANGED, Action.MERGE),
    "echoes": _never_agrees,
    "does not say why it differs": _forgets_the_reason,
    "deletes what left scope": _decider(Action.EXIT, _trash),
}


@pytest.mark.parametrize("plant", BUGS.values(), ids=BUGS)
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planner that is wrong in one way breaks a promise in one of the first cases."""
    plant(monkeypatch)
    for seed in range(1, LOOKED_FOR + 1):
        try:
            Play(seed).run()
        except Violation:
            return
    pytest.fail("nothing noticed it")
