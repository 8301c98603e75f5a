"""A desk to try the rules at."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
from sqlalchemy import Engine, delete, text

from syncd.crm.api import Crm
from syncd.crm.database import open_database
from syncd.crm.tables import metadata
from tests.conftest import FULL, POSTGRESQL, SQLITE, drawn
from tests.crm.conftest import BY_HAND, NOON, Store
from tests.crm.rules.desk import Desk
from tests.postgres import Postgres

import_module("syncd.sync.tables")  # adds its tables to the same metadata


ONE_OF = 4  # rows of a table are played on PostgreSQL, too, and the first of each; `make full`: all


@pytest.hookimpl(tryfirst=True)  # in the order of the files, which is the same in every process
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Play every row in SQLite, and a sample, as the seed says, on PostgreSQL."""
    met: set[tuple[str, str]] = set()
    for item in [] if FULL else list(items):
        called = getattr(item, "callspec", None)
        if not isinstance(item, pytest.Function) or called is None:
            continue
        of_rules = item.module.__name__.startswith("tests.crm.rules.")
        if of_rules and called.params.get("kept_in") == POSTGRESQL:
            test = (item.module.__name__, item.originalname)
            if test in met and drawn(*test, called.id) % ONE_OF:
                items.remove(item)
            met.add(test)


@pytest.fixture(scope="session")
def one_for_all(postgres: Postgres) -> Iterator[Engine]:
    """One database for all rules: nobody changes its tables, and emptying it is quick."""
    url = postgres.migrated()
    engine = open_database(url)
    yield engine
    engine.dispose()
    postgres.drop(url)


@pytest.fixture
def engine(kept_in: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty store."""
    if kept_in == SQLITE:
        engine = open_database(request.getfixturevalue("store_url"))
        yield engine
        engine.dispose()
        return
    shared: Engine = request.getfixturevalue("one_for_all")
    empty(shared)
    yield shared


def empty(engine: Engine) -> None:
    """Remove every row, whatever refers to it, and begin to number anew."""
    removals = (str(delete(table).compile(engine)) for table in metadata.tables.values())
    anew = "ALTER SEQUENCE crm_change_number_seq RESTART"
    with engine.connect() as conn, conn.begin():
        conn.execute(text("SET LOCAL session_replication_role = replica"))
        conn.exec_driver_sql(";".join([*removals, anew]))


@pytest.fixture
def desk(store: Store) -> Desk:
    """A CRM whose clock stands at noon."""
    return Desk(Crm(store.engine, BY_HAND, clock=lambda: NOON), store.ann, store.bob)
