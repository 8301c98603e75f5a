"""What an import must remember of all rows at once: in a temporary file, whatever its size."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from syncd.crm.importing.report import Link

MANY = 500


@dataclass(frozen=True, slots=True)
class Postponed:
    """What is left to do for a record once all others are there."""

    kind: str
    record_id: str
    key: str
    file: str
    line: int
    links: Mapping[str, Link]
    status: str | None
    original: object


class Ledger:
    """The keys that were met, and what was put off. SQLite's own temporary database."""

    def __init__(self) -> None:
        self._conn = sqlite3.connect("", isolation_level=None)
        self._conn.execute("PRAGMA journal_mode = OFF")
        self._conn.execute("PRAGMA synchronous = OFF")
        self._conn.execute(
            "CREATE TABLE met (key TEXT PRIMARY KEY, line INT, said INT) WITHOUT ROWID"
        )
        self._conn.execute(
            "CREATE TABLE later (number INTEGER PRIMARY KEY, kind, record_id, key, file, line, "
            "links, status, original)"
        )

    def close(self) -> None:
        """Forget everything."""
        self._conn.close()

    def meet(self, rows: Sequence[tuple[str, int, int]]) -> list[tuple[int, int] | None]:
        """Note rows (key, line, checksum); for each the line and checksum of an earlier one."""
        found: dict[str, tuple[int, int]] = {}
        keys = list(dict.fromkeys(key for key, _, _ in rows))
        for start in range(0, len(keys), MANY):
            some = keys[start : start + MANY]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, line, said FROM met WHERE key IN ({marks})"  # noqa: S608 - marks only
            found |= {key: (line, said) for key, line, said in self._conn.execute(query, some)}
        earlier: list[tuple[int, int] | None] = []
        new = []
        for key, line, said in rows:
            earlier.append(found.get(key))
            if key not in found:
                found[key] = (line, said)
                new.append((key, line, said))
        self._conn.execute("BEGIN")
        self._conn.executemany("INSERT INTO met VALUES (?, ?, ?)", new)
        self._conn.execute("COMMIT")
        return earlier

    def forget(self, keys: Sequence[str]) -> None:
        """Rows that stayed out do not stand in the way of later ones."""
        self._conn.executemany("DELETE FROM met WHERE key = ?", [(key,) for key in keys])

    def postpone(self, each: Postponed) -> None:
        """Put something off."""
        links = {name: [link.text, link.entity] for name, link in each.links.items()}
        self._conn.execute(
            "INSERT INTO later VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                each.kind, each.record_id, each.key, each.file, each.line, json.dumps(links),
                each.status, json.dumps(each.original, default=str),
            ),
        )  # fmt: skip

    def postponed(self) -> Iterator[list[Postponed]]:
        """What was put off, by kind, many at a time."""
        for (kind,) in self._conn.execute("SELECT DISTINCT kind FROM later").fetchall():
            last = 0
            while rows := self._conn.execute(
                "SELECT * FROM later WHERE kind = ? AND number > ? ORDER BY number LIMIT ?",
                (kind, last, MANY),
            ).fetchall():
                last = rows[-1][0]
                yield [
                    Postponed(
                        row[1],
                        row[2],
                        row[3],
                        row[4],
                        row[5],
                        {name: Link(*link) for name, link in json.loads(row[6]).items()},
                        row[7],
                        json.loads(row[8]),
                    )
                    for row in rows
                ]
