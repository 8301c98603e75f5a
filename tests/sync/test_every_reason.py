"""Every reason there is comes about: each has a scenario that ends with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from syncd.reconcile.decide import decide
from syncd.reconcile.facts import CrmFacts, CrmPresence
from syncd.reconcile.reasons import Reason
from syncd.sync.explain.verdict import verdict
from tests.sync import reasons_of_edits, reasons_of_ties  # noqa: F401 - they enter scenarios
from tests.sync.asking import asked
from tests.sync.reasons import SCENARIOS, Scenario, produced
from tests.sync.reasons_of_waiting import no_filter, remembered
from tests.sync.world import ALICE
from tests.sync.worlds import Memory
from tests.unit.reconcile.situations import RULES, case, item

# What a run never shows, since it says more exactly what it does not know: decided all the same.
DECIDED: Mapping[Reason, Callable[[], Reason]] = {
    Reason.UNKNOWN_CRM: lambda: decide(case(CrmFacts(CrmPresence.UNKNOWN), item()), RULES).reason,
}


# What nothing is written down for: a record without an item is left alone, and `explain` knows why.
EXPLAINED: Mapping[Reason, Scenario] = {
    Reason.NO_FILTER: no_filter,
    Reason.REMEMBERED: remembered,
}


@pytest.mark.parametrize("reason", SCENARIOS)
def test_a_reason_comes_about(memory: Memory, reason: Reason) -> None:
    """The scenario ends with it."""
    world, servers = memory
    SCENARIOS[reason](world, servers[ALICE])
    assert reason.value in produced(world)


def test_a_world_in_which_nothing_happens_has_no_reasons(memory: Memory) -> None:
    """What the scenarios end with is not there from the start."""
    world, _ = memory
    world.start()
    assert produced(world) == set()


@pytest.mark.parametrize("reason", DECIDED)
def test_a_reason_is_decided(reason: Reason) -> None:
    """By the engine alone."""
    assert DECIDED[reason]() is reason


@pytest.mark.parametrize("reason", EXPLAINED)
def test_a_reason_is_explained(memory: Memory, reason: Reason) -> None:
    """It is what `explain` answers with."""
    world, servers = memory
    EXPLAINED[reason](world, servers[ALICE])
    (record,) = world.all_records()
    assert world.items() == []
    assert verdict(asked(world, record)).code == reason


def test_every_reason_is_here() -> None:
    """None without a scenario, and none twice."""
    assert sorted([*SCENARIOS, *DECIDED, *EXPLAINED]) == sorted(Reason)
