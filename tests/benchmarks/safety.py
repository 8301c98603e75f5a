"""What safety costs: statements, fsyncs and time of one operation, with it and without.

Without it nothing is journalled before it is tried, and no commit waits for the disk: what a crash
leaves behind is then anybody's guess. A test alone can have it so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, Engine

from syncd.crm import database
from syncd.sync import journal
from tests.benchmarks import cycles
from tests.benchmarks.cycles import Cycle
from tests.benchmarks.measure import measured
from tests.benchmarks.office import Office, Opener

EDITS = 100  # on each side
EDITED = 2 * EDITS
ROUNDS = 3  # the best one counts


@dataclass(frozen=True)
class Safety:
    """Of one operation: with all of it, or without. `wall` in seconds."""

    statements: float
    fsyncs: float
    wall: float


@contextmanager
def unsafe() -> Iterator[None]:
    """Meanwhile nothing is journalled before it is tried, and no commit waits for the disk."""
    write = database.write

    def hasty(
        engine: Engine, *, durable: bool = False, alone: bool = False
    ) -> AbstractContextManager[Connection]:
        del durable
        return write(engine, alone=alone)

    with patch.object(database, "write", hasty), patch.object(journal, "intend", _nothing):
        yield


def _nothing(*_arguments: object, **_more: object) -> None:
    """Not a word is written down."""


def compare(opener: Opener, with_it: str, without: str, size: int) -> tuple[Safety, Safety]:
    """A cycle with `EDITS` edits on each side, in each of two mailboxes that are empty as yet.

    Each way is taken in turn, and of each the best round counts.
    """
    ways: dict[str, Callable[[], AbstractContextManager[None]]] = {
        with_it: nullcontext, without: unsafe,
    }  # fmt: skip
    asked: dict[str, Cycle] = {}
    walls: dict[str, list[float]] = {each: [] for each in ways}
    with tempfile.TemporaryDirectory() as folder:
        offices = {each: Office.open(Path(folder), opener, each, size) for each in ways}
        for address, way in ways.items():
            with way():
                offices[address].sync()
                offices[address].sync()
                asked[address] = cycles.edited(offices[address], EDITS)
        for number in range(ROUNDS):
            for address, way in ways.items():
                with way():
                    walls[address].append(_once(offices[address], f"again {number}"))
        for each in offices.values():
            each.engine.dispose()
    one, other = (
        Safety(
            asked[each].statements / EDITED, asked[each].durable / EDITED, min(walls[each]) / EDITED
        )
        for each in ways
    )
    return one, other


def _once(office: Office, word: str) -> float:
    office.sync()  # takes in what is our own
    both = office.linked(EDITED)
    office.edit_crm((crm_id for crm_id, _ in both[:EDITS]), word)
    office.edit_outlook((item for _, item in both[EDITS:]), word)
    with measured() as cost:
        office.sync()
    return cost.wall


def show(console: Console, safe: Safety, hasty: Safety) -> None:
    """Print what it costs."""
    shown = Table(title="What safety costs, an operation", title_justify="left")
    for name in ("", "statements", "fsyncs", "ms"):
        shown.add_column(name, justify="right" if name else "left", no_wrap=True)
    for label, each in (("with", safe), ("without", hasty)):
        shown.add_row(
            label, f"{each.statements:.3f}", f"{each.fsyncs:.3f}", f"{each.wall * 1000:.2f}"
        )
    console.print(shown)
    console.print(f"wall time with over without: {safe.wall / hasty.wall:.2f}")
