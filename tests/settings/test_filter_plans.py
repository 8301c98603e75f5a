"""What a mailbox's filter asks for is found by indexes, however many records there are."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from syncd.crm.database import open_database, read
from syncd.crm.entities import ENTITIES
from syncd.settings.filters import Filter
from tests.settings.test_filter_entities import ALICE, MINE, TAKES_PART, TODAY

INDEXED = [
    ("contact", "owner eq @me and statecode eq 'active'"),
    ("contact", "owner eq @me or @shared"),
    ("contact", "owner in @myteams and parentaccount/name eq 'x'"),
    ("contact", "owner in (@me, 'bob@example.test')"),
    ("lead", "@shared"),
    ("appointment", f"activity_parties/any(p: {MINE} and {TAKES_PART})"),
    ("appointment", f"activity_parties/any(p: {MINE})"),
    ("task", f"owner eq @me or activity_parties/any(p: {MINE})"),
]


READ_THROUGH = [
    ("contact", "statecode eq 'active'"),
    ("lead", "not @shared"),
    ("task", "activity_parties/any(p: p/addressused eq 'x')"),
]


def plan_of(path: Path, entity: str, text: str) -> list[str]:
    """The tables of records that SQLite would read from one end to the other, by its own plan."""
    stored = ENTITIES[entity]
    where = Filter.parse(text, stored).where(ALICE, today=TODAY)
    query = select(stored.table.c.id).select_from(stored.source).where(stored.alive, where)
    statement = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    engine = open_database(f"sqlite:///{path}")
    with read(engine) as conn:
        plan = [row.detail for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    engine.dispose()
    return [each for each in plan if re.match(r"SCAN \w*(contact|lead|activity|share)", each)]


@pytest.mark.parametrize(
    ("entity", "text", "indexed"),
    [*((*each, True) for each in INDEXED), *((*each, False) for each in READ_THROUGH)],
)
def test_what_is_mine_is_found_by_an_index(
    empty_database: Path, tmp_path: Path, entity: str, text: str, indexed: bool
) -> None:
    """What names a user reads no table of records through; what names none has to."""
    path = tmp_path / "syncd.db"
    shutil.copy(empty_database, path)
    assert (plan_of(path, entity, text) == []) is indexed
