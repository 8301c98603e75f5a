"""The rows below the records: read in chunks, written in one statement for a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from syncd.crm.database import beside_others
from syncd.crm.errors import NoSuchRecord, StaleRecord
from syncd.crm.feed import Actor
from syncd.crm.stored import Row, StoredKind
from syncd.crm.tables import utc
from syncd.model.kinds import Schema

CHUNK = 500  # ids in one IN list


def rows_of(
    conn: Connection, stored: StoredKind[Schema], ids: Iterable[str], *, lock: bool = False
) -> dict[str, Row]:
    """The selected rows by id. With `lock` they stay as they are until the transaction ends."""
    base = select(*stored.columns).select_from(stored.source)
    wanted = list(ids)
    if lock and beside_others(conn):
        # In a statement of its own: the next one sees what whoever had them has committed, also in
        # what is joined to them. In one order, or two writers could wait for each other.
        for chunk in chunks(sorted(wanted)):
            mine = select(stored.table.c.id).where(stored.table.c.id.in_(chunk))
            conn.execute(mine.order_by(stored.table.c.id).with_for_update(key_share=True)).all()
    names = tuple(stored.blank)
    rows: dict[str, Row] = {}
    for chunk in chunks(wanted):
        for values in conn.execute(base.where(stored.table.c.id.in_(chunk), stored.mine)):
            row = dict(zip(names, values, strict=True))
            rows[cast(str, row["id"])] = row
    return rows


def live(
    stored: StoredKind[Schema], rows: Mapping[str, Row], record_id: str, expected: int | None
) -> Row:
    """The row of a record that is not deleted. Raises NoSuchRecord, StaleRecord."""
    row = rows.get(record_id)
    if row is None or row["deleted_at"] is not None:
        raise NoSuchRecord(stored.entity, record_id, deleted=row is not None)
    found = cast(int, row["version"])
    if expected is not None and found != expected:
        raise StaleRecord(stored.entity, record_id, expected, found)
    return row


def turned(row: Row, change: Row, actor: Actor, at: datetime) -> Row:
    """A row after a write: with what changed, one version on, and by whom and when."""
    return {
        **row,
        **change,
        "version": cast(int, row["version"]) + 1,
        "modified_at": at,
        "modified_by": str(actor),
    }


def write_rows(
    conn: Connection, stored: StoredKind[Schema], rows: Sequence[Row], columns: Iterable[str]
) -> None:
    """Write these columns of rows that were read in this transaction: one statement for all."""
    if not rows:
        return
    names = sorted({*columns, "version", "modified_at", "modified_by", "origins"})
    statement = (
        update(stored.table)
        .where(stored.table.c.id == bindparam("which"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    conn.execute(
        statement,
        [{"which": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows],
    )


def origins_after(
    stored: StoredKind[Schema], before: object, fields: Iterable[str], actor: Actor, at: datetime
) -> dict[str, list[str | None]]:
    """The origins after `fields` were written."""
    made = [utc(at).isoformat(), actor.mailbox]
    groups = {group for name in fields if (group := stored.group_of(name))}
    return {**cast("Mapping[str, list[str | None]]", before), **dict.fromkeys(groups, made)}


def present(conn: Connection, column: ColumnElement[str], wanted: Iterable[str]) -> set[str]:
    """The wanted values that the column has."""
    found: set[str] = set()
    for chunk in chunks(wanted):
        found.update(conn.execute(select(column).where(column.in_(chunk))).scalars())
    return found


def chunks(ids: Iterable[str]) -> Iterable[list[str]]:
    """The ids, each once, in lists short enough for one statement."""
    unique = list(dict.fromkeys(ids))
    return (unique[start : start + CHUNK] for start in range(0, len(unique), CHUNK))
