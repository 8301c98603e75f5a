"""What the store costs, on SQLite and on PostgreSQL: importing, and asking who is in a mailbox."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from syncd.crm.database import open_database
from syncd.crm.migration import upgrade
from tests.benchmarks import importing, membership
from tests.benchmarks.importing import Imported
from tests.benchmarks.membership import CONTACTS_OF_ONE, Membership
from tests.postgres import running


@dataclass(frozen=True, slots=True)
class Store:
    """The numbers of one database."""

    database: str
    imported: Imported
    members: Membership


def take(imported: int, contacts: int) -> list[Store]:
    """Import so many contacts, and ask for a mailbox's among so many: on both databases."""
    found = []
    for name in ("sqlite", "postgresql"):
        with _two(name) as (one, other):
            numbers = importing.compare(imported, one), _membership(other, contacts)
            found.append(Store(name, *numbers))
    return found


def show(console: Console, found: Store) -> None:
    """Print them."""
    console.print(f"{found.database}: {importing.said(found.imported)}")
    membership.show(console, found.members)


@contextmanager
def _two(database: str) -> Iterator[tuple[str, str]]:
    """The addresses of two new databases."""
    if database == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'one.db'}", f"sqlite:///{Path(folder) / 'other.db'}"
        return
    with running() as server:
        yield server.empty(), server.empty()


def _membership(url: str, contacts: int) -> Membership:
    engine = open_database(url)
    upgrade(engine)
    try:
        return membership.take(engine, contacts, min(CONTACTS_OF_ONE, contacts // 10))
    finally:
        engine.dispose()
