"""Worlds over the wire, kept in SQLite: what a fault does does not ask where the store is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from syncd.outlook.graph import gate
from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import sandbox_world


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


@pytest.fixture
def world(engine: Engine, box: Sandbox, backend: Backend) -> World:
    """A world whose mailboxes are reached over one of both protocols."""
    gate._GATES.clear()
    return sandbox_world(engine, box, backend)
