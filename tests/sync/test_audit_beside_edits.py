"""The CRM goes on while an audit, or `syncd verify`, looks at it: what comes in between is no find.

On PostgreSQL, where others commit in the midst of its transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from tests.conftest import POSTGRESQL
from tests.sync.another_day import entered
from tests.sync.verifying import verified
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

pytestmark = pytest.mark.parametrize("kept_in", [POSTGRESQL], indirect=True)

READS = ("FROM contact", "FROM crm_change", "FROM link", "FROM noticed")


@contextmanager
def before_each_look(world: World, edit: Callable[[], None]) -> Iterator[list[str]]:
    """Somebody edits a record, and commits it, before each statement that looks at such a table."""
    mine, told = threading.get_ident(), list[str]()

    def before(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == mine and any(each in statement for each in READS):
            told.append(statement)
            other = threading.Thread(target=edit)
            other.start()
            other.join()

    event.listen(world.engine, "before_cursor_execute", before)
    try:
        yield told
    finally:
        event.remove(world.engine, "before_cursor_execute", before)


def edits(world: World, ids: dict[str, str], nth: int) -> Callable[[], None]:
    """The `nth` time that it is called, and only then, a record is edited."""
    calls = iter(range(1_000))

    def edit() -> None:
        if next(calls) == nth:
            world.change(ids["Ann"], jobtitle=f"CEO {nth}")

    return edit


def audited(world: World) -> dict[str, int]:
    """What an audit finds, by sort."""
    report = world.service().audit(ALICE)
    assert report.error is None
    return dict(report.divergence)


def test_an_edit_in_the_midst_of_it_is_nothing_wrong(memory: Memory) -> None:
    """At whichever of its looks at the store the edit comes: it waits for the next sync."""
    world, _ = memory
    ids = entered(world)
    for look in (audited, verified):
        nth, looks = 0, 1
        while nth < looks:
            with before_each_look(world, edits(world, ids, nth)) as told:
                found = look(world)
            assert found in ({}, {"waiting": 1}), (look, found, told[nth - 1 : nth + 1])
            world.sync()
            assert world.item_of(ids["Ann"])["jobtitle"] == f"CEO {nth}"
            nth, looks = nth + 1, len(told)
        assert looks > len(READS)
