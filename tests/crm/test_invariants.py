"""Whatever sequence of business actions is done to a store, the invariants hold."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from syncd.crm.database import open_database
from syncd.crm.feed import Actor, ActorKind
from tests.crm.machine import Machine

EXAMPLES = {"sqlite": 15, "postgresql": 5}
STEPS = 30


@pytest.mark.timeout(300)
def test_the_invariants_hold_whatever_is_done(engine: Engine) -> None:
    """No orphan, no loop, no closed record that changes, no late line; the feed tells it all."""
    run_state_machine_as_test(
        lambda: Machine(engine),  # type: ignore[arg-type]  # it takes what makes a machine, too
        settings=settings(
            max_examples=EXAMPLES[engine.dialect.name],
            stateful_step_count=STEPS,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_the_head_of_a_closed_account_that_is_merged_into_a_stranger(store_url: str) -> None:
    """Nobody stands for it then: who is left belongs to another account."""
    api, undo = Actor(ActorKind.API, "website"), Actor(ActorKind.UNDO, "admin")
    machine = Machine(open_database(store_url))
    machine.set_active(actor=api, entity="account", pick=1, active=False)
    machine.delete(actor=api, entity="contact", pick=0)
    machine.enter_account(actor=api, name="Contoso Ltd", above=None)
    machine.name_head(actor=undo, own=0, pick=2)
    machine.merge_neighbours(actor=api, entity="contact", one=1)
    machine.teardown()
