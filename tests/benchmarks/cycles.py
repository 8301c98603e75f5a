"""What a cycle asks of both sides, as counts: they follow what changed, never how much there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.counting import counted
from tests.benchmarks.office import Office, Opener


@dataclass(frozen=True)
class Cycle:
    """What one run asked: of the mailbox, and of the store."""

    requests: int
    subrequests: int
    statements: int
    transactions: int
    durable: int
    rows: int
    steps: int


def run(office: Office, prepare: Callable[[], None] = lambda: None) -> Cycle:
    """Count one run, after something was prepared."""
    prepare()
    with counted(office.engine) as asked:
        report = office.sync()
    return Cycle(
        report.requests,
        report.subrequests,
        asked.statements,
        asked.transactions,
        asked.durable,
        asked.rows,
        asked.steps,
    )


def first(office: Office) -> Cycle:
    """The first sync."""
    return run(office)


def idle(office: Office) -> Cycle:
    """A cycle without edits."""
    return run(office)


def edited(office: Office, number: int) -> Cycle:
    """A cycle with this many edits on each side, of different contacts."""
    both = office.linked(2 * number)

    def edit() -> None:
        office.edit_crm(crm_id for crm_id, _ in both[:number])
        office.edit_outlook(remote_id for _, remote_id in both[number:])

    return run(office, edit)


@dataclass(frozen=True)
class Cycles:
    """The cycles of one office, in the order they were run."""

    size: int
    first: Cycle
    idle: Cycle
    one: Cycle
    hundred: Cycle
    idle_after: Cycle


def take(folder: Path, opener: Opener, address: str, size: int, rules: int = 1) -> Cycles:
    """All cycles of an office with `size` contacts; 100 edits need 200 of them."""
    office = Office.open(folder, opener, address, size, rules)
    made = first(office)
    office.sync()  # settles what the first one left
    quiet, one, hundred = idle(office), edited(office, 1), edited(office, 100)
    office.sync()
    cycles = Cycles(size, made, quiet, one, hundred, idle(office))
    office.engine.dispose()
    return cycles
