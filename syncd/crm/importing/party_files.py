"""A file of activity parties: who took part in activities that other files brought."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from syncd.crm.importing.into import Into, put_parties
from syncd.crm.importing.parties import parties_of
from syncd.crm.importing.report import BadRow, Party
from syncd.crm.importing.sources import Source
from syncd.crm.rows import present
from syncd.crm.tables import activity

MANY = 500


@dataclass(frozen=True)
class PartyFile:
    """The file, and how one of its rows is said in our terms."""

    source: Source
    said: Callable[[object], Mapping[str, str] | None]

    def batches(self, into: Into) -> Iterator[list[tuple[int, str, Party]]]:
        """Line, activity and party of its rows, many at a time."""
        batch: list[tuple[int, str, Party]] = []
        for raw in self.source.rows():
            if isinstance(raw.cells, BadRow):
                into.reject(raw.line, str(raw.cells), raw.original)
                continue
            said = self.said(raw.cells)
            activity_id = raw.cells.get("_activityid_value") or raw.cells.get("activityid")
            if said is None or not activity_id:
                continue
            try:
                (party,) = parties_of([dict(said)])
            except BadRow as error:
                into.reject(raw.line, str(error), raw.original)
                continue
            batch.append((raw.line, str(activity_id).lower(), party))
            if len(batch) == MANY:
                yield batch
                batch = []
        if batch:
            yield batch


def write_parties(conn: Connection, into: Into, batch: list[tuple[int, str, Party]]) -> None:
    """Give activities their parties; those of what syncd does not keep are counted."""
    there = present(conn, activity.c.id, {activity_id for _, activity_id, _ in batch})
    wanted: dict[str, list[Party]] = {}
    for _, activity_id, party in batch:
        if activity_id in there:
            wanted.setdefault(activity_id, []).append(party)
        else:
            into.report.left_out["activity parties of activities that are not here"] += 1
    put_parties(conn, into, wanted)
