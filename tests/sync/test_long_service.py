"""A mailbox that has been served for months costs no more than a new one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from syncd.crm import database
from syncd.sync.report import Outcome
from syncd.sync.tables import run
from tests.conftest import SQLITE
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

EACH = 10  # instructions of the database's machine between two counts


def run_before(world: World, first: int, last: int) -> None:
    """These runs of Alice's mailbox, every five minutes, lie behind it."""
    with database.write(world.engine) as conn:
        rows = [
            {
                "id": f"r{n:011}", "mailbox_id": world.mailbox_id(ALICE), "cause": "schedule",
                "started": world.time() - timedelta(minutes=5 * n), "ended": world.time(),
                "outcome": Outcome.OK.value, "counts": {}, "requests": 1, "subrequests": 0,
            }
            for n in range(first, last)
        ]  # fmt: skip
        conn.execute(insert(run), rows)


def cost(world: World) -> int:
    """What an idle cycle costs the database, in counts of its machine's instructions."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    def before(conn: Any, *_: Any) -> None:
        conn.connection.dbapi_connection.set_progress_handler(count, EACH)

    def after(conn: Any, *_: Any) -> None:
        conn.connection.dbapi_connection.set_progress_handler(None, EACH)

    event.listen(world.engine, "before_cursor_execute", before)
    event.listen(world.engine, "after_cursor_execute", after)
    try:
        world.quiet()
    finally:
        event.remove(world.engine, "before_cursor_execute", before)
        event.remove(world.engine, "after_cursor_execute", after)
    return counted[0]


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
def test_an_idle_cycle_walks_through_no_past_runs(memory: Memory) -> None:
    """P4: after 2,000 runs it costs what it cost after twenty, to a few steps down a tree."""
    world, _ = memory
    world.new(lastname="Lee")
    world.settle()
    run_before(world, 0, 20)
    few = cost(world)
    run_before(world, 20, 2_000)
    assert few > 0
    assert cost(world) < 1.1 * few
