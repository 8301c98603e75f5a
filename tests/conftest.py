"""What all tests share: the published schemas, how examples are drawn, and the two databases."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from syncd.crm.database import open_database
from syncd.crm.migration import upgrade
from tests import compiled
from tests.postgres import Postgres, running

SQLITE, POSTGRESQL = "sqlite", "postgresql"
SEEDS = "seeds"
DATABASES = (SQLITE, POSTGRESQL)

# Whether samples are not enough: every row on both databases, every story over the wire and torn
# at every moment, ten times the examples.
FULL = bool(os.environ.get("SYNCD_FULL_TESTS"))

# Which samples those are: another choice for another seed.
SEED = int(os.environ.get("SYNCD_SEED", "6"))


def drawn(*words: str) -> int:
    """A number of what these words name, which is another one for another seed."""
    return crc32(f"{SEED} {' '.join(words)}".encode())


SCHEMAS = Path(
    os.environ.get("SYNCD_SCHEMAS") or Path(__file__).parents[1].parent / "shared" / "schemas"
)

# No deadline: a busy machine is no failure. A failing example prints how to repeat it.
settings.register_profile(
    "syncd", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("full", settings.get_profile("syncd"), max_examples=1_000)
settings.load_profile("full" if FULL else "syncd")


def pytest_configure() -> None:
    """Let every test, and every process that a test starts, find the schemas and speak English."""
    os.environ["SYNCD_LANGUAGE"] = "en"
    compiled.share()
    if (SCHEMAS / "ews" / "messages.xsd").is_file():
        os.environ["SYNCD_SCHEMAS"] = str(SCHEMAS)
    else:
        os.environ.pop("SYNCD_SCHEMAS", None)


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays to the end: modules, and every test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def tell_seeds(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Have it said at the end of a run, by whichever process played it, which seeds were played."""
    return partial(record_property, SEEDS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which seeds were played; and loudly when nothing was checked against the schemas."""
    reports = (each for found in terminalreporter.stats.values() for each in found)
    told = {
        str(says)
        for each in reports
        if isinstance(each, pytest.TestReport)
        for name, says in each.user_properties
        if name == SEEDS
    }
    terminalreporter.section("seeds")
    for line in (f"samples: SYNCD_SEED={SEED}", *sorted(told)):
        terminalreporter.line(line)
    if "SYNCD_SCHEMAS" not in os.environ:
        terminalreporter.section("EWS SCHEMAS MISSING", yellow=True)
        terminalreporter.line(
            f"No EWS schemas in {SCHEMAS}: no request and no answer was validated. "
            "Set SYNCD_SCHEMAS."
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL, started for the first test that needs it."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without a row: copied by the tests, for migrating takes a second."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    engine = open_database(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(params=DATABASES)
def kept_in(request: pytest.FixtureRequest) -> str:
    """What the store is kept in: what holds for one database holds for the other."""
    return str(request.param)


@pytest.fixture
def store_url(kept_in: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty store."""
    if kept_in == SQLITE:
        path = tmp_path / "syncd.db"
        shutil.copy(request.getfixturevalue("empty_database"), path)
        yield f"sqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.migrated()
    yield url
    server.drop(url)


@pytest.fixture
def new_url(kept_in: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a table."""
    if kept_in == SQLITE:
        yield f"sqlite:///{tmp_path}/new.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.empty()
    yield url
    server.drop(url)


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    """An empty store."""
    engine = open_database(store_url)
    yield engine
    engine.dispose()
