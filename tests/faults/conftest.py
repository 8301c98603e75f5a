"""Worlds over the wire, kept in SQLite: what a fault does does not ask where the store is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.sync.world import ALICE, BOB


@pytest.fixture
def kept_in() -> str:
    """Where the store is kept."""
    return "sqlite"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox with two users."""
    with Sandbox(users=[ALICE, BOB]) as running:
        yield running


@pytest.fixture(params=Backend, ids=lambda each: each.value)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Over each protocol."""
    return Backend(request.param)
