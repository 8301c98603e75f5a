"""Importing contacts from CSV, beside a bare bulk insert of the same rows. `compare` is printed.

By itself: `python -m tests.benchmarks.importing [ROWS] [DATABASE-URL]`.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, event, insert, select

from syncd.crm import users
from syncd.crm.database import open_database, write
from syncd.crm.importing.load import CHUNK, Rules, import_file
from syncd.crm.migration import upgrade
from syncd.crm.tables import contact, crm_change, duplicate_key, external_key
from tests.benchmarks.measure import measured

OWNER = "owner@example.test"
COLUMNS = (
    "externalid", "firstname", "lastname", "jobtitle", "companyname", "department", "emailaddress1",
    "emailaddress2", "telephone1", "mobilephone", "address1_line1", "address1_city",
    "address1_postalcode", "address1_country", "websiteurl", "birthdate", "description",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """What it took, in seconds of wall time; `statements` are those of the first import."""

    rows: int
    first: float
    again: float
    bare: float
    statements: int
    cpu_ratio: float  # the first import over the bare insert: the same on a busy machine

    @property
    def rate(self) -> float:
        """Records a second, the first time."""
        return self.rows / self.first

    @property
    def ratio(self) -> float:
        """The first import's time over that of a bare insert of the same rows."""
        return self.first / self.bare


def compare(rows: int = 100_000, url: str | None = None) -> Imported:
    """Import into an empty store, import again, and insert the same rows barely."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.csv"
        _write(path, rows)
        engine = open_database(url or f"sqlite:///{folder}/store.db")
        upgrade(engine)
        with write(engine) as conn:
            if users.get(conn, OWNER) is None:
                users.add(conn, OWNER)
        rules = Rules(default_owner=OWNER, kind="contact")
        with _counted(engine) as asked, measured() as first:
            report = import_file(engine, path, rules)
        assert report.created == {"contact": rows}, report.rejected[:3]
        with measured() as again:
            report = import_file(engine, path, rules)
        assert report.unchanged == {"contact": rows}
        held = _rows(engine)
        with write(engine) as conn:
            for table in (duplicate_key, external_key, crm_change, contact):
                conn.execute(delete(table))
        with measured() as bare:
            _insert(engine, held)
        engine.dispose()
        return Imported(rows, first.wall, again.wall, bare.wall, asked[0], first.cpu / bare.cpu)


def _write(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for n in range(rows):
            writer.writerow(
                (
                    f"K{n}", f"First{n % 997}", f"Last{n}", "Buyer", f"Company {n % 5000}", "Sales",
                    f"p{n}@example.test", "", f"+49 30 {n:07}", f"+49 151 {n:07}",
                    f"Some street {n % 300}", "Berlin", "10117", "Germany",
                    "https://example.test", "1970-02-28", f"A note on {n}",
                )
            )  # fmt: skip


def _rows(engine: Engine) -> list[dict[str, Any]]:
    with write(engine) as conn:
        return [dict(row) for row in conn.execute(select(contact)).mappings()]


def _insert(engine: Engine, rows: list[dict[str, Any]]) -> None:
    left = iter(rows)
    while some := list(islice(left, CHUNK)):
        with write(engine) as conn:
            conn.execute(insert(contact), some)


@contextmanager
def _counted(engine: Engine) -> Iterator[list[int]]:
    asked = [0]

    def statement(*_: Any) -> None:
        asked[0] += 1

    event.listen(engine, "before_cursor_execute", statement)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", statement)


def said(found: Imported) -> str:
    """The numbers as a sentence."""
    return (
        f"import of {found.rows:,} contacts: {found.rate:,.0f} a second, "
        f"{found.statements / found.rows:.3f} statements a record, "
        f"{found.ratio:.2f} times a bare insert "
        f"({found.cpu_ratio:.2f} by CPU); the same file again: "
        f"{found.rows / found.again:,.0f} a second"
    )


if __name__ == "__main__":
    found = compare(
        int(sys.argv[1]) if len(sys.argv) > 1 else 100_000,
        sys.argv[2] if len(sys.argv) > 2 else None,
    )
    sys.stdout.write(f"{said(found)}\n{asdict(found)}\n")
