"""What it costs to know whose mailbox a contact is in: our query over the bare one.

A mailbox of 5,000 contacts out of 1,000,000; both queries are asked in turn, and of each the best
time counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from rich.console import Console
from sqlalchemy import Connection, Engine, text

from syncd.crm import records
from syncd.crm.contacts import CONTACTS
from syncd.crm.database import read
from syncd.settings.configuration import DEFAULT_FILTER
from syncd.settings.filters import Filter
from tests.benchmarks.measure import Cost, best, measured
from tests.crm.filling import Filling

CONTACTS_IN_ALL, CONTACTS_OF_ONE = 1_000_000, 5_000
ROUNDS = 5
BARE = text("SELECT id FROM contact WHERE owner_id = :me AND statecode = 'active'")
STEPS = 1_000  # of SQLite's machine, counted in these


@dataclass(frozen=True)
class Membership:
    """Milliseconds and ratio; `rows` that came back; steps of SQLite's machine, 0 elsewhere."""

    database: str
    contacts: int
    rows: int
    ours_ms: float
    bare_ms: float
    ratio: float
    ours_steps: int
    bare_steps: int


def take(engine: Engine, contacts: int, mine: int, rounds: int = ROUNDS) -> Membership:
    """Fill an empty store, and measure in it."""
    filling = Filling(contacts, mine, findable=False)
    filling.fill(engine)
    where = Filter.parse(DEFAULT_FILTER, CONTACTS).where(filling.me, today=date(2026, 11, 23))

    def ours(conn: Connection) -> list[str]:
        return records.members(conn, CONTACTS, where)

    def bare(conn: Connection) -> list[str]:
        return list(conn.execute(BARE, {"me": filling.me}).scalars())

    with read(engine) as conn:
        if sorted(bare(conn)) != ours(conn):
            raise AssertionError("the two queries do not say the same")
        costs: dict[Callable[[Connection], list[str]], list[Cost]] = {ours: [], bare: []}
        for _ in range(rounds):
            for ask, taken in costs.items():
                with measured() as cost:
                    ask(conn)
                taken.append(cost)
        our_time, bare_time = best(costs[ours]).wall, best(costs[bare]).wall
        return Membership(
            engine.dialect.name, contacts, len(ours(conn)), our_time * 1000, bare_time * 1000,
            our_time / bare_time, steps(conn, ours), steps(conn, bare),
        )  # fmt: skip


def steps(conn: Connection, ask: Callable[[Connection], object]) -> int:
    """How many steps SQLite's machine takes to answer: the same on every computer."""
    if conn.dialect.name != "sqlite":
        return 0
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    driver = conn.connection.driver_connection
    if driver is None:
        raise AssertionError("a connection that is in use has one")
    driver.set_progress_handler(count, STEPS)
    ask(conn)
    driver.set_progress_handler(None, STEPS)
    return counted * STEPS


def show(console: Console, taken: Membership) -> None:
    """Print it."""
    console.print(
        f"membership on {taken.database}: {taken.rows:,} of {taken.contacts:,} contacts in "
        f"{taken.ours_ms:.1f} ms; the bare query {taken.bare_ms:.1f} ms, ratio {taken.ratio:.2f}; "
        f"steps {taken.ours_steps:,} and {taken.bare_steps:,}"
    )
