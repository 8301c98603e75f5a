"""Whose mailbox a contact is in costs what the mailbox holds, not what the store holds."""

from __future__ import annotations

from sqlalchemy import Engine

from tests.benchmarks import membership


def test_it_costs_what_comes_back(engine: Engine) -> None:
    """As many rows as the bare query, and not much more work for each."""
    taken = membership.take(engine, contacts=20_000, mine=200, rounds=1)
    assert 0.9 * 200 < taken.rows <= 200
    if engine.dialect.name == "sqlite":
        assert 0 < taken.ours_steps < 20_000
