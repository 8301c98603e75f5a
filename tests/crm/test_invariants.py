"""Whatever sequence of business actions is done to a store, the invariants hold."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

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
