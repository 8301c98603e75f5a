"""A desk to try the rules at."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
from sqlalchemy import Engine, delete, text

from syncd.crm.api import Crm
from syncd.crm.database import open_database
from syncd.crm.tables import metadata
from tests.conftest import SQLITE
from tests.crm.conftest import BY_HAND, NOON, Store
from tests.crm.rules.desk import Desk
from tests.postgres import Postgres

import_module("syncd.sync.tables")  # adds its tables to the same metadata


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
