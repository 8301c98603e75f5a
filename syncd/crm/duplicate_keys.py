"""What people and companies are recognised by, kept beside their records: a look-up, not a scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert, select

from syncd.crm.rows import chunks, rows_of
from syncd.crm.stored import StoredKind, Written
from syncd.crm.tables import duplicate_key
from syncd.model.kinds import Schema
from syncd.model.likeness import LABELS, keys


def put(conn: Connection, stored: StoredKind[Schema], written: Sequence[Written]) -> None:
    """Bring the keys of written records up to date."""
    if not stored.keyed:
        return
    turned = [each for each in written if not LABELS.keys().isdisjoint(each.names)]
    drop(conn, stored, (str(each.row["id"]) for each in turned if each.before is not None))
    rows = [
        {"entity": stored.entity, "key": key, "record_id": each.row["id"]}
        for each in turned
        for key in sorted(keys(stored.assemble(each.row)))
    ]
    if rows:
        conn.execute(insert(duplicate_key), rows)


def drop(conn: Connection, stored: StoredKind[Schema], ids: Iterable[str]) -> None:
    """Forget records that are not to be found any more."""
    if not stored.keyed:
        return
    for chunk in chunks(ids):
        conn.execute(
            delete(duplicate_key).where(
                duplicate_key.c.entity == stored.entity, duplicate_key.c.record_id.in_(chunk)
            )
        )


def fill(conn: Connection, stored: StoredKind[Schema]) -> None:
    """Write the keys of all live records, if there are none at all."""
    if not stored.keyed:
        return
    mine = duplicate_key.c.entity == stored.entity
    if conn.execute(select(duplicate_key.c.key).where(mine).limit(1)).first():
        return
    for chunk in chunks(conn.scalars(select(stored.table.c.id).where(stored.alive))):
        rows = rows_of(conn, stored, chunk).values()
        put(conn, stored, [Written(None, row, stored.names) for row in rows])
