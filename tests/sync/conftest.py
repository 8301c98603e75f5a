"""Worlds: over EWS against the sandbox, and in memory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from syncd.crm.database import open_database
from syncd.crm.migration import upgrade
from syncd.sandbox.server import Sandbox
from tests.sync.world import ALICE, BOB, Memory, World, branch, memory_world, sandbox_world


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without a row: copied by the tests, for migrating takes a second."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    engine = open_database(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "syncd.db"


@pytest.fixture
def engine(empty_database: Path, store: Path) -> Iterator[Engine]:
    """An empty store."""
    shutil.copy(empty_database, store)
    engine = open_database(f"sqlite:///{store}")
    yield engine
    engine.dispose()


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox with two users. Where the schemas are at hand, all traffic is checked."""
    root = os.environ.get("SYNCD_SCHEMAS")
    with Sandbox(users=[ALICE, BOB], validate=Path(root) / "ews" if root else None) as running:
        yield running
        assert not running.invalid_responses


@pytest.fixture
def wire(engine: Engine, store: Path, box: Sandbox) -> World:
    """A world whose mailboxes are reached over EWS."""
    return sandbox_world(engine, store, box)


@pytest.fixture
def memory(engine: Engine, store: Path) -> Memory:
    """A world whose mailboxes are in memory, and their servers."""
    return memory_world(engine, store)


@pytest.fixture(params=["ews", "memory"])
def world(request: pytest.FixtureRequest) -> World:
    """The same world over EWS and in memory: what holds in one holds in the other."""
    if request.param == "ews":
        wire: World = request.getfixturevalue("wire")
        return wire
    in_memory: tuple[World, object] = request.getfixturevalue("memory")
    return in_memory[0]


@pytest.fixture
def branches(tmp_path: Path) -> Iterator[Callable[[Memory], Memory]]:
    """Makes further worlds that begin as the given one stands."""
    made: list[World] = []

    def make(root: Memory) -> Memory:
        twin, servers = branch(*root, tmp_path / f"branch{len(made)}.db")
        made.append(twin)
        return twin, servers

    yield make
    for each in made:
        each.engine.dispose()
