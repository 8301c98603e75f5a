"""Who is in the CRM already when an item is put there: looked up, never sought by a scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, insert, select

from syncd.crm import database
from syncd.crm.tables import contact, duplicate_key
from syncd.model.likeness import keys
from syncd.model.values import Value
from syncd.sync.tables import operation
from tests.benchmarks.counting import counted
from tests.conftest import SQLITE
from tests.sync import desk
from tests.sync.desk import NONE, OWN
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.test",
}  # fmt: skip
CRM = ("CRM",)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({"emailaddress1": "Ann@Example.test"}, {"emailaddress2": "ann@example.test"}),
        (
            {"firstname": "Ann", "lastname": "Lee", "telephone1": "+41 44 1234567"},
            {"firstname": "ann", "lastname": "LEE", "mobilephone": "+41441234567"},
        ),
        (
            {"firstname": "Ann", "lastname": "Lee", "companyname": "Contoso"},
            {"firstname": "Ann", "lastname": "Lee", "companyname": "contoso"},
        ),
    ],
)
def test_who_is_there_is_tied_and_not_made_again(
    memory: Memory, here: Mapping[str, Value], there: Mapping[str, Value]
) -> None:
    """By an address in any field, or a name with a phone or a company (P3)."""
    world, _ = memory
    record = world.new(BOB, **here)
    world.settle()
    world.hand().add({**there, "categories": CRM})
    world.settle()
    assert list(world.all_records()) == [record]
    assert world.link(record).state == "live"


def test_who_may_not_be_read_is_not_tied_to(world: World) -> None:
    """A record of its own, with nothing of the other in Outlook; an admin sees the pair."""
    desk.rule(world, read=OWN, write=OWN)
    hidden = world.new(BOB, **ANN, jobtitle="Buyer")
    world.settle()
    world.hand().add({**ANN, "categories": CRM})
    world.settle()
    (own,) = world.all_records().keys() - {hidden}
    assert world.link(own).state == "live"
    assert world.link(hidden) is None
    assert world.item()["jobtitle"] is None
    with database.read(world.engine) as conn:
        made = operation.c.verb == "create-record"
        found = conn.execute(select(operation).where(made)).one()
    assert (found.reason, found.error) == ("duplicate-unseen", f"like {hidden}")
    assert found.crm_id == own


def test_who_may_be_read_goes_before_who_may_not(world: World) -> None:
    """Two of them in the CRM, and one is the user's: that one it is."""
    desk.rule(world, read=OWN, write=OWN)
    world.new(BOB, **ANN)
    world.filter = "owner eq @me and jobtitle eq 'in scope'"
    mine = world.new(ALICE, **ANN)
    world.settle()
    world.hand().add({**ANN, "categories": CRM})
    world.settle()
    assert world.link(mine).state == "live"
    assert len(world.all_records()) == 2


def test_what_may_not_be_written_is_no_reason_to_double(world: World) -> None:
    """Who may make no record is not told whether there is one."""
    desk.rule(world, read=OWN, write=NONE)
    world.new(BOB, **ANN)
    world.settle()
    own = world.hand().add({**ANN, "categories": CRM})
    world.settle()
    assert world.reason(own) == "excluded (not-writable)"
    assert len(world.all_records()) == 1


# --- what the look-up costs ----------------------------------------------------------------------

MANY = 5_000  # SQLite's plans are the same for 50,000: it counts no rows


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)  # the other is in test_plans.py
def test_the_look_up_uses_indexes_among_thousands(memory: Memory) -> None:
    """The plan of each statement of a run that tracks an item names no scan of these tables."""
    world, _ = memory
    world.settle()
    crowd(world, MANY)
    world.hand().add({**ANN, "telephone1": "+41 44 1234567", "categories": CRM})
    with overheard(world.engine) as said:
        world.sync()
    assert len(world.links()) == 1
    looked = [(s, v) for s, v in said if s.startswith("SELECT") and "duplicate_key" in s]
    assert looked
    with database.read(world.engine) as conn:
        for statement, values in said:
            if not statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
                continue
            plan = conn.exec_driver_sql(f"explain query plan {statement}", values).all()
            steps = [str(row[-1]) for row in plan]
            scans = [s for s in steps if s.startswith(("SCAN contact", "SCAN duplicate_key"))]
            assert not scans, (statement, scans)


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)  # it counts SQLite's steps
def test_tracking_costs_the_same_however_many_there_are(memory: Memory) -> None:
    """The store's own steps, among few and among many."""
    world, _ = memory
    world.settle()
    costs = []
    for size, first, last in (
        (10, "Ugo", "Frey"),
        (1_000, "Zoe", "Quist"),
        (20_000, "Kim", "Bohl"),
    ):
        crowd(world, size)
        world.sync()
        address = f"{first}@{last}.test"
        fields = {"firstname": first, "lastname": last, "emailaddress1": address}
        world.hand().add({**fields, "categories": CRM})
        with counted(world.engine) as asked:
            world.sync()
        costs.append(asked)
    _, small, large = costs
    assert large.statements == small.statements
    assert large.steps <= 1.1 * small.steps
    assert len(world.links()) == 3


def crowd(world: World, size: int) -> None:
    """Very many contacts of Bob's, each of its own name and address."""
    rows, found = [], []
    now = datetime.now(UTC)
    for number in range(size):
        values: dict[str, Value] = {
            "firstname": f"{chr(97 + number % 26)}irst{number}",
            "lastname": f"{chr(97 + number // 26 % 26)}ast{number}",
            "emailaddress1": f"mail{number}-{size}@example.test",
        }
        record: dict[str, Any] = {
            "id": str(uuid4()), "owner_id": world.users[BOB], "statecode": "active",
            "statuscode": "active", "version": 1, "origins": {}, "created_at": now,
            "modified_at": now, **values,
        }  # fmt: skip
        rows.append(record)
        found += [
            {"entity": "contact", "key": key, "record_id": record["id"]} for key in keys(values)
        ]
    with database.write(world.engine) as conn:
        conn.execute(insert(contact), rows)
        conn.execute(insert(duplicate_key), found)


@contextmanager
def overheard(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that goes to the store meanwhile."""
    said: list[tuple[str, Any]] = []

    def note(
        _conn: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: Any
    ) -> None:
        said.append((statement, values[0] if many else values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)
