"""Worlds: over EWS against the sandbox, and in memory; on SQLite, and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.conftest import DATABASES, FULL, POSTGRESQL, SQLITE, drawn
from tests.sandbox.graph.description import watch
from tests.sync.tearing import branch
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory, memory_world, sandbox_world

EWS, IN_MEMORY, IN_MEMORY_LIKE_GRAPH = "ews", "memory", "memory like Graph"

# Where ids that stay, and that nothing can be moved, could make a difference.
ALSO_LIKE_GRAPH = ("tests.sync.test_existence", "tests.sync.test_leaving")

WATCHED = 100  # exchanges over Graph that are held against its description, in each test

# Over the wire a run takes long, and what is kept of it is the same.
ON_BOTH_OVER_EWS = ("tests.sync.test_round_trip", "tests.sync.test_custom_fields")
# What these prove is decided before the store is asked.
ON_SQLITE_ALONE = (
    "tests.sync.test_doubles",
    "tests.sync.test_frozen",
    "tests.sync.test_oscillation",
    "tests.sync.test_second_look",
    "tests.sync.test_verdicts",
    "tests.sync.test_rules_at_work",
    "tests.sync.test_asking",
    "tests.sync.test_every_reason",
    "tests.sync.test_breaker",
    "tests.sync.test_other_folder",
    "tests.sync.test_addresses",
    "tests.sync.test_archive",
    "tests.sync.test_consent",
    "tests.sync.test_discarding",
    "tests.sync.test_due",
    "tests.sync.test_faults",
    "tests.sync.test_first_contact",
    "tests.sync.test_frozen",
    "tests.sync.test_merged_edits",
    "tests.sync.test_moving_what_waits",
    "tests.sync.test_only_by_hand",
    "tests.sync.test_placing",
)

# Where the store itself is at work: two writers beside each other, counts, what a scope finds.
ON_BOTH_ROW_BY_ROW = (
    "tests.sync.test_accounting",
    "tests.sync.test_lease",
    "tests.sync.test_mass_change",
    "tests.sync.test_round_trip",
    "tests.sync.test_scopes",
    "tests.sync.test_side_by_side",
)


# Elsewhere one test in so many, as the seed says, is played there as well; `make full` plays each.
ONE_OF = {POSTGRESQL: 8, EWS: 4}


@pytest.hookimpl(tryfirst=True)  # in the order of the files, which is the same in every process
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Play what says nothing of the store or the wire itself in memory, and a sample elsewhere.

    On PostgreSQL, of the rows of a table the first.
    """
    if FULL:
        return
    met: set[tuple[str, str]] = set()
    for item in list(items):
        if not isinstance(item, pytest.Function) or (where := _elsewhere(item)) is None:
            continue
        if item.module.__name__ in ON_BOTH_ROW_BY_ROW:
            continue
        test = (item.module.__name__, item.originalname)
        again = where == POSTGRESQL and test in met
        if where == POSTGRESQL:
            met.add(test)
        if again or (not _asks_for(item, where) and _left_out(test, where)):
            items.remove(item)


def _elsewhere(item: pytest.Function) -> str | None:
    """PostgreSQL, or EWS, where a test goes there."""
    called = getattr(item, "callspec", None)
    if called is None or not item.module.__name__.startswith("tests.sync."):
        return None
    if called.params.get("kept_in") == POSTGRESQL:
        return POSTGRESQL
    return EWS if called.params.get("world") == EWS else None


def _asks_for(item: pytest.Function, where: str) -> bool:
    """Whether a test says itself where it is played, or is about that."""
    said = any("kept_in" in mark.args[0] for mark in item.iter_markers("parametrize"))
    return said or (where == EWS and item.module.__name__ in ON_BOTH_OVER_EWS)


def _left_out(test: tuple[str, str], where: str) -> bool:
    return bool(drawn(where, *test) % ONE_OF[where])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where the mailboxes of a test are, and where its store is kept."""
    used = set(metafunc.fixturenames)
    if any("kept_in" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")):
        return  # the test says so itself
    # These look into the file, or copy it.
    alone = used & {"store", "branches"} or metafunc.module.__name__ in ON_SQLITE_ALONE
    databases = (SQLITE,) if alone else DATABASES
    over_ews = databases if metafunc.module.__name__ in ON_BOTH_OVER_EWS else (SQLITE,)
    if "world" in used and not hasattr(metafunc.module, "world"):  # which would take no place
        pairs = [*((EWS, each) for each in over_ews), *((IN_MEMORY, each) for each in databases)]
        if metafunc.module.__name__ in ALSO_LIKE_GRAPH:
            pairs.append((IN_MEMORY_LIKE_GRAPH, SQLITE))
        metafunc.parametrize(("world", "kept_in"), pairs, indirect=True)
    elif "kept_in" in used:
        metafunc.parametrize("kept_in", over_ews if "box" in used else databases, indirect=True)


@pytest.fixture
def kept_in(request: pytest.FixtureRequest) -> str:
    """What the store is kept in: see above."""
    return str(request.param)


@pytest.fixture
def store(store_url: str) -> Path:
    """The file that the store is in. A test that asks for it is for SQLite alone."""
    return Path(store_url.removeprefix("sqlite:///"))


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox with two users. Where the schemas are at hand, all traffic is checked."""
    root = os.environ.get("SYNCD_SCHEMAS")
    with Sandbox(users=[ALICE, BOB], validate=Path(root) / "ews" if root else None) as running:
        complaints = watch(running, WATCHED)
        yield running
        assert not running.invalid_responses
        assert not complaints


@pytest.fixture
def wire(engine: Engine, box: Sandbox) -> World:
    """A world whose mailboxes are reached over EWS."""
    return sandbox_world(engine, box)


@pytest.fixture
def memory(engine: Engine) -> Memory:
    """A world whose mailboxes are in memory, and their servers."""
    return memory_world(engine)


@pytest.fixture
def world(request: pytest.FixtureRequest, engine: Engine) -> World:
    """The same world over EWS and in memory: what holds in one holds in the other."""
    if request.param == EWS:
        box: Sandbox = request.getfixturevalue("box")
        return sandbox_world(engine, box)
    like = Backend.GRAPH if request.param == IN_MEMORY_LIKE_GRAPH else Backend.EWS
    return memory_world(engine, backend=like)[0]


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
